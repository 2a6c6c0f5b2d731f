import type { KernelMemory } from '../../abi/index.ts';
import { viewBytes } from '../../wasi/brands.ts';
import { PlugboardError } from '../errors.ts';
import { decodeLossy, parseJson } from './text.ts';

function refuseWrite(): never {
  throw new PlugboardError('UNSUPPORTED', 'PluginOutput is read-only; copy it with .bytes() to change it');
}

/**
 * A copy of the bytes that a plugin wrote: a read-only `DataView` with conversions. Class and methods have the names of the
 * official JS SDK.
 */
export class PluginOutput extends DataView<ArrayBuffer> {
  #own: Uint8Array<ArrayBuffer> | undefined;

  /** A buffer that holds only the bytes of this output. RATIONALE: why-do-small-outputs-share-a-buffer */
  override get buffer(): ArrayBuffer {
    return this.bytes().buffer;
  }

  /** Always 0, because `buffer` holds only these bytes. */
  override get byteOffset(): number {
    return 0;
  }

  /** Parses the bytes as JSON. Integers beyond 2^53 lose digits, as with `JSON.parse`. @throws TEXT_TOO_LONG, TOO_MANY_VALUES */
  json<T = unknown>(): T {
    return parseJson(this.text(), 'output') as T;
  }

  /** Decodes the bytes as UTF-8. Invalid bytes become U+FFFD. @throws TEXT_TOO_LONG; use `bytes()` then */
  text(): string {
    return decodeLossy(this.#own ?? this, 'output');
  }

  /** Does the same as `text`. */
  string(): string {
    return this.text();
  }

  /** Returns the bytes, the same array each time. `text` and `json` read it too, with the changes of the program. */
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

  // Written out: if a loop defines these methods, creating a PluginOutput takes 1.5 times as long on V8.
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

/** Returns a view of the bytes without a copy. Read it at once and do not keep it: its buffer may hold other outputs too. */
export const viewOf = (output: PluginOutput): Uint8Array => viewBytes(output)!;

const SHARED_BYTES = 8192;
/** The largest output that goes into a shared buffer. */
const SMALL_BYTES = 1024;

/** Copies outputs and blocks of one plugin out of its kernel memory. */
export class OutputCopier {
  /** Whether `take` copies nothing. Such an output is gone with the next call. */
  lends = false;
  readonly #memory: KernelMemory;
  #shared = new ArrayBuffer(0);
  #bytes = new Uint8Array(this.#shared);
  #used = 0;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
  }

  /** Returns a copy of the plugin's output; null if it set none. */
  take(): PluginOutput | null {
    // Two numbers, because an object for the range costs a call of 1 KiB 2 %.
    const memory = this.#memory;
    if (!memory.hasOutput) return null;
    const { outputStart, outputLength } = memory;
    return this.lends
      ? new PluginOutput(memory.buffer as ArrayBuffer, outputStart, outputLength)
      : this.copy(outputStart, outputLength);
  }

  /** Returns an output that lives on, as that of an error does. */
  kept(output: PluginOutput | null): PluginOutput | null {
    return output && this.lends ? new PluginOutput(output.buffer) : output;
  }

  /** Returns a copy of a range. The range must be one that `hasRange` accepts. */
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
