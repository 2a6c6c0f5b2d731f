import { createPlugin as createOn } from '../../src/create.ts';
import { jspi } from '../../src/engine/jspi.ts';
import {
  type CallContext,
  type CallError,
  type CreateError,
  hostFunction,
  type PluginOptions,
  values,
} from '../../src/node.ts';
import type { Platform, WorkerEvents } from '../../src/platform/types.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule, type ModuleShape } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { createPlugin, suiteInWorker } from '../helpers/modes.ts';
import { onceInTime } from '../helpers/once-in-time.ts';
import { suite } from '../helpers/suite.ts';
import { createGuest, FIRST, i64, place } from './guest.ts';

const ENV = 'extism:host/env';
const i32 = { results: ['i32'] } as const;
const forever = ['loop', 'br 0', 'end'];

const shape = {
  imports: [{ module: 'host', name: 'wait', ...i32 }],
  functions: [
    { name: 'run', ...i32, body: ['call 0'] },
    { name: 'caught', body: ['try', 'call 0', 'drop', 'catch_all', 'end'] },
    { name: 'waitAndSpin', body: ['call 0', 'drop', ...forever] },
    { name: 'spin', body: forever },
    { name: 'trap', body: ['unreachable'] },
    { name: 'fine', body: [] },
  ],
} satisfies ModuleShape;
const WASM = buildModule(shape);
const create = (wait: (context: CallContext) => unknown, options: PluginOptions = {}) =>
  createPlugin(WASM, { ...options, functions: { host: { wait: wait as () => number } } });
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => null,
    error => (error as CallError).code,
  );
const never = () => new Promise<never>(() => {});

/** Bun and Deno cannot end a thread in a loop: there only plugins with a time-out stop. This time-out never fires. */
const STOPPABLE = { timeoutMs: 2 ** 31 - 1 };

suiteInWorker('ended by force', test => {
  test('a signal ends a call at any point after it has begun', async () => {
    const controller = new AbortController();
    const wait = () => {
      setTimeout(() => controller.abort(new Error('enough')), 1);
      return 0;
    };
    const plugin = await create(wait, STOPPABLE);
    await raises(() => plugin.call('waitAndSpin', '', null, { signal: controller.signal }), {
      code: 'ABORTED',
      message: /^waitAndSpin: the call was aborted: enough$/,
    });
    is(await codeOf(plugin.call('fine', '', null, { signal: controller.signal })), 'ABORTED');
    is(await plugin.call('fine'), null);
    const late = new AbortController();
    is(await plugin.call('fine', '', null, { signal: late.signal }), null);
    late.abort();
    is(await plugin.call('fine'), null);
  });

  test('close ends a call that never returns, and the calls that wait for it', async () => {
    const plugin = await create(() => 0, STOPPABLE);
    const calls = ['spin', 'fine', 'spin'].map(name => codeOf(plugin.call(name)));
    await plugin.close();
    equal(await Promise.all(calls), ['CLOSED', 'CLOSED', 'CLOSED']);
    await plugin.close();
  });

  test.row(
    ['error.TIMEOUT', 'security.time-limits'],
    'endless loops end, many in a row; each next call works, and variables are kept',
    async () => {
      let count = 0;
      const wait = (context: CallContext) => {
        context.setVariable('count', String(count + 1));
        count++;
        return 0;
      };
      const plugin = await onceInTime(() => create(wait, { timeoutMs: 300 }));
      is(plugin.report.isolation, 'worker');
      for (let turn = 1; turn <= (host().thorough ? 20 : 6); turn++) {
        await raises(() => plugin.call('spin'), {
          code: 'TIMEOUT',
          message: /^spin: the plugin took longer than 300 ms \(timeoutMs\)$/,
        });
        is(await onceInTime(() => plugin.call('run')), null);
      }
      is(new TextDecoder().decode(plugin.vars.get('count')), String(count));
    },
  );

  for (const fn of ['run', 'caught']) {
    test(`a time-out ends a call whose host function never settles (${fn})`, async () => {
      let isFirst = true;
      const wait = () => (isFirst ? never() : 0);
      const plugin = await onceInTime(() => create(wait, { timeoutMs: 300 }));
      is(await codeOf(plugin.call(fn)), 'TIMEOUT');
      isFirst = false;
      is(await onceInTime(() => plugin.call('run')), null);
    });
  }

  test('a time-out ends a call whose request never ends', async () => {
    const signals: AbortSignal[] = [];
    const fetch = (_: URL, { signal }: RequestInit) => {
      signals.push(signal!);
      return never();
    };
    const wasm = buildModule({
      imports: [
        { module: ENV, name: 'http_request', params: ['i64', 'i64'], results: ['i64'] },
        { module: ENV, name: 'input_offset', results: ['i64'] },
      ],
      functions: [{ name: 'run', body: ['call 1', 'i64.const 0', 'call 0', 'drop'] }],
    });
    const options = { timeoutMs: 500, allowedHosts: ['*'], fetch: fetch as typeof globalThis.fetch };
    const plugin = await onceInTime(() => createPlugin(wasm, options));
    is(await codeOf(plugin.call('run', '{"url":"https://a.test/"}')), 'TIMEOUT');
    is(signals[0]!.aborted, true);
  });

  test('a manifest sets the time-out, in both spellings, and an option replaces it', async () => {
    for (const key of ['timeoutMs', 'timeout_ms']) {
      const manifest = { wasm: [{ data: WASM }], [key]: 500 };
      const functions = { host: { wait: never } };
      const plugin = await onceInTime(() => createPlugin(manifest, { functions }));
      is(await codeOf(plugin.call('run')), 'TIMEOUT');
      const free = await createPlugin({ ...manifest, [key]: 1 }, { timeoutMs: 60_000, functions });
      is(await codeOf(free.call('fine')), null);
    }
  });

  test('calls that wait for their turn do not use up their time', async () => {
    const wait = () => new Promise(resolve => setTimeout(resolve, 100, 0));
    const plugin = await onceInTime(() => create(wait, { timeoutMs: 2000 }));
    const calls = Array.from({ length: 30 }, () => codeOf(plugin.call('run')));
    ok((await Promise.all(calls)).every(code => code === null));
  });

  test('a start function that never returns, or waits too long, is a creation error', async () => {
    const spinning = buildModule({ functions: [{ name: '_initialize', body: forever }] });
    const waiting = buildModule({
      imports: [{ module: 'host', name: 'wait' }],
      functions: [{ name: '_initialize', body: ['call 0'] }],
    });
    for (const wasm of [spinning, waiting]) {
      const error = await raises(
        () => createPlugin(wasm, { timeoutMs: 50, functions: { host: { wait: async () => never() } } }),
        { code: 'TIMEOUT', message: /^module "main": initialisation: the plugin took longer than 50 ms/ },
      );
      is((error as CreateError).name, 'CreateError');
    }
  });

  test('a start section that never returns is a creation error', async () => {
    const wasm = buildModule({ functions: [{ name: 'run', body: forever }], start: 0 });
    await raises(() => createPlugin(wasm, { timeoutMs: 50 }), { code: 'TIMEOUT' });
  });
});

suiteInWorker('kernel memory', test => {
  const grow = [...i64(3_145_728), 'alloc', 'drop'];

  for (const kernel of ['reference', 'accessors'] as const) {
    test(`host and plugin see each other's bytes, also after the memory has grown (${kernel})`, async () => {
      const seen: unknown[] = [];
      const { plugin, marks } = await createGuest(
        {
          run: [
            ...place('from the plugin'),
            'host',
            // The host's text is the third block, after one of 16 bytes and one whose size is not rounded.
            ...[...i64(FIRST + 16 + 3_145_728), 'load_u8', 'mark'],
            ...grow,
            'host',
            ...[...i64(FIRST), ...i64(4), 'output_set'],
          ],
        },
        {
          kernel,
          host: context => {
            seen.push(context.read(FIRST)?.text());
            const large = context.alloc(3_145_728);
            const small = context.store('Host');
            seen.push(context.length(large), context.read(small)?.text());
            context.free(small);
            seen.push(context.length(small), context.read(small));
          },
        },
      );
      is((await plugin.call('run'))?.text(), 'from');
      const each = ['from the plugin', 3_145_728n, 'Host', 0n, null];
      equal(seen, [...each, ...each]);
      equal(marks, ['H'.charCodeAt(0)]);
      is(plugin.report.kernel, kernel);
    });
  }

  test('variables, config, logs, log level, host context and diagnostics arrive at the caller, in order', async () => {
    const lines: string[] = [];
    const logger = Object.fromEntries(
      ['trace', 'debug', 'info', 'warn', 'error'].map(level => [level, (text: string) => lines.push(text)]),
    ) as unknown as NonNullable<PluginOptions['logger']>;
    const wasm = buildModule({
      imports: [
        { module: ENV, name: 'input_offset', results: ['i64'] },
        { module: ENV, name: 'log_warn', params: ['i64'] },
        { module: ENV, name: 'config_get', params: ['i64'], results: ['i64'] },
        { module: 'host', name: 'now' },
        { module: ENV, name: 'free', params: ['i64'] },
        { module: ENV, name: 'get_log_level', ...i32 },
        { module: ENV, name: 'log_info', params: ['i64'] },
      ],
      functions: [
        {
          name: 'run',
          ...i32,
          body: [
            ...['call 0', 'call 1', 'call 0', 'call 2', 'call 1'],
            ...['call 0', 'call 6', 'i64.const 9', 'call 4', 'call 3', 'call 0', 'call 6'],
            ...['call 5'],
          ],
        },
      ],
    });
    const plugin = await createPlugin(wasm, {
      config: { key: 'value' },
      logger,
      logLevel: 'warn',
      onDiagnostic: ({ code }) => lines.push(code),
      functions: {
        host: {
          now: context => {
            lines.push(`host of ${context.hostContext<string>()}, ${context.logLevel}`);
            context.logLevel = 'info';
          },
        },
      },
    });
    const error = await raises(() => plugin.call('run', 'key', 'me'), { code: 'NONZERO_RESULT' });
    is((error as CallError).exitCode, 2);
    equal(lines, ['key', 'value', 'UNKNOWN_HANDLE_FREED', 'host of me, warn', 'key']);
  });
});

suiteInWorker('the rest', test => {
  test('an async host function makes the plugin run in a worker where the engine cannot suspend it', async () => {
    const functions = { host: { wait: async () => 0 } };
    const plugin = await createPlugin(WASM, { runInWorker: false, functions });
    is(plugin.report.isolation, jspi ? 'suspending' : 'worker');
    is(await plugin.call('run'), null);
  });

  test('a plain function may return a promise', async () => {
    const plugin = await create(() => Promise.resolve(0));
    is(await plugin.call('run'), null);
  });

  test('callSync is refused', async () => {
    const plugin = await create(() => 0);
    await raises(() => plugin.callSync('fine'), {
      code: 'UNSUPPORTED',
      message: 'runs in a worker; use call',
    });
  });

  test('several results cross, and a function reference is an error', async () => {
    const wasm = buildModule({
      imports: [
        { module: 'host', name: 'two', results: ['i64', 'f64'] },
        { module: 'host', name: 'take', params: ['funcref'] },
      ],
      functions: [
        { name: 'run', ...i32, body: ['call 0', 'drop', 'drop', 'i32.const 0'] },
        { name: 'give', body: ['ref.func 3', 'call 1'] },
      ],
    });
    const seen: unknown[] = [];
    const plugin = await createPlugin(wasm, {
      functions: { host: { two: () => [-1n, 0.5], take: (_, fn: never) => void seen.push(fn) } },
    });
    is(await plugin.call('run'), null);
    await raises(() => plugin.call('give'), {
      code: 'HOST_FUNCTION_FAILED',
      message: "to the caller's thread",
    });
    is(await plugin.call('run'), null);
  });

  test('a module compiled here runs there, and a trap has the stack of the worker', async () => {
    const plugin = await createPlugin(new WebAssembly.Module(WASM), {
      functions: { host: { wait: () => 0 } },
    });
    const error = await raises(() => plugin.call('trap'), { code: 'TRAP' });
    const { cause } = error;
    ok(cause instanceof WebAssembly.RuntimeError);
    // JSC names no wasm functions in a stack.
    ok(/wasm|carryOut/.test(cause.stack ?? ''), cause.stack);
    is(await plugin.call('run'), null);
  });

  test('a file system given as an object is refused', async () => {
    await raises(
      () => create(() => 0, { preopens: { '/data': { fs: { root: { lookup() {} } as never } } } }),
      {
        code: 'UNSUPPORTED',
        message:
          /^option\.runInWorker: .*, but .* option\.preopens\["\/data"\] is an object, .*allowedPaths can; leave it out$/,
      },
    );
  });

  test('a thousand calls of a host function succeed', async () => {
    let count = 0;
    const plugin = await create(() => void count++);
    await Promise.all(Array.from({ length: 1000 }, () => plugin.call('run')));
    is(count, 1000);
  });
});

/** A platform whose workers run `start`. */
const fake = (start: (events: WorkerEvents) => void): Platform => ({
  ...webPlatform,
  lacksWorkers: () => null,
  startWorker: events => {
    start(events);
    return { post: () => {}, keepAlive: () => {}, terminate: () => {} };
  },
});

suite('workers that are not there', test => {
  const lacking: Platform = { ...webPlatform, lacksWorkers: () => 'there are none' };
  const refused: [name: string, options: PluginOptions, message: RegExp][] = [
    ['runInWorker', { runInWorker: true }, /^option\.runInWorker: .*, but there are none; leave it out$/],
    [
      'timeoutMs of a compiled module',
      { timeoutMs: 5 },
      /^timeoutMs cannot be honoured: there are none, so that .*"main" came compiled, and only its bytes .*AbortSignal, /,
    ],
  ];

  test.row(
    'error.UNSUPPORTED',
    'a time-out for a compiled module is refused if workers cannot be ended by force',
    async () => {
      const weak: Platform = { ...fake(() => {}), lacksForce: () => 'workers are stubborn' };
      const options = { timeoutMs: 5, functions: { host: { wait: () => 0 } } };
      await raises(() => createOn(weak, new WebAssembly.Module(WASM), options), {
        code: 'UNSUPPORTED',
        message: /^timeoutMs cannot be honoured: workers are stubborn, so that .* came compiled/,
      });
    },
  );

  for (const [name, options, message] of refused) {
    test.row('error.UNSUPPORTED', `${name} is refused at creation`, async () => {
      const functions = { host: { wait: () => 0 } };
      const wasm = new WebAssembly.Module(WASM);
      await raises(() => createOn(lacking, wasm, { ...options, functions }), {
        code: 'UNSUPPORTED',
        message,
      });
    });
  }

  const http = { module: ENV, name: 'http_request', params: ['i64', 'i64'], results: ['i64'] } as const;
  const waiting: [code: string, wasm: Uint8Array<ArrayBuffer>, options: PluginOptions, message: RegExp][] = [
    [
      'HOST_FUNCTION_ASYNC',
      WASM,
      { functions: { host: { wait: async () => 0 } } },
      /^host function host\.wait is async, .*WebAssembly\.Suspending.*, but there are none; or use a newer engine/,
    ],
    [
      'UNSUPPORTED',
      buildModule({ imports: [http] }),
      { allowedHosts: ['*'] },
      /http_request, and allowedHosts/,
    ],
  ];
  for (const [code, wasm, options, message] of waiting) {
    const name = 'an async import is refused where the engine cannot suspend a plugin';
    test.row(`error.${code}`, `${name}: ${code}`, async () => {
      const create = () => createOn(lacking, new WebAssembly.Module(wasm), options);
      if (jspi) is((await create()).report.isolation, 'suspending');
      else await raises(create, { code, message });
    });
  }

  const failures: [name: string, start: (events: WorkerEvents) => void][] = [
    ['dies at once', ({ onDeath }) => queueMicrotask(() => onDeath('no such file'))],
    [
      'cannot be started',
      () => {
        throw new Error('no such file');
      },
    ],
  ];
  for (const [name, start] of failures) {
    test.row('error.WORKER_FAILED', `a worker that ${name} is a creation error`, async () => {
      const wasm = new WebAssembly.Module(WASM);
      const options = {
        runInWorker: true,
        functions: { host: { wait: hostFunction({ result: values.i32 }, () => 0) } },
      };
      const error = await raises(() => createOn(fake(start), wasm, options), {
        code: 'WORKER_FAILED',
        message: 'no such file',
      });
      is(error.name, 'CreateError');
    });
  }
});
