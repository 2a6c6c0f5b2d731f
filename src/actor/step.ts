import type { Packet } from './message/message.ts';
import type { ProcessError } from './process-error.ts';
import type { ActorState } from './state/written-state.ts';

/**
 * One message, processed by a plugin. Nothing of a step is kept or sent yet: its owner commits the state and sends the
 * packets, or drops both.
 * RATIONALE: why-is-a-message-executed-before-it-is-committed
 */
export interface Step {
  /**
   * The state to keep. Undefined: the state from before the step stays. Also a failed step may have one, as upstream keeps the
   * keys that a call set before it failed.
   */
  readonly state: ActorState | undefined;
  /** Packets that the plugin sent while it ran, in order. */
  readonly sent: Packet[];
  /** The plugin's result, which is sent after them. Undefined for an empty result, and for a failed step. */
  readonly result: Packet | undefined;
  /** Size of the plugin's output, from which the result was read. */
  readonly outputBytes: number;
  /** Set if the step failed. */
  readonly error: ProcessError | undefined;
}

/** Returns all packets of a step, in the order in which they are sent. */
export function packetsOf({ sent, result }: Step): Packet[] {
  if (!result) return sent;
  // Not always the spread, which makes an array with room for more.
  return sent.length === 0 ? [result] : [...sent, result];
}

/** The outcome of `ScriptActor.step`. @experimental */
export interface ActorStep {
  /** The state after the step. Pass it to the next step as it is: its text is already written. */
  readonly state: ActorState;
  /** The packets of the step, in the order in which they are to be sent; those that came before the error if there is one. */
  readonly packets: readonly Packet[];
  readonly error: ProcessError | undefined;
}
