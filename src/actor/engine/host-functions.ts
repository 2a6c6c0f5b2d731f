import type { CallContext } from '../../host/context.ts';
import { UnlessVoid } from '../../host/function.ts';
import { ActorError, describe } from '../errors.ts';
import { parseJson, readUtf8 } from '../json/reader.ts';
import { isJsonObject, type JsonValue, MAX_DEPTH } from '../json/value.ts';
import { writeText } from '../json/writer.ts';
import { type CallLimits, refuseOver } from '../limits.ts';
import type { Packet } from '../message/message.ts';
import { packetFromPlainJson } from '../message/wire.ts';
import type { CallState } from '../state/state-store.ts';

/** The remedy for an actor of the SDK of April 2025 that is called as one of the current SDK. */
export const GIVE_PORTS = "give the option protocol: 'ports', or the bytes of the module";
const UNLESS_OLD = new UnlessVoid(() => {
  const message =
    'the plugin was made with the SDK of April 2025, as its host functions show, which have a result';
  return new ActorError('WRONG_PROTOCOL', `${message}; ${GIVE_PORTS}`);
});

/** The host context of one call: state and packets that the host functions read and change. */
export class LiveCall {
  /** Not a copy: a plugin reads values that it wrote earlier in the same call. */
  readonly state: CallState;
  /** Packets that the call has sent so far, in order. */
  readonly packets: Packet[];
  /** Bytes of all arguments and of the result that the plugin has passed to the host so far. */
  givenBytes = 0;
  /** Result of the functions that have none today. */
  readonly nothing: UnlessVoid | undefined;
  readonly #limits: CallLimits;

  /** @param isInDoubt whether the plugin may be one of the SDK of April 2025, where these functions have a result */
  constructor(state: CallState, packets: Packet[], limits: CallLimits, isInDoubt = false) {
    this.state = state;
    this.packets = packets;
    this.nothing = isInDoubt ? UNLESS_OLD : undefined;
    this.#limits = limits;
  }

  /** @throws {ActorError} OUTPUT_LIMIT */
  count(what: string, bytes: number): void {
    this.givenBytes += bytes;
    const { outputBytes } = this.#limits;
    refuseOver(
      'OUTPUT_LIMIT',
      what,
      this.givenBytes,
      outputBytes,
      'bytes in this call',
      'limits.outputBytes',
    );
  }

  /** @throws {ActorError} PACKET_LIMIT */
  send(packet: Packet): void {
    const { packets } = this.#limits;
    refuseOver(
      'PACKET_LIMIT',
      '__send_output',
      this.packets.length + 1,
      packets,
      'packets in this call',
      'limits.packets',
    );
    this.packets.push(packet);
  }
}

/** The namespace from which the SDKs for Rust and Go import host functions. */
export const USER_NAMESPACE = 'extism:host/user';

/** Arguments are written again later, two levels deeper: `{"state":{"key":…}}`, `{"payload":{"port":{"data":…}}}`. */
const ARGUMENT_DEPTH = MAX_DEPTH - 2;

/**
 * The host functions of a Reflow actor. Arguments are handles; an error ends the call.
 *
 *     __send_output (i64 packet) -> ()           JSON object of port → plain JSON, sent as one packet at once
 *     __get_state   (i64 key) -> i64             handle of JSON text; `null` for a missing key, never handle 0
 *     __set_state   (i64 key, i64 value) -> ()   any JSON value, null included
 *
 * SDKs of April 2025 declare an i64 result for all three; the host answers `undefined` with a zero of the declared type.
 */
export const HOST_FUNCTIONS = {
  __send_output(context: CallContext, packet: bigint): unknown {
    const call = liveCall(context, '__send_output');
    const ports = readArgument(call, context, packet, '__send_output: the packet');
    if (!isJsonObject(ports)) {
      const message = `__send_output: expected a JSON object of port → value, got ${describe(ports)}`;
      throw new ActorError('INVALID_PACKET', message);
    }
    call.send(packetFromPlainJson(ports));
    return call.nothing;
  },

  __get_state(context: CallContext, key: bigint): bigint {
    const { state } = liveCall(context, '__get_state');
    return context.store(writeText(state.get(readKey(context, key, '__get_state')) ?? null));
  },

  __set_state(context: CallContext, key: bigint, value: bigint): unknown {
    const call = liveCall(context, '__set_state');
    call.count('__set_state', Number(context.length(key)));
    const name = readKey(context, key, '__set_state');
    call.state.set(name, readArgument(call, context, value, `__set_state: the value of ${describe(name)}`));
    return call.nothing;
  },
};

/** Returns the host context of the call. While the plugin initialises and in its other exports there is no such context. */
function liveCall(context: CallContext, name: string): LiveCall {
  const call = context.hostContext<LiveCall | undefined>();
  if (call) return call;
  const message = `${name}: no message is being processed, so there is no state and nowhere to send to`;
  throw new ActorError('NOT_PROCESSING', message);
}

function readKey(context: CallContext, handle: bigint, name: string): string {
  const what = `${name}: the key`;
  return readUtf8(bytesOf(context, handle, what), what);
}

function readArgument(call: LiveCall, context: CallContext, handle: bigint, what: string): JsonValue {
  call.count(what, Number(context.length(handle)));
  return parseJson(bytesOf(context, handle, what), what, ARGUMENT_DEPTH);
}

/** Returns the bytes of a handle. Handle 0 means zero bytes: valid as an empty key, an error as JSON text. */
function bytesOf(context: CallContext, handle: bigint, what: string): Uint8Array {
  const block = context.read(handle);
  if (block) return block.bytes();
  throw new ActorError('INVALID_HANDLE', `${what}: ${handle} is not the handle of a live block`);
}
