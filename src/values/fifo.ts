/** A queue with `push` and `shift` in constant time; `shift` of an array moves all other items. */
export class Fifo<T> {
  readonly #items = new Map<number, T>();
  #first = 0;
  #next = 0;

  get size(): number {
    return this.#items.size;
  }

  /** The item that `shift` would return; undefined for an empty queue. */
  get first(): T | undefined {
    return this.#items.get(this.#first);
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

  /** The items in order, without removing them. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#items.values();
  }
}
