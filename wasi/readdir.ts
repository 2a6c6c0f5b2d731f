import { Filetype } from './constants.ts';
import type { DirectoryDescriptor } from './descriptors.ts';
import type { FsDirectory, FsStat } from './host.ts';
import { DIRENT_BYTES, makeDirent } from './structs.ts';

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
  const encoder = new TextEncoder();
  // A cookie out of nowhere is beyond the end.
  const first = Number(cookie);
  const names: string[] = [];
  const encoded: Uint8Array[] = [];
  for (let room = buffer.length, at = first; room > 0 && at < descriptor.listing.length; at++) {
    const name = descriptor.listing[at]!;
    const bytes = encoder.encode(name);
    if (at >= DOTS) names.push(name);
    encoded.push(bytes);
    room -= DIRENT_BYTES + bytes.length;
  }
  // The folder above is none of the program's business, so `..` is the folder itself, as at the root of a disk.
  const dots = Array.from({ length: encoded.length - names.length }, () => directory.stat());
  const found = [...dots, ...lookupAll(directory, names)];
  let used = 0;
  for (const [index, bytes] of encoded.entries()) {
    const stat = found[index]!;
    const { ino, filetype } = typeof stat === 'number' ? GONE : stat;
    const entry = makeDirent(BigInt(first + index + 1), ino, filetype, bytes);
    const part = entry.subarray(0, buffer.length - used);
    buffer.set(part, used);
    used += part.length;
  }
  return used;
}

/** Describes entries of a folder. */
export const lookupAll = (directory: FsDirectory, names: readonly string[]): (FsStat | number)[] =>
  directory.lookupAll?.(names) ?? names.map(name => directory.lookup(name));

/** `.` and `..`, in front of each listing. */
const DOTS = 2;

/** An entry that has been removed since the names were listed. */
const GONE: Pick<FsStat, 'ino' | 'filetype'> = { ino: 0n, filetype: Filetype.UNKNOWN };
