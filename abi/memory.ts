import { BlockTable } from './block-table.ts';
import { isArrayBuffer } from './brands.ts';
import { refuseOption } from './errors.ts';
import { growMemory, overLimit } from './grow.ts';
import {
  HEADER,
  HEADER_BYTES,
  noteStray,
  type Range,
  writeBlockSpan,
  writeInput,
  writeOutput,
  writeSpan,
} from './header.ts';
import { type KernelMemoryOptions, readKernelMemoryOptions } from './memory-options.ts';
import { refuseExtra } from './options.ts';
import type { SharedBacking } from './shared-backing.ts';
import {
  EXACT_CLASS,
  FIRST_BYTES,
  GRANULE_BYTES,
  MAX_BYTES,
  PAGE_BYTES,
  pageEnd,
  sizeClass,
} from './size-classes.ts';

/** Up to this many elements, a loop is faster than a call of the engine's `fill` or `set`. */
const FEW = 64;
const NOTHING = new Uint8Array(0);
let noMemory: WebAssembly.Memory | undefined;

/**
 * The kernel memory, through which plugins and host exchange bytes. Handles are byte offsets into it. Block records are kept
 * outside it, because plugins can write anywhere in its pages. RATIONALE: where-does-the-allocator-keep-its-records
 *
 *      64            #top                    #spanEnd               #reach
 *      ├─ blocks ─────┼─ zero, except strays ──┼─ old bytes ──────────┼─ zero ──▶
 * Plugins reach `[64, #spanEnd)`: the pages of the blocks of this call. RATIONALE: why-does-a-new-block-cost-nothing
 */
export class KernelMemory {
  memory: WebAssembly.Memory;
  /** Bytes of the whole memory, header included. */
  sizeBytes = 0;
  inputStart = 0;
  inputLength = 0;

  readonly #limit: number;
  readonly #limitedBy: string;
  #bytes: Uint8Array = NOTHING;
  #view: DataView = new DataView(NOTHING.buffer);
  #blocks: BlockTable;
  #ended = false;
  /** End of the highest block given out since `reset`. */
  #top = HEADER_BYTES;
  /** End of the pages that plugins reach: of the page in which `#top` lies. */
  #spanEnd = PAGE_BYTES;
  /** Bytes by which the sizes of the blocks of this call were rounded up. */
  #slack = 0;
  /** End of all bytes that earlier calls may have written. */
  #reach = HEADER_BYTES;

  constructor(options?: KernelMemoryOptions);
  constructor(options?: KernelMemoryOptions, ...extra: unknown[]) {
    refuseExtra(extra, 'KernelMemory', refuseOption);
    const { maxBytes, limitedBy = 'memory.maxPages', backing } = readKernelMemoryOptions(options);
    this.#limitedBy = limitedBy;
    this.memory = backing?.memory ?? new WebAssembly.Memory({ initial: 1, maximum: MAX_BYTES / PAGE_BYTES });
    this.#blocks = new BlockTable(backing);
    this.#limit = Math.min(maxBytes ?? Number.POSITIVE_INFINITY, MAX_BYTES) + HEADER_BYTES;
    this.#refresh();
    if (backing) this.takeOver();
    else this.#publish();
  }

  /** Forgets everything and uses another memory, which must be empty. The caller calls `reset` next. */
  moveTo(backing: SharedBacking): void {
    this.memory = backing.memory;
    this.#blocks = new BlockTable(backing);
    this.#refresh();
    this.takeOver();
  }

  /** Gives the memory back to the engine, which may allow few. Afterwards all ranges are outside, and allocations return 0. */
  release(): void {
    noMemory ??= new WebAssembly.Memory({ initial: 0, maximum: 0 });
    this.memory = noMemory;
    this.#bytes = NOTHING;
    this.#view = new DataView(new ArrayBuffer(HEADER_BYTES));
    this.#blocks = new BlockTable();
    this.sizeBytes = this.#spanEnd = 0;
    this.#top = HEADER_BYTES;
  }

  /** Leaves a shared memory to the other thread. */
  handOver(): void {
    // In granules, because an end at 4 GiB in bytes would not fit into a u32 word.
    this.#view.setUint32(HEADER.top, this.#top / GRANULE_BYTES, true);
    this.#view.setUint32(HEADER.reach, this.#reach / GRANULE_BYTES, true);
    this.#view.setUint32(HEADER.slack, this.#slack, true);
  }

  /** Reads the state that the other thread wrote with `handOver`. */
  takeOver(): void {
    if (this.memory.buffer.byteLength !== this.sizeBytes) this.#refresh();
    this.#top = this.#view.getUint32(HEADER.top, true) * GRANULE_BYTES || HEADER_BYTES;
    this.#reach = this.#view.getUint32(HEADER.reach, true) * GRANULE_BYTES || HEADER_BYTES;
    this.#slack = this.#view.getUint32(HEADER.slack, true);
    this.#ended = this.#view.getUint32(HEADER.ended, true) !== 0;
    // `reset` writes the spans of a fresh memory.
    const isFresh = !this.#ended && this.#view.getUint32(HEADER.span1, true) === 0;
    this.#spanEnd = isFresh ? HEADER_BYTES : pageEnd(this.#top);
    this.inputStart = this.#view.getUint32(HEADER.inputStart, true);
    this.inputLength = this.#view.getUint32(HEADER.inputSpan1, true);
  }

  /**
   * Reserves `length` zeroed bytes. O(1) amortised, and without a write where the memory is zero already. Freed blocks are used
   * again only when the first pages are full, as in the native kernel: some plugins read a block just after freeing it.
   * @returns the handle, or 0 for a length of 0 or beyond 4 GiB, or when the engine has no more memory
   * @throws {AbiError} MEMORY_LIMIT when the configured limit, not the engine, is in the way
   */
  alloc(length: number): number {
    const top = this.#top;
    const handle = this.#reserve(length);
    if (handle >= top) this.#reachTop(handle);
    else if (handle !== 0) this.#zero(handle, handle + length);
    return handle;
  }

  /** Returns the handle of a new block with a copy of `bytes`, or 0 as `alloc` does. */
  place(bytes: Uint8Array): number {
    const top = this.#top;
    const handle = this.#reserve(bytes.length);
    if (handle !== 0) this.#write(handle, bytes);
    if (handle >= top) this.#reachTop(handle + bytes.length);
    return handle;
  }

  #reserve(length: number): number {
    if (!(length > 0 && length <= MAX_BYTES)) return 0;
    const granules = Math.ceil(length / GRANULE_BYTES);
    const { index, granules: rounded } = sizeClass(granules);
    const handle =
      this.#takeTop(rounded, index, length, Math.max(this.sizeBytes, FIRST_BYTES)) ||
      this.#blocks.take(index, length) * GRANULE_BYTES;
    return handle || this.#findRoom(length, granules, rounded, index);
  }

  /** The rare part of `#reserve`: the memory must grow, or the limit is near. Kept apart, so that engines inline the caller. */
  #findRoom(length: number, granules: number, rounded: number, index: number): number {
    const handle =
      this.#takeTop(rounded, index, length, MAX_BYTES) ||
      (granules < rounded && this.#takeTop(granules, EXACT_CLASS, length, MAX_BYTES)) ||
      this.#blocks.takeLarger(index, granules, length) * GRANULE_BYTES;
    if (handle !== 0) return handle;
    if (this.#top + granules * GRANULE_BYTES <= this.#limit || this.#limit > MAX_BYTES) return 0;
    throw overLimit(length, this.#limit - HEADER_BYTES, this.usedBytes, this.#limitedBy);
  }

  /** Lets plugins reach the block that ends at `#top`, whose bytes up to `start` are written. All bytes after it read as zero. */
  #reachTop(start: number): void {
    if (this.#top > this.#spanEnd || this.#strayEnd > start) this.#clean(start);
    if (!this.#ended) writeBlockSpan(this.#view, this.usedBytes);
  }

  /** The rare part of `#reachTop`. Kept apart, so that engines inline the caller. */
  #clean(start: number): void {
    const top = this.#top;
    this.#zero(start, Math.min(this.#strayEnd, top));
    if (top <= this.#spanEnd) return;
    const end = pageEnd(top);
    this.#zero(Math.max(start, this.#spanEnd), Math.min(end, this.#reach));
    this.#spanEnd = end;
    if (!this.#ended) writeSpan(this.#view, this.addressableBytes);
  }

  /** Frees a block. Returns false if `handle` is not the start of a live block. O(1). */
  free(handle: number): boolean {
    const length = this.length(handle);
    if (length === 0) return false;
    this.#blocks.free(handle / GRANULE_BYTES, Math.ceil(length / GRANULE_BYTES));
    return true;
  }

  /** Like `free`, but the bytes stay as they are until `reset`, because the output still refers to them. */
  retire(handle: number): void {
    if (this.length(handle) !== 0) this.#blocks.retire(handle / GRANULE_BYTES);
  }

  /** Bytes of the block that starts at `handle`; 0 for anything that is not the start of a live block. O(1). */
  length(handle: number): number {
    // For numbers below 2^32, twice as fast as a remainder (V8 11).
    const isStart = handle >= HEADER_BYTES && handle < this.#top && (handle & (GRANULE_BYTES - 1)) === 0;
    return isStart && handle >>> 0 === handle ? this.#blocks.length(handle / GRANULE_BYTES) : 0;
  }

  /**
   * Forgets every block and zeroes the first page up to the last byte that was given out or written. Makes a copy of `input`
   * the first block and the input. Later pages are zeroed when blocks reach them again.
   * @returns false when the engine has no memory for the input; the input is empty then
   * @throws {AbiError} MEMORY_LIMIT when the configured limit is in the way; the input is empty then
   */
  reset(input: Uint8Array = NOTHING): boolean {
    // A stack overflow may have interrupted growing, before the views were renewed.
    if (this.#bytes.length !== this.sizeBytes) this.#refresh();
    const strayEnd = this.#strayEnd;
    if (strayEnd !== 0) this.#view.setUint32(HEADER.hasStrays, 0, true);
    const dirtyEnd = Math.max(this.#top, strayEnd);
    if (dirtyEnd > this.#reach) this.#reach = Math.ceil(dirtyEnd / GRANULE_BYTES) * GRANULE_BYTES;
    this.#blocks.clear();
    this.#top = HEADER_BYTES;
    this.#slack = 0;
    if (this.#ended || this.#spanEnd !== PAGE_BYTES) this.#openFirstPage();
    this.inputStart = this.inputLength = 0;
    try {
      const start = this.#reserve(input.length);
      if (start !== 0) {
        this.#write(start, input);
        if (this.#top > PAGE_BYTES) this.#clean(start + input.length);
        this.inputStart = start;
        this.inputLength = input.length;
      }
      return this.inputLength === input.length;
    } finally {
      // Zeroed after the input is written: to zero the bytes that the input covers, possibly all of them, would be wasted time.
      const cleanEnd = this.inputLength === 0 ? HEADER_BYTES : this.inputStart + this.inputLength;
      this.#zero(cleanEnd, Math.min(dirtyEnd, PAGE_BYTES));
      this.#view.setUint32(HEADER.hasOutput, 0, true);
      writeBlockSpan(this.#view, this.#top - HEADER_BYTES);
      writeInput(this.#view, this.inputStart, this.inputLength);
    }
  }

  /** The rare part of `reset`: the spans and the flag in the header are those of an ended or of a larger call. */
  #openFirstPage(): void {
    this.#spanEnd = Math.min(PAGE_BYTES, this.sizeBytes);
    this.#ended = false;
    this.#publish();
  }

  /** Makes every access of this call fail until the next `reset`: accessors trap, other functions throw. */
  markEnded(): void {
    this.#ended = true;
    this.#publish();
  }

  /** Zeroes all bytes that earlier calls may have written. To be called right after `reset`. */
  wipe(): void {
    this.#zero(HEADER_BYTES, this.#reach);
    this.#reach = HEADER_BYTES;
  }

  setInput(start: number, length: number): void {
    this.inputStart = start;
    this.inputLength = length;
    this.#publish();
  }

  /** Whether the accessors or `setOutput` have set an output since `reset`. Its range counts only then. */
  get hasOutput(): boolean {
    return this.#view.getUint32(HEADER.hasOutput, true) !== 0;
  }

  get outputStart(): number {
    return this.#view.getUint32(HEADER.outputStart, true);
  }

  get outputLength(): number {
    return this.#view.getUint32(HEADER.outputLength, true);
  }

  setOutput(range: Range): void {
    writeOutput(this.#view, range);
  }

  /** Bytes that the blocks of this call take up, freed blocks included. */
  get usedBytes(): number {
    return this.#top - HEADER_BYTES;
  }

  /** `usedBytes` without the bytes by which sizes were rounded up. Limits count these bytes. */
  get askedBytes(): number {
    return this.usedBytes - this.#slack;
  }

  /** Bytes that plugins reach: the pages of the blocks of this call, less the header. */
  get addressableBytes(): number {
    return Math.max(this.#spanEnd - HEADER_BYTES, 0);
  }

  /** Whether `[start, start + length)` lies in the part of the memory that plugins reach. */
  hasRange(start: number, length: number): boolean {
    return start >= HEADER_BYTES && length >= 0 && start + length <= this.#spanEnd;
  }

  /** The whole memory. It and its views are valid until the next allocation. */
  get buffer(): ArrayBufferLike {
    return this.#bytes.buffer;
  }

  /** The caller has checked the range with `hasRange`. */
  view(start: number, length: number): Uint8Array {
    return this.#bytes.subarray(start, start + length);
  }

  /** As `view`, but returns a copy where the memory is shared, because browsers cannot decode text from shared memory. */
  readable(start: number, length: number): Uint8Array {
    return isArrayBuffer(this.memory.buffer) ? this.view(start, length) : this.copy(start, length);
  }

  /** Returns a copy, which is not shared. The caller has checked the range with `hasRange`. */
  copy(start: number, length: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(start, start + length) as Uint8Array<ArrayBuffer>;
  }

  /** Copies a range to `at` in `target`. The caller has checked the range with `hasRange`. */
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
    if (!this.hasRange(address, 1)) return;
    this.#bytes[address] = value;
    if (address >= this.#top) noteStray(this.#view);
  }

  storeU64(address: number, value: bigint): void {
    if (!this.hasRange(address, 8)) return;
    this.#view.setBigUint64(address, value, true);
    if (address + 8 > this.#top) noteStray(this.#view);
  }

  loadInputU8(offset: number): number {
    return offset >= 0 && offset < this.inputLength ? this.#bytes[this.inputStart + offset]! : 0;
  }

  loadInputU64(offset: number): bigint {
    const inside = offset >= 0 && offset + 8 <= this.inputLength;
    return inside ? this.#view.getBigUint64(this.inputStart + offset, true) : 0n;
  }

  /** End of the bytes that stores of this call may have changed beyond the last block, or 0. */
  get #strayEnd(): number {
    return this.#view.getUint32(HEADER.hasStrays, true) === 0 ? 0 : this.#spanEnd;
  }

  #zero(start: number, end: number): void {
    if (end - start > FEW) this.#bytes.fill(0, start, end);
    else for (let index = start; index < end; index++) this.#bytes[index] = 0;
  }

  #write(start: number, bytes: Uint8Array): void {
    if (bytes.length > FEW) this.#bytes.set(bytes, start);
    else for (let index = 0; index < bytes.length; index++) this.#bytes[start + index] = bytes[index]!;
  }

  /** Makes a block above all others, if it ends at or below `ceiling`, in bytes. @returns its handle, or 0 */
  #takeTop(granules: number, sizeClass: number, length: number, ceiling: number): number {
    const handle = this.#top;
    const end = handle + granules * GRANULE_BYTES;
    if (end > ceiling || end > this.#limit || (end > this.sizeBytes && !this.#growTo(end))) return 0;
    if (!this.#blocks.add(handle / GRANULE_BYTES, length, sizeClass)) return 0;
    this.#top = end;
    this.#slack += granules * GRANULE_BYTES - length;
    return handle;
  }

  #growTo(end: number): boolean {
    const needed = Math.ceil((end - this.sizeBytes) / PAGE_BYTES);
    const grown = growMemory(this.memory, needed, Math.floor(this.#limit / PAGE_BYTES));
    if (grown) this.#refresh();
    return grown;
  }

  #refresh(): void {
    const bytes = new Uint8Array(this.memory.buffer);
    const view = new DataView(this.memory.buffer);
    // The fields are set together, after the calls: a stack overflow in one of the calls leaves all fields unchanged.
    this.#bytes = bytes;
    this.#view = view;
    this.sizeBytes = bytes.length;
  }

  #publish(): void {
    writeSpan(this.#view, this.#ended ? 0 : this.addressableBytes);
    writeBlockSpan(this.#view, this.#ended ? 0 : this.usedBytes);
    writeInput(this.#view, this.inputStart, this.#ended ? 0 : this.inputLength);
    this.#view.setUint32(HEADER.ended, this.#ended ? 1 : 0, true);
  }
}
