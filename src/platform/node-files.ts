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
  writeSync,
} from 'node:fs';
import { constants as osConstants } from 'node:os';
import { refuseOption } from '../../wasi/errors.ts';
import {
  type DeviceName,
  Errno,
  Filetype,
  type Fs,
  type FsOpening,
  type FsStat,
  WasiError,
} from '../../wasi/index.ts';
import { refuseExtra } from '../../wasi/options.ts';
import { pathFs } from '../../wasi/path-fs.ts';
import type { BothTimes, PathFile, PathHost } from '../../wasi/path-host.ts';

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;
/** Windows has none of these. */
const { O_DIRECTORY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0 }: Partial<typeof constants> = constants;
const isWindows = process.platform === 'win32';
/** On Windows more than "/" separates, a colon names a stream, and devices have names in every folder. */
const DANGEROUS = isWindows ? /[\\/:\0]|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)|[. ]$/i : /[/\0]/;
const NS_PER_S = 1e9;

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
const errnos = new Map<string, number>(TOLD.map(name => [name, Errno[name]]));
errnos.set('EDQUOT', Errno.ENOSPC).set('ENFILE', Errno.EMFILE).set('EOPNOTSUPP', Errno.ENOTSUP);

/** Runs a call of `node:fs`; what it throws becomes an errno. What the host did not say is a mistake here, and thrown on. */
function attempt<T>(call: () => T): T | number {
  try {
    return call();
  } catch (error) {
    return toErrno(error);
  }
}

/** Returns the errno for an error of the host. Throws any other error on. */
export function toErrno(error: unknown): number {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  // What Deno was not granted. It makes links only when granted all files.
  if (name === 'NotCapable') return Errno.EACCES;
  const told = typeof code === 'string' ? code : codeInMessage(error);
  if (told === undefined) throw error;
  return errnos.get(told) ?? Errno.EIO;
}

const codesByNumber = new Map(Object.entries(osConstants.errno).map(([code, number]) => [number, code]));

/** The code of an error to which Deno gives none, EFBIG for one: its message ends in "(os error 27)". */
function codeInMessage(error: unknown): string | undefined {
  const [, number] = (error instanceof Error && /\(os error (\d+)\)$/.exec(error.message)) || [];
  // The numbers of Windows are others.
  return number === undefined || isWindows ? undefined : (codesByNumber.get(Number(number)) ?? 'EIO');
}

/** As `attempt`, for what answers nothing. */
const act = (call: () => void): number =>
  attempt(() => {
    call();
    return Errno.ESUCCESS;
  });

function toStat(stats: BigIntStats): FsStat {
  return {
    filetype: filetypeOf(stats),
    dev: BigInt.asUintN(64, stats.dev),
    ino: BigInt.asUintN(64, stats.ino),
    nlink: stats.nlink,
    sizeBytes: stats.size,
    atimNs: toNs(stats.atimeNs),
    mtimNs: toNs(stats.mtimeNs),
    ctimNs: toNs(stats.ctimeNs),
    device: stats.isCharacterDevice() ? findDevice(stats.rdev) : undefined,
  };
}

const toNs = (ns: bigint): bigint => (ns > 0n ? ns : 0n);

const DEVICES: readonly DeviceName[] = ['null', 'zero'];
/** By device number, which systems choose for themselves. Found when the first device is looked at. */
let deviceNumbers: Map<bigint, DeviceName> | undefined;

function findDevice(rdev: bigint): DeviceName | undefined {
  deviceNumbers ??= new Map(
    DEVICES.flatMap(name => {
      const stats = attempt(() => lstatSync(`/dev/${name}`, LOOK));
      return typeof stats === 'object' && stats.isCharacterDevice() ? [[stats.rdev, name]] : [];
    }),
  );
  return deviceNumbers.get(rdev);
}

function filetypeOf(stats: BigIntStats): number {
  if (stats.isFile()) return Filetype.REGULAR_FILE;
  if (stats.isDirectory()) return Filetype.DIRECTORY;
  if (stats.isSymbolicLink()) return Filetype.SYMBOLIC_LINK;
  if (stats.isCharacterDevice()) return Filetype.CHARACTER_DEVICE;
  if (stats.isBlockDevice()) return Filetype.BLOCK_DEVICE;
  return stats.isSocket() ? Filetype.SOCKET_STREAM : Filetype.UNKNOWN;
}

function openFile(path: string, { read, write, create, truncate }: FsOpening): PathFile | number {
  // To cut a file is to write; and Deno takes O_EXCL seriously only with the access to write.
  const writes = write || truncate || create;
  const access = writes ? (read ? O_RDWR : O_WRONLY) : O_RDONLY;
  const making = create ? O_CREAT | O_EXCL : 0;
  const flags = access | making | (truncate ? O_TRUNC : 0) | O_NOFOLLOW | O_NONBLOCK;
  const opened = attempt(() => ({ fd: openSync(path, flags, 0o666) }));
  return typeof opened === 'number' ? opened : new NodeFile(opened.fd);
}

class NodeFile implements PathFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  stat(): FsStat | number {
    return attempt(() => toStat(fstatSync(this.#fd, { bigint: true })));
  }

  read(into: Uint8Array, offset: number): number {
    try {
      return readSync(this.#fd, into, 0, into.length, offset);
    } catch (error) {
      return -toErrno(error);
    }
  }

  write(bytes: Uint8Array, offset: number): number {
    try {
      return writeSync(this.#fd, bytes, 0, bytes.length, offset);
    } catch (error) {
      return -toErrno(error);
    }
  }

  setSize(sizeBytes: number): number {
    return act(() => ftruncateSync(this.#fd, sizeBytes));
  }

  setTimes({ atimNs, mtimNs }: BothTimes): number {
    return act(() => futimesSync(this.#fd, toSeconds(atimNs), toSeconds(mtimNs)));
  }

  sync(dataOnly: boolean): number {
    return act(() => (dataOnly ? fdatasyncSync : fsyncSync)(this.#fd));
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** `node:fs` takes seconds as a double, so that nanoseconds are lost; Deno keeps milliseconds. */
const toSeconds = (ns: bigint): number => Number(ns) / NS_PER_S;

function syncDirectory(path: string): number {
  // Windows opens no folders.
  if (isWindows) return Errno.ESUCCESS;
  return act(() => {
    // A pipe that another process has put in its place is not waited for.
    const fd = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
}

/** Without an exception for what is not there, which costs more than the look. */
const LOOK = { bigint: true, throwIfNoEntry: false } as const;

function look(path: string): FsStat | number {
  try {
    const stats = lstatSync(path, LOOK);
    return stats ? toStat(stats) : Errno.ENOENT;
  } catch (error) {
    return toErrno(error);
  }
}

/** Deno would remove an empty folder by `unlinkSync`, macOS says EPERM: it is never asked to. */
const nodeHost = (root: string): PathHost => ({
  root,
  isName: name => !DANGEROUS.test(name),
  look,
  list: path => attempt(() => readdirSync(path)),
  openFile,
  readLink: path => attempt(() => readlinkSync(path)),
  makeDirectory: path => act(() => mkdirSync(path)),
  removeDirectory: path => act(() => rmdirSync(path)),
  unlink: path => act(() => unlinkSync(path)),
  symlink: (path, target) => act(() => symlinkSync(target, path)),
  link: (from, to) => act(() => linkSync(from, to)),
  rename: (from, to) => act(() => renameSync(from, to)),
  setTimes: (path, { atimNs, mtimNs }) => act(() => lutimesSync(path, toSeconds(atimNs), toSeconds(mtimNs))),
  syncDirectory,
});

/**
 * A folder of the host as a file system for `createWasi`, on Node, Deno and Bun. Nothing outside it can be reached
 * through it; docs/RATIONALE.md says what other processes can do meanwhile.
 * @param path absolute, or from the current folder; links in it are followed, now
 * @throws {WasiError} WASI_INVALID_PREOPEN if there is no such folder; WASI_INVALID_OPTION for options: `readOnly` stands
 * beside the file system in `preopens`
 */
export function nodeFolder(path: string): Fs;
export function nodeFolder(path: string, ...extra: unknown[]): Fs {
  refuseExtra(extra, 'nodeFolder', refuseOption, 'give { fs: nodeFolder(path), readOnly: true } in preopens');
  const fail = (cause: unknown) =>
    new WasiError('WASI_INVALID_PREOPEN', `nodeFolder: expected a folder, got ${JSON.stringify(path)}`, {
      cause,
    });
  let real: string;
  try {
    real = realpathSync(path);
  } catch (cause) {
    throw fail(cause);
  }
  const fs = pathFs(nodeHost(real));
  if (typeof fs === 'number') throw fail(fs);
  return fs;
}
