import type { CallError, PluginOptions } from '../../src/node.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule, type FunctionShape } from '../helpers/build-module.ts';
import { createPlugin, suiteInModes, suiteOnThread } from '../helpers/modes.ts';

const ENV = 'extism:host/env';

/** The imports that the bodies below call by index. */
const imports: (FunctionShape & { module: string; name: string })[] = [
  { module: ENV, name: 'alloc', params: ['i64'], results: ['i64'] },
  { module: ENV, name: 'store_u8', params: ['i64', 'i32'] },
  { module: ENV, name: 'config_get', params: ['i64'], results: ['i64'] },
  { module: ENV, name: 'var_set', params: ['i64', 'i64'] },
  { module: ENV, name: 'http_request', params: ['i64', 'i64'], results: ['i64'] },
  { module: ENV, name: 'output_set', params: ['i64', 'i64'] },
  { module: ENV, name: 'free', params: ['i64'] },
  { module: ENV, name: 'error_set', params: ['i64'] },
  { module: 'wasi_snapshot_preview1', name: 'proc_exit', params: ['i32'] },
];
type Import =
  | 'alloc'
  | 'store_u8'
  | 'config_get'
  | 'var_set'
  | 'http_request'
  | 'output_set'
  | 'free'
  | 'error_set'
  | 'proc_exit';

/** `i64.const 64`: the first block of a call without input. */
const first = ['i64.const 64'];
const i64 = (value: number) => [`i64.const ${value}`];
const call = (name: Import, ...args: string[][]) => {
  const index = imports.findIndex(item => item.name === name);
  return [...args.flat(), `call ${index}`, ...(imports[index]!.results ? ['drop'] : [])];
};
const byte = (value: number) => call('store_u8', first, [`i32.const ${value}`]);
const setError = [...call('alloc', i64(1)), ...byte(33), ...call('error_set', first)];

const run = (body: string[], options: PluginOptions, shape: FunctionShape = {}) =>
  createPlugin(
    buildModule({
      imports,
      functions: [
        { name: 'run', body, ...shape },
        { name: 'fine', body: [] },
      ],
      memoryPages: 1,
    }),
    options,
  );

interface EndedCall {
  code: string;
  name: string;
  body: string[];
  options?: PluginOptions;
  shape?: FunctionShape;
  message: string;
  exitCode?: number;
  output?: number;
}

const endedCalls: EndedCall[] = [
  {
    code: 'INVALID_HANDLE',
    name: 'a handle that was never given',
    body: call('config_get', i64(9)),
    message: 'config_get: key',
  },
  {
    code: 'INVALID_UTF8',
    name: 'a key of the byte ff',
    body: [...call('alloc', i64(1)), ...byte(0xff), ...call('config_get', first)],
    message: 'not UTF-8',
  },
  {
    code: 'VARS_DISABLED',
    name: 'var_set with a limit of 0',
    body: call('var_set', i64(0), i64(0)),
    options: { memory: { maxVarBytes: 0 } },
    message: 'Vars are disabled',
  },
  {
    code: 'HTTP_NOT_ENABLED',
    name: 'http_request',
    body: call('http_request', i64(0), i64(0)),
    message: 'HTTP is not enabled',
  },
  {
    code: 'MEMORY_LIMIT',
    name: 'alloc over the limit',
    body: call('alloc', ['i64.const 65537']),
    options: { memory: { maxPages: 1 } },
    message: '65536 bytes',
  },
  {
    code: 'INVALID_RANGE',
    name: 'strict, output_set outside the memory',
    body: call('output_set', i64(1), i64(5)),
    options: { strict: true },
    message: 'output_set',
  },
  {
    code: 'UNKNOWN_HANDLE_FREED',
    name: 'strict, free of a number that is not a block',
    body: call('free', i64(9)),
    options: { strict: true },
    message: 'free: 9',
  },
  {
    code: 'EXIT',
    name: 'proc_exit(3)',
    body: call('proc_exit', ['i32.const 3']),
    message: 'proc_exit(3)',
    exitCode: 3,
  },
  {
    code: 'EXIT',
    name: 'proc_exit(0) after an error text',
    body: [...setError, ...call('proc_exit', ['i32.const 0'])],
    message: '!',
    exitCode: 0,
  },
  {
    code: 'PLUGIN_ERROR',
    name: 'an error text and an output',
    body: [...setError, ...call('output_set', first, i64(1))],
    message: '!',
    exitCode: 0,
    output: 1,
  },
  {
    code: 'PLUGIN_ERROR',
    name: 'an error text and a result',
    body: [...setError, 'i32.const 5'],
    shape: { results: ['i32'] },
    message: '!',
    exitCode: 5,
  },
  {
    code: 'NONZERO_RESULT',
    name: 'a result and an output',
    body: [...call('output_set', i64(0), i64(0)), 'i32.const 5'],
    shape: { results: ['i32'] },
    message: 'Returned non-zero exit code: 5',
    exitCode: 5,
    output: 0,
  },
  { code: 'TRAP', name: 'a trap after an error text', body: [...setError, 'unreachable'], message: '!' },
];

for (const kernel of ['reference', 'accessors'] as const) {
  // In a worker a call ends the same way on both kernels, so one kernel is enough: each test starts a worker.
  const declare = kernel === 'reference' ? suiteOnThread : suiteInModes;
  declare(`ended calls (${kernel})`, (test, mode) => {
    for (const { code, name, body, options, shape, message, exitCode, output } of endedCalls) {
      test.row(`error.${code}`, name, async () => {
        const plugin = await run(body, { ...options, kernel }, shape);
        const error = (await raises(() => plugin.call('run'), { code, message })) as CallError;
        is(error.exitCode, exitCode ?? null);
        is(error.output?.byteLength, output);
        is(await plugin.call('fine'), null, 'the next call works');
      });

      test(`${name}, after an error text, fails with its code and that text`, async () => {
        const plugin = await run([...setError, ...body], { ...options, kernel }, shape);
        const error = (await raises(() => plugin.call('run'), { message: /^!$/ })) as CallError;
        is(error.code, code === 'NONZERO_RESULT' ? 'PLUGIN_ERROR' : code);
        is(error.exitCode, exitCode ?? null);
        ok(code === 'PLUGIN_ERROR' || code === 'NONZERO_RESULT' || error.cause instanceof Error);
      });

      if (shape) continue;
      test(`${name}, caught by the plugin, is still the result of the call`, async () => {
        const plugin = await run(['try', ...body, 'catch_all', 'end'], { ...options, kernel });
        // A real trap cannot be caught. Everything else that ends a call can be caught, and must still end it.
        await raises(() => plugin.call('run'), { code, message });
      });
    }

    if (mode === 'on this thread')
      test('proc_exit(0) is success and keeps the output, on a new instance next time', async () => {
        const plugin = await run(
          [...call('output_set', i64(0), i64(0)), ...call('proc_exit', ['i32.const 0'])],
          { kernel },
        );
        const instance = await plugin.getInstance();
        is((await plugin.call('run'))?.byteLength, 0);
        ok((await plugin.getInstance()) !== instance);
      });

    if (mode === 'on this thread')
      test('a result of 0 is success, and the instance stays', async () => {
        const plugin = await run(['i32.const 0'], { kernel }, { results: ['i32'] });
        const instance = await plugin.getInstance();
        is(await plugin.call('run'), null);
        ok((await plugin.getInstance()) === instance);
      });

    test('tolerated mistakes reach the subscriber', async () => {
      const codes: string[] = [];
      const body = [
        ...call('output_set', i64(1), i64(5)),
        ...call('free', i64(9)),
        ...call('error_set', i64(9)),
      ];
      const plugin = await run(body, { kernel, onDiagnostic: ({ code }) => codes.push(code) });
      await raises(() => plugin.call('run'), { code: 'PLUGIN_ERROR', message: 'invalid error handle' });
      equal(codes, ['INVALID_RANGE', 'UNKNOWN_HANDLE_FREED', 'INVALID_HANDLE']);
    });
  });
}
