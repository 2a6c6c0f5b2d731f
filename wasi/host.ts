import type { DeviceName } from './devices.ts';

/** What the embedder gives. WASI itself finds nothing: without these a program has no time, no luck and no voice. */

/** 0 realtime (ns since 1970-01-01T00:00:00Z), 1 monotonic (ns since any fixed moment, never backwards). */
export type SupportedClockId = 0 | 1;

export interface Clock {
  /** The time in ns, u64. */
  nowNs(clockId: SupportedClockId): bigint;
  /** The smallest step of that clock in ns, at least 1. */
  resolutionNs(clockId: SupportedClockId): bigint;
  /**
   * Blocks the thread for `ns` (> 0) without spinning. Left out where the thread may not block: `poll_oneoff` then
   * refuses to wait. It may return early to let `checkpoint` end the call; otherwise the time counts as passed,
   * because a clock that stands still would else wait for ever. It may answer a promise if the program's import
   * `poll_oneoff` can wait for one, as `WebAssembly.Suspending` makes it.
   */
  sleepNs?(ns: bigint): void | Promise<void>;
}

export interface Random {
  /** Fills all of `bytes`. They may lie in shared memory, which `crypto.getRandomValues` refuses. */
  fill(bytes: Uint8Array): void;
}

export interface Source {
  /** Copies up to `into.length` bytes (at least 1) and answers how many, 0 at the end. `into` is plugin memory: not to be kept. */
  read(into: Uint8Array): number;
}

export interface Sink {
  /** Takes all of `bytes`; they are a copy, the sink's to keep. A sink that throws makes the program's write fail with EIO. */
  write(bytes: Uint8Array): void;
  /**
   * Whether programs see a terminal (`isatty`). C programs then write line by line; else they hold output back until
   * 1 KiB or more has come together or they end, which a plugin never does. Default false.
   */
  readonly isTerminal?: boolean;
}

/**
 * A file system, seen from one folder. Every method takes the name of one entry of that folder, never a path, and never
 * follows a symbolic link: which paths lead where is decided by path-resolver.ts alone.
 *
 * What fails answers an errno (a number above 0) where success is an object or 0, and a negative errno where success
 * is a count. What is thrown becomes EIO with a diagnostic.
 */
export interface Fs {
  readonly root: FsDirectory;
}

/**
 * The size of the largest file: that of ext4 with blocks of 4 KiB, so that files in memory and on most hosts have the same.
 * Beyond it runtimes differ in how they refuse, so nothing beyond it is written. Reading goes on up to 2^53.
 */
export const MAX_FILE_BYTES = 2 ** 44 - 4096;

/** What `filestat` tells. Times in ns since 1970, u64. */
export interface FsStat {
  /** `Filetype`. Sockets, pipes and all devices without `device` can be listed and described, but not opened. */
  readonly filetype: number;
  /** Tells file systems below one root apart. */
  readonly dev: bigint;
  /** With `dev` the identity of the file: the same for all its hard links and open descriptors. Not 0. */
  readonly ino: bigint;
  readonly nlink: bigint;
  readonly sizeBytes: bigint;
  readonly atimNs: bigint;
  readonly mtimNs: bigint;
  readonly ctimNs: bigint;
  /** Set for a character device that keeps nothing. It is opened and written on a read-only mount too. */
  readonly device?: DeviceName | undefined;
}

/** The times to set, in ns since 1970; what is left out stays. They read back exactly. */
export interface FsTimes {
  readonly atimNs?: bigint | undefined;
  readonly mtimNs?: bigint | undefined;
}

export interface FsOpening {
  readonly read: boolean;
  readonly write: boolean;
  /** Makes the file if there is none. */
  readonly create: boolean;
  /** With `create`: EEXIST if there is anything of that name. */
  readonly exclusive: boolean;
  /** Cuts the file to 0 bytes; possible without `write`. */
  readonly truncate: boolean;
}

/**
 * An open file. It goes on after the file has been unlinked. Offsets are safe integers of at least 0; a write or a size never
 * reaches beyond `MAX_FILE_BYTES`, except by a write at `'end'`.
 */
export interface FsFile {
  stat(): FsStat | number;
  /** Copies up to `into.length` bytes (at least 1) and answers how many, 0 at the end. `into` is plugin memory: not to be kept. */
  read(into: Uint8Array, offset: number): number;
  /** Writes at the offset, or `'end'` in one step, and answers how many bytes. A gap reads as zeros. `bytes` are not to be kept. */
  write(bytes: Uint8Array, offset: number | 'end'): number;
  /** Cuts, or extends by zeros. EINVAL if the file is not open for writing. */
  setSize(sizeBytes: number): number;
  /**
   * Reserves room for `length` bytes from `offset`, and extends the file if it ends before them. ENOSPC if there is no room.
   * Without this method a file that is too short is extended by `setSize`.
   */
  allocate?(offset: number, length: number): number;
  setTimes(times: FsTimes): number;
  /** Until what was written would outlast a power failure; `dataOnly` may leave times out. */
  sync(dataOnly: boolean): number;
  close(): void;
}

/** A folder. It goes on when programs rename it, and answers ENOENT once it is removed; it never turns into another one. */
export interface FsDirectory {
  stat(): FsStat | number;
  setTimes(times: FsTimes): number;
  sync(): number;
  /** Names in any order, without `.` and `..`. */
  list(): readonly string[] | number;
  /** Describes the entry itself, be it a link. */
  lookup(name: string): FsStat | number;
  /** As `lookup` for each, where that costs less. */
  lookupAll?(names: readonly string[]): (FsStat | number)[];
  /**
   * ENOTDIR for everything that is no folder, a link to one too.
   * @param found what `lookup` has just answered for the name, in the same call of the program; saves another look
   * @param passing whether it is used in the same call too, on the way to something below it, and not kept
   */
  openDirectory(name: string, found?: FsStat, passing?: boolean): FsDirectory | number;
  /** ELOOP for a link, EISDIR for a folder, ENOTSUP for a pipe, a socket and a device without `FsStat.device`. `found` as above. */
  openFile(name: string, opening: FsOpening, found?: FsStat): FsFile | number;
  /** The link's target as it was given. EINVAL if it is no link. */
  readLink(name: string): string | number;
  makeDirectory(name: string): number;
  /** ENOTEMPTY unless it is empty. */
  removeDirectory(name: string): number;
  /** Everything but folders, which are EISDIR. */
  unlink(name: string): number;
  symlink(name: string, target: string): number;
  /** A hard link of what is no folder (EPERM). EEXIST for a name that is taken; EXDEV if `to` is of another file system. */
  link(name: string, to: FsDirectory, toName: string): number;
  /** POSIX rename: replaces a file by a file and an empty folder by a folder, in one step. EXDEV as `link`. */
  rename(name: string, to: FsDirectory, toName: string): number;
  /** Of the entry itself, be it a link. */
  setTimesOf(name: string, times: FsTimes): number;
}
