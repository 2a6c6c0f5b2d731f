import {
  body,
  code,
  dataItem,
  encodeModule,
  exportItem,
  functionType,
  globalType,
  limits,
  sized,
  tableType,
} from '../../abi/encode.ts';
import { METER_EXPORTS } from '../../src/wasm/ask.ts';
import { Cursor } from '../../src/wasm/cursor.ts';
import { readBody } from '../../src/wasm/instructions.ts';
import { arm, makeAsk } from '../../src/wasm/make-ask.ts';
import { isOnlyMetered, meter, unmeter } from '../../src/wasm/meter.ts';
import { readModule } from '../../src/wasm/reader.ts';
import { checkCut, checkTransformed } from '../contract/modules.ts';
import { bytesEqual, equal, inContext, is, ok, throws } from '../helpers/assert.ts';
import { buildModule, type ModuleShape } from '../helpers/build-module.ts';
import { readCaseFile, readIndex } from '../helpers/cases.ts';
import { host } from '../helpers/host.ts';
import { Random } from '../helpers/random.ts';
import { randomModule } from '../helpers/random-module.ts';
import { suite } from '../helpers/suite.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const [NOP, LOOP, END, VOID] = [0x01, 0x03, 0x0b, 0x40];
const forever = ['loop', 'br 0', 'end'];
/** Turns of a short loop: each takes a unit. */
const TURNS = 16_384;
/** The same with an instruction that takes a unit too. */
const HALF = 5500;
const zero = ['i32.const 0'];
const count = ['global.get 0', 'i32.const 1', 'i32.add', 'global.set 0'];
/** Encoded, since a text for each would take seconds. */
const nops = (count: number) => Uint8Array.from({ length: count }, () => NOP);
const fill = (bytes: number) => [...zero, ...zero, `i32.const ${bytes}`, 'memory.fill'];

/** Instructions with immediates of every form. Some of their bytes have the value of the opcode `loop`. */
const IMMEDIATES: readonly (readonly [name: string, bytes: readonly number[]])[] = [
  ['no immediate', [NOP, 0x45, 0xc4, 0xd1, 0xd3, 0xd4]],
  ['block types', [0x02, VOID, 0x02, 0x7f, 0x04, 0x83, 0x03, 0x02, 0x63, 0x03, 0x02, 0x64, 0x83, 0x03]],
  ['indices', [0x10, 3, 0x20, 0x83, 0x03, 0x23, 3, 0xd2, 3, 0x12, 3, 0x14, 3, 0x08, 3, 0xd5, 3, 0x3f, 3]],
  ['two indices', [0x11, 3, 3, 0x13, 3, 3]],
  ['labels', [0x0e, 3, 3, 3, 3, 3, 0x0e, 0, 3]],
  ['constants', [0x41, 3, 0x41, 0x83, 0x7f, 0x42, 0x83, 0x83, 3]],
  ['floats', [0x43, 3, 3, 3, 3, 0x44, 3, 3, 3, 3, 3, 3, 3, 3]],
  ['memory', [0x28, 3, 3, 0x3e, 2, 0x83, 3, 0x28, 0x43, 3, 0x83, 3]],
  ['select', [0x1b, 0x1c, 3, 0x7f, 0x63, 3, 0x70]],
  ['older exceptions', [0x06, VOID, 0x07, 3, 0x09, 3, 0x18, 3, 0x19]],
  ['exceptions', [0x1f, VOID, 4, 0, 3, 3, 1, 3, 3, 2, 3, 3, 3, 0x0a]],
  ['null', [0xd0, 0x03, 0xd0, 0x70]],
  ['structures', [0xfb, 0, 3, 0xfb, 2, 3, 3, 0xfb, 8, 3, 3, 0xfb, 15, 0xfb, 16, 3, 0xfb, 17, 3, 3, 0xfb, 28]],
  ['casts', [0xfb, 20, 3, 0xfb, 23, 0x83, 3, 0xfb, 24, 3, 3, 3, 3]],
  [
    'bulk',
    [0xfc, 3, 0xfc, 8, 3, 3, 0xfc, 9, 3, 0xfc, 10, 3, 3, 0xfc, 11, 3, 0xfc, 12, 3, 3, 0xfc, 17, 3, 0xfc, 19],
  ],
  ['vectors', [0xfd, 3, 3, 3, 0xfd, 12, ...Array(16).fill(3), 0xfd, 13, ...Array(16).fill(3), 0xfd, 21, 3]],
  ['vectors, lanes', [0xfd, 84, 3, 3, 3, 0xfd, 92, 3, 3, 0xfd, 35, 0xfd, 0x83, 0x02, 0xfd, 0x93, 0x02]],
  ['threads', [0xfe, 3, 3, 0xfe, 1, 3, 3, 0xfe, 0x10, 3, 3, 0xfe, 0x4e, 3, 3]],
];
/** A body without locals: these bytes, then a loop. */
const bodyOf = (bytes: readonly number[]) => Uint8Array.from([0, ...bytes, LOOP, VOID, END, END]);

/** Offsets behind the loops of a body. */
function loopsOf(bytes: Uint8Array): number[] {
  const [found, cursor] = [[] as number[], new Cursor(bytes)];
  readBody(cursor, opcode => void (opcode === LOOP && found.push(cursor.at)));
  return found;
}

suite('meter', test => {
  for (const [name, bytes] of IMMEDIATES) {
    test(`reads ${name}`, () => {
      equal(loopsOf(bodyOf(bytes)), [bytes.length + 3]);
    });
  }

  test('reads locals, and loops of every block type', () => {
    const locals = [3, 1, 0x7f, 0x83, 0x03, 0x63, 0x03, 2, 0x7b];
    const loops = [LOOP, VOID, LOOP, 0x7f, LOOP, 0x83, 0x03, LOOP, 0x63, 0x03];
    equal(loopsOf(Uint8Array.from([...locals, ...loops])), [11, 13, 16, 19]);
  });

  test('a module with an unknown part is not changed', () => {
    const unknown = [[0x16], [0x27], [0xc5], [0xff], [0xfb, 31], [0xfc, 18], [0xfd, 0x94, 0x02], [0xfe, 4]];
    for (const body of [...unknown, [0x43, 0, 0], [0x0e, 2, 0]]) {
      const code = [sized([0, ...body, END])];
      const bytes = encodeModule({ type: [functionType([], [])], function: [[0]], code });
      is(meter(bytes), null, body.join(' '));
    }
    const taken = { functions: [{ name: METER_EXPORTS.ask, body: [] }] };
    for (const bytes of [Uint8Array.of(1, 2, 3), buildModule(taken)]) is(meter(bytes), null);
  });

  const shapes: [name: string, shape: ModuleShape][] = [
    ['an empty module', {}],
    ['a function', { functions: [{ name: 'f', body: [] }] }],
    ['only a memory', { memoryPages: 1 }],
    [
      'more loops than the argument limit of a function',
      {
        functions: Array.from({ length: 100 }, (_, index) => ({
          name: `f${index}`,
          body: Array.from({ length: 3000 }, () => ['loop', 'end']).flat(),
        })),
      },
    ],
    [
      'something of each kind',
      {
        imports: [
          { module: 'a', name: 'f', params: ['i64'] },
          { module: 'a', name: 't', kind: 'table', size: 1 },
          { module: 'a', name: 'g', kind: 'global', type: 'i32' },
        ],
        functions: [
          { name: 'f', body: [...forever, ...forever] },
          { name: 'g', results: ['i32'], body: ['i32.const 3'] },
        ],
        memoryPages: 1,
        global: { name: 'n', value: 3 },
        table: { name: 't', size: 3 },
        start: 1,
      },
    ],
  ];
  for (const [name, shape] of shapes) {
    test(`${name}: the rest stays byte for byte`, () => {
      const bytes = buildModule(shape);
      const metered = meter(bytes)!;
      is(WebAssembly.validate(metered), true);
      ok(isOnlyMetered(bytes, metered));
      is(meter(metered), null);
    });
  }

  test('the checker finds a changed byte at every position', () => {
    const bytes = buildModule(shapes.at(-1)![1]);
    const metered = meter(bytes)!;
    for (let at = 0; at < metered.length; at++) {
      for (const bit of [1, 0x80]) {
        const changed = metered.slice();
        changed[at]! ^= bit;
        ok(!isOnlyMetered(bytes, changed), `byte ${at}`);
      }
    }
    ok(!isOnlyMetered(bytes, bytes), 'nothing added');
    ok(!isOnlyMetered(metered, bytes), 'bytes of the original are gone');
  });

  test('random modules do the same after each transform', () => {
    for (let seed = 0; seed < 60; seed++)
      inContext(`seed ${seed}`, () => checkTransformed(randomModule(new Random(seed)).bytes));
  });

  test('endless loops and recursion of random modules are cut', () => {
    for (let seed = 0; seed < 60; seed++)
      inContext(`seed ${seed}`, () => checkCut(randomModule(new Random(seed), { endless: true }).bytes));
  });

  test('code that runs on after it was cut is cut again', () => {
    const wasm = buildModule({ functions: [{ name: 'spin', body: forever }] });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(meter(wasm)!));
    let asked = 0;
    arm(
      instance,
      makeAsk(() => ++asked > 1),
    );
    for (const expected of [2, 3, 4]) {
      throws(instance.exports.spin as () => void);
      is(asked, expected);
    }
  });

  const WORK: readonly [name: string, body: readonly string[] | Uint8Array, turns: number][] = [
    ['nothing', [], TURNS],
    ['memory.fill of 1023 bytes', fill(1023), HALF],
    ['memory.fill of 65,536 bytes', fill(65_536), 239],
    ['memory.fill of 65,536 bytes before a call', [...fill(65_536), 'call 1'], 215],
    ['memory.fill of 65,536 bytes in a function', ['call 2'], 215],
    ['memory.fill of 16 MiB', fill(2 ** 24), 1],
    ['memory.fill of 16 MiB in a function', ['call 3'], 1],
    ['memory.copy of 65,536 bytes', [...zero, ...zero, 'i32.const 65536', 'memory.copy'], 239],
    ['memory.init of 65,536 bytes', [...zero, ...zero, 'i32.const 65536', 'memory.init'], 239],
    ['table.fill of 63 elements', [...zero, 'ref.null funcref', 'i32.const 63', 'table.fill'], HALF],
    ['table.fill of 4096 elements', [...zero, 'ref.null funcref', 'i32.const 4096', 'table.fill'], 239],
    ['table.copy of 4096 elements', [...zero, ...zero, 'i32.const 4096', 'table.copy'], 239],
    ['memory.grow by nothing', [...zero, 'memory.grow', 'drop'], HALF],
    ['memory.grow by a page', ['i32.const 1', 'memory.grow', 'drop'], 1],
    ['table.grow by an element', ['ref.null funcref', 'i32.const 1', 'table.grow', 'drop'], 1],
    ['a body below 8192 bytes', nops(8192 - 32), 168],
    ['a body of 12,288 bytes', nops(12_288), 128],
    ['a body of 256 KiB', nops(2 ** 18), 8],
    ['the longest bodies', nops(5_000_000), 2],
  ];
  for (const [name, work, turns] of WORK) {
    test(`a loop of ${name} takes ${turns === 1 ? 'one turn' : `${turns} turns`} between two questions`, () => {
      const encoded = work instanceof Uint8Array ? work : code(work);
      const bytes = encodeModule({
        type: [functionType([], [])],
        function: [[0], [0], [0], [0]],
        table: [tableType({ min: 5000 })],
        memory: [limits({ min: 256 })],
        global: [[...globalType('i32', true), ...code(['i32.const 0', 'end'])]],
        export: [exportItem('spin', 'function', 0), exportItem('turns', 'global', 0)],
        'data count': [[1]],
        code: [
          sized([0, ...code(['loop', ...count]), ...encoded, ...code(['br 0', 'end', 'end'])]),
          body([]),
          body(fill(65_536)),
          body(fill(2 ** 24)),
        ],
        data: [dataItem(null, Array<number>(65_536).fill(7))],
      });
      ok(WebAssembly.validate(bytes));
      const metered = meter(bytes)!;
      ok(isOnlyMetered(bytes, metered));
      bytesEqual(unmeter(metered)!, bytes);
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(metered));
      const seen: number[] = [];
      const ask = makeAsk(() => seen.push((exports.turns as WebAssembly.Global).value) === 4);
      (exports[METER_EXPORTS.ask] as WebAssembly.Table).set(0, ask);
      throws(exports.spin as () => void);
      // The first question comes early. The turn that asks has not begun.
      const between = seen.map((at, index) => at - (seen[index - 1] ?? 0)).slice(2);
      for (const found of between) ok(Math.abs(found - turns) <= turns / 15, String(seen));
    });
  }

  test('many long instructions in a row do not give a loop more turns', () => {
    const grow = ['i32.const 1', 'memory.grow', 'drop'];
    const rows = Array.from({ length: 140_000 }, () => grow).flat();
    const bytes = encodeModule({
      type: [functionType([], [])],
      function: [[0]],
      memory: [limits({ min: 0, max: 1 })],
      global: [[...globalType('i32', true), ...code(['i32.const 0', 'end'])]],
      export: [exportItem('spin', 'function', 0), exportItem('turns', 'global', 0)],
      code: [body([...rows, 'loop', ...count, 'br 0', 'end'])],
    });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(meter(bytes)!));
    let seen = -1;
    const ask = makeAsk(() => {
      seen = (instance.exports.turns as WebAssembly.Global).value as number;
      return true;
    });
    arm(instance, ask);
    throws(instance.exports.spin as () => void);
    is(seen, 0);
  });

  const WEIGHTS: readonly [name: string, turn: readonly string[], weight: number][] = [
    ['few instructions', ['nop', 'nop'], 1],
    ['a call', ['call 1'], 9],
    ['a throw', ['try', 'throw 0', 'catch 0', 'end'], 257],
    ['many instructions', Array(1000).fill('nop'), 39],
    ['an inner loop', [...Array(80).fill('nop'), 'loop', 'end'], 11],
  ];
  for (const [name, turn, weight] of WEIGHTS)
    test(`a turn of ${name} takes ${weight === 1 ? 'a unit' : `${weight} units`}`, () => {
      const bytes = encodeModule({
        type: [functionType([], [])],
        function: [[0], [0]],
        tag: [[0, 0]],
        export: [exportItem('spin', 'function', 0)],
        code: [body(['loop', ...turn, 'br 0', 'end']), body([])],
      });
      const metered = meter(bytes)!;
      bytesEqual(unmeter(metered)!, bytes);
      const code0 = code(['local.get 0', `i32.const ${weight}`, 'i32.sub', 'local.tee 0']);
      ok([...metered].join().includes(code0.join()));
    });

  test('instructions on tables with 64-bit indices get the check for a long number', () => {
    const grow = ['ref.null funcref', 'i64.const 1', 'table.grow', 'drop'];
    for (const work of [grow, ['i64.const 0', 'ref.null funcref', 'i64.const 9', 'table.fill']]) {
      const bytes = encodeModule({
        type: [functionType([], [])],
        function: [[0]],
        table: [tableType({ min: 9, is64: true })],
        code: [body(work)],
      });
      const metered = meter(bytes)!;
      ok(isOnlyMetered(bytes, metered));
      is(
        WebAssembly.validate(metered),
        WebAssembly.validate(bytes),
        'accepted where the engine knows such tables',
      );
      const call = [0x41, work === grow ? 0 : 20, 0x10, 3];
      ok([...metered].join().includes(call.join()), 'a call of the function for an i64');
    }
  });

  test('before a wait on a shared memory its time is looked at', () => {
    // i32.const 0, i32.const 1, i64.const 1, memory.atomic.wait32: the value is not 1, so that nothing waits.
    const wait = [0x41, 0, 0x41, 1, 0x42, 1, 0xfe, 1, 2, 0, 0x1a];
    const bytes = encodeModule({
      type: [functionType([], [])],
      function: [[0]],
      memory: [[3, 1, 1]],
      export: [exportItem('spin', 'function', 0)],
      code: [sized([0, LOOP, VOID, ...wait, 0x0c, 0, END, END])],
    });
    ok(WebAssembly.validate(bytes));
    const metered = meter(bytes)!;
    bytesEqual(unmeter(metered)!, bytes);
    // i32.const 0, then a call of the function for an i64.
    const call = [0x41, 0, 0x10, 3];
    ok([...metered].join().includes([...wait.slice(0, 6), ...call].join()), 'code before the wait');
  });

  test('a short function without loops and calls is not changed', () => {
    const bodies = [body(['nop']), body(['call 0']), body(['loop', 'end']), body(Array(4100).fill('nop'))];
    const shape = { type: [functionType([], [])], function: bodies.map(() => [0]) };
    const lengthOf = (own: number[]) =>
      meter(encodeModule({ ...shape, function: [[0]], code: [own] }))!.length;
    const added = bodies.map(own => lengthOf(own) - own.length);
    is(added[0], Math.min(...added));
    for (const grown of added.slice(1)) ok(grown > added[0]! + 10, String(grown));
    const metered = meter(encodeModule({ ...shape, code: bodies }))!;
    ok(WebAssembly.validate(metered));
    const { code: start } = Object.fromEntries(readModule(metered).sections.map(each => [each.name, each]));
    const at = start!.contentsOffset + 1;
    equal([...metered.subarray(at, at + bodies[0]!.length)], bodies[0]);
  });

  for (const folder of readIndex()) {
    test(`the plugin ${folder} stays valid`, () => {
      const bytes = host().readBytes(`fixtures/${folder}/${readCaseFile(folder).wasm}`) as Bytes;
      const metered = meter(bytes)!;
      ok(WebAssembly.validate(metered));
      ok(isOnlyMetered(bytes, metered));
    });
  }
});
