import type { Settings } from '../../src/given/settings.ts';
import type { Link, LinkPlan } from '../../src/link/plan.ts';
import { limitsFor, MODES, type Mode, modeFor, TIME_KEEPERS } from '../../src/run/mode.ts';
import { MemoryFs } from '../../wasi/index.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const NO_WORKERS = 'there are no workers';
const NO_FORCE = 'none can be ended';
const preopens = { '/data': { fs: new MemoryFs() } };
const withFolder = { preopens };
const OBJECT = /"\/data"\] is an object/;

const link = (namespace: string, name: string, provider: Link['provider']): Link => ({
  namespace,
  name,
  type: undefined,
  provider,
});
const IMPORTS = {
  async: link('host', 'later', { kind: 'host', fn: () => 0, isAsync: true }),
  plain: link('host', 'now', { kind: 'host', fn: () => 0, isAsync: false }),
  http: link('extism:host/env', 'http_request', { kind: 'kernel' }),
  sleep: link('wasi_snapshot_preview1', 'poll_oneoff', { kind: 'wasi' }),
};

const planOf = (names: readonly (keyof typeof IMPORTS)[]): LinkPlan => {
  const main = { name: 'main', links: names.map(name => IMPORTS[name]) };
  return { main, modules: new Map([['main', main]]) } as unknown as LinkPlan;
};

interface Host {
  lacksWorkers?: string;
  lacksForce?: string;
  /** Whether the thread may block. */
  blocks?: boolean;
}
const platformOf = ({ lacksWorkers, lacksForce, blocks = true }: Host) => ({
  lacksWorkers: () => lacksWorkers ?? null,
  lacksForce: () => lacksForce ?? null,
  clock: { nowNs: () => 0n, resolutionNs: () => 1n, ...(blocks && { sleepNs: () => {} }) },
});

type Given = Partial<Settings>;
const settingsOf = (given: Given) =>
  ({ preopens: {}, allowedHosts: [], runInWorker: false, ...given }) as unknown as Settings;

suite('limits of a plugin', test => {
  const rows: [id: string, given: Given, host: Host, metered: RegExp | null][] = [
    ['no-limit', {}, { lacksWorkers: NO_WORKERS, lacksForce: NO_FORCE }, null],
    ['no-limit', { timeoutBy: 'checks' }, {}, null],
    ['checks-asked', { timeoutMs: 5, timeoutBy: 'checks' }, {}, /timeoutBy is 'checks'/],
    ['checks-asked', { timeoutMs: 5, timeoutBy: 'checks' }, { lacksWorkers: NO_WORKERS }, /timeoutBy is/],
    ['no-force', { timeoutMs: 5, timeoutBy: 'worker' }, { lacksForce: NO_FORCE }, /none can be ended/],
    ['force', { timeoutMs: 5, timeoutBy: 'worker' }, {}, null],
    ['no-worker', { timeoutMs: 5 }, { lacksWorkers: NO_WORKERS, lacksForce: NO_FORCE }, /no workers/],
    ['no-worker', { timeoutMs: 5, ...withFolder }, { lacksForce: NO_FORCE }, OBJECT],
    ['no-worker', { timeoutMs: 5, ...withFolder }, {}, OBJECT],
    ['no-force', { timeoutMs: 5 }, { lacksForce: NO_FORCE }, /none can be ended/],
    ['force', { timeoutMs: 5, maxGrowthPages: 7 }, {}, null],
  ];
  for (const [id, given, host, metered] of rows) {
    test.row(
      `time.${id}`,
      `${JSON.stringify({ ...given, preopens: undefined })} with ${JSON.stringify(host)}`,
      () => {
        const limits = limitsFor(settingsOf(given), platformOf(host));
        is(limits.timeoutMs, given.timeoutMs);
        is(limits.maxGrowthPages, given.maxGrowthPages);
        if (metered === null) is(limits.metered, null);
        else is(metered.test(limits.metered!), true);
      },
    );
  }
});

type Imports = (keyof typeof IMPORTS)[];
interface Case {
  imports?: Imports;
  given?: Given;
  host?: Host;
  canSuspend?: boolean;
  isLarge?: boolean;
}
const http = { allowedHosts: ['*'] };
const none = { lacksWorkers: NO_WORKERS };
const checks: Given = { timeoutMs: 5, timeoutBy: 'checks' };

/** `sync`: the code of the error of `callSync`, or null. */
const CHOICES: [row: string, of: Case, mode: Mode, sync: string | null][] = [
  ['worker-asked', { given: { runInWorker: true } }, 'worker', 'UNSUPPORTED'],
  ['worker-asked', { given: { runInWorker: true }, imports: ['async'] }, 'worker', 'HOST_FUNCTION_ASYNC'],
  ['worker-asked', { given: { runInWorker: true, timeoutMs: 5 } }, 'worker', 'UNSUPPORTED'],
  ['worker-asked', { given: { timeoutBy: 'worker', timeoutMs: 5 } }, 'worker', 'UNSUPPORTED'],
  ['worker-asked', { given: { runInWorker: true, ...checks } }, 'worker', 'UNSUPPORTED'],
  ['time-limit', { given: { timeoutMs: 5 } }, 'worker', 'UNSUPPORTED'],
  ['time-limit', { given: { timeoutMs: 5 }, host: { lacksForce: NO_FORCE } }, 'worker', 'UNSUPPORTED'],
  ['time-limit', { given: { timeoutMs: 5 }, imports: ['async'] }, 'worker', 'HOST_FUNCTION_ASYNC'],
  ['waits-suspended', { imports: ['async'] }, 'suspending', 'HOST_FUNCTION_ASYNC'],
  ['waits-suspended', { imports: ['plain', 'http'], given: http }, 'suspending', 'HOST_FUNCTION_ASYNC'],
  [
    'waits-suspended',
    { imports: ['async'], given: { timeoutMs: 5 }, host: none },
    'suspending',
    'HOST_FUNCTION_ASYNC',
  ],
  ['waits-suspended', { imports: ['async'], given: checks }, 'suspending', 'HOST_FUNCTION_ASYNC'],
  ['waits-in-worker', { imports: ['async'], canSuspend: false }, 'worker', 'HOST_FUNCTION_ASYNC'],
  [
    'waits-in-worker',
    { imports: ['async'], given: checks, canSuspend: false },
    'worker',
    'HOST_FUNCTION_ASYNC',
  ],
  ['waits-in-worker', { imports: ['http'], given: http, canSuspend: false }, 'worker', 'HOST_FUNCTION_ASYNC'],
  ['sleeps', { imports: ['sleep'], host: { blocks: false } }, 'suspending', 'UNSUPPORTED'],
  [
    'sleeps',
    { imports: ['sleep'], host: { blocks: false, ...none }, given: { timeoutMs: 5 } },
    'suspending',
    'UNSUPPORTED',
  ],
  ['large', { isLarge: true, host: { blocks: false } }, 'suspending', 'UNSUPPORTED'],
  ['inline', { isLarge: true, host: { blocks: false }, canSuspend: false }, 'inline', null],
  ['inline', { isLarge: true }, 'inline', null],
  ['inline', {}, 'inline', null],
  ['inline', { given: checks }, 'inline', null],
  ['inline', { given: { timeoutBy: 'worker' } }, 'inline', null],
  ['inline', { imports: ['plain', 'sleep'] }, 'inline', null],
  ['inline', { imports: ['sleep'], host: { blocks: false }, canSuspend: false }, 'inline', null],
  ['inline', { imports: ['http'] }, 'inline', null],
  ['inline', { given: { timeoutMs: 5 }, host: none }, 'inline', null],
  ['inline', { given: { timeoutMs: 5, ...withFolder } }, 'inline', null],
];

const REFUSALS: [row: string, of: Case, code: string, message: RegExp][] = [
  [
    'worker-refused',
    { given: { runInWorker: true }, host: none },
    'UNSUPPORTED',
    /^option\.runInWorker: .*, but there are no workers; leave it out$/,
  ],
  [
    'worker-refused',
    { given: { runInWorker: true, ...withFolder }, imports: ['async'] },
    'UNSUPPORTED',
    OBJECT,
  ],
  [
    'worker-refused',
    { given: { timeoutBy: 'worker', timeoutMs: 5 }, host: none },
    'UNSUPPORTED',
    /^option\.timeoutBy: the plugin is to run in a worker, but there are no workers; leave it out$/,
  ],
  [
    'waits-refused',
    { imports: ['plain', 'async'], host: none, canSuspend: false },
    'HOST_FUNCTION_ASYNC',
    /^host function host\.later is async, .*, but there are no workers; or use/,
  ],
  [
    'waits-refused',
    { imports: ['http'], given: { ...http, ...withFolder }, canSuspend: false },
    'UNSUPPORTED',
    /^module "main" imports extism:host\/env\.http_request, .*"\/data"\]/,
  ],
];

const choose = ({ imports = [], given = {}, host = {}, canSuspend = true, isLarge = false }: Case) =>
  modeFor(planOf(imports), settingsOf(given), platformOf(host), canSuspend, () => isLarge);
const titleOf = (row: string, { given = {}, ...rest }: Case) =>
  `${row}: ${JSON.stringify({ ...rest, given: Object.keys(given) })}`;

suite('mode of a plugin', test => {
  for (const [row, of, mode, sync] of CHOICES) {
    test.row(`mode.${row}`, titleOf(row, of), () => {
      const chosen = choose(of);
      equal([chosen.mode, chosen.syncRefusal?.code ?? null], [mode, sync]);
    });
  }
  for (const [row, of, code, message] of REFUSALS) {
    test.row(`mode.${row}`, titleOf(row, of), async () => {
      await raises(async () => choose(of), { code, message });
    });
  }

  test('each table ends with a row that always fits', () => {
    is(MODES.at(-1)!.fits({} as never), true);
    is(TIME_KEEPERS.at(-1)!.fits({} as never), true);
  });
});
