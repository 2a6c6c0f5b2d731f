import { ActorError } from './errors.ts';

/** First in, first out, each in constant time (an array's `shift` moves everything behind it). */
class Fifo<T> {
  readonly #items = new Map<number, T>();
  #first = 0;
  #next = 0;

  get size(): number {
    return this.#items.size;
  }

  push(item: T): void {
    this.#items.set(this.#next++, item);
  }

  /** Call only when `size` is not 0. */
  shift(): T {
    const item = this.#items.get(this.#first) as T;
    this.#items.delete(this.#first++);
    return item;
  }
}

interface Sender<T> {
  item: T;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * A bounded queue between senders and takers. Order is kept, also among senders that wait for room; each item goes
 * to exactly one taker. Items are anything but `undefined`.
 */
export class Mailbox<T> {
  readonly #name: string;
  #capacity: number;
  #closed = false;
  readonly #items = new Fifo<T>();
  readonly #senders = new Fifo<Sender<T>>();
  readonly #takers = new Fifo<(item: T | undefined) => void>();

  /** @param capacity Items held before a sender waits; 1 or more */
  constructor(name: string, capacity: number) {
    this.#name = name;
    this.#capacity = capacity;
  }

  /** Resolves once the item is in the queue or taken. @throws {ActorError} ACTOR_STOPPED after `close` */
  send(item: T): Promise<void> {
    if (this.#closed) return Promise.reject(this.#stopped());
    if (this.#takers.size > 0) this.#takers.shift()(item);
    else if (this.#items.size < this.#capacity) this.#items.push(item);
    else return new Promise((resolve, reject) => this.#senders.push({ item, resolve, reject }));
    return Promise.resolve();
  }

  /** The next item, when there is one; `undefined` once the mailbox is closed and empty. */
  take(): Promise<T | undefined> {
    if (this.#items.size === 0) {
      if (this.#closed) return Promise.resolve(undefined);
      return new Promise(resolve => this.#takers.push(resolve));
    }
    const item = this.#items.shift();
    this.#admitSenders();
    return Promise.resolve(item);
  }

  /** From now on nobody waits for room. */
  lift(): void {
    this.#capacity = Number.POSITIVE_INFINITY;
    this.#admitSenders();
  }

  /** Refuses senders, those that wait included. What is in the queue can still be taken. */
  close(): void {
    this.#closed = true;
    while (this.#senders.size > 0) this.#senders.shift().reject(this.#stopped());
    while (this.#takers.size > 0) this.#takers.shift()(undefined);
  }

  /** Each `for await` takes what it yields away from the others. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (let item = await this.take(); item !== undefined; item = await this.take()) yield item;
  }

  #admitSenders(): void {
    while (this.#senders.size > 0 && this.#items.size < this.#capacity) {
      const { item, resolve } = this.#senders.shift();
      this.#items.push(item);
      resolve();
    }
  }

  #stopped(): ActorError {
    return new ActorError('ACTOR_STOPPED', `${this.#name}: the actor was stopped and takes no more packets`);
  }
}
