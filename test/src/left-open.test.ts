import { spawn } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createPlugin as createOn } from '../../src/create.ts';
import type { PluginOptions } from '../../src/given/options.ts';
import { nodePlatform } from '../../src/platform/node.ts';
import type { Platform, WorkerEvents } from '../../src/platform/types.ts';
import type { Plugin } from '../../src/plugin.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { callsOf, FAULTS, lackingMode, MODES } from './faults.ts';

/** Longer than any program takes. A program that never ends must not hang the run. */
const WATCHDOG_MS = 60_000;

function findGc(): (() => void) | undefined {
  const { Bun, Deno } = globalThis as { Bun?: { gc(force: boolean): void }; Deno?: unknown };
  if (Bun) return () => Bun.gc(true);
  if (Deno) return undefined;
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

async function runProgram(
  path: string,
  nodeFlags: readonly string[] = [],
): Promise<[code: unknown, output: string]> {
  const flags =
    'Deno' in globalThis
      ? ['run', '--no-prompt', '--no-lock', `--allow-read=${host().path('.')}`]
      : nodeFlags;
  const child = spawn(process.execPath, [...flags, host().path(path)], {
    env: { NO_COLOR: '1', NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: WATCHDOG_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise(resolve => child.on('close', resolve));
  return [code, output];
}

suite('workers of this process', test => {
  const total = FAULTS.flatMap(callsOf).length;
  const programs: [file: string, name: string, output: string][] = [
    [
      'late-encoders',
      'the entries load before a program sets TextEncoder, and then work',
      'loaded\ncalled\n',
    ],
    ['left-open', 'a plugin that is never closed keeps no process alive', 'called\ndone\n'],
    [
      'leave-faults',
      'faults, and promises that never settle, keep no process alive',
      MODES.filter(mode => lackingMode(mode) === null)
        .map(mode => `${mode}: ${total} of ${total}\n`)
        .join(''),
    ],
  ];
  for (const [file, name, output] of programs) {
    test(name, async () => equal(await runProgram(`dist/test/src/${file}.js`), [0, output]));
  }

  test('where Node may start no workers, a time limit is kept by checks', async () => {
    const flag = ['--permission', '--experimental-permission'].find(each =>
      process.allowedNodeEnvironmentFlags.has(each),
    );
    equal(await runProgram('dist/test/src/without-workers.js', [flag!, '--allow-fs-read=*']), [
      0,
      'meter\nTIMEOUT\noption.runInWorker: the plugin is to run in a worker, but Node runs with --permission and without --allow-worker; leave it out\n',
    ]);
  });

  const gc = findGc();
  const happens = async (what: () => boolean) => {
    for (let turn = 0; turn < 500 && !what(); turn++) {
      // The target of a WeakRef that was read stays alive until the end of that turn.
      await new Promise(resolve => setTimeout(resolve, 10));
      gc!();
    }
    return what();
  };
  /** Makes plugins whose host function refers to its plugin, as it must do to call it again. */
  const leave = async (platform: Platform, options: PluginOptions, after: (plugin: Plugin) => unknown) => {
    const wasm = buildModule({
      imports: [{ module: 'host', name: 'look' }],
      functions: [{ name: 'run', body: ['call 0'] }],
    });
    const left: WeakRef<Plugin>[] = [];
    for (let count = 0; count < 5; count++) {
      const look = () => void plugin.isActive();
      const plugin: Plugin = await createOn(platform, wasm, { ...options, functions: { host: { look } } });
      await plugin.call('run');
      await after(plugin);
      left.push(new WeakRef(plugin));
    }
    return left;
  };
  const collects: [title: string, run: () => Promise<void>][] = [
    [
      'the worker of an unreachable plugin is ended',
      async () => {
        let ended = 0;
        const platform: Platform = {
          ...nodePlatform,
          startWorker: (events, args) => {
            const handle = nodePlatform.startWorker(events, args);
            const terminate = () => {
              ended++;
              handle.terminate();
            };
            return { ...handle, terminate };
          },
        };
        await leave(platform, { runInWorker: true }, () => {});
        ok(await happens(() => ended > 0), 'no worker was ended');
      },
    ],
    ...[false, true].map((runInWorker): [string, () => Promise<void>] => [
      `a closed plugin can be collected, ${runInWorker ? 'in a worker' : 'inline'}`,
      async () => {
        const left = await leave(nodePlatform, { runInWorker }, plugin => plugin.close());
        ok(await happens(() => left.some(ref => !ref.deref())), 'no plugin was collected');
      },
    ]),
  ];
  collects.push([
    'a closed plugin keeps no memory, even while the plugin is referenced',
    async () => {
      const { Memory } = WebAssembly;
      const made: WeakRef<WebAssembly.Memory>[] = [];
      WebAssembly.Memory = class extends Memory {
        constructor(descriptor: WebAssembly.MemoryDescriptor) {
          super(descriptor);
          made.push(new WeakRef(this));
        }
      };
      try {
        const plugin = await createOn(nodePlatform, buildModule({ functions: [{ name: 'run', body: [] }] }));
        await plugin.call('run');
        await plugin.close();
        is(made.length > 0, true);
        ok(await happens(() => !made[0]!.deref()), 'the kernel memory is still there');
        is(plugin.isActive(), false);
      } finally {
        WebAssembly.Memory = Memory;
      }
    },
  ]);
  for (const [title, run] of collects) {
    if (gc) test(title, run);
    else test.skip(title, 'this runtime cannot run the garbage collector on demand');
  }

  test('code is added to plugins with a time-out where workers cannot be ended by force, and to no others', async () => {
    const transformsOf = async (options: PluginOptions) => {
      const plugin = await createOn(nodePlatform, buildModule({}), options);
      await plugin.close();
      const { modules, isolation } = plugin.report;
      return [isolation, modules[0]!.transforms.map(({ name }) => name)];
    };
    const cannot = 'Bun' in globalThis || 'Deno' in globalThis;
    equal(await transformsOf({ timeoutMs: 5000 }), ['worker', cannot ? ['meter'] : []]);
    equal(await transformsOf({ runInWorker: true }), ['worker', []]);
  });

  test.row(
    'error.WORKER_FAILED',
    'a worker that dies fails its call, and the next call gets a new worker',
    async () => {
      const started: WorkerEvents[] = [];
      const platform = {
        ...nodePlatform,
        startWorker: (events: WorkerEvents, args: Record<string, unknown>) => {
          started.push(events);
          return nodePlatform.startWorker(events, args);
        },
      };
      const wasm = buildModule({
        imports: [{ module: 'host', name: 'wait' }],
        functions: [{ name: 'run', body: ['call 0'] }],
      });
      const wait = (context: { hostContext(): unknown }) => {
        if (context.hostContext() === 'die') started.at(-1)!.onDeath('out of memory');
      };
      const plugin = await createOn(platform, wasm, { runInWorker: true, functions: { host: { wait } } });
      const message = /^run: the plugin's worker died, or could not be started: out of memory$/;
      await raises(() => plugin.call('run', '', 'die'), { code: 'WORKER_FAILED', message });
      is(await plugin.call('run'), null);
      started.at(-1)!.onDeath('while nobody calls');
      is(await plugin.call('run'), null);
      is(started.length, 3);
      await plugin.close();
    },
  );
});

suite('kept workers', test => {
  const counting = () => {
    const counts = { started: 0, ended: 0 };
    const platform: Platform = {
      ...nodePlatform,
      startWorker: (events, args) => {
        counts.started++;
        const handle = nodePlatform.startWorker(events, args);
        const terminate = () => {
          counts.ended++;
          handle.terminate();
        };
        return { ...handle, terminate };
      },
    };
    return { platform, counts };
  };
  const wasm = buildModule({
    global: { name: 'calls', value: 0 },
    functions: [
      {
        name: 'count',
        results: ['i32'],
        body: ['global.get 0', 'i32.const 1', 'i32.add', 'global.set 0', 'global.get 0'],
      },
      { name: 'spin', body: ['loop', 'br 0', 'end'] },
      { name: 'trap', body: ['unreachable'] },
    ],
  });
  const kept = { runInWorker: true, workers: { keep: 1 } };
  const countOf = (plugin: Plugin) => plugin.call('count').catch(error => error.exitCode as number);

  test('the next plugin gets the worker of a closed one, and nothing else of it', async () => {
    const { platform, counts } = counting();
    for (const expected of [1, 1, 1]) {
      const plugin = await createOn(platform, wasm, kept);
      is(await countOf(plugin), expected);
      is(await codeOf(() => plugin.call('trap')), 'TRAP');
      await plugin.close();
    }
    equal(counts, { started: 1, ended: 0 });
    const last = await createOn(platform, wasm, { runInWorker: true });
    await last.close();
    equal(counts, { started: 1, ended: 1 }, 'a plugin without the option ends the worker');
  });

  test('where a memory finds no room, kept workers collect theirs first', async () => {
    const { Memory } = WebAssembly;
    const posted: string[] = [];
    let lacking = 0;
    const platform: Platform = {
      ...nodePlatform,
      startWorker: (events, args) => {
        const handle = nodePlatform.startWorker(events, args);
        const post = (message: unknown) => {
          posted.push((message as { kind: string }).kind);
          handle.post(message);
        };
        return { ...handle, post };
      },
    };
    WebAssembly.Memory = new Proxy(Memory, {
      construct(target, [descriptor]: [WebAssembly.MemoryDescriptor]) {
        if (descriptor.shared && lacking-- > 0) throw new RangeError('could not allocate memory');
        return new target(descriptor);
      },
    });
    try {
      for (const expected of [[], ['collect']]) {
        const plugin = await createOn(platform, wasm, kept);
        is(await countOf(plugin), 1);
        equal(posted.splice(0), [...expected, 'setup', 'start', 'call']);
        await plugin.close();
        equal(posted.splice(0), ['drop']);
        lacking = 1;
      }
      lacking = 2;
      await raises(() => createOn(platform, wasm, kept), {
        code: 'WORKER_FAILED',
        message: /could not allocate/,
      });
      const last = await createOn(platform, wasm, { runInWorker: true });
      await last.close();
    } finally {
      WebAssembly.Memory = Memory;
    }
  });

  test('as many are kept as the option says', async () => {
    const { platform, counts } = counting();
    const plugins = await Promise.all(
      [1, 2, 3].map(() => createOn(platform, wasm, { ...kept, workers: { keep: 2 } })),
    );
    for (const plugin of plugins) await plugin.close();
    equal(counts, { started: 3, ended: 1 });
  });

  test('a worker that could not carry out drop is not kept', async () => {
    for (const [fails, expected] of [
      [false, { started: 1, ended: 0 }],
      [true, { started: 2, ended: 2 }],
    ] as const) {
      const { platform, counts } = counting();
      const failing: Platform = {
        ...platform,
        startWorker: (events, args) => {
          let isDropped = false;
          const onMessage = (message: unknown) =>
            events.onMessage(
              isDropped && fails ? { ...Object(message), thrown: { message: 'no' } } : message,
            );
          const handle = platform.startWorker({ ...events, onMessage }, args);
          const post = (message: unknown) => {
            isDropped = (message as { kind: string }).kind === 'drop';
            handle.post(message);
          };
          return { ...handle, post };
        },
      };
      for (let made = 0; made < 2; made++) {
        const plugin = await createOn(failing, wasm, kept);
        is(await countOf(plugin), 1);
        await plugin.close();
      }
      equal(counts, expected);
    }
  });

  test('a worker that was ended, or has options of its own, is not kept', async () => {
    const { platform, counts } = counting();
    const stopped = await createOn(platform, wasm, { ...kept, timeoutMs: 100 });
    is(await codeOf(() => stopped.call('spin')), 'TIMEOUT');
    await stopped.close();
    const special = await createOn(platform, wasm, { ...kept, nodeWorkerArgs: { name: 'special' } });
    await special.close();
    is(counts.ended, counts.started);
  });
});

const codeOf = (run: () => Promise<unknown>): Promise<string> =>
  run().then(
    () => 'success',
    error => error.code as string,
  );
