import { AtomicFile } from '../platform/node-atomic-file.ts';
import { ActorError } from './errors.ts';
import { type FileStateOptions, readFileStateOptions } from './file-state-options.ts';
import type { StateMap, StateStore } from './state.ts';
import { readStateFile, type StateModule, type StateRecord, writeStateFile } from './state-file.ts';

/**
 * Keeps an actor's state in a file. The file is replaced as a whole after each call that changed the state, and never seen
 * half written: neither by another program nor after a power cut. When another program has changed it, the next call starts
 * from that state; when that happens during a call, the commit fails, so that no write of the other program is lost.
 */
export class FileState implements StateStore {
  readonly #path: string;
  readonly #file: AtomicFile;
  readonly #adopt: boolean;
  readonly #module: StateModule | null;
  #record: StateRecord = { module: null, positions: {}, state: {} };
  #state: StateMap = new Map();
  /** What the file holds, as far as we wrote it. */
  #text: string | undefined;

  /**
   * A file that does not exist is an empty state. Nothing is written before the first commit, but that it can be is checked.
   * @throws {ActorError} STATE_STORE_FAILED when the file cannot be read or written, INVALID_STATE_FILE for a file with
   * other content, INVALID_CONFIG for options that are wrong
   */
  static open(path: string, options?: FileStateOptions): Promise<FileState>;
  static async open(path: string, options?: FileStateOptions, ...extra: unknown[]): Promise<FileState> {
    const { adopt = false, module = null } = readFileStateOptions(options, extra);
    const file = await inFile(path, () => AtomicFile.open(path));
    const store = new FileState(path, file, adopt, module);
    await store.#read();
    // Not before: what is no state is left as it is.
    await inFile(path, () => file.removeLeftovers());
    return store;
  }

  private constructor(path: string, file: AtomicFile, adopt: boolean, module: StateModule | null) {
    this.#path = path;
    this.#file = file;
    this.#adopt = adopt;
    this.#module = module;
  }

  /** The module that had written the file when it was read; null where that is not known. */
  get writtenBy(): StateModule | null {
    return this.#record.module;
  }

  load(): StateMap | Promise<StateMap> {
    const copy = () => new Map(this.#state);
    return this.#file.hasChanged() ? this.#read().then(copy) : copy();
  }

  async commit(state: StateMap): Promise<void> {
    const text = writeStateFile(state, { module: this.#module, positions: this.#record.positions });
    if (text !== this.#text) await inFile(this.#path, () => this.#file.replace(text));
    this.#text = text;
    this.#state = new Map(state);
  }

  async #read(): Promise<void> {
    const record = await inFile(this.#path, () =>
      this.#file.read(bytes => readStateFile(bytes, this.#adopt)),
    );
    if (!record) return;
    this.#record = record;
    this.#state = new Map(Object.entries(record.state));
    this.#text = undefined;
  }
}

/** @throws {ActorError} with the path of the file: INVALID_STATE_FILE, else STATE_STORE_FAILED */
async function inFile<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const code =
      cause instanceof ActorError && cause.code === 'INVALID_STATE_FILE' ? cause.code : 'STATE_STORE_FAILED';
    throw new ActorError(code, `${path}: ${(cause as Error).message}`, { cause });
  }
}
