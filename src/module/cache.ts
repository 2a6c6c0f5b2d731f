import { LIMITS } from '../limits.ts';
import { isEqual, wordsOf } from '../wasm/bytes.ts';
import type { Signatures } from '../wasm/reader.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** A compiled module with the data that is the same for every plugin that uses it. */
export interface CompiledModule {
  module: WebAssembly.Module;
  imports: readonly WebAssembly.ModuleImportDescriptor[];
  exports: readonly WebAssembly.ModuleExportDescriptor[];
  /** Kinds by name. Names of exports are unique. */
  exportKinds: ReadonlyMap<string, WebAssembly.ImportExportKind>;
  /** Null if the caller passed a compiled module, or if the module uses types that the reader does not know. */
  signatures: Signatures | null;
  /** Whether its code has the checks of `meter`, so that it must be connected to a function that asks for the time. */
  hasChecks: boolean;
  /** Whether its code has the counter of `addFuel`. */
  hasFuel: boolean;
  /** Whether it exports its state, as `addFresh` makes it. */
  hasFresh: boolean;
}

interface Entry<T> {
  bytes: Bytes;
  /** Compared before the bytes: modules may differ only near the end, and comparing them byte by byte would be slow. */
  checksum: number;
  value: T;
  /** Whether these bytes came once so far. */
  isNew: boolean;
}

/** Modules that are kept although their bytes came once: each one that is kept makes garbage collection of JSC longer. */
const MOST_NEW = 8;
/** Checksums that tell whether bytes come again which are not kept. */
const MOST_SEEN = 1024;

/**
 * Keeps values made from wasm bytes, such as compiled modules, for the bytes used last. Engines other than V8 compile the
 * same bytes anew each time.
 * RATIONALE: why-are-compiled-modules-kept
 */
export class ModuleCache<T> {
  /** Entries in the order of their last use, the latest at the end. */
  readonly #kept: Entry<T>[] = [];
  /** The buffers of the copies that `own` returned: callers pass on views of them. */
  readonly #copies = new WeakSet<ArrayBufferLike>();
  /** Checksums of the latest bytes. */
  readonly #seen = new Set<number>();
  readonly #maxBytes: number;
  readonly #maxModules: number;

  constructor(
    maxBytes: number = LIMITS.keptModuleBytes.default,
    maxModules: number = LIMITS.keptModules.default,
  ) {
    this.#maxBytes = maxBytes;
    this.#maxModules = maxModules;
  }

  find(bytes: Uint8Array): T | undefined {
    return this.#find(bytes)?.value;
  }

  /** Returns equal bytes that will not change: these if they are a copy, the kept ones if there are any, else a copy. */
  own(bytes: Uint8Array): Bytes {
    if (this.#copies.has(bytes.buffer)) return bytes as Bytes;
    const known = this.#find(bytes)?.bytes;
    if (known) return known;
    const copy = bytes.slice();
    this.#copies.add(copy.buffer);
    return copy;
  }

  #find(bytes: Uint8Array): Entry<T> | undefined {
    const checksum = sumUp(bytes);
    const found = this.#kept.find(entry => entry.checksum === checksum && isEqual(entry.bytes, bytes));
    if (!found) return undefined;
    this.#drop(found);
    this.#kept.push(found);
    found.isNew = false;
    return found;
  }

  /**
   * Keeps `value`, unless its bytes are too many, and drops the entries used longest ago. Uploads that come once do not replace
   * modules that are used again. `bytes` must not change.
   */
  keep(bytes: Bytes, value: T): void {
    if (bytes.length > this.#maxBytes) return;
    const checksum = sumUp(bytes);
    this.#kept.push({ bytes, checksum, value, isNew: !this.#seen.has(checksum) });
    this.#seen.add(checksum);
    if (this.#seen.size > MOST_SEEN) this.#seen.delete(this.#seen.values().next().value!);
    const newest = this.#kept.filter(({ isNew }) => isNew);
    if (newest.length > MOST_NEW) this.#drop(newest[0]!);
    let usedBytes = this.#kept.reduce((sum, entry) => sum + entry.bytes.length, 0);
    while (usedBytes > this.#maxBytes || this.#kept.length > this.#maxModules)
      usedBytes -= this.#kept.shift()!.bytes.length;
  }

  #drop(entry: Entry<T>): void {
    this.#kept.splice(this.#kept.indexOf(entry), 1);
  }
}

/**
 * Returns a checksum of every 16th word and of the last 16 bytes. That is enough: `isEqual` compares all bytes afterwards, so
 * a difference between these words only costs that comparison.
 */
function sumUp(bytes: Uint8Array): number {
  let sum = 0;
  const words = wordsOf(bytes);
  for (let index = 0; index < words.length; index += 16) sum = Math.imul(sum ^ words[index]!, 0x01000193);
  for (const byte of bytes.subarray(-16)) sum = Math.imul(sum ^ byte, 0x01000193);
  return sum;
}

/** Compiled modules, shared by all plugins. */
export const compiledBefore = new ModuleCache<CompiledModule>();
