/** A block of the kernel memory, as a trace shows it. */
export interface Block {
  start: number;
  bytes: number;
  /** The function that returned it; null for a block that was first seen as an argument. */
  from: string | null;
  isFreed: boolean;
  /** Whether the host has got it: such a block is the host's to free. */
  isPassed: boolean;
}

/** Blocks of one call that are followed. A call with more may be judged too mildly. */
const MOST_BLOCKS = 16_384;

/** The blocks of one call, sorted by their starts. */
export class Blocks {
  readonly #sorted: Block[] = [];
  /** Whether each block of the call is known. A host function may make others, which no event shows. */
  areAllKnown = true;

  get all(): readonly Block[] {
    return this.#sorted;
  }

  clear(): void {
    this.#sorted.length = 0;
  }

  /** Returns the block that has this address, freed or not. */
  at(address: number): Block | undefined {
    const block = this.#sorted[this.#indexAfter(address) - 1];
    return block && address < block.start + block.bytes ? block : undefined;
  }

  /** Notes that a block is live, and returns it. It takes the place of freed ones. */
  add(start: number, bytes: number, from: string | null): Block {
    const found = this.at(start);
    if (found && found.start === start && !found.isFreed) return found;
    const block: Block = { start, bytes, from, isFreed: false, isPassed: false };
    const first = this.#indexAfter(start - 1);
    const overlapped = found && found.start < start ? first - 1 : first;
    let end = overlapped;
    while (end < this.#sorted.length && this.#sorted[end]!.start < start + bytes) end++;
    if (end === overlapped && this.#sorted.length >= MOST_BLOCKS) {
      this.areAllKnown = false;
      return block;
    }
    this.#sorted.splice(overlapped, end - overlapped, block);
    return block;
  }

  /** Returns the index of the first block that starts behind this address. */
  #indexAfter(address: number): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]!.start <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
