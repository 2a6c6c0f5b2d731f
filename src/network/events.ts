import type { PlugboardErrorCode } from '../errors.ts';
import type { DeadLetter } from './engine/engine.ts';

export type NetworkPhase = 'created' | 'running' | 'stopping' | 'stopped';

/** The part of an event that depends on its type. */
export type NetworkHappening =
  | { type: 'phase'; phase: NetworkPhase }
  /** A step of a node was committed. `packets` is the number of packets that it sent. */
  | { type: 'step'; node: string; packets: number }
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
};

export type NetworkListener = (event: NetworkHappened) => void;
