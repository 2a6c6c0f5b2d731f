import type { BigIntStats } from 'node:fs';
import { lazily } from '../../abi/lazily.ts';
import { isError } from '../../wasi/brands.ts';
import { refuseOption } from '../../wasi/errors.ts';
import { pathFs } from '../../wasi/files/path-fs.ts';
import type { BothTimes, PathFile, PathHost } from '../../wasi/files/path-host.ts';
import {
  type DeviceName,
  Errno,
  Filetype,
  type Fs,
  type FsOpening,
  type FsStat,
  WasiError,
} from '../../wasi/index.ts';
import { aText, readArgument, refuseExtra } from '../../wasi/options.ts';
import { fs, os } from './node-builtin.ts';
import { isFileName } from './paths.ts';
import { isMissing } from './system-error.ts';

const isWindows = () => process.platform === 'win32';
const openFlags = lazily(() => {
  const { constants } = fs();
  // These flags do not exist on Windows.
  const { O_DIRECTORY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0 }: Partial<typeof constants> = constants;
  return { ...constants, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK };
});
const NS_PER_S = 1e9;

/** Error codes of the host that a program sees under the same name in WASI preview 1. Any other code becomes EIO. */
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

/** Runs a call of `node:fs`. An error of the host becomes an errno. Any other error is a bug here and thrown on. */
function attempt<T>(call: () => T): T | number {
  try {
    return call();
  } catch (error) {
    return toErrno(error);
  }
}

/** Returns the errno for an error of the host. Throws every other error again. */
export function toErrno(error: unknown): number {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  // Deno's error for a permission that was not granted. It makes links only with permission for all files.
  if (name === 'NotCapable') return Errno.EACCES;
  const told = typeof code === 'string' ? code : codeInMessage(error);
  if (told === undefined) throw error;
  return errnos.get(told) ?? Errno.EIO;
}

const codesByNumber = lazily(
  () => new Map(Object.entries(os().constants.errno).map(([code, number]) => [number, code])),
);

/** Finds the code of an error that Deno left without `code`, such as EFBIG: its message ends in "(os error 27)". */
function codeInMessage(error: unknown): string | undefined {
  const [, number] = (isError(error) && /\(os error (\d+)\)$/.exec(error.message)) || [];
  // On Windows the numbers have other meanings.
  return number === undefined || isWindows() ? undefined : (codesByNumber().get(Number(number)) ?? 'EIO');
}

/** Like `attempt`, for a call without a result: returns ESUCCESS or an errno. */
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
/** Names by device number. Systems choose these numbers, so they are looked up when the first device is seen. */
let deviceNumbers: Map<bigint, DeviceName> | undefined;

function findDevice(rdev: bigint): DeviceName | undefined {
  deviceNumbers ??= new Map(
    DEVICES.flatMap(name => {
      const stats = attempt(() => fs().lstatSync(`/dev/${name}`, LOOK));
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
  const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = openFlags();
  // Truncating needs write access, and Deno obeys O_EXCL only with write access.
  const writes = write || truncate || create;
  const access = writes ? (read ? O_RDWR : O_WRONLY) : O_RDONLY;
  const making = create ? O_CREAT | O_EXCL : 0;
  const flags = access | making | (truncate ? O_TRUNC : 0) | O_NOFOLLOW | O_NONBLOCK;
  const opened = attempt(() => ({ fd: fs().openSync(path, flags, 0o666) }));
  return typeof opened === 'number' ? opened : new NodeFile(opened.fd);
}

class NodeFile implements PathFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  stat(): FsStat | number {
    return attempt(() => toStat(fs().fstatSync(this.#fd, { bigint: true })));
  }

  read(into: Uint8Array, offset: number): number {
    try {
      return fs().readSync(this.#fd, into, 0, into.length, offset);
    } catch (error) {
      return -toErrno(error);
    }
  }

  write(bytes: Uint8Array, offset: number): number {
    try {
      return fs().writeSync(this.#fd, bytes, 0, bytes.length, offset);
    } catch (error) {
      return -toErrno(error);
    }
  }

  setSize(sizeBytes: number): number {
    return act(() => fs().ftruncateSync(this.#fd, sizeBytes));
  }

  setTimes({ atimNs, mtimNs }: BothTimes): number {
    return act(() => fs().futimesSync(this.#fd, toSeconds(atimNs), toSeconds(mtimNs)));
  }

  sync(dataOnly: boolean): number {
    return act(() => (dataOnly ? fs().fdatasyncSync(this.#fd) : fs().fsyncSync(this.#fd)));
  }

  close(): void {
    fs().closeSync(this.#fd);
  }
}

/** `node:fs` takes seconds as a double, so nanoseconds are lost. Deno keeps only milliseconds. */
const toSeconds = (ns: bigint): number => Number(ns) / NS_PER_S;

function syncDirectory(path: string): number {
  // Windows cannot open folders.
  if (isWindows()) return Errno.ESUCCESS;
  return act(() => {
    const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = openFlags();
    // O_NONBLOCK: another process may have put a pipe in this place, and opening it would wait.
    const fd = fs().openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK);
    try {
      fs().fsyncSync(fd);
    } finally {
      fs().closeSync(fd);
    }
  });
}

/** No exception for a missing file: making the exception takes longer than `lstatSync` itself. */
const LOOK = { bigint: true, throwIfNoEntry: false } as const;

function look(path: string): FsStat | number {
  try {
    const stats = fs().lstatSync(path, LOOK);
    return stats ? toStat(stats) : Errno.ENOENT;
  } catch (error) {
    return toErrno(error);
  }
}

/** `unlink` is never called for a folder: Deno's `unlinkSync` would remove an empty one, and macOS reports EPERM. */
const nodeHost = (root: string): PathHost => ({
  root,
  isName: name => isFileName(name, process.platform),
  look,
  list: path => attempt(() => fs().readdirSync(path)),
  openFile,
  readLink: path => attempt(() => fs().readlinkSync(path)),
  makeDirectory: path => act(() => fs().mkdirSync(path)),
  removeDirectory: path => act(() => fs().rmdirSync(path)),
  unlink: path => act(() => fs().unlinkSync(path)),
  symlink: (path, target) => act(() => fs().symlinkSync(target, path)),
  link: (from, to) => act(() => fs().linkSync(from, to)),
  rename: (from, to) => act(() => fs().renameSync(from, to)),
  setTimes: (path, { atimNs, mtimNs }) =>
    act(() => fs().lutimesSync(path, toSeconds(atimNs), toSeconds(mtimNs))),
  syncDirectory,
});

/**
 * Opens a folder of the host as a file system for `createWasi`, on Node, Deno and Bun. The plugin cannot reach files outside
 * the folder. For races with other processes:
 * RATIONALE: what-keeps-a-program-in-its-folder-while-the-folder-changes
 * @param path absolute, or relative to the current folder. Links in it are followed once, when this function is called
 * @throws {WasiError} WASI_INVALID_PREOPEN if there is no such folder; WASI_INVALID_OPTION for options: `readOnly` stands
 * beside the file system in `preopens`
 */
export function nodeFolder(path: string): Fs;
export function nodeFolder(path: string, ...extra: unknown[]): Fs {
  refuseExtra(extra, 'nodeFolder', refuseOption, 'give { fs: nodeFolder(path), readOnly: true } in preopens');
  readArgument(aText, path, 'nodeFolder: path', refuseOption);
  const fail = (fault: string, cause: unknown) =>
    new WasiError(
      'WASI_INVALID_PREOPEN',
      `nodeFolder: expected a folder, but ${JSON.stringify(path)} ${fault}`,
      {
        cause,
      },
    );
  let real: string;
  try {
    real = fs().realpathSync(path);
  } catch (cause) {
    throw fail(isMissing(cause) ? 'does not exist' : 'cannot be opened', cause);
  }
  const folder = pathFs(nodeHost(real));
  if (typeof folder === 'number')
    throw fail(folder === Errno.ENOTDIR ? 'is a file' : 'cannot be opened', folder);
  return folder;
}
