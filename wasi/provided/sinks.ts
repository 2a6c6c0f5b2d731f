import { bytesOf } from '../brands.ts';
import type { Sink } from '../embedder.ts';
import { refuseOption, type WasiErrorCode } from '../errors.ts';
import {
  aCount,
  aFunction,
  expected,
  type Kind,
  type OptionTable,
  readArgument,
  readOptions,
  refuseExtra,
} from '../options.ts';

export interface LineSinkOptions {
  /** Called with each full line, without its "\n". Bytes that are not UTF-8 become U+FFFD. */
  onLine?: ((text: string) => void) | undefined;
  /**
   * A longer line is passed in pieces of at most this many bytes, cut between characters. Default 8192, from 4 to
   * `MAX_LINE_BYTES`.
   */
  maxLineBytes?: number | undefined;
  /** Number of last lines to keep for error reports. Default 20. */
  keepLines?: number | undefined;
  /** The most bytes of all kept lines together. Default 16384. */
  keepBytes?: number | undefined;
}

/** The longest string of V8 (`String::kMaxLength`). Beyond it engines throw, cut the text or end the process. */
export const MAX_LINE_BYTES: number = 2 ** 29 - 24;

const DEFAULTS = { maxLineBytes: 8192, keepLines: 20, keepBytes: 16_384 };

const code: WasiErrorCode = 'WASI_INVALID_LIMIT';

export const LINE_SINK_OPTIONS: OptionTable<LineSinkOptions> = {
  of: 'new LineSink(options)',
  rows: {
    onLine: { ...aFunction, default: 'lines are only kept' },
    maxLineBytes: { ...aCount('bytes', 4, MAX_LINE_BYTES), default: String(DEFAULTS.maxLineBytes), code },
    keepLines: { ...aCount('lines'), default: String(DEFAULTS.keepLines), code },
    keepBytes: { ...aCount('bytes'), default: String(DEFAULTS.keepBytes), code },
  },
};

const someBytes: Kind<Uint8Array> = {
  type: 'a Uint8Array',
  check: (value, where, refuse) => bytesOf(value) ?? refuse(expected('a Uint8Array', value, where)),
};
const NEWLINE = 10;
// Without ignoreBOM a line that starts with U+FEFF would lose it.
let decoder: TextDecoder | undefined;
function decode(line: Uint8Array): string {
  // Not made at import: jsdom has no `TextDecoder` until a program sets it.
  decoder ??= new TextDecoder('utf-8', { ignoreBOM: true });
  return decoder.decode(line);
}

/** Splits a program's output into lines, in bounded memory. The lines do not depend on how the program divides its writes. */
export class LineSink implements Sink {
  readonly isTerminal = true;
  readonly #onLine: ((text: string) => void) | undefined;
  readonly #keepLines: number;
  readonly #keepBytes: number;
  readonly #maxLineBytes: number;
  #line = new Uint8Array(0);
  #length = 0;
  /** Kept as bytes, because most lines are never read. */
  #kept: Uint8Array[] = [];
  #keptBytes = 0;

  /** Throws `WASI_INVALID_OPTION`, `WASI_INVALID_LIMIT`. */
  constructor(options?: LineSinkOptions);
  constructor(options?: LineSinkOptions, ...extra: unknown[]) {
    refuseExtra(extra, 'LineSink', refuseOption);
    const read = readOptions(LINE_SINK_OPTIONS, options, 'LineSink', refuseOption);
    this.#onLine = read.onLine;
    this.#maxLineBytes = read.maxLineBytes ?? DEFAULTS.maxLineBytes;
    this.#keepLines = read.keepLines ?? DEFAULTS.keepLines;
    this.#keepBytes = read.keepBytes ?? DEFAULTS.keepBytes;
  }

  /** The kept lines, oldest first, without an unfinished line (see `flush`). */
  get lines(): readonly string[] {
    return this.#kept.map(decode);
  }

  write(given: Uint8Array): void {
    const bytes = bytesOf(given) ?? readArgument(someBytes, given, 'LineSink.write', refuseOption);
    let start = 0;
    while (start < bytes.length) {
      const newline = bytes.indexOf(NEWLINE, start);
      const end = newline < 0 ? bytes.length : newline;
      if (newline >= 0 && this.#length === 0 && end - start <= this.#maxLineBytes) {
        this.#emit(bytes.slice(start, end));
      } else {
        this.#take(bytes.subarray(start, end));
        if (newline >= 0) this.#emitTaken(this.#length);
      }
      start = end + 1;
    }
  }

  /** Emits an unfinished last line, without waiting for its "\n". */
  flush(): void {
    if (this.#length > 0) this.#emitTaken(this.#length);
  }

  /** Forgets the kept lines and the unfinished line. */
  clear(): void {
    this.#length = 0;
    this.#kept = [];
    this.#keptBytes = 0;
  }

  /** Takes a part of a line without its newline. */
  #take(part: Uint8Array): void {
    let at = 0;
    while (at < part.length) {
      // A line of exactly the limit is cut only when another byte of it comes. If it were cut at once, an empty line would follow
      // when the newline comes with the next write.
      if (this.#length === this.#maxLineBytes) this.#emitTaken(this.#lastCharacterStart());
      const piece = part.subarray(at, at + this.#maxLineBytes - this.#length);
      this.#append(piece);
      at += piece.length;
    }
  }

  #append(part: Uint8Array): void {
    const needed = this.#length + part.length;
    if (needed > this.#line.length) {
      const larger = new Uint8Array(
        Math.min(this.#maxLineBytes, Math.max(256, needed, this.#line.length * 2)),
      );
      larger.set(this.#line.subarray(0, this.#length));
      this.#line = larger;
    }
    this.#line.set(part, this.#length);
    this.#length = needed;
  }

  /** Returns where a full line may be cut: before its last character if that is incomplete, otherwise at its end. */
  #lastCharacterStart(): number {
    const line = this.#line;
    for (let back = 1; back <= 3; back++) {
      const byte = line[this.#length - back] ?? 0;
      if (byte < 0x80) break;
      if (byte < 0xc0) continue;
      const characterBytes = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return characterBytes > back ? this.#length - back : this.#length;
    }
    return this.#length;
  }

  #emitTaken(length: number): void {
    const line = this.#line.slice(0, length);
    this.#line.copyWithin(0, length, this.#length);
    this.#length -= length;
    this.#emit(line);
  }

  #emit(line: Uint8Array): void {
    this.#kept.push(line);
    this.#keptBytes += line.length;
    while (this.#kept.length > this.#keepLines || this.#keptBytes > this.#keepBytes)
      this.#keptBytes -= this.#kept.shift()!.length;
    this.#onLine?.(decode(line));
  }
}

/** Returns a source that reads `bytes` once. */
export function bytesSource(bytes: Uint8Array): { read(into: Uint8Array): number };
export function bytesSource(given: Uint8Array, ...extra: unknown[]): { read(into: Uint8Array): number } {
  refuseExtra(extra, 'bytesSource', refuseOption);
  const bytes = readArgument(someBytes, given, 'bytesSource', refuseOption);
  let at = 0;
  return {
    read(into) {
      const part = bytes.subarray(at, at + into.length);
      into.set(part);
      at += part.length;
      return part.length;
    },
  };
}
