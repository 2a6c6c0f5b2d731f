import { readFile } from 'node:fs/promises';
import { CliError } from './errors.ts';

/** @throws {CliError} FILE */
export async function readInputFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    const reason = isMissing(error) ? 'there is no such file' : (error as Error).message;
    throw new CliError('FILE', `${path}: ${reason}`, { cause: error });
  }
}

export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
