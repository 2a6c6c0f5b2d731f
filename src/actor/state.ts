import { ActorError, describe } from './errors.ts';
import { copyJson, isObject, type JsonObject, type JsonValue } from './json.ts';

/** An actor's state while a call runs. A map, so that no key (`__proto__`, `constructor`) means anything special. */
export type StateMap = Map<string, JsonValue>;

/**
 * Where one actor keeps its state between calls. Before each call `load` answers the state it starts from; the host
 * functions read and write that very map while the call runs; afterwards `commit` is given the state to keep, also
 * when the call failed (writes made before the failure stay, as upstream). Never called twice at once.
 */
export interface StateStore {
  /** A map that the caller may change. Its values it may not. */
  load(): StateMap | Promise<StateMap>;
  commit(state: StateMap): void | Promise<void>;
}

/** State as a plain object that shares nothing with the map. */
export const snapshotOf = (state: StateMap): JsonObject =>
  copyJson(Object.fromEntries(state), ['state']) as JsonObject;

/** Keeps state in memory, for as long as the store lives. */
export class MemoryState implements StateStore {
  #state: StateMap;

  /** @throws {ActorError} JSON_VALUE, JSON_DEPTH with the path of what is not JSON; INVALID_CONFIG for a non-object */
  constructor(initial: JsonObject = {}) {
    if (!isObject(initial)) {
      throw new ActorError(
        'INVALID_CONFIG',
        `state: expected an object of key → JSON value, got ${describe(initial)}`,
      );
    }
    this.#state = new Map(Object.entries(copyJson(initial, ['state']) as JsonObject));
  }

  load(): StateMap {
    return new Map(this.#state);
  }

  commit(state: StateMap): void {
    this.#state = new Map(state);
  }

  /** A copy that shares nothing with the store. */
  snapshot(): JsonObject {
    return snapshotOf(this.#state);
  }
}

export const isStateStore = (value: unknown): value is StateStore =>
  isObject(value) && typeof value.load === 'function' && typeof value.commit === 'function';
