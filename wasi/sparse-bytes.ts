/** A hole is stored as nothing in steps of this size. */
const PAGE_BYTES = 64 * 1024;
/** Counted besides a page that does not follow a full one: its record takes memory too, however few bytes it has. */
const PAGE_RECORD_BYTES = 1024;

interface Page {
  /** Zeros behind `stored`; longer than that, so that appending does not copy it each time. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes from the start of the page up to the last one written. */
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

  /** The bytes written, with zeros in front of them in the same page. */
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

  /** Returns false, with nothing changed, if more than `roomBytes` would be stored besides the present ones. */
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
    // Looked at first, for the pages would be made one by one until the room is used up.
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
        // A file that has full pages needs no small ones: it would soon outgrow them.
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

  /** Reserves in a page that has the memory already, as most writes of a few bytes find it. */
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

  /** Cuts, or extends by a hole. */
  setLength(length: number): void {
    if (length < this.#length)
      for (const [index, page] of this.#pages) {
        const kept = length - index * PAGE_BYTES;
        if (kept >= page.stored) continue;
        this.#storedBytes -= page.stored - Math.max(kept, 0);
        // Copied, so that a file does not keep the memory that it no longer counts.
        if (kept > 0) this.#pages.set(index, { ...page, bytes: page.bytes.slice(0, kept), stored: kept });
        else this.#remove(index, page);
      }
    this.#length = length;
  }

  #remove(index: number, { recordBytes }: Page): void {
    this.#storedBytes -= recordBytes;
    this.#pages.delete(index);
  }

  /** All bytes, holes too. Throws a RangeError if the engine has no such long array. */
  copy(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#length);
    for (const [index, { bytes, stored }] of this.#pages)
      all.set(bytes.subarray(0, stored), index * PAGE_BYTES);
    return all;
  }

  /** Whether the page is full; in front of the first one nothing is missing. */
  #isFull(index: number): boolean {
    return index < 0 || this.#pages.get(index)?.stored === PAGE_BYTES;
  }
}

const pageAt = (offset: number): number => Math.floor(offset / PAGE_BYTES);

const NOTHING = new Uint8Array(0);

/** Returns an array with the same bytes and room for `length`, or twice as long as before; undefined without memory for it. */
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
