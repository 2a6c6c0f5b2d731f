/** Whether an error of `node:fs` has this code. */
export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** Whether there is no such file. */
export const isMissing = (error: unknown): boolean => hasCode(error, 'ENOENT');
