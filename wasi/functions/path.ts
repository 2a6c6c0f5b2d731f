import type { DescriptorTable, DirectoryDescriptor } from '../descriptors.ts';
import type { Clock } from '../embedder.ts';
import {
  type EntryTarget,
  type FolderTarget,
  type Follow,
  MAX_PATH_BYTES,
  resolvePath,
} from '../files/path-resolver.ts';
import type { GuestMemory } from '../memory.ts';
import { DIRECTORY_RIGHTS, FILE_RIGHTS, knownRights, Right } from '../rights.ts';
import { Errno, Filetype, Lookupflags, Oflags } from '../spec/constants.ts';
import type { Functions, WasiFunctionName } from '../spec/signatures.ts';
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
  const readText = (pointer: number, length: number): string | number => {
    const bytes = memory.bytes(pointer, length);
    if (!bytes) return Errno.EFAULT;
    if (length > MAX_PATH_BYTES) return Errno.ENAMETOOLONG;
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
      return Errno.EILSEQ;
    }
    return text.includes('\0') ? Errno.EINVAL : text;
  };

  const openFolder = (fd: number, rights: number): DirectoryDescriptor | number => {
    const descriptor = descriptors.get(fd);
    if (!descriptor) return Errno.EBADF;
    if (descriptor.kind !== 'directory') return Errno.ENOTDIR;
    return (descriptor.rightsBase & rights) === rights ? descriptor : Errno.ENOTCAPABLE;
  };

  const findBelow = (
    folder: DirectoryDescriptor,
    path: number,
    pathLen: number,
    follow: Follow,
  ): EntryTarget | FolderTarget | number => {
    const text = readText(path, pathLen);
    return typeof text === 'number' ? text : resolvePath(folder.directory, text, follow);
  };

  /** Resolves a path argument below the folder `fd`. */
  const find = (
    fd: number,
    rights: number,
    path: number,
    pathLen: number,
    follow: Follow,
  ): EntryTarget | FolderTarget | number => {
    const folder = openFolder(fd, rights);
    return typeof folder === 'number' ? folder : findBelow(folder, path, pathLen, follow);
  };

  return {
    path_create_directory(fd, path, pathLen) {
      const target = find(fd, Right.PATH_CREATE_DIRECTORY, path, pathLen, 'never');
      if (typeof target === 'number') return target;
      if (target.name === undefined || target.stat) return Errno.EEXIST;
      return target.directory.makeDirectory(target.name);
    },

    path_filestat_get(fd, flags, path, pathLen, filestat) {
      const follow = readFollow(flags);
      if (typeof follow === 'number') return follow;
      const folder = openFolder(fd, Right.PATH_FILESTAT_GET);
      if (typeof folder === 'number') return folder;
      const target = findBelow(folder, path, pathLen, follow);
      if (typeof target === 'number') return target;
      if (!memory.holds(filestat, FILESTAT_BYTES)) return Errno.EFAULT;
      const stat = target.name === undefined ? target.directory.stat() : (target.stat ?? Errno.ENOENT);
      return typeof stat === 'number' ? stat : writeFilestat(memory, filestat, stat, folder.mount);
    },

    path_filestat_set_times(fd, flags, path, pathLen, atim, mtim, fstFlags) {
      const follow = readFollow(flags);
      if (typeof follow === 'number') return follow;
      const target = find(fd, Right.PATH_FILESTAT_SET_TIMES, path, pathLen, follow);
      if (typeof target === 'number') return target;
      const times = readTimes(clock, atim, mtim, fstFlags);
      if (typeof times === 'number') return times;
      if (target.name === undefined) return target.directory.setTimes(times);
      return target.stat ? target.directory.setTimesOf(target.name, times) : Errno.ENOENT;
    },

    path_link(oldFd, oldFlags, oldPath, oldPathLen, newFd, newPath, newPathLen) {
      const follow = readFollow(oldFlags);
      if (typeof follow === 'number') return follow;
      const source = find(oldFd, Right.PATH_LINK_SOURCE, oldPath, oldPathLen, follow);
      if (typeof source === 'number') return source;
      const target = find(newFd, Right.PATH_LINK_TARGET, newPath, newPathLen, 'never');
      if (typeof target === 'number') return target;
      if (source.name !== undefined && !source.stat) return Errno.ENOENT;
      if (target.name === undefined || target.stat) return Errno.EEXIST;
      if (source.name === undefined || source.stat?.filetype === Filetype.DIRECTORY) return Errno.EPERM;
      if (target.slash) return Errno.ENOENT;
      return source.directory.link(source.name, target.directory, target.name);
    },

    path_open(fd, dirflags, path, pathLen, oflags, rightsBase, _rightsInheriting, fdflags, openedFd) {
      const has = (flag: number) => (oflags & flag) !== 0;
      const follow = readFollow(dirflags);
      if (typeof follow === 'number') return follow;
      if (oflags & ~KNOWN_OFLAGS || fdflags & ~KNOWN_FDFLAGS) return Errno.EINVAL;
      if (has(Oflags.CREAT) && has(Oflags.DIRECTORY)) return Errno.EINVAL;
      const needed = Right.PATH_OPEN | (has(Oflags.CREAT) ? Right.PATH_CREATE_FILE : 0);
      const folder = openFolder(fd, needed);
      if (typeof folder === 'number') return folder;
      const isNew = has(Oflags.CREAT) && has(Oflags.EXCL);
      const target = findBelow(folder, path, pathLen, isNew ? 'never' : follow);
      if (typeof target === 'number') return target;
      if (!memory.holds(openedFd, 4)) return Errno.EFAULT;
      if (descriptors.isFull) return Errno.EMFILE;

      const asked = knownRights(rightsBase) & folder.rightsInheriting;
      // A program that could truncate the file through the new descriptor may do so while opening it. Go relies on this.
      const mayCut = folder.rightsBase & Right.PATH_FILESTAT_SET_SIZE || (asked & CUTTING) === CUTTING;
      if (has(Oflags.TRUNC) && !mayCut) return Errno.ENOTCAPABLE;
      const finish = (opened: number) => {
        memory.setU32(openedFd, opened);
        return Errno.ESUCCESS;
      };

      if (target.name === undefined || target.stat?.filetype === Filetype.DIRECTORY) {
        if (isNew) return Errno.EEXIST;
        if (has(Oflags.CREAT) || has(Oflags.TRUNC) || knownRights(rightsBase) & Right.FD_WRITE)
          return Errno.EISDIR;
        const directory =
          target.name === undefined
            ? target.directory
            : target.directory.openDirectory(target.name, target.stat);
        if (typeof directory === 'number') return directory;
        return finish(
          descriptors.add({
            kind: 'directory',
            directory,
            mount: folder.mount,
            flags: fdflags,
            rightsBase: asked & DIRECTORY_RIGHTS,
            // The parameter for inherited rights is ignored: programs pass the folder's own rights there, and then expect to
            // write
            // to files in the folder.
            rightsInheriting: folder.rightsInheriting,
          }),
        );
      }

      if (isNew && target.stat) return Errno.EEXIST;
      if (target.stat?.filetype === Filetype.SYMBOLIC_LINK) return Errno.ELOOP;
      if (target.stat && has(Oflags.DIRECTORY)) return Errno.ENOTDIR;
      if (!target.stat && !has(Oflags.CREAT)) return Errno.ENOENT;
      if (target.slash) return Errno.EISDIR;
      const opening = {
        read: (asked & Right.FD_READ) !== 0,
        write: (asked & Right.FD_WRITE) !== 0,
        create: has(Oflags.CREAT),
        exclusive: has(Oflags.EXCL),
        truncate: has(Oflags.TRUNC),
      };
      const file = target.directory.openFile(target.name, opening, target.stat);
      if (typeof file === 'number') return file;
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
      if (typeof target === 'number') return target;
      if (!memory.holds(buf, bufLen) || !memory.holds(bufused, 4)) return Errno.EFAULT;
      if (target.name === undefined) return Errno.EINVAL;
      if (!target.stat) return Errno.ENOENT;
      const text = target.directory.readLink(target.name);
      if (typeof text === 'number') return text;
      const part = new TextEncoder().encode(text).subarray(0, bufLen);
      memory.set(buf, part);
      memory.setU32(bufused, part.length);
      return Errno.ESUCCESS;
    },

    path_remove_directory(fd, path, pathLen) {
      const target = find(fd, Right.PATH_REMOVE_DIRECTORY, path, pathLen, 'never');
      if (typeof target === 'number') return target;
      if (target.name === undefined) return Errno.EINVAL;
      return target.stat ? target.directory.removeDirectory(target.name) : Errno.ENOENT;
    },

    path_rename(fd, oldPath, oldPathLen, newFd, newPath, newPathLen) {
      const source = find(fd, Right.PATH_RENAME_SOURCE, oldPath, oldPathLen, 'never');
      if (typeof source === 'number') return source;
      const target = find(newFd, Right.PATH_RENAME_TARGET, newPath, newPathLen, 'never');
      if (typeof target === 'number') return target;
      if (source.name === undefined || target.name === undefined) return Errno.EBUSY;
      if (!source.stat) return Errno.ENOENT;
      if (target.slash && source.stat.filetype !== Filetype.DIRECTORY) return Errno.ENOTDIR;
      return source.directory.rename(source.name, target.directory, target.name);
    },

    path_symlink(oldPath, oldPathLen, fd, newPath, newPathLen) {
      const target = find(fd, Right.PATH_SYMLINK, newPath, newPathLen, 'never');
      if (typeof target === 'number') return target;
      const text = readText(oldPath, oldPathLen);
      if (typeof text === 'number') return text;
      if (text === '') return Errno.ENOENT;
      // Programs could never follow this link, but a user of the host who opens the folder could be misled by it.
      if (text.startsWith('/')) return Errno.EPERM;
      if (target.name === undefined || target.stat) return Errno.EEXIST;
      if (target.slash) return Errno.ENOENT;
      return target.directory.symlink(target.name, text);
    },

    path_unlink_file(fd, path, pathLen) {
      const target = find(fd, Right.PATH_UNLINK_FILE, path, pathLen, 'never');
      if (typeof target === 'number') return target;
      if (target.name === undefined) return Errno.EISDIR;
      return target.stat ? target.directory.unlink(target.name) : Errno.ENOENT;
    },
  };
}

const readFollow = (flags: number): Follow | number => {
  if (flags & ~Lookupflags.SYMLINK_FOLLOW) return Errno.EINVAL;
  return flags ? 'always' : 'before slash';
};
