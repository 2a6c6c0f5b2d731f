import type { Packet } from '../actor/message/message.ts';
import type { PlugboardErrorCode } from '../errors.ts';
import type { DeadLetter } from './engine/engine.ts';

export type NetworkPhase = 'created' | 'running' | 'stopping' | 'stopped';

/** A packet, processed by a node. */
export interface Hop {
  /** Where its messages came from: the id of an edge, and the number of the message there. A join has several. */
  read: readonly { readonly source: string; readonly position: number; readonly port: string }[];
  /** Number of packets that the node sent. */
  packets: number;
  /** The code of the error, if the node failed. */
  code: PlugboardErrorCode | null;
  /** The W3C header that the node's packets have. It names this hop. */
  traceparent: string;
  /** The headers of the packet's messages. The first names the hop before, or the sender; the others are links. */
  parents: readonly string[];
  /** ms since 1970. */
  startMs: number;
  /** Until the step was committed, with the wait for room. */
  durationMs: number;
}

/** The part of an event that depends on its type. */
export type NetworkHappening =
  | { type: 'phase'; phase: NetworkPhase }
  /** One hop: a node has processed a packet, and its step was committed. */
  | ({ type: 'step'; node: string } & Hop)
  /** A step of a node failed. Its error is on its way. */
  | { type: 'failed'; node: string; code: PlugboardErrorCode; message: string }
  /** A packet could not be processed, and its error has no way; or an error packet has none. */
  | ({ type: 'dead' } & DeadLetter)
  /** Another module runs in the nodes of a component from now on. */
  | { type: 'reloaded'; component: string };

/** An event of a network. */
export type NetworkHappened = NetworkHappening & {
  readonly network: string;
  /** ms since 1970. */
  readonly atMs: number;
  /** The packet of a `step`, and those that it sent. Only for subscribers with the option `packets`. Do not change them. */
  readonly input?: Packet;
  readonly output?: readonly Packet[];
};

export type NetworkListener = (event: NetworkHappened) => void;
