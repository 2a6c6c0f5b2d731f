import {
  body,
  code,
  encodeModule,
  exportItem,
  functionType,
  globalType,
  limits,
  tableType,
  unsigned,
} from '../../abi/encode.ts';
import { compileAccessors } from '../../abi/index.ts';
import { builtModule } from '../../src/audit/node.ts';
import { preparationOf, prepareModule } from '../../src/module/prepare.ts';
import { compilePlugin, type Manifest, type PluginOptions } from '../../src/node.ts';
import { capTotal, footprintOf, isOnlyCapped } from '../../src/wasm/cap-memory.ts';
import { readModule } from '../../src/wasm/reader.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { readCaseFile, readIndex } from '../helpers/cases.ts';
import { host } from '../helpers/host.ts';
import { createPlugin, suiteInModes } from '../helpers/modes.ts';
import { suite } from '../helpers/suite.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const growBy = (pages: number) => [`i32.const ${pages}`, 'memory.grow'];
const alloc = { module: 'extism:host/env', name: 'alloc', params: ['i64'], results: ['i64'] } as const;
/** 192 KiB: three pages. */
const ALLOCATE = ['i64.const 196608', 'call 0', 'drop'];
const WASM = buildModule({
  imports: [alloc],
  memoryPages: 2,
  functions: [
    { name: 'grow', results: ['i32'], body: growBy(3) },
    { name: 'grow_or_trap', body: [...growBy(9), 'i32.const -1', 'i32.eq', 'if', 'unreachable', 'end'] },
    { name: 'alloc', body: ALLOCATE },
    { name: 'both', body: [...growBy(3), 'drop', ...ALLOCATE] },
    { name: 'other_way', body: [...ALLOCATE, ...growBy(3), 'drop'] },
    { name: 'size', results: ['i32'], body: ['memory.size'] },
  ],
});

/** A module of memories, tables and globals, with their sizes. Only the first memories are exported. */
interface Shape {
  memories?: readonly (readonly [pages: number, max?: number])[];
  exported?: number;
  tables?: readonly (readonly [elements: number, max?: number])[];
  globals?: number;
}
const moduleOf = ({ memories = [], exported = 0, tables = [], globals = 0 }: Shape): Bytes =>
  encodeModule({
    type: [functionType([], ['i32'])],
    function: [unsigned(0), unsigned(0)],
    table: tables.map(([min, max]) => tableType({ min, max })),
    memory: memories.map(([min, max]) => limits({ min, max })),
    global: Array.from({ length: globals }, () => [
      ...globalType('i64', true),
      ...code(['i64.const 0', 'end']),
    ]),
    export: [
      exportItem('grow_table', 'function', 0),
      exportItem('grow', 'function', 1),
      ...memories.slice(0, exported).map((_, index) => exportItem(`m${index}`, 'memory', index)),
    ],
    code: [
      body(tables.length > 0 ? ['ref.null', 'i32.const 1', 'table.grow 0'] : ['i32.const 7']),
      body(memories.length > 0 ? growBy(1) : ['i32.const 7']),
    ],
  });
const maximumsOf = (bytes: Bytes) => readModule(bytes).memories.map(({ maxPages }) => maxPages);

/** Modules with the limit, and then the maximums of their memories, the pages at the start, and those that are hidden. */
const CAPS: readonly [
  name: string,
  shape: Shape,
  limit: number,
  maximums: number[],
  start: number,
  hidden: number,
][] = [
  ['one memory', { memories: [[2]], exported: 1 }, 10, [10], 2, 0],
  ['a memory with a lower maximum', { memories: [[2, 4]], exported: 1 }, 10, [4], 2, 0],
  ['a memory that is not exported', { memories: [[2]] }, 10, [2], 2, 2],
  ['a memory and a table of 2 pages', { memories: [[2]], exported: 1, tables: [[16_384]] }, 10, [8], 4, 2],
  [
    'small tables and few globals',
    { memories: [[1]], exported: 1, tables: [[9], [9]], globals: 9 },
    10,
    [10],
    1,
    0,
  ],
  ['many small tables', { memories: [[1]], exported: 1, tables: Array(9).fill([1000, 5000]) }, 10, [9], 2, 1],
  ['20,480 globals', { memories: [[1]], exported: 1, globals: 20_480 }, 10, [5], 6, 5],
  ['several memories, in their order', { memories: [[1, 4], [1], [1]], exported: 3 }, 10, [4, 5, 1], 3, 0],
  ['a memory with its limit', { memories: [[10]], exported: 1 }, 10, [10], 10, 0],
];

suite('cap total', test => {
  for (const [name, shape, limit, maximums, startPages, hiddenPages] of CAPS) {
    test(`${name}: the rest stays byte for byte`, () => {
      const bytes = moduleOf(shape);
      const capped = capTotal(bytes, limit)!;
      equal(maximumsOf(capped), maximums);
      ok(isOnlyCapped(bytes, capped));
      is(WebAssembly.validate(capped), WebAssembly.validate(bytes));
      const footprint = footprintOf(capped)!;
      equal([footprint.startPages, footprint.hiddenPages], [startPages, hiddenPages]);
      ok(footprint.maxPages <= limit);
    });
  }

  test('the checker finds a changed byte at every position', () => {
    const bytes = moduleOf({ memories: [[2, 100]], exported: 1, tables: [[3, 9]], globals: 1 });
    const capped = capTotal(bytes, 5)!;
    const { sections } = readModule(capped);
    // Only maximums may differ: each is the last byte of its section here.
    const free = sections
      .filter(({ id }) => id === 4 || id === 5)
      .map(({ offset, sizeBytes }) => offset + sizeBytes - 1);
    for (let at = 0; at < capped.length; at++) {
      const changed = capped.slice();
      changed[at]! ^= 0x40;
      if (!free.includes(at)) ok(!isOnlyCapped(bytes, changed), `byte ${at}`);
    }
    ok(!isOnlyCapped(capped, bytes), 'a higher maximum');
  });

  test('a module that cannot be read is not changed', () => {
    is(capTotal(Uint8Array.of(1, 2, 3), 9), null);
    is(footprintOf(Uint8Array.of(1, 2, 3)), null);
  });

  for (const folder of readIndex()) {
    test(`the plugin ${folder} stays valid, and its maximum is known`, () => {
      const bytes = host().readBytes(`fixtures/${folder}/${readCaseFile(folder).wasm}`) as Bytes;
      const { startPages } = footprintOf(bytes)!;
      const capped = capTotal(bytes, startPages + 10)!;
      ok(WebAssembly.validate(capped));
      ok(isOnlyCapped(bytes, capped));
      ok(footprintOf(capped)!.maxPages <= startPages + 10);
    });
  }
});

const create = (memoryPages: number, source: Bytes | Manifest = WASM, options: PluginOptions = {}) =>
  createPlugin(source, { ...options, limits: { memoryPages } });
const results = (code: number) => ({ code: 'NONZERO_RESULT', message: `code: ${code}` });

suiteInModes('limits.memoryPages', test => {
  test.row('budget.memoryPages', 'the memory of the plugin grows up to the limit', async () => {
    const plugin = await create(5);
    await raises(() => plugin.call('grow'), results(2));
    await raises(() => plugin.call('grow'), results(-1));
    await raises(() => plugin.call('size'), results(5));
    equal(plugin.memory.pluginPages, 5);
    equal(plugin.report.memory, { limitPages: 5, startPages: 2, hiddenPages: 0 });
  });

  test.row(
    'budget.memoryPages',
    'kernel memory gets the pages with which the plugin does not start',
    async () => {
      is(await (await create(5)).call('alloc'), null);
      await raises(async () => (await create(4)).call('alloc'), {
        code: 'MEMORY_LIMIT',
        message: 'limits.memoryPages',
      });
      await raises(async () => (await create(4)).call('size', new Uint8Array(3 * 65_536)), {
        code: 'MEMORY_LIMIT',
      });
    },
  );

  for (const name of ['both', 'other_way']) {
    test.row(
      'budget.memoryPages',
      `${name}: plugin and kernel over the limit together fail the call`,
      async () => {
        const plugin = await create(7);
        await raises(() => plugin.call(name), {
          code: 'MEMORY_LIMIT',
          message: `${name}: the plugin takes 5 pages and the kernel 3, together over the limit of 7 pages (limits.memoryPages)`,
        });
        await raises(() => plugin.call('size'), results(2));
        is(await plugin.call('alloc'), null);
        is(await (await create(8)).call(name), null);
      },
    );
  }

  test('the error of a trap near the limit says that the limit may be the cause', async () => {
    await raises(async () => (await create(3)).call('grow_or_trap'), {
      code: 'TRAP',
      message: /its memory has 2 pages under a limit of 3 pages \(limits\.memoryPages\), which may be why/,
    });
  });

  test.row('budget.memoryPages', 'a plugin that starts with more is refused', async () => {
    const rows: readonly [Shape, number][] = [
      [{ memories: [[4]], exported: 1 }, 3],
      [{ memories: [[4]] }, 3],
      [{ tables: [[10_000_000]] }, 1000],
      [{ tables: Array(100).fill([100_000]) }, 1000],
      [{ globals: 8192 }, 1],
    ];
    for (const [shape, limit] of rows) {
      const wasm = moduleOf(shape);
      const { startPages } = footprintOf(wasm)!;
      await raises(() => create(limit, wasm), {
        code: 'MEMORY_LIMIT',
        message: `the plugin starts with ${startPages} pages of memories, tables and globals (module "main": ${startPages}), over the limit of ${limit} pages`,
      });
    }
  });

  test('tables, and memories that are not exported, cannot grow', async () => {
    const plugin = await create(100, moduleOf({ memories: [[1]], tables: [[1]] }));
    await raises(() => plugin.call('grow_table'), results(-1));
    await raises(() => plugin.call('grow'), results(-1));
    const exported = await create(100, moduleOf({ memories: [[1]], exported: 1, tables: [[1, 99]] }));
    await raises(() => exported.call('grow'), results(1));
    await raises(() => exported.call('grow_table'), results(-1));
  });

  test('the modules of a plugin have one limit together, and an imported memory counts once', async () => {
    const main = buildModule({
      imports: [
        { module: 'lib', name: 'memory', kind: 'memory', pages: 2 },
        { module: 'lib', name: 'grow', results: ['i32'] },
      ],
      functions: [
        { name: 'run', body: ['call 0', 'drop'] },
        { name: 'size', results: ['i32'], body: ['memory.size'] },
      ],
      reexportedMemory: 'memory',
    });
    const lib = buildModule({
      memoryPages: 2,
      functions: [{ name: 'grow', results: ['i32'], body: growBy(3) }],
    });
    const other = buildModule({ memoryPages: 3 });
    const manifest = {
      wasm: [
        { name: 'lib', data: lib },
        { name: 'other', data: other },
        { name: 'main', data: main },
      ],
    };
    await raises(() => create(4, manifest), {
      code: 'MEMORY_LIMIT',
      message:
        'starts with 5 pages of memories, tables and globals (module "lib": 2, module "other": 3, module "main": 0)',
    });
    const small = await create(7, manifest);
    await raises(() => small.call('run'), {
      code: 'MEMORY_LIMIT',
      message: 'the plugin takes 8 pages and the kernel 0, together over the limit of 7 pages',
    });
    await raises(() => small.call('size'), results(2));
    const large = await create(8, manifest);
    await large.call('run');
    is(large.memory.pluginPages, 8);
  });

  test('it works beside other limits, and the lowest of them counts', async () => {
    const plugin = await createPlugin(WASM, {
      memory: { max_pages: 4, maxPages: 1 },
      limits: { memoryPages: 9, fuel: 9999 },
    });
    await raises(() => plugin.call('alloc'), { code: 'MEMORY_LIMIT' });
    await raises(() => plugin.call('grow'), results(2));
    await raises(() => plugin.call('grow'), results(-1));
  });
});

suite('limits.memoryPages of compiled modules', test => {
  test('each limit of a compiled plugin compiles its modules once more', async () => {
    const compiled = await compilePlugin(WASM, { limits: { memoryPages: 9 } });
    for (const [memoryPages, result] of [
      [4, -1],
      [5, 2],
    ] as const) {
      const plugin = await compiled.instantiate({ limits: { memoryPages } });
      await raises(() => plugin.call('grow'), results(result));
      await plugin.close();
    }
  });

  test('a prepared module keeps its limit with fuel, and no lower one', async () => {
    if (!compileAccessors()) return;
    const prepared = prepareModule(WASM, { memoryPages: 5, fuel: true, time: true });
    const facts = { sha256: '0'.repeat(64), fileSha256: '0'.repeat(64), prepared: preparationOf(prepared) };
    const { startPages, maxPages, hiddenPages } = facts.prepared;
    equal([startPages, maxPages, hiddenPages], [2, 5, 0]);
    const compiled = builtModule(new WebAssembly.Module(prepared), facts);
    for (const source of [prepared, compiled]) {
      const plugin = await createPlugin(source, { limits: { memoryPages: 5, fuel: 100_000 } });
      await raises(() => plugin.call('grow'), results(2));
      await raises(() => plugin.call('grow'), results(-1));
      await raises(() => plugin.call('alloc'), { code: 'MEMORY_LIMIT' });
      await plugin.close();
    }
    await raises(() => createPlugin(compiled, { limits: { memoryPages: 4 } }), {
      code: 'UNSUPPORTED',
      message: 'limits.memoryPages cannot be honoured',
    });
    await raises(() => createPlugin(new WebAssembly.Module(WASM), { limits: { memoryPages: 99 } }), {
      code: 'UNSUPPORTED',
      message: 'came compiled, and only its bytes can be changed',
    });
    const over = async () => prepareModule(WASM, { memoryPages: 1, time: false });
    await raises(over, { code: 'MEMORY_LIMIT', message: 'starts with 2 pages' });
  });
});
