const MOST_GONE = 1024;

/** A queue with `push` and `shift` in constant time; `shift` of an array moves all other items. */
export class Fifo<T> {
  /** Items that were shifted are left as `undefined` until there are many. */
  #items: (T | undefined)[] = [];
  #first = 0;

  get size(): number {
    return this.#items.length - this.#first;
  }

  /** The item that `shift` would return; undefined for an empty queue. */
  get first(): T | undefined {
    return this.#items[this.#first];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Call only when `size` is not 0. */
  shift(): T {
    const item = this.#items[this.#first] as T;
    this.#items[this.#first++] = undefined;
    if (this.#first === this.#items.length) {
      this.#items.length = 0;
      this.#first = 0;
    } else if (this.#first > MOST_GONE && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  /** The items in order, without removing them. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let at = this.#first; at < this.#items.length; at++) yield this.#items[at] as T;
  }
}
