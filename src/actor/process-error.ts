import { excerpt, PlugboardError } from '../errors.ts';
import { Message, type Packet } from './message.ts';
import { explain } from './module-error.ts';

/** A call that failed, for the reason given as `cause`, whose `code` it has. */
export class ProcessError extends PlugboardError {
  override readonly name: string = 'ProcessError';
  /** What the call had sent before it failed. */
  readonly packets: readonly Packet[];
  /** What the plugin printed on stderr during the call, the last lines of it. */
  readonly stderr: readonly string[];
  constructor(cause: unknown, packets: readonly Packet[], stderr: readonly string[] = []) {
    // What is no error of ours was thrown by a function that the user gave, such as onDiagnostic.
    const code = cause instanceof PlugboardError ? cause.code : 'CALLBACK_FAILED';
    const message = cause instanceof Error ? cause.message : String(cause);
    // Languages print there why they trap; the trap itself says nothing.
    const reason = code === 'TRAP' && stderr.length > 0 ? `; stderr: ${stderr.slice(-3).join(' | ')}` : '';
    super(code, reason ? excerpt(explain(message, cause)) + reason : explain(message, cause), { cause });
    this.packets = packets;
    this.stderr = [...stderr];
  }
}

/** What a failed call sends: what it had sent before, and the error. */
export function errorPackets(error: unknown): Packet[] {
  const sent = error instanceof ProcessError ? error.packets : [];
  return [...sent, { error: Message.error(excerpt(error instanceof Error ? error.message : String(error))) }];
}
