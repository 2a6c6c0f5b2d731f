import { aCount, type OptionRow, type OptionTable, readOptions } from '../../wasi/options.ts';
import { ActorError, type ActorErrorCode, refuseOption } from './errors.ts';

/** A limit of actors and why it has the value it has. docs/LIMITS.md is printed from these rows. */
export interface ActorLimit {
  name: string;
  default: number;
  unit: 'bytes' | 'packets' | 'levels' | 'failures' | 'lines';
  /** The option of `ScriptActor.create` that changes it, if any. */
  option: string | null;
  why: string;
}

export const ACTOR_LIMITS = {
  moduleBytes: {
    name: 'wasm of one actor',
    default: 67_108_864,
    unit: 'bytes',
    option: 'limits.moduleBytes',
    why: 'Several times what standard Go makes, the largest of the usual compilers. A download is broken off there.',
  },
  inputBytes: {
    name: 'what one call is given: payload, config and state, as JSON',
    default: 67_108_864,
    unit: 'bytes',
    option: 'limits.inputBytes',
    why: 'The plugin holds it at least twice, as text and as values, in a memory of at most 4 GiB.',
  },
  stateBytes: {
    name: 'state that is kept for the next call, in the encoding of the plugin',
    default: 33_554_432,
    unit: 'bytes',
    option: 'limits.stateBytes',
    why: 'Half of limits.inputBytes, also where that is given: a state that fills a whole call would make every later message fail. For the same reason it is less where config, limits.outputBytes or memory.maxPages leave less.',
  },
  outputBytes: {
    name: 'what one call gives: its result and all that it hands to host functions, as JSON',
    default: 67_108_864,
    unit: 'bytes',
    option: 'limits.outputBytes',
    why: 'A plugin that writes state or sends packets in a loop would fill the memory of the host.',
  },
  answerBytes: {
    name: 'the output of get_metadata, get_version or validate_config',
    default: 67_108_864,
    unit: 'bytes',
    option: null,
    why: 'JSON takes many times its bytes once it is read: a plugin could fill the memory of the host while it is loaded.',
  },
  packets: {
    name: 'packets that one call sends before its result',
    default: 10_000,
    unit: 'packets',
    option: 'limits.packets',
    why: 'They wait for the end of the call, since a plugin cannot be made to wait for a slow reader.',
  },
  capacity: {
    name: 'packets that inports, and outports, hold before a sender waits',
    default: 1024,
    unit: 'packets',
    option: 'capacity',
    why: 'Enough to ride out a pause; a sender that never waits would fill the memory of the host.',
  },
  failures: {
    name: 'calls that fail in a row before an actor with the error policy restart stops',
    default: 10,
    unit: 'failures',
    option: 'maxFailures',
    why: 'A plugin that fails whatever it gets would be made anew for ever.',
  },
  depth: {
    name: 'arrays and objects inside one another, in all JSON',
    default: 127,
    unit: 'levels',
    option: null,
    why: 'serde_json refuses the 128th, so that deeper text would never reach a Rust plugin.',
  },
  stderrLines: {
    name: "lines of one call that are printed on the host's stderr",
    default: 1000,
    unit: 'lines',
    option: 'stderr',
    why: 'A plugin that prints for ever would drown what others print. With the option, all lines go to it instead.',
  },
} as const satisfies Record<string, ActorLimit>;

/** Those that the option `limits` changes. */
export interface CallLimits {
  inputBytes: number;
  outputBytes: number;
  packets: number;
}
export interface ActorLimits extends CallLimits {
  moduleBytes: number;
  stateBytes: number;
}

const number = (value: number): string => value.toLocaleString('en-US');

type LimitOptions = { readonly [Name in keyof ActorLimits]?: number | undefined };

const limitRow = (name: keyof ActorLimits): OptionRow => {
  const { default: most, unit, name: what } = ACTOR_LIMITS[name];
  return { ...aCount(unit), default: number(most), grants: `up to this limit: ${what}` };
};

export const LIMIT_OPTIONS: OptionTable<LimitOptions> = {
  of: 'limits of actors',
  rows: {
    moduleBytes: limitRow('moduleBytes'),
    inputBytes: limitRow('inputBytes'),
    stateBytes: limitRow('stateBytes'),
    outputBytes: limitRow('outputBytes'),
    packets: limitRow('packets'),
  },
};

export const aLimitsOption: OptionRow = {
  type: 'an object, see below',
  default: 'see below',
  check: (value, where, refuse) => readOptions(LIMIT_OPTIONS, value, where, refuse),
};

/** @throws {ActorError} INVALID_CONFIG */
export function readLimits(given?: LimitOptions): ActorLimits {
  const read = readOptions(LIMIT_OPTIONS, given, 'limits', refuseOption);
  const limit = (name: keyof ActorLimits, otherwise: number = ACTOR_LIMITS[name].default): number =>
    read[name] ?? otherwise;
  const inputBytes = limit('inputBytes');
  const stateBytes = limit('stateBytes', Math.floor(inputBytes / 2));
  if (stateBytes > inputBytes) {
    const message = `limits.stateBytes: expected at most limits.inputBytes (${inputBytes} bytes), got ${stateBytes}`;
    throw new ActorError('INVALID_CONFIG', message);
  }
  return {
    moduleBytes: limit('moduleBytes'),
    inputBytes,
    stateBytes,
    outputBytes: limit('outputBytes'),
    packets: limit('packets'),
  };
}

/** @throws {ActorError} INVALID_CONFIG */
export const readCount = (where: string, value: unknown, unit: string, least: number): number =>
  aCount(unit, least).check(value, where, refuseOption);

/** @throws {ActorError} of this code, naming the limit and the option that changes it */
export function refuseOver(
  code: ActorErrorCode,
  what: string,
  count: number,
  limit: number,
  unit: string,
  option: string,
  remedy?: string,
): void {
  if (count <= limit) return;
  const message = `${what}: ${number(count)} ${unit}, over the limit of ${number(limit)} (${option})`;
  throw new ActorError(code, remedy === undefined ? message : `${message}; ${remedy}`);
}
