import { messageOf } from '../../errors.ts';
import type { AtomicFile } from '../../platform/node-atomic-file.ts';
import { ActorError } from '../errors.ts';
import { jsonCodec } from '../message/codec.ts';
import {
  checkStatePath,
  type FileStateOptions,
  readFileStateOptions,
  readStateModule,
} from './file-state-options.ts';
import { readStateFile, type StateModule, type StateRecord, writeStateFile } from './state-file.ts';
import type { StateMap, StateStore } from './state-store.ts';
import { type ActorState, writeState } from './written-state.ts';

/**
 * Keeps an actor's state in a file. The file is replaced as a whole after each call that changed the state. It is never half
 * written, neither for other programs nor after a power cut. If another program changes it between two calls, the next call
 * starts from that state; if during a call, the commit fails, so that no write of the other program is lost.
 */
export class FileState implements StateStore {
  readonly #path: string;
  readonly #file: AtomicFile;
  readonly #adopt: boolean;
  #module: StateModule | null;
  #record: StateRecord = { module: null, positions: {}, state: {} };
  #state: StateMap = new Map();
  #written: ActorState | undefined;
  /** Content of the file if this store wrote it; else undefined, and the next commit writes in any case. */
  #text: string | undefined;

  /**
   * Opens a state file. A file that does not exist is an empty state. The first commit is the first write, but whether the
   * file can be written is checked here.
   * @throws {ActorError} STATE_STORE_FAILED when the file cannot be read or written, INVALID_STATE_FILE for a file with
   * other content, INVALID_CONFIG for options that are wrong
   * @example
   * ```js
   * import { readFile } from 'node:fs/promises';
   * import { FileState, Message, ScriptActor } from 'plugboard/actor';
   * const source = await readFile(new URL(import.meta.resolve('plugboard/examples/counter.wasm')));
   * const actor = await ScriptActor.create({ source }, { state: await FileState.open('counter.json') });
   * await actor.process({ reset: Message.flow() });
   * await actor.stop();
   * console.log(JSON.parse(await readFile('counter.json', 'utf8')).state); // { count: 0 }
   * ```
   */
  static open(path: string, options?: FileStateOptions): Promise<FileState>;
  static async open(path: string, options?: FileStateOptions, ...extra: unknown[]): Promise<FileState> {
    const { adopt = false, module = null } = readFileStateOptions(options, extra);
    checkStatePath(path);
    const { AtomicFile } = await import('../../platform/node-atomic-file.ts');
    const file = await inFile(path, () => AtomicFile.open(path));
    const store = new FileState(path, file, adopt, module);
    await store.#read();
    // Only after `#read`: the folder of a file that is not a state file stays untouched.
    await inFile(path, () => file.removeLeftovers());
    return store;
  }

  private constructor(path: string, file: AtomicFile, adopt: boolean, module: StateModule | null) {
    this.#path = path;
    this.#file = file;
    this.#adopt = adopt;
    this.#module = module;
  }

  /** The module that wrote the file, as it was when the file was read; null when not known. */
  get writtenBy(): StateModule | null {
    return this.#record.module;
  }

  /** The module that the file names after the next commit. To be set when an actor is reloaded. */
  get module(): StateModule | null {
    return this.#module;
  }

  /** @throws {ActorError} INVALID_CONFIG */
  set module(module: StateModule | null) {
    this.#module = readStateModule(module);
  }

  load(): StateMap | Promise<StateMap> {
    const copy = () => new Map(this.#state);
    return this.#file.hasChanged() ? this.#read().then(copy) : copy();
  }

  async commit(state: StateMap): Promise<void> {
    const written = writeState(new Map(state), jsonCodec, this.#written);
    const text = writeStateFile(written, { module: this.#module, positions: this.#record.positions });
    if (text !== this.#text || !this.#file.exists()) await inFile(this.#path, () => this.#file.replace(text));
    this.#text = text;
    this.#written = written;
    this.#state = written.state;
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
    throw new ActorError(code, `${path}: ${messageOf(cause)}`, { cause });
  }
}
