/** The size of a page. Holes are stored as missing pages. */
const PAGE_BYTES = 64 * 1024;
/** Counted for each page that does not follow a full page: the record takes memory too, even for a page of few bytes. */
const PAGE_RECORD_BYTES = 1024;

interface Page {
  /** Zero after the first `stored` bytes. Has spare room, so that appending does not copy the page each time. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Number of bytes from the start of the page to the last byte written. */
  stored: number;
  readonly recordBytes: number;
}

/** The bytes of one file, in pages. A page that was never written takes no memory and reads as zeros. */
export class SparseBytes {
  readonly #pages = new Map<number, Page>();
  #length = 0;
  #storedBytes = 0;

  get length(): number {
    return this.#length;
  }

  /** The bytes written, plus the zeros before them in the same page and the records. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  /** Copies up to `into.length` bytes and returns how many, 0 at the end. */
  read(into: Uint8Array, offset: number): number {
    const count = Math.max(0, Math.min(into.length, this.#length - offset));
    for (let done = 0; done < count; ) {
      const index = pageAt(offset + done);
      const start = offset + done - index * PAGE_BYTES;
      const end = Math.min(PAGE_BYTES, start + count - done);
      const page = this.#pages.get(index);
      const storedEnd = page ? Math.min(end, page.stored) : 0;
      if (page && storedEnd > start) into.set(page.bytes.subarray(start, storedEnd), done);
      if (storedEnd < end) into.fill(0, done + Math.max(0, storedEnd - start), done + end - start);
      done += end - start;
    }
    return count;
  }

  /** Writes all of `source`. Returns false and changes nothing if this would store more than `roomBytes` new bytes. */
  write(source: Uint8Array, offset: number, roomBytes: number): boolean {
    if (!this.reserve(offset, source.length, roomBytes)) return false;
    for (let done = 0; done < source.length; ) {
      const index = pageAt(offset + done);
      const start = offset + done - index * PAGE_BYTES;
      const part = source.subarray(done, done + PAGE_BYTES - start);
      this.#pages.get(index)!.bytes.set(part, start);
      done += part.length;
    }
    return true;
  }

  /** Makes sure that `length` bytes from `offset` are stored, and that the file reaches behind them. Returns as `write`. */
  reserve(offset: number, length: number, roomBytes: number): boolean {
    // Checked first: otherwise pages would be allocated one by one until the room is used up.
    if (length - this.#storedBytes > roomBytes) return false;
    const end = offset + length;
    if (this.#fits(offset, end, roomBytes)) return true;
    const changed: [index: number, page: Page][] = [];
    let addedBytes = 0;
    let followsFullPage = this.#isFull(pageAt(offset) - 1);
    for (let index = pageAt(offset); index * PAGE_BYTES < end; index++) {
      const stored = Math.min(PAGE_BYTES, end - index * PAGE_BYTES);
      const old = this.#pages.get(index);
      if (!old || old.stored < stored) {
        const recordBytes = old?.recordBytes ?? (followsFullPage ? 0 : PAGE_RECORD_BYTES);
        addedBytes += stored - (old ? old.stored : -recordBytes);
        if (addedBytes > roomBytes) return false;
        // After a full page, a new page gets its full size at once, because the file is likely to grow on.
        const bytes = roomFor(old?.bytes ?? NOTHING, followsFullPage && index > 0 ? PAGE_BYTES : stored);
        if (!bytes) return false;
        changed.push([index, { bytes, stored, recordBytes }]);
      }
      followsFullPage = true;
    }
    for (const [index, page] of changed) this.#pages.set(index, page);
    this.#storedBytes += addedBytes;
    this.#length = Math.max(this.#length, end);
    return true;
  }

  /** Reserves within a page that is long enough already. Most small writes need only this. */
  #fits(offset: number, end: number, roomBytes: number): boolean {
    const index = pageAt(offset);
    const page = this.#pages.get(index);
    const stored = end - index * PAGE_BYTES;
    if (!page || stored > page.bytes.length) return false;
    const addedBytes = Math.max(0, stored - page.stored);
    if (addedBytes > roomBytes) return false;
    page.stored += addedBytes;
    this.#storedBytes += addedBytes;
    if (end > this.#length) this.#length = end;
    return true;
  }

  /** Truncates the file, or extends it by a hole. */
  setLength(length: number): void {
    if (length < this.#length)
      for (const [index, page] of this.#pages) {
        const kept = length - index * PAGE_BYTES;
        if (kept >= page.stored) continue;
        this.#storedBytes -= page.stored - Math.max(kept, 0);
        // Copied, so that the file does not keep memory that is no longer counted.
        if (kept > 0) this.#pages.set(index, { ...page, bytes: page.bytes.slice(0, kept), stored: kept });
        else this.#remove(index, page);
      }
    this.#length = length;
  }

  #remove(index: number, { recordBytes }: Page): void {
    this.#storedBytes -= recordBytes;
    this.#pages.delete(index);
  }

  /** Returns a copy of all bytes, holes included. @throws {RangeError} if the engine cannot make an array of this length */
  copy(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#length);
    for (const [index, { bytes, stored }] of this.#pages)
      all.set(bytes.subarray(0, stored), index * PAGE_BYTES);
    return all;
  }

  /** Whether the page is full. The place before the first page counts as full. */
  #isFull(index: number): boolean {
    return index < 0 || this.#pages.get(index)?.stored === PAGE_BYTES;
  }
}

const pageAt = (offset: number): number => Math.floor(offset / PAGE_BYTES);

const NOTHING = new Uint8Array(0);

/**
 * Returns an array with the bytes and room for `length`, at least doubled up to a page. Returns undefined without memory for
 * it.
 */
function roomFor(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> | undefined {
  if (length <= bytes.length) return bytes;
  try {
    const larger = new Uint8Array(Math.min(PAGE_BYTES, Math.max(length, bytes.length * 2)));
    larger.set(bytes);
    return larger;
  } catch {
    return undefined;
  }
}
