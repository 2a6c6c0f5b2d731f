import { isArrayBuffer, isErrorOf } from './brands.ts';
import { EXACT_CLASS, MAX_GRANULES, SIZE_CLASSES } from './size-classes.ts';

/** Number of granules whose records lie together. A group without blocks has no records. */
const GROUP_GRANULES = 128;
const GROUP_SHIFT = 7;
/** A slot holds the records of one group: the group's number, then a length and a link for each granule. */
const SLOT_WORDS = 1 + GROUP_GRANULES * 2;
/**
 * Set in the link of a block in use, above its size class. Granules are smaller, so a free block's link never has it.
 * RATIONALE: why-are-freed-blocks-not-used-again-at-once
 */
const LIVE = 2 ** 29;
const NONE = -1;
const INITIAL_GROUPS = 16;
const INITIAL_SLOTS = 4;
/** Words behind the free lists: slots in use, whether any free list has a block, and the records written in the first slot. */
const USED_SLOTS = SIZE_CLASSES + 1;
const HAS_FREE = SIZE_CLASSES + 2;
/** Their number. The indexes of the records follow. */
const WRITTEN = SIZE_CLASSES + 3;
const LIST_WORDS = WRITTEN + 1 + GROUP_GRANULES;

const MAX_GROUPS = MAX_GRANULES / GROUP_GRANULES;

/** Sizes of the buffers in a `TableBacking`. */
export const TABLE_BYTES = {
  directory: { initial: INITIAL_GROUPS * 4, max: MAX_GROUPS * 4 },
  slots: { initial: INITIAL_SLOTS * SLOT_WORDS * 4, max: MAX_GROUPS * SLOT_WORDS * 4 },
  lists: LIST_WORDS * 4,
} as const;

/** The buffers of a table. Where two threads share them, the first two can grow. */
export interface TableBacking {
  directory: ArrayBufferLike;
  slots: ArrayBufferLike;
  lists: ArrayBufferLike;
}

type Words = [directory: Uint32Array, slots: Uint32Array, lists: Uint32Array];

/** Views of one buffer: three would take longer to make. Nearly all calls need one slot. */
function ownWords(): Words {
  const words = new Uint32Array(INITIAL_GROUPS + SLOT_WORDS + LIST_WORDS);
  return [
    words.subarray(0, INITIAL_GROUPS),
    words.subarray(INITIAL_GROUPS, -LIST_WORDS),
    words.subarray(-LIST_WORDS),
  ];
}

/**
 * The records of the blocks in a kernel memory, by the granule at which a block starts. Every operation is O(1), and a block
 * of any size costs one record.
 *
 * The directory leads from a group of granules to its slot. An entry counts only if the slot is in use and names the same
 * group. So `clear` forgets all blocks by marking the slots unused. The first slot always belongs to the first group, and
 * `clear` zeroes the records that were written there. Most calls need no other slot, and to look a slot up and zero it took
 * a third of a call with 16 bytes (V8 11).
 */
export class BlockTable {
  #directory: Uint32Array;
  #slots: Uint32Array;
  /** Per size class, the first free block; a block's link leads to the next. Then `USED_SLOTS` and `HAS_FREE`. */
  readonly #lists: Uint32Array;

  constructor(backing?: TableBacking) {
    const buffers = backing && [backing.directory, backing.slots, backing.lists];
    const words = (buffers?.map(buffer => new Uint32Array(buffer)) as Words | undefined) ?? ownWords();
    [this.#directory, this.#slots, this.#lists] = words;
    if (this.#lists[USED_SLOTS] === 0) this.#lists[USED_SLOTS] = 1;
  }

  /** Forgets every block. */
  clear(): void {
    const lists = this.#lists;
    for (let index = lists[WRITTEN]!; index > 0; index--) this.#slots[lists[WRITTEN + index]!] = 0;
    lists[WRITTEN] = 0;
    if (lists[HAS_FREE] !== 0) lists.fill(0);
    lists[USED_SLOTS] = 1;
  }

  /** Returns the length in bytes of the block in use that starts at `granule`, or 0. */
  length(granule: number): number {
    const record = this.#find(granule);
    return record !== NONE && this.#slots[record + 1]! >= LIVE ? this.#slots[record]! : 0;
  }

  /** Puts a new block into use. @returns false if the engine has no room for its record */
  add(granule: number, length: number, sizeClass: number): boolean {
    let record = this.#find(granule);
    if (record === NONE) record = this.#makeSlot(granule);
    if (record === NONE) return false;
    if (granule < GROUP_GRANULES) this.#lists[WRITTEN + ++this.#lists[WRITTEN]!] = record;
    this.#use(record, length, sizeClass);
    return true;
  }

  #use(record: number, length: number, sizeClass: number): void {
    this.#slots[record] = length;
    this.#slots[record + 1] = LIVE + sizeClass;
  }

  /** Frees a block in use; `take` may reuse its place. `granules` is the capacity of the block; only `EXACT_CLASS` reads it. */
  free(granule: number, granules: number): void {
    const record = this.#find(granule);
    const sizeClass = this.#slots[record + 1]! - LIVE;
    this.#slots[record] = granules;
    this.#slots[record + 1] = this.#lists[sizeClass]!;
    this.#lists[sizeClass] = granule;
    this.#lists[HAS_FREE] = 1;
  }

  /** Frees a block in use without making its place available again. */
  retire(granule: number): void {
    const record = this.#find(granule);
    if (record !== NONE) this.#slots[record + 1] = 0;
  }

  /** Puts a free block of a size class into use again. @returns its granule, 0 if there is none */
  take(sizeClass: number, length: number): number {
    const granule = this.#lists[sizeClass]!;
    if (granule === 0) return 0;
    const record = this.#find(granule);
    this.#lists[sizeClass] = this.#slots[record + 1]!;
    this.#use(record, length, sizeClass);
    return granule;
  }

  /**
   * Puts any free block with room for `granules` into use, without splitting it. The last resort.
   * @returns its granule, 0 if there is none
   */
  takeLarger(sizeClass: number, granules: number, length: number): number {
    if (this.#lists[HAS_FREE] === 0) return 0;
    const exact = this.#takeExact(granules, length);
    for (let larger = sizeClass + 1; exact === 0 && larger < SIZE_CLASSES; larger++) {
      const granule = this.take(larger, length);
      if (granule !== 0) return granule;
    }
    return exact;
  }

  /**
   * A linear search, because the list is short: a block has an exact size only if it takes eight ninths or more of the room
   * left.
   */
  #takeExact(granules: number, length: number): number {
    let before = NONE;
    let granule = this.#lists[EXACT_CLASS]!;
    while (granule !== 0) {
      const record = this.#find(granule);
      const next = this.#slots[record + 1]!;
      if (this.#slots[record]! >= granules) {
        if (before === NONE) this.#lists[EXACT_CLASS] = next;
        else this.#slots[before + 1] = next;
        this.#use(record, length, EXACT_CLASS);
        return granule;
      }
      before = record;
      granule = next;
    }
    return 0;
  }

  /** Makes room for the records of a granule's group. @returns as `#find`, or `NONE` if the engine has no room */
  #makeSlot(granule: number): number {
    const group = granule >>> GROUP_SHIFT;
    const slot = this.#lists[USED_SLOTS]!;
    const start = slot * SLOT_WORDS;
    try {
      if (group >= this.#directory.length) this.#directory = enlarge(this.#directory, group + 1);
      if (start + SLOT_WORDS > this.#slots.length) this.#slots = enlarge(this.#slots, start + SLOT_WORDS);
    } catch (error) {
      if (isErrorOf('RangeError', error)) return NONE;
      throw error;
    }
    this.#slots.fill(0, start, start + SLOT_WORDS);
    this.#slots[start] = group;
    this.#directory[group] = slot;
    this.#lists[USED_SLOTS] = slot + 1;
    return this.#find(granule);
  }

  /** Returns the index of a granule's length in `#slots`, or `NONE`. The granule's link is the next word. */
  #find(granule: number): number {
    if (granule < GROUP_GRANULES) return 1 + granule * 2;
    const group = granule >>> GROUP_SHIFT;
    const slot = this.#directory[group];
    if (slot === undefined || slot >= this.#lists[USED_SLOTS]!) return NONE;
    const start = slot * SLOT_WORDS;
    if (this.#slots[start] !== group) return NONE;
    return start + 1 + (granule & (GROUP_GRANULES - 1)) * 2;
  }
}

/** TypeScript's library of ES2023 does not declare buffers that grow. */
type GrowableBuffer = SharedArrayBuffer & { readonly maxByteLength: number; grow(bytes: number): void };

/** Returns `words` with room for at least `needed` elements. @throws {RangeError} if the engine has no memory for them */
function enlarge(words: Uint32Array, needed: number): Uint32Array {
  const length = Math.max(needed, words.length * 2);
  if (!isArrayBuffer(words.buffer)) {
    // The views of both threads grow with the buffer.
    const shared = words.buffer as GrowableBuffer;
    shared.grow(Math.min(length * 4, shared.maxByteLength));
    return words;
  }
  const larger = new Uint32Array(length);
  larger.set(words);
  return larger;
}
