import { aCount, type OptionRow, type OptionTable, readArgument, readOptions } from '../../wasi/options.ts';
import { BUDGET_OPTIONS, type Budgets } from '../given/budgets.ts';
import { withCommas } from '../units.ts';
import { ActorError, type ActorErrorCode, refuseOption } from './errors.ts';

/** A limit of actors, and the reason for its value. docs/LIMITS.md is printed from these rows. */
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
    why: 'Several times the size of a module from standard Go, which makes the largest of the usual compilers. A download is aborted at this size.',
  },
  inputBytes: {
    name: 'input of one call: payload, config and state, as JSON',
    default: 67_108_864,
    unit: 'bytes',
    option: 'limits.inputBytes',
    why: 'The plugin holds the input at least twice, as text and as values, in a memory of at most 4 GiB.',
  },
  stateBytes: {
    name: 'state that is kept for the next call, in the encoding of the plugin',
    default: 33_554_432,
    unit: 'bytes',
    option: 'limits.stateBytes',
    why: 'Half of limits.inputBytes, also when that option is given: a state as large as a whole input would make every later message fail. For the same reason the limit is lower when config, limits.outputBytes or memory.maxPages leave less room.',
  },
  outputBytes: {
    name: 'output of one call: its result and all arguments of host functions, as JSON',
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
    why: 'JSON values take many times the bytes of their text: a plugin could fill the memory of the host while it is loaded.',
  },
  packets: {
    name: 'packets that one call sends before its result',
    default: 10_000,
    unit: 'packets',
    option: 'limits.packets',
    why: 'The packets wait for the end of the call, since the host cannot make a plugin wait for a slow reader.',
  },
  capacity: {
    name: 'packets that inports, and outports, hold before a sender waits',
    default: 1024,
    unit: 'packets',
    option: 'capacity',
    why: 'Enough for a pause of the reader; a sender that never waits would fill the memory of the host.',
  },
  failures: {
    name: 'calls that fail in a row before an actor with the error policy restart stops',
    default: 10,
    unit: 'failures',
    option: 'maxFailures',
    why: 'A plugin that fails on every message would be restarted for ever.',
  },
  depth: {
    name: 'arrays and objects inside one another, in all JSON',
    default: 127,
    unit: 'levels',
    option: null,
    why: 'serde_json refuses level 128, so a Rust plugin could not read deeper text.',
  },
  memoryBytes: {
    name: "memory of an actor's plugin, kernel memory included, before the diagnostic MEMORY_HIGH",
    default: 104_857_600,
    unit: 'bytes',
    option: null,
    why: "The most that upstream's memory page promises. Not enforced, as upstream, since plugins must run unmodified; memoryLimitMb and memory.max_pages are limits.",
  },
  printedLines: {
    name: "lines of one call, of stdout and stderr together, that are printed on the host's stderr",
    default: 1000,
    unit: 'lines',
    option: 'stdout, stderr',
    why: 'A plugin that prints for ever would hide the lines of all others. With an option, all lines of that stream go to its function instead.',
  },
} as const satisfies Record<string, ActorLimit>;

/** Limits of one call that the option `limits` changes. */
export interface CallLimits {
  inputBytes: number;
  outputBytes: number;
  packets: number;
}
export interface ActorLimits extends CallLimits {
  moduleBytes: number;
  stateBytes: number;
}

/** The budgets of `createPlugin` that actors take too. Their own `outputBytes` counts more than the output. */
type ActorBudgets = Omit<Budgets, 'outputBytes'>;
type GivenLimits = { readonly [Name in keyof ActorLimits]?: number | undefined };
export interface LimitOptions extends ActorBudgets, GivenLimits {}

const { outputBytes: _, ...budgetRows } = BUDGET_OPTIONS.rows;
const BUDGET_NAMES = Object.keys(budgetRows) as (keyof ActorBudgets)[];

/** The budgets among the limits of an actor. */
export const budgetsOf = (limits: LimitOptions = {}): Budgets =>
  Object.fromEntries(BUDGET_NAMES.map(name => [name, limits[name]]));

const limitRow = (name: keyof ActorLimits): OptionRow => {
  const { default: most, unit, name: what } = ACTOR_LIMITS[name];
  return { ...aCount(unit), default: withCommas(most), grants: `up to this limit: ${what}` };
};

export const LIMIT_OPTIONS: OptionTable<LimitOptions> = {
  of: 'limits of actors',
  rows: {
    moduleBytes: limitRow('moduleBytes'),
    inputBytes: limitRow('inputBytes'),
    stateBytes: limitRow('stateBytes'),
    outputBytes: limitRow('outputBytes'),
    packets: limitRow('packets'),
    ...budgetRows,
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
  readArgument(aCount(unit, least), value, where, refuseOption);

/** Refuses a count over its limit. @throws {ActorError} with this code; the message names the limit and its option */
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
  const message = `${what}: ${withCommas(count)} ${unit}, over the limit of ${withCommas(limit)} (${option})`;
  throw new ActorError(code, remedy === undefined ? message : `${message}; ${remedy}`);
}
