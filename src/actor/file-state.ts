import { open, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ActorError } from './errors.ts';
import { readJson, writeJson } from './json.ts';
import { isJsonObject, type JsonObject } from './json-value.ts';
import type { StateMap, StateStore } from './state.ts';

/**
 * Keeps an actor's state in a JSON file. The file is read once, replaced as a whole after each call that changed the
 * state, and never seen half written: neither by another program nor after a power cut. One program at a time may have
 * it: opening it takes away what another one was just writing, whose commit then fails.
 */
export class FileState implements StateStore {
  readonly #path: string;
  /** Permission bits: a state that others may not read stays so. */
  readonly #mode: number;
  #state: StateMap;
  /** What the file holds, as far as we wrote it. */
  #text: string | undefined;

  /**
   * A file that does not exist is an empty state.
   * @throws {ActorError} STATE_STORE_FAILED when it cannot be read or is no JSON object
   */
  static async open(path: string): Promise<FileState> {
    try {
      const bytes = await readFile(path);
      const state = readJson(bytes, { what: 'the state' });
      if (!isJsonObject(state)) throw new Error('expected a JSON object of key → value');
      // A link is followed, so that the file it leads to is replaced and not the link.
      const place = await realpath(path);
      await removeLeftovers(place);
      return new FileState(place, (await stat(path)).mode, state);
    } catch (error) {
      if (isMissing(error)) {
        await removeLeftovers(path);
        return new FileState(path, 0o666, {});
      }
      throw new ActorError('STATE_STORE_FAILED', `${path}: ${(error as Error).message}`, { cause: error });
    }
  }

  private constructor(path: string, mode: number, state: JsonObject) {
    this.#path = path;
    this.#mode = mode;
    this.#state = new Map(Object.entries(state));
  }

  load(): StateMap {
    return new Map(this.#state);
  }

  async commit(state: StateMap): Promise<void> {
    const text = `${writeJson(Object.fromEntries(state), ['state'])}\n`;
    if (text !== this.#text) await replaceFile(this.#path, text, this.#mode);
    this.#text = text;
    this.#state = new Map(state);
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

const TEMPORARY_END = '.tmp';
const temporaryPrefix = (path: string): string => `.${basename(path)}.`;

/** What a program that was killed in the middle of a write has left behind. */
async function removeLeftovers(path: string): Promise<void> {
  const [folder, prefix] = [dirname(path), temporaryPrefix(path)];
  const names = await readdir(folder).catch(() => []);
  const leftovers = names.filter(
    name =>
      name.startsWith(prefix) &&
      name.endsWith(TEMPORARY_END) &&
      /^\d+$/.test(name.slice(prefix.length, -TEMPORARY_END.length)),
  );
  for (const name of leftovers) await rm(join(folder, name), { force: true });
}

async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const folder = dirname(path);
  // In the same folder, because a rename is atomic within one file system only.
  const temporary = join(folder, `${temporaryPrefix(path)}${process.pid}${TEMPORARY_END}`);
  try {
    const file = await open(temporary, 'w', mode);
    try {
      await file.writeFile(text);
      // Else the new name may reach the disk before the new bytes do.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
