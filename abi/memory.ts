import { AbiError, refuseOption } from './errors.ts';
import { HEADER, HEADER_BYTES } from './header.ts';
import { type KernelMemoryOptions, readKernelMemoryOptions } from './memory-options.ts';
import { refuseExtra } from './options.ts';
import {
  enlarge,
  GRANULE_BYTES,
  INITIAL_GRANULES,
  INITIAL_PAGES,
  MAX_PAGES,
  PAGE_BYTES,
  type SharedBacking,
  SIZE_CLASSES,
  sizeClass,
} from './records.ts';

/** A part of the kernel memory, in bytes. */
export interface Range {
  start: number;
  length: number;
}

/** For no more elements than this, a loop is done before an engine has entered its own `fill` or `set`. */
const FEW = 64;
const NO_BLOCK = 0;
const NOTHING = new Uint8Array(0);
const NO_RECORDS = new Uint32Array(0);
let noMemory: WebAssembly.Memory | undefined;

/**
 * The kernel memory: what plugins and host exchange bytes through. Handles are byte offsets into it.
 *
 * What is known of the blocks is kept outside of it, because a plugin can write anywhere in it.
 * RATIONALE: where-does-the-allocator-keep-its-records
 */
export class KernelMemory {
  memory: WebAssembly.Memory;
  /** Bytes of the whole memory, header included. */
  sizeBytes = 0;
  inputStart = 0;
  inputLength = 0;

  readonly #limit: number;
  #bytes: Uint8Array = NOTHING;
  #view: DataView = new DataView(NOTHING.buffer);
  #ended = false;
  /** End of the highest block ever given out since `reset`. */
  #top = HEADER_BYTES;
  /** Per granule: length of the block that starts there plus one, or `NO_BLOCK`. */
  #lengths: Uint32Array;
  /** Per granule: size class of a block in use, or the next free block of the same class. */
  #links: Uint32Array;
  #freeLists: Uint32Array;
  #hasFree = false;

  /** @throws {AbiError} INVALID_OPTION */
  constructor(options?: KernelMemoryOptions);
  constructor(options?: KernelMemoryOptions, ...extra: unknown[]) {
    refuseExtra(extra, 'KernelMemory', refuseOption);
    const { maxBytes, backing } = readKernelMemoryOptions(options);
    this.memory = backing?.memory ?? new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAX_PAGES });
    this.#lengths = backing ? new Uint32Array(backing.lengths) : new Uint32Array(INITIAL_GRANULES);
    this.#links = backing ? new Uint32Array(backing.links) : new Uint32Array(INITIAL_GRANULES);
    this.#freeLists = backing ? new Uint32Array(backing.freeLists) : new Uint32Array(SIZE_CLASSES);
    this.#limit = Math.min(maxBytes ?? Number.POSITIVE_INFINITY, MAX_PAGES * PAGE_BYTES) + HEADER_BYTES;
    this.#refresh();
    if (backing) this.takeOver();
    else this.#publish();
  }

  /** Forgets everything and stands on another memory, which must be an empty one; `reset` comes next. */
  moveTo(backing: SharedBacking): void {
    this.memory = backing.memory;
    this.#lengths = new Uint32Array(backing.lengths);
    this.#links = new Uint32Array(backing.links);
    this.#freeLists = new Uint32Array(backing.freeLists);
    this.#refresh();
    this.takeOver();
  }

  /**
   * Gives the memory back to the engine, which may have few: from here on nothing is inside, nothing is a block, and there is
   * no room for one.
   */
  release(): void {
    noMemory ??= new WebAssembly.Memory({ initial: 0, maximum: 0 });
    this.memory = noMemory;
    this.#bytes = NOTHING;
    this.#view = new DataView(new ArrayBuffer(HEADER_BYTES));
    this.sizeBytes = 0;
    this.#lengths = this.#links = NO_RECORDS;
    this.#freeLists = new Uint32Array(SIZE_CLASSES);
  }

  /** Leaves a shared memory to the other thread. */
  handOver(): void {
    // Of 4 GiB the bytes would not fit into a word.
    this.#view.setUint32(HEADER.top, this.#top / GRANULE_BYTES, true);
    this.#view.setUint32(HEADER.hasFree, this.#hasFree ? 1 : 0, true);
  }

  /** Goes on where the other thread has left a shared memory. */
  takeOver(): void {
    if (this.memory.buffer.byteLength !== this.sizeBytes) this.#refresh();
    this.#top = this.#view.getUint32(HEADER.top, true) * GRANULE_BYTES || HEADER_BYTES;
    this.#hasFree = this.#view.getUint32(HEADER.hasFree, true) !== 0;
    this.#ended = this.#view.getUint32(HEADER.ended, true) !== 0;
    this.inputStart = this.#view.getUint32(HEADER.inputStart, true);
    this.inputLength = this.#view.getUint32(HEADER.inputSpan1, true);
  }

  /**
   * Reserves `length` zeroed bytes. O(1) amortised. Freed blocks are used again only once the memory would have
   * to grow, as in the native kernel: plugins exist that read a block just after they freed it.
   * @returns the handle, or 0 for a length of 0, beyond 4 GiB, or that the engine has no memory for
   * @throws {AbiError} MEMORY_LIMIT when the configured limit, not the engine, is in the way
   */
  alloc(length: number): number {
    const handle = this.#reserve(length);
    // Not only reused blocks: a plugin may have written beyond the end of its blocks.
    if (handle !== 0) this.#zero(handle, handle + length);
    return handle;
  }

  /** A block with a copy of `bytes`, as `alloc` gives it. */
  place(bytes: Uint8Array): number {
    const handle = this.#reserve(bytes.length);
    if (handle !== 0) this.#write(handle, bytes);
    return handle;
  }

  #reserve(length: number): number {
    if (!(length > 0 && length <= MAX_PAGES * PAGE_BYTES)) return 0;
    const size = sizeClass(Math.ceil(length / GRANULE_BYTES));
    const granule =
      this.#takeTop(size.granules, size.index, this.sizeBytes) ||
      this.#takeFree(size.index) ||
      this.#takeTop(size.granules, size.index, MAX_PAGES * PAGE_BYTES) ||
      this.#takeLarger(size.index);
    if (granule === 0) {
      if (this.#top + size.granules * GRANULE_BYTES <= this.#limit || this.#limit > MAX_PAGES * PAGE_BYTES)
        return 0;
      throw new AbiError(
        'MEMORY_LIMIT',
        `kernel memory: allocating ${length} bytes would exceed the limit of ${this.#limit - HEADER_BYTES} bytes ` +
          `(${this.#top - HEADER_BYTES} taken up); raise memory.maxPages, or free blocks in the plugin`,
      );
    }
    const handle = granule * GRANULE_BYTES;
    this.#lengths[granule] = length + 1;
    return handle;
  }

  /** Gives a block back. Answers whether `handle` was one. O(1). */
  free(handle: number): boolean {
    const granule = this.#granuleOf(handle);
    if (granule === NO_BLOCK) return false;
    const index = this.#links[granule]!;
    this.#lengths[granule] = NO_BLOCK;
    this.#links[granule] = this.#freeLists[index]!;
    this.#freeLists[index] = granule;
    this.#hasFree = true;
    return true;
  }

  /** Like `free`, but the bytes stay as they are until `reset`, since something still refers to them. */
  retire(handle: number): void {
    this.#lengths[this.#granuleOf(handle)] = NO_BLOCK;
  }

  /** Bytes of the block that starts at `handle`; 0 for anything that is not the start of a live block. O(1). */
  length(handle: number): number {
    const granule = this.#granuleOf(handle);
    return granule === NO_BLOCK ? 0 : this.#lengths[granule]! - 1;
  }

  /**
   * Forgets every block, zeroes all that was given out, and makes a copy of `input` the first block and the input.
   * @returns false when the engine has no memory for it; the input is empty then
   * @throws {AbiError} MEMORY_LIMIT, under the same condition
   */
  reset(input: Uint8Array = NOTHING): boolean {
    // The stack may have ended in the middle of growing, when the views were no longer valid.
    if (this.#bytes.length !== this.sizeBytes) this.#refresh();
    const dirtyEnd = this.#top;
    if (dirtyEnd > HEADER_BYTES) {
      this.#forgetBlocks(dirtyEnd / GRANULE_BYTES);
      if (this.#hasFree) this.#freeLists.fill(0);
      this.#hasFree = false;
      this.#top = HEADER_BYTES;
    }
    this.#ended = false;
    this.inputStart = 0;
    this.inputLength = 0;
    try {
      this.inputStart = this.place(input);
      if (this.inputStart !== 0) this.inputLength = input.length;
      return this.inputLength === input.length;
    } finally {
      // Not before: what the input covers need not be zeroed, and it may be all there is.
      const cleanEnd = this.inputLength === 0 ? HEADER_BYTES : this.inputStart + this.inputLength;
      this.#zero(cleanEnd, dirtyEnd);
      this.#view.setUint32(HEADER.hasOutput, 0, true);
      this.#publish();
    }
  }

  /** Makes every access of this call refuse (accessors trap, the others throw), until the next `reset`. */
  markEnded(): void {
    this.#ended = true;
    this.#publish();
  }

  setInput(start: number, length: number): void {
    this.inputStart = start;
    this.inputLength = length;
    this.#publish();
  }

  /** What was set as output, by the accessors or through here; null for none. */
  get output(): Range | null {
    if (this.#view.getUint32(HEADER.hasOutput, true) === 0) return null;
    return {
      start: this.#view.getUint32(HEADER.outputStart, true),
      length: this.#view.getUint32(HEADER.outputLength, true),
    };
  }

  setOutput({ start, length }: Range): void {
    this.#view.setUint32(HEADER.outputStart, start, true);
    this.#view.setUint32(HEADER.outputLength, length, true);
    this.#view.setUint32(HEADER.hasOutput, 1, true);
  }

  /** Bytes that the blocks of this call take up, freed ones included. */
  get usedBytes(): number {
    return this.#top - HEADER_BYTES;
  }

  /** Bytes that plugins can address, which is all but the header. */
  get addressableBytes(): number {
    return this.sizeBytes - HEADER_BYTES;
  }

  /** Whether `[start, start + length)` lies in the part of the memory that plugins can address. */
  hasRange(start: number, length: number): boolean {
    return start >= HEADER_BYTES && length >= 0 && start + length <= this.sizeBytes;
  }

  /** A view, valid until the next allocation. The range must be one that `hasRange` accepts. */
  view(start: number, length: number): Uint8Array {
    return this.#bytes.subarray(start, start + length);
  }

  /** The same, or a copy where it would lie in shared memory, of which browsers read no text. */
  readable(start: number, length: number): Uint8Array {
    return this.memory.buffer instanceof ArrayBuffer ? this.view(start, length) : this.copy(start, length);
  }

  /** A copy, under the same condition. */
  copy(start: number, length: number): Uint8Array<ArrayBuffer> {
    // What typed arrays make of shared memory is not shared itself.
    return this.#bytes.slice(start, start + length) as Uint8Array<ArrayBuffer>;
  }

  /** Copies a range to `at` in `target`, under the same condition. */
  copyTo(target: Uint8Array, at: number, start: number, length: number): void {
    if (length > FEW) target.set(this.view(start, length), at);
    else for (let index = 0; index < length; index++) target[at + index] = this.#bytes[start + index]!;
  }

  loadU8(address: number): number {
    return this.hasRange(address, 1) ? this.#bytes[address]! : 0;
  }

  loadU64(address: number): bigint {
    return this.hasRange(address, 8) ? this.#view.getBigUint64(address, true) : 0n;
  }

  storeU8(address: number, value: number): void {
    if (this.hasRange(address, 1)) this.#bytes[address] = value;
  }

  storeU64(address: number, value: bigint): void {
    if (this.hasRange(address, 8)) this.#view.setBigUint64(address, value, true);
  }

  loadInputU8(offset: number): number {
    return offset >= 0 && offset < this.inputLength ? this.#bytes[this.inputStart + offset]! : 0;
  }

  loadInputU64(offset: number): bigint {
    const inside = offset >= 0 && offset + 8 <= this.inputLength;
    return inside ? this.#view.getBigUint64(this.inputStart + offset, true) : 0n;
  }

  #forgetBlocks(granules: number): void {
    if (granules > FEW) this.#lengths.fill(NO_BLOCK, 0, granules);
    else for (let granule = 0; granule < granules; granule++) this.#lengths[granule] = NO_BLOCK;
  }

  #zero(start: number, end: number): void {
    if (end - start > FEW) this.#bytes.fill(0, start, end);
    else for (let index = start; index < end; index++) this.#bytes[index] = 0;
  }

  #write(start: number, bytes: Uint8Array): void {
    if (bytes.length > FEW) this.#bytes.set(bytes, start);
    else for (let index = 0; index < bytes.length; index++) this.#bytes[start + index] = bytes[index]!;
  }

  #granuleOf(handle: number): number {
    const granule = handle / GRANULE_BYTES;
    // An index that is fractional, negative or beyond the records reads as undefined.
    return this.#lengths[granule] ? granule : NO_BLOCK;
  }

  #takeFree(index: number): number {
    const granule = this.#freeLists[index]!;
    if (granule === 0) return 0;
    this.#freeLists[index] = this.#links[granule]!;
    this.#links[granule] = index;
    return granule;
  }

  #takeTop(granules: number, index: number, ceiling: number): number {
    const end = this.#top + granules * GRANULE_BYTES;
    if (end > ceiling || end > this.#limit || !this.#growTo(end)) return 0;
    const granule = this.#top / GRANULE_BYTES;
    this.#links[granule] = index;
    this.#top = end;
    return granule;
  }

  /** The last resort: a free block of any larger class, taken whole. */
  #takeLarger(index: number): number {
    for (let larger = index + 1; larger < SIZE_CLASSES; larger++) {
      const granule = this.#takeFree(larger);
      if (granule !== 0) return granule;
    }
    return 0;
  }

  #growTo(end: number): boolean {
    try {
      if (end > this.sizeBytes) {
        const needed = Math.ceil((end - this.sizeBytes) / PAGE_BYTES);
        const pages = this.sizeBytes / PAGE_BYTES;
        // Doubling keeps many small allocations linear; the second try serves the last ones before the ceiling.
        if (!this.#tryGrow(Math.max(needed, Math.min(pages, MAX_PAGES - pages)))) {
          if (!this.#tryGrow(needed)) return false;
        }
      }
      if (end / GRANULE_BYTES > this.#lengths.length) {
        const lengths = enlarge(this.#lengths, end / GRANULE_BYTES);
        this.#links = enlarge(this.#links, end / GRANULE_BYTES);
        this.#lengths = lengths;
      }
      return true;
    } catch (error) {
      // The engine has no room for larger records; that the stack ended while the memory grew is something else.
      if (error instanceof RangeError && this.#bytes.length === this.sizeBytes) return false;
      throw error;
    }
  }

  #tryGrow(pages: number): boolean {
    try {
      this.memory.grow(pages);
    } catch {
      return false;
    }
    this.#refresh();
    this.#publish();
    return true;
  }

  #refresh(): void {
    const bytes = new Uint8Array(this.memory.buffer);
    const view = new DataView(this.memory.buffer);
    const sizeBytes = bytes.length;
    // Both or neither: whatever is called above may end the stack.
    this.#bytes = bytes;
    this.#view = view;
    this.sizeBytes = sizeBytes;
  }

  #publish(): void {
    const span = this.#ended ? 0 : this.sizeBytes - HEADER_BYTES;
    const inputSpan = this.#ended ? 0 : this.inputLength;
    this.#view.setUint32(HEADER.span1, span, true);
    this.#view.setUint32(HEADER.span8, Math.max(span - 7, 0), true);
    this.#view.setUint32(HEADER.inputStart, this.inputStart, true);
    this.#view.setUint32(HEADER.inputSpan1, inputSpan, true);
    this.#view.setUint32(HEADER.inputSpan8, Math.max(inputSpan - 7, 0), true);
    this.#view.setUint32(HEADER.ended, this.#ended ? 1 : 0, true);
  }
}
