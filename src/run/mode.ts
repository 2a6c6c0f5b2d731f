import { ENV_NAMESPACE } from '../../abi/index.ts';
import { needsTimeForInstance } from '../engine/features.ts';
import { jspi } from '../engine/jspi.ts';
import { CreateError } from '../errors.ts';
import type { Settings } from '../given/settings.ts';
import type { Limits } from '../link/execution.ts';
import { type LinkPlan, modulesOf } from '../link/plan.ts';
import type { Platform } from '../platform/types.ts';

// Decides how a plugin runs, in two steps: its limits before its modules are compiled, its mode after they are linked.
// docs/LIMITS.md is printed from both tables and mode-rows.ts. In each, the first row that fits is chosen; the last row always fits.

/**
 * `inline`: on the caller's thread, without a break. `suspending`: on the caller's thread, and suspended while an async host
 * function, an HTTP request or a sleep is pending. `worker`: on a thread of its own, which can be ended by force.
 */
export type Mode = 'inline' | 'suspending' | 'worker';

type Workers = Pick<Platform, 'lacksWorkers' | 'lacksForce'>;

/** Returns the reason for which the plugin cannot run in a worker; null if it can. */
function lacksWorker({ preopens }: Pick<Settings, 'preopens'>, platform: Workers): string | null {
  const [folder] = Object.keys(preopens);
  const isObject =
    `the file system at option.preopens["${folder}"] is an object, which cannot go to a worker, as a folder of the ` +
    'host given with allowedPaths can';
  return platform.lacksWorkers() ?? (folder === undefined ? null : isObject);
}

/** Who ends a call whose time is over: checks added to the plugin's code, or the end of a worker. */
export type TimeoutBy = 'checks' | 'worker';

interface TimeFacts {
  timeoutMs: number | undefined;
  timeoutBy: TimeoutBy | undefined;
  lacksWorker: string | null;
  lacksForce: string | null;
}

export type TimeKeeperId = 'no-limit' | 'checks-asked' | 'no-worker' | 'no-force' | 'force';

export interface TimeKeeper {
  id: TimeKeeperId;
  fits: (facts: TimeFacts) => boolean;
  /** `Limits.metered` */
  metered: (facts: TimeFacts) => string | null;
}

export const TIME_KEEPERS: readonly TimeKeeper[] = [
  {
    id: 'no-limit',
    fits: ({ timeoutMs }) => timeoutMs === undefined,
    metered: () => null,
  },
  {
    id: 'checks-asked',
    fits: ({ timeoutBy }) => timeoutBy === 'checks',
    metered: () => "timeoutBy is 'checks'",
  },
  {
    id: 'no-worker',
    fits: facts => facts.lacksWorker !== null,
    metered: facts => facts.lacksWorker,
  },
  {
    id: 'no-force',
    fits: ({ lacksForce }) => lacksForce !== null,
    metered: ({ lacksForce }) => lacksForce,
  },
  {
    id: 'force',
    fits: () => true,
    metered: () => null,
  },
];

/** Decides which limits the plugin's own code has to keep. */
export function limitsFor(
  settings: Pick<Settings, 'preopens'> &
    Partial<Pick<Settings, 'timeoutMs' | 'timeoutBy' | 'maxGrowthPages' | 'memoryPages' | 'fuel' | 'fresh'>>,
  platform: Workers,
): Limits {
  const { timeoutMs, timeoutBy, maxGrowthPages, memoryPages, fuel, fresh = false } = settings;
  const facts = {
    timeoutMs,
    timeoutBy,
    lacksWorker: lacksWorker(settings, platform),
    lacksForce: platform.lacksForce(),
  };
  const { metered } = firstThatFits(TIME_KEEPERS, facts);
  return { timeoutMs, maxGrowthPages, memoryPages, fuel, fresh, metered: metered(facts) };
}

/** Why `callSync` is refused. */
interface SyncRefusal {
  code: 'HOST_FUNCTION_ASYNC' | 'UNSUPPORTED';
  why: string;
}

/** A need that the platform cannot meet. */
interface Need {
  code: 'HOST_FUNCTION_ASYNC' | 'UNSUPPORTED';
  what: string;
  /** Advice for platforms where the plugin cannot run. */
  instead: string;
}

interface ModeFacts {
  /** The option that asks for a worker, if any. */
  workerAskedBy: string | undefined;
  timeoutMs: number | undefined;
  timeoutBy: TimeoutBy | undefined;
  lacksWorker: string | null;
  /** Whether the engine can suspend a plugin. */
  canSuspend: boolean;
  /** The first import for which the plugin may have to wait. */
  waits: Need | undefined;
  /** Whether the plugin may sleep on a thread that must not block. */
  sleeps: boolean;
  /** Whether this thread makes instances of a module of the plugin in its own time only. */
  isLarge: boolean;
}

export type ModeId =
  | 'worker-asked'
  | 'worker-refused'
  | 'time-limit'
  | 'waits-suspended'
  | 'waits-in-worker'
  | 'waits-refused'
  | 'sleeps'
  | 'large'
  | 'inline';

export interface ModeRow {
  id: ModeId;
  fits: (facts: ModeFacts) => boolean;
  /** The need that is refused stands here where the plugin cannot run. */
  mode: Mode | ((facts: ModeFacts) => Need);
  /** Null where `callSync` works. */
  syncRefusal: SyncRefusal | null;
}

const WAITS: SyncRefusal = { code: 'HOST_FUNCTION_ASYNC', why: 'has async host functions or HTTP' };
const IN_WORKER: SyncRefusal = { code: 'UNSUPPORTED', why: 'runs in a worker' };
const SLEEPS: SyncRefusal = {
  code: 'UNSUPPORTED',
  why: 'may sleep (it imports poll_oneoff), and this thread must not block',
};
const IS_LARGE: SyncRefusal = {
  code: 'UNSUPPORTED',
  why: 'has a module over 8 MiB, and this thread does not wait for its instance',
};
const runInWorker = (askedBy: string): Need => ({
  code: 'UNSUPPORTED',
  what: `${askedBy}: the plugin is to run in a worker`,
  instead: 'leave it out',
});

const canUseWorker = (facts: ModeFacts): boolean => facts.lacksWorker === null;

export const MODES: readonly ModeRow[] = [
  {
    id: 'worker-asked',
    fits: facts => facts.workerAskedBy !== undefined && canUseWorker(facts),
    mode: 'worker',
    syncRefusal: IN_WORKER,
  },
  {
    id: 'worker-refused',
    fits: ({ workerAskedBy }) => workerAskedBy !== undefined,
    mode: ({ workerAskedBy }) => runInWorker(workerAskedBy!),
    syncRefusal: null,
  },
  {
    id: 'time-limit',
    fits: facts => facts.timeoutMs !== undefined && facts.timeoutBy !== 'checks' && canUseWorker(facts),
    mode: 'worker',
    syncRefusal: IN_WORKER,
  },
  {
    id: 'waits-suspended',
    fits: facts => facts.waits !== undefined && facts.canSuspend,
    mode: 'suspending',
    syncRefusal: WAITS,
  },
  {
    id: 'waits-in-worker',
    fits: facts => facts.waits !== undefined && canUseWorker(facts),
    mode: 'worker',
    syncRefusal: WAITS,
  },
  {
    id: 'waits-refused',
    fits: ({ waits }) => waits !== undefined,
    mode: ({ waits }) => waits!,
    syncRefusal: null,
  },
  {
    id: 'sleeps',
    fits: facts => facts.sleeps && facts.canSuspend,
    mode: 'suspending',
    syncRefusal: SLEEPS,
  },
  {
    id: 'large',
    fits: facts => facts.isLarge && facts.canSuspend,
    mode: 'suspending',
    syncRefusal: IS_LARGE,
  },
  { id: 'inline', fits: () => true, mode: 'inline', syncRefusal: null },
];

export interface ChosenMode {
  mode: Mode;
  /** Null where `callSync` works. */
  syncRefusal: SyncRefusal | null;
}

/**
 * Chooses the mode in which the plugin runs on this platform.
 * @throws {CreateError} HOST_FUNCTION_ASYNC or UNSUPPORTED if the plugin needs a feature that this platform does not have
 */
export function modeFor(
  plan: LinkPlan,
  settings: Pick<Settings, 'runInWorker' | 'timeoutMs' | 'timeoutBy' | 'preopens' | 'allowedHosts'>,
  platform: Workers & Pick<Platform, 'clock'>,
  canSuspend: boolean = jspi !== null,
  needsTime: (module: WebAssembly.Module) => boolean = needsTimeForInstance,
): ChosenMode {
  const { timeoutMs, timeoutBy } = settings;
  const waits = firstWait(plan, settings);
  const lacking = lacksWorker(settings, platform);
  const mustNotBlock = !platform.clock.sleepNs;
  const sleeps = mustNotBlock && maySleep(plan);
  const isLarge = mustNotBlock && modulesOf(plan).some(needsTime);
  const workerAskedBy = askedBy(settings);
  const facts = {
    workerAskedBy,
    timeoutMs,
    timeoutBy,
    lacksWorker: lacking,
    canSuspend,
    waits,
    sleeps,
    isLarge,
  };
  const { mode, syncRefusal } = firstThatFits(MODES, facts);
  // A plugin that waits is told so in every mode, because a change of options alone would not help.
  if (typeof mode === 'string') return { mode, syncRefusal: waits ? WAITS : syncRefusal };
  const { code, what, instead } = mode(facts);
  throw new CreateError(code, `${what}, but ${lacking}; ${instead}`);
}

function askedBy({
  runInWorker,
  timeoutMs,
  timeoutBy,
}: Pick<Settings, 'runInWorker' | 'timeoutMs' | 'timeoutBy'>): string | undefined {
  if (runInWorker) return 'option.runInWorker';
  return timeoutMs !== undefined && timeoutBy === 'worker' ? 'option.timeoutBy' : undefined;
}

const firstThatFits = <Facts, Row extends { fits: (facts: Facts) => boolean }>(
  rows: readonly Row[],
  facts: Facts,
): Row => rows.find(row => row.fits(facts))!;

const maySleep = ({ modules }: LinkPlan): boolean =>
  [...modules.values()].some(({ links }) =>
    links.some(({ name, provider }) => provider.kind === 'wasi' && name === 'poll_oneoff'),
  );

function firstWait(
  { modules }: LinkPlan,
  { allowedHosts }: Pick<Settings, 'allowedHosts'>,
): Need | undefined {
  const cannot =
    'but this engine cannot suspend a plugin (WebAssembly.Suspending is missing), so that it needs a worker';
  const instead =
    'or use a newer engine (Node 24 with --experimental-wasm-jspi, Node 26, Deno, Bun, Chromium, workerd), or do without';
  for (const { name: module, links } of modules.values()) {
    for (const { namespace, name, provider } of links) {
      if (provider.kind === 'host' && provider.isAsync) {
        const what = `host function ${namespace}.${name} is async, ${cannot}`;
        return { code: 'HOST_FUNCTION_ASYNC', what, instead };
      }
      if (provider.kind === 'kernel' && name === 'http_request' && allowedHosts.length > 0) {
        const what = `module "${module}" imports ${ENV_NAMESPACE}.http_request, and allowedHosts allows hosts, ${cannot}`;
        return { code: 'UNSUPPORTED', what, instead };
      }
    }
  }
  return undefined;
}
