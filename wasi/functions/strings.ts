import type { GuestMemory } from '../memory.ts';
import { DONE, Fail, type Result } from '../result.ts';

/** A list of strings in the layout that C programs expect, for arguments and environment variables. */
export interface StringList {
  /** `sizes_get`: writes two u32: the number of strings, and the bytes of all strings with their NULs. */
  writeSizes(memory: GuestMemory, count: number, bytes: number): Result<void>;
  /**
   * `get`: writes the address of each string into u32[count], and the strings one after the other into `buffer`.
   *
   *     pointers  | u32 | u32 |          buffer  | a \0 | bc \0 |
   *                  │     └───────────────────────────── ^
   *                  └──────────────────────────── ^
   */
  writeStrings(memory: GuestMemory, pointers: number, buffer: number): Result<void>;
}

/** `strings` hold no NUL. Lengths are those of the UTF-8 bytes; a lone surrogate becomes U+FFFD. */
export function stringList(strings: readonly string[]): StringList {
  const encoded = strings.map(text => new TextEncoder().encode(`${text}\0`));
  const total = encoded.reduce((sum, bytes) => sum + bytes.length, 0);
  return {
    writeSizes(memory, count, bytes) {
      if (!memory.holds(count, 4) || !memory.holds(bytes, 4)) return Fail.EFAULT;
      memory.setU32(count, encoded.length);
      memory.setU32(bytes, total);
      return DONE;
    },
    writeStrings(memory, pointers, buffer) {
      if (!memory.holds(pointers, encoded.length * 4) || !memory.holds(buffer, total)) return Fail.EFAULT;
      let start = buffer;
      for (const [index, bytes] of encoded.entries()) {
        memory.setU32(pointers + index * 4, start);
        memory.set(start, bytes);
        start += bytes.length;
      }
      return DONE;
    },
  };
}
