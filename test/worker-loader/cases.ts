import { MOST_RPC_BYTES } from '../../src/units.ts';
import { type CallError, createPlugin } from '../../src/web.ts';
import {
  type LoadedPluginOptions,
  loadPlugin,
  type PluginSource,
  type WorkerLoader,
} from '../../src/worker-loader/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';

// Tests of plugins in child isolates: on the loader of workerd, and on a loader that makes them here.

export const LOADED_FILES = ['vowels/vowels', 'hostile/hostile', 'faults/faults'] as const;
export type LoadedFile = (typeof LOADED_FILES)[number];

export interface Loading {
  readonly loader: WorkerLoader;
  readonly files: Readonly<Record<LoadedFile, Uint8Array>>;
}

const LOOP = buildModule({
  functions: [
    { name: 'loop', body: ['loop 0', 'br 0', 'end'] },
    { name: 'fine', body: [] },
  ],
});
const LOOPS_AT_START = buildModule({
  functions: [{ name: 'loop', body: ['loop 0', 'br 0', 'end'] }],
  start: 0,
});
const GROWS = buildModule({
  memoryPages: 1,
  functions: [
    {
      name: 'grow',
      body: ['i32.const 20', 'memory.grow', 'i32.const -1', 'i32.eq', 'if 0', 'unreachable', 'end'],
    },
  ],
});
const UNKNOWN_IMPORT = buildModule({
  imports: [{ module: 'elsewhere', name: 'f' }],
  functions: [{ name: 'fine', body: [] }],
});

const env = (name: string, params: 'i64'[], results: 'i64'[] = []) => ({
  module: 'extism:host/env',
  name,
  params,
  results,
});
const failsWith = (name: string, textBytes: number, outputBytes: number) => ({
  name,
  results: ['i32' as const],
  body: [
    ...[`i64.const ${outputBytes}`, 'call alloc', `i64.const ${outputBytes}`, 'call output_set'],
    ...[`i64.const ${textBytes}`, 'call alloc', 'call error_set', 'i32.const 1'],
  ],
});
const TELLS_MUCH = buildModule({
  imports: [env('alloc', ['i64'], ['i64']), env('output_set', ['i64', 'i64']), env('error_set', ['i64'])],
  functions: [
    failsWith('text', 40_000_000, 1),
    failsWith('both', 20_000_000, 20_000_000),
    failsWith('output', 10_000, MOST_RPC_BYTES),
    failsWith('fits', 20_000_000, 10_000_000),
  ],
});

const FUEL = 10_000_000;
let tenants = 0;
/** A tenant that no test has had before. */
const aTenant = () => `tenant ${++tenants} ${Math.random()}`;

export const sha256 = async (bytes: Uint8Array): Promise<string> =>
  [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes.slice()))]
    .map(byte => byte.toString(16).padStart(2, '0'))
    .join('');

/** Loads the bytes for a tenant of their own, unless `more` names one. */
export const load = async (
  loader: WorkerLoader,
  bytes: Uint8Array,
  more: Partial<LoadedPluginOptions> = {},
  source: PluginSource = bytes,
) =>
  loadPlugin(loader, source, {
    tenant: aTenant(),
    sha256: await sha256(bytes),
    limits: { fuel: FUEL },
    ...more,
  });

type Body = (loading: Loading) => Promise<void>;

export const CASES: Readonly<Record<string, Body>> = {
  'bytes run in the child': async ({ loader, files }) => {
    const plugin = await load(loader, files['vowels/vowels']);
    is(plugin.fuelUsed, null);
    const output = await plugin.call('count_vowels', 'Hello');
    equal(output!.json(), { count: 2, total: 2, vowels: 'aeiouAEIOU' });
    ok(plugin.fuelUsed! > 50, `${plugin.fuelUsed} units`);
  },

  'an endless loop ends by fuel, and the next call works': async ({ loader }) => {
    const plugin = await load(loader, LOOP);
    await raises(() => plugin.call('loop'), { code: 'FUEL_EXHAUSTED', message: 'limits.fuel' });
    is(plugin.fuelUsed! > FUEL, true);
    is(await plugin.call('fine'), null);
  },

  'an endless loop in the start section ends by fuel': async ({ loader }) => {
    await raises(() => load(loader, LOOPS_AT_START), { code: 'FUEL_EXHAUSTED' });
  },

  'bytes with another hash are refused before an isolate is loaded': async ({ loader, files }) => {
    let loaded = 0;
    const watched: WorkerLoader = {
      get: (id, code) =>
        loader.get(id, async () => {
          const given = await code();
          loaded++;
          return given;
        }),
    };
    const right = await sha256(files['vowels/vowels']);
    const changed = files['vowels/vowels'].slice();
    changed[changed.length - 1]! ^= 1;
    const tenant = aTenant();
    const error = await raises(() => load(watched, changed, { tenant, sha256: right }), {
      code: 'HASH_MISMATCH',
      message: right,
    });
    is(error.constructor.name, 'CreateError');
    is(loaded, 0);
    await load(watched, files['vowels/vowels'], { tenant });
    is(loaded, 1);
  },

  'tenants do not see each other, and a tenant finds its variables again': async ({ loader, files }) => {
    const bytes = files['vowels/vowels'];
    const [a, b] = [aTenant(), aTenant()];
    const totals = [];
    for (const tenant of [a, b, a, a, b]) {
      const plugin = await load(loader, bytes, { tenant });
      totals.push((await plugin.call('count_vowels', 'aaa'))!.json<{ total: number }>().total);
    }
    equal(totals, [3, 3, 6, 9, 6]);
  },

  'the memory of one tenant is not found by another': async ({ loader, files }) => {
    const bytes = files['hostile/hostile'];
    const first = await load(loader, bytes, { limits: { fuel: 1e9 } });
    await first.call('hide', 'a secret');
    is((await first.call('seek', 'a secret'))!.text(), 'a secret');
    const second = await load(loader, bytes, { limits: { fuel: 1e9 } });
    is(await second.call('seek', 'a secret'), null);
  },

  'the limit of memory holds': async ({ loader }) => {
    const wide = await load(loader, GROWS, { limits: { fuel: FUEL, memoryPages: 64 } });
    is(await wide.call('grow'), null);
    const narrow = await load(loader, GROWS, { limits: { fuel: FUEL, memoryPages: 16 } });
    // To the plugin, memory.grow returned -1.
    await raises(() => narrow.call('grow'), { code: 'TRAP' });
    await raises(() => load(loader, GROWS, { limits: { fuel: FUEL, memoryPages: 0 } }), {
      code: 'MEMORY_LIMIT',
    });
  },

  'the limit of the output holds': async ({ loader, files }) => {
    const limits = { fuel: FUEL, outputBytes: 4 };
    const echo = await load(loader, files['hostile/hostile'], { limits });
    is((await echo.call('fine', 'four'))!.text(), 'four');
    await raises(() => echo.call('fine', 'fiver'), { code: 'BUDGET_EXCEEDED', message: 'outputBytes' });
  },

  'errors keep their codes and facts': async ({ loader, files }) => {
    const vowels = await load(loader, files['vowels/vowels']);
    const failed = (await raises(() => vowels.call('fail', 'a reason'), {
      code: 'PLUGIN_ERROR',
      message: 'a reason',
    })) as CallError;
    is(failed.constructor.name, 'CallError');
    is(failed.exitCode, 1);
    await raises(() => vowels.call('missing'), { code: 'FUNCTION_NOT_FOUND', message: 'count_vowels' });
    await raises(() => vowels.call(1 as never), { code: 'INVALID_OPTION' });
    await raises(() => vowels.call('fail', 1 as never), { code: 'INVALID_INPUT' });
    const grows = await load(loader, buildModule({ functions: [{ name: 'trap', body: ['unreachable'] }] }));
    await raises(() => grows.call('trap'), { code: 'TRAP' });
    const hostile = await load(loader, files['hostile/hostile']);
    await raises(() => hostile.call('recurse'), { code: 'STACK_OVERFLOW' });
  },

  'a message that RPC cannot carry beside the output is shortened': async ({ loader }) => {
    const plugin = await load(loader, TELLS_MUCH);
    for (const [name, message, outputBytes] of [
      ['text', '… (40000000 characters)', 1],
      ['both', '… (20000000 characters)', 20_000_000],
      ['output', '', MOST_RPC_BYTES],
      ['fits', '', 10_000_000],
    ] as const) {
      const error = (await raises(() => plugin.call(name), { code: 'PLUGIN_ERROR' })) as CallError;
      equal(
        [error.message.slice(error.message.lastIndexOf('\0') + 1), error.output?.byteLength],
        [message, outputBytes],
      );
    }
  },

  'bytes that make no plugin are refused as by createPlugin': async ({ loader, files }) => {
    await raises(() => load(loader, Uint8Array.of(1, 2, 3)), { code: 'INVALID_WASM' });
    await raises(() => load(loader, UNKNOWN_IMPORT), { code: 'UNRESOLVED_IMPORTS', message: 'elsewhere' });
    await raises(() => load(loader, files['faults/faults']), { code: 'UNRESOLVED_IMPORTS', message: 'boom' });
  },

  'options that need the parent are refused': async ({ loader }) => {
    const refused = async (more: object, message: string) =>
      void (await raises(() => load(loader, LOOP, more), { code: 'INVALID_OPTION', message }));
    await refused({ functions: {} }, 'another isolate');
    await refused({ allowedHosts: [] }, 'no network');
    await refused({ timeoutMs: 5 }, 'limits.fuel');
    await refused({ limits: {} }, 'loadPlugin.limits.fuel');
    await refused({ tenant: '' }, 'loadPlugin.tenant');
    await refused({ sha256: 'ABC' }, 'loadPlugin.sha256');
  },

  'config is passed on': async ({ loader, files }) => {
    const plugin = await load(loader, files['vowels/vowels'], { config: { vowels: 'lL' } });
    is((await plugin.call('count_vowels', 'Hello'))!.json<{ count: number }>().count, 2);
    const hostile = await load(loader, files['hostile/hostile'], { config: { key: 'value' } });
    is((await hostile.call('seek', 'key'))!.text(), 'value');
  },

  'a fresh call finds nothing of the call before': async ({ loader, files }) => {
    for (const [isolation, total] of [
      ['shared', 2],
      ['fresh', 1],
    ] as const) {
      const plugin = await load(loader, files['vowels/vowels'], { isolation });
      await plugin.call('count_vowels', 'a');
      is((await plugin.call('count_vowels', 'a'))!.json<{ total: number }>().total, total, isolation);
    }
  },

  'bytes are fetched only where no isolate has the plugin': async ({ loader, files }) => {
    const bytes = files['vowels/vowels'];
    const tenant = aTenant();
    let fetched = 0;
    const source = async () => {
      fetched++;
      return new Response(bytes.slice());
    };
    for (let count = 1; count <= 3; count++) {
      const plugin = await load(loader, bytes, { tenant }, source);
      is((await plugin.call('count_vowels', 'a'))!.json<{ total: number }>().total, count);
    }
    is(fetched, 1);
  },

  'a source that failed is asked again': async ({ loader, files }) => {
    const bytes = files['vowels/vowels'];
    const tenant = aTenant();
    const broken = () => Promise.reject(new Error('the storage is away'));
    await raises(() => load(loader, bytes, { tenant }, broken), {
      code: 'SOURCE_UNAVAILABLE',
      message: 'the storage is away',
    });
    await raises(() => load(loader, bytes, { tenant }, () => null), { code: 'SOURCE_UNAVAILABLE' });
    await raises(() => load(loader, bytes, { tenant }, () => 'text' as never), { code: 'INVALID_OPTION' });
    await raises(() => load(loader, bytes, { tenant }, 'text' as never), { code: 'INVALID_OPTION' });
    const plugin = await load(loader, bytes, { tenant }, () => bytes.slice().buffer);
    ok(await plugin.call('count_vowels', 'a'));
  },

  'close ends the plugin after its calls, and another object begins anew': async ({ loader, files }) => {
    const bytes = files['vowels/vowels'];
    const tenant = aTenant();
    const [first, second] = [await load(loader, bytes, { tenant }), await load(loader, bytes, { tenant })];
    const running = second.call('count_vowels', 'a');
    await first.close();
    await first.close();
    ok(await running);
    await raises(() => first.call('count_vowels'), { code: 'CLOSED' });
    is((await second.call('count_vowels', 'a'))!.json<{ total: number }>().total, 1);
  },

  'an input of many bytes is carried, and one of too many is refused': async ({ loader, files }) => {
    const echo = await load(loader, files['hostile/hostile'], { limits: { fuel: 1e9 } });
    const most = MOST_RPC_BYTES - 'fine'.length;
    is((await echo.call('fine', new Uint8Array(most).fill(7)))!.byteLength, most);
    for (const [name, input] of [
      ['fine', new Uint8Array(most + 1)],
      ['fine', 'x'.repeat(most + 1)],
      ['fine', '語'.repeat(most / 2 + 1)],
      ['x'.repeat(MOST_RPC_BYTES + 1), ''],
      ['語'.repeat(5), new Uint8Array(most)],
    ] as const)
      await raises(() => echo.call(name, input), {
        code: 'INVALID_INPUT',
        message: `name and input: expected at most ${MOST_RPC_BYTES} bytes`,
      });
    is((await echo.call('fine', 'ü'.repeat(most / 2)))!.byteLength, most);
  },
};

/** Tests that need a Worker whose platform compiles no bytes, and a network. */
export const ON_WORKERD: Readonly<Record<string, (loading: Loading, target: string) => Promise<void>>> = {
  'the parent refuses the same bytes': async ({ loader, files }) => {
    await raises(() => createPlugin(files['vowels/vowels']), { code: 'UNSUPPORTED' });
    ok(await load(loader, files['vowels/vowels']));
  },

  'a child reaches no network': async ({ loader, files }, target) => {
    const probe = (globalOutbound: object): WorkerLoader => ({
      get: (id, code) =>
        loader.get(id, async () => {
          const given = await code();
          const entry = `import { WorkerEntrypoint } from 'cloudflare:workers';
            export default class extends WorkerEntrypoint {
              start() { return { fuel: null, output: null }; }
              async call(name, url) {
                const reply = await fetch(url).then(response => response.text(), error => 'refused: ' + error.message);
                return { fuel: null, output: new TextEncoder().encode(reply) };
              }
            }`;
          const { globalOutbound: own, ...others } = given;
          const modules = { ...given.modules, 'main.js': entry };
          return {
            ...others,
            modules,
            ...('keep' in globalOutbound ? { globalOutbound: own } : {}),
          } as typeof given;
        }),
    });
    const closed = await load(probe({ keep: true }), files['vowels/vowels']);
    ok((await closed.call('any', target))!.text().startsWith('refused: '));
    // The control: with the network of the parent it is there.
    const open = await load(probe({}), files['vowels/vowels']);
    is((await open.call('any', target))!.text(), 'reached');
  },
};
