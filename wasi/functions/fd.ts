import type { Descriptor, DescriptorTable, FileDescriptor } from '../descriptors.ts';
import { type Clock, type FsStat, MAX_FILE_BYTES } from '../embedder.ts';
import { readDirectory } from '../files/readdir.ts';
import type { GuestMemory, Iovec } from '../memory.ts';
import { countOf, DONE, doneOf, Fail, Failure, type Functions, type Result, resultOf } from '../result.ts';
import { hasUnknownRights, knownRights, Right } from '../rights.ts';
import { Fdflags, Whence } from '../spec/constants.ts';
import type { WasiFunctionName } from '../spec/signatures.ts';
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

  const file = (fd: number, rights: number): Result<FileDescriptor> => {
    const usable = withRights(fd, rights);
    return usable?.kind === 'file' ? usable : Fail.EBADF;
  };

  /** Returns the file for a call with an offset. ESPIPE for stdio, which has no offset. */
  const positioned = (fd: number, rights: number): Result<FileDescriptor> =>
    descriptors.get(fd)?.kind === 'stdio' ? Fail.ESPIPE : file(fd, rights);

  /** Returns the pieces of a transfer, unless one of them or `count` is outside the memory. */
  const piecesOf = (iovs: number, iovsLen: number, count: number): Iovec[] | undefined =>
    memory.holds(count, 4) ? memory.iovecs(iovs, iovsLen, MAX_TRANSFER_BYTES) : undefined;

  /** Stores the count of a transfer, unless it failed. */
  const finish = (pointer: number, count: Result<number>): Result<void> => {
    if (count instanceof Failure) return count;
    memory.setU32(pointer, count);
    return DONE;
  };

  const readFile = (
    descriptor: FileDescriptor,
    iovs: number,
    iovsLen: number,
    offset: number,
    nread: number,
  ): Result<number> => {
    const pieces = piecesOf(iovs, iovsLen, nread);
    if (!pieces) return Fail.EFAULT;
    if (offset > MAX_OFFSET) return 0;
    return scatter(memory, pieces, (into, done) => countOf(descriptor.file.read(into, offset + done)));
  };

  const writeFile = (
    { file, flags }: FileDescriptor,
    iovs: number,
    iovsLen: number,
    offset: number | 'end',
    nwritten: number,
  ): Result<number> => {
    const pieces = piecesOf(iovs, iovsLen, nwritten);
    if (!pieces) return Fail.EFAULT;
    const bytes = gather(memory, pieces);
    if (bytes.length === 0) return 0;
    if (offset !== 'end' && offset + bytes.length > MAX_FILE_BYTES) return Fail.EFBIG;
    const count = countOf(file.write(bytes, offset));
    if (count instanceof Failure || count === 0 || !(flags & SYNC_FLAGS)) return count;
    return doneOf(file.sync(!(flags & Fdflags.SYNC))) ?? count;
  };

  return {
    fd_advise(fd, _offset, _len, advice) {
      const descriptor = positioned(fd, Right.FD_ADVISE);
      if (descriptor instanceof Failure) return descriptor;
      return advice > LAST_ADVICE ? Fail.EINVAL : DONE;
    },

    fd_allocate(fd, offset, len) {
      const descriptor = positioned(fd, Right.FD_ALLOCATE);
      if (descriptor instanceof Failure) return descriptor;
      if (len === 0n) return Fail.EINVAL;
      const end = Number(offset + len);
      if (end > MAX_FILE_BYTES) return Fail.EFBIG;
      const { file } = descriptor;
      if (file.allocate) return doneOf(file.allocate(Number(offset), Number(len)));
      const stat = resultOf(file.stat());
      if (stat instanceof Failure) return stat;
      return Number(stat.sizeBytes) >= end ? DONE : doneOf(file.setSize(end));
    },

    fd_close: fd => descriptors.close(fd),

    fd_datasync(fd) {
      const descriptor = withRights(fd, Right.FD_DATASYNC);
      return descriptor ? synchronize(descriptor, true) : Fail.EBADF;
    },

    fd_fdstat_get(fd, stat) {
      const descriptor = descriptors.get(fd);
      return descriptor ? writeFdstat(memory, stat, descriptor) : Fail.EBADF;
    },

    fd_fdstat_set_flags(fd, flags) {
      const descriptor = withRights(fd, Right.FD_FDSTAT_SET_FLAGS);
      if (!descriptor) return Fail.EBADF;
      if (flags & ~KNOWN_FDFLAGS) return Fail.EINVAL;
      descriptor.flags = flags;
      return DONE;
    },

    fd_fdstat_set_rights(fd, rightsBase, rightsInheriting) {
      const descriptor = descriptors.get(fd);
      if (!descriptor) return Fail.EBADF;
      const [base, inheriting] = [knownRights(rightsBase), knownRights(rightsInheriting)];
      if (hasUnknownRights(rightsBase | rightsInheriting)) return Fail.ENOTCAPABLE;
      if (base & ~descriptor.rightsBase || inheriting & ~descriptor.rightsInheriting) return Fail.ENOTCAPABLE;
      descriptor.rightsBase = base;
      descriptor.rightsInheriting = inheriting;
      return DONE;
    },

    fd_filestat_get(fd, filestat) {
      const descriptor = withRights(fd, Right.FD_FILESTAT_GET);
      if (!descriptor) return Fail.EBADF;
      if (!memory.holds(filestat, FILESTAT_BYTES)) return Fail.EFAULT;
      const stat = describe(descriptor);
      if (stat instanceof Failure) return stat;
      return writeFilestat(memory, filestat, stat, descriptor.kind === 'stdio' ? 0 : descriptor.mount);
    },

    fd_filestat_set_size(fd, size) {
      const descriptor = file(fd, Right.FD_FILESTAT_SET_SIZE);
      if (descriptor instanceof Failure) return descriptor;
      return size > MAX_FILE_BYTES ? Fail.EFBIG : doneOf(descriptor.file.setSize(Number(size)));
    },

    fd_filestat_set_times(fd, atim, mtim, fstFlags) {
      const descriptor = withRights(fd, Right.FD_FILESTAT_SET_TIMES);
      if (!descriptor || descriptor.kind === 'stdio') return Fail.EBADF;
      const times = readTimes(clock, atim, mtim, fstFlags);
      if (times instanceof Failure) return times;
      return doneOf((descriptor.kind === 'file' ? descriptor.file : descriptor.directory).setTimes(times));
    },

    fd_pread(fd, iovs, iovsLen, offset, nread) {
      const descriptor = positioned(fd, Right.FD_READ | Right.FD_SEEK);
      if (descriptor instanceof Failure) return descriptor;
      if (offset >= NEGATIVE) return Fail.EINVAL;
      return finish(nread, readFile(descriptor, iovs, iovsLen, Number(offset), nread));
    },

    fd_prestat_get(fd, prestat) {
      const name = preopenName(descriptors, fd);
      return name ? writePrestat(memory, prestat, name) : Fail.EBADF;
    },

    fd_prestat_dir_name(fd, path, pathLen) {
      const name = preopenName(descriptors, fd);
      if (!name) return Fail.EBADF;
      if (pathLen < name.length) return Fail.ENAMETOOLONG;
      return memory.set(path, name) ? DONE : Fail.EFAULT;
    },

    fd_pwrite(fd, iovs, iovsLen, offset, nwritten) {
      const descriptor = positioned(fd, Right.FD_WRITE | Right.FD_SEEK);
      if (descriptor instanceof Failure) return descriptor;
      if (offset >= NEGATIVE) return Fail.EINVAL;
      return finish(nwritten, writeFile(descriptor, iovs, iovsLen, Number(offset), nwritten));
    },

    fd_read(fd, iovs, iovsLen, nread) {
      const descriptor = withRights(fd, Right.FD_READ);
      if (descriptor?.kind === 'stdio') {
        const pieces = piecesOf(iovs, iovsLen, nread);
        if (!pieces) return Fail.EFAULT;
        return finish(
          nread,
          scatter(memory, pieces, into => descriptor.read!(into)),
        );
      }
      if (descriptor?.kind !== 'file') return Fail.EBADF;
      const count = readFile(descriptor, iovs, iovsLen, descriptor.offset, nread);
      if (!(count instanceof Failure)) descriptor.offset += count;
      return finish(nread, count);
    },

    fd_readdir(fd, buf, bufLen, cookie, bufused) {
      const descriptor = withRights(fd, Right.FD_READDIR);
      if (descriptor?.kind !== 'directory') return Fail.EBADF;
      if (!memory.holds(buf, bufLen) || !memory.holds(bufused, 4)) return Fail.EFAULT;
      return finish(bufused, readDirectory(descriptor, memory.bytes(buf, bufLen)!, cookie));
    },

    fd_renumber: (fd, to) => descriptors.renumber(fd, to),

    fd_seek(fd, offset, whence, newoffset) {
      if (!descriptors.get(fd)) return Fail.EBADF;
      if (whence > Whence.END) return Fail.EINVAL;
      if (!memory.holds(newoffset, 8)) return Fail.EFAULT;
      const onlyTells = offset === 0n && whence === Whence.CUR;
      const descriptor = positioned(fd, onlyTells ? tellRight(descriptors.get(fd)) : Right.FD_SEEK);
      if (descriptor instanceof Failure) return descriptor;
      let origin = whence === Whence.CUR ? BigInt(descriptor.offset) : 0n;
      if (whence === Whence.END) {
        const stat = resultOf(descriptor.file.stat());
        if (stat instanceof Failure) return stat;
        origin = stat.sizeBytes;
      }
      const target = origin + BigInt.asIntN(64, offset);
      if (target < 0n || target > Number.MAX_SAFE_INTEGER) return Fail.EINVAL;
      descriptor.offset = Number(target);
      memory.setU64(newoffset, target);
      return DONE;
    },

    fd_sync(fd) {
      const descriptor = withRights(fd, Right.FD_SYNC);
      return descriptor ? synchronize(descriptor, false) : Fail.EBADF;
    },

    fd_tell(fd, offset) {
      if (!descriptors.get(fd)) return Fail.EBADF;
      if (!memory.holds(offset, 8)) return Fail.EFAULT;
      const descriptor = positioned(fd, tellRight(descriptors.get(fd)));
      if (descriptor instanceof Failure) return descriptor;
      memory.setU64(offset, BigInt(descriptor.offset));
      return DONE;
    },

    fd_write(fd, iovs, iovsLen, nwritten) {
      const descriptor = withRights(fd, Right.FD_WRITE);
      if (descriptor?.kind === 'stdio') {
        const pieces = piecesOf(iovs, iovsLen, nwritten);
        if (!pieces) return Fail.EFAULT;
        // A copy, because the sink may keep the bytes.
        const bytes = gather(memory, pieces).slice();
        if (bytes.length > 0) descriptor.write!(bytes);
        return finish(nwritten, bytes.length);
      }
      if (descriptor?.kind !== 'file') return Fail.EBADF;
      const appends = (descriptor.flags & Fdflags.APPEND) !== 0;
      const count = writeFile(descriptor, iovs, iovsLen, appends ? 'end' : descriptor.offset, nwritten);
      if (!(count instanceof Failure) && count > 0)
        descriptor.offset = appends ? endOf(descriptor, count) : descriptor.offset + count;
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

/** Returns the file's end after an append. */
function endOf({ file, offset }: FileDescriptor, count: number): number {
  const stat = resultOf(file.stat());
  return stat instanceof Failure ? offset + count : Number(stat.sizeBytes);
}

function synchronize(descriptor: Descriptor, dataOnly: boolean): Result<void> {
  if (descriptor.kind === 'file') return doneOf(descriptor.file.sync(dataOnly));
  return descriptor.kind === 'directory' ? doneOf(descriptor.directory.sync()) : Fail.EBADF;
}

/** Describes the open file, folder or stdio. For stdio only the type is known. */
function describe(descriptor: Descriptor): Result<FsStat> {
  if (descriptor.kind === 'file') return resultOf(descriptor.file.stat());
  if (descriptor.kind === 'directory') return resultOf(descriptor.directory.stat());
  const { filetype } = descriptor;
  return { filetype, dev: 0n, ino: 0n, nlink: 1n, sizeBytes: 0n, atimNs: 0n, mtimNs: 0n, ctimNs: 0n };
}
