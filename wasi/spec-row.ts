import type { ErrnoName } from './constants.ts';

/** What the table says of a function beyond its signature. */
export interface Row {
  /** All it may answer. EIO stands for an exception of what the embedder gives, too. */
  readonly errnos: readonly ErrnoName[];
  readonly summary: string;
  readonly onBadInput: string;
}

export const FAULT = 'a pointer outside the memory: EFAULT, nothing written';

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
