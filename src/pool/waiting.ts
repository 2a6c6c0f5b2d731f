/** Waiting items by key: the keys take turns, and the items of one key keep their order. */
export class Waiting<Item> {
  /** The key whose turn comes next stands first. */
  readonly #byKey = new Map<string, Set<Item>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The items of one key. */
  of(key: string): number {
    return this.#byKey.get(key)?.size ?? 0;
  }

  keys(): Iterable<string> {
    return this.#byKey.keys();
  }

  add(key: string, item: Item): void {
    const items = this.#byKey.get(key);
    if (items) items.add(item);
    else this.#byKey.set(key, new Set([item]));
    this.#size++;
  }

  /** @returns whether the item was still waiting */
  remove(key: string, item: Item): boolean {
    const items = this.#byKey.get(key);
    if (!items?.delete(item)) return false;
    if (items.size === 0) this.#byKey.delete(key);
    this.#size--;
    return true;
  }

  /** Takes the first item of the next key that may have a turn. The key then comes after all others. */
  take(mayHaveTurn: (key: string) => boolean): Item | undefined {
    for (const [key, items] of this.#byKey) {
      if (!mayHaveTurn(key)) continue;
      const [item] = items;
      this.remove(key, item!);
      this.#byKey.delete(key);
      if (items.size > 0) this.#byKey.set(key, items);
      return item;
    }
    return undefined;
  }

  /** Takes all items out. */
  *takeAll(): Generator<Item, void, undefined> {
    for (const items of this.#byKey.values()) yield* items;
    this.#byKey.clear();
    this.#size = 0;
  }
}
