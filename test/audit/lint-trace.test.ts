import type { Code } from '../../abi/encode.ts';
import { createTrace, lintTrace, type TraceEvent, type TraceFinding, toSarif } from '../../src/audit/node.ts';
import { TRACE_RULES } from '../../src/audit/trace-rules.ts';
import type { PluginOptions } from '../../src/node.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { readJson } from '../helpers/host.ts';
import { checkSchema, type Schema } from '../helpers/json-schema.ts';
import { createPlugin, suiteInModes, suiteOnThread } from '../helpers/modes.ts';
import { EVENTS } from '../trace/example.ts';
import { DID, didAll } from './did.ts';
import { traceFixture } from './fixture-traces.ts';

const ENV = 'extism:host/env';
const [one, i64] = [{ params: ['i64'] }, { results: ['i64'] }] as const;
const IMPORTS = [
  { module: ENV, name: 'alloc', ...one, ...i64 },
  { module: ENV, name: 'free', ...one },
  { module: ENV, name: 'length', ...one, ...i64 },
  { module: ENV, name: 'load_u8', ...one, results: ['i32'] },
  { module: ENV, name: 'store_u8', params: ['i64', 'i32'] },
  { module: ENV, name: 'input_offset', ...i64 },
  { module: ENV, name: 'output_set', params: ['i64', 'i64'] },
  { module: ENV, name: 'error_set', ...one },
  { module: ENV, name: 'config_get', ...one, ...i64 },
  { module: ENV, name: 'var_get', ...one, ...i64 },
  { module: ENV, name: 'log_info', ...one },
  { module: 'host', name: 'give', ...i64 },
] as const;

/** Makes a plugin with the export `run`, of which local 0 has a block of 8 bytes. */
const plugin = (...body: Code): Uint8Array<ArrayBuffer> =>
  buildModule({
    imports: IMPORTS,
    functions: [
      {
        name: 'run',
        results: ['i32'],
        locals: ['i64'],
        body: ['i64.const 8', 'call alloc', 'local.set 0', ...body, 'i32.const 0'],
      },
    ],
  });
const block = 'local.get 0';
const inside = [block, 'i64.const 4', 'i64.add'];
const freed = [block, 'call free'];
const failing = ['i32.const 1', 'return'];
const setError = [block, 'call error_set'];
const manyTimes = (body: Code): Code => Array.from({ length: 20 }, () => body).flat();

const functions = { host: { give: (context: { alloc(bytes: number): bigint }) => context.alloc(8) } };

async function traceOf(wasm: Uint8Array<ArrayBuffer>, input = '', options: PluginOptions = {}) {
  const events: TraceEvent[] = [];
  const trace = createTrace({ onEvent: event => events.push(event) });
  const made = await createPlugin(wasm, {
    logLevel: 'info',
    logger: {},
    functions,
    ...options,
    trace,
  } as PluginOptions);
  await made.call('run', input).catch(() => {});
  await made.close();
  return events;
}

/** Plugins in which a rule fires, and no other one, with the end of the message. */
const FIRING: Readonly<Record<string, readonly (readonly [Code, RegExp])[]>> = {
  'double-free': [
    [[...freed, ...freed], /the block of 8 bytes at \d+ is freed twice$/],
    [
      ['call input_offset', 'call free', 'call input_offset', 'call free'],
      /the block of 3 bytes at 64 is freed/,
    ],
  ],
  'use-after-free': [
    [[...freed, block, 'call load_u8', 'drop'], /load_u8 uses the block of 8 bytes at \d+, which is freed$/],
    [[...freed, ...inside, 'i32.const 1', 'call store_u8'], /store_u8 uses/],
    [[...freed, block, 'call log_info'], /log_info uses/],
    [[...freed, block, 'call length', 'drop'], /length uses/],
    [[...freed, block, 'i64.const 8', 'call output_set'], /output_set uses/],
    [[...freed, block, 'call var_get', 'drop'], /var_get uses/],
  ],
  'wrong-handle': [
    [[...inside, 'call free'], /free gets the handle \d+, which is inside the block of 8 bytes at \d+$/],
    [[...inside, 'call length', 'drop'], /length gets/],
    [
      ['i64.const 4096', 'call log_info'],
      /log_info gets the handle 4096, which is not of a block of this call$/,
    ],
    [['i64.const -1', 'call free'], /free gets the handle 18446744073709551615/],
    [['i64.const 800', 'call error_set', ...failing], /error_set gets the handle 800/],
  ],
  'output-range': [
    [[block, 'i64.const 9', 'call output_set'], /output_set names 9 bytes at \d+, beyond the end of/],
    [[...inside, 'i64.const 5', 'call output_set'], /beyond the end of the block of 8 bytes/],
    [['call input_offset', 'i64.const 4', 'call output_set'], /beyond the end of the block of 3 bytes at 64/],
    [['i64.const 400', 'i64.const 1', 'call output_set'], /where no block of this call is$/],
  ],
  'blocks-left': [
    [
      manyTimes(['i64.const 8', 'call alloc', 'drop']),
      /^run: leaves 21 blocks of 168 bytes, which alloc returned$/,
    ],
  ],
  'error-without-code': [[setError, /^run: sets an error text, and returns 0$/]],
  'code-without-error': [[failing, /^run: returns 1, and sets no error text$/]],
  'key-utf8': [
    [[block, 'i32.const 255', 'call store_u8', block, 'call var_get', 'drop'], /^run: var_get gets a key/],
    [
      [block, 'i32.const 192', 'call store_u8', block, 'call config_get', 'drop'],
      /^run: config_get gets a key/,
    ],
  ],
  'output-on-failure': [
    [
      [block, 'i64.const 8', 'call output_set', ...setError, ...failing],
      /^run: sets an output of 8 bytes, and fails$/,
    ],
  ],
};

/** Plugins without a fault, which are close to one. */
const RIGHT: Readonly<Record<string, Code>> = {
  'a block that is freed once': freed,
  'the handle 0': [
    'i64.const 0',
    'call free',
    'i64.const 0',
    'call log_info',
    'i64.const 0',
    'call length',
    'drop',
  ],
  'an output in the middle of a block': [...inside, 'i64.const 4', 'call output_set'],
  'an output that is freed afterwards': [block, 'i64.const 8', 'call output_set', ...freed],
  'an empty output': [
    'i64.const 0',
    'i64.const 0',
    'call output_set',
    'i64.const 9999',
    'i64.const 0',
    'call output_set',
  ],
  'an error text with a code': [...setError, ...failing],
  'an error text that is freed afterwards': [...setError, ...freed, ...failing],
  'blocks that the host gets': manyTimes(['i64.const 8', 'call alloc', 'call log_info']),
  'blocks that are freed': manyTimes(['i64.const 8', 'call alloc', 'call free']),
  'an output in a block that a host function made': [
    ...['call give', 'local.set 0', block, 'i64.const 8', 'call output_set'],
    ...['call give', 'i64.const 64', 'i64.add', 'i64.const 8', 'call output_set'],
  ],
};

const rulesOf = (findings: readonly TraceFinding[]) => findings.map(({ rule }) => rule);

suiteInModes('audit: lint of a trace', test => {
  for (const [rule, plugins] of Object.entries(FIRING)) {
    test(`${rule} fires, and no other rule`, async () => {
      const { level } = TRACE_RULES.find(({ id }) => id === rule)!;
      for (const [body, message] of plugins) {
        const events = await traceOf(plugin(...body), 'abc');
        const findings = lintTrace(events);
        equal(rulesOf(findings), [rule], JSON.stringify(findings));
        const [finding] = findings;
        is(finding!.level, level);
        match(finding!.message, message);
        equal([finding!.plugin, finding!.call, finding!.export, finding!.times], [1, 2, 'run', 1]);
        ok(['import', 'return'].includes(events[finding!.event - 1]!.type));
      }
    });
  }

  for (const [name, body] of Object.entries(RIGHT)) {
    test(`${name}: no finding`, async () => equal(lintTrace(await traceOf(plugin(...body), 'abc')), []));
  }
});

/** Fixtures that compilers built with a PDK, or with the kernel functions that its language declares by hand. */
const BUILT_WITH_PDKS = [
  ...['rust-pdk', 'rust-http', 'rust-msgpack', 'rust-counter', 'rust-double', 'rust-actors', 'rust-keeper'],
  ...['rust-actors-msgpack', 'go-pdk', 'go-counter', 'go-keeper', 'go-actors', 'go-msgpack'],
  ...['tinygo-counter', 'tinygo-actors', 'tinygo-actors-msgpack'],
  ...['assemblyscript', 'assemblyscript-actors', 'c-pdk', 'cpp', 'zig'],
];

/** Findings that are right: exports that fail with a code and an output, to show that it arrives. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  'rust-pdk': ['output-on-failure: fail_with_code: sets an output of 14 bytes, and fails'],
  'go-pdk': ['output-on-failure: fail: sets an output of 14 bytes, and fails'],
};

suiteOnThread('audit: lint of traces of the fixtures', test => {
  test('there are 21 fixtures in six languages', () => is(new Set(BUILT_WITH_PDKS).size, 21));

  for (const folder of BUILT_WITH_PDKS) {
    test(`no false alarm: ${folder}`, async () => {
      const { summary, findings } = await traceFixture(folder);
      ok(summary.calls > 2);
      const found = findings.map(({ rule, message }) => `${rule}: ${message}`);
      equal(found, EXPECTED[folder] ?? []);
    });
  }

  // Here, because the plugins of the page are traced above.
  test('the plugins of docs/AUDIT.md do in their cases as the page says', async () =>
    equal(await didAll(), readJson(DID), 'run `npm run docs`'));
});

suiteOnThread('audit: findings of a trace', test => {
  test('each rule has texts, a source and a repair', () => {
    equal(
      TRACE_RULES.map(({ id }) => id),
      Object.keys(FIRING),
    );
    for (const { what, why, source, repair } of TRACE_RULES) {
      ok(what.endsWith('.') && why.endsWith('.') && repair.any!.length > 0);
      match(source, /^https:/);
    }
  });

  test('a fault that repeats is one finding with its number, for each export and module', async () => {
    const body = manyTimes([...inside, 'call free']);
    const [finding, ...others] = lintTrace(await traceOf(plugin(...body)));
    equal([finding!.rule, finding!.times, others.length], ['wrong-handle', 20, 0]);
  });

  test('a file in the format jsonl has the findings of its events, also without its last line', async () => {
    const events = await traceOf(plugin(...freed, ...freed));
    const text = events.map(event => `${JSON.stringify(event)}\n`).join('');
    equal(lintTrace(text), lintTrace(events));
    equal(lintTrace(new TextEncoder().encode(`${text}{"type":"imp`)), lintTrace(events));
    equal(lintTrace(''), []);
  });

  test('SARIF has the line of the event, and fits the schema', async () => {
    const findings = lintTrace(await traceOf(plugin(...freed, ...freed)));
    const log = toSarif(findings, { path: 'traces/a.jsonl' });
    equal(checkSchema(log, readJson('test/audit/sarif-2.1.0.schema.json') as Schema, 'sarif'), []);
    const [run] = log.runs as [{ results: Record<string, unknown>[] }];
    const [result] = run.results;
    match(JSON.stringify(result!.locations), new RegExp(`"startLine":${findings[0]!.event}\\b`));
    equal(result!.partialFingerprints, { 'plugboardRule/v1': 'traces/a.jsonl:main:double-free:run' });
  });

  test.row(
    'error.INVALID_TRACE',
    'a value that is not a trace is INVALID_TRACE, which says where',
    async () => {
      const [begin, ...others] = EVENTS;
      const line = (value: unknown) => `${JSON.stringify(value)}\n`;
      const wrong: [trace: unknown, message: RegExp][] = [
        [null, /^trace: expected a text, bytes, or an array of events$/],
        [{}, /^trace: expected/],
        [Uint8Array.of(0xff, 10), /^trace: /],
        ['x\n', /^trace: event 1|^trace: /],
        ['[]\n', /^trace: event 1: expected/],
        [line({ ...begin, version: 2 }), /^trace: event 1\.version: expected 1$/],
        [line(others[0]), /^trace: event 1: expected an event of the type trace/],
        [[begin, { type: 'x' }], /^trace: event 2: expected a type of/],
        [[begin, { ...others[0], more: 1 }], /^trace: event 2: expected no key "more"/],
        [[begin, { ...others[0], call: 0 }], /^trace: event 2\.call: expected a number from 1$/],
        [[begin, undefined], /^trace: event 2/],
        [Array(1), /^trace: event 1: expected/],
      ];
      for (const [trace, message] of wrong) {
        await raises(() => lintTrace(trace as string), { code: 'INVALID_TRACE', message });
      }
    },
  );
});
