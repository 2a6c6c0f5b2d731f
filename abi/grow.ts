import { AbiError } from './errors.ts';
import { FIRST_PAGES, PAGE_BYTES } from './size-classes.ts';

/**
 * Grows a memory by at least `needed` pages, to its double or to 16 pages if possible: so many small allocations cost linear
 * time. The second try serves allocations close to the ceiling.
 * @param maxPages the memory is not doubled beyond them
 * @returns false if the engine has no room
 */
export function growMemory(memory: WebAssembly.Memory, needed: number, maxPages: number): boolean {
  const pages = memory.buffer.byteLength / PAGE_BYTES;
  const most = Math.min(Math.max(pages, FIRST_PAGES - 1), maxPages - pages);
  return tryGrow(memory, Math.max(needed, most)) || tryGrow(memory, needed);
}

function tryGrow(memory: WebAssembly.Memory, pages: number): boolean {
  try {
    memory.grow(pages);
  } catch {
    return false;
  }
  return true;
}

/** The error for blocks that would take more bytes than the option `limitedBy` allows. */
export const overLimit = (length: number, limit: number, taken: number, limitedBy: string): AbiError =>
  new AbiError(
    'MEMORY_LIMIT',
    `kernel memory: allocating ${length} bytes would exceed the limit of ${limit} bytes (${taken} taken up); ` +
      `raise ${limitedBy}, or free blocks in the plugin`,
  );
