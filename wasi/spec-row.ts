import type { ErrnoName } from './constants.ts';

/** Name, wasm type, meaning with unit. The meaning starts with "pointer" exactly if the parameter is an address. */
export type WasiParam = readonly [name: string, type: 'i32' | 'i64', meaning: string];

/** What a row of the table says of its function. */
export interface Row {
  readonly params: readonly WasiParam[];
  /** All it may answer. EIO stands for an exception of what the embedder gives, too. */
  readonly errnos: readonly ErrnoName[];
  readonly summary: string;
  readonly onBadInput: string;
}

export const FD = ['fd', 'i32', 'descriptor'] as const;
export const IOVS_LEN = ['iovs_len', 'i32', 'number of iovecs'] as const;
export const ATIM = ['atim', 'i64', 'access time in ns since 1970'] as const;
export const MTIM = ['mtim', 'i64', 'modification time in ns since 1970'] as const;
export const FST_FLAGS = [
  'fst_flags',
  'i32',
  'fstflags: 1 set atim, 2 set it to now, 4 set mtim, 8 set it to now',
] as const;

export const FAULT = 'a pointer outside the memory: EFAULT, nothing written';
export const BAD_FD = 'not open, or without the right: EBADF';

/** What a file system may refuse for reasons of its own. */
export const FS_ERRNOS = [
  'EACCES',
  'EBUSY',
  'EIO',
  'EMFILE',
  'ENOENT',
  'ENOSPC',
  'ENOTSUP',
  'EPERM',
  'EROFS',
] as const;
