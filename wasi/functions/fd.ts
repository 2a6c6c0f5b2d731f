import type { Descriptor, DescriptorTable, FileDescriptor, StdioDescriptor } from '../descriptors.ts';
import { type Clock, type FsStat, MAX_FILE_BYTES } from '../embedder.ts';
import { readDirectory } from '../files/readdir.ts';
import type { GuestMemory } from '../memory.ts';
import { hasUnknownRights, knownRights, Right } from '../rights.ts';
import { Errno, Fdflags, Whence } from '../spec/constants.ts';
import type { Functions, WasiFunctionName } from '../spec/signatures.ts';
import { FILESTAT_BYTES, writeFdstat, writeFilestat, writePrestat } from '../structs.ts';
import { readTimes } from './times.ts';
import { gather, MAX_TRANSFER_BYTES, scatter } from './transfer.ts';

const SYNC_FLAGS = Fdflags.DSYNC | Fdflags.RSYNC | Fdflags.SYNC;
export const KNOWN_FDFLAGS = SYNC_FLAGS | Fdflags.APPEND | Fdflags.NONBLOCK;
const LAST_ADVICE = 5;

type FdFunction = Extract<WasiFunctionName, `fd_${string}`>;

/**
 * The functions on open descriptors. Without the needed right they return EBADF: the descriptor is not open for the operation.
 */
export function fdFunctions(
  memory: GuestMemory,
  descriptors: DescriptorTable,
  clock: Clock,
): Functions<FdFunction> {
  /** Returns the descriptor, if it is open and has all `rights`. */
  const withRights = (fd: number, rights: number): Descriptor | undefined => {
    const descriptor = descriptors.get(fd);
    return descriptor && (descriptor.rightsBase & rights) === rights ? descriptor : undefined;
  };

  /** Returns the file for a call with an offset. ESPIPE for stdio, which has no offset. */
  const positioned = (fd: number, rights: number): FileDescriptor | number => {
    const descriptor = descriptors.get(fd);
    if (descriptor?.kind === 'stdio') return Errno.ESPIPE;
    const usable = withRights(fd, rights);
    return usable?.kind === 'file' ? usable : Errno.EBADF;
  };

  const file = (fd: number, rights: number): FileDescriptor | number => {
    const usable = withRights(fd, rights);
    return usable?.kind === 'file' ? usable : Errno.EBADF;
  };

  /** Stores the count of a transfer and returns success, or returns the errno of a transfer that failed. */
  const finish = (pointer: number, count: number): number => {
    if (count < 0) return -count;
    memory.setU32(pointer, count);
    return Errno.ESUCCESS;
  };

  const readFile = (
    descriptor: FileDescriptor,
    iovs: number,
    iovsLen: number,
    offset: number,
    nread: number,
  ) => {
    const pieces = memory.iovecs(iovs, iovsLen, MAX_TRANSFER_BYTES);
    if (!pieces || !memory.holds(nread, 4)) return -Errno.EFAULT;
    if (offset > MAX_OFFSET) return 0;
    return scatter(memory, pieces, (into, done) => descriptor.file.read(into, offset + done));
  };

  const writeFile = (
    { file, flags }: FileDescriptor,
    iovs: number,
    iovsLen: number,
    offset: number | 'end',
    nwritten: number,
  ) => {
    const pieces = memory.iovecs(iovs, iovsLen, MAX_TRANSFER_BYTES);
    if (!pieces || !memory.holds(nwritten, 4)) return -Errno.EFAULT;
    const bytes = gather(memory, pieces);
    if (bytes.length === 0) return 0;
    if (offset !== 'end' && offset + bytes.length > MAX_FILE_BYTES) return -Errno.EFBIG;
    const count = file.write(bytes, offset);
    if (count > 0 && flags & SYNC_FLAGS) {
      const failure = file.sync(!(flags & Fdflags.SYNC));
      if (failure) return -failure;
    }
    return count;
  };

  return {
    fd_advise(fd, _offset, _len, advice) {
      const descriptor = positioned(fd, Right.FD_ADVISE);
      if (typeof descriptor === 'number') return descriptor;
      return advice > LAST_ADVICE ? Errno.EINVAL : Errno.ESUCCESS;
    },

    fd_allocate(fd, offset, len) {
      const descriptor = positioned(fd, Right.FD_ALLOCATE);
      if (typeof descriptor === 'number') return descriptor;
      if (len === 0n) return Errno.EINVAL;
      const end = Number(offset + len);
      if (end > MAX_FILE_BYTES) return Errno.EFBIG;
      const { file } = descriptor;
      if (file.allocate) return file.allocate(Number(offset), Number(len));
      const stat = file.stat();
      if (typeof stat === 'number') return stat;
      return Number(stat.sizeBytes) >= end ? Errno.ESUCCESS : file.setSize(end);
    },

    fd_close: fd => descriptors.close(fd),

    fd_datasync(fd) {
      const descriptor = withRights(fd, Right.FD_DATASYNC);
      return descriptor ? synchronize(descriptor, true) : Errno.EBADF;
    },

    fd_fdstat_get(fd, stat) {
      const descriptor = descriptors.get(fd);
      return descriptor ? writeFdstat(memory, stat, descriptor) : Errno.EBADF;
    },

    fd_fdstat_set_flags(fd, flags) {
      const descriptor = withRights(fd, Right.FD_FDSTAT_SET_FLAGS);
      if (!descriptor) return Errno.EBADF;
      if (flags & ~KNOWN_FDFLAGS) return Errno.EINVAL;
      descriptor.flags = flags;
      return Errno.ESUCCESS;
    },

    fd_fdstat_set_rights(fd, rightsBase, rightsInheriting) {
      const descriptor = descriptors.get(fd);
      if (!descriptor) return Errno.EBADF;
      const [base, inheriting] = [knownRights(rightsBase), knownRights(rightsInheriting)];
      if (hasUnknownRights(rightsBase | rightsInheriting)) return Errno.ENOTCAPABLE;
      if (base & ~descriptor.rightsBase || inheriting & ~descriptor.rightsInheriting)
        return Errno.ENOTCAPABLE;
      descriptor.rightsBase = base;
      descriptor.rightsInheriting = inheriting;
      return Errno.ESUCCESS;
    },

    fd_filestat_get(fd, filestat) {
      const descriptor = withRights(fd, Right.FD_FILESTAT_GET);
      if (!descriptor) return Errno.EBADF;
      if (!memory.holds(filestat, FILESTAT_BYTES)) return Errno.EFAULT;
      const stat = describe(descriptor);
      if (typeof stat === 'number') return stat;
      return writeFilestat(memory, filestat, stat, descriptor.kind === 'stdio' ? 0 : descriptor.mount);
    },

    fd_filestat_set_size(fd, size) {
      const descriptor = file(fd, Right.FD_FILESTAT_SET_SIZE);
      if (typeof descriptor === 'number') return descriptor;
      return size > MAX_FILE_BYTES ? Errno.EFBIG : descriptor.file.setSize(Number(size));
    },

    fd_filestat_set_times(fd, atim, mtim, fstFlags) {
      const descriptor = withRights(fd, Right.FD_FILESTAT_SET_TIMES);
      if (!descriptor || descriptor.kind === 'stdio') return Errno.EBADF;
      const times = readTimes(clock, atim, mtim, fstFlags);
      if (typeof times === 'number') return times;
      return (descriptor.kind === 'file' ? descriptor.file : descriptor.directory).setTimes(times);
    },

    fd_pread(fd, iovs, iovsLen, offset, nread) {
      const descriptor = positioned(fd, Right.FD_READ | Right.FD_SEEK);
      if (typeof descriptor === 'number') return descriptor;
      if (offset >= NEGATIVE) return Errno.EINVAL;
      return finish(nread, readFile(descriptor, iovs, iovsLen, Number(offset), nread));
    },

    fd_prestat_get(fd, prestat) {
      const name = preopenName(descriptors, fd);
      return name ? writePrestat(memory, prestat, name) : Errno.EBADF;
    },

    fd_prestat_dir_name(fd, path, pathLen) {
      const name = preopenName(descriptors, fd);
      if (!name) return Errno.EBADF;
      if (pathLen < name.length) return Errno.ENAMETOOLONG;
      return memory.set(path, name) ? Errno.ESUCCESS : Errno.EFAULT;
    },

    fd_pwrite(fd, iovs, iovsLen, offset, nwritten) {
      const descriptor = positioned(fd, Right.FD_WRITE | Right.FD_SEEK);
      if (typeof descriptor === 'number') return descriptor;
      if (offset >= NEGATIVE) return Errno.EINVAL;
      return finish(nwritten, writeFile(descriptor, iovs, iovsLen, Number(offset), nwritten));
    },

    fd_read(fd, iovs, iovsLen, nread) {
      const descriptor = withRights(fd, Right.FD_READ);
      if (descriptor?.kind === 'stdio') {
        const pieces = memory.iovecs(iovs, iovsLen, MAX_TRANSFER_BYTES);
        if (!pieces || !memory.holds(nread, 4)) return Errno.EFAULT;
        return finish(
          nread,
          scatter(memory, pieces, into => readSource(descriptor, into)),
        );
      }
      if (descriptor?.kind !== 'file') return Errno.EBADF;
      const count = readFile(descriptor, iovs, iovsLen, descriptor.offset, nread);
      if (count > 0) descriptor.offset += count;
      return finish(nread, count);
    },

    fd_readdir(fd, buf, bufLen, cookie, bufused) {
      const descriptor = withRights(fd, Right.FD_READDIR);
      if (descriptor?.kind !== 'directory') return Errno.EBADF;
      if (!memory.holds(buf, bufLen) || !memory.holds(bufused, 4)) return Errno.EFAULT;
      return finish(bufused, readDirectory(descriptor, memory.bytes(buf, bufLen)!, cookie));
    },

    fd_renumber: (fd, to) => descriptors.renumber(fd, to),

    fd_seek(fd, offset, whence, newoffset) {
      if (!descriptors.get(fd)) return Errno.EBADF;
      if (whence > Whence.END) return Errno.EINVAL;
      if (!memory.holds(newoffset, 8)) return Errno.EFAULT;
      const onlyTells = offset === 0n && whence === Whence.CUR;
      const descriptor = positioned(fd, onlyTells ? tellRight(descriptors.get(fd)) : Right.FD_SEEK);
      if (typeof descriptor === 'number') return descriptor;
      let origin = whence === Whence.CUR ? BigInt(descriptor.offset) : 0n;
      if (whence === Whence.END) {
        const stat = descriptor.file.stat();
        if (typeof stat === 'number') return stat;
        origin = stat.sizeBytes;
      }
      const target = origin + BigInt.asIntN(64, offset);
      if (target < 0n || target > Number.MAX_SAFE_INTEGER) return Errno.EINVAL;
      descriptor.offset = Number(target);
      memory.setU64(newoffset, target);
      return Errno.ESUCCESS;
    },

    fd_sync(fd) {
      const descriptor = withRights(fd, Right.FD_SYNC);
      return descriptor ? synchronize(descriptor, false) : Errno.EBADF;
    },

    fd_tell(fd, offset) {
      if (!descriptors.get(fd)) return Errno.EBADF;
      if (!memory.holds(offset, 8)) return Errno.EFAULT;
      const descriptor = positioned(fd, tellRight(descriptors.get(fd)));
      if (typeof descriptor === 'number') return descriptor;
      memory.setU64(offset, BigInt(descriptor.offset));
      return Errno.ESUCCESS;
    },

    fd_write(fd, iovs, iovsLen, nwritten) {
      const descriptor = withRights(fd, Right.FD_WRITE);
      if (descriptor?.kind === 'stdio') {
        const pieces = memory.iovecs(iovs, iovsLen, MAX_TRANSFER_BYTES);
        if (!pieces || !memory.holds(nwritten, 4)) return Errno.EFAULT;
        // A copy, because the sink may keep the bytes.
        const bytes = gather(memory, pieces).slice();
        if (bytes.length > 0) descriptor.write?.(bytes);
        return finish(nwritten, bytes.length);
      }
      if (descriptor?.kind !== 'file') return Errno.EBADF;
      const appends = (descriptor.flags & Fdflags.APPEND) !== 0;
      const count = writeFile(descriptor, iovs, iovsLen, appends ? 'end' : descriptor.offset, nwritten);
      if (count > 0) descriptor.offset = appends ? endOf(descriptor, count) : descriptor.offset + count;
      return finish(nwritten, count);
    },
  };
}

const preopenName = (descriptors: DescriptorTable, fd: number): Uint8Array | undefined => {
  const descriptor = descriptors.get(fd);
  return descriptor?.kind === 'directory' ? descriptor.preopenName : undefined;
};

/** From here on, POSIX reads the offset as negative, because its offsets are signed. */
const NEGATIVE = 2n ** 63n;

/** A read beyond it returns 0 bytes without a call of the file, whose offsets must be safe integers. */
const MAX_OFFSET = Number.MAX_SAFE_INTEGER - MAX_TRANSFER_BYTES;

/** The right to seek includes the right to tell. */
const tellRight = (descriptor: Descriptor | undefined): number =>
  descriptor && descriptor.rightsBase & Right.FD_SEEK ? Right.FD_SEEK : Right.FD_TELL;

function readSource(descriptor: StdioDescriptor, into: Uint8Array): number {
  const count = descriptor.read?.(into) ?? Number.NaN;
  // Unlike a file, a source may not return a negative errno: NaN makes `scatter` throw.
  return count < 0 ? Number.NaN : count;
}

/** Returns the file's end after an append. */
function endOf({ file, offset }: FileDescriptor, count: number): number {
  const stat = file.stat();
  return typeof stat === 'number' ? offset + count : Number(stat.sizeBytes);
}

function synchronize(descriptor: Descriptor, dataOnly: boolean): number {
  if (descriptor.kind === 'file') return descriptor.file.sync(dataOnly);
  return descriptor.kind === 'directory' ? descriptor.directory.sync() : Errno.EBADF;
}

/** Describes the open file, folder or stdio. For stdio only the type is known. */
function describe(descriptor: Descriptor): FsStat | number {
  if (descriptor.kind === 'file') return descriptor.file.stat();
  if (descriptor.kind === 'directory') return descriptor.directory.stat();
  const { filetype } = descriptor;
  return { filetype, dev: 0n, ino: 0n, nlink: 1n, sizeBytes: 0n, atimNs: 0n, mtimNs: 0n, ctimNs: 0n };
}
