import { messageOf } from '../../errors.ts';
import { ownMap } from '../../values/own.ts';
import { isThenable } from '../../values/thenable.ts';
import { refuseArguments } from '../call-options.ts';
import { ActorError, describe, type Report, readForeign, refuseForeign } from '../errors.ts';
import { isObject, type JsonObject, type JsonValue } from '../json/value.ts';
import { copyJson, writeText } from '../json/writer.ts';

/** An actor's state. A map, so that `__proto__` and `constructor` are ordinary keys. */
export type StateMap = Map<string, JsonValue>;

/**
 * Keeps the state of one actor between calls. Before each call `load` returns the state that the call starts from. The call
 * works on a copy of it. Afterwards `commit` gets a map with the state to keep. The methods are never called again before an
 * earlier call is over. Neither side may change a value inside a map in place: the actor reuses the written form of a value
 * while its identity is the same.
 * test/contract/state-store.ts is the contract.
 */
export interface StateStore {
  /** Returns a map that the caller may change; the caller must not change values inside it. */
  load(): StateMap | Promise<StateMap>;
  /** The store may keep the map, and change it. */
  commit(state: StateMap): void | Promise<void>;
}

/**
 * How the state changes when a plugin returns a state, and when a call fails. `replace`: the returned state replaces all keys,
 * also keys that the call itself set; keys set before a failure stay, as upstream does. `merge`: only the returned keys are
 * set, all others stay. `transactional`: as `replace`, but a failed call does not change the state.
 */
export type StatePolicy = 'replace' | 'merge' | 'transactional';
export const STATE_POLICIES: readonly StatePolicy[] = ['replace', 'merge', 'transactional'];

/** The state of a running call, which its host functions read and change. */
export interface CallState {
  get(key: string): JsonValue | undefined;
  set(key: string, value: JsonValue): unknown;
}

/** The state of a running call of an actor. The map is copied before its first change. */
export class DraftState implements CallState {
  #state: StateMap;
  #written: Set<string> | undefined;

  constructor(before: StateMap) {
    this.#state = before;
  }

  get state(): StateMap {
    return this.#state;
  }

  get(key: string): JsonValue | undefined {
    return this.#state.get(key);
  }

  set(key: string, value: JsonValue): void {
    if (!this.#written) this.#state = new Map(this.#state);
    this.#written ??= new Set();
    this.#written.add(key);
    this.#state.set(key, value);
  }

  /** Applies the state that the plugin returned. */
  apply(returned: JsonObject, policy: StatePolicy, report: Report): void {
    if (policy !== 'merge') {
      if (this.#written) reportLost(this.#written, returned, report);
      if (!isSameAs(this.#state, returned)) this.#state = new Map(Object.entries(returned));
    } else for (const [key, value] of Object.entries(returned)) this.set(key, value);
  }
}

/** Reports keys that a call set, and that are not in the state that it returned. */
function reportLost(written: ReadonlySet<string>, returned: JsonObject, report: Report): void {
  const lost = [...written].filter(key => !Object.hasOwn(returned, key));
  if (lost.length === 0) return;
  const names = lost.slice(0, 5).map(key => describe(key));
  const message = `state: the call set ${names.join(', ')}${lost.length > 5 ? ' and more' : ''}, and returned a state without`;
  report({ code: 'STATE_WRITES_DISCARDED', message });
}

/** Whether both have the same keys in the same order with identical values. */
function isSameAs(state: StateMap, object: JsonObject): boolean {
  const keys = Object.keys(object);
  if (keys.length !== state.size) return false;
  let index = 0;
  for (const [key, value] of state) {
    if (key !== keys[index++] || !Object.is(value, object[key])) return false;
  }
  return true;
}

/** Returns the keys whose values differ. */
export function changedKeys(before: StateMap, after: StateMap): string[] {
  const isSame = (key: string) => {
    const [one, other] = [before.get(key), after.get(key)];
    return one === other || (one !== undefined && other !== undefined && writeText(one) === writeText(other));
  };
  return [...new Set([...before.keys(), ...after.keys()])].filter(key => !isSame(key));
}

/** Returns the state as a plain object, a deep copy. */
export const snapshotOf = (state: StateMap): JsonObject =>
  copyJson(Object.fromEntries(state), ['state']) as JsonObject;

/** Keeps state in memory, for as long as the store lives. */
export class MemoryState implements StateStore {
  #state: StateMap;

  /** @throws {ActorError} JSON_VALUE, JSON_DEPTH with the path of a value that is not JSON; INVALID_CONFIG for a non-object */
  constructor(initial?: JsonObject);
  constructor(initial: JsonObject = {}, ...extra: unknown[]) {
    refuseArguments('MemoryState', extra);
    const copy = readForeign('state', () => {
      if (isObject(initial)) return copyJson(initial, ['state']);
      const message = `state: expected an object of key → JSON value, got ${describe(initial)}`;
      throw new ActorError('INVALID_CONFIG', message);
    });
    this.#state = new Map(Object.entries(copy as JsonObject));
  }

  load(): StateMap {
    return new Map(this.#state);
  }

  commit(state: StateMap): void {
    try {
      this.#state = new Map(state);
    } catch (cause) {
      refuseForeign(cause, 'state');
    }
  }

  /** Returns a deep copy of the state. */
  snapshot(): JsonObject {
    return snapshotOf(this.#state);
  }
}

export const isStateStore = (value: unknown): value is StateStore =>
  isObject(value) && typeof value.load === 'function' && typeof value.commit === 'function';

/** @throws {ActorError} STATE_STORE_FAILED for every error of the store, and when it does not load a Map */
export const loadFrom = (store: StateStore): StateMap | Promise<StateMap> =>
  storeDoes('load', () => {
    const loaded = store.load();
    return isThenable(loaded) ? Promise.resolve(loaded).then(checkMap) : checkMap(loaded);
  });

function checkMap(state: StateMap): StateMap {
  const own = ownMap(state);
  if (own) return own as StateMap;
  throw new Error(`expected a Map of key → JSON value, got ${describe(state)}`);
}

/** Calls the store. Returns a promise only if the store does. @throws {ActorError} STATE_STORE_FAILED for all its errors */
export function storeDoes<T>(verb: 'load' | 'commit', action: () => T | Promise<T>): T | Promise<T> {
  const failed = (cause: unknown): never => {
    const reason = messageOf(cause);
    throw new ActorError('STATE_STORE_FAILED', `the state store failed to ${verb}: ${reason}`, { cause });
  };
  try {
    const done = action();
    return isThenable(done) ? Promise.resolve(done).catch(failed) : done;
  } catch (cause) {
    return failed(cause);
  }
}
