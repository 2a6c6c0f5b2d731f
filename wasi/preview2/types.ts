/**
 * The parts of `wasi:filesystem` 0.2 that we use, in the JavaScript mapping of jco: u64 is a bigint, records and flags are
 * objects. An error is thrown, as the code itself or as an object with the code as `payload`.
 * Source: wasi:filesystem/types@0.2.3 and wasi:filesystem/preopens@0.2.3.
 */

export interface Preview2Datetime {
  readonly seconds: bigint;
  /** Below 10^9. */
  readonly nanoseconds: number;
}

export type Preview2NewTimestamp =
  | { readonly tag: 'no-change' }
  | { readonly tag: 'now' }
  | { readonly tag: 'timestamp'; readonly val: Preview2Datetime };

export interface Preview2DescriptorStat {
  readonly type: string;
  readonly linkCount: bigint;
  readonly size: bigint;
  readonly dataAccessTimestamp?: Preview2Datetime | undefined;
  readonly dataModificationTimestamp?: Preview2Datetime | undefined;
  readonly statusChangeTimestamp?: Preview2Datetime | undefined;
}

export interface Preview2MetadataHash {
  readonly lower: bigint;
  readonly upper: bigint;
}

export interface Preview2DirectoryEntryStream {
  readDirectoryEntry(): { readonly name: string } | undefined;
}

interface PathFlags {
  readonly symlinkFollow?: boolean;
}

/** `wasi:filesystem/types.descriptor`: an open file or folder. */
export interface Preview2Descriptor {
  stat(): Preview2DescriptorStat;
  statAt(flags: PathFlags, path: string): Preview2DescriptorStat;
  metadataHash(): Preview2MetadataHash;
  metadataHashAt(flags: PathFlags, path: string): Preview2MetadataHash;
  read(length: bigint, offset: bigint): [Uint8Array, boolean];
  write(bytes: Uint8Array, offset: bigint): bigint;
  setSize(size: bigint): void;
  setTimes(atime: Preview2NewTimestamp, mtime: Preview2NewTimestamp): void;
  setTimesAt(flags: PathFlags, path: string, atime: Preview2NewTimestamp, mtime: Preview2NewTimestamp): void;
  sync(): void;
  syncData(): void;
  readDirectory(): Preview2DirectoryEntryStream;
  openAt(
    flags: PathFlags,
    path: string,
    open: { create?: boolean; directory?: boolean; exclusive?: boolean; truncate?: boolean },
    descriptor: { read?: boolean; write?: boolean },
  ): Preview2Descriptor;
  readlinkAt(path: string): string;
  createDirectoryAt(path: string): void;
  removeDirectoryAt(path: string): void;
  unlinkFileAt(path: string): void;
  symlinkAt(target: string, path: string): void;
  // `to` is a descriptor of the same implementation, whose type has more members than this one.
  linkAt(flags: PathFlags, path: string, to: never, toPath: string): void;
  renameAt(path: string, to: never, toPath: string): void;
}

/** `wasi:filesystem/preopens`. */
export interface Preview2Preopens {
  getDirectories(): readonly (readonly [descriptor: Preview2Descriptor, path: string])[];
}
