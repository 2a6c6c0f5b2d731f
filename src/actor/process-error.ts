import { ACTOR_ERROR_CODES } from '../actor-error-codes.ts';
import { NOTHING_PRINTED, type PrintedLines, wasmStackOf } from '../call-error.ts';
import { ERROR_CODES } from '../error-codes.ts';
import { attempt, excerpt, messageOf, PlugboardError, type PlugboardErrorCode } from '../errors.ts';
import { explain } from './engine/module-error.ts';
import { Message, type Packet } from './message/message.ts';

/** The code of a plugboard error; undefined for other values, and for a code that no table of the host has. */
export function codeOf(thrown: unknown): PlugboardErrorCode | undefined {
  const code: unknown = attempt(() => thrown instanceof PlugboardError && thrown.code, undefined);
  return [...ERROR_CODES, ...ACTOR_ERROR_CODES].find(row => row.code === code)?.code;
}

/** A call that failed. `cause` is the reason; `code` is the code of the cause. */
export class ProcessError extends PlugboardError {
  override readonly name: string = 'ProcessError';
  /** Packets that the call sent before it failed. */
  readonly packets: readonly Packet[];
  /** The last lines that the plugin printed on stdout during the call. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  constructor(cause: unknown, packets: readonly Packet[], printed: PrintedLines = NOTHING_PRINTED) {
    // All errors of plugboard are PlugboardErrors. Other errors come from functions of the user, such as onDiagnostic.
    const code = codeOf(cause) ?? 'CALLBACK_FAILED';
    super(code, explain(messageOf(cause), cause, printed), { cause });
    this.packets = packets;
    this.stdout = [...printed.stdout];
    this.stderr = [...printed.stderr];
  }
}

/**
 * Returns the packets of a failed call: those that it sent before, and the error.
 * @param details whether to name the wasm functions in which it trapped, as far as the engine tells them
 */
export function errorPackets(error: unknown, details: boolean): Packet[] {
  const sent = error instanceof ProcessError ? error.packets : [];
  const functions = details ? wasmStackOf(error).map(name => `\n  at ${name}`) : [];
  return [...sent, { error: Message.error(excerpt(messageOf(error)) + functions.join('')) }];
}
