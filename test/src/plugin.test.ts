import {
  type CallContext,
  type CallError,
  type HostFunctions,
  type PlugboardError,
  type PluginInput,
  type PluginOptions,
  PluginOutput,
} from '../../src/node.ts';
import { bytesEqual, equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule, type FunctionShape } from '../helpers/build-module.ts';
import { createPlugin, suiteInModes } from '../helpers/modes.ts';

const USER = 'extism:host/user';

/** A plugin whose export `run` is `body`; the host function `host` has index 0. */
const pluginOf = (
  body: string[],
  host: FunctionShape = {},
  shape: FunctionShape = {},
  functions?: HostFunctions[string],
) =>
  createPlugin(
    buildModule({
      imports: [{ module: USER, name: 'host', ...host }],
      functions: [{ name: 'run', body, ...shape }],
    }),
    { functions: { [USER]: { host: () => {}, ...functions } } } as PluginOptions,
  );

const callHost = ['call 0'];

/** A plugin that passes its input on as output. */
const echo = () =>
  buildModule({
    imports: [
      { module: 'extism:host/env', name: 'input_offset', results: ['i64'] },
      { module: 'extism:host/env', name: 'input_length', results: ['i64'] },
      { module: 'extism:host/env', name: 'output_set', params: ['i64', 'i64'] },
    ],
    functions: [{ name: 'echo', body: ['call 0', 'call 1', 'call 2'] }],
  });

const startsItself = buildModule({ functions: [{ name: 'run', body: [] }], start: 0 });

suiteInModes('plugin', (test, mode) => {
  test('passes text as UTF-8 and bytes unchanged, also from views, and copies both ways', async () => {
    const plugin = await createPlugin(echo());
    is((await plugin.call('echo', 'hällo'))?.text(), 'hällo');
    const buffer = Uint8Array.of(9, 1, 2, 3, 9);
    const output = await plugin.call('echo', buffer.subarray(1, 4));
    bytesEqual(output!.bytes(), [1, 2, 3]);
    output!.bytes().fill(0);
    bytesEqual(buffer, [9, 1, 2, 3, 9]);
    bytesEqual((await plugin.call('echo', buffer.buffer))!.bytes(), buffer);
    for (const empty of ['', null, undefined, new Uint8Array(0)])
      is((await plugin.call('echo', empty))?.byteLength, 0);
  });

  test('output reads as text, JSON, bytes and DataView, and is read-only', async () => {
    const plugin = await createPlugin(echo());
    const output = (await plugin.call('echo', '{"a":[1]}'))!;
    ok(output instanceof PluginOutput && output instanceof DataView);
    equal([output.text(), output.string()], ['{"a":[1]}', '{"a":[1]}']);
    equal(output.json(), { a: [1] });
    is(output.getUint8(0), 0x7b);
    is(output.arrayBuffer().byteLength, 9);
    const setters = [
      'Int8',
      'Uint8',
      'Int16',
      'Uint16',
      'Int32',
      'Uint32',
      'BigInt64',
      'BigUint64',
      'Float16',
      'Float32',
      'Float64',
    ] as const;
    for (const type of setters) {
      await raises(() => (output[`set${type}`] as (offset: number, value: never) => void)(0, 0 as never), {
        message: 'read-only',
      });
    }
  });

  test('lists exports and imports', async () => {
    const plugin = await createPlugin(echo());
    equal(
      (await plugin.getExports()).map(({ name, kind }) => `${kind} ${name}`),
      ['function echo'],
    );
    is((await plugin.getImports()).length, 3);
    equal([await plugin.functionExists('echo'), await plugin.functionExists('toString')], [true, false]);
    if (mode === 'on this thread') ok((await plugin.getInstance()) instanceof WebAssembly.Instance);
    else await raises(() => plugin.getInstance(), { code: 'UNSUPPORTED', message: 'in a worker' });
    is(plugin.isActive(), false);
  });

  test('log messages of levels without a logger function are dropped', async () => {
    const ENV = 'extism:host/env';
    const wasm = buildModule({
      imports: [
        { module: ENV, name: 'input_offset', results: ['i64'] },
        { module: ENV, name: 'log_info', params: ['i64'] },
        { module: ENV, name: 'log_error', params: ['i64'] },
      ],
      functions: [{ name: 'run', body: ['call 0', 'call 1', 'call 0', 'call 2'] }],
    });
    const lines: string[] = [];
    const logger = { error: (line: string) => void lines.push(line), trace: undefined };
    const plugin = await createPlugin(wasm, { logger, logLevel: 'trace' });
    await plugin.call('run', 'hello');
    equal(lines, ['hello']);
  });

  const callErrors: [code: string, name: string, run: () => Promise<unknown>, message: string | RegExp][] = [
    [
      'FUNCTION_NOT_FOUND',
      'a missing export',
      async () => (await createPlugin(echo())).call('eco'),
      'Function not found: eco (exported functions: echo)',
    ],
    [
      'FUNCTION_NOT_FOUND',
      'an inherited name',
      async () => (await createPlugin(echo())).call('toString'),
      'Function not found: toString',
    ],
    [
      'FUNCTION_NOT_FOUND',
      'a start section, which the host exports',
      async () => (await createPlugin(startsItself, { limits: { fuel: 99 } })).call('plugboard.fuel.start'),
      'Function not found: plugboard.fuel.start (exported functions: run)',
    ],
    [
      'FUNCTION_NOT_FOUND',
      "an export of the plugin's own under a name of the host",
      async () =>
        (await createPlugin(buildModule({ functions: [{ name: 'plugboard.start', body: [] }] }))).call(
          'plugboard.start',
        ),
      'Function not found: plugboard.start',
    ],
    [
      'BAD_SIGNATURE',
      'a parameter',
      async () => (await pluginOf([], {}, { params: ['i32'] })).call('run'),
      '(i32) -> ()',
    ],
    [
      'BAD_SIGNATURE',
      'an f64 result',
      async () => (await pluginOf(['f64.const 0'], {}, { results: ['f64'] })).call('run'),
      '() -> (f64)',
    ],
    [
      'BAD_SIGNATURE',
      'two results',
      async () =>
        (await pluginOf(['i32.const 0', 'i32.const 0'], {}, { results: ['i32', 'i32'] })).call('run'),
      '() -> (i32, i32)',
    ],
    [
      'INVALID_INPUT',
      'an input that is neither text nor bytes',
      async () => (await createPlugin(echo())).call('echo', 5 as never),
      'got number',
    ],
    [
      'NONZERO_RESULT',
      'a result of 7',
      async () => (await pluginOf(['i32.const 7'], {}, { results: ['i32'] })).call('run'),
      'Returned non-zero exit code: 7',
    ],
    [
      'TRAP',
      'a trap',
      async () => (await pluginOf(['unreachable'])).call('run'),
      /run: the plugin trapped: .*unreachable/i,
    ],
    [
      'STACK_OVERFLOW',
      'endless recursion',
      async () => (await pluginOf(['call 1'])).call('run'),
      'endless recursion',
    ],
    [
      'STACK_OVERFLOW',
      'endless recursion in a host function',
      async () => {
        // A tail call would not do: JSC turns it into an endless loop.
        const host = (): number => 1 + host();
        return (await pluginOf(callHost, {}, {}, { host })).call('run');
      },
      'endless recursion',
    ],
    [
      'HOST_FUNCTION_FAILED',
      'a host function that throws',
      async () =>
        (
          await pluginOf(
            callHost,
            {},
            {},
            {
              host: () => {
                throw new Error('kaputt');
              },
            },
          )
        ).call('run'),
      `host function ${USER}.host failed: kaputt`,
    ],
    [
      'HOST_FUNCTION_ASYNC',
      'a host function that returns a promise',
      async () =>
        (await pluginOf(callHost, {}, {}, { host: () => Promise.reject(new Error('unheard')) })).call('run'),
      `${USER}.host returned a promise`,
    ],
    [
      'MEMORY_LIMIT',
      'an input over the limit',
      async () =>
        (await createPlugin(echo(), { memory: { maxPages: 1 } })).call('echo', new Uint8Array(65_537)),
      '65536 bytes',
    ],
  ];
  for (const [code, name, run, message] of callErrors) {
    // In a worker the call waits for the promise.
    if (code === 'HOST_FUNCTION_ASYNC' && mode === 'in a worker') continue;
    test.row(`error.${code}`, name, async () => {
      is((await raises(run, { code, message })).name, 'CallError');
    });
  }

  const bareResults: [name: string, body: string[], results: ('i32' | 'i64' | 'f64')[]][] = [
    ['an i64', ['i64.const 0'], ['i64']],
    ['half', ['f64.const 0.5'], ['f64']],
    ['two results', ['i32.const 0', 'i32.const 0'], ['i32', 'i32']],
  ];
  for (const [name, body, results] of bareResults) {
    test.row('error.BAD_SIGNATURE', `${name} from a compiled module, whose types are unknown`, async () => {
      const module = new WebAssembly.Module(buildModule({ functions: [{ name: 'run', body, results }] }));
      const plugin = await createPlugin(module);
      await raises(() => plugin.call('run'), { code: 'BAD_SIGNATURE', message: 'got a result of' });
    });
  }

  test('the next call after a failed one works, on a new instance', async () => {
    let calls = 0;
    const host = () => {
      if (++calls === 1) throw new Error('once');
    };
    const plugin = await pluginOf(callHost, {}, {}, { host });
    const instance = () => (mode === 'on this thread' ? plugin.getInstance() : undefined);
    const first = await instance();
    await raises(() => plugin.call('run'), { code: 'HOST_FUNCTION_FAILED' });
    is(await plugin.call('run'), null);
    if (first) ok((await instance()) !== first);
  });

  test('a plugin cannot swallow an error thrown by an import', async () => {
    const cause = new Error('kaputt');
    const host = () => {
      throw cause;
    };
    const plugin = await pluginOf(['try', 'call 0', 'catch_all', 'call 0', 'end'], {}, {}, { host });
    const swallowed = await pluginOf(['try', 'call 0', 'catch_all', 'end'], {}, {}, { host });
    for (const stubborn of [plugin, swallowed]) {
      await raises(() => stubborn.call('run'), { code: 'HOST_FUNCTION_FAILED', cause });
    }
  });

  const results: [declared: 'i32' | 'i64' | 'f64' | 'none', returned: unknown, fits: boolean][] = [
    ['i64', 5n, true],
    ['i64', 5, true],
    ['i64', undefined, true],
    ['i64', null, true],
    ['i64', 1.5, false],
    ['i64', 'text', false],
    ['i32', 5, true],
    ['i32', 5n, true],
    ['i32', 2n ** 60n + 1n, false],
    ['i32', undefined, true],
    ['i32', {}, false],
    ['f64', 1.5, true],
    ['f64', 2n, true],
    ['none', undefined, true],
    ['none', 0n, true],
    ['none', 'text', true],
    ['none', true, true],
    ['none', new Map(), true],
    ['none', ['text'], true],
    ['none', Symbol('symbol'), true],
    ['none', () => 1, true],
  ];
  for (const [declared, returned, fits] of results) {
    test.row(
      'error.HOST_FUNCTION_FAILED',
      `${typeof returned} ${String(returned)} as ${declared} ${fits ? 'fits' : 'does not fit'}`,
      async () => {
        const body = declared === 'none' ? callHost : [...callHost, 'drop'];
        const plugin = await pluginOf(
          body,
          { results: declared === 'none' ? [] : [declared] },
          {},
          { host: () => returned },
        );
        if (fits) is(await plugin.call('run'), null);
        else
          await raises(() => plugin.call('run'), { code: 'HOST_FUNCTION_FAILED', message: 'host returned' });
      },
    );
  }

  test('a function without a result serves every result type, also in a compiled module, whose types are unknown', async () => {
    for (const type of ['i32', 'i64', 'f32', 'f64'] as const) {
      const bytes = buildModule({
        imports: [{ module: USER, name: 'host', results: [type] }],
        functions: [{ name: 'run', body: [...callHost, 'drop'] }],
      });
      const plugin = await createPlugin(new WebAssembly.Module(bytes), {
        functions: { [USER]: { host: () => {} } },
      });
      is(await plugin.call('run'), null);
    }
  });

  test('host functions get their arguments, the context of the call, and shadow the kernel', async () => {
    const seen: unknown[] = [];
    const bytes = buildModule({
      imports: [
        { module: 'extism:host/env', name: 'alloc', params: ['i64'], results: ['i64'] },
        { module: USER, name: 'host', params: ['i32', 'i64'] },
      ],
      functions: [{ name: 'run', body: ['i32.const 3', 'i64.const 4', 'call 0', 'call 1'] }],
    });
    const plugin = await createPlugin(bytes, {
      functions: {
        'extism:host/env': { alloc: (_: unknown, length: bigint) => length * 10n },
        [USER]: {
          host: (context, number: number, handle: bigint) => {
            seen.push(number, handle, context.hostContext());
          },
        },
      },
    });
    await plugin.call('run', '', { tenant: 1 });
    await plugin.call('run');
    equal(seen, [3, 40n, { tenant: 1 }, 3, 40n, undefined]);
  });

  test('bytes that were transferred, or cut off, are refused, and an empty array is an empty input', async () => {
    const plugin = await createPlugin(echo());
    const detached = Uint8Array.of(1, 2);
    const buffer = new ArrayBuffer(2);
    structuredClone(null, { transfer: [detached.buffer, buffer] });
    const gone: PluginInput[] = [detached, buffer];
    // Not every engine has buffers that shrink.
    const shrunk = new (ArrayBuffer as new (bytes: number, options: object) => ArrayBuffer)(8, {
      maxByteLength: 8,
    }) as ArrayBuffer & { resize?(bytes: number): void };
    if (shrunk.resize) {
      gone.push(new Uint8Array(shrunk, 4, 4));
      shrunk.resize(2);
    }
    const message = 'input: its bytes were transferred; pass a copy';
    for (const input of gone)
      await raises(() => plugin.call('echo', input), { code: 'INVALID_INPUT', message });
    const given: PluginInput[] = [new Uint8Array(0), new Uint8Array(2).subarray(1, 1), new ArrayBuffer(0)];
    for (const input of given) is((await plugin.call('echo', input))?.text(), '');
  });

  test('a context that is kept belongs to its call, also while the next call runs', async () => {
    const kept: CallContext[] = [];
    const seen: unknown[] = [];
    const codeOf = (use: () => unknown) => {
      try {
        return use();
      } catch (error) {
        return (error as PlugboardError).code;
      }
    };
    const plugin = await pluginOf(
      callHost,
      {},
      {},
      {
        host: context => {
          kept.push(context);
          seen.push(kept[0]!.hostContext(), typeof codeOf(() => context.store('x')));
          if (context !== kept[0]) seen.push(codeOf(() => kept[0]!.store('x')));
        },
      },
    );
    await plugin.call('run', '', 'first');
    seen.push(codeOf(() => kept[0]!.store('x')));
    await plugin.call('run', '', 'second');
    equal(seen, ['first', 'bigint', 'CALL_OVER', 'first', 'bigint', 'CALL_OVER']);
  });

  test('the call context reads, stores, frees, keeps variables and sets errors', async () => {
    const seen: unknown[] = [];
    const plugin = await pluginOf(
      callHost,
      {},
      {},
      {
        host: context => {
          const handle = context.store('text');
          seen.push(
            context.read(handle)?.text(),
            context.length(handle),
            context.read(handle + 1n),
            context.read(1_000_000n),
          );
          context.free(handle);
          seen.push(
            context.read(handle),
            context.store(''),
            context.alloc(0),
            context.length(context.alloc(5)),
          );
          context.setVariable('key', 'value');
          seen.push(context.getVariable('key')?.text(), context.getVariable('other'));
          context.deleteVariable('key');
          seen.push(context.getVariable('key'), context.logLevel);
          context.setVariable('kept', Uint8Array.of(1));
          context.setError('first');
          context.setError();
          context.setError(new Error('the error'));
        },
      },
    );
    const error = (await raises(() => plugin.call('run'), {
      code: 'PLUGIN_ERROR',
      message: /^the error$/,
    })) as CallError;
    equal(seen, ['text', 4n, null, null, null, 0n, 0n, 5n, 'value', null, null, 'silent']);
    is(error.exitCode, 0);
    bytesEqual(plugin.vars.get('kept')!, [1]);
  });

  test('an empty block reads as an empty output', async () => {
    const seen: unknown[] = [];
    const read = (context: CallContext) => {
      for (const handle of [0n, 0, context.store(''), context.alloc(0)]) {
        const output = context.read(handle);
        seen.push(output?.text(), output?.byteLength, output?.bytes().buffer.byteLength);
      }
    };
    await (await pluginOf(callHost, {}, {}, { host: read })).call('run');
    equal(
      seen,
      [0, 0, 0, 0].flatMap(() => ['', 0, 0]),
    );
  });

  test.row('error.REENTRANT_CALL', 'a call from inside a host function is refused', async () => {
    const errors: string[] = [];
    const plugin = await pluginOf(
      callHost,
      {},
      {},
      {
        host: () => {
          is(plugin.isActive(), true);
          try {
            plugin.callSync('run');
          } catch (error) {
            errors.push((error as CallError).code);
          }
        },
      },
    );
    is(await plugin.call('run'), null);
    equal(errors, ['REENTRANT_CALL']);
  });

  test('reset clears the kernel memory, and variables only when asked; not during a call', async () => {
    const resets: Promise<boolean>[] = [];
    const plugin = await pluginOf(
      callHost,
      {},
      {},
      {
        host: context => {
          context.setVariable('key', 'value');
          resets.push(plugin.reset());
        },
      },
    );
    await plugin.call('run');
    is(await resets[0], false);
    is(await plugin.reset(), true);
    is(plugin.vars.size, 1);
    is(await plugin.reset({ vars: true }), true);
    is(plugin.vars.size, 0);
  });

  test.row(
    'error.CLOSED',
    'a call after close fails, and so does a call that is running at close',
    async () => {
      const plugin = await createPlugin(echo());
      await plugin.close();
      await plugin.close();
      await raises(() => plugin.call('echo'), { code: 'CLOSED', message: 'calling "echo"' });
      await raises(() => plugin.getInstance(), { code: 'CLOSED' });
      is(await plugin.reset(), false);

      const closing = await pluginOf(callHost, {}, {}, { host: () => void closing.close() });
      await raises(() => closing.call('run'), { code: 'CLOSED' });
      await raises(() => closing.call('run'), { code: 'CLOSED' });
    },
  );

  const outlive = async () => {
    const contexts: CallContext[] = [];
    const plugin = await pluginOf(callHost, {}, {}, { host: context => void contexts.push(context) });
    const { run } = (await plugin.getInstance()).exports as { run: () => unknown };
    await plugin.call('run');
    await plugin.close();
    const message = 'asking the host: the plugin was closed';
    await raises(async () => run(), { code: 'CLOSED', message });
    is(contexts.length, 1);
    const [context] = contexts as [CallContext];
    await raises(async () => context.store('text'), { code: 'CALL_OVER' });
    await raises(async () => context.read(64), { code: 'CALL_OVER', message: 'its blocks are gone' });
    for (const useVariable of [
      () => context.getVariable('a'),
      () => context.setVariable('a', 'b'),
      () => context.deleteVariable('a'),
    ])
      await raises(async () => useVariable(), {
        code: 'CALL_OVER',
        message: 'plugin.getVar and plugin.setVar',
      });

    const echoing = await createPlugin(echo());
    const kept = (await echoing.getInstance()).exports as { echo: () => unknown };
    await echoing.close();
    let failed = false;
    try {
      kept.echo();
    } catch {
      failed = true;
    }
    ok(failed);
  };
  const callBetween = async () => {
    const plugin = await pluginOf(callHost, {}, {}, { host: () => 0 });
    const { run } = (await plugin.getInstance()).exports as { run: () => unknown };
    const message = 'no call of the plugin is running; use plugin.call';
    await raises(async () => run(), { code: 'HOST_FUNCTION_FAILED', message });
    await plugin.call('run');
  };
  // The instance of a plugin in a worker is not available.
  if (mode === 'on this thread') {
    test.row('abi.instance-closed', 'an instance cannot use the host after its plugin was closed', outlive);
    test('an export called on the instance cannot use host functions between calls', callBetween);
  }

  test('calls made at once end in order', async () => {
    const plugin = await createPlugin(echo());
    const outputs = await Promise.all(['a', 'b', 'c'].map(input => plugin.call('echo', input)));
    equal(
      outputs.map(output => output?.text()),
      ['a', 'b', 'c'],
    );
  });
});
