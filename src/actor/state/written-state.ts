import { attempt } from '../../errors.ts';
import { ownMap } from '../../values/own.ts';
import { ActorError, describe } from '../errors.ts';
import { checkText } from '../json/form.ts';
import type { JsonValue } from '../json/value.ts';
import { refuseOver } from '../limits.ts';
import { byteLength, type Codec, jsonCodec, type Part } from '../message/codec.ts';
import type { StateMap } from './state-store.ts';

/** The largest state allowed, and the option that sets this limit. */
export interface StateRoom {
  readonly bytes: number;
  readonly option: string;
}

/** The value of one key, and the same value in the encoding of the plugin. */
class WrittenValue {
  readonly value: JsonValue;
  readonly part: Part;
  readonly #key: string;
  #bytesBeyond: number | undefined;

  constructor(key: string, value: JsonValue, part: Part) {
    this.#key = key;
    this.value = value;
    this.part = part;
  }

  /** Bytes of UTF-8 beyond the characters of key and text. */
  get bytesBeyond(): number {
    this.#bytesBeyond ??= bytesBeyond(this.#key) + bytesBeyond(this.part);
    return this.#bytesBeyond;
  }
}

const bytesBeyond = (part: Part): number => byteLength(part) - part.length;

/**
 * A state, and the same state in the encoding of the plugin. A state is written only once: the part is checked against the
 * limit, and is also the state in the context of the next call. Neither is changed afterwards.
 * @experimental
 */
export class ActorState {
  /** Must not be changed. */
  readonly state: StateMap;
  /** @internal The written state. Its text is a join of the texts of its values. */
  readonly part: Part;
  readonly #codec: Codec;
  readonly #written = new Map<string, WrittenValue>();

  /** @internal Use `writeState`. */
  constructor(state: StateMap, codec: Codec, before?: ActorState) {
    this.state = state;
    this.#codec = codec;
    const kept = before && before.#codec === codec ? before.#written : undefined;
    const members: [key: string, part: Part][] = [];
    for (const key of inOrder(keysOf(state))) {
      const value = state.get(key)!;
      let written = kept?.get(key);
      if (!written || !Object.is(written.value, value)) {
        checkText(key, ['state']);
        written = new WrittenValue(key, value, codec.write(value, ['state', key]));
      }
      this.#written.set(key, written);
      members.push([key, written.part]);
    }
    this.part = codec.join(members);
  }

  /** @internal Size of the part in bytes; text is measured as UTF-8. */
  get bytes(): number {
    if (typeof this.part !== 'string') return this.part.length;
    let { length } = this.part;
    for (const { bytesBeyond } of this.#written.values()) length += bytesBeyond;
    return length;
  }
}

/** A store of the caller may have any keys. @throws {ActorError} JSON_VALUE */
function keysOf(state: ReadonlyMap<unknown, JsonValue>): string[] {
  return [...state.keys()].map(key => {
    if (typeof key === 'string') return key;
    throw new ActorError('JSON_VALUE', `state: expected keys that are strings, got ${describe(key)}`);
  });
}

/** Returns keys in the order in which an object has them: `7` before `a`. */
const inOrder = (keys: readonly string[]): readonly string[] =>
  keys.some(key => /^\d/.test(key)) ? Object.keys(Object.fromEntries(keys.map(key => [key, 0]))) : keys;

/**
 * Writes a state in the encoding of a plugin. A value that `before` has too is not written again.
 * @throws {ActorError} JSON_VALUE, JSON_DEPTH
 */
export const writeState = (state: StateMap, codec: Codec = jsonCodec, before?: ActorState): ActorState =>
  new ActorState(state, codec, before);

/** @throws {ActorError} STATE_TOO_LARGE */
export function checkStateRoom(
  state: ActorState,
  { bytes, option }: StateRoom,
  what: string,
  remedy: string,
): void {
  // A UTF-16 code unit takes at most three bytes of UTF-8.
  if (state.part.length * 3 > bytes)
    refuseOver('STATE_TOO_LARGE', what, state.bytes, bytes, 'bytes', option, remedy);
}

/** Whether both have the same keys in the same order with identical values, so that their written form is the same too. */
export function isSameState(one: StateMap, other: StateMap): boolean {
  if (one.size !== other.size) return false;
  const others = other.entries();
  for (const [key, value] of one) {
    const [otherKey, otherValue] = others.next().value!;
    if (key !== otherKey || !Object.is(value, otherValue)) return false;
  }
  return true;
}

/** Checks the state that a caller passes to a step. @throws {ActorError} INVALID_CONFIG */
export function stateGiven(given: unknown): ActorState | StateMap {
  const state = attempt(() => given instanceof ActorState, false) ? given : ownMap(given);
  if (state) return state as ActorState | StateMap;
  const expected = 'the state of a step, or a Map of key → JSON value';
  throw new ActorError('INVALID_CONFIG', `step: state: expected ${expected}, got ${describe(given)}`);
}
