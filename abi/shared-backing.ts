import { TABLE_BYTES, type TableBacking } from './block-table.ts';
import { AbiError, requireWasm } from './errors.ts';
import { FIRST_PAGES, MAX_PAGES } from './size-classes.ts';

/**
 * A kernel memory that two threads share, and the records of its blocks. Only one thread may work on it at a time: it
 * ends with `handOver`, and the other thread begins with `takeOver`.
 */
export interface SharedBacking extends TableBacking {
  memory: WebAssembly.Memory;
}

/** TypeScript's library of ES2023 does not declare buffers that grow. */
const Growable = globalThis.SharedArrayBuffer as unknown as new (
  bytes: number,
  options: { maxByteLength: number },
) => SharedArrayBuffer;

/** Returns an empty shared memory. @throws {AbiError} UNSUPPORTED where the engine has no WebAssembly, or no `SharedArrayBuffer` that can grow */
export function createSharedBacking(): SharedBacking {
  requireWasm();
  if (!('grow' in (globalThis.SharedArrayBuffer?.prototype ?? {})))
    throw new AbiError('UNSUPPORTED', 'this platform has no SharedArrayBuffer that can grow');
  const { directory, slots, lists } = TABLE_BYTES;
  return {
    memory: new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: MAX_PAGES, shared: true }),
    directory: new Growable(directory.initial, { maxByteLength: directory.max }),
    slots: new Growable(slots.initial, { maxByteLength: slots.max }),
    lists: new SharedArrayBuffer(lists),
  };
}
