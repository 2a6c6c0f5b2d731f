import { excerpt, messageOf } from '../errors.ts';
import { Fifo } from '../values/fifo.ts';
import { ActorError } from './errors.ts';

interface Sender<T> {
  item: T;
  /** Resolves the promise of the sender. Returns false when its signal has already ended the wait. */
  admit(): boolean;
  reject(error: Error): void;
}

interface Taker<T> {
  readonly reader: object | undefined;
  give(item: T | undefined): void;
}

/**
 * A bounded queue between senders and takers. Order is kept, also among senders that wait for room; each item goes
 * to exactly one taker. An item must not be `undefined`.
 */
export class Mailbox<T> {
  readonly #name: string;
  #capacity: number;
  /** The error for senders, once the mailbox is closed. */
  #closed: ActorError | undefined;
  readonly #items = new Fifo<T>();
  readonly #senders = new Fifo<Sender<T>>();
  #takers = new Fifo<Taker<T>>();
  /** Bytes of the items in the queue, if they are counted. */
  #bytes = 0;
  #capacityBytes: number;
  readonly #bytesOf: (item: T) => number;

  /**
   * @param capacity Items held before a sender waits; 1 or more
   * @param capacityBytes Bytes held before a sender waits. Default: they are not counted
   */
  constructor(
    name: string,
    capacity: number,
    capacityBytes = Number.POSITIVE_INFINITY,
    bytesOf: (item: T) => number = () => 0,
  ) {
    this.#name = name;
    this.#capacity = capacity;
    this.#capacityBytes = capacityBytes;
    this.#bytesOf = bytesOf;
  }

  /** Number of items in the queue. */
  get size(): number {
    return this.#items.size;
  }

  /**
   * Resolves once the item is in the queue or taken.
   * @param signal Ends the wait for room
   * @throws {ActorError} ACTOR_STOPPED after `close`, ABORTED
   */
  send(item: T, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(aborted(this.#name, signal));
    if (this.#closed) return Promise.reject(this.#closed);
    if (this.#takers.size > 0) this.#takers.shift().give(item);
    else if (this.#hasRoom) this.#push(item);
    else return this.#wait(item, signal);
    return Promise.resolve();
  }

  /**
   * Resolves to the next item, once there is one; to `undefined` once the mailbox is closed and empty.
   * @param reader for `leave`
   */
  take(reader?: object): Promise<T | undefined> {
    if (this.#items.size === 0) {
      if (this.#closed) return Promise.resolve(undefined);
      return new Promise(give => this.#takers.push({ reader, give }));
    }
    const item = this.#shift();
    this.#admitSenders();
    return Promise.resolve(item);
  }

  /** Ends the waits of a reader: its promises resolve to `undefined`. */
  leave(reader: object): void {
    const takers = [...this.#takers];
    this.#takers = new Fifo();
    for (const taker of takers) taker.reader === reader ? taker.give(undefined) : this.#takers.push(taker);
  }

  /** Puts an item that was taken before all others. */
  putBack(item: T): void {
    if (this.#takers.size > 0) this.#takers.shift().give(item);
    else {
      const later = this.#items.size;
      this.#push(item);
      for (let moved = 0; moved < later; moved++) this.#items.push(this.#items.shift());
    }
  }

  /** Removes the limit of the queue: no sender waits for room from now on. */
  lift(): void {
    this.#capacity = Number.POSITIVE_INFINITY;
    this.#capacityBytes = Number.POSITIVE_INFINITY;
    this.#admitSenders();
  }

  /** Refuses senders, also those that wait. Items in the queue can still be taken. */
  close(reason: ActorError = stopped(this.#name)): void {
    this.#closed ??= reason;
    while (this.#senders.size > 0) this.#senders.shift().reject(this.#closed);
    while (this.#takers.size > 0) this.#takers.shift().give(undefined);
  }

  /** Drops all items in the queue. */
  clear(): void {
    while (this.#items.size > 0) this.#shift();
    this.#admitSenders();
  }

  /** An item goes to one `for await` only: several loops share the items. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (let item = await this.take(); item !== undefined; item = await this.take()) yield item;
  }

  #wait(item: T, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      let hasLeft = false;
      const leave = () => {
        hasLeft = true;
        reject(aborted(this.#name, signal!));
      };
      signal?.addEventListener('abort', leave, { once: true });
      const settle = (how: () => void) => {
        signal?.removeEventListener('abort', leave);
        if (!hasLeft) how();
        return !hasLeft;
      };
      this.#senders.push({
        item,
        admit: () => settle(resolve),
        reject: error => settle(() => reject(error)),
      });
    });
  }

  #admitSenders(): void {
    while (this.#senders.size > 0 && this.#hasRoom) {
      const { item, admit } = this.#senders.shift();
      if (admit()) this.#push(item);
    }
  }

  get #hasRoom(): boolean {
    return this.#items.size < this.#capacity && this.#bytes < this.#capacityBytes;
  }

  #push(item: T): void {
    this.#items.push(item);
    this.#bytes += this.#bytesOf(item);
  }

  #shift(): T {
    const item = this.#items.shift();
    this.#bytes -= this.#bytesOf(item);
    return item;
  }
}

export const stopped = (name: string, cause?: unknown): ActorError =>
  new ActorError(
    'ACTOR_STOPPED',
    cause === undefined
      ? `${name}: the actor was stopped and takes no more packets`
      : `${name}: the actor has stopped after a failure: ${excerpt(messageOf(cause))}`,
    cause === undefined ? undefined : { cause },
  );

export const aborted = (name: string, { reason }: AbortSignal): ActorError =>
  new ActorError('ABORTED', `${name}: aborted: ${messageOf(reason)}`, {
    cause: reason,
  });
