/** A piece of plugin memory, from `iovec { buf: u32, buf_len: u32 }`. */
export interface Iovec {
  readonly pointer: number;
  readonly length: number;
}

/**
 * The most iovecs of one call; the rest is left for the next call. POSIX allows short transfers, and a long list must not delay
 * the host.
 */
export const MAX_IOVECS = 1024;

/**
 * wasm32 memory, bounds-checked. Pointers and lengths are u32 as unsigned numbers. For an address outside the memory, readers
 * return `undefined` and writers return false.
 */
export class GuestMemory {
  #memory: WebAssembly.Memory | undefined;
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);

  get bound(): boolean {
    return this.#memory !== undefined;
  }

  bind(memory: WebAssembly.Memory): void {
    this.#memory = memory;
    this.#refresh();
  }

  #refresh(): number {
    const buffer = this.#memory?.buffer;
    if (buffer && buffer !== this.#view.buffer) {
      this.#bytes = new Uint8Array(buffer);
      this.#view = new DataView(buffer);
    }
    return this.#bytes.length;
  }

  /**
   * Whether the `bytes` bytes from `pointer` are inside. The sum cannot wrap: both are far below 2^53. When the memory grows,
   * the old buffer is detached, so that its length is 0; a shared buffer stays, but is too short. The length is tested first,
   * because engines read it faster than the memory's `buffer`.
   */
  holds(pointer: number, bytes: number): boolean {
    const end = pointer + bytes;
    const { length } = this.#bytes;
    return (end <= length && length > 0) || end <= this.#refresh();
  }

  u8(pointer: number): number | undefined {
    return this.holds(pointer, 1) ? this.#view.getUint8(pointer) : undefined;
  }

  u16(pointer: number): number | undefined {
    return this.holds(pointer, 2) ? this.#view.getUint16(pointer, true) : undefined;
  }

  u32(pointer: number): number | undefined {
    return this.holds(pointer, 4) ? this.#view.getUint32(pointer, true) : undefined;
  }

  u64(pointer: number): bigint | undefined {
    return this.holds(pointer, 8) ? this.#view.getBigUint64(pointer, true) : undefined;
  }

  setU8(pointer: number, value: number): boolean {
    if (!this.holds(pointer, 1)) return false;
    this.#view.setUint8(pointer, value);
    return true;
  }

  setU16(pointer: number, value: number): boolean {
    if (!this.holds(pointer, 2)) return false;
    this.#view.setUint16(pointer, value, true);
    return true;
  }

  setU32(pointer: number, value: number): boolean {
    if (!this.holds(pointer, 4)) return false;
    this.#view.setUint32(pointer, value, true);
    return true;
  }

  setU64(pointer: number, value: bigint): boolean {
    if (!this.holds(pointer, 8)) return false;
    this.#view.setBigUint64(pointer, value, true);
    return true;
  }

  /** Returns a view of the whole memory for a struct of `bytes` bytes at `pointer`. Valid as long as the result of `bytes()`. */
  view(pointer: number, bytes: number): DataView | undefined {
    return this.holds(pointer, bytes) ? this.#view : undefined;
  }

  /** Returns a view, not a copy. Valid until the program runs again or the memory grows. */
  bytes(pointer: number, length: number): Uint8Array | undefined {
    if (!this.holds(pointer, length)) return undefined;
    return new Uint8Array(this.#view.buffer, pointer, length);
  }

  /** Writes all of `bytes` or nothing. */
  set(pointer: number, bytes: Uint8Array): boolean {
    const target = this.bytes(pointer, bytes.length);
    target?.set(bytes);
    return target !== undefined;
  }

  /** Writes `length` zero bytes or nothing. Struct writers call it first, so that the padding does not keep old bytes. */
  zero(pointer: number, length: number): boolean {
    return this.bytes(pointer, length)?.fill(0) !== undefined;
  }

  /**
   * Returns the first `MAX_IOVECS` of an iovec list, cut so that their lengths add up to at most `maxBytes`.
   * `undefined` if a part of the list, or of one of these pieces, is outside the memory. Pieces may overlap.
   */
  iovecs(pointer: number, count: number, maxBytes: number): Iovec[] | undefined {
    if (!this.holds(pointer, count * 8)) return undefined;
    const pieces: Iovec[] = [];
    let left = maxBytes;
    for (let index = 0; index < Math.min(count, MAX_IOVECS); index++) {
      const piece = this.#view.getUint32(pointer + index * 8, true);
      const length = this.#view.getUint32(pointer + index * 8 + 4, true);
      if (!this.holds(piece, length)) return undefined;
      pieces.push({ pointer: piece, length: Math.min(length, left) });
      left -= Math.min(length, left);
    }
    return pieces;
  }
}
