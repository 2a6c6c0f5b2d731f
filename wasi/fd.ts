import { Errno, Fdflags, Whence } from './constants.ts';
import type { Descriptor, DescriptorTable } from './descriptors.ts';
import { WasiError } from './errors.ts';
import type { GuestMemory, Iovec } from './memory.ts';
import type { Functions } from './spec.ts';

/** A call moves at most this much and says so, as POSIX allows: overlapping pieces could else ask for terabytes. */
export const MAX_TRANSFER_BYTES = 16 * 1024 * 1024;

const FDSTAT_BYTES = 24;
const FILESTAT_BYTES = 64;
const PRESTAT_BYTES = 8;
const SYNC_FLAGS = Fdflags.DSYNC | Fdflags.RSYNC | Fdflags.SYNC;
const KNOWN_FLAGS = SYNC_FLAGS | Fdflags.APPEND | Fdflags.NONBLOCK;

type FdFunction =
  | 'fd_close'
  | 'fd_fdstat_get'
  | 'fd_fdstat_set_flags'
  | 'fd_filestat_get'
  | 'fd_prestat_dir_name'
  | 'fd_prestat_get'
  | 'fd_read'
  | 'fd_renumber'
  | 'fd_seek'
  | 'fd_tell'
  | 'fd_write';

export function fdFunctions(memory: GuestMemory, descriptors: DescriptorTable): Functions<FdFunction> {
  return {
    fd_close: fd => descriptors.close(fd),

    fd_fdstat_get(fd, stat) {
      const descriptor = descriptors.get(fd);
      if (!descriptor) return Errno.EBADF;
      return writeFdstat(memory, stat, descriptor);
    },

    fd_fdstat_set_flags(fd, flags) {
      const descriptor = descriptors.get(fd);
      if (!descriptor) return Errno.EBADF;
      if (flags & ~KNOWN_FLAGS) return Errno.EINVAL;
      if (flags & SYNC_FLAGS) return Errno.ENOTSUP;
      descriptor.flags = flags;
      return Errno.ESUCCESS;
    },

    fd_filestat_get(fd, filestat) {
      const descriptor = descriptors.get(fd);
      if (!descriptor) return Errno.EBADF;
      return writeFilestat(memory, filestat, descriptor);
    },

    fd_prestat_get(fd, prestat) {
      const name = descriptors.get(fd)?.preopenName;
      if (!name) return Errno.EBADF;
      return writePrestat(memory, prestat, name);
    },

    fd_prestat_dir_name(fd, path, pathLen) {
      const name = descriptors.get(fd)?.preopenName;
      if (!name) return Errno.EBADF;
      if (pathLen < name.length) return Errno.ENAMETOOLONG;
      return memory.set(path, name) ? Errno.ESUCCESS : Errno.EFAULT;
    },

    fd_read(fd, iovs, iovsLen, nread) {
      const descriptor = descriptors.get(fd);
      if (!descriptor?.read) return Errno.EBADF;
      const pieces = memory.iovecs(iovs, iovsLen, MAX_TRANSFER_BYTES);
      if (!pieces || !memory.holds(nread, 4)) return Errno.EFAULT;
      memory.setU32(
        nread,
        readPieces(memory, pieces, into => descriptor.read?.(into)),
      );
      return Errno.ESUCCESS;
    },

    fd_renumber: (fd, to) => descriptors.renumber(fd, to),

    fd_seek(fd, _offset, whence, newoffset) {
      if (!descriptors.get(fd)) return Errno.EBADF;
      if (whence > Whence.END) return Errno.EINVAL;
      return memory.holds(newoffset, 8) ? Errno.ESPIPE : Errno.EFAULT;
    },

    fd_tell(fd, offset) {
      if (!descriptors.get(fd)) return Errno.EBADF;
      return memory.holds(offset, 8) ? Errno.ESPIPE : Errno.EFAULT;
    },

    fd_write(fd, iovs, iovsLen, nwritten) {
      const descriptor = descriptors.get(fd);
      if (!descriptor?.write) return Errno.EBADF;
      const pieces = memory.iovecs(iovs, iovsLen, MAX_TRANSFER_BYTES);
      if (!pieces || !memory.holds(nwritten, 4)) return Errno.EFAULT;
      const bytes = gather(memory, pieces);
      if (bytes.length > 0) descriptor.write(bytes);
      memory.setU32(nwritten, bytes.length);
      return Errno.ESUCCESS;
    },
  };
}

/** The pieces as one new array: the sink may keep it, and a line is seen whole. */
function gather(memory: GuestMemory, pieces: readonly Iovec[]): Uint8Array {
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const all = new Uint8Array(total);
  let at = 0;
  for (const { pointer, length } of pieces) {
    const bytes = memory.bytes(pointer, length);
    if (bytes) all.set(bytes, at);
    at += length;
  }
  return all;
}

/** Fills the pieces in order until one stays short; answers the bytes read. */
function readPieces(
  memory: GuestMemory,
  pieces: readonly Iovec[],
  read: (into: Uint8Array) => number | undefined,
): number {
  let total = 0;
  for (const { pointer, length } of pieces) {
    if (length === 0) continue;
    const into = memory.bytes(pointer, length);
    const count = into && read(into);
    // A source that claims more than it was given room for would make the program read what is not there.
    if (count === undefined || !Number.isInteger(count) || count < 0 || count > length)
      throw new WasiError(
        'WASI_INVALID_READ',
        `Source.read: expected the number of bytes copied, an integer from 0 to ${length}, got ${count}`,
      );
    total += count;
    if (count < length) break;
  }
  return total;
}

/**
 *     fdstat, 24 bytes
 *     0          1    2       4    8               16                     24
 *     | filetype | -- | flags | -- | rights (base) | rights (inheriting) |
 *       u8              u16          u64             u64
 */
function writeFdstat(memory: GuestMemory, pointer: number, descriptor: Descriptor): number {
  if (!memory.zero(pointer, FDSTAT_BYTES)) return Errno.EFAULT;
  memory.setU8(pointer, descriptor.filetype);
  memory.setU16(pointer + 2, descriptor.flags);
  memory.setU64(pointer + 8, descriptor.rightsBase);
  memory.setU64(pointer + 16, descriptor.rightsInheriting);
  return Errno.ESUCCESS;
}

/**
 *     filestat, 64 bytes
 *     0     8     16         17   24      32     40     48     56     64
 *     | dev | ino | filetype | -- | nlink | size | atim | mtim | ctim |
 *       u64   u64   u8              u64     u64    u64    u64    u64    (times in ns)
 */
function writeFilestat(memory: GuestMemory, pointer: number, descriptor: Descriptor): number {
  if (!memory.zero(pointer, FILESTAT_BYTES)) return Errno.EFAULT;
  memory.setU8(pointer + 16, descriptor.filetype);
  memory.setU64(pointer + 24, 1n);
  return Errno.ESUCCESS;
}

/**
 *     prestat, 8 bytes
 *     0     1    4             8
 *     | tag | -- | name length |
 *       u8 0       u32, bytes without NUL
 */
function writePrestat(memory: GuestMemory, pointer: number, name: Uint8Array): number {
  if (!memory.zero(pointer, PRESTAT_BYTES)) return Errno.EFAULT;
  memory.setU32(pointer + 4, name.length);
  return Errno.ESUCCESS;
}
