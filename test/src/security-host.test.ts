import { Kernel } from '../../abi/index.ts';
import {
  type CallError,
  createPlugin,
  type Manifest,
  type ManifestLike,
  type PluginOptions,
} from '../../src/node.ts';
import { runCall } from '../../src/run/call.ts';
import { InlineCalls } from '../../src/run/host-calls.ts';
import type { OutputCopier } from '../../src/values/output.ts';
import { bytesEqual, equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';
import { caught, createHostile, ENV, keepLogs, push, USER } from './security-guest.ts';

/** Base64 of an empty module. */
const EMPTY = 'AGFzbQEAAAA=';
const wasm = buildModule({ functions: [{ name: 'run', body: [] }] });

const callsHost = buildModule({
  imports: [{ module: USER, name: 'host', results: ['i64'] }],
  functions: [
    { name: 'caught', body: caught('call 0', 'drop') },
    { name: 'bare', body: ['call 0', 'drop'] },
  ],
});

suite('security: manifest and options', test => {
  const polluted: [where: string, json: string][] = [
    ['manifest.__proto__', `{"wasm": [{"data": "${EMPTY}"}], "__proto__": {"config": {"a": "b"}}}`],
    ['manifest.wasm[0].__proto__', `{"wasm": [{"data": "${EMPTY}", "__proto__": {"hash": "x"}}]}`],
    [
      'manifest.memory.__proto__',
      `{"wasm": [{"data": "${EMPTY}"}], "memory": {"__proto__": {"maxPages": 1}}}`,
    ],
    ['manifest.constructor', `{"wasm": [{"data": "${EMPTY}"}], "constructor": {}}`],
    ['manifest.wasm[0]', '{"wasm": [{"__proto__": {"path": "x.wasm"}}]}'],
    ['manifest.__proto__', '{"__proto__": {"wasm": []}}'],
  ];
  for (const [where, json] of polluted) {
    test.row('security.manifest-keys', `${where}: ${json}`, async () => {
      await raises(() => createPlugin(json), { code: 'INVALID_MANIFEST', message: where });
      is(({} as { config?: unknown }).config, undefined);
    });
  }

  test.row('security.manifest-keys', 'a known key that an object inherits is refused', async () => {
    const manifest = Object.assign(Object.create({ memory: { maxPages: 0 } }), { wasm: [{ data: wasm }] });
    await raises(() => createPlugin(manifest as ManifestLike), {
      code: 'INVALID_MANIFEST',
      message: 'manifest.memory: inherited',
    });
    const options = Object.create({ allowedHosts: ['*'] }) as PluginOptions;
    await raises(() => createPlugin(wasm, options), {
      code: 'INVALID_OPTION',
      message: 'option.allowedHosts: inherited',
    });
    const others = Object.create({ nonsense: 1 }) as PluginOptions;
    is(await (await createPlugin(wasm, others)).call('run'), null);
  });

  /** Defines a getter that returns `first` once, and `then` afterwards. */
  const turncoat = <T extends object>(
    target: T,
    key: keyof T,
    first: unknown,
    then: unknown,
  ): { reads: number } => {
    const seen = { reads: 0 };
    const get = () => (seen.reads++ === 0 ? first : then);
    Object.defineProperty(target, key, { get, enumerable: true });
    return seen;
  };

  test.row('security.read-once', 'a value that changes between reads is used as it was checked', async () => {
    const config: Record<string, string> = {};
    const functions: Record<string, object> = {};
    const item = {} as { data: Uint8Array };
    const manifest = {} as Manifest;
    const seen = [
      turncoat(config, 'key', 'text', { evil: true }),
      turncoat(functions, USER, { host: () => {} }, 'no object'),
      turncoat(item, 'data', callsHost, new Uint8Array(4)),
      turncoat(manifest, 'wasm', [item], []),
    ];
    const plugin = await createPlugin(manifest, { config, functions } as PluginOptions);
    is(await plugin.call('bare'), null);
    equal(
      seen.map(({ reads }) => reads),
      [1, 1, 1, 1],
    );
  });

  test.row('security.read-once', 'options that change during creation or later have no effect', async () => {
    const calls: string[] = [];
    const functions = { [USER]: { host: () => void calls.push('first') } };
    const config = { key: 'first' };
    const creating = createPlugin(callsHost, { functions, config });
    const hostile = createHostile({ config });
    functions[USER] = { host: () => void calls.push('second') };
    config.key = 'second';
    await (await creating).call('bare');
    equal(calls, ['first']);
    is((await (await hostile).call('seek', 'key'))?.text(), 'first');
  });

  test.row('security.read-once', 'a proxy as options', async () => {
    const asked: string[] = [];
    const options = new Proxy({ config: { key: 'value' } } as PluginOptions, {
      get(target, key, receiver) {
        asked.push(String(key));
        return Reflect.get(target, key, receiver);
      },
    });
    await createPlugin(wasm, options);
    equal(asked, ['config']);
  });
});

suite('security: data', test => {
  test.row(
    'security.input-untouched',
    'a plugin that overwrites its input changes no byte of the caller',
    async () => {
      const plugin = await createHostile();
      const buffer = new Uint8Array(300).fill(7);
      await plugin.call('hide', buffer.subarray(100, 200));
      await plugin.call('scribble', buffer);
      ok(buffer.every(byte => byte === 7));
    },
  );

  const views: [what: string, input: () => unknown, expected: number[]][] = [
    ['a view with an offset', () => Uint8Array.of(1, 2, 3, 4, 5).subarray(1, 4), [2, 3, 4]],
    ['a view of 16-bit numbers', () => Uint16Array.of(0x0201, 0x0403), [1, 2, 3, 4]],
    ['a DataView', () => new DataView(Uint8Array.of(1, 2, 3, 4, 5).buffer, 2, 2), [3, 4]],
    ['an ArrayBuffer', () => Uint8Array.of(1, 2).buffer, [1, 2]],
    [
      'an array of a class that lies about its length',
      () =>
        new (class extends Uint8Array {
          override get length() {
            return 1000;
          }
        })([1, 2, 3]),
      [1, 2, 3],
    ],
    [
      'an array of a class that hides a part',
      () =>
        new (class extends Uint8Array {
          override get length() {
            return 1;
          }
        })([1, 2, 3]),
      [1, 2, 3],
    ],
  ];
  for (const [what, input, expected] of views) {
    test.row('security.views', what, async () => {
      const plugin = await createHostile();
      bytesEqual((await plugin.call('fine', input() as Uint8Array))!.bytes(), expected);
    });
  }

  test.row('security.views', 'a proxy of an array is refused, and the next call works', async () => {
    const plugin = await createHostile();
    const proxy = new Proxy(Uint8Array.of(1, 2), {});
    await raises(() => plugin.call('fine', proxy), { code: 'INVALID_INPUT' });
    is((await plugin.call('fine', 'next'))?.text(), 'next');
  });

  test.row('security.views', 'shared memory is copied, as input and as wasm', async () => {
    // SharedArrayBuffer itself is missing on pages that do not ask for it with headers.
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const shared = new Uint8Array(buffer);
    shared.set([1, 2, 3, 4, 5, 6, 7, 8]);
    const plugin = await createHostile();
    const output = (await plugin.call('fine', shared.subarray(2, 5)))!;
    shared.fill(9);
    bytesEqual(output.bytes(), [3, 4, 5]);

    const bytes = shared.subarray(100, 100 + wasm.length);
    bytes.set(wasm);
    const creating = createPlugin(bytes);
    bytes.fill(0);
    is(await (await creating).call('run'), null);
  });

  test.row(
    'security.output-copy',
    'an output is unchanged by later calls, and JSON in it sets no prototype',
    async () => {
      const plugin = await createHostile();
      const text = '{"__proto__": {"polluted": true}, "constructor": 5}';
      const output = (await plugin.call('fine', text))!;
      await plugin.call('scribble');
      await plugin.call('hide', 'x'.repeat(text.length));
      is(output.text(), text);
      const value = output.json<Record<string, unknown>>();
      equal(Object.keys(value), ['__proto__', 'constructor']);
      is(value.polluted, undefined);
      is(({} as { polluted?: unknown }).polluted, undefined);
    },
  );

  test.row('security.output-copy', 'an output too large for the engine is an error with a code', async () => {
    const kernel = new Kernel({ maxVarBytes: 0 });
    const outputs = {
      take: () => {
        throw new RangeError('Array buffer allocation failed');
      },
      kept: (): never => {
        throw new RangeError('Array buffer allocation failed');
      },
    } as unknown as OutputCopier;
    const body = () => kernel.memory.setOutput({ start: 64, length: 8 });
    const calls = new InlineCalls(kernel, outputs);
    const site = {
      kernel,
      modules: [],
      outputs,
      calls,
      flush: null,
      printed: () => ({ stdout: [], stderr: [] }),
      fuelUsed: null,
      trace: null,
      tap: undefined,
      limit: null,
    };
    const { error, dropInstance } = await runCall(site, 'run', body);
    is(error?.code, 'MEMORY_LIMIT');
    is(dropInstance, true);
  });
});

suite('security: functions of the host', test => {
  const throwing = (thrown: unknown) => () => {
    throw thrown;
  };
  const results: [what: string, host: () => unknown][] = [
    ['throws undefined', throwing(undefined)],
    ['throws null', throwing(null)],
    ['throws an object without toString', throwing(Object.create(null))],
    ['throws a symbol', throwing(Symbol('no'))],
    ['throws an error with a code of its own', throwing(Object.assign(new Error('no'), { code: 'TRAP' }))],
    ['returns an object without toString', () => Object.create(null)],
    ['returns a symbol', () => Symbol('no')],
    [
      'returns an object whose "then" throws',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: the test needs it.
        get then() {
          throw new Error('no');
        },
      }),
    ],
  ];
  for (const [what, host] of results) {
    test.row(
      'security.host-failures',
      `a host function that ${what} ends the call, even if the plugin catches the exception`,
      async () => {
        const plugin = await createPlugin(callsHost, { functions: { [USER]: { host } } });
        for (const name of ['caught', 'bare']) {
          await raises(() => plugin.call(name), { code: 'HOST_FUNCTION_FAILED', message: `${USER}.host` });
        }
      },
    );
  }

  const prints = (fd: number) => [
    push('i32', BigInt(fd)),
    ...['i32.const 0', 'i32.const 1', 'i32.const 8', 'call 1', 'drop'],
  ];
  const tells = buildModule({
    imports: [
      { module: ENV, name: 'log_info', params: ['i64'] },
      {
        module: 'wasi_snapshot_preview1',
        name: 'fd_write',
        params: ['i32', 'i32', 'i32', 'i32'],
        results: ['i32'],
      },
      { module: ENV, name: 'free', params: ['i64'] },
    ],
    functions: [
      { name: 'log', body: caught('i64.const 0', 'call 0') },
      { name: 'free', body: caught('i64.const 9', 'call 2') },
      // Writes one byte, a 0, without a line end.
      { name: 'stdout', body: ['i32.const 4', 'i32.const 1', 'i32.store8 0', ...caught(...prints(1))] },
      { name: 'stderr', body: ['i32.const 4', 'i32.const 1', 'i32.store8 0', ...caught(...prints(2))] },
      { name: 'fine', body: [] },
    ],
    memoryPages: 1,
  });
  for (const thrown of [new Error('no'), undefined]) {
    const callback = throwing(thrown);
    const callbacks: [name: string, options: PluginOptions, what: string][] = [
      ['log', { logger: { ...keepLogs().logger, info: callback } }, 'option.logger.info'],
      ['free', { onDiagnostic: callback }, 'option.onDiagnostic'],
      ['stdout', { stdout: callback }, 'option.stdout'],
      ['stderr', { stderr: callback }, 'option.stderr'],
    ];
    for (const [name, options, what] of callbacks) {
      test.row('security.host-failures', `${what} that throws ${thrown} ends the call`, async () => {
        const plugin = await createPlugin(tells, { ...options, logLevel: 'info' });
        for (let time = 0; time < 2; time++) {
          const error = (await raises(() => plugin.call(name), {
            code: 'HOST_FUNCTION_FAILED',
            message: what,
          })) as CallError;
          is(error.cause, thrown ?? error.cause);
          is(await plugin.call('fine'), null);
        }
      });
    }
  }
});
