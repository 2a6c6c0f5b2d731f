import { LIMITS } from './limits.ts';
import { isEqual, wordsOf } from './wasm/bytes.ts';
import type { Signatures } from './wasm/reader.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** What does not depend on the plugin that a module is used for. */
export interface CompiledModule {
  module: WebAssembly.Module;
  imports: readonly WebAssembly.ModuleImportDescriptor[];
  exports: readonly WebAssembly.ModuleExportDescriptor[];
  /** Names of exports are unique. */
  exportKinds: ReadonlyMap<string, WebAssembly.ImportExportKind>;
  /** Null when the module came compiled, or uses types that the reader does not know. */
  signatures: Signatures | null;
}

interface Entry<T> {
  bytes: Bytes;
  /** Many modules may differ in a few bytes only, and each would have to be compared to there. */
  checksum: number;
  value: T;
}

/**
 * What was made of the wasm bytes seen last. Engines other than V8 compile the same bytes anew each time.
 * RATIONALE: why-are-compiled-modules-kept
 */
export class ModuleCache<T> {
  /** The one used last at the end. */
  readonly #kept: Entry<T>[] = [];
  /** Of the bytes that `own` gave. */
  readonly #checksums = new WeakMap<Uint8Array, number>();
  readonly #maxBytes: number;
  readonly #maxModules: number;

  constructor(
    maxBytes: number = LIMITS.keptModuleBytes.default,
    maxModules: number = LIMITS.keptModules.default,
  ) {
    this.#maxBytes = maxBytes;
    this.#maxModules = maxModules;
  }

  find(bytes: Bytes): T | undefined {
    if (bytes.length > this.#maxBytes) return undefined;
    return this.#find(bytes, this.#checksums.get(bytes) ?? sumUp(bytes))?.value;
  }

  /** Bytes that are like these and will not change: those that are kept, else a copy. */
  own(bytes: Uint8Array): Bytes {
    if (bytes.length > this.#maxBytes) return bytes.slice();
    const checksum = sumUp(bytes);
    const known = this.#find(bytes, checksum);
    if (known) return known.bytes;
    const copy = bytes.slice();
    this.#checksums.set(copy, checksum);
    return copy;
  }

  #find(bytes: Uint8Array, checksum: number): Entry<T> | undefined {
    const isSought = (entry: Entry<T>) =>
      entry.bytes === bytes || (entry.checksum === checksum && isEqual(entry.bytes, bytes));
    const found = this.#kept.find(isSought);
    if (found) this.#kept.push(...this.#kept.splice(this.#kept.indexOf(found), 1));
    return found;
  }

  /** Keeps `value`, unless it is too large, and lets go of what was used longest ago. `bytes` must not change. */
  keep(bytes: Bytes, value: T): void {
    if (bytes.length > this.#maxBytes) return;
    this.#kept.push({ bytes, checksum: this.#checksums.get(bytes) ?? sumUp(bytes), value });
    let usedBytes = this.#kept.reduce((sum, entry) => sum + entry.bytes.length, 0);
    while (usedBytes > this.#maxBytes || this.#kept.length > this.#maxModules)
      usedBytes -= this.#kept.shift()!.bytes.length;
  }
}

/** Of every 16th word, since one that is missed costs no more than to be compared, and of the end. */
function sumUp(bytes: Uint8Array): number {
  let sum = 0;
  const words = wordsOf(bytes);
  for (let index = 0; index < words.length; index += 16) sum = Math.imul(sum ^ words[index]!, 0x01000193);
  for (const byte of bytes.subarray(-16)) sum = Math.imul(sum ^ byte, 0x01000193);
  return sum;
}

/** Of all plugins. */
export const compiledBefore = new ModuleCache<CompiledModule>();
