import {
  body as bodyOf,
  dataItem,
  encodeModule,
  exportItem,
  functionType,
  limits,
  tableType,
  unsigned,
} from '../../abi/encode.ts';
import { compileAccessors } from '../../abi/index.ts';
import { builtModule } from '../../src/audit/node.ts';
import { preparationOf, prepareModule } from '../../src/module/prepare.ts';
import { createPlugin, type Plugin, type PluginOptions } from '../../src/node.ts';
import { Fuel } from '../../src/run/fuel.ts';
import { type Exchange, FUEL_EXPORTS, fill } from '../../src/wasm/ask.ts';
import { addFuel, isOnlyFuelled, removeFuel } from '../../src/wasm/fuel.ts';
import { isOnlyMetered, meter, unmeter } from '../../src/wasm/meter.ts';
import { bytesEqual, equal, inContext, is, ok, raises, throws } from '../helpers/assert.ts';
import { buildModule, type ModuleShape } from '../helpers/build-module.ts';
import { readCaseFile, readIndex } from '../helpers/cases.ts';
import { host } from '../helpers/host.ts';
import { Random } from '../helpers/random.ts';
import { observe, randomModule } from '../helpers/random-module.ts';
import { checkSeededFaults } from '../helpers/seeded-faults.ts';
import { suite } from '../helpers/suite.ts';
import { lackingMode, TEXT_MODES } from '../helpers/text-plugin.ts';

type Bytes = Uint8Array<ArrayBuffer>;
const forever = ['loop', 'br 0', 'end'];

/** Runs the export `run` of a module with so much fuel. Returns the units that it used, and whether it trapped. */
function burn(bytes: Bytes, limit: number = Number.MAX_SAFE_INTEGER): [used: number, end: string] {
  let exchange!: Exchange;
  const instance = new WebAssembly.Instance(new WebAssembly.Module(addFuel(bytes)!));
  fill(instance, counter => {
    exchange = counter;
  });
  exchange(limit);
  let end = 'returned';
  try {
    (instance.exports.run as () => void)();
  } catch {
    end = 'trapped';
  }
  return [limit - exchange(0), end];
}

const LOCALS = ['i32'] as const;
const count = (times: number) => [
  ...[`i32.const ${times}`, 'local.set 0', 'loop'],
  ...['local.get 0', 'i32.const -1', 'i32.add', 'local.tee 0', 'br_if 0', 'end'],
];

/** Bodies with the units that they use: 1 for the entry, 1 for each loop turn, 1 for each instruction without structure. */
const BODIES: readonly [name: string, body: readonly string[], units: number][] = [
  ['nothing', [], 1],
  ['two instructions', ['i32.const 1', 'drop'], 3],
  ['structure', ['nop', 'block', 'block', 'nop', 'end', 'end'], 1],
  ['a loop of 10 turns', count(10), 1 + 2 + 10 * 6],
  [
    'the taken arm of an if',
    [
      'i32.const 1',
      'if',
      'nop',
      'i32.const 1',
      'drop',
      'else',
      'i32.const 1',
      'drop',
      'i32.const 2',
      'drop',
      'end',
    ],
    1 + 2 + 2,
  ],
  [
    'the other arm',
    ['i32.const 0', 'if', 'i32.const 1', 'drop', 'else', 'i32.const 1', 'drop', 'i32.const 2', 'drop', 'end'],
    1 + 2 + 4,
  ],
  ['code after a branch', ['block', 'br 0', 'i32.const 1', 'drop', 'end'], 1 + 1],
  [
    'code after a branch that is not taken',
    ['block', 'i32.const 0', 'br_if 0', 'i32.const 1', 'drop', 'end'],
    1 + 2 + 2,
  ],
  [
    'a branch table',
    ['block', 'block', 'i32.const 1', 'br_table 0 1', 'end', 'i32.const 1', 'drop', 'end'],
    1 + 2,
  ],
  ['a return', ['return', 'i32.const 1', 'drop'], 1 + 1],
  ['a call', ['call 1'], 1 + 1 + 1],
  ['a fill of 1,600 bytes', ['i32.const 0', 'i32.const 1', 'i32.const 1600', 'memory.fill'], 1 + 4 + 100],
  ['a fill of 15 bytes', ['i32.const 0', 'i32.const 1', 'i32.const 15', 'memory.fill'], 1 + 4],
  ['a copy of a page', ['i32.const 0', 'i32.const 0', 'i32.const 65536', 'memory.copy'], 1 + 4 + 4096],
  ['a fill of 10 elements', ['i32.const 0', 'ref.null', 'i32.const 10', 'table.fill'], 1 + 4 + 10],
  ['a memory that grows', ['i32.const 1', 'memory.grow', 'drop'], 1 + 2 + 4096],
  ['a memory that cannot grow', ['i32.const 60000', 'memory.grow', 'drop'], 1 + 2 + 4096],
];
const moduleOf = (body: readonly string[]) =>
  buildModule({
    functions: [
      { name: 'run', body, locals: LOCALS },
      { name: 'other', body: [] },
    ],
    memoryPages: 1,
    memoryMaxPages: 3,
    table: { name: 't', size: 20 },
  });

const KINDS: ModuleShape = {
  imports: [
    { module: 'a', name: 'f', params: ['i64'] },
    { module: 'a', name: 't', kind: 'table', size: 1 },
    { module: 'a', name: 'g', kind: 'global', type: 'i32' },
  ],
  functions: [
    {
      name: 'f',
      body: [...forever, 'i32.const 0', 'i32.const 1', 'i32.const 1600', 'memory.fill', ...forever],
    },
    { name: 'g', results: ['i32'], body: ['i32.const 3'] },
  ],
  memoryPages: 1,
  global: { name: 'n', value: 3 },
  table: { name: 't', size: 3 },
  start: 1,
};

suite('fuel', test => {
  for (const [name, body, units] of BODIES) {
    test(`${name}: ${units} units, and with one less it traps or is found over`, () => {
      const bytes = moduleOf(body);
      equal(burn(bytes), [units, 'returned']);
      equal(burn(bytes, units), [units, 'returned']);
      ok(burn(bytes, units - 1)[0] > units - 1);
    });
  }

  const LONG: readonly [name: string, body: readonly string[], units: number][] = [
    ['a fill of a memory', ['i64.const 0', 'i32.const 1', 'i64.const 1600', 'memory.fill'], 105],
    ['a fill of a table', ['i64.const 0', 'ref.null', 'i64.const 10', 'table.fill'], 15],
    ['a copy of a table', ['i64.const 0', 'i64.const 0', 'i64.const 10', 'table.copy'], 15],
    ['a copy to a shorter table', ['i32.const 0', 'i64.const 0', 'i32.const 10', 'table.copy 1 0'], 15],
  ];
  for (const [name, body, units] of LONG) {
    test(`${name} with 64-bit addresses is charged by its length`, () => {
      const bytes = encodeModule({
        type: [functionType([], [])],
        function: [unsigned(0)],
        table: [tableType({ min: 20, is64: true }), tableType({ min: 20 })],
        memory: [limits({ min: 1, is64: true })],
        export: [exportItem('run', 'function', 0)],
        code: [bodyOf(body)],
      });
      const fuelled = addFuel(bytes)!;
      ok(isOnlyFuelled(bytes, fuelled));
      const engine = [bytes, fuelled].map(module => WebAssembly.validate(module));
      is(engine[0], engine[1]);
      // An engine without 64-bit tables refuses the module, with fuel or without.
      if (engine[0]) equal(burn(bytes), [units, 'returned']);
    });
  }

  test('endless code traps: loops, recursion and bulk instructions', () => {
    for (const body of [
      forever,
      ['call 0'],
      ['loop', 'i32.const 0', 'i32.const 0', 'i32.const 65536', 'memory.fill', 'br 0', 'end'],
    ]) {
      const [used, end] = burn(moduleOf(body), 10_000);
      is(end, 'trapped');
      ok(used > 10_000 && used < 20_000, `${used} units`);
    }
  });

  test('code that runs on after it was cut is cut again', () => {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(addFuel(moduleOf(forever))!));
    (instance.exports[FUEL_EXPORTS.exchange] as Exchange)(1000);
    for (let turn = 0; turn < 3; turn++) throws(instance.exports.run as () => void);
  });

  test('the rest of the module stays byte for byte', () => {
    for (const shape of [{}, KINDS, { functions: [{ name: 'f', body: [] }] }, { memoryPages: 1 }]) {
      const bytes = buildModule(shape);
      const fuelled = addFuel(bytes)!;
      ok(WebAssembly.validate(fuelled));
      ok(isOnlyFuelled(bytes, fuelled));
      bytesEqual(removeFuel(fuelled)!, bytes);
      is(addFuel(fuelled), null);
      const metered = meter(fuelled)!;
      ok(isOnlyMetered(fuelled, metered));
      bytesEqual(unmeter(metered)!, fuelled);
    }
  });

  test('the checker finds a changed byte at every position', () => {
    const bytes = buildModule(KINDS);
    const fuelled = addFuel(bytes)!;
    for (let at = 0; at < fuelled.length; at++) {
      for (const bit of [1, 2, 0x80]) {
        const changed = fuelled.slice();
        changed[at]! ^= bit;
        ok(!isOnlyFuelled(bytes, changed), `byte ${at}`);
      }
    }
    ok(!isOnlyFuelled(bytes, bytes), 'nothing added');
    ok(!isOnlyFuelled(fuelled, bytes), 'bytes of the original are gone');
  });

  test('500 seeded faults of the transforms are found', () => {
    const originals = [
      ...['vowels', 'abi'].map(folder =>
        host()
          .readBytes(`fixtures/${folder}/${readCaseFile(folder).wasm}`)
          .slice(),
      ),
      buildModule(KINDS),
    ];
    checkSeededFaults(
      originals.flatMap(before => [
        { before, after: addFuel(before)!, check: isOnlyFuelled },
        { before, after: meter(before)!, check: isOnlyMetered },
      ]),
    );
  });

  test('random modules do the same with fuel', () => {
    for (let seed = 0; seed < 60; seed++) {
      inContext(`seed ${seed}`, () => {
        const { bytes } = randomModule(new Random(seed));
        const fuelled = addFuel(bytes)!;
        ok(WebAssembly.validate(fuelled), 'valid');
        ok(isOnlyFuelled(bytes, fuelled), 'only charges are added');
        bytesEqual(removeFuel(fuelled)!, bytes);
        equal(
          observe(bytes, fuelled, instance => fill(instance, () => {})),
          observe(bytes, bytes),
        );
      });
    }
  });

  test('endless random modules are cut', () => {
    for (let seed = 0; seed < 60; seed++) {
      inContext(`seed ${seed}`, () => {
        const { bytes } = randomModule(new Random(seed), { endless: true });
        const seen = observe(bytes, addFuel(bytes)!, instance => fill(instance, exchange => exchange(5000)));
        const endless = seen.find(line => line.startsWith('endless')) ?? '';
        ok(endless === '' || /RuntimeError|RangeError|InternalError/.test(endless), endless);
      });
    }
  });

  for (const folder of readIndex()) {
    test(`the plugin ${folder} stays valid`, () => {
      const bytes = host()
        .readBytes(`fixtures/${folder}/${readCaseFile(folder).wasm}`)
        .slice();
      const fuelled = addFuel(bytes)!;
      ok(WebAssembly.validate(fuelled));
      ok(isOnlyFuelled(bytes, fuelled));
    });
  }
});

const PLUGIN = buildModule({
  global: { name: 'started', value: 0 },
  functions: [
    { name: 'spin', body: forever },
    { name: 'some', body: count(100), locals: LOCALS },
    { name: 'begin', body: ['i32.const 7', 'global.set 0'] },
    { name: 'seen', results: ['i32'], body: ['global.get 0'] },
    { name: 'trap', body: ['unreachable'] },
  ],
  memoryPages: 1,
  start: 2,
});
const SOME = 1 + 2 + 100 * 6;

const CUT = buildModule({
  imports: [{ module: 'host', name: 'work' }],
  memoryPages: 1,
  functions: [
    { name: 'fill', body: ['i32.const 0', 'i32.const 1', 'i32.const 65536', 'memory.fill'] },
    { name: 'ask', body: ['call 0'] },
    { name: 'grow', body: ['i32.const 1', 'memory.grow', 'drop'] },
    { name: 'grow_more', body: ['i32.const 100', 'memory.grow', 'drop'] },
  ],
});

suite('limits.fuel', test => {
  for (const mode of TEXT_MODES) {
    const create = (source: Uint8Array | WebAssembly.Module, options: PluginOptions = {}): Promise<Plugin> =>
      createPlugin(source, {
        ...options,
        ...(mode === 'worker' && { runInWorker: true }),
      });
    const lacking = lackingMode(mode);
    const inMode = (title: string, body: () => Promise<void>, rows: readonly string[] = []) =>
      lacking === null
        ? test.row(mode === 'inline' ? rows : [], `${mode}: ${title}`, body)
        : test.skip(`${mode}: ${title}`, lacking);

    const proves = ['error.FUEL_EXHAUSTED', 'budget.fuel'];
    inMode(
      'an endless loop ends with FUEL_EXHAUSTED, and the next call gets a new instance',
      async () => {
        const plugin = await create(PLUGIN, { limits: { fuel: 10_000 } });
        await raises(() => plugin.call('spin'), {
          code: 'FUEL_EXHAUSTED',
          message: 'spin: the call used more than 10000 units of fuel (limits.fuel)',
        });
        ok(plugin.fuelUsed! > 10_000);
        await plugin.call('some');
        is(plugin.fuelUsed, SOME);
        await raises(() => plugin.call('seen'), { code: 'NONZERO_RESULT', message: '7' });
        await raises(() => plugin.call('trap'), { code: 'TRAP' });
        await plugin.close();
      },
      proves,
    );

    inMode('a call may use exactly its limit, and each call has the whole', async () => {
      const plugin = await create(PLUGIN, { limits: { fuel: SOME } });
      for (let call = 0; call < 3; call++) await plugin.call('some');
      await plugin.close();
      const less = await create(PLUGIN, { limits: { fuel: SOME - 1 } });
      await raises(() => less.call('some'), { code: 'FUEL_EXHAUSTED' });
      await less.close();
    });

    inMode('start functions and the start section have a limit too', async () => {
      const spinning = { functions: [{ name: '_initialize', body: forever }], memoryPages: 1 };
      for (const wasm of [buildModule(spinning), buildModule({ ...spinning, start: 0 })])
        await raises(() => create(wasm, { limits: { fuel: 1000 } }), { code: 'FUEL_EXHAUSTED' });
    }, ['budget.fuel']);

    inMode('fuel and time limits work together, and count the same', async () => {
      const plugin = await create(PLUGIN, {
        limits: { fuel: 10_000 },
        timeoutMs: 10_000,
        timeoutBy: mode === 'worker' ? 'worker' : 'checks',
      });
      await plugin.call('some');
      is(plugin.fuelUsed, SOME);
      await raises(() => plugin.call('spin'), { code: 'FUEL_EXHAUSTED' });
      await plugin.close();
    });

    inMode('the modules of a plugin have one limit together', async () => {
      const lib = buildModule({ functions: [{ name: 'work', body: count(100), locals: LOCALS }] });
      const main = buildModule({
        imports: [{ module: 'lib', name: 'work' }],
        functions: [{ name: 'run', body: ['call 0', ...count(100)], locals: LOCALS }],
      });
      const manifest = {
        wasm: [
          { name: 'lib', data: lib },
          { name: 'main', data: main },
        ],
      };
      const both = SOME + SOME + 1;
      for (const [fuel, code] of [
        [both, null],
        [both - 1, 'FUEL_EXHAUSTED'],
      ] as const) {
        const plugin = await createPlugin(manifest, { limits: { fuel }, runInWorker: mode === 'worker' });
        if (code) await raises(() => plugin.call('run'), { code });
        else await plugin.call('run');
        is(plugin.fuelUsed, both);
        await plugin.close();
      }
    });

    inMode('the instances of a command have one limit together', async () => {
      const work = { name: 'work', body: count(100), locals: LOCALS };
      const wasm = [
        { name: 'tool', data: buildModule({ functions: [work, { name: '_start', body: [] }] }) },
        {
          name: 'main',
          data: buildModule({
            imports: [{ module: 'tool', name: 'work' }],
            functions: [
              { name: 'run', body: ['call 0', 'call 0', 'call 0'] },
              { name: 'spin', body: ['loop', 'call 0', 'br 0', 'end'] },
            ],
          }),
        },
      ];
      const fuel = 3 * SOME + 4;
      const plugin = await createPlugin({ wasm }, { limits: { fuel }, runInWorker: mode === 'worker' });
      for (let call = 0; call < 2; call++) {
        await plugin.call('run');
        is(plugin.fuelUsed, fuel);
      }
      await raises(() => plugin.call('spin'), { code: 'FUEL_EXHAUSTED' });
      ok(plugin.fuelUsed! < fuel + 20, `${plugin.fuelUsed} units`);
      await plugin.call('run');
      is(plugin.fuelUsed, fuel);
      await plugin.close();
    });
  }

  test('an instance of a command that runs inside another one uses the same fuel', () => {
    /** A counter that a test can use up. */
    const tank = () => {
      const own = { left: 0 };
      const exchange = (next: number) => {
        const { left } = own;
        own.left = next;
        return left;
      };
      return { own, exchange };
    };
    const fuel = new Fuel(100);
    const [outer, inner] = [tank(), tank()];
    fuel.within('tool', () => {
      fuel.add('tool', outer.exchange);
      outer.own.left -= 10;
      fuel.within('tool', () => {
        fuel.add('tool', inner.exchange);
        equal([outer.own.left, inner.own.left], [0, 90]);
        inner.own.left -= 30;
      });
      equal([outer.own.left, inner.own.left], [60, 0]);
      // An instance that could not be made.
      throws(() =>
        fuel.within('tool', () => {
          throw new RangeError('no memory');
        }),
      );
      outer.own.left -= 1;
    });
    is(fuel.take(), 41);
    fuel.begin();
    is(fuel.take(), 0);
  });

  test.row('budget.fuel', 'a bulk instruction is paid before it runs', async () => {
    const plugin = await createPlugin(CUT, { functions: { host: { work() {} } }, limits: { fuel: 1000 } });
    const { exports } = await plugin.getInstance();
    await raises(() => plugin.call('fill'), { code: 'FUEL_EXHAUSTED' });
    is(new Uint8Array((exports.memory as WebAssembly.Memory).buffer)[0], 0);
    await plugin.close();
  });

  test.row(
    'budget.fuel',
    'a host function costs the same for more work, and memory.grow for more pages',
    async () => {
      let turns = 0;
      const work = () => {
        for (let turn = 0; turn < turns; turn++) Math.sqrt(turn);
      };
      const plugin = await createPlugin(CUT, { functions: { host: { work } }, limits: { fuel: 5000 } });
      const used: (number | null)[] = [];
      for (turns of [0, 1_000_000]) {
        await plugin.call('ask');
        used.push(plugin.fuelUsed);
      }
      equal(used, [2, 2]);
      for (const name of ['grow', 'grow_more']) {
        await plugin.call(name);
        is(plugin.fuelUsed, 4096 + 3);
      }
      await plugin.close();
    },
  );

  test.row('budget.fuel', 'the copying of data segments costs nothing', async () => {
    const bytes = encodeModule({
      type: [functionType([], [])],
      function: [unsigned(0)],
      memory: [limits({ min: 1 })],
      export: [exportItem('run', 'function', 0)],
      code: [bodyOf([])],
      data: [dataItem(0, Array(50_000).fill(1))],
    });
    const plugin = await createPlugin(bytes, { limits: { fuel: 1 } });
    is(plugin.fuelUsed, 0);
    await plugin.close();
  });

  test('without the limit nothing is counted, and the bytes stay', async () => {
    const plugin = await createPlugin(PLUGIN);
    await plugin.call('some');
    is(plugin.fuelUsed, null);
    equal(plugin.report.modules[0]?.transforms, []);
    await plugin.close();
  });

  test('a function called through getInstance has no limit', async () => {
    const plugin = await createPlugin(PLUGIN, { limits: { fuel: SOME } });
    await plugin.call('some');
    const { exports } = await plugin.getInstance();
    for (let call = 0; call < 3; call++) (exports.some as () => void)();
    is((exports.seen as () => number)(), 7);
    await plugin.close();
  });

  test('a prepared module counts, as bytes and compiled; another compiled one is refused', async () => {
    if (!compileAccessors()) return;
    const prepared = prepareModule(PLUGIN, { fuel: true, time: false });
    const facts = { sha256: '0'.repeat(64), fileSha256: '0'.repeat(64), prepared: preparationOf(prepared) };
    const compiled = builtModule(new WebAssembly.Module(prepared), facts);
    for (const source of [prepared, compiled]) {
      const plugin = await createPlugin(source, { limits: { fuel: 10_000 } });
      await raises(() => plugin.call('spin'), { code: 'FUEL_EXHAUSTED' });
      await plugin.call('some');
      is(plugin.fuelUsed, SOME);
      await raises(() => plugin.call('seen'), { code: 'NONZERO_RESULT', message: '7' });
      await plugin.close();
      const free = await createPlugin(source);
      await raises(() => free.call('seen'), { code: 'NONZERO_RESULT', message: '7' });
      await free.close();
    }
    await raises(() => createPlugin(new WebAssembly.Module(PLUGIN), { limits: { fuel: 1 } }), {
      code: 'UNSUPPORTED',
      message: 'limits.fuel cannot be honoured',
    });
  });

  test('a module with both transforms keeps both', async () => {
    const prepared = prepareModule(PLUGIN, { maxPages: 2, fuel: true, time: true });
    equal(preparationOf(prepared), {
      hasChecks: true,
      hasFuel: true,
      hasFresh: false,
      initialPages: 1,
      startPages: 1,
      maxPages: 3,
      hiddenPages: 0,
      growthPages: 2,
    });
    const plugin = await createPlugin(prepared, {
      limits: { fuel: 10_000 },
      timeoutMs: 5000,
      timeoutBy: 'checks',
    });
    await plugin.call('some');
    is(plugin.fuelUsed, SOME);
    await plugin.close();
  });
});
