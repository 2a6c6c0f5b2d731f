import { isThenable } from '../thenable.ts';
import { refuseArguments } from './call-options.ts';
import { ActorError, describe, type Report } from './errors.ts';
import { copyJson, writeJson } from './json.ts';
import { isObject, type JsonObject, type JsonValue } from './json-value.ts';

/** An actor's state while a call runs. A map, so that no key (`__proto__`, `constructor`) means anything special. */
export type StateMap = Map<string, JsonValue>;

/**
 * Where one actor keeps its state between calls. Before each call `load` answers the state it starts from; the host
 * functions read and write that very map while the call runs; afterwards `commit` is given the state to keep. Never called
 * twice at once. Neither side changes a value in place: the actor takes the same value for the same text.
 * test/contract/state-store.ts is the contract.
 */
export interface StateStore {
  /** A map that the caller may change. Its values it may not. */
  load(): StateMap | Promise<StateMap>;
  commit(state: StateMap): void | Promise<void>;
}

/**
 * What becomes of the state that a plugin returns, and of a call that fails. `replace`: it takes the place of all, also of
 * what the call itself set, and what was set before a failure stays, as upstream. `merge`: its keys are set, all others
 * stay. `transactional`: as `replace`, but of a call that fails nothing stays.
 */
export type StatePolicy = 'replace' | 'merge' | 'transactional';
export const STATE_POLICIES: readonly StatePolicy[] = ['replace', 'merge', 'transactional'];

/** Puts what a plugin returned into the state. @param written Keys that the call itself set */
export function applyReturned(
  state: StateMap,
  returned: JsonObject,
  policy: StatePolicy,
  written: ReadonlySet<string>,
  report: Report,
): void {
  if (policy !== 'merge') {
    const lost = [...written].filter(key => !Object.hasOwn(returned, key));
    if (lost.length > 0) {
      const names = lost.slice(0, 5).map(key => describe(key));
      const message = `state: the call set ${names.join(', ')}${lost.length > 5 ? ' and more' : ''}, and returned a state without`;
      report({ code: 'STATE_WRITES_DISCARDED', message });
    }
    state.clear();
  }
  for (const [key, value] of Object.entries(returned)) state.set(key, value);
}

/** The keys whose values differ. */
export function changedKeys(before: StateMap, after: StateMap): string[] {
  const isSame = (key: string) => {
    const [one, other] = [before.get(key), after.get(key)];
    return one === other || (one !== undefined && other !== undefined && writeJson(one) === writeJson(other));
  };
  return [...new Set([...before.keys(), ...after.keys()])].filter(key => !isSame(key));
}

/** State as a plain object that shares nothing with the map. */
export const snapshotOf = (state: StateMap): JsonObject =>
  copyJson(Object.fromEntries(state), ['state']) as JsonObject;

/** Keeps state in memory, for as long as the store lives. */
export class MemoryState implements StateStore {
  #state: StateMap;

  /** @throws {ActorError} JSON_VALUE, JSON_DEPTH with the path of what is not JSON; INVALID_CONFIG for a non-object */
  constructor(initial?: JsonObject);
  constructor(initial: JsonObject = {}, ...extra: unknown[]) {
    refuseArguments('MemoryState', extra);
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

/** @throws {ActorError} STATE_STORE_FAILED for whatever the store throws, and for anything but a map */
export const loadFrom = (store: StateStore): StateMap | Promise<StateMap> =>
  storeDoes('load', () => {
    const loaded = store.load();
    return isThenable(loaded) ? Promise.resolve(loaded).then(checkMap) : checkMap(loaded);
  });

function checkMap(state: StateMap): StateMap {
  if (state instanceof Map) return state;
  throw new Error(`expected a Map of key → JSON value, got ${describe(state)}`);
}

/** A promise only of a store that answers one. @throws {ActorError} STATE_STORE_FAILED for whatever the store throws */
export function storeDoes<T>(verb: 'load' | 'commit', action: () => T | Promise<T>): T | Promise<T> {
  const failed = (cause: unknown): never => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ActorError('STATE_STORE_FAILED', `the state store failed to ${verb}: ${reason}`, { cause });
  };
  try {
    const done = action();
    return isThenable(done) ? Promise.resolve(done).catch(failed) : done;
  } catch (cause) {
    return failed(cause);
  }
}
