import { HEADER_BYTES } from '../../abi/header.ts';
import type { Kernel } from '../../abi/index.ts';
import { isMemory } from '../../wasi/brands.ts';
import { sha256 } from '../trace/sha256.ts';
import { hexOf } from '../values/hex.ts';

/** A memory that a worker shares has another size, and another header. */
function withoutZeros(bytes: Uint8Array): Uint8Array {
  // Words first, because most of a memory is unused. Pages, and the header, are whole words.
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  let end = words.length;
  while (end > 0 && words[end - 1] === 0) end--;
  end *= 4;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}

/** Hashes the kernel memory and the exported memories, and reads the exported globals. In a worker only the kernel memory. */
export function memoryOf({ memory }: Kernel, main: WebAssembly.Instance | null): Record<string, string> {
  const hash = (bytes: Uint8Array) => hexOf(sha256(bytes));
  const exported = Object.entries(main?.exports ?? {}).flatMap(([name, value]): [string, string][] => {
    if (isMemory(value)) return [[`memory ${name}`, hash(new Uint8Array(value.buffer))]];
    if (!(value instanceof WebAssembly.Global)) return [];
    const held: unknown = value.value;
    return typeof held === 'number' || typeof held === 'bigint' ? [[`global ${name}`, String(held)]] : [];
  });
  const blocks = memory.readable(0, memory.sizeBytes).subarray(HEADER_BYTES);
  return { kernel: hash(withoutZeros(blocks)), ...Object.fromEntries(exported) };
}
