import { createPlugin as createOn } from '../../src/create.ts';
import { jspi } from '../../src/engine/jspi.ts';
import type { ManifestLike } from '../../src/given/manifest.ts';
import type { PluginOptions } from '../../src/given/options.ts';
import type { Platform } from '../../src/platform/types.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { MemoryFs } from '../../wasi/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule, type ModuleShape } from '../helpers/build-module.ts';
import { onceInTime } from '../helpers/once-in-time.ts';
import { suite } from '../helpers/suite.ts';

const WASI = 'wasi_snapshot_preview1';
const [PROC_EXIT, POLL, WAIT, FORK] = [0, 1, 2, 3];

const forever = ['loop', 'br 0', 'end'];
const store = (address: number, byte: number) => [`i32.const ${address}`, `i32.const ${byte}`, 'i32.store8'];

/** Bodies that never end, or not within any test. */
const ENDLESS: Record<string, readonly string[]> = {
  // Unless the global is 60: n++, calls itself twice, n--. That is about 2^60 calls.
  fork: [
    ...['global.get 0', 'i32.const 60', 'i32.eq', 'if', 'return', 'end'],
    ...['global.get 0', 'i32.const 1', 'i32.add', 'global.set 0'],
    ...[`call ${FORK}`, `call ${FORK}`],
    ...['global.get 0', 'i32.const -1', 'i32.add', 'global.set 0'],
  ],
  loop: forever,
  nested: ['loop', ...forever, 'br 0', 'end'],
  caught: ['loop', 'try', ...forever, 'catch_all', 'end', 'br 0', 'end'],
  imports: ['loop', `call ${WAIT}`, 'br 0', 'end'],
};
/** Ends its call with proc_exit, catches that, and runs on for ever. */
const afterExit = ['try', 'i32.const 3', `call ${PROC_EXIT}`, 'catch_all', 'end', ...forever];
/** A subscription to the monotonic clock at 0, over 2^40 ns; the event to 64, the number of events to 112. */
const sleep = [
  ...[...store(16, 1), ...store(29, 1)],
  ...['i32.const 0', 'i32.const 64', 'i32.const 1', 'i32.const 112', `call ${POLL}`, 'drop'],
];

const shape = {
  imports: [
    { module: WASI, name: 'proc_exit', params: ['i32'] },
    { module: WASI, name: 'poll_oneoff', params: ['i32', 'i32', 'i32', 'i32'], results: ['i32'] },
    { module: 'host', name: 'wait' },
  ],
  functions: [
    ...Object.entries(ENDLESS).map(([name, body]) => ({ name, body })),
    { name: 'afterExit', body: afterExit },
    { name: 'sleep', body: sleep },
    { name: 'fine', body: [`call ${WAIT}`] },
  ],
  memoryPages: 1,
  global: { name: 'depth', value: 0 },
} satisfies ModuleShape;
const WASM = buildModule(shape);

/** Without workers, checks in the plugin's own code have to stop it, on every runtime. */
const platform: Platform = { ...webPlatform, lacksWorkers: () => 'there are none' };
const TIMEOUT = { code: 'TIMEOUT', message: 'the plugin took longer than 100 ms (timeoutMs)' };
const LIMITED = { timeoutMs: 100, functions: { host: { wait: () => 0 } } };
const createOnce = (manifest: ManifestLike, options: PluginOptions = {}) =>
  createOn(platform, manifest, { ...LIMITED, ...options });
const create: typeof createOnce = (...args) => onceInTime(() => createOnce(...args));

suite('time-outs without a worker', test => {
  for (const name of Object.keys(ENDLESS)) {
    test.row('security.time-limits', `${name} is stopped, and the next call works`, async () => {
      const plugin = await create(WASM);
      for (let turn = 0; turn < 3; turn++) {
        await raises(() => plugin.call(name), { ...TIMEOUT, message: `${name}: ${TIMEOUT.message}` });
        is(await onceInTime(() => plugin.call('fine')), null);
      }
      equal(
        plugin.report.modules[0]!.transforms.map(item => item.name),
        ['meter'],
      );
    });
  }

  test("with timeoutBy: 'checks' it runs on this thread, also where there are workers", async () => {
    const plugin = await onceInTime(() => createOn(webPlatform, WASM, { ...LIMITED, timeoutBy: 'checks' }));
    equal([plugin.report.timeoutBy, plugin.report.isolation === 'worker'], ['checks', false]);
    await raises(() => plugin.call('loop'), TIMEOUT);
    is(await onceInTime(() => plugin.call('fine')), null);
    const module = await WebAssembly.compile(WASM);
    await raises(() => createOn(webPlatform, module, { ...LIMITED, timeoutBy: 'checks' }), {
      code: 'UNSUPPORTED',
      message:
        "timeoutMs cannot be honoured: timeoutBy is 'checks', so that code is added to the plugin, and ",
    });
    await raises(() => createOn(platform, WASM, { ...LIMITED, timeoutBy: 'worker' }), {
      code: 'UNSUPPORTED',
      message: 'option.timeoutBy: the plugin is to run in a worker, but there are none; leave it out',
    });
    is((await createOn(webPlatform, WASM, { functions: LIMITED.functions })).report.timeoutBy, null);
  });

  test('a plugin that runs on after its end is stopped, and the call fails with the first reason', async () => {
    const plugin = await create(WASM);
    await raises(() => plugin.call('afterExit'), { code: 'EXIT' });
    is(await onceInTime(() => plugin.call('fine')), null);
  });

  const canSleep = webPlatform.clock.sleepNs !== undefined || jspi !== null;
  if (!canSleep) test.skip('sleep is cut short', 'a plugin cannot sleep here');
  else
    test('sleep is cut short', async () => {
      const plugin = await create(WASM);
      await raises(() => plugin.call('sleep'), TIMEOUT);
      is(await onceInTime(() => plugin.call('fine')), null);
    });

  test('a sleep is cut to the time of the call, except in exports called on the instance', async () => {
    const sleptNs: bigint[] = [];
    const clock = { ...webPlatform.clock, sleepNs: (ns: bigint) => void sleptNs.push(ns) };
    const plugin = await createOn({ ...platform, clock }, WASM, {
      timeoutMs: 100,
      functions: { host: { wait: () => 0 } },
    });
    const { exports } = await plugin.getInstance();
    (exports.sleep as () => void)();
    is(sleptNs[0], 2n ** 40n);
    await plugin.call('sleep').catch(() => {});
    ok(sleptNs[1]! <= 100_000_000n, `${sleptNs[1]} ns`);
  });

  test('callSync is stopped too, where there are no async imports', async () => {
    const plugin = await create(buildModule({ functions: [{ name: 'run', body: forever }] }));
    is(plugin.report.isolation, 'inline');
    await raises(async () => plugin.callSync('run'), TIMEOUT);
    await raises(async () => plugin.callSync('run'), TIMEOUT);
  });

  test('start functions are stopped during creation', async () => {
    const wasm = buildModule({ functions: [{ name: '_initialize', body: forever }] });
    await raises(() => createOnce(wasm), TIMEOUT);
  });

  const exit = { module: WASI, name: 'proc_exit', params: ['i32'] } as const;
  const wait = { module: 'host', name: 'wait' } as const;
  const caught = (...body: string[]) => ['try', ...body, 'catch_all', 'end', ...forever];
  const startSections: [name: string, shape: ModuleShape, expected: { code: string; message: string }][] = [
    ['never returns', { functions: [{ name: 'run', body: forever }], start: 0 }, TIMEOUT],
    [
      'calls itself for ever',
      {
        functions: [
          { name: 'run', body: ['loop', 'call 1', 'br 0', 'end'] },
          { name: 'no', body: [] },
        ],
        start: 0,
      },
      TIMEOUT,
    ],
    [
      'grows its memory and never returns',
      {
        functions: [{ name: 'run', body: ['i32.const 1', 'memory.grow', 'drop', ...forever] }],
        memoryPages: 1,
        start: 0,
      },
      TIMEOUT,
    ],
    [
      'exits and goes on',
      {
        imports: [exit],
        functions: [{ name: 'run', body: caught('i32.const 3', 'call 0') }],
        memoryPages: 1,
        start: 1,
      },
      { code: 'INIT_FAILED', message: 'proc_exit(3)' },
    ],
    [
      'goes on after a host function failed',
      { imports: [wait], functions: [{ name: 'run', body: caught('call 0') }], start: 1 },
      { code: 'INIT_FAILED', message: 'host function host.wait failed: kaputt' },
    ],
    [
      'traps',
      { functions: [{ name: 'run', body: ['unreachable'] }], start: 0 },
      { code: 'INIT_FAILED', message: 'the plugin trapped' },
    ],
  ];
  const failing = {
    functions: {
      host: {
        wait: () => {
          throw new Error('kaputt');
        },
      },
    },
  };
  for (const [name, shape, expected] of startSections) {
    test(`a start section that ${name} is stopped, in the main module and in another one`, async () => {
      const data = buildModule(shape);
      await raises(() => createOnce(data, failing), expected);
      const main = buildModule({
        imports: [{ module: 'inner', name: 'run' }],
        functions: [{ name: 'fine', body: [] }],
      });
      await raises(
        () =>
          createOnce(
            {
              wasm: [
                { name: 'inner', data },
                { name: 'main', data: main },
              ],
            },
            failing,
          ),
        expected,
      );
    });
  }

  test('a start section runs once for each instance; if it never returns, the call that needs the instance fails', async () => {
    let count = 0;
    // It loops when the host function returns 1.
    const wasm = buildModule({
      imports: [{ ...wait, results: ['i32'] }],
      functions: [
        { name: 'begin', body: ['call 0', 'if', ...forever, 'end'] },
        { name: 'trap', body: ['unreachable'] },
        { name: 'fine', body: [] },
      ],
      start: 1,
    });
    const plugin = await createOnce(wasm, { functions: { host: { wait: () => Number(++count === 2) } } });
    equal([count, await onceInTime(() => plugin.call('fine')), count], [1, null, 1]);
    await raises(() => plugin.call('trap'), { code: 'TRAP' });
    await raises(() => plugin.call('fine'), TIMEOUT);
    equal([await onceInTime(() => plugin.call('fine')), count], [null, 3]);
  });

  test.row(
    'error.UNSUPPORTED',
    'a function too large for a check in each of its loops is refused',
    async () => {
      // Loops of 3 bytes, each with a check of 34: more than the 7,654,321 bytes that V8 takes.
      const body = Array.from({ length: 250_000 }, () => ['loop', 'end']).flat();
      const wasm = buildModule({ functions: [{ name: 'run', body }] });
      is(WebAssembly.validate(wasm), true);
      const message = /^timeoutMs cannot be honoured: there are none, .*"main" uses .* too large/;
      await raises(() => createOnce(wasm), { code: 'UNSUPPORTED', message });
    },
  );

  test('a linked module is stopped too', async () => {
    const wasm = [
      { name: 'inner', data: buildModule({ functions: [{ name: 'loop', body: forever }] }) },
      {
        name: 'main',
        data: buildModule({
          imports: [{ module: 'inner', name: 'loop' }],
          functions: [{ name: 'run', body: ['call 0'] }],
        }),
      },
    ];
    const plugin = await create({ wasm });
    await raises(() => plugin.call('run'), TIMEOUT);
  });

  test('with a limit of memory, the report lists cap-memory first and meter second', async () => {
    const plugin = await create({ wasm: [{ data: WASM }], memory: { max_pages: 3 } });
    const [capped, metered] = plugin.report.modules[0]!.transforms;
    equal([capped!.name, metered!.name], ['cap-memory', 'meter']);
    is(metered!.before, capped!.after);
    await raises(() => plugin.call('loop'), TIMEOUT);
  });

  const suspended = 'a plugin is stopped while it is suspended, and after it was';
  if (!jspi) test.skip(suspended, 'this engine cannot suspend a plugin');
  else
    test(suspended, async () => {
      let turn = 0;
      const wait = () => (turn++ === 1 ? new Promise<never>(() => {}) : Promise.resolve());
      const plugin = await create(WASM, { functions: { host: { wait: async () => await wait() } } });
      is(plugin.report.isolation, 'suspending');
      is(await onceInTime(() => plugin.call('fine')), null);
      await raises(() => plugin.call('fine'), TIMEOUT);
      is(await onceInTime(() => plugin.call('fine')), null);
      await raises(() => plugin.call('loop'), TIMEOUT);
    });

  const asked = 'start functions that wait too long are stopped, also when an instance is asked for';
  if (!jspi) test.skip(asked, 'this engine cannot suspend a plugin');
  else
    test(asked, async () => {
      let starts = 0;
      const wait = async () => void (starts++ === 1 && (await new Promise<never>(() => {})));
      const imports = [{ module: 'host', name: 'wait' }];
      const wasm = buildModule({
        imports,
        functions: [
          { name: '_initialize', body: ['call 0'] },
          { name: 'trap', body: ['unreachable'] },
        ],
      });
      const plugin = await onceInTime(() => createOnce(wasm, { functions: { host: { wait } } }));
      await raises(() => plugin.call('trap'), { code: 'TRAP' });
      await raises(() => plugin.getInstance(), { code: 'TIMEOUT' });
      ok(await onceInTime(() => plugin.getInstance()));
    });

  test('a plugin with a file system object, which cannot go to a worker, is stopped', async () => {
    const fs = new MemoryFs();
    const plugin = await createOn(webPlatform, WASM, {
      timeoutMs: 100,
      preopens: { '/': { fs } },
      functions: { host: { wait: () => 0 } },
    });
    ok(plugin.report.isolation !== 'worker');
    await raises(() => plugin.call('loop'), TIMEOUT);
  });

  test('an export called on the instance has no time limit', async () => {
    // Counts the global up to 0, from 100,000 below it.
    const body = [
      ...['i32.const -100000', 'global.set 0', 'loop'],
      ...['global.get 0', 'i32.const 1', 'i32.add', 'global.set 0', 'global.get 0', 'br_if 0', 'end'],
    ];
    const turns = { name: 'count', body };
    const plugin = await create(buildModule({ functions: [turns], global: { name: 'n', value: 0 } }));
    const { exports } = await plugin.getInstance();
    await new Promise(resolve => setTimeout(resolve, 110));
    (exports.count as () => void)();
    is((exports.n as WebAssembly.Global).value, 0);
    is(await onceInTime(() => plugin.call('count')), null);
    equal(
      (await plugin.getExports()).map(({ name }) => name),
      ['count', 'n'],
    );
  });
});
