import { LIMITS } from './limits.ts';
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
  /** Many modules may differ in their last bytes only, and each would have to be compared to there. */
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
    return this.#find(bytes)?.value;
  }

  /** Bytes that are like these and will not change: those that are kept, else a copy. */
  own(bytes: Uint8Array): Bytes {
    return this.#find(bytes)?.bytes ?? bytes.slice();
  }

  #find(bytes: Uint8Array): Entry<T> | undefined {
    const candidates = this.#kept.filter(entry => entry.bytes.length === bytes.length);
    if (candidates.length === 0) return undefined;
    const found = candidates.find(entry => entry.bytes === bytes) ?? findSame(candidates, bytes);
    if (found) this.#kept.push(...this.#kept.splice(this.#kept.indexOf(found), 1));
    return found;
  }

  /** Keeps `value`, unless it is too large, and lets go of what was used longest ago. `bytes` must not change. */
  keep(bytes: Bytes, value: T): void {
    if (bytes.length > this.#maxBytes) return;
    this.#kept.push({ bytes, checksum: sumUp(bytes), value });
    let usedBytes = this.#kept.reduce((sum, entry) => sum + entry.bytes.length, 0);
    while (usedBytes > this.#maxBytes || this.#kept.length > this.#maxModules)
      usedBytes -= this.#kept.shift()!.bytes.length;
  }
}

function findSame<T>(candidates: readonly Entry<T>[], bytes: Uint8Array): Entry<T> | undefined {
  const checksum = sumUp(bytes);
  return candidates.find(entry => entry.checksum === checksum && isSame(entry.bytes, bytes));
}

/** The bytes four at a time, without the last ones that are no whole word. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
}

function sumUp(bytes: Uint8Array): number {
  let sum = 0;
  for (const word of wordsOf(bytes)) sum = Math.imul(sum ^ word, 0x01000193);
  return sum;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  const [left, right] = [wordsOf(one), wordsOf(other)];
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  for (let index = left.length * 4; index < one.length; index++)
    if (one[index] !== other[index]) return false;
  return true;
}

/** Of all plugins. */
export const compiledBefore = new ModuleCache<CompiledModule>();
