import {
  type BigIntStats,
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import {
  Errno,
  Filetype,
  type Fs,
  type FsDirectory,
  type FsFile,
  type FsOpening,
  type FsStat,
  type FsTimes,
  WasiError,
} from '../../wasi/index.ts';

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;
/** Windows has neither. */
const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as { O_NOFOLLOW?: number; O_NONBLOCK?: number };
const isWindows = process.platform === 'win32';
/** On Windows more than "/" separates, a colon names a stream, and devices have names in every folder. */
const DANGEROUS = isWindows ? /[\\/:\0]|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)|[. ]$/i : /[/\0]/;
const NS_PER_S = 1e9;
/** Files whose times are remembered. Beyond it the longest not set is forgotten, and reads back as the host rounds it. */
const MAX_REMEMBERED = 4096;
/** Renamed folders that are remembered. What was open below one before is not found again once it is forgotten. */
const MAX_MOVES = 1024;

/** The host's error codes that a program may be told; the names are those of preview 1. Any other is EIO. */
const TOLD = [
  ...['EACCES', 'EBADF', 'EBUSY', 'EEXIST', 'EFBIG', 'EINVAL', 'EISDIR', 'ELOOP', 'EMFILE', 'EMLINK'],
  ...[
    'ENAMETOOLONG',
    'ENOENT',
    'ENOSPC',
    'ENOTDIR',
    'ENOTEMPTY',
    'ENOTSUP',
    'EPERM',
    'EROFS',
    'ETXTBSY',
    'EXDEV',
  ],
] as (keyof typeof Errno)[];
const toErrno = new Map<string, number>(TOLD.map(name => [name, Errno[name]]));
toErrno.set('EDQUOT', Errno.ENOSPC).set('ENFILE', Errno.EMFILE).set('EOPNOTSUPP', Errno.ENOTSUP);

/** Runs a call of `node:fs`; what it throws becomes an errno. What the host did not say is a mistake here, and thrown on. */
function attempt<T>(call: () => T): T | number {
  try {
    return call();
  } catch (error) {
    const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
    // What Deno was not granted. It makes links only when granted all files.
    if (name === 'NotCapable') return Errno.EACCES;
    if (typeof code !== 'string') throw error;
    return toErrno.get(code) ?? Errno.EIO;
  }
}

/** As `attempt`, for what answers nothing. */
const act = (call: () => void): number =>
  attempt(() => {
    call();
    return Errno.ESUCCESS;
  });

interface Remembered {
  /** What was asked for, and what the host made of it, which shows that nobody has set another time since. */
  readonly asked: FsTimes;
  readonly kept: FsTimes;
}

/** What is known of the files of a folder of the host. */
class Volume {
  /** By device and inode. `node:fs` takes seconds as a double, so that nanoseconds are lost; Deno keeps milliseconds. */
  readonly #times = new Map<string, Remembered>();

  /** Folders that programs have renamed, each from one path to another; the first ones are forgotten again. */
  readonly #moves: (readonly [from: string, to: string])[] = [];
  #forgotten = 0;

  /** Renames until now. */
  get moves(): number {
    return this.#forgotten + this.#moves.length;
  }

  moved(from: string, to: string): void {
    this.#moves.push([from, to]);
    if (this.#moves.length <= MAX_MOVES) return;
    this.#moves.shift();
    this.#forgotten++;
  }

  /** Where what was at `path` after `since` renames is now. */
  follow(path: string, since: number): string {
    let at = path;
    for (const [from, to] of this.#moves.slice(Math.max(0, since - this.#forgotten)))
      if (at === from || at.startsWith(`${from}/`)) at = to + at.slice(from.length);
    return at;
  }

  describe(stats: BigIntStats): FsStat {
    const { asked, kept } = this.#times.get(keyOf(stats)) ?? {};
    const atimNs = toNs(stats, 'atime');
    const mtimNs = toNs(stats, 'mtime');
    return {
      filetype: filetypeOf(stats),
      dev: BigInt.asUintN(64, stats.dev),
      ino: BigInt.asUintN(64, stats.ino),
      nlink: stats.nlink,
      sizeBytes: stats.size,
      atimNs: atimNs === kept?.atimNs ? asked!.atimNs! : atimNs,
      mtimNs: mtimNs === kept?.mtimNs ? asked!.mtimNs! : mtimNs,
      ctimNs: toNs(stats, 'ctime'),
    };
  }

  /** Sets times by `set` (seconds), which needs both: one that shall stay is set to what it is. */
  setTimes(times: FsTimes, stat: () => BigIntStats, set: (atime: number, mtime: number) => void): number {
    return act(() => {
      const before = this.describe(stat());
      const asked = { atimNs: times.atimNs ?? before.atimNs, mtimNs: times.mtimNs ?? before.mtimNs };
      set(Number(asked.atimNs) / NS_PER_S, Number(asked.mtimNs) / NS_PER_S);
      const after = stat();
      const key = keyOf(after);
      const kept = { atimNs: toNs(after, 'atime'), mtimNs: toNs(after, 'mtime') };
      this.#times.delete(key);
      this.#times.set(key, { asked, kept });
      const [oldest] = this.#times.keys();
      if (this.#times.size > MAX_REMEMBERED && oldest !== undefined) this.#times.delete(oldest);
    });
  }
}

const keyOf = ({ dev, ino }: BigIntStats): string => `${dev}:${ino}`;

function toNs(stats: BigIntStats, time: 'atime' | 'mtime' | 'ctime'): bigint {
  const ns = stats[`${time}Ns`];
  return ns > 0n ? ns : 0n;
}

function filetypeOf(stats: BigIntStats): number {
  if (stats.isFile()) return Filetype.REGULAR_FILE;
  if (stats.isDirectory()) return Filetype.DIRECTORY;
  if (stats.isSymbolicLink()) return Filetype.SYMBOLIC_LINK;
  if (stats.isCharacterDevice()) return Filetype.CHARACTER_DEVICE;
  if (stats.isBlockDevice()) return Filetype.BLOCK_DEVICE;
  return stats.isSocket() ? Filetype.SOCKET_STREAM : Filetype.UNKNOWN;
}

/**
 * A folder by its path, and by device and inode, which are compared before each use: a path can come to mean another
 * folder, also through a symbolic link in the place of one that was moved. Between that look and the use only another
 * process can come.
 */
class NodeDirectory implements FsDirectory {
  readonly #volume: Volume;
  readonly #key: string;
  #path: string;
  /** Renames of the volume that `#path` takes account of. */
  #moves: number;

  constructor(volume: Volume, path: string, stats: BigIntStats) {
    this.#volume = volume;
    this.#key = keyOf(stats);
    this.#path = path;
    this.#moves = volume.moves;
  }

  #stats(): BigIntStats | number {
    const stats = this.#look();
    if (typeof stats !== 'number' || this.#moves === this.#volume.moves) return stats;
    this.#path = this.#volume.follow(this.#path, this.#moves);
    this.#moves = this.#volume.moves;
    return this.#look();
  }

  #look(): BigIntStats | number {
    const stats = attempt(() => lstatSync(this.#path, { bigint: true }));
    if (typeof stats === 'number') return stats === Errno.ENOTDIR ? Errno.ENOENT : stats;
    return stats.isDirectory() && keyOf(stats) === this.#key ? stats : Errno.ENOENT;
  }

  #join(name: string): string {
    // The root of a disk ends in a slash of its own.
    return this.#path.endsWith('/') ? this.#path + name : `${this.#path}/${name}`;
  }

  /** Path of an entry, if this is still the same folder. */
  #at(name: string): string | number {
    if (name === '' || name === '.' || name === '..' || DANGEROUS.test(name)) return Errno.EINVAL;
    const stats = this.#stats();
    return typeof stats === 'number' ? stats : this.#join(name);
  }

  #statsOf(name: string): BigIntStats | number {
    const path = this.#at(name);
    return typeof path === 'number' ? path : attempt(() => lstatSync(path, { bigint: true }));
  }

  /** Does something to an entry. */
  #do(name: string, call: (path: string) => void): number {
    const path = this.#at(name);
    return typeof path === 'number' ? path : act(() => call(path));
  }

  stat(): FsStat | number {
    const stats = this.#stats();
    return typeof stats === 'number' ? stats : this.#volume.describe(stats);
  }

  setTimes(times: FsTimes): number {
    const stats = this.#stats();
    if (typeof stats === 'number') return stats;
    const again = () => lstatSync(this.#path, { bigint: true });
    return this.#volume.setTimes(times, again, (atime, mtime) => utimesSync(this.#path, atime, mtime));
  }

  sync(): number {
    const stats = this.#stats();
    if (typeof stats === 'number') return stats;
    // Windows opens no folders.
    if (isWindows) return Errno.ESUCCESS;
    return act(() => {
      const fd = openSync(this.#path, O_RDONLY | O_NOFOLLOW);
      try {
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    });
  }

  list(): readonly string[] | number {
    const stats = this.#stats();
    return typeof stats === 'number' ? stats : attempt(() => readdirSync(this.#path));
  }

  lookup(name: string): FsStat | number {
    const stats = this.#statsOf(name);
    return typeof stats === 'number' ? stats : this.#volume.describe(stats);
  }

  openDirectory(name: string): FsDirectory | number {
    const stats = this.#statsOf(name);
    if (typeof stats === 'number') return stats;
    if (!stats.isDirectory()) return Errno.ENOTDIR;
    return new NodeDirectory(this.#volume, this.#join(name), stats);
  }

  openFile(name: string, { read, write, create, exclusive, truncate }: FsOpening): FsFile | number {
    // First whether this folder is still itself: ENOENT for that must not be taken for a file to make.
    const path = this.#at(name);
    if (typeof path === 'number') return path;
    const found = attempt(() => lstatSync(path, { bigint: true }));
    if (typeof found === 'number' && !(create && found === Errno.ENOENT)) return found;
    if (typeof found !== 'number') {
      if (create && exclusive) return Errno.EEXIST;
      if (found.isDirectory()) return Errno.EISDIR;
      if (found.isSymbolicLink()) return Errno.ELOOP;
      // Opening a pipe would wait for its other end, and a device does what it does.
      if (!found.isFile()) return Errno.ENOTSUP;
    }
    // To cut a file is to write; and Deno takes O_EXCL seriously only with the access to write.
    const writes = write || truncate || typeof found === 'number';
    const access = writes ? (read ? O_RDWR : O_WRONLY) : O_RDONLY;
    // What was not there is made, or is somebody else's by now.
    const making = typeof found === 'number' ? O_CREAT | O_EXCL : 0;
    const flags = access | making | (truncate ? O_TRUNC : 0) | O_NOFOLLOW | O_NONBLOCK;
    const fd = attempt(() => ({ number: openSync(path, flags, 0o666) }));
    return typeof fd === 'number' ? fd : new NodeFile(this.#volume, fd.number, read, write);
  }

  readLink(name: string): string | number {
    const stats = this.#statsOf(name);
    if (typeof stats === 'number') return stats;
    if (!stats.isSymbolicLink()) return Errno.EINVAL;
    return attempt(() => readlinkSync(this.#join(name)));
  }

  makeDirectory(name: string): number {
    return this.#do(name, path => mkdirSync(path));
  }

  removeDirectory(name: string): number {
    return this.#do(name, path => rmdirSync(path));
  }

  unlink(name: string): number {
    const stats = this.#statsOf(name);
    if (typeof stats === 'number') return stats;
    // Deno would remove an empty one, macOS says EPERM.
    if (stats.isDirectory()) return Errno.EISDIR;
    return act(() => unlinkSync(this.#join(name)));
  }

  symlink(name: string, target: string): number {
    return this.#do(name, path => symlinkSync(target, path));
  }

  link(name: string, to: FsDirectory, toName: string): number {
    return this.#move(name, to, toName, (from, target, stats) => {
      if (typeof to.lookup(toName) !== 'number') return Errno.EEXIST;
      return stats.isDirectory() ? Errno.EPERM : act(() => linkSync(from, target));
    });
  }

  rename(name: string, to: FsDirectory, toName: string): number {
    return this.#move(name, to, toName, (from, target, stats) => {
      // Hosts differ in which errno they choose, and Windows in what it lets happen.
      if (stats.isDirectory() && target.startsWith(`${from}/`)) return Errno.EINVAL;
      const replaced = to.lookup(toName);
      if (typeof replaced !== 'number' && stats.isDirectory() !== (replaced.filetype === Filetype.DIRECTORY))
        return stats.isDirectory() ? Errno.ENOTDIR : Errno.EISDIR;
      const errno = act(() => renameSync(from, target));
      if (errno === Errno.ESUCCESS && stats.isDirectory()) this.#volume.moved(from, target);
      return errno === Errno.EEXIST ? Errno.ENOTEMPTY : errno;
    });
  }

  #move(
    name: string,
    to: FsDirectory,
    toName: string,
    move: (from: string, target: string, stats: BigIntStats) => number,
  ): number {
    if (!(to instanceof NodeDirectory) || to.#volume !== this.#volume) return Errno.EXDEV;
    const stats = this.#statsOf(name);
    if (typeof stats === 'number') return stats;
    const target = to.#at(toName);
    if (typeof target === 'number') return target;
    return move(this.#join(name), target, stats);
  }

  setTimesOf(name: string, times: FsTimes): number {
    const path = this.#at(name);
    if (typeof path === 'number') return path;
    const stats = () => lstatSync(path, { bigint: true });
    return this.#volume.setTimes(times, stats, (atime, mtime) => lutimesSync(path, atime, mtime));
  }
}

class NodeFile implements FsFile {
  readonly #volume: Volume;
  readonly #fd: number;
  readonly #canRead: boolean;
  readonly #canWrite: boolean;
  #isOpen = true;

  constructor(volume: Volume, fd: number, canRead: boolean, canWrite: boolean) {
    this.#volume = volume;
    this.#fd = fd;
    this.#canRead = canRead;
    this.#canWrite = canWrite;
  }

  #stats(): BigIntStats {
    return fstatSync(this.#fd, { bigint: true });
  }

  stat(): FsStat | number {
    return attempt(() => this.#volume.describe(this.#stats()));
  }

  read(into: Uint8Array, offset: number): number {
    if (!this.#canRead) return -Errno.EBADF;
    return count(() => readSync(this.#fd, into, 0, into.length, offset));
  }

  /** To append is to look where the end is and to write there: in one step for this process, not for others. */
  write(bytes: Uint8Array, offset: number | 'end'): number {
    if (!this.#canWrite) return -Errno.EBADF;
    return count(() => {
      const at = offset === 'end' ? Number(this.#stats().size) : offset;
      return writeSync(this.#fd, bytes, 0, bytes.length, at);
    });
  }

  setSize(sizeBytes: number): number {
    return this.#canWrite ? act(() => ftruncateSync(this.#fd, sizeBytes)) : Errno.EINVAL;
  }

  setTimes(times: FsTimes): number {
    const set = (atime: number, mtime: number) => futimesSync(this.#fd, atime, mtime);
    return this.#volume.setTimes(times, () => this.#stats(), set);
  }

  sync(dataOnly: boolean): number {
    return act(() => (dataOnly ? fdatasyncSync : fsyncSync)(this.#fd));
  }

  close(): void {
    // A number is used again by the host: closing it twice would close somebody else's file.
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#fd);
  }
}

/** A count, or a negative errno. */
function count(call: () => number): number {
  const answer = attempt(() => ({ bytes: call() }));
  return typeof answer === 'number' ? -answer : answer.bytes;
}

/**
 * A folder of the host as a file system for `createWasi`, on Node, Deno and Bun. Nothing outside it can be reached
 * through it; docs/RATIONALE.md says what other processes can do meanwhile.
 * @param path absolute, or from the current folder; links in it are followed, now
 * @throws {WasiError} WASI_INVALID_PREOPEN if there is no such folder
 */
export function nodeFolder(path: string): Fs {
  const fail = (cause: unknown) =>
    new WasiError('WASI_INVALID_PREOPEN', `nodeFolder: expected a folder, got ${JSON.stringify(path)}`, {
      cause,
    });
  let stats: BigIntStats;
  let real: string;
  try {
    real = realpathSync(path);
    stats = lstatSync(real, { bigint: true });
  } catch (cause) {
    throw fail(cause);
  }
  if (!stats.isDirectory()) throw fail(undefined);
  return { root: new NodeDirectory(new Volume(), real, stats) };
}
