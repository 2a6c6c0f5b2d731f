import type { DirectoryDescriptor } from '../descriptors.ts';
import type { FsDirectory, FsStat } from '../embedder.ts';
import { Failure, type Result, resultOf } from '../result.ts';
import { Filetype } from '../spec/constants.ts';
import { DIRENT_BYTES, writeDirent } from '../structs.ts';

/**
 * Fills `buffer` with the entries from number `cookie` on. `.` has number 0 and `..` has number 1. The last entry is cut off
 * where the buffer ends. Returns the number of bytes used. A number below the buffer's length means the
 * end of the listing.
 */
export function readDirectory(
  descriptor: DirectoryDescriptor,
  buffer: Uint8Array,
  cookie: bigint,
): Result<number> {
  const { directory } = descriptor;
  if (cookie === 0n || !descriptor.listing) {
    const names = resultOf(directory.list());
    if (names instanceof Failure) return names;
    descriptor.listing = ['.', '..', ...names];
  }
  // A cookie that was never returned is beyond the end.
  const first = Number(cookie);
  const names = namesThatFit(descriptor.listing, first, buffer.length);
  const dots = Math.min(Math.max(0, DOTS - first), names.length);
  // `..` describes the folder itself, as at the root of a disk, because a program must not learn about the folder above.
  const self = dots > 0 ? directory.stat() : GONE;
  const entries = lookupAll(directory, names.slice(dots));

  const encoder = new TextEncoder();
  const entry = new Uint8Array(DIRENT_BYTES + SHORT_NAME_BYTES);
  const [view, short] = [new DataView(entry.buffer), entry.subarray(DIRENT_BYTES)];
  let used = 0;
  const put = (bytes: Uint8Array) => {
    const part = bytes.length > buffer.length - used ? bytes.subarray(0, buffer.length - used) : bytes;
    buffer.set(part, used);
    used += part.length;
  };
  for (let index = 0; index < names.length && used < buffer.length; index++) {
    const stat = index < dots ? self : entries[index - dots]!;
    const { ino, filetype } = typeof stat === 'number' ? GONE : stat;
    const name = names[index]!;
    // A UTF-16 code unit takes three bytes at most.
    const long = name.length * 3 > SHORT_NAME_BYTES ? encoder.encode(name) : undefined;
    const nameBytes = long?.length ?? encoder.encodeInto(name, short).written;
    writeDirent(view, BigInt(first + index + 1), ino, filetype, nameBytes);
    put(entry.subarray(0, DIRENT_BYTES + (long ? 0 : nameBytes)));
    if (long) put(long);
  }
  return used;
}

/**
 * Returns the names that fit, so that later ones need not be looked up. A name has at least as many bytes as UTF-16 code units.
 */
function namesThatFit(listing: readonly string[], first: number, bufferBytes: number): readonly string[] {
  let end = first;
  for (let room = bufferBytes; room > 0 && end < listing.length; end++)
    room -= DIRENT_BYTES + listing[end]!.length;
  return listing.slice(first, end);
}

/** Describes entries of a folder. */
export const lookupAll = (directory: FsDirectory, names: readonly string[]): (FsStat | number)[] =>
  directory.lookupAll?.(names) ?? names.map(name => directory.lookup(name));

/** `.` and `..`, in front of each listing. */
const DOTS = 2;

/** Bytes that any name made by a program needs at most. */
const SHORT_NAME_BYTES = 255 * 3;

/** An entry that has been removed since the names were listed. */
const GONE: Pick<FsStat, 'ino' | 'filetype'> = { ino: 0n, filetype: Filetype.UNKNOWN };
