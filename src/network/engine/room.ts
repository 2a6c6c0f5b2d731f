import { Fifo } from '../../values/fifo.ts';
import type { Channel } from './channel.ts';

/** Work that waits until its channels have room. */
export interface Waiter {
  /** The node that waits; null for a sender outside the network. */
  readonly node: string | null;
  readonly channels: readonly Channel[];
  /** Set when the wait ended early. */
  isGone: boolean;
  run(isForced: boolean): void;
  fail(error: unknown): void;
}

/** Work, and the check that it does not overflow a channel whose senders may not wait. */
export interface Work {
  run(): void;
  /** @param isForced whether the work goes on although channels are full. @throws {NetworkError} NETWORK_OVERFLOW */
  check?(isForced: boolean): void;
}

/** Lets work wait for room, and knows which nodes work. */
export class Room {
  /** Nodes that neither wait for packets nor for room. */
  readonly working = new Set<string>();
  readonly #nodes = new Map<string, Waiter>();
  /** Senders outside, by channel: only the first of a channel may go on. */
  readonly #outside = new Map<Channel, Fifo<Waiter>>();
  readonly #findStalled: (waiting: readonly Waiter[], isDraining: boolean) => Waiter | undefined;
  /** Number of callers that wait until all is done. Meanwhile no packet from outside is expected to end a stall. */
  #draining = 0;
  #isSettling = false;

  /** @param findStalled returns the work that goes on although its channels are full. Called when no node works */
  constructor(findStalled: (waiting: readonly Waiter[], isDraining: boolean) => Waiter | undefined) {
    this.#findStalled = findStalled;
  }

  /**
   * Runs the work once no channel of it is full. Returns a promise only if the work has to wait.
   * @throws {NetworkError} NETWORK_OVERFLOW; the reason of `signal`
   */
  whenRoom(
    node: string | null,
    channels: readonly Channel[],
    signal: AbortSignal | undefined,
    work: Work,
  ): void | Promise<void> {
    signal?.throwIfAborted();
    const first = channels[0];
    const isQueued = node === null && first !== undefined && this.#outside.has(first);
    if (!isQueued && !channels.some(isBlocked)) {
      work.check?.(false);
      work.run();
      return this.settle();
    }
    return new Promise<void>((resolve, reject) => {
      const settled = (how: () => void) => {
        waiter.isGone = true;
        signal?.removeEventListener('abort', onAbort);
        how();
      };
      const waiter: Waiter = {
        node,
        channels,
        isGone: false,
        run: isForced => {
          try {
            work.check?.(isForced);
            work.run();
            settled(resolve);
          } catch (error) {
            settled(() => reject(error));
          }
        },
        fail: error => settled(() => reject(error)),
      };
      const onAbort = () => {
        if (node !== null) this.#goOn(node);
        waiter.fail(signal!.reason);
      };
      signal?.addEventListener('abort', onAbort);
      this.#add(waiter);
      this.settle();
    });
  }

  /** A node waits for packets. */
  pause(node: string): void {
    this.working.delete(node);
    this.settle();
  }

  /** Ends the work and the wait of a node. */
  leave(node: string, error: unknown): void {
    const waiter = this.#nodes.get(node);
    this.#nodes.delete(node);
    this.working.delete(node);
    waiter?.fail(error);
    this.settle();
  }

  /** Lets full joins take more until the returned function is called. */
  beginDrain(): () => void {
    this.#draining++;
    this.settle();
    return () => {
      this.#draining--;
    };
  }

  /** Ends all waits. */
  close(error: unknown): void {
    const waiting = [...this.#nodes.values(), ...[...this.#outside.values()].flatMap(queue => [...queue])];
    this.#nodes.clear();
    this.#outside.clear();
    for (const waiter of waiting) if (!waiter.isGone) waiter.fail(error);
  }

  /** Runs all work that has room. If all nodes wait, looks whether one of them waits for itself. */
  settle(): void {
    if (this.#isSettling || (this.#nodes.size === 0 && this.#outside.size === 0)) return;
    this.#isSettling = true;
    try {
      do {
        while (this.#runNode() || this.#runOutside()) {
          // Work makes room for other work.
        }
      } while (this.#breakStall());
    } finally {
      this.#isSettling = false;
    }
  }

  #add(waiter: Waiter): void {
    const { node, channels } = waiter;
    if (node !== null) {
      this.working.delete(node);
      this.#nodes.set(node, waiter);
      return;
    }
    const queue = this.#outside.get(channels[0]!) ?? new Fifo();
    this.#outside.set(channels[0]!, queue);
    queue.push(waiter);
  }

  #goOn(node: string): void {
    this.#nodes.delete(node);
    this.working.add(node);
  }

  #runNode(): boolean {
    for (const [node, waiter] of this.#nodes) {
      if (waiter.channels.some(isBlocked)) continue;
      this.#goOn(node);
      waiter.run(false);
      return true;
    }
    return false;
  }

  #runOutside(): boolean {
    for (const [channel, queue] of this.#outside) {
      while (queue.first?.isGone) queue.shift();
      if (queue.size > 0 && !isBlocked(channel)) {
        queue.shift().run(false);
        return true;
      }
      if (queue.size === 0) this.#outside.delete(channel);
    }
    return false;
  }

  #breakStall(): boolean {
    if (this.working.size > 0) return false;
    const waiting = [...this.#nodes.values()];
    const first = waiting.length > 0 ? this.#findStalled(waiting, this.#draining > 0) : undefined;
    // A node that waits gets room from outside. Senders outside go on when no node waits, for the other ports of a join.
    const isFree = waiting.length === 0 && this.#draining > 0;
    const stalled = first ?? (isFree ? this.#firstOutside() : undefined);
    if (!stalled) return false;
    if (stalled.node !== null) this.#goOn(stalled.node);
    stalled.run(true);
    return true;
  }

  #firstOutside(): Waiter | undefined {
    const queue = [...this.#outside.values()].find(({ first }) => first && this.#findStalled([first], true));
    return queue?.shift();
  }
}

export const isBlocked = (channel: Channel): boolean => channel.waits && channel.isFull;
