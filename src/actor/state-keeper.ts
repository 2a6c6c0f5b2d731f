import { byteLength, type Codec, isOver, type Part } from './codec.ts';
import { writeState } from './context.ts';
import type { StateRoom } from './engine.ts';
import type { EngineResult } from './engine-call.ts';
import { strictly } from './errors.ts';
import type { JsonObject } from './json-value.ts';
import { refuseOver } from './limits.ts';
import type { Loaded } from './load.ts';
import type { ActorSettings } from './settings.ts';
import { applyReturned, loadFrom, type StateMap, snapshotOf, storeDoes } from './state.ts';

/** A state, and the part of a call's context that is written of it. */
interface Kept {
  readonly state: StateMap;
  readonly part: Part;
}

/**
 * Keeps one actor's state between calls. A state is written once, before it is committed: the size of that part is limited,
 * and the next call gets the same part.
 */
export class StateKeeper {
  readonly #settings: ActorSettings;
  readonly #codec: Codec;
  #room: StateRoom;
  #kept: Kept;

  /**
   * @param state as loaded from the store
   * @throws {ActorError} STATE_TOO_LARGE; JSON_VALUE, JSON_DEPTH for a state that plugins cannot be given
   */
  constructor(settings: ActorSettings, state: StateMap, { engine, stateRoom }: Loaded) {
    this.#settings = settings;
    this.#codec = engine.codec;
    this.#room = stateRoom;
    this.#kept = this.#writeStored(state);
  }

  /** The latest state that was loaded or committed, as the context of a call has it. */
  get part(): Part {
    return this.#kept.part;
  }

  get bytes(): number {
    return byteLength(this.#kept.part);
  }

  /** A copy of that state. */
  snapshot(): JsonObject {
    return snapshotOf(this.#kept.state);
  }

  /**
   * Returns the state that a call starts from, which the call may change; `part` is then the same state.
   * @throws {ActorError} STATE_STORE_FAILED, STATE_TOO_LARGE, JSON_VALUE, JSON_DEPTH
   */
  load(): StateMap | Promise<StateMap> {
    const loaded = loadFrom(this.#settings.store);
    return loaded instanceof Map ? this.#take(loaded) : loaded.then(state => this.#take(state));
  }

  /** Puts what the plugin returned into the state. @throws {ActorError} STATE_WRITES_DISCARDED where `strict` is asked for */
  apply({ state: returned, written }: EngineResult, state: StateMap): void {
    if (!returned) return;
    const { statePolicy, engineOptions, tell } = this.#settings;
    applyReturned(state, returned, statePolicy, written, engineOptions.strict ? strictly : tell);
  }

  /**
   * Keeps the state of a call that is over, and returns whether it did. Also after a failure, unless the policy forbids:
   * what a plugin wrote before it stays, as upstream.
   * @throws {ActorError} STATE_STORE_FAILED; for a call that succeeded STATE_TOO_LARGE, JSON_VALUE, JSON_DEPTH when the
   * next call could not be given its state
   */
  keep(state: StateMap, hasFailed: boolean): boolean | Promise<boolean> {
    const { statePolicy, store, tell } = this.#settings;
    if (hasFailed && statePolicy === 'transactional') return false;
    let written: Kept;
    try {
      written = isSame(state, this.#kept.state) ? this.#kept : this.#write(state);
    } catch (error) {
      if (!hasFailed) throw error;
      // Its caller gets the failure of the call itself.
      const message = `the call failed, and its state is not kept: ${(error as Error).message}`;
      tell({ code: 'STATE_WRITES_DISCARDED', message });
      return false;
    }
    const done = () => {
      this.#kept = written;
      return true;
    };
    const committing = storeDoes('commit', () => store.commit(state));
    return committing ? committing.then(done) : done();
  }

  /** Limits the state from now on. @throws {ActorError} STATE_TOO_LARGE when the kept state is over; then nothing changes */
  limit(room: StateRoom): void {
    this.#checkSize('state', this.#kept.part, room, 'the module before goes on');
    this.#room = room;
  }

  #take(state: StateMap): StateMap {
    if (!isSame(state, this.#kept.state)) this.#kept = this.#writeStored(state);
    return state;
  }

  #writeStored(state: StateMap): Kept {
    return this.#write(state, 'the stored state', 'raise the limit, or commit a smaller state to the store');
  }

  #write(state: StateMap, what = 'state', remedy = 'the state from before the call is kept'): Kept {
    const part = writeState(state, this.#codec);
    this.#checkSize(what, part, this.#room, remedy);
    // A copy: calls, and some stores, go on working on the map itself.
    return { state: new Map(state), part };
  }

  #checkSize(what: string, part: Part, { bytes, option }: StateRoom, remedy: string): void {
    if (isOver(part, bytes))
      refuseOver('STATE_TOO_LARGE', what, byteLength(part), bytes, 'bytes', option, remedy);
  }
}

/** Whether both have the same keys in the same order with the very same values, so that their text is the same too. */
function isSame(one: StateMap, other: StateMap): boolean {
  if (one.size !== other.size) return false;
  const others = other.entries();
  for (const [key, value] of one) {
    const [otherKey, otherValue] = others.next().value!;
    if (key !== otherKey || !Object.is(value, otherValue)) return false;
  }
  return true;
}
