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

suiteInModes('growth', test => {
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
