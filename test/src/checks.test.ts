import { type EnvFunctionName, envSignatures } from '../../abi/index.ts';
import { createPlugin } from '../../src/create.ts';
import { Checks } from '../../src/link/checks.ts';
import { instantiate } from '../../src/link/instance.ts';
import type { Link } from '../../src/link/plan.ts';
import type { Platform } from '../../src/platform/types.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { createWasi, type WasiOptions } from '../../wasi/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { embed } from '../helpers/embedding.ts';
import { suite } from '../helpers/suite.ts';

/** Names of kernel functions that decode text, copy values or run code of the host. `alloc` has tests of its own. */
const LONG: readonly EnvFunctionName[] = [
  ...(['error_set', 'error_get', 'reset', 'config_get', 'var_get', 'var_set'] as const),
  ...(['http_request', 'http_status_code', 'http_headers', 'get_log_level'] as const),
  ...(['log_trace', 'log_debug', 'log_info', 'log_warn', 'log_error'] as const),
];
const linkOf = (kind: 'kernel' | 'wasi' | 'host' | 'remote', name: string) =>
  ({ namespace: 'any', name, provider: { kind } }) as unknown as Link;

suite('imports of a plugin with checks', test => {
  const rows: [
    kind: 'kernel' | 'wasi' | 'host' | 'remote',
    name: string,
    args: unknown[],
    isChecked: boolean,
  ][] = [
    ...(Object.keys(envSignatures) as EnvFunctionName[])
      .filter(name => name !== 'alloc')
      .map(name => ['kernel', name, [], LONG.includes(name)] as ['kernel', string, unknown[], boolean]),
    ['kernel', 'alloc', [4_095n], false],
    ['kernel', 'alloc', [4_096n], true],
    // An i64 of 2^63 or more comes as a negative number.
    ['kernel', 'alloc', [-1n], true],
    ['host', 'any', [1, 2, 3], true],
    ['remote', 'any', [], true],
    // Its own code asks, before and between long steps.
    ['wasi', 'fd_read', [3, 8, 1, 16], false],
  ];
  for (const [kind, name, args, isChecked] of rows) {
    test(`${kind} ${name}(${args.join(', ')}) ${isChecked ? 'asks before it runs' : 'is not wrapped'}`, () => {
      const seen: unknown[] = [];
      const checkpoint = () => void seen.push('checkpoint');
      const fn = (...given: unknown[]) => seen.push(...given);
      const made = new Checks(() => false, checkpoint).guard(linkOf(kind, name), fn);
      (made as (...given: unknown[]) => unknown)(...args);
      equal(seen, isChecked ? ['checkpoint', ...args] : args);
    });
  }

  const bytes = buildModule({
    imports: [
      { module: 'host', name: 'work' },
      { module: 'wasi_snapshot_preview1', name: 'random_get', params: ['i32', 'i32'], results: ['i32'] },
    ],
    functions: [
      { name: 'host', body: ['loop', 'call work', 'br 0', 'end'] },
      { name: 'wasi', body: ['loop', 'i32.const 8', 'i32.const 8', 'call 1', 'drop', 'br 0', 'end'] },
    ],
    memoryPages: 1,
  });
  /** Takes the thread for longer than the time limit. */
  const waste = (ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end; );
  };
  for (const name of ['host', 'wasi'] as const) {
    test(`a loop of slow calls is stopped at the next one: ${name}`, async () => {
      let calls = 0;
      const work = () => {
        calls++;
        waste(30);
      };
      const platform: Platform = { ...webPlatform, random: { fill: work } };
      const options = { timeoutMs: 50, timeoutBy: 'checks', functions: { host: { work } } } as const;
      const plugin = await createPlugin(platform, bytes, options);
      await raises(() => plugin.call(name), { code: 'TIMEOUT' });
      ok(calls > 0 && calls <= 2, `${calls} calls`);
      is(plugin.report.timeoutBy, 'checks');
    });
  }

  test('each call of a command asks, and closes the files of its instance', async () => {
    const random = { module: 'wasi_snapshot_preview1', name: 'random_get', params: ['i32', 'i32'] } as const;
    const tool = buildModule({
      imports: [{ ...random, results: ['i32'] }],
      functions: [
        { name: 'work', body: [] },
        { name: '_start', body: [] },
      ],
      memoryPages: 1,
    });
    const main = buildModule({
      imports: [{ module: 'tool', name: 'work' }],
      functions: [{ name: 'run', body: ['call 0', 'call 0'] }],
    });
    const wasm = [
      { name: 'tool', data: tool },
      { name: 'main', data: main },
    ];
    const { execution, embedding } = await embed({ wasm });
    const seen: string[] = [];
    const checks = new Checks(
      () => false,
      () => void seen.push('asks'),
    );
    const created = (options: WasiOptions) => {
      const wasi = createWasi(options);
      const close = () => {
        seen.push('closes');
        wasi.close();
      };
      return { ...wasi, close };
    };
    const instances = instantiate(execution, { ...embedding, checks, createWasi: created }, () => {});
    (instances.main.exports.run as () => void)();
    instances.close();
    equal(seen, ['asks', 'closes', 'asks', 'closes']);
  });
});
