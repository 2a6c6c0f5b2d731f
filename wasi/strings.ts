import { Errno } from './constants.ts';
import type { GuestMemory } from './memory.ts';

/** What arguments and environment variables share: a list of strings as C programs want it. */
export interface StringList {
  /** `sizes_get`: the number of strings, and the bytes of all with their NULs, each into a u32. */
  writeSizes(memory: GuestMemory, count: number, bytes: number): number;
  /**
   * `get`: where each string starts into u32[count], the strings one after the other into `buffer`.
   *
   *     pointers  | u32 | u32 |          buffer  | a \0 | bc \0 |
   *                  │     └───────────────────────────── ^
   *                  └──────────────────────────── ^
   */
  writeStrings(memory: GuestMemory, pointers: number, buffer: number): number;
}

/** `strings` hold no NUL. Lengths are those of the UTF-8 bytes; a lone surrogate becomes U+FFFD. */
export function stringList(strings: readonly string[]): StringList {
  const encoded = strings.map(text => new TextEncoder().encode(`${text}\0`));
  const total = encoded.reduce((sum, bytes) => sum + bytes.length, 0);
  return {
    writeSizes(memory, count, bytes) {
      if (!memory.holds(count, 4) || !memory.holds(bytes, 4)) return Errno.EFAULT;
      memory.setU32(count, encoded.length);
      memory.setU32(bytes, total);
      return Errno.ESUCCESS;
    },
    writeStrings(memory, pointers, buffer) {
      if (!memory.holds(pointers, encoded.length * 4) || !memory.holds(buffer, total)) return Errno.EFAULT;
      let start = buffer;
      for (const [index, bytes] of encoded.entries()) {
        memory.setU32(pointers + index * 4, start);
        memory.set(start, bytes);
        start += bytes.length;
      }
      return Errno.ESUCCESS;
    },
  };
}
