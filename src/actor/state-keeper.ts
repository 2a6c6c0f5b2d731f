import { messageOf } from '../errors.ts';
import type { EngineResult } from './engine/call.ts';
import { writeState } from './engine/context.ts';
import type { StateRoom } from './engine/engine.ts';
import { strictly } from './errors.ts';
import type { JsonObject } from './json/value.ts';
import { refuseOver } from './limits.ts';
import type { Loaded } from './load.ts';
import { byteLength, type Codec, isOver, type Part } from './message/codec.ts';
import type { ActorSettings } from './settings.ts';
import { applyReturned, loadFrom, type StateMap, snapshotOf, storeDoes } from './state/state.ts';

/** A state, and the same state in the encoding of the plugin. */
interface Kept {
  readonly state: StateMap;
  readonly part: Part;
}

/**
 * Keeps one actor's state between calls. A state is written only once, before it is committed: that part is checked against
 * the limit, and is also the state in the context of the next call.
 */
export class StateKeeper {
  readonly #settings: ActorSettings;
  readonly #codec: Codec;
  #room: StateRoom;
  #kept: Kept;

  /**
   * @param state as loaded from the store
   * @throws {ActorError} STATE_TOO_LARGE; JSON_VALUE, JSON_DEPTH for a state that plugins cannot read
   */
  constructor(settings: ActorSettings, state: StateMap, { engine, stateRoom }: Loaded) {
    this.#settings = settings;
    this.#codec = engine.codec;
    this.#room = stateRoom;
    this.#kept = this.#writeStored(state);
  }

  /** The latest state that was loaded or committed, in the encoding of the plugin. */
  get part(): Part {
    return this.#kept.part;
  }

  get bytes(): number {
    return byteLength(this.#kept.part);
  }

  /** Returns a copy of the latest state that was loaded or committed. */
  snapshot(): JsonObject {
    return snapshotOf(this.#kept.state);
  }

  /**
   * Returns the state that a call starts from, and which the call may change. `part` is then this state, written.
   * @throws {ActorError} STATE_STORE_FAILED, STATE_TOO_LARGE, JSON_VALUE, JSON_DEPTH
   */
  load(): StateMap | Promise<StateMap> {
    const loaded = loadFrom(this.#settings.store);
    return loaded instanceof Map ? this.#take(loaded) : loaded.then(state => this.#take(state));
  }

  /** Applies the state that the plugin returned. @throws {ActorError} STATE_WRITES_DISCARDED with `strict` */
  apply({ state: returned, written }: EngineResult, state: StateMap): void {
    if (!returned) return;
    const { statePolicy, engineOptions, tell } = this.#settings;
    applyReturned(state, returned, statePolicy, written, engineOptions.strict ? strictly : tell);
  }

  /**
   * Keeps the state of a call that is over. Returns whether the state was kept. After a failed call the keys that the plugin
   * set before the failure are kept too, as upstream does, unless the policy is `transactional`.
   * @throws {ActorError} STATE_STORE_FAILED; for a call that succeeded STATE_TOO_LARGE, JSON_VALUE, JSON_DEPTH when the
   * state cannot be the input of the next call
   */
  keep(state: StateMap, hasFailed: boolean): boolean | Promise<boolean> {
    const { statePolicy, store, tell } = this.#settings;
    if (hasFailed && statePolicy === 'transactional') return false;
    let written: Kept;
    try {
      written = isSame(state, this.#kept.state) ? this.#kept : this.#write(state);
    } catch (error) {
      if (!hasFailed) throw error;
      // Not thrown: the caller gets the error of the failed call itself.
      const message = `the call failed, and its state is not kept: ${messageOf(error)}`;
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

  /** Sets the limit of the state. @throws {ActorError} STATE_TOO_LARGE for a kept state over it; the old limit then stays */
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
    // A copy: calls and some stores change the map later.
    return { state: new Map(state), part };
  }

  #checkSize(what: string, part: Part, { bytes, option }: StateRoom, remedy: string): void {
    if (isOver(part, bytes))
      refuseOver('STATE_TOO_LARGE', what, byteLength(part), bytes, 'bytes', option, remedy);
  }
}

/** Whether both have the same keys in the same order with identical values, so that their written form is the same too. */
function isSame(one: StateMap, other: StateMap): boolean {
  if (one.size !== other.size) return false;
  const others = other.entries();
  for (const [key, value] of one) {
    const [otherKey, otherValue] = others.next().value!;
    if (key !== otherKey || !Object.is(value, otherValue)) return false;
  }
  return true;
}
