import type { DeviceName } from './devices.ts';
import { type Kind, kind } from './options.ts';
import { Filetype } from './spec/constants.ts';

/**
 * The interfaces that an embedder implements. WASI finds nothing by itself: all time, random bytes, input, output and files
 * come through them.
 */

/** 0 realtime (ns since 1970-01-01T00:00:00Z), 1 monotonic (ns since any fixed moment, never backwards). */
export type SupportedClockId = 0 | 1;

export interface Clock {
  /** Returns the time in ns, u64. */
  nowNs(clockId: SupportedClockId): bigint;
  /** Returns the smallest step of the clock in ns, at least 1. */
  resolutionNs(clockId: SupportedClockId): bigint;
  /**
   * Blocks the thread for `ns` (> 0) without spinning. Leave it out where the thread may not block: `poll_oneoff` then
   * refuses to wait. It may return early to let `checkpoint` end the call. Otherwise the time counts as passed, because with a
   * clock that stands still the wait would never end. It may return a promise if the import `poll_oneoff` can wait for it, as
   * `WebAssembly.Suspending` makes possible.
   */
  sleepNs?(ns: bigint): void | Promise<void>;
}

export interface Random {
  /** Fills all of `bytes` with random bytes. They may be shared memory, which `crypto.getRandomValues` refuses. */
  fill(bytes: Uint8Array): void;
}

export interface Source {
  /**
   * Copies up to `into.length` bytes (at least 1) and returns their number, 0 at the end. `into` is plugin memory: do not keep
   * it.
   */
  read(into: Uint8Array): number;
}

export interface Sink {
  /** Takes all of `bytes`, a copy that the sink may keep. If it throws, the program's write fails with EIO. */
  write(bytes: Uint8Array): void;
  /**
   * Whether programs see a terminal (`isatty`). For a terminal, C programs write line by line. Otherwise they keep output back
   * until they have 1 KiB or more, or until they end, which a plugin never does. Default false.
   */
  readonly isTerminal?: boolean;
}

/**
 * A file system, by its root folder. A method of a folder takes the name of one entry, never a path, and does not follow
 * symbolic links: only path-resolver.ts resolves paths.
 *
 * A method that fails returns an errno (a number above 0) where success is an object or 0, and a negative errno where success
 * is a count. An exception becomes EIO with a diagnostic.
 * RATIONALE: why-does-a-file-system-take-names-and-not-paths
 */
export interface Fs {
  readonly root: FsDirectory;
}

/**
 * The size of the largest file, in bytes. It is the limit of ext4 with blocks of 4 KiB, so that files in memory and on most hosts
 * have the same limit. Runtimes refuse larger files in different ways, so nothing is written beyond it. Reads work up to 2^53.
 */
export const MAX_FILE_BYTES = 2 ** 44 - 4096;

/** The description of a file that `filestat` calls return. Times in ns since 1970, u64. */
export interface FsStat {
  /** `Filetype`. Sockets, pipes and all devices without `device` can be listed and described, but not opened. */
  readonly filetype: number;
  /** The device number: distinguishes the file systems below one root. */
  readonly dev: bigint;
  /** Identifies the file, together with `dev`: equal for all its hard links and open descriptors. Not 0. */
  readonly ino: bigint;
  readonly nlink: bigint;
  readonly sizeBytes: bigint;
  readonly atimNs: bigint;
  readonly mtimNs: bigint;
  readonly ctimNs: bigint;
  /** Set for a character device that stores nothing. It can be opened and written on a read-only mount too. */
  readonly device?: DeviceName | undefined;
}

export const isFolder = ({ filetype }: FsStat): boolean => filetype === Filetype.DIRECTORY;

/** The times to set, in ns since 1970. A time that is left out stays. `stat` returns them exactly. */
export interface FsTimes {
  readonly atimNs?: bigint | undefined;
  readonly mtimNs?: bigint | undefined;
}

export interface FsOpening {
  readonly read: boolean;
  readonly write: boolean;
  /** Makes the file if it does not exist. */
  readonly create: boolean;
  /** With `create`: EEXIST if the name is taken. */
  readonly exclusive: boolean;
  /** Cuts the file to 0 bytes; possible without `write`. */
  readonly truncate: boolean;
}

/**
 * An open file. It stays usable after the file has been unlinked. Offsets are safe integers of at least 0. The caller keeps
 * writes and sizes within `MAX_FILE_BYTES`, except for a write at `'end'`.
 */
export interface FsFile {
  stat(): FsStat | number;
  /**
   * Copies up to `into.length` bytes (at least 1) and returns their number, 0 at the end. `into` is plugin memory: do not keep
   * it.
   */
  read(into: Uint8Array, offset: number): number;
  /**
   * Writes at the offset, or appends in one step for `'end'`. Returns the number of bytes written. A gap reads as zeros. Do not
   * keep `bytes`.
   */
  write(bytes: Uint8Array, offset: number | 'end'): number;
  /** Truncates the file, or extends it by zeros. EINVAL if the file is not open for writing. */
  setSize(sizeBytes: number): number;
  /**
   * Reserves room for `length` bytes from `offset`, and extends the file if it ends before them. ENOSPC if there is no room.
   * Without this method, `setSize` extends a file that is too short.
   */
  allocate?(offset: number, length: number): number;
  setTimes(times: FsTimes): number;
  /** Returns once all written bytes would survive a power failure. With `dataOnly` the times need not be stored. */
  sync(dataOnly: boolean): number;
  close(): void;
}

/**
 * An open folder. It stays usable when programs rename it, and returns ENOENT once it is removed. It never becomes another
 * folder.
 */
export interface FsDirectory {
  stat(): FsStat | number;
  setTimes(times: FsTimes): number;
  sync(): number;
  /** Returns the names in any order, without `.` and `..`. */
  list(): readonly string[] | number;
  /** Describes the entry itself; for a link, the link and not its target. */
  lookup(name: string): FsStat | number;
  /** Returns `lookup` for each name. Implement it where this costs less than one call per name. */
  lookupAll?(names: readonly string[]): (FsStat | number)[];
  /**
   * ENOTDIR for an entry that is not a folder, also for a link to a folder.
   * @param found the result of `lookup` for this name from the same call of the program; saves another lookup
   * @param passing whether the folder is only a step on a path: used in the same call of the program, then dropped
   */
  openDirectory(name: string, found?: FsStat, passing?: boolean): FsDirectory | number;
  /**
   * ELOOP for a link, EISDIR for a folder, ENOTSUP for a pipe, a socket and a device without `FsStat.device`. `found` as above.
   */
  openFile(name: string, opening: FsOpening, found?: FsStat): FsFile | number;
  /** Returns the link's target as it was written. EINVAL for an entry that is not a link. */
  readLink(name: string): string | number;
  makeDirectory(name: string): number;
  /** ENOTEMPTY unless the folder is empty. */
  removeDirectory(name: string): number;
  /** Removes an entry that is not a folder. EISDIR for a folder. */
  unlink(name: string): number;
  symlink(name: string, target: string): number;
  /** Makes a hard link. EPERM for a folder; EEXIST for a name that is taken; EXDEV if `to` belongs to another file system. */
  link(name: string, to: FsDirectory, toName: string): number;
  /** POSIX rename: replaces a file by a file and an empty folder by a folder, in one step. EXDEV as `link`. */
  rename(name: string, to: FsDirectory, toName: string): number;
  /** Sets the times of the entry itself; for a link, of the link and not of its target. */
  setTimesOf(name: string, times: FsTimes): number;
}

export const A_FILE_SYSTEM = 'a file system such as new MemoryFs()';
export const anFs: Kind<Fs> = kind(A_FILE_SYSTEM, value => isFs(value));
export const isFs = (value: unknown): value is Fs =>
  typeof (Object(value) as Partial<Fs>).root?.lookup === 'function';
