/** What the records of the blocks in a kernel memory are made of, and a kernel memory whose records two threads share. */

export const PAGE_BYTES = 65_536;
export const MAX_PAGES = 65_536;
/** As the native kernel, so that a plugin which reads or writes beyond its blocks meets the same edge. */
export const INITIAL_PAGES = 16;
/** Blocks start at multiples of this; the records have one entry per granule. */
export const GRANULE_BYTES = 16;
export const INITIAL_GRANULES = 1024;
const MAX_GRANULES = (MAX_PAGES * PAGE_BYTES) / GRANULE_BYTES;

/**
 * A kernel memory that two threads share, and the records of its blocks. Only one of them may work on it at a time: it
 * ends with `handOver`, and the other begins with `takeOver`.
 */
export interface SharedBacking {
  memory: WebAssembly.Memory;
  lengths: SharedArrayBuffer;
  links: SharedArrayBuffer;
  freeLists: SharedArrayBuffer;
}

/** Growable, which TypeScript's library of ES2023 does not declare. */
type GrowableBuffer = SharedArrayBuffer & { grow(bytes: number): void };
const Growable = globalThis.SharedArrayBuffer as unknown as new (
  bytes: number,
  options: { maxByteLength: number },
) => SharedArrayBuffer;

/** An empty one. @throws {TypeError} where the engine shares no memory, or cannot let it grow */
export function createSharedBacking(): SharedBacking {
  if (!('grow' in (globalThis.SharedArrayBuffer?.prototype ?? {})))
    throw new TypeError('this platform has no SharedArrayBuffer that can grow');
  const records = () => new Growable(INITIAL_GRANULES * 4, { maxByteLength: MAX_GRANULES * 4 });
  return {
    memory: new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAX_PAGES, shared: true }),
    lengths: records(),
    links: records(),
    freeLists: new SharedArrayBuffer(SIZE_CLASSES * 4),
  };
}

/** Splits block sizes (in granules) into classes at most 12.5 % apart: exact up to 16, then eight to a doubling. */
export function sizeClass(granules: number): { index: number; granules: number } {
  if (granules <= 16) return { index: granules, granules };
  const shift = 28 - Math.clz32(granules - 1);
  const rounded = Math.ceil(granules / 2 ** shift) * 2 ** shift;
  return { index: shift * 8 + rounded / 2 ** shift, granules: rounded };
}
export const SIZE_CLASSES = 25 * 8 + 17;

/** With room for `needed` entries at least. @throws {RangeError} if the engine has none */
export function enlarge(records: Uint32Array, needed: number): Uint32Array {
  const length = Math.max(needed, records.length * 2);
  if (!(records.buffer instanceof ArrayBuffer)) {
    // Both threads' views of all of it grow with it.
    (records.buffer as GrowableBuffer).grow(Math.min(length, MAX_GRANULES) * 4);
    return records;
  }
  const larger = new Uint32Array(length);
  larger.set(records);
  return larger;
}
