import { isError } from '../../wasi/brands.ts';

/** Whether an error of `node:fs` has this code. */
export const hasCode = (error: unknown, code: string): boolean =>
  isError(error) && 'code' in error && error.code === code;

/** Returns the reason in an error of `node:fs`, without the path, which the caller's message names already. */
export function reasonOf(error: unknown): string {
  if (isMissing(error)) return 'there is no such file';
  if (hasCode(error, 'EISDIR')) return 'expected a file, got a folder';
  return (error as Error).message.replace(/, \w+ '.*'$/s, '');
}

/** Whether the error says that a file is missing. */
export const isMissing = (error: unknown): boolean => hasCode(error, 'ENOENT');
