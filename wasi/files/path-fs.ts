import { type DeviceName, readDevice } from '../devices.ts';
import {
  type Fs,
  type FsDirectory,
  type FsFile,
  type FsOpening,
  type FsStat,
  type FsTimes,
  isFolder,
  MAX_FILE_BYTES,
} from '../embedder.ts';
import { Errno, Filetype } from '../spec/constants.ts';
import type { BothTimes, PathFile, PathHost } from './path-host.ts';
import { PathVolume } from './path-volume.ts';

/**
 * A folder, by its path and by its device and inode. The two numbers are compared before each use, because the path can come to
 * name another folder, for example when a symbolic link replaces a moved folder. Only another process can change the path
 * between this check and the use.
 */
class PathDirectory implements FsDirectory {
  readonly #volume: PathVolume;
  readonly #dev: bigint;
  readonly #ino: bigint;
  #path: string;
  /** Number of the volume's renames that `#path` already includes. */
  #moves: number;
  /** Number of the volume's removed folders when this folder was opened. */
  readonly #removals: number;
  /**
   * The result of a check that was just made; used once in place of the first check. Set for folders that a path passes
   * through.
   */
  #justSeen: FsStat | null = null;

  constructor(volume: PathVolume, path: string, { dev, ino }: FsStat) {
    this.#volume = volume;
    this.#dev = dev;
    this.#ino = ino;
    this.#path = path;
    this.#moves = volume.moves;
    this.#removals = volume.removals;
  }

  /** Checks that this folder still exists, at its present path, and describes it. ENOENT if it was removed. */
  #self(): FsStat | number {
    const seen = this.#justSeen;
    if (seen) {
      this.#justSeen = null;
      return seen;
    }
    const stat = this.#look();
    if (typeof stat !== 'number' || this.#moves === this.#volume.moves) return stat;
    this.#path = this.#volume.follow(this.#path, this.#moves);
    this.#moves = this.#volume.moves;
    return this.#look();
  }

  #look(): FsStat | number {
    const stat = this.#volume.host.look(this.#path);
    if (typeof stat === 'number') return stat === Errno.ENOTDIR ? Errno.ENOENT : stat;
    const isSame = isFolder(stat) && stat.ino === this.#ino && stat.dev === this.#dev;
    return isSame && !this.#volume.isRemoved(stat, this.#removals) ? stat : Errno.ENOENT;
  }

  #join(name: string): string {
    // The path of a disk's root ends in a slash already.
    return this.#path.endsWith('/') ? this.#path + name : `${this.#path}/${name}`;
  }

  #isName(name: string): boolean {
    return name !== '' && name !== '.' && name !== '..' && this.#volume.host.isName(name);
  }

  /** Returns the path of an entry, after a check that this is still the same folder. */
  #at(name: string): string | number {
    if (!this.#isName(name)) return Errno.EINVAL;
    const stat = this.#self();
    return typeof stat === 'number' ? stat : this.#join(name);
  }

  #statOf(name: string): FsStat | number {
    const path = this.#at(name);
    return typeof path === 'number' ? path : this.#volume.host.look(path);
  }

  /** Calls `call` with the path of an entry, after the same check. */
  #do(name: string, call: (path: string) => number): number {
    const path = this.#at(name);
    return typeof path === 'number' ? path : call(path);
  }

  /** Calls `call` with the path of this folder, after the same check. */
  #here<T>(call: (path: string) => T | number): T | number {
    const stat = this.#self();
    return typeof stat === 'number' ? stat : call(this.#path);
  }

  stat(): FsStat | number {
    return this.#volume.describe(this.#self());
  }

  setTimes(times: FsTimes): number {
    const { host } = this.#volume;
    const set = (both: BothTimes) => host.setTimes(this.#path, both);
    return this.#here(path => this.#volume.setTimes(times, () => host.look(path), set));
  }

  sync(): number {
    return this.#here(path => this.#volume.host.syncDirectory(path));
  }

  list(): readonly string[] | number {
    return this.#here(path => this.#volume.host.list(path));
  }

  lookup(name: string): FsStat | number {
    return this.#volume.describe(this.#statOf(name));
  }

  lookupAll(names: readonly string[]): (FsStat | number)[] {
    const self = this.#self();
    if (typeof self === 'number') return names.map(() => self);
    return names.map(name =>
      this.#isName(name) ? this.#volume.describe(this.#volume.host.look(this.#join(name))) : Errno.EINVAL,
    );
  }

  openDirectory(name: string, found?: FsStat, passing = false): FsDirectory | number {
    const stat = found ?? this.#statOf(name);
    if (typeof stat === 'number') return stat;
    if (!isFolder(stat)) return Errno.ENOTDIR;
    const directory = new PathDirectory(this.#volume, this.#join(name), stat);
    if (passing) directory.#justSeen = stat;
    return directory;
  }

  openFile(name: string, opening: FsOpening, known?: FsStat): FsFile | number {
    // `#at` checks this folder first. Its ENOENT for a removed folder must not be mistaken for a missing file, which is made.
    const path = known ? this.#join(name) : this.#at(name);
    if (typeof path === 'number') return path;
    const found = known ?? this.#volume.host.look(path);
    const isNew = found === Errno.ENOENT && opening.create;
    if (typeof found === 'number' && !isNew) return found;
    if (typeof found !== 'number') {
      if (opening.create && opening.exclusive) return Errno.EEXIST;
      if (isFolder(found)) return Errno.EISDIR;
      if (found.filetype === Filetype.SYMBOLIC_LINK) return Errno.ELOOP;
      // The host's device is not opened. So another process cannot put another file in its place before the open.
      if (found.device) return new OpenFile(this.#volume, openDevice(found.device, found), opening);
      // To open a pipe would wait for its other end, and to open a device may have side effects.
      if (found.filetype !== Filetype.REGULAR_FILE) return Errno.ENOTSUP;
    }
    // A name that was free is opened as exclusive: if another process has made a file there meanwhile, this is EEXIST.
    const file = this.#volume.host.openFile(path, { ...opening, create: isNew, exclusive: isNew });
    return typeof file === 'number' ? file : new OpenFile(this.#volume, file, opening);
  }

  readLink(name: string): string | number {
    const stat = this.#statOf(name);
    if (typeof stat === 'number') return stat;
    if (stat.filetype !== Filetype.SYMBOLIC_LINK) return Errno.EINVAL;
    return this.#volume.host.readLink(this.#join(name));
  }

  makeDirectory(name: string): number {
    return this.#do(name, path => this.#volume.host.makeDirectory(path));
  }

  removeDirectory(name: string): number {
    const stat = this.#statOf(name);
    if (typeof stat === 'number') return stat;
    const errno = this.#volume.host.removeDirectory(this.#join(name));
    if (errno === Errno.ESUCCESS) this.#volume.removed(stat);
    return errno;
  }

  unlink(name: string): number {
    const stat = this.#statOf(name);
    if (typeof stat === 'number') return stat;
    return isFolder(stat) ? Errno.EISDIR : this.#volume.host.unlink(this.#join(name));
  }

  symlink(name: string, target: string): number {
    return this.#do(name, path => this.#volume.host.symlink(path, target));
  }

  link(name: string, to: FsDirectory, toName: string): number {
    return this.#move(name, to, toName, (from, target, stat) => {
      if (typeof to.lookup(toName) !== 'number') return Errno.EEXIST;
      return isFolder(stat) ? Errno.EPERM : this.#volume.host.link(from, target);
    });
  }

  rename(name: string, to: FsDirectory, toName: string): number {
    return this.#move(name, to, toName, (from, target, stat) => {
      // Checked here, because hosts return different errnos, and Windows allows some of these renames.
      if (isFolder(stat) && target.startsWith(`${from}/`)) return Errno.EINVAL;
      const replaced = to.lookup(toName);
      if (typeof replaced !== 'number' && isFolder(stat) !== isFolder(replaced))
        return isFolder(stat) ? Errno.ENOTDIR : Errno.EISDIR;
      const errno = this.#volume.host.rename(from, target);
      if (errno === Errno.ESUCCESS && isFolder(stat)) {
        this.#volume.moved(from, target);
        // A folder that is renamed onto itself is not removed.
        if (typeof replaced !== 'number' && from !== target) this.#volume.removed(replaced);
      }
      return errno === Errno.EEXIST ? Errno.ENOTEMPTY : errno;
    });
  }

  #move(
    name: string,
    to: FsDirectory,
    toName: string,
    move: (from: string, target: string, stat: FsStat) => number,
  ): number {
    if (!(to instanceof PathDirectory) || to.#volume !== this.#volume) return Errno.EXDEV;
    const stat = this.#statOf(name);
    if (typeof stat === 'number') return stat;
    const target = to.#at(toName);
    if (typeof target === 'number') return target;
    return move(this.#join(name), target, stat);
  }

  setTimesOf(name: string, times: FsTimes): number {
    const { host } = this.#volume;
    return this.#do(name, path => {
      const set = (both: BothTimes) => host.setTimes(path, both);
      return this.#volume.setTimes(times, () => host.look(path), set);
    });
  }
}

/** An open device that stores nothing. `stat` is the host's description of it. */
const openDevice = (device: DeviceName, stat: FsStat): PathFile => ({
  stat: () => stat,
  read: readDevice[device],
  write: bytes => bytes.length,
  setSize: () => Errno.EINVAL,
  setTimes: () => Errno.EPERM,
  sync: () => Errno.ESUCCESS,
  close() {},
});

class OpenFile implements FsFile {
  readonly #volume: PathVolume;
  readonly #file: PathFile;
  readonly #opening: FsOpening;
  #isOpen = true;

  constructor(volume: PathVolume, file: PathFile, opening: FsOpening) {
    this.#volume = volume;
    this.#file = file;
    this.#opening = opening;
  }

  stat(): FsStat | number {
    return this.#volume.describe(this.#file.stat());
  }

  read(into: Uint8Array, offset: number): number {
    return this.#opening.read ? this.#file.read(into, offset) : -Errno.EBADF;
  }

  /** Appends by reading the file's size and writing there. Another process can write between the two steps. */
  write(bytes: Uint8Array, offset: number | 'end'): number {
    if (!this.#opening.write) return -Errno.EBADF;
    if (offset !== 'end') return this.#file.write(bytes, offset);
    const stat = this.#file.stat();
    if (typeof stat === 'number') return -stat;
    const end = Number(stat.sizeBytes);
    return end + bytes.length > MAX_FILE_BYTES ? -Errno.EFBIG : this.#file.write(bytes, end);
  }

  /** Extends the file, possibly by a hole: hosts have no call that reserves room. */
  allocate(offset: number, length: number): number {
    if (!this.#opening.write) return Errno.EINVAL;
    const stat = this.#file.stat();
    if (typeof stat === 'number') return stat;
    const end = offset + length;
    return stat.sizeBytes >= end ? Errno.ESUCCESS : this.#file.setSize(end);
  }

  setSize(sizeBytes: number): number {
    return this.#opening.write ? this.#file.setSize(sizeBytes) : Errno.EINVAL;
  }

  setTimes(times: FsTimes): number {
    const set = (both: BothTimes) => this.#file.setTimes(both);
    return this.#volume.setTimes(times, () => this.#file.stat(), set);
  }

  sync(dataOnly: boolean): number {
    return this.#file.sync(dataOnly);
  }

  close(): void {
    // A host reuses descriptor numbers: a second close of one number could close another file.
    if (this.#isOpen) this.#file.close();
    this.#isOpen = false;
  }
}

/** Makes a file system from a host that finds files by their whole path. Returns an errno if the root is not a folder. */
export function pathFs(host: PathHost): Fs | number {
  const stat = host.look(host.root);
  if (typeof stat === 'number') return stat;
  return isFolder(stat) ? { root: new PathDirectory(new PathVolume(host), host.root, stat) } : Errno.ENOTDIR;
}
