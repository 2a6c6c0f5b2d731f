import { type ReplayReport, replay } from '../../src/audit/node.ts';
import { PlugboardError } from '../../src/node.ts';
import { is, match, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suiteInModes, suiteOnThread } from '../helpers/modes.ts';
import { asks, changed, file, host, i64, RECORDED, stat, wasmOf } from './example.ts';

const one = (place: string, value: unknown) => changed(RECORDED, { [place]: value });
const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** Texts that are refused as a whole. */
const REFUSED: Readonly<Record<string, string | Uint8Array>> = {
  'an empty text': '',
  'not JSON': 'plugboard',
  'half of a recording': RECORDED.slice(0, RECORDED.length / 2),
  null: 'null',
  'an array': '[]',
  'a number': '1',
  'bytes that are not UTF-8': Uint8Array.of(0xff, 0xfe),
  'another format': one('format', 'other'),
  'no format': one('format', undefined),
  'version 2': one('version', 2),
  'a version as text': one('version', '1'),
  'an unknown key': one('more', 1),
  'a key __proto__': RECORDED.replace('{', '{"__proto__":{"polluted":1},'),
  'a key constructor in settings': one('settings.constructor', {}),
  'nested deeply': `{"format":"plugboard-recording","version":1,"calls":${deep(100)}}`,
  'nested very deeply': `{"format":"plugboard-recording","version":1,"calls":${deep(100_000)}}`,
  'record of another kind': one('record', 'some'),
  'modules that are an object': one('modules', {}),
  'a module without a name': one('modules[0].name', undefined),
  'wasm as text of JSON': one('modules[0].wasm', 'AGFzbQ=='),
  'wasm that is not base64': one('modules[0].wasm', { base64: '***' }),
  'settings null': one('settings', null),
  'a setting that is missing': one('settings.strict', undefined),
  'config of numbers': one('settings.config', [['a', 1]]),
  'config with three items': one('settings.config', [['a', 'b', 'c']]),
  'a negative limit': one('settings.maxVarBytes', -1),
  'a limit of 1e300': one('settings.maxKernelBytes', 1e300),
  'a limit as i64': one('settings.maxVarBytes', i64(1)),
  'an unknown budget': one('settings.limits', { files: 1 }),
  'a budget that is a text': one('settings.limits', { fuel: '1' }),
  'a log level of another name': one('settings.logLevel', 'loud'),
  'functions that are texts': one('settings.functions', ['host.give']),
  'calls null': one('calls', null),
  'a call that is an array': one('calls[1]', []),
  'an input that is a text of JSON': one('calls[1].input', 'x'),
  'an export that is a number': one('calls[1].export', 1),
  'an entry of an unknown kind': one('calls[1].entries', [{ kind: 'shell' }]),
  'an entry of the kind toString': one('calls[1].entries', [{ kind: 'toString' }]),
  'an entry null': one('calls[1].entries', [null]),
  'a time below 0': asks('time', { kind: 'now', clock: 0, ns: i64(-1) }),
  'a time over u64': asks('time', { kind: 'now', clock: 0, ns: i64(2n ** 64n) }),
  'a time that is a number': asks('time', { kind: 'now', clock: 0, ns: 1 }),
  'digits that are not a number': asks('time', { kind: 'now', clock: 0, ns: { i64: 'x' } }),
  'a clock of another number': asks('time', { kind: 'now', clock: 7, ns: i64(1) }),
  'random bytes as a list': asks('random', { kind: 'random', bytes: [1] }),
  'a file call of another name': asks('stat', { ...file(0), call: 'constructor' }),
  'a stat without a type': asks('stat', file({ ...stat, filetype: undefined })),
  'a stat of another type': asks('stat', file({ ...stat, filetype: 99 })),
  'a stat of a size below 0': asks('stat', file({ ...stat, sizeBytes: i64(-1) })),
  'an errno of 10^9': asks('stat', file(1e9)),
  'a file result that is a text': asks('stat', file('x')),
  'an operation of another name': asks('give', host({ operations: [{ call: 'read', args: [] }] })),
  'an operation with other arguments': asks('give', host({ operations: [{ call: 'alloc', args: ['x'] }] })),
  'a variable that is a number': asks(
    'give',
    host({ operations: [{ call: 'setVariable', args: ['x', 1] }] }),
  ),
  'a result that is an object': asks('give', host({ result: { a: 1 } })),
  'a response without a body': one('calls[1].entries', [
    {
      kind: 'http',
      method: 'GET',
      url: 'x',
      headers: [],
      body: null,
      response: { status: 200, headers: [] },
    },
  ]),
  'an error without a code': one('calls[1].error', { message: 'x' }),
  'variables over the limit before a call': one('calls[1].vars', [['a', { text: 'x'.repeat(2000) }]]),
  'lines of texts': one('calls[1].lines', ['x']),
};

const differs = ({ isSame, divergence, differences }: ReplayReport) =>
  ok(!isSame && (divergence !== null || differences.length > 0));
const endless = wasmOf(buildModule({ functions: [{ name: 'run', body: ['loop', 'br 0', 'end'] }] }));
const grows = wasmOf(
  buildModule({
    memoryPages: 1,
    functions: [{ name: 'run', results: ['i32'], body: ['i32.const 60000', 'memory.grow'] }],
  }),
);

const ENV = 'extism:host/env';
/** A module that makes much of little: lines and outputs of a block of 8 MiB, and as many variables as it may set. */
const LAVISH = wasmOf(
  buildModule({
    imports: [
      { module: ENV, name: 'alloc', params: ['i64'], results: ['i64'] },
      { module: ENV, name: 'log_error', params: ['i64'] },
      { module: ENV, name: 'output_set', params: ['i64', 'i64'] },
      { module: ENV, name: 'var_set', params: ['i64', 'i64'] },
      { module: ENV, name: 'store_u64', params: ['i64', 'i64'] },
    ],
    functions: [
      {
        name: 'log',
        locals: ['i64'],
        body: [
          ...['i64.const 8388608', 'call alloc', 'local.set 0'],
          ...['loop', 'local.get 0', 'call log_error', 'br 0', 'end'],
        ],
      },
      { name: 'output', body: ['i64.const 8388608', 'call alloc', 'i64.const 8388608', 'call output_set'] },
      {
        name: 'vars',
        locals: ['i64', 'i64', 'i64'],
        body: [
          ...['i64.const 8', 'call alloc', 'local.set 0', 'i64.const 8388608', 'call alloc', 'local.set 1'],
          ...['loop', 'local.get 2', 'i64.const 1', 'i64.add', 'local.set 2'],
          ...['local.get 0', 'local.get 2', 'call store_u64', 'local.get 0', 'local.get 1', 'call var_set'],
          ...['br 0', 'end'],
        ],
      },
    ],
  }),
);
const lavish = (name: string, calls: number) => {
  const [start, call] = (JSON.parse(RECORDED) as { calls: object[] }).calls;
  return changed(RECORDED, {
    'modules[0].wasm': LAVISH,
    'settings.maxVarBytes': 2 ** 50,
    'settings.limits': { logBytes: 2 ** 50 },
    calls: [start, ...Array(calls).fill({ ...call, export: name, logLevel: 'error' })],
  });
};

/** Recordings that are well-formed, and lie. */
const REPLAYED: Readonly<Record<string, [recording: string, check: (report: ReplayReport) => void]>> = {
  'no call at all': [one('calls', []), differs],
  'a call without a start': [
    changed(RECORDED, { calls: [(JSON.parse(RECORDED) as { calls: unknown[] }).calls[1]] }),
    differs,
  ],
  'a second start': [one('calls[1].export', null), report => is(report.isSame, false)],
  'a call of an export that is missing': [one('calls[1].export', 'gone'), differs],
  'an answer that nothing asks for': [one('calls[1].entries', [{ kind: 'sleep', ns: i64(1) }]), differs],
  'no answer to a question': [asks('time'), differs],
  'another answer to a question': [asks('time', { kind: 'random', bytes: { text: 'x' } }), differs],
  'too few random bytes': [asks('random', { kind: 'random', bytes: { text: 'x' } }), differs],
  'too many random bytes': [asks('random', { kind: 'random', bytes: { text: 'x'.repeat(9) } }), differs],
  'a host function with other arguments': [asks('give', host({ args: [i64(6)], result: null })), differs],
  'an answer that never came, without an error': [asks('give', host({})), differs],
  'a result that no i64 holds': [
    asks('give', host({ result: 'x' })),
    report => is(report.calls[1]!.error!.code, 'HOST_FUNCTION_FAILED'),
  ],
  'an operation with another handle': [
    asks('give', host({ operations: [{ call: 'alloc', args: [i64(8)], handle: i64(1) }], result: null })),
    differs,
  ],
  'an operation of 2^62 bytes': [
    asks(
      'give',
      host({ operations: [{ call: 'alloc', args: [i64(2n ** 62n)], handle: i64(64) }], result: null }),
    ),
    differs,
  ],
  'free of a handle that is not live': [
    asks('give', host({ operations: [{ call: 'free', args: [i64(12_345)] }], result: null })),
    report => is(report.divergence, null),
  ],
  'a variable over the limit': [
    asks(
      'give',
      host({ operations: [{ call: 'setVariable', args: ['a', { text: 'x'.repeat(2000) }] }], result: null }),
    ),
    differs,
  ],
  'a hash of another module': [one('modules[0].sha256', '0'.repeat(64)), report => ok(report.isSame)],
  'a code that no error has': [one('calls[1].error', { code: '__proto__', message: 'x' }), differs],
  'a module that never ends': [
    one('modules[0].wasm', endless),
    report => is(report.calls[1]!.error!.code, 'TIMEOUT'),
  ],
  'a module that takes 4 GiB': [one('modules[0].wasm', grows), differs],
};

suiteOnThread('hostile recordings', test => {
  for (const [name, recording] of Object.entries(REFUSED)) {
    test(`${name}: INVALID_RECORDING, which says where`, async () => {
      let error: unknown;
      await replay(recording).catch((thrown: unknown) => {
        error = thrown;
      });
      ok(error instanceof PlugboardError, String(error));
      is((error as PlugboardError).code, 'INVALID_RECORDING');
      match((error as PlugboardError).message, /^recording/);
      is(({} as { polluted?: unknown }).polluted, undefined);
    });
  }

  test('modules that are not valid, or missing, are refused with a code', async () => {
    for (const wasm of [{ text: 'x' }, { base64: '' }, null]) {
      const error = await replay(one('modules[0].wasm', wasm)).then(
        () => null,
        (thrown: PlugboardError) => thrown,
      );
      ok(
        ['INVALID_WASM', 'INVALID_RECORDING', 'INVALID_MANIFEST'].includes(error?.code ?? ''),
        String(error),
      );
    }
  });
});

suiteInModes('hostile recordings that are replayed', (test, mode) => {
  // Longer than a worker takes to start on a busy machine.
  const options = { timeoutMs: 1000, runInWorker: mode === 'in a worker' };
  for (const [name, [recording, check]] of Object.entries(REPLAYED))
    test(`${name}: replayed, and told`, async () => check(await replay(recording, options)));

  const slow = { ...options, timeoutMs: 5000 };
  test('a plugin that logs in an endless loop ends at the bytes that a replay keeps', async () => {
    const { divergence, calls } = await replay(lavish('log', 1), slow);
    is(divergence!.import, 'extism:host/env.log_error');
    match(divergence!.recorded, /^less than 67,1\d\d,\d\d\d bytes of lines, outputs and variables$/);
    is(calls[1]!.error!.code, 'UNSUPPORTED');
    ok(calls[1]!.lines.length < 9, String(calls[1]!.lines.length));
  });

  test('outputs of all calls together end at the bytes that a replay keeps', async () => {
    const { divergence } = await replay(lavish('output', 20), slow);
    is(divergence!.call, 10);
    match(divergence!.recorded, /outputs/);
  });

  test('variables have no more room than a replay keeps, also if the recording allows more', async () => {
    const { calls } = await replay(lavish('vars', 1), slow);
    match(calls[1]!.error!.message, /over the limit of 67,?1\d\d,?\d\d\d bytes/);
  });
});
