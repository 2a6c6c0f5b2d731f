import type { FsFile, FsOpening, FsStat, FsTimes } from './host.ts';

export type BothTimes = Required<{ [Time in keyof FsTimes]: bigint }>;

/**
 * A host that knows files by their whole path only. `root` is a folder; an entry's path is its folder's path, `/` and its name.
 * No call follows a link in the last place. Each call says which checks its caller has made. Answers are as in `FsDirectory`.
 */
export interface PathHost {
  readonly root: string;
  /** Whether it can only be the name of an entry, be it there or not. */
  isName(name: string): boolean;
  /** Without times that were set: those that the host keeps. */
  look(path: string): FsStat | number;
  list(path: string): readonly string[] | number;
  /** Of a regular file that is there, or with `create` of a name that is free: then nothing may be there. */
  openFile(path: string, opening: FsOpening): PathFile | number;
  /** Of a link. */
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
  /** As exactly as it can. */
  setTimes(path: string, times: BothTimes): number;
  syncDirectory(path: string): number;
}

/** An open file of such a host; it is read, written and cut only if it was opened for that. */
export interface PathFile extends Omit<FsFile, 'write' | 'setTimes' | 'allocate'> {
  write(bytes: Uint8Array, offset: number): number;
  setTimes(times: BothTimes): number;
}
