import { encodeModule, exportItem, limits, SECTIONS, section, WASM_HEADER } from '../../abi/encode.ts';
import { capMemories, isOnlyCapped } from '../../src/wasm/cap-memory.ts';
import { readModule } from '../../src/wasm/reader.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { readCaseFile, readIndex } from '../helpers/cases.ts';
import { host } from '../helpers/host.ts';
import { checkSeededFaults } from '../helpers/seeded-faults.ts';
import { suite } from '../helpers/suite.ts';

type Bytes = Uint8Array<ArrayBuffer>;
const memoriesOf = (bytes: Uint8Array) =>
  readModule(bytes).memories.map(({ initialPages, maxPages }) => [initialPages, maxPages]);
const withMemory = (pages: number, max?: number): Bytes =>
  buildModule({ memoryPages: pages, ...(max !== undefined && { memoryMaxPages: max }) });

/** A module that has only memories, written by hand. */
const memorySection = (...contents: number[]) =>
  Uint8Array.from([...WASM_HEADER, ...section(SECTIONS.memory, contents)]);

const threeMemories = encodeModule({
  memory: [limits({ min: 1 }), limits({ min: 1 }), limits({ min: 2, max: 9 })],
  export: [exportItem('plugboard.fuel', 'memory', 0), exportItem('m', 'memory', 2)],
});

suite('cap memory', test => {
  const caps: [name: string, bytes: Bytes, growthPages: number, expected: (number | null)[][]][] = [
    ['no maximum', withMemory(2), 3, [[2, 5]]],
    ['a larger maximum', withMemory(2, 100), 3, [[2, 5]]],
    ['a smaller maximum', withMemory(2, 4), 3, [[2, 4]]],
    ['no growth at all', withMemory(2), 0, [[2, 2]]],
    ['more pages than a memory can have', withMemory(2), 2 ** 40, [[2, 65_536]]],
    ['numbers of several bytes', withMemory(300), 1000, [[300, 1300]]],
    [
      'several memories of which none is exported: the first can grow',
      memorySection(2, 0, 1, 1, 2, 9),
      3,
      [
        [1, 4],
        [2, 2],
      ],
    ],
    [
      'exported memories, and one between them that is not: they can grow',
      threeMemories,
      3,
      [
        [1, 4],
        [1, 1],
        [2, 5],
      ],
    ],
    ['a shared memory', memorySection(1, 3, 1, 9), 2, [[1, 3]]],
    ['a memory of 64-bit addresses', memorySection(1, 4, 1), 2 ** 17, [[1, 2 ** 17 + 1]]],
    [
      'more pages than a memory of 64-bit addresses can have',
      memorySection(1, 4, 1),
      2 ** 40,
      [[1, 2 ** 18]],
    ],
    ['no memory', buildModule({ functions: [{ name: 'f', body: [] }] }), 3, []],
  ];
  for (const [name, bytes, growthPages, expected] of caps) {
    test(`${name}: the rest stays byte for byte`, () => {
      const capped = capMemories(bytes, growthPages)!;
      equal(memoriesOf(capped), expected);
      ok(isOnlyCapped(bytes, capped));
      is(WebAssembly.validate(capped), WebAssembly.validate(bytes));
    });
  }

  test('a module that cannot be read is not changed', () => {
    for (const bytes of [memorySection(1, 0x40, 1), memorySection(2, 0, 1), Uint8Array.of(1, 2, 3)]) {
      is(capMemories(bytes, 3), null);
    }
  });

  test('500 seeded faults of the transform are found', () => {
    const originals = readIndex()
      .slice(0, 4)
      .map(folder =>
        host()
          .readBytes(`fixtures/${folder}/${readCaseFile(folder).wasm}`)
          .slice(),
      );
    checkSeededFaults(
      originals.map(before => ({ before, after: capMemories(before, 16)!, check: isOnlyCapped })),
    );
  });

  test('the checker finds a changed byte at every position', () => {
    const bytes = withMemory(2, 100);
    const capped = capMemories(bytes, 3)!;
    for (let at = 0; at < capped.length; at++) {
      const changed = capped.slice();
      changed[at]! ^= 1;
      // The transform itself could have written a maximum of 4 pages.
      if (JSON.stringify(memoriesOf(changed)) === '[[2,4]]') continue;
      ok(!isOnlyCapped(bytes, changed), `byte ${at}`);
    }
    ok(!isOnlyCapped(bytes, withMemory(2)), 'a maximum that is gone');
    ok(!isOnlyCapped(capped, bytes), 'a higher maximum');
  });

  for (const folder of readIndex()) {
    test(`the plugin ${folder} stays valid`, () => {
      const bytes = host().readBytes(`fixtures/${folder}/${readCaseFile(folder).wasm}`) as Bytes;
      const capped = capMemories(bytes, 10)!;
      ok(WebAssembly.validate(capped));
      ok(isOnlyCapped(bytes, capped));
      const own = ({ imported }: { imported: boolean }) => !imported;
      for (const { initialPages, maxPages } of readModule(capped).memories.filter(own)) {
        ok(maxPages !== null && maxPages <= initialPages + 10);
      }
    });
  }
});
