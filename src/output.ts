import type { KernelMemory } from '../abi/index.ts';
import { decodeLossy, parseJson } from './text.ts';

function refuseWrite(): never {
  throw new TypeError('PluginOutput is read-only; copy it with .bytes() to change it');
}

/**
 * What a plugin gave: the read side of `DataView` over a copy of the bytes, and conversions. The class and its
 * methods are those of the official JS SDK.
 */
export class PluginOutput extends DataView<ArrayBuffer> {
  #own: Uint8Array<ArrayBuffer> | undefined;

  /** The bytes and no others. RATIONALE: why-do-small-outputs-share-a-buffer */
  override get buffer(): ArrayBuffer {
    return this.bytes().buffer;
  }

  /** 0: the bytes are all of `buffer`. */
  override get byteOffset(): number {
    return 0;
  }

  /** The bytes as JSON. Numbers are JavaScript's: integers beyond 2^53 lose digits. @throws TEXT_TOO_LONG, TOO_MANY_VALUES */
  json<T = unknown>(): T {
    return parseJson(this.text(), 'output') as T;
  }

  /** The bytes as UTF-8; what is not becomes U+FFFD. @throws TEXT_TOO_LONG; `bytes()` works */
  text(): string {
    return decodeLossy(this, 'output');
  }

  /** The same as `text`. */
  string(): string {
    return this.text();
  }

  /** The bytes, the same array each time. */
  bytes(): Uint8Array<ArrayBuffer> {
    if (this.#own === undefined) {
      const bytes = new Uint8Array(super.buffer, super.byteOffset, this.byteLength);
      this.#own = bytes.byteLength === super.buffer.byteLength ? bytes : bytes.slice();
    }
    return this.#own;
  }

  arrayBuffer(): ArrayBuffer {
    return this.buffer;
  }

  // Written out: a loop that defines them makes every PluginOutput half as slow again to create on V8.
  override setInt8(): never {
    return refuseWrite();
  }
  override setUint8(): never {
    return refuseWrite();
  }
  override setInt16(): never {
    return refuseWrite();
  }
  override setUint16(): never {
    return refuseWrite();
  }
  override setInt32(): never {
    return refuseWrite();
  }
  override setUint32(): never {
    return refuseWrite();
  }
  setFloat16(): never {
    return refuseWrite();
  }
  override setFloat32(): never {
    return refuseWrite();
  }
  override setFloat64(): never {
    return refuseWrite();
  }
  override setBigInt64(): never {
    return refuseWrite();
  }
  override setBigUint64(): never {
    return refuseWrite();
  }
}

const bufferOf = Object.getOwnPropertyDescriptor(DataView.prototype, 'buffer')!.get!;
const offsetOf = Object.getOwnPropertyDescriptor(DataView.prototype, 'byteOffset')!.get!;

/** The bytes where they are, to be read and not kept: beside them may be those of other outputs. */
export const viewOf = (output: PluginOutput): Uint8Array =>
  new Uint8Array(bufferOf.call(output) as ArrayBuffer, offsetOf.call(output) as number, output.byteLength);

const SHARED_BYTES = 8192;
/** A larger output has a buffer of its own from the start. */
const SMALL_BYTES = 1024;

/** Copies outputs and blocks of one plugin out of its kernel memory. */
export class OutputCopier {
  readonly #memory: KernelMemory;
  #shared = new ArrayBuffer(0);
  #bytes = new Uint8Array(this.#shared);
  #used = 0;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
  }

  /** A copy of what the plugin set as output; null for none. */
  take(): PluginOutput | null {
    const range = this.#memory.output;
    return range && this.copy(range.start, range.length);
  }

  /** A copy of a range, which must be one that `hasRange` accepts. */
  copy(start: number, length: number): PluginOutput {
    if (length > SMALL_BYTES) return new PluginOutput(this.#memory.copy(start, length).buffer);
    if (this.#used + length > this.#bytes.length) {
      this.#shared = new ArrayBuffer(SHARED_BYTES);
      this.#bytes = new Uint8Array(this.#shared);
      this.#used = 0;
    }
    this.#memory.copyTo(this.#bytes, this.#used, start, length);
    const output = new PluginOutput(this.#shared, this.#used, length);
    this.#used += length;
    return output;
  }
}
