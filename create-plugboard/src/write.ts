import { lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError } from '../../src/cli/errors.ts';
import { hasCode } from '../../src/platform/system-error.ts';
import type { Files } from './project.ts';

/** Entries that an empty folder may have: `git init` comes before a project. */
const ALLOWED = ['.git'];
const MOST_NAMED = 3;

/** @throws {CliError} FILE if there is a file of this name, or a folder with entries */
export function refuseFullFolder(folder: string): void {
  const entries = entriesOf(folder).filter(name => !ALLOWED.includes(name));
  if (entries.length === 0) return;
  const named = entries.slice(0, MOST_NAMED).join(', ') + (entries.length > MOST_NAMED ? ', …' : '');
  throw new CliError(
    'FILE',
    `${folder}: expected an empty or new folder, got one with ${named}; name another folder`,
  );
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT') && lstatSync(folder, { throwIfNoEntry: false }) === undefined) return [];
    throw unusable(folder, error as Error);
  }
}

const unusable = (folder: string, cause: Error) =>
  new CliError('FILE', `${folder}: ${cause.message}`, { cause });

/** Writes all files, or none: after a failure the folder is as before. @throws {CliError} FILE */
export function writeProject(folder: string, files: Files): void {
  refuseFullFolder(folder);
  const before = new Set(entriesOf(folder));
  let made: string | undefined;
  let file = folder;
  try {
    made = mkdirSync(folder, { recursive: true });
    for (const [path, contents] of files) {
      file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, contents, { flag: 'wx' });
    }
  } catch (error) {
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
    else {
      for (const name of entriesOf(folder)) {
        if (!before.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
      }
    }
    throw unusable(file, error as Error);
  }
}
