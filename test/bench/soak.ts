import { type Code, customSection } from '../../abi/encode.ts';
import { jspi } from '../../src/engine/jspi.ts';
import {
  createPlugin,
  type HostFunction,
  hostFunction,
  type ManifestLike,
  type Plugin,
  type PluginOptions,
  values,
} from '../../src/node.ts';
import { buildModule } from '../helpers/build-module.ts';
import { nodeHost } from '../helpers/node.ts';

// Does time stay linear, and memory flat, over very many calls or plugins? One workload in each process: see soak-run.ts.

/** The result that one process prints. */
export interface SoakResult {
  runtime: string;
  workload: string;
  /** Time of the fastest round; for allocations, of the fastest call. */
  totalMs: number;
  /** Time of the fastest second half of a round, divided by the time of the fastest first half. */
  halves: number;
  /** Time of the fastest of the last rounds, divided by the time of the fastest of the first rounds. */
  rounds: number;
  /** Memory after garbage collection, at the start and after each round, in MiB. */
  heapMiB: number[];
  residentMiB: number[];
  /** Set for loops that are ended by force: the longest time until a loop ended. */
  slowestMs?: number;
}

const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(now: boolean): void } };

/** Four, because the allocators of engines keep more memory in the first rounds. */
const ROUNDS = 4;

type Step = (index: number) => Promise<void>;
/** Runs the workload once. Returns the time of each half in ms. */
type Round = () => Promise<[first: number, second: number]>;
interface Workload {
  name: string;
  make(): Promise<Round>;
}

const ENV = 'extism:host/env';
const realPlugin = nodeHost.readBytes('fixtures/rust-pdk/rust_pdk.wasm') as Uint8Array<ArrayBuffer>;
const functions = { 'extism:host/user': { shout: () => 0n, notify: () => {} } };

const extend = 'i64.extend_i32_u';
const countUp = ['global.get 0', 'i32.const 1', 'i32.add', 'global.set 0'];
/** 1 to 1024 bytes: `(count & 1023) + 1`. */
const size = ['global.get 0', 'i32.const 1023', 'i32.and', 'i32.const 1', 'i32.add', extend];
const repeat = (body: Code) => [
  ...['i32.const 0', 'global.set 0', 'loop', ...body, ...countUp],
  // While the count is below 50,000.
  ...['global.get 0', 'i32.const 50000', 'i32.lt_u', 'br_if 0', 'end'],
];
/** `run` runs `body` 50,000 times, twice, and calls `mark` before, between and after. */
const allocations = (body: Code) =>
  buildModule({
    imports: [
      { module: 'soak', name: 'mark' },
      { module: ENV, name: 'alloc', params: ['i64'], results: ['i64'] },
      { module: ENV, name: 'free', params: ['i64'] },
    ],
    functions: [
      {
        name: 'run',
        body: ['call 0', ...repeat(body), 'call 0', ...repeat(body), 'call 0'],
      },
    ],
    global: { name: 'count', value: 0 },
  });

/** Twenty calls that each run `body` 100,000 times. The returned halves are the fastest of all calls. */
async function withinCall(body: Code): Promise<Round> {
  const marks: number[] = [];
  const plugin = await createPlugin(allocations(body), {
    functions: { soak: { mark: () => void marks.push(performance.now()) } },
  });
  const fastestMs = (half: 1 | 2) =>
    Math.min(...marks.flatMap((mark, index) => (index % 3 === half ? mark - marks[index - 1]! : [])));
  return async () => {
    marks.length = 0;
    for (let time = 0; time < 20; time++) plugin.callSync('run');
    return [fastestMs(1), fastestMs(2)];
  };
}

/** Processor time of all threads of this process. Other work on the machine hardly changes it. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** `count` steps one after the other. */
function steps(count: number, step: Step): Round {
  let done = 0;
  const run = async (more: number) => {
    // Sleeps first: two threads that wake each other are four times as fast just after a sleep as later.
    await new Promise(resolve => setTimeout(resolve, 200));
    const startMs = processorMs();
    for (const end = done + more; done < end; done++) await step(done);
    return processorMs() - startMs;
  };
  return async () => [await run(count / 2), await run(count / 2)];
}

const use = async (plugin: Plugin) => {
  await plugin.call('count_vowels', 'Hello, World!');
  await plugin.close();
};
const create = (manifest: ManifestLike) => createPlugin(manifest, { functions });

/** `run` calls the host once, `often` a hundred times, `spin` never returns. */
const HOST_CALLS = 100;
const calling = buildModule({
  imports: [{ module: 'soak', name: 'host', results: ['i32'] }],
  functions: [
    { name: 'run', results: ['i32'], body: ['call 0'] },
    { name: 'often', body: Array.from({ length: HOST_CALLS }, () => ['call 0', 'drop']).flat() },
    { name: 'spin', body: ['loop', 'br 0', 'end'] },
    { name: 'none', body: [] },
  ],
});
const inWorker = { runInWorker: true };
const answerLater = hostFunction({ result: values.i32, isAsync: true }, async () => 0);

/** Steps that each call an export which calls the host. */
async function hostCalls(
  name: string,
  calls: number,
  host: HostFunction,
  options: PluginOptions = {},
): Promise<Round> {
  const plugin = await createPlugin(calling, { ...options, functions: { soak: { host } } });
  return steps(calls, async () => void (await plugin.call(name).catch(() => {})));
}

const LOOP_MS = 100;
let slowestMs: number | undefined;
/** A loop that is ended by force, after which its plugin goes on in a new worker. */
async function endLoop(plugin: Plugin): Promise<void> {
  const startMs = performance.now();
  await plugin.call('spin').catch(() => {});
  slowestMs = Math.max(slowestMs ?? 0, performance.now() - startMs);
  // Starting a new worker sometimes takes longer than LOOP_MS.
  for (let isThere = false; !isThere; ) {
    isThere = await plugin.call('none').then(
      () => true,
      () => false,
    );
  }
}

const variant = Uint8Array.of(...realPlugin, ...customSection('n', [0, 0, 0, 0]));
const variantNumber = new DataView(variant.buffer, variant.length - 4);

const fails = () => {
  throw new Error('kaputt');
};
const waiting: Workload[] = jspi
  ? [{ name: '10,000 async host calls, suspended', make: () => hostCalls('run', 10_000, answerLater) }]
  : [];
const inWorkers: Workload[] = [
  { name: '10,000 calls in a worker', make: () => hostCalls('none', 10_000, () => 0, inWorker) },
  {
    name: '10,000 calls in a worker, each with a host call',
    make: () => hostCalls('run', 10_000, () => 0, inWorker),
  },
  {
    name: '10,000 host calls in 100 calls in a worker',
    make: () => hostCalls('often', 100, () => 0, inWorker),
  },
  { name: '10,000 host functions that throw', make: () => hostCalls('run', 10_000, fails) },
  {
    name: '1,000 host functions that throw, in a worker',
    make: () => hostCalls('run', 1000, fails, inWorker),
  },
  {
    name: '100 plugins in workers',
    make: async () =>
      steps(100, async () => {
        const plugin = await createPlugin(calling, { ...inWorker, functions: { soak: { host: () => 0 } } });
        await plugin.call('run');
        await plugin.close();
      }),
  },
];

const workloads: Workload[] = [
  ...waiting,
  ...inWorkers,
  {
    name: `100 endless loops with timeoutMs: ${LOOP_MS}`,
    make: async () => {
      const functions = { soak: { host: () => 0 } };
      const create = () => createPlugin(calling, { functions, timeoutMs: LOOP_MS });
      const plugin = await create().catch(create);
      return steps(100, () => endLoop(plugin));
    },
  },
  {
    name: '100,000 allocations in a call',
    make: () => withinCall([...size, 'call 1', 'drop']),
  },
  {
    name: '100,000 allocations, each freed',
    make: () => withinCall([...size, 'call 1', 'call 2']),
  },
  {
    name: '10,000 calls, small',
    make: async () => {
      const plugin = await create(realPlugin);
      return steps(10_000, async () => void (await plugin.call('count_vowels', 'Hello, World!')));
    },
  },
  {
    name: '10,000 calls, 64 KiB',
    make: async () => {
      const plugin = await create(nodeHost.readBytes('fixtures/bench/bench.wasm'));
      const input = new Uint8Array(65_536).fill(97);
      return steps(10_000, async () => void (await plugin.call('echo', input)));
    },
  },
  {
    name: '10,000 calls that trap',
    make: async () => {
      const plugin = await createPlugin(
        buildModule({ functions: [{ name: 'run', body: ['unreachable'] }], memoryPages: 17 }),
      );
      return steps(10_000, async () => void (await plugin.call('run').catch(() => {})));
    },
  },
  {
    name: '1,000 plugins of one Module',
    make: async () => {
      const module = new WebAssembly.Module(realPlugin);
      return steps(1000, async () => use(await create(module)));
    },
  },
  {
    name: '1,000 plugins of the same bytes',
    make: async () => steps(1000, async () => use(await create(realPlugin))),
  },
  {
    name: '1,000 plugins, other bytes each time',
    make: async () =>
      steps(1000, async index => {
        variantNumber.setUint32(0, index);
        await use(await create(variant));
      }),
  },
];

interface Memory {
  heap: number;
  resident: number;
}

/** Memory after garbage collection, in bytes. */
async function memory(): Promise<Memory> {
  // Some memory is freed only some time after a collection.
  for (let time = 0; time < 4; time++) {
    if (Bun) Bun.gc(true);
    else gc!();
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, resident: rss };
}

const mebibytes = (bytes: number) => Math.round((bytes / 2 ** 20) * 10) / 10;

async function measure({ name, make }: Workload): Promise<SoakResult> {
  const round = await make();
  const memories = [await memory()];
  const rounds: Awaited<ReturnType<Round>>[] = [];
  for (let time = 0; time < ROUNDS; time++) {
    rounds.push(await round());
    memories.push(await memory());
  }
  // The minimum, because other work on the machine can only add time.
  const fastest = (values: readonly number[]) => Math.min(...values);
  const totals = rounds.map(([first, second]) => first + second);
  const ratio = (later: readonly number[], earlier: readonly number[]) =>
    Math.round((fastest(later) / fastest(earlier)) * 100) / 100;
  return {
    runtime: nodeHost.runtime,
    workload: name,
    totalMs: Math.round(fastest(totals) * 10) / 10,
    halves: ratio(
      rounds.map(([, second]) => second),
      rounds.map(([first]) => first),
    ),
    rounds: ratio(totals.slice(ROUNDS / 2), totals.slice(0, ROUNDS / 2)),
    heapMiB: memories.map(({ heap }) => mebibytes(heap)),
    residentMiB: memories.map(({ resident }) => mebibytes(resident)),
    ...(slowestMs !== undefined && { slowestMs: Math.round(slowestMs) }),
  };
}

const wanted = process.argv[2];
const found = workloads.find(({ name }) => name === wanted);
console.log(JSON.stringify(found ? await measure(found) : workloads.map(({ name }) => name)));
