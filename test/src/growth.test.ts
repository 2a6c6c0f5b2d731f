import {
  body,
  code,
  encodeModule,
  exportItem,
  functionType,
  globalType,
  limits,
  unsigned,
} from '../../abi/encode.ts';
import type { Manifest } from '../../src/node.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { createPlugin, suiteInModes } from '../helpers/modes.ts';

/** Grows its memory by three pages. `grow_and_trap` also traps, as a plugin does that gets no memory. */
const wasm = buildModule({
  imports: [{ module: 'extism:host/env', name: 'alloc', params: ['i64'], results: ['i64'] }],
  memoryPages: 2,
  functions: [
    { name: 'grow', results: ['i32'], body: ['i32.const 3', 'memory.grow'] },
    { name: 'grow_and_trap', body: ['i32.const 3', 'memory.grow', 'drop', 'unreachable'] },
    // 256 KiB: three pages beyond the first.
    { name: 'alloc', body: ['i64.const 262144', 'call 0', 'drop'] },
    { name: 'size', results: ['i32'], body: ['memory.size'] },
  ],
});
const create = (max_pages: number, data = wasm) =>
  createPlugin({ wasm: [{ data }], memory: { max_pages } } as Manifest);

/** Modules whose memory grows by four pages, with exports of names that the host gives to its own. */
const OWN_NAMES: readonly [name: string, exports: number[][]][] = [
  ['a memory under the name of a function', [exportItem('plugboard.fuel', 'memory', 0)]],
  ['a memory under the name of a global', [exportItem('plugboard.fresh.global.3', 'memory', 0)]],
  ...(['global', 'function'] as const).map((kind): [string, number[][]] => [
    `a ${kind} under the name of the pages`,
    [exportItem('memory', 'memory', 0), exportItem('plugboard.fresh.pages', kind, 0)],
  ]),
];
const growing = (exports: number[][]) =>
  encodeModule({
    type: [functionType([], ['i32'])],
    function: [unsigned(0)],
    memory: [limits({ min: 1 })],
    global: [[...globalType('i64', false), ...code(['i64.const 0', 'end'])]],
    export: [exportItem('grow', 'function', 0), ...exports],
    code: [body(['i32.const 4', 'memory.grow'])],
  });
const growsBoth = buildModule({
  imports: ['one', 'two'].map(module => ({ module, name: 'grow', results: ['i32'] as const })),
  functions: [{ name: 'run', body: ['call 0', 'drop', 'call 1', 'drop'] }],
});

suiteInModes('growth', test => {
  for (const [name, exports] of OWN_NAMES) {
    test(`${name}: each exported memory counts`, async () => {
      const data = growing(exports);
      const modules = { wasm: [{ name: 'one', data }, { name: 'two', data }, { data: growsBoth }] };
      for (const options of [{ memory: { max_pages: 7 } }, { limits: { memoryPages: 9 } }]) {
        const plugin = await createPlugin(modules, options);
        equal(plugin.memory.pluginPages, 2);
        await raises(() => plugin.call('run'), { code: 'MEMORY_LIMIT' });
      }
      const plugin = await createPlugin(modules, { memory: { max_pages: 8 }, limits: { memoryPages: 10 } });
      await plugin.call('run');
      equal(plugin.memory.pluginPages, 10);
    });
  }

  test('a call that fails over a limit keeps its error, and the next one gets a new instance', async () => {
    const data = growing([exportItem('memory', 'memory', 0)]);
    const main = buildModule({
      imports: ['one', 'two'].map(module => ({ module, name: 'grow', results: ['i32'] as const })),
      functions: [{ name: 'run', results: ['i32'], body: ['call 0', 'call 1', 'i32.add'] }],
    });
    const modules = { wasm: [{ name: 'one', data }, { name: 'two', data }, { data: main }] };
    for (const options of [{ memory: { max_pages: 7 } }, { limits: { memoryPages: 9 } }]) {
      const plugin = await createPlugin(modules, options);
      for (let call = 0; call < 2; call++)
        await raises(() => plugin.call('run'), { code: 'NONZERO_RESULT', message: 'code: 2' });
    }
  });

  test('a plugin whose only memory is not exported may let it grow by the limit', async () => {
    const plugin = await createPlugin(growing([]), { memory: { max_pages: 5 } });
    await raises(() => plugin.call('grow'), { code: 'NONZERO_RESULT', message: 'code: 1' });
    await raises(() => plugin.call('grow'), { code: 'NONZERO_RESULT', message: 'code: -1' });
  });

  test.row(
    'abi.manifest-pages',
    'memory.max_pages limits the growth of the memory of the plugin',
    async () => {
      const plugin = await create(5);
      await raises(() => plugin.call('grow'), { code: 'NONZERO_RESULT', message: 'code: 2' });
      await raises(() => plugin.call('grow'), { code: 'NONZERO_RESULT', message: 'code: -1' });
      await raises(() => plugin.call('size'), { code: 'NONZERO_RESULT', message: 'code: 5' });
    },
  );

  test('memory.max_pages limits the growth of the kernel memory beyond its first page', async () => {
    is(await (await create(3)).call('alloc'), null);
    await raises(async () => (await create(2)).call('alloc'), { code: 'MEMORY_LIMIT' });
    is(await (await create(4)).call('alloc', new Uint8Array(100)), null);
    await raises(async () => (await create(2)).call('size', new Uint8Array(4 * 65_536)), {
      code: 'MEMORY_LIMIT',
    });
  });

  test.row(
    'abi.manifest-pages',
    'a call whose memories together grow by more fails, and the next call has a new instance',
    async () => {
      const plugin = await create(5);
      await raises(() => plugin.call('grow'), { code: 'NONZERO_RESULT' });
      await raises(() => plugin.call('alloc'), {
        code: 'MEMORY_LIMIT',
        message:
          "alloc: the plugin's memory grew by 3 pages and the kernel's by 3, together over the limit of 5 pages",
      });
      await raises(() => plugin.call('size'), { code: 'NONZERO_RESULT', message: 'code: 2' });
      is(await plugin.call('alloc'), null);
    },
  );

  test('the error of a trap at the limit says that the limit may be the cause', async () => {
    await raises(async () => (await create(3)).call('grow_and_trap'), {
      code: 'TRAP',
      message: /its memory has grown to the limit of 3 pages \(memory\.max_pages\)/,
    });
    const elsewhere = await create(4).then(plugin =>
      plugin.call('grow_and_trap').catch((error: Error) => error),
    );
    ok(elsewhere instanceof Error && !elsewhere.message.includes('max_pages'));
  });

  test.row('abi.manifest-pages', 'a memory that starts larger is refused', async () => {
    await raises(() => create(1), {
      code: 'MEMORY_LIMIT',
      message: 'its memory starts with 2 pages, over the limit of 1 pages',
    });
  });

  test('invalid bytes that a transform would make valid are refused before it', async () => {
    // The maximum is below the size. The module must be refused before any transform touches it.
    await raises(() => create(5, buildModule({ memoryPages: 3, memoryMaxPages: 1 })), {
      code: 'INVALID_WASM',
    });
  });

  test('the report lists the rewritten modules, with the hashes before and after', async () => {
    const plugin = await create(5);
    const [module] = plugin.report.modules;
    equal(
      module!.transforms.map(({ name }) => name),
      ['cap-memory'],
    );
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', wasm));
    const hex = Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('');
    is(module!.transforms[0]!.before, hex);
    ok(module!.transforms[0]!.after !== hex);
    equal((await createPlugin(wasm)).report.modules[0]!.transforms, []);
  });
});
