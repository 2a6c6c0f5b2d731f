import type { ErrnoName } from './constants.ts';

/** The documentation of a function, besides its signature. */
export interface Row {
  /** All errnos that the function may return. EIO also stands for an exception in the embedder's code. */
  readonly errnos: readonly ErrnoName[];
  readonly summary: string;
  readonly onBadInput: string;
}

export const FAULT = 'a pointer outside the memory: EFAULT, nothing written';

/** Errnos that a file system may return for reasons of its own. */
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
