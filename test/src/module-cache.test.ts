import { ModuleCache } from '../../src/module/cache.ts';
import { createPlugin } from '../../src/node.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';

const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);

suite('module cache', test => {
  test('finds an entry by equal bytes, and by no others', () => {
    const cache = new ModuleCache<string>(100);
    cache.keep(bytes(10, 1), 'tens');
    cache.keep(bytes(11, 1), 'elevens');
    const shifted = new Uint8Array(bytes(13, 1).buffer, 3, 10);
    equal(
      [bytes(10, 1), shifted, bytes(11, 1), bytes(12, 1), bytes(10, 2)].map(key => cache.find(key)),
      ['tens', 'tens', 'elevens', undefined, undefined],
    );
  });

  test('tells byte arrays apart that differ in a single byte', () => {
    const cache = new ModuleCache<string>(1000);
    cache.keep(bytes(203, 1), 'kept');
    for (let index = 0; index < 203; index++) {
      const other = bytes(203, 1);
      other[index] = 2;
      is(cache.find(other), undefined, `byte ${index}`);
    }
    is(cache.find(bytes(203, 1)), 'kept');
  });

  test.row(
    'limit.keptModuleBytes',
    'drops the entry used longest ago when full, and never keeps an entry over the limit',
    () => {
      const cache = new ModuleCache<number>(30);
      for (const fill of [1, 2, 3]) cache.keep(bytes(10, fill), fill);
      is(cache.find(bytes(10, 1)), 1);
      cache.keep(bytes(10, 4), 4);
      equal(
        [1, 2, 3, 4].map(fill => cache.find(bytes(10, fill))),
        [1, undefined, 3, 4],
      );
      cache.keep(bytes(31, 5), 5);
      equal(
        [1, 3, 4].map(fill => cache.find(bytes(10, fill))),
        [1, 3, 4],
      );
      is(cache.find(bytes(31, 5)), undefined);
    },
  );

  test.row('limit.keptModules', 'drops the entry used longest ago when there are too many', () => {
    const cache = new ModuleCache<number>(1000, 2);
    for (const fill of [1, 2, 3]) cache.keep(bytes(10, fill), fill);
    equal(
      [1, 2, 3].map(fill => cache.find(bytes(10, fill))),
      [undefined, 2, 3],
    );
  });

  test('keeps eight entries whose bytes came once, and beside them those that came again', () => {
    const cache = new ModuleCache<number>(1000);
    const found = (fills: number[]) => fills.filter(fill => cache.find(bytes(10, fill)) === fill);
    cache.keep(bytes(10, 1), 1);
    equal(found([1]), [1]);
    const others = Array.from({ length: 10 }, (_, index) => index + 2);
    for (const fill of others) cache.keep(bytes(10, fill), fill);
    equal(found([1, 2, 3]), [1], 'two of ten were dropped');
    // Now 2 comes again, and is not dropped by bytes that come once.
    cache.keep(bytes(10, 2), 2);
    for (let fill = 20; fill < 40; fill++) cache.keep(bytes(10, fill), fill);
    equal(found([1, 2, 3, 11]), [1, 2]);
  });

  test('takes own bytes, which views of them share, and which no later change of the given bytes reaches', () => {
    const cache = new ModuleCache<string>(100);
    for (const length of [10, 101]) {
      const given = bytes(length, 1);
      const own = cache.own(given);
      const views = [own.subarray(0), new Uint8Array(own.buffer)];
      ok(
        views.every(view => cache.own(view).buffer === own.buffer),
        `${length} bytes`,
      );
      given.fill(2);
      equal([own[0], cache.own(given)[0], cache.own(own.subarray(1)).length], [1, 2, length - 1]);
    }
    const kept = cache.own(bytes(10, 3));
    cache.keep(kept, 'kept');
    is(cache.own(bytes(10, 3)), kept);
  });

  test('plugins with equal bytes share only the compiled module', async () => {
    const wasm = buildModule({ functions: [{ name: 'run', body: [] }], memoryPages: 1 });
    const [one, other] = [await createPlugin(wasm), await createPlugin(wasm.slice())];
    const memories = await Promise.all(
      [one, other].map(async plugin => (await plugin.getInstance()).exports.memory),
    );
    ok(memories[0] !== memories[1]);
    await one.close();
    is(await other.call('run'), null);
  });
});
