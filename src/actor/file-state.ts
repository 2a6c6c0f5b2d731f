import { AtomicFile } from '../platform/node-atomic-file.ts';
import { refuseArguments } from './call-options.ts';
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
  readonly #file: AtomicFile;
  #state: StateMap;
  /** What the file holds, as far as we wrote it. */
  #text: string | undefined;

  /**
   * A file that does not exist is an empty state.
   * @throws {ActorError} STATE_STORE_FAILED when it cannot be read or is no JSON object
   */
  static open(path: string): Promise<FileState>;
  static async open(path: string, ...extra: unknown[]): Promise<FileState> {
    refuseArguments('FileState.open', extra);
    try {
      const { file, bytes } = await AtomicFile.open(path);
      const state = bytes ? readJson(bytes, { what: 'the state' }) : {};
      if (!isJsonObject(state)) throw new Error('expected a JSON object of key → value');
      // Not before: what is no state is left as it is.
      await file.removeLeftovers();
      return new FileState(file, state);
    } catch (error) {
      throw new ActorError('STATE_STORE_FAILED', `${path}: ${(error as Error).message}`, { cause: error });
    }
  }

  private constructor(file: AtomicFile, state: JsonObject) {
    this.#file = file;
    this.#state = new Map(Object.entries(state));
  }

  load(): StateMap {
    return new Map(this.#state);
  }

  async commit(state: StateMap): Promise<void> {
    const text = `${writeJson(Object.fromEntries(state), ['state'])}\n`;
    if (text !== this.#text) await this.#file.replace(text);
    this.#text = text;
    this.#state = new Map(state);
  }
}
