import type { EnvImports } from '../../abi/index.ts';
import { jspi } from '../../src/engine/jspi.ts';
import type { ImportListener } from '../../src/host/listener.ts';
import { toImport } from '../../src/link/imports.ts';
import { instantiate } from '../../src/link/instance.ts';
import {
  type CallError,
  createPlugin,
  hostFunction,
  type Plugin,
  type PluginOptions,
  values,
} from '../../src/node.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { embed } from '../helpers/embedding.ts';
import { listenToImports } from '../helpers/listen.ts';
import { suite, type Test } from '../helpers/suite.ts';

const ENV = 'extism:host/env';
const WASI = 'wasi_snapshot_preview1';
const i32 = { results: ['i32'] } as const;
const i64 = { results: ['i64'] } as const;

const LIB = buildModule({
  imports: [
    { module: WASI, name: 'sched_yield', ...i32 },
    { module: ENV, name: 'input_length', ...i64 },
  ],
  memoryPages: 1,
  functions: [{ name: 'use', body: ['call 0', 'drop', 'call 1', 'drop'] }],
});
const zero = ['i32.const 0'];
/** Not imported inline: where the thread must not block, a module that imports it is suspended. */
const poll = { module: WASI, name: 'poll_oneoff', params: ['i32', 'i32', 'i32', 'i32'], ...i32 } as const;
const mainModule = (polls: boolean) =>
  buildModule({
    imports: [
      { module: 'lib', name: 'use' },
      { module: ENV, name: 'input_offset', ...i64 },
      { module: ENV, name: 'load_u8', params: ['i64'], ...i32 },
      { module: ENV, name: 'config_get', params: ['i64'], ...i64 },
      { module: ENV, name: 'log_info', params: ['i64'] },
      { module: 'host', name: 'add', params: ['i32', 'i32'], ...i32 },
      { module: 'host', name: 'nothing', ...i32 },
      { module: ENV, name: 'http_request', params: ['i64', 'i64'], ...i64 },
      { module: WASI, name: 'proc_exit', params: ['i32'] },
      { module: 'host', name: 'fail' },
      { module: 'host', name: 'wait', ...i32 },
      ...(polls ? [poll] : []),
    ],
    memoryPages: 1,
    functions: [
      { name: '_initialize', body: ['call 1', 'drop'] },
      { name: 'lib', body: ['call 0'] },
      { name: 'kernel', body: ['call 1', 'call 2', 'drop'] },
      { name: 'caller', body: ['i64.const 0', 'call 3', 'drop'] },
      { name: 'log', body: ['i64.const 0', 'call 4'] },
      { name: 'add', body: ['i32.const 3', 'i32.const -4', 'call 5', 'drop'] },
      { name: 'nothing', body: ['call 6', 'drop'] },
      { name: 'http', body: ['call 1', 'i64.const 0', 'call 7', 'drop'] },
      { name: 'exit', body: ['i32.const 3', 'call 8'] },
      { name: 'fail', body: ['call 9'] },
      { name: 'wait', body: ['call 10', 'drop'] },
      {
        name: 'caught',
        body: ['try', 'call 9', 'catch_all', 'end', 'try', 'call 9', 'catch_all', 'end'],
      },
      ...(polls ? [{ name: 'poll', body: [...zero, ...zero, ...zero, ...zero, 'call 11', 'drop'] }] : []),
    ],
  });

type Mode = Plugin['report']['isolation'];

const fetch = async () => new Response('body', { status: 200 });
const text = (values: readonly unknown[]) =>
  values.map(value => (typeof value === 'bigint' ? `${value}n` : String(value))).join(', ');

/** Makes a plugin that runs in `mode`, and the list of the calls that the listener gets. */
async function make(mode: Mode, listener?: ImportListener) {
  const lines: string[] = [];
  const never = new Promise<number>(() => {});
  const isAsync = mode !== 'inline';
  const options: PluginOptions = {
    runInWorker: mode === 'worker',
    allowedHosts: isAsync ? ['a.test'] : [],
    fetch: fetch as typeof globalThis.fetch,
    functions: {
      host: {
        add: (_: unknown, one: number, other: number) => one + other,
        nothing: () => {},
        fail: () => {
          throw new Error('no');
        },
        wait: hostFunction({ result: values.i32, isAsync }, () => (isAsync ? never : 7)),
      },
    },
  };
  const record: ImportListener = ({ module, namespace, name, args }) => {
    const call = `${module} ${namespace}.${name}(${text(args)})`;
    lines.push(call);
    return outcome =>
      lines.push(
        'error' in outcome ? `  ${(outcome.error as CallError).code}` : `  ${text([outcome.result])}`,
      );
  };
  const manifest = {
    wasm: [
      { name: 'lib', data: LIB },
      { name: 'main', data: mainModule(isAsync) },
    ],
  };
  const plugin = await createPlugin(manifest, listenToImports(options, listener ?? record));
  is(plugin.report.isolation, mode);
  return { plugin, lines, started: lines.splice(0) };
}

interface Row {
  export: string;
  input?: string;
  /** The calls, each followed by its outcome. */
  lines: string[];
  code?: string;
}

const rows: Row[] = [
  {
    export: 'lib',
    lines: [`lib ${WASI}.sched_yield()`, '  0', `lib ${ENV}.input_length()`, '  2n'],
    input: 'hi',
  },
  {
    export: 'kernel',
    lines: [`main ${ENV}.input_offset()`, '  64n', `main ${ENV}.load_u8(64n)`, '  104'],
    input: 'hi',
  },
  { export: 'caller', lines: [`main ${ENV}.config_get(0n)`, '  0n'] },
  { export: 'log', lines: [`main ${ENV}.log_info(0n)`, '  undefined'] },
  { export: 'add', lines: ['main host.add(3, -4)', '  -1'] },
  { export: 'nothing', lines: ['main host.nothing()', '  undefined'] },
  { export: 'exit', lines: [`main ${WASI}.proc_exit(3)`, '  EXIT'], code: 'EXIT' },
  {
    export: 'fail',
    lines: ['main host.fail()', '  HOST_FUNCTION_FAILED'],
    code: 'HOST_FUNCTION_FAILED',
  },
  {
    export: 'caught',
    lines: [
      ...['main host.fail()', '  HOST_FUNCTION_FAILED'],
      ...['main host.fail()', '  HOST_FUNCTION_FAILED'],
    ],
    code: 'HOST_FUNCTION_FAILED',
  },
];

const request = JSON.stringify({ url: 'https://a.test/' });
const waits: Row[] = [
  { export: 'poll', lines: [`main ${WASI}.poll_oneoff(0, 0, 0, 0)`, '  28'] },
  {
    export: 'http',
    input: request,
    lines: [`main ${ENV}.input_offset()`, '  64n', `main ${ENV}.http_request(64n, 0n)`, '  96n'],
  },
];
const runsInline: Row[] = [
  {
    export: 'http',
    input: request,
    lines: [
      ...[`main ${ENV}.input_offset()`, '  64n', `main ${ENV}.http_request(64n, 0n)`, '  HTTP_NOT_ENABLED'],
    ],
    code: 'HTTP_NOT_ENABLED',
  },
  { export: 'wait', lines: ['main host.wait()', '  7'] },
];

function listening(test: Test, mode: Mode): void {
  for (const row of [...rows, ...(mode === 'inline' ? runsInline : waits)]) {
    test(`${row.export}: every call of the host is seen, with module, name, arguments and outcome`, async () => {
      const { plugin, lines } = await make(mode);
      const call = plugin.call(row.export, row.input);
      if (row.code) await raises(() => call, { code: row.code });
      else await call;
      equal(lines, row.lines);
      await plugin.close();
    });
  }

  test('calls of start functions are seen', async () => {
    const { plugin, started } = await make(mode);
    equal(started, [`main ${ENV}.input_offset()`, '  0n']);
    await plugin.close();
  });

  test('a listener that throws before or after a call ends the call of the plugin', async () => {
    for (const when of ['before', 'after']) {
      const fail = () => {
        throw new Error(when);
      };
      const listener: ImportListener = ({ name }) =>
        name !== 'add' ? undefined : when === 'before' ? fail() : fail;
      const { plugin } = await make(mode, listener);
      await raises(() => plugin.call('add'), {
        code: 'HOST_FUNCTION_FAILED',
        message: `add: the import listener failed: ${when}`,
      });
      await plugin.close();
    }
  });

  if (mode === 'inline') return;
  test('a call that is interrupted in an import has an outcome', async () => {
    const { plugin, lines } = await make(mode);
    const controller = new AbortController();
    const call = plugin.call('wait', '', undefined, { signal: controller.signal });
    while (lines.length === 0) await new Promise(resolve => setTimeout(resolve, 1));
    controller.abort();
    await raises(() => call, { code: 'ABORTED' });
    equal(lines, ['main host.wait()', '  ABORTED']);
    await plugin.close();
  });
}

suite('import listener, inline', test => listening(test, 'inline'));
suite(
  'import listener, suspending',
  test => listening(test, 'suspending'),
  jspi ? null : 'this engine cannot suspend a plugin',
);
suite('import listener in a worker', test => listening(test, 'worker'));

/** Runs `make`, and returns the import objects of all instances that were made meanwhile. */
function importObjects(make: () => void): WebAssembly.Imports[] {
  const { Instance } = WebAssembly;
  const seen: WebAssembly.Imports[] = [];
  WebAssembly.Instance = new Proxy(Instance, {
    construct(target, [module, imports]: [WebAssembly.Module, WebAssembly.Imports]) {
      seen.push(imports);
      return new target(module, imports);
    },
  });
  try {
    make();
  } finally {
    WebAssembly.Instance = Instance;
  }
  return seen;
}

suite('imports without a listener', test => {
  test('the module gets the functions of the host themselves', async () => {
    const add = (one: number, other: number) => one + other;
    const { execution, embedding, imports } = await embed(
      buildModule({
        imports: [
          { module: ENV, name: 'load_u8', params: ['i64'], ...i32 },
          { module: ENV, name: 'alloc', params: ['i64'], ...i64 },
          { module: ENV, name: 'http_request', params: ['i64', 'i64'], ...i64 },
          { module: 'host', name: 'add', params: ['i32', 'i32'], ...i32 },
        ],
      }),
      add,
    );
    const [imported] = importObjects(() => instantiate(execution, embedding, () => {}));
    const { load_u8, alloc, http_request } = imported![ENV] as unknown as EnvImports;
    is(load_u8, imports.load_u8);
    is(alloc, imports.alloc);
    is(http_request, imports.http_request);
    is(imported!.host!.add, add);
  });

  test('each kind of import passes through one function, which leaves it as it is', () => {
    const site = { module: 'main', namespace: 'host', name: 'f' };
    const fn = () => 1;
    is(toImport({ fn, waits: false }, site, undefined), fn);
    ok(toImport({ fn, waits: false }, site, () => undefined) !== fn);
  });
});
