import {
  body as bodyOf,
  code,
  dataItem,
  encodeModule,
  exportItem,
  functionType,
  globalType,
  limits,
  unsigned,
} from '../../abi/encode.ts';
import { builtModule, createRecorder } from '../../src/audit/node.ts';
import { preparationOf, prepareModule } from '../../src/module/prepare.ts';
import { type CallError, CreateError, compilePlugin, type Plugin } from '../../src/node.ts';
import { begin, FRESH_EXPORTS } from '../../src/wasm/ask.ts';
import { addFresh, isOnlyFresh, removeFresh, whyNotFresh } from '../../src/wasm/fresh.ts';
import { addFuel } from '../../src/wasm/fuel.ts';
import { meter } from '../../src/wasm/meter.ts';
import { bytesEqual, equal, inContext, is, ok, raises } from '../helpers/assert.ts';
import { buildModule, type ModuleShape } from '../helpers/build-module.ts';
import { readCaseFile, readInstrumentedIndex } from '../helpers/cases.ts';
import { host } from '../helpers/host.ts';
import { createPlugin, suiteInModes } from '../helpers/modes.ts';
import { Random } from '../helpers/random.ts';
import { observe, randomModule } from '../helpers/random-module.ts';
import { checkSeededFaults } from '../helpers/seeded-faults.ts';
import { NOT_ALONE, stubsFor } from '../helpers/stubs.ts';
import { suite } from '../helpers/suite.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const fixture = (folder: string): Bytes =>
  host()
    .readBytes(`fixtures/${folder}/${readCaseFile(folder).wasm}`)
    .slice();

/** A module with one function, whose memory, table and globals are as given. */
const withBody = (body: readonly string[], shape: ModuleShape = {}): Bytes =>
  buildModule({ memoryPages: 1, ...shape, functions: [{ name: 'run', body }] });

const withGlobal = (type: 'f64' | 'funcref', first: string): Bytes =>
  encodeModule({ global: [[...globalType(type, true), ...code([first, 'end'])]] });

const withMemory = (memory: number[][]): Bytes => encodeModule({ memory });

const table = { name: 't', size: 2 };
const INEXACT: readonly [why: string, bytes: Bytes][] = [
  ['uses table.set, whose effect lasts', withBody(['i32.const 0', 'ref.null', 'table.set'], { table })],
  [
    'uses table.grow, whose effect lasts',
    withBody(['ref.null', 'i32.const 1', 'table.grow', 'drop'], { table }),
  ],
  [
    'uses table.fill, whose effect lasts',
    withBody(['i32.const 0', 'ref.null', 'i32.const 1', 'table.fill'], { table }),
  ],
  [
    'uses table.copy, whose effect lasts',
    withBody(['i32.const 0', 'i32.const 0', 'i32.const 1', 'table.copy 0 0'], { table }),
  ],
  [
    'uses data.drop, whose effect lasts',
    encodeModule({
      type: [functionType([], [])],
      function: [unsigned(0)],
      memory: [limits({ min: 1 })],
      'data count': [unsigned(1)],
      code: [bodyOf(['data.drop 0'])],
      data: [dataItem(null, [1])],
    }),
  ],
  ['has a global of type f64 that changes', withGlobal('f64', 'f64.const 0')],
  ['has a global of type funcref that changes', withGlobal('funcref', 'ref.null')],
  ['has several memories', withMemory([limits({ min: 1 }), limits({ min: 1 })])],
  ['has a memory with 64-bit addresses', withMemory([limits({ min: 1, is64: true })])],
  ['has a shared memory', withMemory([limits({ min: 1, max: 2, shared: true })])],
  [
    'already exports "plugboard.fresh.global.99"',
    encodeModule({
      type: [functionType([], [])],
      function: [unsigned(0)],
      memory: [limits({ min: 1 })],
      global: [[...globalType('i32', false), ...code(['i32.const 0', 'end'])]],
      export: [exportItem('run', 'function', 0), exportItem('plugboard.fresh.global.99', 'global', 0)],
      code: [bodyOf([])],
    }),
  ],
  ['imports its memory', buildModule({ imports: [{ module: 'a', name: 'm', kind: 'memory', pages: 1 }] })],
];

/** Grows, reads and writes a memory of 1 to 4 pages. */
const GROWING = buildModule({
  functions: [
    { name: 'size', results: ['i32'], body: ['memory.size'] },
    { name: 'grow', params: ['i32'], results: ['i32'], body: ['local.get 0', 'memory.grow'] },
    { name: 'read', params: ['i32'], results: ['i32'], body: ['local.get 0', 'i32.load8_u'] },
    { name: 'write', params: ['i32'], body: ['local.get 0', 'i32.const 7', 'i32.store8'] },
  ],
  memoryPages: 1,
  memoryMaxPages: 4,
});

interface Growing {
  size(): number;
  grow(pages: number): number;
  read(address: number): number;
  write(address: number): void;
}
const exportsOf = (bytes: Bytes) =>
  new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as Growing & WebAssembly.Exports;

suite('fresh in place: the transform', test => {
  for (const [why, bytes] of INEXACT) {
    test(`a module that ${why} stays as it is`, () => {
      is(whyNotFresh(bytes), why);
      is(addFresh(bytes), null);
    });
  }

  test('a memory grows as before, up to its maximum', () => {
    const [plain, fresh] = [exportsOf(GROWING), exportsOf(addFresh(GROWING)!)];
    for (const pages of [0, 1, 0, 3, -1, 0x7fff_ffff, 2, 1, 0]) {
      equal([fresh.grow(pages), fresh.size()], [plain.grow(pages), plain.size()], String(pages));
      is(fresh.memory instanceof WebAssembly.Memory, true);
    }
  });

  test.row('abi.fresh-grown', 'a memory that was put back grows over pages that are zero', () => {
    const fresh = exportsOf(addFresh(GROWING)!);
    is(fresh.grow(2), 1);
    fresh.write(2 * 65_536);
    const pages = fresh[FRESH_EXPORTS.pages] as WebAssembly.Global<'i32'>;
    pages.value = 1;
    new Uint8Array((fresh.memory as WebAssembly.Memory).buffer).fill(0);
    is(fresh.size(), 1);
    // Beyond its size, as docs/ABI.md says.
    is(fresh.read(2 * 65_536), 0);
    equal([fresh.grow(1), fresh.grow(2), fresh.grow(1), fresh.size()], [1, 2, -1, 4]);
  });

  test('the rest of the module stays byte for byte', () => {
    const shapes: ModuleShape[] = [
      {},
      { functions: [{ name: 'f', body: [] }], start: 0 },
      { memoryPages: 1, global: { name: 'n', value: 3 }, table },
      { imports: [{ module: 'a', name: 'g', kind: 'global', type: 'i32', mutable: true }], memoryPages: 2 },
    ];
    for (const bytes of [...shapes.map(buildModule), GROWING]) {
      const fresh = addFresh(bytes)!;
      ok(WebAssembly.validate(fresh));
      ok(isOnlyFresh(bytes, fresh));
      bytesEqual(removeFresh(fresh)!, bytes);
      is(addFresh(fresh), null);
    }
  });

  test('the checker finds a changed byte at every position', () => {
    const fresh = addFresh(GROWING)!;
    for (let at = 0; at < fresh.length; at++) {
      for (const bit of [1, 2, 0x80]) {
        const changed = fresh.slice();
        changed[at]! ^= bit;
        ok(!isOnlyFresh(GROWING, changed), `byte ${at}`);
      }
    }
    ok(!isOnlyFresh(GROWING, GROWING), 'nothing added');
  });

  test('500 seeded faults of the transform are found', () => {
    const originals = [fixture('vowels'), fixture('hostile'), GROWING, counting()];
    checkSeededFaults(originals.map(before => ({ before, after: addFresh(before)!, check: isOnlyFresh })));
  });

  test('random modules do the same, those that the host can change', () => {
    let changed = 0;
    for (let seed = 0; seed < 200; seed++) {
      inContext(`seed ${seed}`, () => {
        const { bytes } = randomModule(new Random(seed));
        const fresh = addFresh(bytes);
        if (!fresh) return;
        changed++;
        ok(isOnlyFresh(bytes, fresh), 'only additions');
        bytesEqual(removeFresh(fresh)!, bytes);
        equal(observe(bytes, fresh, begin), observe(bytes, bytes));
      });
    }
    ok(changed > 10, `${changed} modules`);
  });

  test('limits and fresh in any order are read from the bytes', () => {
    const bytes = fixture('vowels');
    const orders: [name: string, changed: Bytes | null][] = [
      ['fuel, checks, fresh', addFresh(meter(addFuel(bytes)!)!)],
      ['fresh, fuel, checks', meter(addFuel(addFresh(bytes)!)!)],
    ];
    for (const [name, changed] of orders) {
      const { hasFuel, hasChecks, hasFresh } = preparationOf(changed!);
      equal([hasFuel, hasChecks, hasFresh], [true, true, true], name);
    }
    equal(preparationOf(bytes).hasFresh, false);
  });

  test('plugboard prepare --fresh names the reason where it is not exact', async () => {
    const prepared = prepareModule(fixture('vowels'), { time: false, fresh: true });
    equal(preparationOf(prepared).hasFresh, true);
    const [why, bytes] = INEXACT[0]!;
    await raises(() => prepareModule(bytes, { time: false, fresh: true }), {
      code: 'UNSUPPORTED',
      message: `prepare: its state cannot be put back in place: it ${why}`,
    });
  });
});

const ENV = 'extism:host/env';
const imported = (name: string, params: ('i64' | 'i32')[], results: 'i64'[] = []) => ({
  module: ENV,
  name,
  params,
  results,
});
/** Adds 1 to a global and to a byte, grows its memory by a page and writes there. Returns all that it found, in one number. */
const COUNT = [
  ...['global.get 0', 'i32.const 1', 'i32.add', 'global.set 0'],
  ...['i32.const 8', 'i32.const 8', 'i32.load8_u', 'i32.const 1', 'i32.add', 'i32.store8'],
  ...['i32.const 1', 'memory.grow', 'local.set 0'],
  // The byte of the new page, before and after.
  ...['local.get 0', 'i32.const 16', 'i32.shl', 'i32.load8_u', 'local.set 1'],
  ...['local.get 0', 'i32.const 16', 'i32.shl', 'i32.const 5', 'i32.store8'],
  ...['i64.const 8', 'call alloc', 'local.set 2', 'local.get 2'],
  ...['global.get 0', 'i32.const 8', 'i32.load8_u', 'i32.const 8', 'i32.shl', 'i32.or'],
  ...['local.get 0', 'i32.const 16', 'i32.shl', 'i32.or', 'local.get 1', 'i32.const 24', 'i32.shl', 'i32.or'],
  ...['i64.extend_i32_u', 'call store_u64', 'local.get 2', 'i64.const 8', 'call output_set'],
];
const counting = (shape: ModuleShape = {}): Bytes =>
  buildModule({
    imports: [
      imported('alloc', ['i64'], ['i64']),
      imported('store_u64', ['i64', 'i64']),
      imported('output_set', ['i64', 'i64']),
    ],
    functions: [
      { name: 'count', body: COUNT, locals: ['i32', 'i32', 'i64'] },
      { name: 'trap', body: ['i32.const 9', 'global.set 0', 'unreachable'] },
      { name: 'start', body: ['i32.const 40', 'global.set 0'] },
    ],
    global: { name: 'n', value: 0 },
    memoryPages: 1,
    start: 5,
    ...shape,
  });
/** Global 41, byte 1, page 1, and a new page of zeroes. */
const FIRST = [41, 1, 1, 0];

const found = async (plugin: Plugin): Promise<number[]> => [
  ...(await plugin.call('count'))!.bytes().subarray(0, 4),
];

suiteInModes("isolation: 'fresh'", (test, mode) => {
  const inPlace =
    mode === 'on this thread' ? { inPlace: true, why: null } : { inPlace: false, why: 'it runs in a worker' };
  const table = { name: 't', size: 1 };
  const plugins: [name: string, bytes: Bytes, report: object][] = [
    ['in place', counting(), inPlace],
    [
      'by a new instance',
      counting({
        table,
        functions: [
          { name: 'count', body: COUNT, locals: ['i32', 'i32', 'i64'] },
          { name: 'trap', body: ['i32.const 9', 'global.set 0', 'unreachable'] },
          { name: 'start', body: ['i32.const 40', 'global.set 0'] },
          { name: 'other', body: ['i32.const 0', 'ref.null', 'table.set'] },
        ],
      }),
      mode === 'on this thread'
        ? { inPlace: false, why: 'module "main" uses table.set, whose effect lasts' }
        : inPlace,
    ],
  ];
  for (const [name, bytes, report] of plugins) {
    test(`each call begins as the first one, ${name}, also after a trap`, async () => {
      const plugin = await createPlugin(bytes, { isolation: 'fresh', vars: { a: '1' } });
      equal(plugin.report.fresh, report);
      for (let call = 0; call < 3; call++) equal(await found(plugin), FIRST);
      await raises(() => plugin.call('trap'), { code: 'TRAP' });
      equal(await found(plugin), FIRST);
      plugin.setVar('b', '2');
      equal(await found(plugin), FIRST);
      equal([...plugin.vars.keys()], ['a']);
      await plugin.close();
    });
  }

  test('the error of a call has no lines that a call before it printed', async () => {
    const types = ['i32', 'i32', 'i32', 'i32'] as const;
    const print = (stream: number) => [
      ...['i32.const 0', 'i32.const 16', 'i32.store', 'i32.const 4', 'i32.const 2', 'i32.store'],
      ...[`i32.const ${stream}`, 'i32.const 0', 'i32.const 1', 'i32.const 8', 'call fd_write', 'drop'],
    ];
    const bytes = buildModule({
      imports: [{ module: 'wasi_snapshot_preview1', name: 'fd_write', params: types, results: ['i32'] }],
      functions: [
        { name: 'print', body: ['i32.const 16', 'i32.const 0x0a41', 'i32.store', ...print(1), ...print(2)] },
        { name: 'begin', body: ['i32.const 16', 'i32.const 0x4242', 'i32.store', ...print(1)] },
        { name: 'trap', body: ['unreachable'] },
      ],
      memoryPages: 1,
    });
    const lines: string[] = [];
    const plugin = await createPlugin(bytes, { isolation: 'fresh', stdout: line => void lines.push(line) });
    await plugin.call('print');
    await plugin.call('begin');
    const linesOfTrap = async () => {
      const { stdout, stderr } = (await raises(() => plugin.call('trap'), { code: 'TRAP' })) as CallError;
      return [stdout, stderr];
    };
    equal(await linesOfTrap(), [[], []]);
    if (mode === 'on this thread') {
      ((await plugin.getInstance()).exports.begin as () => void)();
      equal(await linesOfTrap(), [[], []]);
    }
    equal(lines, ['A', 'BB', ...(mode === 'on this thread' ? ['BB'] : [])]);
    await plugin.close();
  });

  test('without it a call goes on from the one before', async () => {
    const plugin = await createPlugin(counting());
    is(plugin.report.fresh, null);
    await found(plugin);
    equal(await found(plugin), [42, 2, 2, 0]);
    await plugin.close();
  });

  test('limits of memory, fuel and time count each call alone', async () => {
    const plugin = await createPlugin(counting(), {
      isolation: 'fresh',
      memory: { max_pages: 1 },
      limits: { fuel: 100_000, memoryPages: 20 },
      timeoutMs: 10_000,
      timeoutBy: 'checks',
    });
    const fuel = new Set<number | null>();
    for (let call = 0; call < 3; call++) {
      equal(await found(plugin), FIRST);
      fuel.add(plugin.fuelUsed);
    }
    is(fuel.size, 1);
    await plugin.close();
  });
});

suite("isolation: 'fresh' on this thread", test => {
  test('an instance that was handed out is put back before the next call', async () => {
    const plugin = await createPlugin(counting(), { isolation: 'fresh' });
    const { n } = (await plugin.getInstance()).exports as { n: WebAssembly.Global<'i32'> };
    n.value = 7;
    equal(await found(plugin), FIRST);
    is((await plugin.getInstance()).exports.n, n);
    is(n.value, 40);
    await plugin.close();
  });

  test('a global of the plugin under a name of the host is left alone', async () => {
    const [why, bytes] = INEXACT.find(([text]) => text.includes('global.99'))!;
    const plugin = await createPlugin(bytes, { isolation: 'fresh' });
    equal(plugin.report.fresh, { inPlace: false, why: `module "main" ${why}` });
    for (let call = 0; call < 2; call++) is(await plugin.call('run'), null);
    await plugin.close();
  });

  test('a memory that another module imports grows for both, within the limits', async () => {
    const lib = buildModule({
      memoryPages: 1,
      functions: [{ name: 'size', results: ['i32'], body: ['memory.size'] }],
    });
    const main = buildModule({
      imports: [
        { module: 'lib', name: 'memory', kind: 'memory', pages: 1 },
        { module: 'lib', name: 'size', results: ['i32'] },
      ],
      functions: [{ name: 'grow', results: ['i32'], body: ['i32.const 3', 'memory.grow', 'drop', 'call 0'] }],
    });
    const linked = (data: Bytes) => ({ wasm: [{ name: 'lib', data }, { data: main }] });
    const plugin = await createPlugin(linked(lib), { isolation: 'fresh', memory: { max_pages: 3 } });
    is(plugin.report.fresh?.why, 'module "lib" shares a memory');
    for (let call = 0; call < 2; call++)
      await raises(() => plugin.call('grow'), { code: 'NONZERO_RESULT', message: 'code: 4' });
    is(plugin.memory.pluginPages, 4);
    await plugin.close();
    const limited = await createPlugin(linked(lib), { isolation: 'fresh', memory: { max_pages: 2 } });
    await raises(() => limited.call('grow'), { code: 'NONZERO_RESULT', message: 'code: 1' });
    await limited.close();
    await raises(() => createPlugin(linked(prepareModule(lib, { time: false, fresh: true }))), {
      code: 'UNRESOLVED_IMPORTS',
      message: 'lib.memory: memory of a module prepared with --fresh',
    });
  });

  test('a recorder is refused', async () => {
    const record = createRecorder();
    await raises(() => createPlugin(counting(), { isolation: 'fresh', record }), {
      code: 'UNSUPPORTED',
      message: "isolation: 'fresh' cannot be recorded",
    });
  });

  test('a compiled module is put back in place only if it was prepared', async () => {
    const module = (bytes: Bytes) => new WebAssembly.Module(bytes);
    const plain = await createPlugin(module(counting()), { isolation: 'fresh' });
    equal(plain.report.fresh, {
      inPlace: false,
      why: 'module "main" came compiled, and was not prepared (see plugboard prepare --fresh)',
    });
    const bytes = prepareModule(counting(), { time: false, fresh: true });
    const facts = { sha256: '0'.repeat(64), fileSha256: '0'.repeat(64), prepared: preparationOf(bytes) };
    const prepared = await createPlugin(builtModule(module(bytes), facts), { isolation: 'fresh' });
    equal(prepared.report.fresh, { inPlace: true, why: null });
    for (const plugin of [plain, prepared]) {
      for (let call = 0; call < 2; call++) equal(await found(plugin), FIRST);
      await plugin.close();
    }
  });

  test('a memory that one call made large is replaced by a new instance', async () => {
    const large = counting({
      functions: [
        { name: 'count', body: COUNT, locals: ['i32', 'i32', 'i64'] },
        { name: 'grow', body: ['i32.const 2000', 'memory.grow', 'drop'] },
        { name: 'start', body: ['i32.const 40', 'global.set 0'] },
      ],
    });
    const plugin = await createPlugin(large, { isolation: 'fresh' });
    const before = await plugin.getInstance();
    await plugin.call('grow');
    is(plugin.memory.pluginPages, 2001);
    equal(await found(plugin), FIRST);
    is(plugin.memory.pluginPages, 2);
    ok((await plugin.getInstance()) !== before);
    await plugin.close();
  });
});

suite("isolation: 'fresh' over the fixtures", test => {
  /** Fixtures that were put back in place. */
  let inPlace = 0;
  for (const folder of readInstrumentedIndex()) {
    test(`${folder}: fresh calls end as those of new plugins`, async () => {
      const bytes = fixture(folder);
      const { cases } = readCaseFile(folder);
      const calls = cases.flatMap(({ calls = [] }) => calls);
      const functions = stubsFor(bytes);
      // Outputs that differ between two new plugins are left out. Units of fuel may be equal by chance, where random bytes choose the way.
      const isFixed = !WebAssembly.Module.imports(new WebAssembly.Module(bytes)).some(({ name }) =>
        ['random_get', 'clock_time_get', 'poll_oneoff'].includes(name),
      );
      const options = {
        functions,
        vars: {},
        config: { key: 'value' },
        limits: { fuel: 2_000_000 },
        memory: { maxPages: 100 },
      } as const;
      const end = async (plugin: Plugin, name: string, input: Uint8Array) => {
        try {
          const output = await plugin.call(name, input);
          return [output && [...output.bytes()], isFixed && plugin.fuelUsed];
        } catch (error) {
          const { code, message } = error as { code?: string; message: string };
          return [code, message];
        }
      };
      try {
        const compiled = await compilePlugin(bytes, options);
        const fresh = await compiled.instantiate({ isolation: 'fresh' });
        if (fresh.report.fresh?.inPlace) inPlace++;
        const onNew = async (name: string, input: Uint8Array) => {
          const plugin = await compiled.instantiate();
          const ended = await end(plugin, name, input);
          await plugin.close();
          return ended;
        };
        for (const { function: name, input } of calls.slice(0, host().thorough ? 12 : 6)) {
          const text = input && 'text' in input ? input.text : 'Hello, 12 aäö';
          const given = new TextEncoder().encode(text);
          const [one, two] = [await onNew(name, given), await onNew(name, given)];
          const own = await end(fresh, name, given);
          if (JSON.stringify(one) === JSON.stringify(two)) equal(own, one, `${name} of ${text.slice(0, 40)}`);
        }
        await fresh.close();
      } catch (error) {
        if (!(error instanceof CreateError && NOT_ALONE.includes(error.code))) throw error;
      }
    });
  }

  test('most fixtures are put back in place', () => {
    ok(inPlace > 25, `${inPlace} fixtures`);
  });
});
