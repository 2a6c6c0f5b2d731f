import type { DescriptorTable, DirectoryDescriptor } from '../descriptors.ts';
import { type Clock, isFolder } from '../embedder.ts';
import { type Follow, MAX_PATH_BYTES, resolvePath, type Target } from '../files/path-resolver.ts';
import type { GuestMemory } from '../memory.ts';
import { DONE, doneOf, Fail, Failure, type Functions, type Result, resultOf } from '../result.ts';
import { DIRECTORY_RIGHTS, FILE_RIGHTS, knownRights, Right } from '../rights.ts';
import { Filetype, Lookupflags, Oflags } from '../spec/constants.ts';
import type { WasiFunctionName } from '../spec/signatures.ts';
import { FILESTAT_BYTES, writeFilestat } from '../structs.ts';
import { KNOWN_FDFLAGS } from './fd.ts';
import { readTimes } from './times.ts';

const KNOWN_OFLAGS = Oflags.CREAT | Oflags.DIRECTORY | Oflags.EXCL | Oflags.TRUNC;

/** Up to this many bytes of ASCII, a loop is faster than a call of the engine's decoder. */
const SHORT_BYTES = 64;

const CUTTING = Right.FD_WRITE | Right.FD_FILESTAT_SET_SIZE;

type PathFunction = Extract<WasiFunctionName, `path_${string}`>;

/** The functions on paths below an open folder. If the folder's descriptor lacks the needed right, they return ENOTCAPABLE. */
export function pathFunctions(
  memory: GuestMemory,
  descriptors: DescriptorTable,
  clock: Clock,
): Functions<PathFunction> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  /** Returns the path or link target at `pointer`. */
  const readText = (pointer: number, length: number): Result<string> => {
    const bytes = memory.bytes(pointer, length);
    if (!bytes) return Fail.EFAULT;
    if (length > MAX_PATH_BYTES) return Fail.ENAMETOOLONG;
    let text = '';
    for (let at = 0; at < length && length <= SHORT_BYTES; at++) {
      const byte = bytes[at]!;
      if (byte === 0 || byte >= 0x80) break;
      text += String.fromCharCode(byte);
    }
    if (text.length === length) return text;
    try {
      // A copy, because the memory may be shared, and decoders refuse shared memory.
      text = decoder.decode(bytes.slice());
    } catch {
      return Fail.EILSEQ;
    }
    return text.includes('\0') ? Fail.EINVAL : text;
  };

  const folderOf = (fd: number, rights: number): Result<DirectoryDescriptor> => {
    const descriptor = descriptors.get(fd);
    if (!descriptor) return Fail.EBADF;
    if (descriptor.kind !== 'directory') return Fail.ENOTDIR;
    return (descriptor.rightsBase & rights) === rights ? descriptor : Fail.ENOTCAPABLE;
  };

  const findBelow = (
    folder: DirectoryDescriptor,
    path: number,
    pathLen: number,
    follow: Follow,
  ): Result<Target> => {
    const text = readText(path, pathLen);
    return text instanceof Failure ? text : resolvePath(folder.directory, text, follow);
  };

  /** Resolves a path argument below the folder `fd`. */
  const find = (
    fd: number,
    rights: number,
    path: number,
    pathLen: number,
    follow: Follow,
  ): Result<Target> => {
    const folder = folderOf(fd, rights);
    return folder instanceof Failure ? folder : findBelow(folder, path, pathLen, follow);
  };

  return {
    path_create_directory(fd, path, pathLen) {
      const target = find(fd, Right.PATH_CREATE_DIRECTORY, path, pathLen, 'never');
      if (target instanceof Failure) return target;
      if (target.name === undefined || target.stat) return Fail.EEXIST;
      return doneOf(target.directory.makeDirectory(target.name));
    },

    path_filestat_get(fd, flags, path, pathLen, filestat) {
      const follow = readFollow(flags);
      if (follow instanceof Failure) return follow;
      const folder = folderOf(fd, Right.PATH_FILESTAT_GET);
      if (folder instanceof Failure) return folder;
      const target = findBelow(folder, path, pathLen, follow);
      if (target instanceof Failure) return target;
      if (!memory.holds(filestat, FILESTAT_BYTES)) return Fail.EFAULT;
      const stat =
        target.name === undefined ? resultOf(target.directory.stat()) : (target.stat ?? Fail.ENOENT);
      return stat instanceof Failure ? stat : writeFilestat(memory, filestat, stat, folder.mount);
    },

    path_filestat_set_times(fd, flags, path, pathLen, atim, mtim, fstFlags) {
      const follow = readFollow(flags);
      if (follow instanceof Failure) return follow;
      const target = find(fd, Right.PATH_FILESTAT_SET_TIMES, path, pathLen, follow);
      if (target instanceof Failure) return target;
      const times = readTimes(clock, atim, mtim, fstFlags);
      if (times instanceof Failure) return times;
      if (target.name === undefined) return doneOf(target.directory.setTimes(times));
      return target.stat ? doneOf(target.directory.setTimesOf(target.name, times)) : Fail.ENOENT;
    },

    path_link(oldFd, oldFlags, oldPath, oldPathLen, newFd, newPath, newPathLen) {
      const follow = readFollow(oldFlags);
      if (follow instanceof Failure) return follow;
      const source = find(oldFd, Right.PATH_LINK_SOURCE, oldPath, oldPathLen, follow);
      if (source instanceof Failure) return source;
      const target = find(newFd, Right.PATH_LINK_TARGET, newPath, newPathLen, 'never');
      if (target instanceof Failure) return target;
      if (source.name !== undefined && !source.stat) return Fail.ENOENT;
      if (target.name === undefined || target.stat) return Fail.EEXIST;
      if (source.name === undefined || (source.stat && isFolder(source.stat))) return Fail.EPERM;
      if (target.slash) return Fail.ENOENT;
      return doneOf(source.directory.link(source.name, target.directory, target.name));
    },

    path_open(fd, dirflags, path, pathLen, oflags, rightsBase, _rightsInheriting, fdflags, openedFd) {
      const has = (flag: number) => (oflags & flag) !== 0;
      const follow = readFollow(dirflags);
      if (follow instanceof Failure) return follow;
      if (oflags & ~KNOWN_OFLAGS || fdflags & ~KNOWN_FDFLAGS) return Fail.EINVAL;
      if (has(Oflags.CREAT) && has(Oflags.DIRECTORY)) return Fail.EINVAL;
      const needed = Right.PATH_OPEN | (has(Oflags.CREAT) ? Right.PATH_CREATE_FILE : 0);
      const folder = folderOf(fd, needed);
      if (folder instanceof Failure) return folder;
      const isNew = has(Oflags.CREAT) && has(Oflags.EXCL);
      const target = findBelow(folder, path, pathLen, isNew ? 'never' : follow);
      if (target instanceof Failure) return target;
      if (!memory.holds(openedFd, 4)) return Fail.EFAULT;
      if (descriptors.isFull) return Fail.EMFILE;

      const asked = knownRights(rightsBase) & folder.rightsInheriting;
      // A program that could truncate the file through the new descriptor may do so while opening it. Go relies on this.
      const mayCut = folder.rightsBase & Right.PATH_FILESTAT_SET_SIZE || (asked & CUTTING) === CUTTING;
      if (has(Oflags.TRUNC) && !mayCut) return Fail.ENOTCAPABLE;
      const finish = (opened: number) => {
        memory.setU32(openedFd, opened);
        return DONE;
      };

      if (target.name === undefined || (target.stat && isFolder(target.stat))) {
        if (isNew) return Fail.EEXIST;
        if (has(Oflags.CREAT) || has(Oflags.TRUNC) || knownRights(rightsBase) & Right.FD_WRITE)
          return Fail.EISDIR;
        const directory =
          target.name === undefined
            ? target.directory
            : resultOf(target.directory.openDirectory(target.name, target.stat));
        if (directory instanceof Failure) return directory;
        return finish(
          descriptors.add({
            kind: 'directory',
            directory,
            mount: folder.mount,
            flags: fdflags,
            rightsBase: asked & DIRECTORY_RIGHTS,
            // The parameter for inherited rights is ignored: programs pass the folder's own rights there, and then expect
            // to write to files in the folder.
            rightsInheriting: folder.rightsInheriting,
          }),
        );
      }

      if (isNew && target.stat) return Fail.EEXIST;
      if (target.stat?.filetype === Filetype.SYMBOLIC_LINK) return Fail.ELOOP;
      if (target.stat && has(Oflags.DIRECTORY)) return Fail.ENOTDIR;
      if (!target.stat && !has(Oflags.CREAT)) return Fail.ENOENT;
      if (target.slash) return Fail.EISDIR;
      const opening = {
        read: (asked & Right.FD_READ) !== 0,
        write: (asked & Right.FD_WRITE) !== 0,
        create: has(Oflags.CREAT),
        exclusive: has(Oflags.EXCL),
        truncate: has(Oflags.TRUNC),
      };
      const file = resultOf(target.directory.openFile(target.name, opening, target.stat));
      if (file instanceof Failure) return file;
      return finish(
        descriptors.add({
          kind: 'file',
          file,
          filetype: target.stat?.filetype ?? Filetype.REGULAR_FILE,
          offset: 0,
          mount: folder.mount,
          flags: fdflags,
          rightsBase: asked & FILE_RIGHTS,
          rightsInheriting: 0,
        }),
      );
    },

    path_readlink(fd, path, pathLen, buf, bufLen, bufused) {
      const target = find(fd, Right.PATH_READLINK, path, pathLen, 'before slash');
      if (target instanceof Failure) return target;
      if (!memory.holds(buf, bufLen) || !memory.holds(bufused, 4)) return Fail.EFAULT;
      if (target.name === undefined) return Fail.EINVAL;
      if (!target.stat) return Fail.ENOENT;
      const text = resultOf(target.directory.readLink(target.name));
      if (text instanceof Failure) return text;
      const part = new TextEncoder().encode(text).subarray(0, bufLen);
      memory.set(buf, part);
      memory.setU32(bufused, part.length);
      return DONE;
    },

    path_remove_directory(fd, path, pathLen) {
      const target = find(fd, Right.PATH_REMOVE_DIRECTORY, path, pathLen, 'never');
      if (target instanceof Failure) return target;
      if (target.name === undefined) return Fail.EINVAL;
      return target.stat ? doneOf(target.directory.removeDirectory(target.name)) : Fail.ENOENT;
    },

    path_rename(fd, oldPath, oldPathLen, newFd, newPath, newPathLen) {
      const source = find(fd, Right.PATH_RENAME_SOURCE, oldPath, oldPathLen, 'never');
      if (source instanceof Failure) return source;
      const target = find(newFd, Right.PATH_RENAME_TARGET, newPath, newPathLen, 'never');
      if (target instanceof Failure) return target;
      if (source.name === undefined || target.name === undefined) return Fail.EBUSY;
      if (!source.stat) return Fail.ENOENT;
      if (target.slash && !isFolder(source.stat)) return Fail.ENOTDIR;
      return doneOf(source.directory.rename(source.name, target.directory, target.name));
    },

    path_symlink(oldPath, oldPathLen, fd, newPath, newPathLen) {
      const target = find(fd, Right.PATH_SYMLINK, newPath, newPathLen, 'never');
      if (target instanceof Failure) return target;
      const text = readText(oldPath, oldPathLen);
      if (text instanceof Failure) return text;
      if (text === '') return Fail.ENOENT;
      // Programs could never follow this link, but a user of the host who opens the folder could be misled by it.
      if (text.startsWith('/')) return Fail.EPERM;
      if (target.name === undefined || target.stat) return Fail.EEXIST;
      if (target.slash) return Fail.ENOENT;
      return doneOf(target.directory.symlink(target.name, text));
    },

    path_unlink_file(fd, path, pathLen) {
      const target = find(fd, Right.PATH_UNLINK_FILE, path, pathLen, 'never');
      if (target instanceof Failure) return target;
      if (target.name === undefined) return Fail.EISDIR;
      return target.stat ? doneOf(target.directory.unlink(target.name)) : Fail.ENOENT;
    },
  };
}

const readFollow = (flags: number): Result<Follow> => {
  if (flags & ~Lookupflags.SYMLINK_FOLLOW) return Fail.EINVAL;
  return flags ? 'always' : 'before slash';
};
