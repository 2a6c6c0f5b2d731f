import type { Message } from '../../actor/message/message.ts';
import type { Plan } from '../plan/plan.ts';
import type { Channel } from './channel.ts';
import type { Engine, SendOptions, Trace } from './engine.ts';

/** Puts a packet from elsewhere into a port of the network. */
export type Feed = (
  port: string,
  message: Message,
  options: Pick<SendOptions, 'at' | 'id'> & { readonly traceparent?: string | undefined },
) => Promise<void>;

/** A way of packets: how much waits on it, and the number of its latest packet. */
export type Depth = Pick<Channel, 'source' | 'packets' | 'bytes' | 'latest'>;

/** The modules of a network. */
export interface Modules {
  /** The SHA-256 of the module of a component; null where it is not known, undefined where no node runs a module of this name. */
  sha256Of(component: string): string | null | undefined;
  /**
   * Validates another module of a component, and checks its ports. Returns a function that replaces it, in all nodes or in none, each
   * between two of its packets.
   * @throws {NetworkError} UNKNOWN_COMPONENT, INVALID_GRAPH; errors of `ModuleLoader.load`
   */
  prepare(component: string, source: Uint8Array): Promise<() => Promise<void>>;
}

/** An engine with all that a network uses of it. */
export interface NetworkEngine extends Engine {
  /** Longest time limit of a call that the engine bears; undefined for any. */
  readonly mostTimeoutMs: number | undefined;
  /** Whether other processes make the steps of some nodes. Then nobody here knows when all is done that a packet causes. */
  readonly isSpread: boolean;
  /**
   * @param signal ends the wait of engines that wait for another process
   * @param modules for engines that get new modules from elsewhere
   */
  open(plan: Plan, signal?: AbortSignal, modules?: Modules): Promise<void>;
  /**
   * Puts packets into the network that come from elsewhere, until `halt` is called or the engine is closed.
   * @param put sends a packet as `send` does
   */
  feed(put: Feed): Promise<void>;
  /** Ends `feed`. */
  halt(): void;
  /** The traces of the packets that wait. */
  waiting(): Iterable<Trace>;
  /**
   * Tells that no packet from outside is expected, until the returned function is called. Joins whose other ports get none then
   * take packets up to the limit of cycles, instead of making their senders wait.
   */
  beginDrain(): () => void;
  depths(): readonly Depth[];
}
