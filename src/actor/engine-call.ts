import { aSignal, having, type Kind, kind, type OptionTable } from '../../wasi/options.ts';
import type { Part } from './codec.ts';
import type { JsonObject } from './json-value.ts';
import type { Packet } from './message.ts';
import type { StateMap } from './state.ts';

const aPart: Kind<Part> = kind(
  'text or bytes, as writePayload and writeConfig return them',
  value => typeof value === 'string' || value instanceof Uint8Array,
);

/** One call: what goes in, and what it works on while it runs. */
export interface EngineCall {
  /** As `writePayload` writes it with the engine's `codec`. */
  readonly payload: Part;
  /** As `writeConfig` does. */
  readonly config: Part;
  /** What the plugin reads, and changes while it runs. */
  readonly state: StateMap;
  /** The same state as `writeState` writes it. Default: written for this call. */
  readonly statePart?: Part | undefined;
  /** What it sends while it runs is added. */
  readonly packets: Packet[];
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

export interface EngineResult {
  outputs: Packet;
  /** What the plugin returned as its state, if it did. */
  state?: JsonObject | undefined;
  /** Keys that it set while it ran. */
  written: ReadonlySet<string>;
  outputBytes: number;
}
