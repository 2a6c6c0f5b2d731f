import {
  createTrace,
  formatTraceEvent,
  secret,
  type TraceEvent,
  type TraceValues,
} from '../../src/audit/node.ts';
import { type CallError, hostFunction, type PluginOptions, values } from '../../src/node.ts';
import { MemoryFs } from '../../wasi/index.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { readJson } from '../helpers/host.ts';
import { checkSchema, type Schema } from '../helpers/json-schema.ts';
import { createPlugin, suiteInModes, suiteOnThread } from '../helpers/modes.ts';
import { traced } from './module.ts';

const FUNCTIONS = {
  host: {
    shout: hostFunction({ params: [values.text], result: values.text }, (_, text) => text.toUpperCase()),
    add: (_: unknown, one: number, other: number) => one + other,
    secret: hostFunction({ params: [values.secret] }, () => {}),
  },
};

/** Calls an export of a traced plugin, and returns the events. */
async function trace(
  name: string,
  input: string,
  kept: TraceValues = 'none',
  options: PluginOptions = {},
  withHttp = false,
): Promise<{ events: TraceEvent[]; error?: CallError }> {
  const events: TraceEvent[] = [];
  const trace = createTrace({ onEvent: event => events.push(event), values: kept });
  const quiet = { logger: {}, logLevel: 'info', functions: FUNCTIONS } as const;
  const plugin = await createPlugin(traced(withHttp), { ...quiet, ...options, trace });
  is(plugin.report.kernel, 'reference');
  let error: CallError | undefined;
  await plugin.call(name, input).catch((thrown: CallError) => {
    error = thrown;
  });
  await plugin.close();
  is(trace.events, events.length);
  return { events, ...(error && { error }) };
}

/** The lines of the imports in the format `text`, without times. */
const linesOf = (events: readonly TraceEvent[]): string[] =>
  events
    .filter(({ type }) => type === 'import' || type === 'enter')
    .map(event =>
      formatTraceEvent(event, 'text')
        .replace(/^\S+ \S+ +/, '')
        .replace(/ <[\d.]+ ms>\n$|\n$/, ''),
    );

const K = 'extism:host/env.';
const W = 'wasi_snapshot_preview1.';
const at = `${K}input_offset() = 64`;

interface Row {
  export: string;
  input?: string;
  none: string[];
  all?: string[];
  options?: PluginOptions;
}

const rows: Row[] = [
  {
    export: 'config',
    input: 'key',
    options: { config: { key: 'value' } },
    none: [at, `${K}config_get(key=64 [3 bytes]) = 80 [5 bytes]`],
    all: [at, `${K}config_get(key=64 "key" [3 bytes]) = 80 "value" [5 bytes]`],
  },
  {
    export: 'log',
    input: 'a\u001b[31mb\u202ec',
    none: [at, `${K}log_info(handle=64 [11 bytes])`],
    all: [at, `${K}log_info(handle=64 "a\\u001b[31mb\\u202ec" [11 bytes])`],
  },
  {
    export: 'vars',
    input: 'v',
    none: [
      ...[at, at, `${K}var_set(key=64 [1 bytes], value=64 [1 bytes])`],
      ...[at, `${K}var_get(key=64 [1 bytes]) = 80 [1 bytes]`],
    ],
  },
  {
    export: 'word',
    input: 'x',
    none: [
      ...[`${K}alloc(length=8) = 80 [8 bytes]`, `${K}store_u64(address=80, value=word)`],
      ...[at, `${K}load_u8(address=64) = word`],
    ],
  },
  {
    export: 'free',
    input: 'x',
    none: [at, `${K}free(handle=64 [1 bytes])`, at, `${K}free(handle=64 [0 bytes])`],
  },
  {
    export: 'echo',
    input: 'x',
    none: [at, `${K}input_length() = 1`, `${K}output_set(address=64, length=1)`],
  },
  {
    export: 'shout',
    input: 'hey',
    none: [at, 'host.shout(0=64 [3 bytes]) <unfinished ...>', '<... host.shout resumed> = 80 [3 bytes]'],
    all: [
      at,
      'host.shout(0=64 "hey" [3 bytes]) <unfinished ...>',
      '<... host.shout resumed> = 80 "HEY" [3 bytes]',
    ],
  },
  {
    export: 'add',
    none: ['host.add(0=number, 1=number) <unfinished ...>', '<... host.add resumed> = number'],
    all: ['host.add(0=3, 1=-4) <unfinished ...>', '<... host.add resumed> = -1'],
  },
  {
    export: 'write',
    none: [`${W}fd_write(fd=1, iovs=0x0 [2 bytes], iovs_len=1, nwritten=0x8) = ESUCCESS, nwritten=2`],
    all: [`${W}fd_write(fd=1, iovs=0x0 "hi" [2 bytes], iovs_len=1, nwritten=0x8) = ESUCCESS, nwritten=2`],
  },
  { export: 'random', none: [`${W}random_get(buf=0x20, buf_len=4) = ESUCCESS, buf=0x20 [4 bytes]`] },
];

suiteInModes('trace', test => {
  for (const { export: name, input = '', options, none, all } of rows) {
    test(`${name}: an event for each import, with decoded arguments and result`, async () => {
      equal(linesOf((await trace(name, input, 'none', options)).events), none);
      if (all) equal(linesOf((await trace(name, input, 'all', options)).events), all);
    });
  }

  test('events have call, instance, module and duration, and fit the schema', async () => {
    const schema = readJson('schemas/trace-1.json') as Schema;
    for (const kept of ['none', 'keyed', 'all'] as const) {
      for (const name of ['shout', 'write', 'fail', 'open']) {
        const { events } = await trace(name, 'x', kept);
        for (const event of events)
          equal(checkSchema(JSON.parse(JSON.stringify(event)), schema, event.type), []);
        const seen = events.flatMap(event => (event.type === 'import' ? [event] : []));
        ok(seen.every(({ call, instance, module }) => call === 2 && instance === 1 && module === 'main'));
        equal(
          events.filter(({ type }) => type !== 'import' && type !== 'enter').map(({ type }) => type),
          ['trace', 'call', 'return', 'call', 'return'],
        );
      }
    }
  });

  test('an ended call has its last import, and the error', async () => {
    const { events, error } = await trace('loop', 'x', 'none', { timeoutMs: 200 });
    is(error?.code, 'TIMEOUT');
    equal(linesOf(events), [at, `${K}log_info(handle=64 [1 bytes])`]);
    const end = events.at(-1)!;
    is(end.type === 'return' && end.error?.code, 'TIMEOUT');
  });

  test('a sink that throws or rejects ends nothing', async () => {
    for (const onEvent of [
      () => {
        throw new Error('no');
      },
      () => Promise.reject(new Error('no')),
    ]) {
      const trace = createTrace({ onEvent });
      const plugin = await createPlugin(traced(false), { functions: FUNCTIONS, trace });
      is((await plugin.call('echo', 'x'))?.text(), 'x');
      await plugin.close();
      is(trace.failures, trace.events);
      ok(trace.events > 5);
    }
  });

  test.row('limit.traceEvents', 'events after maxEvents are dropped and counted', async () => {
    const events: TraceEvent[] = [];
    const trace = createTrace({ onEvent: event => events.push(event), maxEvents: 4 });
    const plugin = await createPlugin(traced(false), { functions: FUNCTIONS, trace });
    await plugin.call('echo', 'x');
    await plugin.close();
    equal(
      events.map(({ type }) => type),
      ['trace', 'call', 'return', 'call', 'cut'],
    );
    is(trace.events, 4);
    is(trace.dropped, 4);
  });
});

suiteOnThread('values of a trace', test => {
  test('keyed: equal values have equal hashes, in this trace alone', async () => {
    const hashes = async () =>
      (await trace('vars', 'v', 'keyed')).events.flatMap(event =>
        event.type === 'import' ? [...event.params, ...event.results].flatMap(({ hmac }) => hmac ?? []) : [],
      );
    const [first, second] = [await hashes(), await hashes()];
    is(new Set(first).size, 1);
    is(first.length, 4);
    ok(first[0] !== second[0]);
    match(first[0]!, /^[0-9a-f]{32}$/);
  });

  test.row(
    'limit.traceValueBytes',
    'all: a long value is cut between characters, and its length is that of the whole',
    async () => {
      const events: TraceEvent[] = [];
      const trace = createTrace({ onEvent: event => events.push(event), values: 'all', maxValueBytes: 3 });
      const plugin = await createPlugin(traced(false), { functions: FUNCTIONS, trace });
      await plugin.call('echo', 'aäö');
      await plugin.close();
      const call = events.find(event => event.type === 'call' && event.export === 'echo');
      equal(call?.type === 'call' && call.input, { bytes: 5, text: 'aä', cut: true });
    },
  );

  const files = new MemoryFs({ hi: 'x' });
  const refusals: { export: string; input?: string; options: PluginOptions; by: string; code?: string }[] = [
    {
      export: 'vars',
      input: 'v',
      options: { memory: { maxVarBytes: 0 } },
      by: 'memory.maxVarBytes',
      code: 'VARS_DISABLED',
    },
    {
      export: 'vars',
      input: 'long',
      options: { memory: { maxVarBytes: 5 } },
      by: 'memory.maxVarBytes',
      code: 'VAR_LIMIT',
    },
    { export: 'word', input: 'x', options: { memory: { maxPages: 1 } }, by: '' },
    ...(
      [
        ['memory.maxPages', { memory: { maxPages: 1 } }],
        ['memory.maxPages', { memory: { maxPages: 1 }, limits: { memoryPages: 100 } }],
        ['limits.memoryPages', { memory: { maxPages: 100 }, limits: { memoryPages: 3 } }],
        ['limits.memoryPages', { limits: { memoryPages: 3 } }],
      ] as const
    ).map(([by, options]) => ({ export: 'large', options, by, code: 'MEMORY_LIMIT' })),
    {
      export: 'vars',
      input: 'v',
      options: { limits: { varWrites: 0 } },
      by: 'limits.varWrites',
      code: 'BUDGET_EXCEEDED',
    },
    { export: 'add', options: { limits: { hostCalls: 0 } }, by: 'limits.hostCalls', code: 'BUDGET_EXCEEDED' },
    { export: 'open', options: { preopens: { '/': { fs: files, readOnly: true } } }, by: 'allowedPaths' },
    { export: 'open', options: { preopens: { '/': files } }, by: '' },
  ];
  for (const { export: name, input = '', options, by, code } of refusals) {
    test(`${name} with ${JSON.stringify(options)}, ${code ?? by}: a refusal names its option`, async () => {
      const { events, error } = await trace(name, input, 'none', options);
      const refused = events.flatMap(event => (event.type === 'import' && !event.allowed ? [event] : []));
      equal(
        refused.map(({ decidedBy }) => decidedBy),
        by === '' ? [] : [by],
      );
      is(error?.code, code);
      is(refused[0]?.error?.code, code);
    });
  }
});

/** Ways in which the secret may come out, and the words before and behind it. */
const SECRET = 'hunter2 "ä"/+?';

suiteInModes('secrets in a trace', test => {
  const forms = [
    SECRET,
    JSON.stringify(SECRET).slice(1, -1),
    encodeURIComponent(SECRET),
    btoa(String.fromCharCode(...new TextEncoder().encode(SECRET))).replace(/=+$/, ''),
    Array.from(new TextEncoder().encode(SECRET), byte => byte.toString(16).padStart(2, '0')).join(''),
  ];
  const planted: { name: string; export: string; input: string; options: PluginOptions }[] = [
    {
      name: 'a config value that is logged',
      export: 'tell',
      input: 'key',
      options: { config: { key: secret(SECRET) } },
    },
    { name: 'a parameter of values.secret', export: 'secretly', input: SECRET, options: {} },
    ...forms.flatMap(form =>
      ['echo', 'log', 'fail', 'vars', 'shout'].map(name => ({
        name: `${form} in ${name}`,
        export: name,
        input: `before ${form} behind`,
        options: { config: { key: secret(SECRET) } },
      })),
    ),
  ];
  for (const { name, export: called, input, options } of planted) {
    test(`${name}: it stands in no format, with no values`, async () => {
      for (const kept of ['none', 'keyed', 'all'] as const) {
        const { events } = await trace(called, input, kept, options);
        for (const format of ['jsonl', 'text', 'chrome'] as const) {
          const written = events.map(event => formatTraceEvent(event, format)).join('');
          ok(written.length > 100);
          // The input of values.secret is known as a secret only after it has come in.
          const rest = called === 'secretly' ? written.replace(/.*secretly.*\n/g, '') : written;
          for (const form of [...forms, ...forms.map(form => JSON.stringify(form).slice(1, -1))])
            ok(!rest.includes(form), `${kept}, ${format}: ${form} in ${rest}`);
        }
      }
    });
  }
});

suiteOnThread('formats of a trace', test => {
  test('chrome: the pieces with a closing bracket are JSON, and begins and ends match', async () => {
    const { events } = await trace('shout', 'x');
    const text = events.map(event => formatTraceEvent(event, 'chrome')).join('');
    const parsed = JSON.parse(`${text.replace(/,\n$/, '')}]`) as { ph: string; name: string; ts: number }[];
    const open: string[] = [];
    for (const { ph, name } of parsed) {
      if (ph === 'B') open.push(name);
      if (ph === 'E') is(open.pop(), name);
    }
    equal(open, []);
    ok(parsed.some(({ ph }) => ph === 'X'));
  });

  test('jsonl: each line is the event', async () => {
    const { events } = await trace('log', 'a\u001b\u202e', 'all');
    for (const event of events) {
      const line = formatTraceEvent(event, 'jsonl');
      equal(JSON.parse(line), JSON.parse(JSON.stringify(event)));
      ok(!/[\p{Cc}\p{Cf}]/u.test(line.slice(0, -1)));
    }
  });

  test('another format is refused', async () => {
    const event = { type: 'cut', plugin: 1, atMs: 0, maxEvents: 1 } as const;
    await raises(() => formatTraceEvent(event, 'xml' as 'text'), { code: 'INVALID_OPTION' });
    for (const wrong of [null, {}, { type: 'import' }, { type: 'x' }] as never[])
      await raises(() => formatTraceEvent(wrong, 'text'), { code: 'INVALID_OPTION' });
  });
});

const TOKEN = 'tok-4242-en';

suiteOnThread('HTTP in a trace', test => {
  const request = JSON.stringify({
    url: `https://me:pass-99@a.test/?api_key=${TOKEN}&q=1`,
    method: 'POST',
    headers: { Authorization: `Bearer ${TOKEN}`, accept: 'text/plain' },
  });
  const fetch = (async () =>
    new Response(`echo ${TOKEN}`, { headers: { 'set-cookie': 'sid=cookie-77' } })) as typeof globalThis.fetch;

  test('credentials stand in no format, with no values; the other parts do', async () => {
    for (const kept of ['none', 'keyed', 'all'] as const) {
      const options = { allowedHosts: ['a.test'], fetch, allowHttpResponseHeaders: true };
      const { events, error } = await trace('http', request, kept, options, true);
      is(error, undefined);
      const written = (['jsonl', 'text', 'chrome'] as const)
        .flatMap(format => events.map(event => formatTraceEvent(event, format)))
        // The input of the call is the request as a text: its credentials are known once it is sent.
        .filter(line => !/"type":"call"|http\(.*\{\n$|"ph":"B","name":"http"/.test(line))
        .join('');
      for (const text of [TOKEN, 'pass-99', 'cookie-77']) ok(!written.includes(text), `${kept}: ${text}`);
      is(written.includes('q=1'), kept === 'all');
      const sent = events.find(event => event.type === 'import' && event.from === 'http');
      ok(sent?.type === 'import' && sent.entered && sent.allowed);
    }
  });

  const refused: { allowed: PluginOptions; by: string; code: string }[] = [
    { allowed: {}, by: 'allowedHosts', code: 'HTTP_NOT_ENABLED' },
    { allowed: { allowedHosts: ['b.test'] }, by: 'allowedHosts', code: 'HTTP_DENIED' },
    {
      allowed: { allowedHosts: ['a.test'], allowedSchemes: ['http'] },
      by: 'allowedSchemes',
      code: 'HTTP_DENIED',
    },
    {
      allowed: { allowedHosts: ['a.test'], memory: { maxHttpResponseBytes: 3 } },
      by: 'memory.maxHttpResponseBytes',
      code: 'HTTP_RESPONSE_LIMIT',
    },
  ];
  for (const { allowed, by, code } of refused) {
    test(`a refusal with ${code} by ${by} is an event that says so, without credentials`, async () => {
      const { events, error } = await trace('http', request, 'all', { fetch, ...allowed }, true);
      is(error?.code, code);
      const event = events.find(event => event.type === 'import' && event.from === 'http');
      ok(event?.type === 'import' && !event.allowed);
      equal(event?.type === 'import' && [event.decidedBy, event.error?.code], [by, code]);
      ok(!JSON.stringify(event).includes(TOKEN), JSON.stringify(event));
    });
  }
});
