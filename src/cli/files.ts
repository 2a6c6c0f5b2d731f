import { existsSync, fstatSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readUtf8 } from '../actor/json/reader.ts';
import { loadSource, MAIN } from '../module/source.ts';
import { keyOfPath } from '../platform/paths.ts';
import { reasonOf } from '../platform/system-error.ts';
import type { Platform } from '../platform/types.ts';
import { shownUrl } from '../values/url.ts';
import { CliError } from './errors.ts';

/** @throws {CliError} FILE; USAGE for a URL, and for a file that the command also writes */
export async function readInputFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  if (isUrl(path)) throw new CliError('USAGE', `expected a file, got the URL ${shownUrl(path)}`);
  noteRead(path);
  return readAgain(path);
}

/**
 * Reads a file that was noted before. It is not noted again: file systems give the identity of a file that was replaced to a
 * new file.
 * @throws {CliError} FILE
 */
export async function readAgain(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw new CliError('FILE', `${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** The kinds of URL that a manifest may name; `C:\x.wasm` is a path. */
export const isUrl = (text: string): boolean => /^(https?|file|data|blob):/i.test(text) && URL.canParse(text);

/** Reads a file, or the body of a URL. @throws {CliError} FILE @throws {CreateError} SOURCE_UNAVAILABLE */
export async function readFileOrUrl(text: string, platform: Platform): Promise<Uint8Array<ArrayBuffer>> {
  if (!isUrl(text)) return readInputFile(text);
  const url = new URL(text);
  if (url.protocol === 'file:') return readInputFile(fileURLToPath(url));
  const source = { url, init: {} };
  const loaded = await loadSource(platform, platform.fetch, { source, name: MAIN, hash: undefined });
  if ('bytes' in loaded) return loaded.bytes;
  throw new Error('BUG: a URL gave no bytes');
}

/** Reads a file of JSON. @throws {CliError} FILE */
export async function readJsonFile(path: string): Promise<unknown> {
  const bytes = await readInputFile(path);
  try {
    return JSON.parse(readUtf8(bytes, 'the file')) as unknown;
  } catch (error) {
    throw new CliError('FILE', `${path}: expected JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** Writes a file, in place of an older one. @param name its name in messages @throws {CliError} USAGE, FILE */
export async function writeOutputFile(
  name: string,
  path: string,
  content: string | Uint8Array,
): Promise<void> {
  noteOutputs([{ name, path }]);
  try {
    await writeFile(path, content);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Returns the error of a file that cannot be written. */
export function unwritable(path: string, cause: unknown): CliError {
  const folder = dirname(path);
  const reason = existsSync(folder) ? reasonOf(cause) : `there is no folder ${folder}; make it first`;
  return new CliError('FILE', `${path}: ${reason}`, { cause });
}

/** The files that the command uses, by identity. */
const used = new Map<string, { name: string; isWritten: boolean }>();

/**
 * Notes a file before it is read. A file that is read after an output is opened is noted before that.
 * @throws {CliError} USAGE for a file that the command also writes
 */
export const noteRead = (path: string): void => note(path, path, false);

/**
 * Notes files before one of them is opened to be written.
 * @throws {CliError} USAGE for a file that the command also reads, or writes for another purpose
 */
export function noteOutputs(outputs: readonly { name: string; path: string | undefined }[]): void {
  note('stdin', 0, false);
  for (const { name, path } of outputs) if (path !== undefined) note(name, path, true);
}

function note(name: string, file: string | number, isWritten: boolean): void {
  const identity = identityOf(file);
  if (identity === undefined) return;
  const other = used.get(identity) ?? { name, isWritten };
  if (isWritten !== other.isWritten || (isWritten && name !== other.name))
    throw new CliError('USAGE', `${other.name} and ${name} are the same file; give each its own`);
  used.set(identity, other);
}

/** Returns a key that is equal for equal files; undefined for pipes and terminals, which may be used twice. */
function identityOf(file: string | number): string | undefined {
  const stats = statsOf(file);
  if (!stats) return typeof file === 'string' ? keyOfPath(resolve(file), process.platform) : undefined;
  return stats.isFile() ? `${stats.dev}:${stats.ino}` : undefined;
}

function statsOf(file: string | number) {
  try {
    return typeof file === 'string' ? statSync(file, BIGINT) : fstatSync(file, BIGINT);
  } catch {
    // The file is missing, or the descriptor is closed. Such a file is refused when it is opened.
    return undefined;
  }
}

const BIGINT = { bigint: true } as const;
