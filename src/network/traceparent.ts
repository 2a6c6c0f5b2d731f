import { aText, type OptionTable, orNull, readOptions } from '../../wasi/options.ts';
import { SEND_OPTIONS, type SendOptions } from '../actor/call-options.ts';
import { refuseOption } from '../actor/errors.ts';
import { hexOf } from '../values/hex.ts';

export interface NetworkSendOptions extends SendOptions {
  /**
   * The trace that the packet belongs to, as the W3C header `traceparent` has it. A wrong one is ignored, as the standard says.
   */
  traceparent?: string | null | undefined;
}

export const NETWORK_SEND_OPTIONS: OptionTable<NetworkSendOptions> = {
  of: 'network.call(packet, options) and inports.NAME.send(message, options) of a network',
  rows: { ...SEND_OPTIONS.rows, traceparent: { ...orNull(aText), default: 'none' } },
};

/** Options that were checked. */
export interface Sending {
  readonly signal?: AbortSignal | undefined;
  readonly traceparent?: string | undefined;
}

/** @throws {ActorError} INVALID_CONFIG */
export function readNetworkSendOptions(method: string, options: unknown): Sending {
  if (options === undefined) return {};
  const { signal, traceparent } = readOptions(NETWORK_SEND_OPTIONS, options, method, refuseOption);
  return { signal, traceparent: readTraceparent(traceparent ?? '') };
}

// https://www.w3.org/TR/trace-context/#traceparent-header
const FORM = /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 1;

/** Returns the header in version 00; undefined for a wrong one. Later versions may have more fields, which are left out. */
export function readTraceparent(text: string): string | undefined {
  const [, version, ids, flags, more] = FORM.exec(text) ?? [];
  if (flags === undefined || (version === '00' && more !== undefined)) return undefined;
  return `00-${ids}-0${Number.parseInt(flags, 16) & SAMPLED}`;
}

/** Returns the header of the next hop: in the trace of the one before, or in a new trace. */
export function nextTraceparent(before: string | undefined): string {
  const [, trace = hex(16), , flags = '01'] = before?.split('-') ?? [];
  return `00-${trace}-${hex(8)}-${flags}`;
}

const hex = (bytes: number): string => hexOf(crypto.getRandomValues(new Uint8Array(bytes)));
