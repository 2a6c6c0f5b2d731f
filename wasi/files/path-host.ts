import type { FsFile, FsOpening, FsStat, FsTimes } from '../embedder.ts';

export type BothTimes = Required<{ [Time in keyof FsTimes]: bigint }>;

/**
 * A host that finds files by their whole path only. `root` is a folder; an entry's path is its folder's path, `/` and its name.
 * No call follows a link in the last place. Comments below say which checks the caller has made. Results are as in `FsDirectory`.
 */
export interface PathHost {
  readonly root: string;
  /** Whether the text can only be the name of an entry, and not a path. The entry need not exist. */
  isName(name: string): boolean;
  /** Describes an entry with the times that the host stores, possibly rounded. */
  look(path: string): FsStat | number;
  list(path: string): readonly string[] | number;
  /** Opens a regular file that exists. With `create` it makes a new file, and must fail if the name is taken. */
  openFile(path: string, opening: FsOpening): PathFile | number;
  /** Called for links only. */
  readLink(path: string): string | number;
  makeDirectory(path: string): number;
  removeDirectory(path: string): number;
  /** Called for files, links and the like, never for folders. */
  unlink(path: string): number;
  symlink(path: string, target: string): number;
  /** Called for files, links and the like, never for folders, and with a new name that is free. */
  link(from: string, to: string): number;
  /** Never called to move a folder into itself, or to replace a file by a folder or a folder by a file. */
  rename(from: string, to: string): number;
  /** Sets both times, as exactly as the host can. */
  setTimes(path: string, times: BothTimes): number;
  syncDirectory(path: string): number;
}

/** An open file of a `PathHost`. It is read, written and truncated only if it was opened for that. */
export interface PathFile extends Omit<FsFile, 'write' | 'setTimes' | 'allocate'> {
  write(bytes: Uint8Array, offset: number): number;
  setTimes(times: BothTimes): number;
}
