import type { Message } from '../../actor/message/message.ts';
import type { Channel } from './channel.ts';
import type { DeadStep, NodeStep, Trace } from './engine.ts';

/** A message with the ways that it goes. */
export interface Put {
  readonly message: Message;
  readonly trace: Trace;
  readonly bytes: number;
  readonly channels: readonly Channel[];
}

/** All that a step changes, or a packet from outside, or a reader outside. */
export interface Change {
  /** Null for the world outside. */
  readonly node: string | null;
  readonly read: NodeStep['read'];
  readonly state?: NodeStep['state'];
  readonly dead?: NodeStep['dead'];
  readonly puts: readonly Put[];
  /** The dead letters that are sent again. */
  readonly redriven?: DeadStep;
  /** The port and the id of a packet from outside. */
  readonly id?: readonly [port: string, id: string] | undefined;
}
