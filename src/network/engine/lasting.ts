import type { BoundOptions } from './bounds.ts';
import type { NetworkEngine } from './network-engine.ts';

/** Keeps the packets and states of one network beyond the end of its process. For the option `engine` of `Network.create`. */
export interface LastingEngine {
  /** Resolves when all that was kept so far is on the disk, and survives a power cut. @throws {ActorError} STATE_STORE_FAILED */
  flush(): Promise<void>;
  /** Returns the id of the latest packet that `accept` has put into a port; undefined before the first. */
  lastId(port: string): string | undefined;
}

/** Make the engines behind the objects that callers have. */
export const makers = new WeakMap<object, (bounds: BoundOptions) => NetworkEngine>();
