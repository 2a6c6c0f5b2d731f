import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import type { CaseFile } from '../../conformance/case.ts';
import { type SourceCaseFile, withShared } from '../../conformance/shared-cases.ts';
import { CliError } from '../errors.ts';
import { readJsonFile } from '../files.ts';

export interface FolderCases {
  folder: string;
  file: CaseFile;
}

export const CASES_OPTION = {
  value: 'FOLDER',
  help: 'folder of the cases; default: that of plugboard-conformance, if installed',
} as const;

/** Returns the folder of `--cases`, or of the installed package. @throws {CliError} FILE */
export function folderOfCases(given: string | undefined): string {
  if (given !== undefined) return resolve(given);
  try {
    return dirname(createRequire(join(process.cwd(), 'x.js')).resolve('plugboard-conformance/index.json'));
  } catch {
    throw new CliError(
      'FILE',
      'plugboard-conformance is not installed here: npm install plugboard-conformance, or give --cases',
    );
  }
}

/** Reads the case files that index.json lists. */
export async function readCases(folder: string): Promise<FolderCases[]> {
  const names = (await readJsonFile(join(folder, 'index.json'))) as string[];
  const read = async (name: string) =>
    (await readJsonFile(join(folder, name, 'cases.json'))) as SourceCaseFile;
  const files: FolderCases[] = [];
  for (const name of names) {
    const file = await read(name);
    const shared = file.shared === undefined ? [] : (await read(file.shared)).cases;
    files.push({ folder: name, file: withShared(name, file, shared) });
  }
  return files;
}
