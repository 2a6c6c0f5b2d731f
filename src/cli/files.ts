import { fstatSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
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

/** A file that a command uses, by its path or as an open file. */
interface UsedFile {
  /** As the command line has it, such as `--state`. */
  name: string;
  path: string | number | undefined;
  isWritten?: boolean;
}

/** Makes sure that a file which is written is used for nothing else. @throws {CliError} USAGE */
export function refuseSharedFiles(files: readonly UsedFile[]): void {
  const used = files.flatMap(({ name, path, isWritten = false }) => {
    const identity = path === undefined ? undefined : identityOf(path);
    return identity === undefined ? [] : [{ name, isWritten, identity }];
  });
  for (const { name, identity } of used.filter(file => file.isWritten)) {
    const other = used.find(file => file.name !== name && file.identity === identity);
    if (other) throw new CliError('USAGE', `${other.name} and ${name} are the same file; give each its own`);
  }
}

/** Undefined for pipes, terminals and the like, which several may share. */
function identityOf(file: string | number): string | undefined {
  const stats = statsOf(file);
  if (!stats) return typeof file === 'string' ? resolve(file) : undefined;
  return stats.isFile() ? `${stats.dev}:${stats.ino}` : undefined;
}

function statsOf(file: string | number) {
  try {
    return typeof file === 'string' ? statSync(file, BIGINT) : fstatSync(file, BIGINT);
  } catch {
    // Missing, or closed. Files that cannot be used are refused where they are opened.
    return undefined;
  }
}

const BIGINT = { bigint: true } as const;
