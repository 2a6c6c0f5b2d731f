import { readFileSync } from 'node:fs';
import { compilePlugin, createPlugin, type Plugin, type PluginOptions } from '../../src/node.ts';
import { PluginPool } from '../../src/pool/index.ts';
import { buildModule } from '../helpers/build-module.ts';
import { nodeHost } from '../helpers/node.ts';
import { type Run, runWorkload, type Subject, type Workload } from './measure.ts';

// What does a host of many tenants pay? A call through a pool and with a new plugin, the limits in a compute-bound plugin, and the
// memory of an idle plugin.

const read = (file: string) => new Uint8Array(readFileSync(nodeHost.path(`fixtures/${file}`)));
const userFunctions: PluginOptions = {
  functions: { 'extism:host/user': { shout: () => 0n, notify: () => {} } },
};
const PLUGINS: readonly [file: string, fn: string, options: PluginOptions][] = [
  ['vowels/vowels.wasm', 'count_vowels', {}],
  ['rust-pdk/rust_pdk.wasm', 'echo', userFunctions],
  ['go-pdk/go_pdk.wasm', 'echo', {}],
];
const INPUT = 'hello';

const callsOf = ([file, fn, options]: (typeof PLUGINS)[number]): Workload => {
  const bytes = read(file);
  const once = async (plugin: Plugin) => {
    await plugin.call(fn, INPUT);
    await plugin.close();
  };
  return {
    name: `a call of ${file.split('/')[0]}, ${(bytes.length / 1000).toFixed(0)} kB`,
    subjects: [
      {
        name: 'pool',
        make: async () => {
          const pool = new PluginPool(await compilePlugin(bytes, options));
          return () => pool.call('tenant', fn, INPUT);
        },
      },
      {
        name: 'fresh',
        make: async () => {
          const plugin = await createPlugin(bytes, { ...options, isolation: 'fresh' });
          return () => plugin.call(fn, INPUT);
        },
      },
      {
        name: 'instantiate',
        make: async () => {
          const compiled = await compilePlugin(bytes, options);
          return async () => once(await compiled.instantiate());
        },
      },
      { name: 'createPlugin', make: async () => async () => once(await createPlugin(bytes, options)) },
    ],
  };
};

/** Turns of the loops in one call. */
const TURNS = 200_000;
const counted = (body: readonly string[]) => [
  ...[`i32.const ${TURNS}`, 'local.set 0', 'loop', ...body],
  ...['local.get 0', 'i32.const -1', 'i32.add', 'local.tee 0', 'br_if 0', 'end'],
];
/** xorshift and a store: some twenty instructions a turn, as the inner loop of a hash. */
const shift = (by: string, amount: number) => [
  ...['local.get 1', 'local.get 1', `i32.const ${amount}`, `i32.${by}`, 'i32.xor', 'local.set 1'],
];
const work = [
  ...[...shift('shl', 13), ...shift('shr_u', 17), ...shift('shl', 5)],
  ...['local.get 1', 'i32.const 65532', 'i32.and', 'local.get 1', 'i32.store'],
];
const COMPUTE = buildModule({
  memoryPages: 1,
  functions: [
    { name: 'tight', locals: ['i32', 'i32'], body: counted([]) },
    { name: 'hash', locals: ['i32', 'i32'], body: ['i32.const 1', 'local.set 1', ...counted(work)] },
  ],
});
const LIMITS: readonly [name: string, options: PluginOptions][] = [
  ['no limit', {}],
  ['fuel', { limits: { fuel: 1e12 } }],
  ['time checks', { timeoutMs: 60_000, timeoutBy: 'checks' }],
  ['memoryPages', { limits: { memoryPages: 100 } }],
];
const limitsOf = (name: string, bytes: Uint8Array, fn: string, input = ''): Workload => ({
  name,
  subjects: LIMITS.map(([subject, options]): Subject => {
    const make = async (): Promise<Run> => {
      const plugin = await createPlugin(bytes, options);
      return () => plugin.call(fn, input);
    };
    return { name: subject, make };
  }),
});

const IDLE = 200;
const idleOf = ([file, fn, options]: (typeof PLUGINS)[number]): Workload => ({
  name: `${IDLE} idle plugins of ${file.split('/')[0]}, a call of one`,
  subjects: [
    {
      name: 'pool',
      make: async () => {
        const pool = new PluginPool(await compilePlugin(read(file), options), { max: IDLE });
        await pool.call('first', fn, INPUT);
        const beforeBytes = process.memoryUsage().rss;
        for (let tenant = 1; tenant < IDLE; tenant++) await pool.call(`${tenant}`, fn, INPUT);
        const memoryKib = (process.memoryUsage().rss - beforeBytes) / (IDLE - 1) / 1024;
        return { run: () => pool.call('1', fn, INPUT), memoryKib };
      },
    },
  ],
});

const TENANTS = 200;
const FLOOD = 100;
const FLOODED = buildModule({
  functions: [
    { name: 'work', locals: ['i32'], body: counted([]).with(0, 'i32.const 2000') },
    { name: 'spin', body: ['loop', 'br 0', 'end'] },
  ],
});
/** A call of each tenant, alone and while another tenant keeps a queue of endless loops, which end by their fuel. */
const flooded = (isFlooded: boolean) => async (): Promise<Run> => {
  const compiled = await compilePlugin(FLOODED, { limits: { fuel: 50_000 } });
  const pool = new PluginPool(compiled, { max: 50, queue: TENANTS + FLOOD });
  let loops = 0;
  const flood = async () => {
    loops++;
    await pool.call('hostile', 'spin').catch(() => {});
    loops--;
  };
  return () => {
    while (isFlooded && loops < FLOOD) void flood();
    return Promise.all(Array.from({ length: TENANTS }, (_, tenant) => pool.call(`${tenant}`, 'work')));
  };
};

await runWorkload([
  ...PLUGINS.map(callsOf),
  limitsOf('a tight loop', COMPUTE, 'tight'),
  limitsOf('a loop of a hash', COMPUTE, 'hash'),
  limitsOf('vowels in 100 kB', read('vowels/vowels.wasm'), 'count_vowels', 'a b '.repeat(25_000)),
  ...PLUGINS.map(idleOf),
  {
    name: `a call of each of ${TENANTS} tenants, 50 plugins`,
    subjects: [
      { name: 'alone', make: flooded(false) },
      { name: 'beside a hostile tenant', make: flooded(true) },
    ],
  },
]);
