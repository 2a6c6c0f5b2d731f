import { section, unsigned, WASM_HEADER } from '../../abi/encode.ts';
import { readModule, readSignatures } from '../../src/wasm/reader.ts';
import { formatExtern, formatType } from '../../src/wasm/types.ts';
import { checkOutline, checkRead } from '../contract/modules.ts';
import { equal, inContext, is, match, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { Random } from '../helpers/random.ts';
import { damage, randomModule } from '../helpers/random-module.ts';
import { suite } from '../helpers/suite.ts';

const MODULE = buildModule({
  imports: [{ module: 'a', name: 'b', params: ['i32', 'f32'], results: ['i64'] }],
  functions: [
    { name: 'none', body: [] },
    { name: 'some', params: ['f64'], results: ['i32', 'i32'], body: ['unreachable'] },
  ],
  memoryPages: 1,
});

/** A module of sections, each as its id and its contents. */
const moduleOf = (...sections: [id: number, ...contents: number[]][]) =>
  Uint8Array.from([...WASM_HEADER, ...sections.flatMap(([id, ...contents]) => section(id, contents))]);
/** A module with the import `.x`, whose type is these bytes. */
const importOf = (...type: number[]) => moduleOf([1, 1, 0x60, 0, 0], [2, 1, 0, 1, 0x78, ...type]);

/** Broken bytes and the expected problem, with its place. */
const broken: [name: string, bytes: Uint8Array<ArrayBuffer>, problem: string][] = [
  [
    'nothing',
    new Uint8Array(0),
    'at 0x00: expected 00 61 73 6d 01 00 00 00, which wasm starts with, got nothing',
  ],
  [
    'half a header',
    Uint8Array.from(WASM_HEADER.slice(0, 6)),
    'at 0x00: expected 00 61 73 6d 01 00 00 00, which wasm starts with, got 00 61 73 6d 01 00',
  ],
  [
    'a section without a length',
    Uint8Array.from([...WASM_HEADER, 10]),
    'at 0x09: expected the length of a section, got the end',
  ],
  [
    'a section that is cut short',
    Uint8Array.from([...WASM_HEADER, 10, 0x80, 1, 0, 0]),
    'at 0x0b: expected the section code of 128 bytes, got 2 bytes',
  ],
  [
    'a length beyond 32 bits',
    Uint8Array.from([...WASM_HEADER, 10, 0xff, 0xff, 0xff, 0xff, 0x1f]),
    'at 0x09: expected the length of a section below 2^32, got 8589934591',
  ],
  [
    'a length that never ends',
    Uint8Array.from([...WASM_HEADER, 10, 0x80, 0x80, 0x80, 0x80, 0x80, 0]),
    'at 0x09: expected the length of a section as LEB128 of at most 5 bytes, got a longer one',
  ],
  [
    'an unknown section',
    moduleOf([14]),
    'section with id 14 at 0x08: expected a section id of 0 to 13, got 14',
  ],
  [
    'a section twice',
    moduleOf([1, 0], [1, 0]),
    'section type at 0x0b: expected each section once and in order, got another one behind type',
  ],
  [
    'sections out of order',
    moduleOf([7, 0], [2, 0]),
    'section import at 0x0b: expected each section once and in order, got another one behind export',
  ],
  [
    'a custom section without a name',
    moduleOf([0, 5, 0x61]),
    'at 0x0b: expected the name of a custom section of 5 bytes, got 1 bytes',
  ],
  ['an unknown form of type', moduleOf([1, 1, 0x5d]), 'section type at 0x0b: expected a type, got 0x5d'],
  [
    'an unknown value type',
    moduleOf([1, 1, 0x60, 1, 0x40, 0]),
    'section type at 0x0d: expected a value type, got 0x40',
  ],
  [
    'more types than engines take',
    moduleOf([1, 0xff, 0xff, 0xff, 0xff, 0x0f]),
    'section type at 0x0a: expected at most 1000000 types, got 4294967295',
  ],
  [
    'more parameters than engines take',
    moduleOf([1, 1, 0x60, 0xe9, 7]),
    'section type at 0x0c: expected at most 1000 parameters, got 1001',
  ],
  [
    'fewer types than announced',
    moduleOf([1, 2, 0x60, 0, 0]),
    'section type at 0x0e: expected a type, got the end',
  ],
  [
    'more bytes than announced',
    moduleOf([1, 0, 1, 2]),
    'section type at 0x0b: expected the end of the section, got 2 more bytes',
  ],
  [
    'an unknown kind of import',
    importOf(5),
    'section import at 0x14: expected a kind of import (0 to 4), got 0x05',
  ],
  [
    'unknown flags of a memory',
    importOf(2, 8),
    'section import at 0x15: expected the flags of a memory (0 to 7), got 0x08',
  ],
  [
    'an unknown kind of export',
    moduleOf([7, 1, 0, 9, 0]),
    'section export at 0x0c: expected a kind of export (0 to 4), got 0x09',
  ],
];

/** Types of imports, as bytes and as text. */
const externs: [bytes: number[], text: string | null][] = [
  [[0, 0], '() -> ()'],
  [[0, 7], null],
  [[1, 0x70, 0, 3], 'funcref, 3 to any elements'],
  [[1, 0x6f, 1, 3, 4], 'externref, 3 to 4 elements'],
  [[1, 0x63, 0x00, 0, 0], '(ref null 0), 0 to any elements'],
  [[2, 0, 2], '2 to any pages'],
  [[2, 3, 2, 3], '2 to 3 pages, shared'],
  [[2, 5, 2, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20], '2 to 1099511627776 pages, 64-bit'],
  [[3, 0x7f, 0], 'i32'],
  [[3, 0x7b, 1], 'mutable v128'],
  [[3, 0x64, 0x6f, 0], '(ref extern)'],
  [[3, 0x6e, 0], '(ref null any)'],
  [[4, 0, 0], '() -> ()'],
];

suite('wasm/reader', test => {
  test('reads the types of imported and exported functions', () => {
    const signatures = readSignatures(MODULE);
    equal(
      signatures?.imports.map(type => type && formatType(type)),
      ['(i32, f32) -> (i64)'],
    );
    equal(
      [...signatures!.exports].map(([name, type]) => `${name}${formatType(type)}`),
      ['none() -> ()', 'some(f64) -> (i32, i32)'],
    );
  });

  test('imports that are not functions keep their place', () => {
    // A table, a memory and a global of module "", then a function of type 0, which is () -> ().
    const entries = [
      [0, 1, 0x74, 1, 0x70, 0, 1],
      [0, 1, 0x6d, 2, 1, 1, 2],
      [0, 1, 0x67, 3, 0x7f, 0],
      [0, 1, 0x66, 0, 0],
    ];
    const bytes = moduleOf([1, 1, 0x60, 0, 0], [2, entries.length, ...entries.flat()]);
    ok(WebAssembly.validate(bytes));
    equal(
      readSignatures(bytes)?.imports.map(type => type && formatType(type)),
      [undefined, undefined, undefined, '() -> ()'],
    );
  });

  test('readSignatures returns null for unknown types', () => {
    is(readSignatures(moduleOf([1, 1, 0x5d])), null);
  });

  for (const [name, bytes, problem] of broken) {
    test(`reports the problem of ${name}`, () => {
      equal(
        readModule(bytes).problems.map(({ message }) => message),
        [problem],
      );
      ok(!WebAssembly.validate(bytes));
    });
  }

  for (const [bytes, text] of externs) {
    test(`reads the import ${bytes.map(byte => byte.toString(16)).join(' ')}`, () => {
      const { imports, problems } = readModule(importOf(...bytes));
      equal(problems, []);
      equal(imports.map(formatExtern), [text]);
    });
  }

  test('types of garbage collection take an index, but are not read as function types', () => {
    const struct = [0x5f, 2, 0x78, 1, 0x63, 0, 0];
    const array = [0x50, 1, 0, 0x5e, 0x7e, 0];
    const func = [0x60, 1, 0x64, 0, 1, 0x7f];
    const { types, problems } = readModule(moduleOf([1, 2, 0x4e, 2, ...struct, ...array, ...func]));
    equal(problems, []);
    equal(
      types.map(type => type && formatType(type)),
      [null, null, '((ref 0)) -> (i32)'],
    );
  });

  test('lists the readable items after an unknown type', () => {
    const { imports, exports, memories } = readModule(
      moduleOf(
        [1, 2, 0x60, 0, 0, 0x5d],
        [2, 2, 0, 1, 0x61, 0, 0, 0, 1, 0x62, 0, 1],
        [5, 1, 0, 3],
        [7, 2, 1, 0x66, 0, 1, 1, 0x6d, 2, 0],
      ),
    );
    equal(
      imports.map(({ name, ...item }) => [name, formatExtern(item)]),
      [
        ['a', '() -> ()'],
        ['b', null],
      ],
    );
    equal(
      exports.map(({ name, ...item }) => [name, formatExtern(item)]),
      [
        ['f', null],
        ['m', '3 to any pages'],
      ],
    );
    is(memories.length, 1);
  });

  test('leaves the type of an export unknown when imports could not be read', () => {
    const { exports } = readModule(
      moduleOf([1, 1, 0x60, 0, 0], [2, 1, 0, 1, 0x78, 9], [3, 1, 0], [7, 1, 1, 0x66, 0, 0]),
    );
    equal(exports, [{ name: 'f', kind: 'function', type: null }]);
  });

  test('lists sections with their names and places', () => {
    const bytes = moduleOf([0, 2, 0x68, 0x69, 7, 8, 9], [4, 1, 0x70, 0, 0], [6, 0], [0, 0], [8, 0]);
    const { sections, tables, globals, startSection } = readModule(bytes);
    equal(
      sections.map(({ name, id, offset, sizeBytes, contentsOffset }) =>
        [name, id, offset, sizeBytes, contentsOffset].join(' '),
      ),
      ['hi 0 8 8 13', 'table 4 16 6 18', 'global 6 22 3 24', ' 0 25 3 28', 'start 8 28 3 30'],
    );
    equal([tables, globals, startSection], [1, 0, true]);
  });

  test('reads no more types than engines allow, also when they come in groups', () => {
    const group = (count: number) => [0x4e, ...unsigned(count)];
    const most = Uint8Array.from({ length: 3_000_000 }, (_, index) => (index % 3 === 0 ? 0x60 : 0));
    const size = 1 + 2 * group(1_000_000).length + 2 * most.length;
    const bytes = new Uint8Array(WASM_HEADER.length + 5 + size);
    let at = 0;
    for (const part of [
      [...WASM_HEADER, 1, ...unsigned(size)],
      [2],
      group(1_000_000),
      most,
      group(1_000_000),
      most,
    ]) {
      bytes.set(part, at);
      at += part.length;
    }
    is(at, bytes.length);
    const { types, problems } = readModule(bytes);
    is(types.length, 1_000_000);
    match(problems[0]!.message, /^section type at 0x\w+: expected at most 1000000 types, got one more$/);
  });

  test('reads at most 100,000 sections', () => {
    const bytes = new Uint8Array(WASM_HEADER.length + 3 * 100_001);
    bytes.set(WASM_HEADER);
    for (let at = WASM_HEADER.length; at < bytes.length; at += 3) bytes[at + 1] = 1;
    const { sections, problems } = readModule(bytes);
    is(sections.length, 100_000);
    equal(
      problems.map(({ message }) => message),
      ['at 0x493e8: expected at most 100000 sections, got one more'],
    );
  });

  test('reads every part of a random module', () => {
    for (let seed = 0; seed < 100; seed++) {
      const { bytes, items } = randomModule(new Random(seed));
      ok(WebAssembly.validate(bytes), `seed ${seed}: the generated module is valid`);
      const { functions, memories, tables, globals, problems } = readModule(bytes);
      const read = { functions, memories, tables, globals, problems };
      const written = {
        functions: items.functions.map(type => items.types[type]!),
        memories: items.memories.map(({ imported, min, max = null }) => {
          return { imported, initialPages: min, maxPages: max, shared: false, is64: false };
        }),
        tables: items.tables.length,
        globals: items.globals.length,
        problems: [],
      };
      equal(read, written, `seed ${seed}`);
    }
  });

  test('never throws nor hangs on cut bytes', () => {
    const { bytes } = randomModule(new Random(1));
    for (let length = 0; length < bytes.length; length += length < 500 ? 1 : 7)
      checkRead(bytes.slice(0, length));
  });

  // Damaged bytes that the engine still accepts must be read without a problem, with the engine's result.
  for (const seed of [1, 2, 3]) {
    test(`reads damaged bytes as the engine does, or reports a problem (seed ${seed})`, () => {
      const random = new Random(seed);
      let accepted = 0;
      for (let round = 0; round < 200; round++) {
        const bytes = damage(random, randomModule(random).bytes);
        inContext(`seed ${seed}, round ${round}`, () => {
          if (checkRead(bytes)) accepted++;
        });
      }
      ok(accepted > 5, `only ${accepted} modules were accepted by the engine`);
    });
  }

  if (typeof host().readBytes !== 'function') {
    test.skip('a damaged plugin', 'this runtime has no file system to read fixtures from');
  } else {
    test('never throws on a damaged plugin (seed 4)', () => {
      const plugin = host().readBytes('fixtures/rust-pdk/rust_pdk.wasm');
      const random = new Random(4);
      for (let round = 0; round < 300; round++) {
        const bytes = plugin.slice();
        // Only the part with lists is damaged: the code and data after it are not read.
        for (let change = 0; change < 4; change++) bytes[8 + random.below(1600)] = random.below(256);
        inContext(`seed 4, round ${round}`, () => checkOutline(bytes, readModule(bytes)));
      }
    });
  }
});
