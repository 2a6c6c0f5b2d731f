import { isUint8Array } from '../../../wasi/brands.ts';
import { aSignal, having, type Kind, kind, type OptionTable } from '../../../wasi/options.ts';
import type { JsonObject } from '../json/value.ts';
import type { Part } from '../message/codec.ts';
import type { Packet } from '../message/message.ts';
import type { CallState, StateMap } from '../state/state-store.ts';

export const aPart: Kind<Part> = kind(
  'text or bytes, as writePayload and writeConfig return them',
  value => typeof value === 'string' || isUint8Array(value),
);

/** One call: its input, and the state and packets that it changes while it runs. @experimental */
export interface EngineCall {
  /** Return value of `writePayload` with the engine's `codec`. */
  readonly payload: Part;
  /** Return value of `writeConfig` with the engine's `codec`. */
  readonly config: Part;
  /** The state that the plugin reads, and changes while it runs. */
  readonly state: StateMap;
  /** `state`, written by `writeState`. Default: written for this call. */
  readonly statePart?: Part | undefined;
  /** Packets that the plugin sends while it runs are added here. */
  readonly packets: Packet[];
  /** Ends the call where it can be ended. */
  readonly signal?: AbortSignal | undefined;
}

export const ENGINE_CALL: OptionTable<EngineCall> = {
  of: 'engine.process(call)',
  rows: {
    payload: { ...aPart, default: 'none', required: true },
    config: { ...aPart, default: 'none', required: true },
    state: { ...having('a Map', 'get', 'set'), default: 'none', required: true },
    statePart: { ...aPart, default: 'written for this call' },
    packets: { ...kind('an array', Array.isArray), default: 'none', required: true },
    signal: { ...aSignal, default: 'none' },
  },
};

/** A call of the host's own, whose state is written already. */
export interface OwnCall extends Omit<EngineCall, 'state' | 'statePart'> {
  readonly state: CallState;
  readonly statePart: Part;
}

/** The answer to such a call. Its state is kept for later calls, and must not be changed. */
export type OwnResult = Omit<EngineResult, 'written'>;

/** @experimental */
export interface EngineResult {
  outputs: Packet;
  /** The state in the plugin's result; missing when the result has none. */
  state?: JsonObject | undefined;
  /** Keys of the state that the plugin set while it ran. */
  written: ReadonlySet<string>;
  outputBytes: number;
}
