import { createPlugin as createOn } from '../../src/create.ts';
import { needsTimeForInstance } from '../../src/engine/features.ts';
import { jspi } from '../../src/engine/jspi.ts';
import type { ManifestLike } from '../../src/given/manifest.ts';
import type { PluginOptions } from '../../src/given/options.ts';
import { createPlugin } from '../../src/node.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { buildModule, type ModuleShape } from '../helpers/build-module.ts';
import { onceInTime } from '../helpers/once-in-time.ts';
import { suite } from '../helpers/suite.ts';

const NOTE = 0;
const note = (value: number) => [`i32.const ${value}`, `call ${NOTE}`];

/** A module that the stand-in takes for a large one, as it exports `large`. Each function notes a number of its own. */
const large = (first: number, shape: ModuleShape = {}) =>
  buildModule({
    imports: [{ module: 'host', name: 'note', params: ['i32'] }, ...(shape.imports ?? [])],
    functions: [
      { name: 'large', body: note(first) },
      { name: '_initialize', body: note(first + 1) },
      { name: 'run', body: note(first + 2) },
      { name: 'trap', body: [...note(first + 3), 'unreachable'] },
      ...(shape.functions ?? []),
    ],
    start: 1 + (shape.imports?.length ?? 0),
  });
const MAIN = large(10, { imports: [{ module: 'lib', name: 'run' }] });
const LIB = large(20);
const LINKED: ManifestLike = {
  wasm: [
    { name: 'main', data: MAIN },
    { name: 'lib', data: LIB },
  ],
};
/** Start section of `lib`, its start function, and the same of `main`. */
const STARTED = [20, 21, 10, 11];

/** The thread of a page: it must not block. */
const { nowNs, resolutionNs } = webPlatform.clock;
const page = {
  ...webPlatform,
  lacksWorkers: () => 'there are none',
  clock: {
    nowNs: (...args: Parameters<typeof nowNs>) => nowNs.call(webPlatform.clock, ...args),
    resolutionNs: (...args: Parameters<typeof resolutionNs>) => resolutionNs.call(webPlatform.clock, ...args),
  },
};
const REFUSED = new RangeError(
  'WebAssembly.Instance is disallowed on the main thread, if the buffer size is larger than 8MB. Use WebAssembly.instantiate.',
);

/** Runs `body` while `new WebAssembly.Instance` refuses large modules, as Chromium does on the thread of a page. */
async function whereLargeNeedTime(body: () => Promise<void>): Promise<void> {
  const Real = WebAssembly.Instance;
  WebAssembly.Instance = new Proxy(Real, {
    construct(target, args, newTarget) {
      if (WebAssembly.Module.exports(args[0]).some(({ name }) => name === 'large')) throw REFUSED;
      return Reflect.construct(target, args, newTarget);
    },
  });
  try {
    await body();
  } finally {
    WebAssembly.Instance = Real;
  }
}

/** Creates a plugin on a page. `noted` gets the numbers in the order in which the functions ran. */
async function create(manifest: ManifestLike = LINKED, options: PluginOptions = {}) {
  const noted: number[] = [];
  const functions = {
    host: { note: (_: unknown, value: number) => void noted.push(value) },
    ...options.functions,
  };
  return { noted, plugin: await createOn(page, manifest, { ...options, functions }) };
}

const TOO_LARGE =
  'on the thread of a page, this browser makes no instance of a module over 8 MiB at once; set runInWorker, or create the ' +
  'plugin in a Worker';

suite('instances that the engine makes in its own time', test => {
  const whereItWaits = (name: string, body: () => Promise<void>) =>
    jspi
      ? test(name, () => whereLargeNeedTime(body))
      : test.skip(name, 'this engine cannot suspend a plugin; that it is said so is tested');

  test('a module that needs time is found without running its code', async () => {
    await whereLargeNeedTime(async () => {
      is(needsTimeForInstance(await WebAssembly.compile(MAIN)), true);
    });
    is(needsTimeForInstance(await WebAssembly.compile(buildModule({ functions: [] }))), false);
  });

  whereItWaits('start sections and start functions run in the same order as elsewhere', async () => {
    const { plugin, noted } = await create();
    equal([plugin.report.isolation, noted], ['suspending', STARTED]);
    is(await plugin.call('run'), null);
    equal(noted, [...STARTED, 12]);
    is(typeof (await plugin.getInstance()).exports.run, 'function');
  });

  whereItWaits('calls run in their order, and a new instance after a trap is waited for', async () => {
    const { plugin, noted } = await create();
    const [trapped, ran] = await Promise.allSettled([plugin.call('trap'), plugin.call('run')]);
    equal([trapped.status, ran.status], ['rejected', 'fulfilled']);
    equal(noted, [...STARTED, 13, ...STARTED, 12]);
  });

  whereItWaits('callSync says that it cannot wait', async () => {
    const { plugin } = await create();
    await raises(async () => plugin.callSync('run'), {
      code: 'UNSUPPORTED',
      message:
        'callSync of "run": this plugin has a module over 8 MiB, and this thread does not wait for its instance; use call',
    });
  });

  whereItWaits(
    'a plugin that is closed, or whose call is aborted, while its instance is made starts no further',
    async () => {
      const { plugin, noted } = await create();
      await plugin.call('trap').catch(() => {});
      noted.length = 0;
      const controller = new AbortController();
      const aborted = plugin.call('run', undefined, undefined, { signal: controller.signal });
      controller.abort();
      await raises(() => aborted, { code: 'ABORTED' });
      const closed = plugin.call('run');
      await Promise.all([raises(() => closed, { code: 'CLOSED' }), plugin.close()]);
      await new Promise(resolve => setTimeout(resolve, 20));
      equal(noted.includes(12), false, `${noted}`);
    },
  );

  whereItWaits('a host function that ends the call in a start section ends the creation', async () => {
    const fail = () => {
      throw new Error('no');
    };
    await raises(() => create(LINKED, { functions: { host: { note: fail } } }), { code: 'INIT_FAILED' });
  });

  whereItWaits('checks in its code keep the time limit', async () => {
    const endless = [{ name: 'loop', body: ['loop', 'br 0', 'end'] }];
    const wasm = buildModule({ functions: [{ name: 'large', body: [] }, ...endless] });
    const { plugin } = await create(wasm, { timeoutMs: 100 });
    await raises(() => onceInTime(() => plugin.call('loop')), { code: 'TIMEOUT' });
    is(await plugin.call('large'), null);
  });

  whereItWaits(
    'a large command, whose instance a call needs at once, is refused with the remedy',
    async () => {
      const command = buildModule({ functions: ['large', '_start'].map(name => ({ name, body: [] })) });
      const main = buildModule({
        imports: [{ module: 'tool', name: 'large' }],
        functions: [{ name: 'run', body: ['call 0'] }],
      });
      const { plugin } = await create({
        wasm: [
          { name: 'main', data: main },
          { name: 'tool', data: command },
        ],
      });
      await raises(() => plugin.call('run'), { code: 'UNSUPPORTED', message: `run: ${TOO_LARGE}` });
    },
  );

  test('where the plugin cannot wait, creation fails with the remedy', () =>
    whereLargeNeedTime(async () => {
      const functions = { host: { note: () => {} } };
      await raises(() => createOn(webPlatformThatBlocks, LIB, { functions }), {
        code: 'UNSUPPORTED',
        message: `module "main": initialisation: ${TOO_LARGE}`,
      });
    }));
});

/** A thread that may block has no mode for large modules, since no such engine refuses their instances. */
const webPlatformThatBlocks = { ...page, clock: { ...page.clock, sleepNs: () => {} } };

suite('modules over 8 MiB', test => {
  test('a plugin of 9 MiB is created, called, traps, and is called again on every runtime', async () => {
    const wasm = buildModule({
      functions: [
        { name: 'run', body: [] },
        { name: 'trap', body: ['unreachable'] },
      ],
    });
    // A custom section named "p" of 9 MiB. Its size is a LEB128 of four bytes.
    const padding = new Uint8Array(9 * 2 ** 20);
    const size = padding.length - 5;
    padding.set([
      0,
      (size & 127) | 128,
      ((size >> 7) & 127) | 128,
      ((size >> 14) & 127) | 128,
      size >> 21,
      1,
      112,
    ]);
    const bytes = new Uint8Array(wasm.length + padding.length);
    bytes.set(wasm);
    bytes.set(padding, wasm.length);
    const plugin = await createPlugin({ wasm: [{ data: bytes }] });
    is(await plugin.call('run'), null);
    await raises(() => plugin.call('trap'), { code: 'TRAP' });
    is(await plugin.call('run'), null);
    await plugin.close();
  });
});
