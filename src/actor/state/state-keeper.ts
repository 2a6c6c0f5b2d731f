import { isThenable } from '../../values/thenable.ts';
import type { JsonObject } from '../json/value.ts';
import { loadFrom, type StateMap, type StateStore, snapshotOf, storeDoes } from './state-store.ts';
import { type ActorState, isSameState } from './written-state.ts';

/** Writes a state that a store has loaded. */
interface StateWriter {
  /** @throws {ActorError} STATE_TOO_LARGE, JSON_VALUE, JSON_DEPTH for a state that plugins cannot read */
  writeStored(state: StateMap, before: ActorState): ActorState;
}

/**
 * Keeps one actor's state between calls: in its store if it has one, and written for the next call. Methods return a promise only if the
 * store does: awaiting both would make a small message take 9 % longer (measured on Node 20).
 */
export class StateKeeper {
  readonly #store: StateStore | null;
  #kept: ActorState;

  /** @param kept as loaded from the store, or the state to start from */
  constructor(store: StateStore | null, kept: ActorState) {
    this.#store = store;
    this.#kept = kept;
  }

  /** The latest state that was loaded or committed. */
  get kept(): ActorState {
    return this.#kept;
  }

  /** Size of that state in bytes, in the encoding of the plugin. */
  get bytes(): number {
    return this.#kept.bytes;
  }

  /** Returns a copy of that state. */
  snapshot(): JsonObject {
    return snapshotOf(this.#kept.state);
  }

  /**
   * Returns the state that a call starts from. It is written only if the store has another one than was committed last.
   * @throws {ActorError} STATE_STORE_FAILED, and errors of the writer
   */
  load(writer: StateWriter): ActorState | Promise<ActorState> {
    if (!this.#store) return this.#kept;
    const loaded = loadFrom(this.#store);
    return loaded instanceof Map
      ? this.#take(loaded, writer)
      : loaded.then(state => this.#take(state, writer));
  }

  /** Commits a state to the store. If that fails, the state from before is still kept. @throws {ActorError} STATE_STORE_FAILED */
  commit(next: ActorState): void | Promise<void> {
    const done = () => {
      this.#kept = next;
    };
    const store = this.#store;
    // A copy: some stores keep this map, and change it later.
    const committing = store && storeDoes('commit', () => store.commit(new Map(next.state)));
    return isThenable(committing) ? (committing as Promise<void>).then(done) : done();
  }

  #take(state: StateMap, writer: StateWriter): ActorState {
    if (!isSameState(state, this.#kept.state)) this.#kept = writer.writeStored(state, this.#kept);
    return this.#kept;
  }
}
