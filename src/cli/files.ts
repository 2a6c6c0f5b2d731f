import { fstatSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readUtf8 } from '../actor/json/reader.ts';
import { loadSource, MAIN } from '../module/source.ts';
import { keyOfPath } from '../platform/paths.ts';
import { reasonOf } from '../platform/system-error.ts';
import type { Platform } from '../platform/types.ts';
import { CliError } from './errors.ts';

/** @throws {CliError} FILE */
export async function readInputFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
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

/** Writes a file, in place of an older one. @throws {CliError} FILE */
export async function writeOutputFile(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new CliError('FILE', `${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** A file that a command uses: a path or a file descriptor. */
interface UsedFile {
  /** Name in messages, such as `--state`. */
  name: string;
  path: string | number | undefined;
  isWritten?: boolean;
}

/** Refuses a file that is written and also used for another purpose. @throws {CliError} USAGE */
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
