import { attempt } from '../../errors.ts';
import { ownMap } from '../../values/own.ts';
import { ActorError, describe } from '../errors.ts';
import { refuseOver } from '../limits.ts';
import { byteLength, type Codec, isOver, jsonCodec, type Part } from '../message/codec.ts';
import type { StateMap } from './state-store.ts';

/** The largest state allowed, and the option that sets this limit. */
export interface StateRoom {
  readonly bytes: number;
  readonly option: string;
}

/**
 * A state, and the same state in the encoding of the plugin. A state is written only once: the part is checked against the
 * limit, and is also the state in the context of the next call. Neither is changed afterwards.
 * @experimental
 */
export class ActorState {
  /** Must not be changed. */
  readonly state: StateMap;
  /** @internal */
  readonly part: Part;

  /** @internal Made by a plugin, which writes the part in its encoding. */
  constructor(state: StateMap, part: Part) {
    this.state = state;
    this.part = part;
  }
}

/** Writes a state in the encoding of a plugin. @throws {ActorError} JSON_VALUE, JSON_DEPTH */
export const writeState = (state: StateMap, codec: Codec = jsonCodec): Part =>
  codec.write(Object.fromEntries(state), ['state']);

/** @throws {ActorError} STATE_TOO_LARGE */
export function checkStateRoom(part: Part, { bytes, option }: StateRoom, what: string, remedy: string): void {
  if (isOver(part, bytes))
    refuseOver('STATE_TOO_LARGE', what, byteLength(part), bytes, 'bytes', option, remedy);
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
