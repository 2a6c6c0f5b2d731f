import { MAX_TEXT_BYTES } from '../../abi/index.ts';
import { lazily } from '../../abi/lazily.ts';

/** The bytes break the format. Thrown only inside src/wasm: its readers turn it into a `Problem` or into null. */
export class Malformed extends Error {
  /** Byte offset from the start of the array that is read. */
  readonly offset: number;
  constructor(offset: number, expected: string, got: string) {
    super(`expected ${expected}, got ${got}`);
    this.offset = offset;
  }
}

/**
 * The number of types, functions, imports and exports that the JavaScript API of wasm allows. The reader keeps to it:
 * one object for each of the smallest items in a hostile file would take many times the memory of the file.
 */
export const MAX_ITEMS = 1_000_000;

const decoder = lazily(() => new TextDecoder('utf-8', { ignoreBOM: true }));

export const hex = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

/** Reads hostile bytes from `at` to `end`, in one pass. Throws `Malformed` at the first byte that does not fit. */
export class Cursor {
  readonly #bytes: Uint8Array;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  byte(what: string): number {
    if (this.at >= this.end) throw new Malformed(this.at, what, 'the end');
    return this.#bytes[this.at++]!;
  }

  /** Skips the next byte if it equals `value`. Returns whether it did. */
  skipByte(value: number): boolean {
    if (this.at >= this.end || this.#bytes[this.at] !== value) return false;
    this.at++;
    return true;
  }

  /** Moves back to the byte that was read last and throws `Malformed` for it. */
  refuse(what: string): never {
    this.at--;
    throw new Malformed(this.at, what, hex(this.#bytes[this.at]!));
  }

  u32(what: string): number {
    const start = this.at;
    // Nearly all numbers take one byte, and most reads are of numbers.
    if (start < this.end && this.#bytes[start]! < 0x80) return this.#bytes[this.at++]!;
    const value = this.#leb(5, what);
    if (value >= 2 ** 32) throw new Malformed(start, `${what} below 2^32`, String(value));
    return value;
  }

  /** Exact up to 2^53. No number in a valid module comes near that. */
  u64(what: string): number {
    return this.#leb(10, what);
  }

  #leb(maxBytes: number, what: string): number {
    const start = this.at;
    let value = 0;
    for (let scale = 1; this.at < start + maxBytes; scale *= 128) {
      const byte = this.byte(what);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new Malformed(start, `${what} as LEB128 of at most ${maxBytes} bytes`, 'a longer one');
  }

  /** Skips a LEB128 number of any width, signed or unsigned. */
  skipLeb(what: string): void {
    while (this.byte(what) >= 0x80);
  }

  take(length: number, what: string): Uint8Array {
    if (length > this.left) throw new Malformed(this.at, `${what} of ${length} bytes`, `${this.left} bytes`);
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  name(what: string): string {
    const start = this.at;
    const length = this.u32(`the length of ${what}`);
    if (length > MAX_TEXT_BYTES)
      throw new Malformed(start, `${what} of at most ${MAX_TEXT_BYTES} bytes`, `${length}`);
    return decoder().decode(this.take(length, what));
  }

  /** Reads a vector: first its count, then calls `item` once for each item. `item` reads and keeps it. */
  each(what: string, item: () => void, most = MAX_ITEMS): void {
    const start = this.at;
    const count = this.u32(`the number of ${what}`);
    if (count > most) throw new Malformed(start, `at most ${most} ${what}`, String(count));
    for (let index = 0; index < count; index++) item();
  }

  expectEnd(): void {
    if (this.left > 0) throw new Malformed(this.at, 'the end of the section', `${this.left} more bytes`);
  }
}

/** Returns the result of `read`, or null where it throws `Malformed`. */
export function unlessMalformed<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
