import { ActorError } from '../actor/errors.ts';
import { MAX_DEPTH, MAX_JSON_VALUES, MAX_TEXT_BYTES } from '../actor/json/value.ts';

/** Extension types for values that msgpackr reads inexactly. Input cannot contain them: every extension type is refused. */
export const WHOLE_FLOAT = 2;
export const TEXT = 3;

/** Kinds of values. `COUNTED` ones begin with a length or count; the others have a fixed number of bytes. */
type Kind = 'constant' | 'integer' | 'float' | 'string' | 'bytes' | 'array' | 'map';
const COUNTED: readonly Kind[] = ['string', 'bytes', 'array', 'map'];

/**
 * Formats by first byte, 0xc0 to 0xdf, without extensions: the kind and the number of bytes that follow. For counted kinds
 * these bytes hold the length or count.
 */
const FORMATS: Readonly<Record<number, readonly [Kind, bytes: number]>> = {
  192: ['constant', 0],
  194: ['constant', 0],
  195: ['constant', 0],
  196: ['bytes', 1],
  197: ['bytes', 2],
  198: ['bytes', 4],
  202: ['float', 4],
  203: ['float', 8],
  204: ['integer', 1],
  205: ['integer', 2],
  206: ['integer', 4],
  207: ['integer', 8],
  208: ['integer', 1],
  209: ['integer', 2],
  210: ['integer', 4],
  211: ['integer', 8],
  217: ['string', 1],
  218: ['string', 2],
  219: ['string', 4],
  220: ['array', 2],
  221: ['array', 4],
  222: ['map', 2],
  223: ['map', 4],
};

/**
 * Checks that `bytes` are one value of MessagePack that JSON can carry too, and returns a copy for msgpackr. In the copy,
 * whole floats and strings that begin with a byte order mark are extensions: msgpackr would read such a float as an integer
 * and drop the mark. It also trusts lengths, repairs UTF-8 and recurses without limit, so it gets only checked bytes.
 * Error messages name the bytes by the second parameter.
 * @throws {ActorError} MSGPACK_SYNTAX, INVALID_UTF8, JSON_DEPTH, JSON_VALUE for NaN and infinities, TEXT_TOO_LONG,
 * TOO_MANY_VALUES; each with the offset
 */
export function checkedCopy(bytes: Uint8Array, what: string): Uint8Array {
  const checker = new Checker(bytes, what);
  checker.check();
  return withExtensions(bytes, checker.inexact);
}

class Checker {
  /** Offsets of the values that msgpackr reads inexactly. Numbers and not objects, because there may be millions. */
  readonly inexact: number[] = [];
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #at = 0;
  #depth = 0;
  #values = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#what = what;
  }

  check(): void {
    this.#value();
    if (this.#at < this.#bytes.length) this.#fail('expected the end of the bytes', this.#at);
  }

  #value(): Kind {
    const start = this.#at;
    if (++this.#values > MAX_JSON_VALUES)
      this.#error('TOO_MANY_VALUES', `more than ${MAX_JSON_VALUES} keys and values`, start);
    const [kind, count] = this.#head(start);
    switch (kind) {
      case 'integer':
      case 'bytes':
        this.#skip(count, kind, start);
        break;
      case 'float':
        this.#float(count, start);
        break;
      case 'string':
        this.#string(count, start);
        break;
      case 'array':
      case 'map':
        this.#enter(start);
        for (let index = 0; index < count; index++) {
          if (kind === 'map') this.#key();
          this.#value();
        }
        this.#depth--;
    }
    return kind;
  }

  /** Reads the head of a value: its kind, and the number of its bytes, items or pairs. */
  #head(start: number): readonly [Kind, number] {
    const first = this.#unsigned(1, 'value');
    if (first < 0x80 || first >= 0xe0) return ['integer', 0];
    if (first < 0x90) return ['map', first & 0xf];
    if (first < 0xa0) return ['array', first & 0xf];
    if (first < 0xc0) return ['string', first & 0x1f];
    const format = FORMATS[first];
    if (!format) {
      const name = first === 0xc1 ? 'no format' : 'an extension type, which is not exchanged';
      return this.#fail(`expected a value, got ${hex(first)}, ${name},`, start);
    }
    const [kind, size] = format;
    return COUNTED.includes(kind) ? [kind, this.#unsigned(size, 'length')] : format;
  }

  #key(): void {
    const start = this.#at;
    const kind = this.#value();
    if (kind === 'string' || kind === 'integer') return;
    this.#fail(`expected a string or an integer as key, got ${hex(this.#bytes[start] ?? 0)}`, start);
  }

  #enter(start: number): void {
    if (++this.#depth <= MAX_DEPTH) return;
    this.#error('JSON_DEPTH', `nested deeper than ${MAX_DEPTH} arrays and maps`, start);
  }

  #float(size: number, start: number): void {
    this.#skip(size, 'float', start);
    const value = size === 4 ? this.#view.getFloat32(start + 1) : this.#view.getFloat64(start + 1);
    if (!Number.isFinite(value)) this.#error('JSON_VALUE', `${value}, which JSON cannot carry,`, start);
    if (Number.isInteger(value)) this.inexact.push(start);
  }

  #string(length: number, start: number): void {
    const begin = this.#at;
    this.#skip(length, 'string', start);
    if (length > MAX_TEXT_BYTES)
      this.#error('TEXT_TOO_LONG', `a string of more than ${MAX_TEXT_BYTES} bytes`, start);
    const text = this.#bytes.subarray(begin, this.#at);
    if (text.every(isAscii)) return;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(text.slice());
    } catch {
      this.#error('INVALID_UTF8', 'a string that is not UTF-8', start);
    }
    if (text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf) this.inexact.push(start);
  }

  #unsigned(size: number, what: string): number {
    const at = this.#at;
    this.#skip(size, what, at);
    if (size === 1) return this.#view.getUint8(at);
    return size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #skip(size: number, what: string, start: number): void {
    const left = this.#bytes.length - this.#at;
    if (size > left) this.#fail(`expected ${size} bytes (${what}), got ${left}`, start);
    this.#at += size;
  }

  #fail(problem: string, at: number): never {
    return this.#error('MSGPACK_SYNTAX', problem, at);
  }

  #error(
    code:
      | 'MSGPACK_SYNTAX'
      | 'INVALID_UTF8'
      | 'JSON_DEPTH'
      | 'JSON_VALUE'
      | 'TEXT_TOO_LONG'
      | 'TOO_MANY_VALUES',
    problem: string,
    at: number,
  ): never {
    const where = `at byte ${at} of ${this.#bytes.length}`;
    throw new ActorError(code, `${this.#what} is not valid MessagePack: ${problem} ${where}`);
  }
}

const isAscii = (byte: number) => byte < 0x80;
const hex = (byte: number) => `0x${byte.toString(16).padStart(2, '0')}`;

/** Returns a copy in which the values at these offsets have the header of an extension. */
function withExtensions(bytes: Uint8Array, offsets: readonly number[]): Uint8Array {
  const copy = new Uint8Array(bytes.length + offsets.length * MOST_ADDED_BYTES);
  let from = 0;
  let to = 0;
  for (const at of offsets) {
    copy.set(bytes.subarray(from, at), to);
    to += at - from;
    const [headerBytes, header] = extensionOf(bytes, at);
    copy.set(header, to);
    to += header.length;
    from = at + headerBytes;
  }
  copy.set(bytes.subarray(from), to);
  return copy.subarray(0, to + bytes.length - from);
}

/** An extension header has at most 6 bytes; the header that it replaces has at least one. */
const MOST_ADDED_BYTES = 5;

function extensionOf(
  bytes: Uint8Array,
  at: number,
): readonly [headerBytes: number, header: readonly number[]] {
  const first = bytes[at]!;
  if (first === 0xca) return [1, [0xd6, WHOLE_FLOAT]];
  if (first === 0xcb) return [1, [0xd7, WHOLE_FLOAT]];
  const sizeBytes = FORMATS[first]?.[1] ?? 0;
  const size = sizeBytes === 0 ? [first & 0x1f] : [...bytes.subarray(at + 1, at + 1 + sizeBytes)];
  return [1 + sizeBytes, [0xc9, ...new Array<number>(4 - size.length).fill(0), ...size, TEXT]];
}
