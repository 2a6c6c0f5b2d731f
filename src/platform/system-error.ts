import { isError } from '../../wasi/brands.ts';

/** Whether an error of `node:fs` has this code. */
export const hasCode = (error: unknown, code: string): boolean =>
  isError(error) && 'code' in error && error.code === code;

/** Whether there is no such file. */
export const isMissing = (error: unknown): boolean => hasCode(error, 'ENOENT');
