import { Filetype } from './constants.ts';
import type { DirectoryDescriptor } from './descriptors.ts';
import type { FsStat } from './host.ts';
import { makeDirent } from './structs.ts';

/**
 * Fills `buffer` with the entries from number `cookie` on, `.` being 0 and `..` 1, the last one cut off where the
 * buffer ends. Answers the bytes used (fewer than there is room for: the end) or a negative errno.
 */
export function readDirectory(descriptor: DirectoryDescriptor, buffer: Uint8Array, cookie: bigint): number {
  const { directory } = descriptor;
  if (cookie === 0n || !descriptor.listing) {
    const names = directory.list();
    if (typeof names === 'number') return -names;
    descriptor.listing = ['.', '..', ...names];
  }
  const names = descriptor.listing;
  const encoder = new TextEncoder();
  let used = 0;
  // A cookie out of nowhere is beyond the end.
  for (let at = Number(cookie); at < names.length && used < buffer.length; at++) {
    const name = names[at]!;
    // The folder above is none of the program's business, so `..` is the folder itself, as at the root of a disk.
    const found = name === '.' || name === '..' ? directory.stat() : directory.lookup(name);
    const { ino, filetype } = typeof found === 'number' ? GONE : found;
    const entry = makeDirent(BigInt(at + 1), ino, filetype, encoder.encode(name));
    const part = entry.subarray(0, buffer.length - used);
    buffer.set(part, used);
    used += part.length;
  }
  return used;
}

/** An entry that has been removed since the names were listed. */
const GONE: Pick<FsStat, 'ino' | 'filetype'> = { ino: 0n, filetype: Filetype.UNKNOWN };
