import type { FsFile, FsOpening, FsStat, FsTimes } from './host.ts';

export type BothTimes = Required<{ [Time in keyof FsTimes]: bigint }>;

/**
 * What knows files by their whole path only: `root` is a folder, and `/` and a name behind a folder's path is an entry's.
 * Nothing follows a link in the last place; what has been checked already is said. Answers as those of `FsDirectory`.
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
  /** Of what is no folder. */
  unlink(path: string): number;
  symlink(path: string, target: string): number;
  /** Of what is no folder, to a name that is free. */
  link(from: string, to: string): number;
  /** Of a folder never to below itself, nor over what is no folder; nor the other way round. */
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
