import { compileAccessors } from '../../abi/index.ts';
import type { Budgets } from '../../src/given/budgets.ts';
import type { PolicyDenial } from '../../src/given/policy-types.ts';
import { createPlugin, hostFunction, type Plugin, type PluginOptions } from '../../src/node.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite, type Test } from '../helpers/suite.ts';
import { lackingMode, TEXT_MODES, type TextMode } from '../helpers/text-plugin.ts';

const ENV = 'extism:host/env';
const i64 = { results: ['i64'] } as const;

/** Exports. Each asks the host once; with `again` in its name, twice. Input: the JSON of a request. */
const ASKS = {
  host: ['call add'],
  log: ['call input_offset', 'call log_warn'],
  quiet: ['call input_offset', 'call log_trace'],
  write: ['call input_offset', 'call input_offset', 'call var_set'],
  remove: ['call input_offset', 'i64.const 0', 'call var_set'],
  http: ['call input_offset', 'call input_offset', 'call http_request', 'drop'],
  output: ['call input_offset', 'call input_length', 'call output_set'],
  print: ['i32.const 1', 'i32.const 0', 'i32.const 1', 'i32.const 8', 'call fd_write', 'drop'],
} as const;
type Ask = keyof typeof ASKS;

const PRINTED = 'printed\n';
/** Puts an iovec that names `PRINTED` to the beginning of the memory. */
const PREPARE = [
  ...['i32.const 0', 'i32.const 16', 'i32.store'],
  ...['i32.const 4', `i32.const ${PRINTED.length}`, 'i32.store'],
];

const plain = (name: string, params: readonly ('i64' | 'i32')[] = [], results = {}) => ({
  module: ENV,
  name,
  params,
  ...results,
});
const WASM = buildModule({
  imports: [
    { module: 'host', name: 'add' },
    plain('input_offset', [], i64),
    plain('input_length', [], i64),
    plain('log_warn', ['i64']),
    plain('log_trace', ['i64']),
    plain('var_set', ['i64', 'i64']),
    plain('http_request', ['i64', 'i64'], i64),
    plain('output_set', ['i64', 'i64']),
    {
      module: 'wasi_snapshot_preview1',
      name: 'fd_write',
      params: ['i32', 'i32', 'i32', 'i32'],
      results: ['i32'],
    },
  ],
  memoryPages: 1,
  functions: [
    ...Object.entries(ASKS).map(([name, body]) => ({ name, body: [...PREPARE, ...body] })),
    ...Object.entries(ASKS).map(([name, body]) => ({
      name: `${name} again`,
      body: [...PREPARE, ...body, ...body],
    })),
    ...Object.entries(ASKS).map(([name, body]) => ({
      name: `${name} and catch`,
      body: [...PREPARE, 'try', ...body, 'catch_all', 'end', 'try', ...body, 'catch_all', 'end'],
    })),
  ],
});

/** The body of every answer. */
const ANSWER = 'answer';
const fetch = async () => new Response(ANSWER);
const REQUEST = JSON.stringify({ url: 'https://a.test/', method: 'POST' });
/** Requests have no more than this input as their body. */
const SENT = REQUEST.length;

async function make(mode: TextMode, limits: Budgets, options: PluginOptions = {}) {
  const isAsync = mode !== 'inline';
  const plugin = await createPlugin(WASM, {
    runInWorker: mode === 'worker',
    allowedHosts: isAsync ? ['a.test'] : [],
    fetch: fetch as typeof globalThis.fetch,
    functions: { host: { add: hostFunction({ isAsync }, isAsync ? async () => {} : () => {}) } },
    logger: {},
    logLevel: 'warn',
    stdout: () => {},
    limits,
    ...options,
  });
  is(plugin.report.isolation, mode);
  return plugin;
}

interface Row {
  budget: keyof Budgets;
  ask: Ask;
  /** The amount that the export asks for. */
  amount: number;
  unit: string;
}

const ROWS: readonly Row[] = [
  { budget: 'hostCalls', ask: 'host', amount: 1, unit: 'calls' },
  { budget: 'logBytes', ask: 'log', amount: SENT, unit: 'bytes' },
  { budget: 'logBytes', ask: 'print', amount: PRINTED.length, unit: 'bytes' },
  { budget: 'varWrites', ask: 'write', amount: 1, unit: 'writes' },
  { budget: 'varWrites', ask: 'remove', amount: 1, unit: 'writes' },
  { budget: 'outputBytes', ask: 'output', amount: SENT, unit: 'bytes' },
];
const HTTP_ROWS: readonly Row[] = [
  { budget: 'httpRequests', ask: 'http', amount: 1, unit: 'requests' },
  { budget: 'httpBytes', ask: 'http', amount: SENT + ANSWER.length, unit: 'bytes' },
];

const over = ({ budget, unit }: Row, most: number, asked: number) => ({
  code: 'BUDGET_EXCEEDED',
  message: `limits.${budget}: the call may use ${most} ${unit}, and asked for ${asked}`,
});

function budgets(test: Test, mode: TextMode): void {
  for (const row of mode === 'inline' ? ROWS : [...ROWS, ...HTTP_ROWS]) {
    const { budget, ask, amount } = row;
    const run = async (most: number, check: (plugin: Plugin) => Promise<unknown>) => {
      const plugin = await make(mode, { [budget]: most });
      try {
        await check(plugin);
      } finally {
        await plugin.close();
      }
    };

    test.row(`budget.${budget}`, `${ask}: each call may use the whole budget`, () =>
      run(amount, async plugin => {
        for (let call = 0; call < 3; call++) await plugin.call(ask, REQUEST);
      }),
    );

    test.row(
      ['error.BUDGET_EXCEEDED', `budget.${budget}`],
      `${ask}: a call over the budget fails, and the next one works`,
      () =>
        run(amount - 1, async plugin => {
          await raises(() => plugin.call(ask, REQUEST), over(row, amount - 1, amount));
          await plugin.call('quiet', REQUEST);
          await raises(() => plugin.call(ask, REQUEST), over(row, amount - 1, amount));
        }),
    );

    test.row(
      `budget.${budget}`,
      `${ask}: a policy in the mode audit ends no call, and reports each`,
      async () => {
        for (const most of [amount, amount - 1]) {
          const told: PolicyDenial[] = [];
          const watched = watch({ [budget]: most }, denial => void told.push(denial));
          const plugin = await make(mode, {}, watched);
          for (let call = 0; call < 2; call++) await plugin.call(ask, REQUEST);
          await plugin.close();
          const used = { limits: { [budget]: amount } };
          equal(
            told.filter(({ code }) => code === 'BUDGET_EXCEEDED').map(({ needs }) => needs),
            most === amount ? [] : [used, used],
          );
        }
      },
    );

    if (ask === 'output') continue;
    test.row(`budget.${budget}`, `${ask}: the amounts of one call are added up`, () =>
      run(2 * amount - 1, plugin =>
        raises(() => plugin.call(`${ask} again`, REQUEST), over(row, 2 * amount - 1, 2 * amount)),
      ),
    );

    test.row(`budget.${budget}`, `${ask}: a plugin that catches the error is stopped too`, () =>
      run(0, plugin => raises(() => plugin.call(`${ask} and catch`, REQUEST), { code: 'BUDGET_EXCEEDED' })),
    );
  }

  test('messages below the log level are not counted', async () => {
    const plugin = await make(mode, { logBytes: 0 });
    await plugin.call('quiet', REQUEST);
    await plugin.close();
  });

  test('a host function over its budget does not run', async () => {
    let calls = 0;
    const add = hostFunction({ isAsync: mode !== 'inline' }, () => void calls++);
    const plugin = await make(mode, { hostCalls: 1 }, { functions: { host: { add } } });
    await raises(() => plugin.call('host again'), { code: 'BUDGET_EXCEEDED' });
    is(calls, 1);
    await plugin.close();
  });
}

/** Options with a policy that only reports. */
const watch = (limits: Budgets, onEvent: (denial: PolicyDenial) => void): PluginOptions => ({
  policy: {
    source: { version: 1, plugins: [{ name: 'plugin', grants: [], limits }] },
    mode: 'audit',
    onEvent,
  },
});

for (const mode of TEXT_MODES) {
  suite(
    `budgets ${mode === 'worker' ? 'in a worker' : mode}`,
    test => budgets(test, mode),
    lackingMode(mode),
  );
}

/** Runs `make`, and returns the instances that were made meanwhile, with their imports. */
async function instancesOf(make: () => Promise<unknown>) {
  const { Instance } = WebAssembly;
  const seen: { imports: WebAssembly.Imports; instance: WebAssembly.Instance }[] = [];
  WebAssembly.Instance = new Proxy(Instance, {
    construct(target, [module, imports]: [WebAssembly.Module, WebAssembly.Imports]) {
      const instance = new target(module, imports);
      seen.push({ imports, instance });
      return instance;
    },
  });
  try {
    await make();
  } finally {
    WebAssembly.Instance = Instance;
  }
  return seen;
}

suite('budgets', test => {
  test('start functions have a budget of their own', async () => {
    const wasm = buildModule({
      imports: [{ module: 'host', name: 'add' }],
      functions: [
        { name: '_initialize', body: ['call 0', 'call 0'] },
        { name: 'run', body: ['call 0', 'call 0'] },
      ],
    });
    const functions = { host: { add: () => {} } };
    await raises(() => createPlugin(wasm, { functions, limits: { hostCalls: 1 } }), {
      code: 'BUDGET_EXCEEDED',
      message: 'limits.hostCalls: the call may use 1 calls, and asked for 2',
    });
    const plugin = await createPlugin(wasm, { functions, limits: { hostCalls: 2 } });
    await plugin.call('run');
    await plugin.close();
  });

  test('a report of the mode audit names the line of the limits, and the amount that the call used', async () => {
    const source = JSON.stringify(
      { version: 1, plugins: [{ name: 'a', grants: [], limits: { varWrites: 1 } }] },
      null,
      1,
    );
    const told: PolicyDenial[] = [];
    const policy = {
      source,
      mode: 'audit',
      onEvent: (denial: PolicyDenial) => void told.push(denial),
    } as const;
    const plugin = await make('inline', { varWrites: 2, hostCalls: 1 }, { policy });
    await plugin.call('write again', REQUEST);
    await raises(() => plugin.call('host again', REQUEST), { code: 'BUDGET_EXCEEDED' });
    await plugin.close();
    const reports = told.filter(({ code }) => code === 'BUDGET_EXCEEDED');
    is(reports.length, 1);
    equal(
      [reports[0]!.at, reports[0]!.plugin, reports[0]!.message],
      [
        'plugboard.policy.json:7',
        'a',
        'plugboard.policy.json:7: plugin "a": a call used 2 of limits.varWrites, over the policy, which allows 1; ' +
          'to allow it, set {"limits":{"varWrites":2}}',
      ],
    );
  });

  test('a receiver of reports that throws fails the call, and the next one works', async () => {
    const receive = ({ code }: PolicyDenial) => {
      if (code === 'BUDGET_EXCEEDED') throw new Error('no');
    };
    const plugin = await make('inline', {}, watch({ varWrites: 0 }, receive));
    await raises(() => plugin.call('write', REQUEST), {
      code: 'HOST_FUNCTION_FAILED',
      message: 'write: option.policy.onEvent failed: no',
    });
    await plugin.call('quiet', REQUEST);
    await plugin.close();
  });

  test('exports called through getInstance have no budget', async () => {
    const plugin = await make('inline', { varWrites: 0 });
    const { exports } = await plugin.getInstance();
    (exports.remove as () => void)();
    await raises(() => plugin.call('remove', REQUEST), { code: 'BUDGET_EXCEEDED' });
    await plugin.close();
  });

  test('an empty budget is none: the plugin gets the loads and stores of the accessors themselves', async () => {
    const wasm = buildModule({
      imports: [plain('load_u8', ['i64'], { results: ['i32'] }), plain('store_u64', ['i64', 'i64'])],
    });
    for (const limits of [undefined, {}, { hostCalls: undefined }, { hostCalls: 1 }]) {
      const seen = await instancesOf(() => createPlugin(wasm, { limits }));
      const plugin = seen.at(-1)!.imports[ENV]!;
      const accessors = seen.find(({ instance }) => 'store_u64' in instance.exports)?.instance.exports;
      if (!compileAccessors()) continue;
      ok(accessors);
      is(plugin.load_u8, accessors.load_u8);
      is(plugin.store_u64, accessors.store_u64);
    }
  });

  test('null and undefined count as left out', async () => {
    const plugin = await make('inline', { hostCalls: undefined, varWrites: null as unknown as undefined });
    await plugin.call('host again');
    await plugin.call('write again', REQUEST);
    equal(plugin.vars.size, 1);
    await plugin.close();
  });
});
