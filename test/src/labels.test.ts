import { body, code, encodeModule, exportItem, functionType, sized, unsigned } from '../../abi/encode.ts';
import { Cursor } from '../../src/wasm/cursor.ts';
import { readInstructions } from '../../src/wasm/instructions.ts';
import { Labels } from '../../src/wasm/labels.ts';
import { arm, makeAsk } from '../../src/wasm/make-ask.ts';
import { isOnlyMetered, meter, unmeter } from '../../src/wasm/meter.ts';
import { bytesEqual, equal, is, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

/** Exceptions have a function type with no parameters and a tag of it. */
const moduleOf = (bodies: readonly number[][]) =>
  encodeModule({
    type: [
      functionType(['i32'], ['i32']),
      functionType([], []),
      functionType(['i32', 'i32'], ['i32', 'i32']),
    ],
    function: bodies.map(() => [0]),
    tag: [[0, 1]],
    export: bodies.map((_, index) => exportItem(`f${index}`, 'function', index)),
    code: bodies,
  });

/** Lowers parameter 0, and is true while it is above 0. */
const down = ['local.get 0', 'i32.const 1', 'i32.sub', 'local.tee 0', 'i32.const 0', 'i32.gt_s'];
const count = ['local.get 1', 'i32.const 1', 'i32.add', 'local.set 1'];
/** Bodies of a function that turns one i32 into another. Each has a second local. */
const BODIES: readonly [name: string, listing: readonly string[]][] = [
  ['a loop', ['loop', ...count, ...down, 'br_if 0', 'end', 'local.get 1']],
  [
    'a branch to the outer of two loops',
    [
      ...['loop', 'loop', ...count, ...down, 'i32.eqz', 'if', 'local.get 1', 'return', 'end'],
      ...['local.get 0', 'i32.const 1', 'i32.and', 'br_if 1', 'br 0', 'end', 'end', 'local.get 1'],
    ],
  ],
  [
    'a branch out of two loops, and to the body',
    [
      ...['block', 'loop', 'loop', ...count, ...down, 'i32.eqz', 'br_if 2'],
      ...['local.get 0', 'i32.const 7', 'i32.eq', 'if', 'local.get 1', 'br 4', 'end', 'br 1', 'end', 'end'],
      ...['end', 'local.get 1', 'i32.const 100', 'i32.add'],
    ],
  ],
  [
    'a table of branches across blocks and loops',
    [
      ...['block', 'loop', 'block', 'loop', 'block', ...count, ...down, 'drop'],
      ...['local.get 0', 'i32.const 4', 'i32.rem_s', 'br_table 0 1 2 3 4', 'end'],
      ...['local.get 1', 'i32.const 3000', 'i32.lt_s', 'br_if 0', 'end', 'end', 'br 0', 'end', 'end'],
      'local.get 1',
    ],
  ],
  [
    'a loop with parameters and results',
    [
      ...['local.get 0', 'i32.const 1', 'loop 2', 'local.set 1', 'i32.const 1', 'i32.sub', 'local.tee 0'],
      ...['local.get 1', 'i32.const 3', 'i32.mul', 'i32.const 1', 'i32.add'],
      ...['local.get 0', 'i32.const 0', 'i32.gt_s', 'br_if 0', 'end', 'i32.add'],
    ],
  ],
  [
    'a loop whose result a branch takes',
    ['loop i32', ...count, ...down, 'br_if 0', 'local.get 1', 'br 1', 'end'],
  ],
  [
    'branches on null',
    [
      ...['block', 'loop', ...count, ...down, 'br_if 0'],
      ...['ref.null funcref', 'br_on_null 1', 'drop', 'br 0', 'end', 'end'],
      'local.get 1',
    ],
  ],
  [
    'clauses that catch',
    [
      ...[
        'block',
        'loop',
        'block',
        'try_table catch 0 0 catch_all 2',
        ...count,
        ...down,
        'i32.eqz',
        'br_if 1',
      ],
      ...['throw 0', 'end', 'end', 'local.get 1', 'i32.const 2000', 'i32.lt_s', 'br_if 0', 'end', 'end'],
      'local.get 1',
    ],
  ],
  [
    'older clauses that catch',
    [
      ...[
        'block',
        'try',
        'loop',
        'try',
        'try',
        'throw 0',
        'delegate 0',
        'catch 0',
        ...count,
        ...down,
        'br_if 1',
      ],
      ...['rethrow 0', 'end', 'br 2', 'end', 'catch_all', 'local.get 1', 'i32.const 5', 'i32.mul'],
      ...['local.set 1', 'end', 'end', 'local.get 1'],
    ],
  ],
  [
    'a branch that takes a byte more',
    [
      ...['loop', ...Array.from({ length: 126 }, () => 'block'), ...count],
      ...[...down, 'br_if 126', 'local.get 1', 'i32.const 2', 'i32.rem_s', 'if', 'br 128', 'end'],
      ...[...Array.from({ length: 126 }, () => 'end'), 'end', 'local.get 1'],
    ].map(item => (item === 'br 128' ? 'br 127' : item)),
  ],
];

const outcome = (run: () => unknown) => {
  try {
    return run();
  } catch (error) {
    return (error as Error).constructor.name;
  }
};

suite('labels', test => {
  for (const [name, listing] of BODIES) {
    test(`${name} goes where it went`, () => {
      const bytes = moduleOf([body(listing, ['i32'])]);
      const metered = meter(bytes)!;
      ok(isOnlyMetered(bytes, metered));
      if (!WebAssembly.validate(bytes)) return;
      bytesEqual(unmeter(metered)!, bytes);
      const [before, after] = [bytes, metered].map(
        each => new WebAssembly.Instance(new WebAssembly.Module(each)),
      ) as [WebAssembly.Instance, WebAssembly.Instance];
      let asked = 0;
      arm(
        after,
        makeAsk(() => ++asked < 0),
      );
      for (const given of [-1, 0, 1, 2, 3, 7, 50, 200_000]) {
        const [expected, got] = [before, after].map(({ exports }) =>
          outcome(() => (exports.f0 as (n: number) => unknown)(given)),
        );
        equal(got, expected, String(given));
      }
      ok(asked > 0, 'the host is asked');
    });
  }

  /** A loop in a block in the body: its labels are 0, 1, 2, and with one more loop around it 0, 2, 3. */
  const [BLOCK, LOOP, VOID, END] = [0x02, 0x03, 0x40, 0x0b];
  const FORMS: readonly [name: string, before: readonly number[], after: readonly number[]][] = [
    ['br', [0x0c, 1], [0x0c, 2]],
    ['br_if', [0x0d, 2], [0x0d, 3]],
    ['br_table', [0x0e, 3, 0, 1, 2, 1], [0x0e, 3, 0, 2, 3, 2]],
    ['rethrow', [0x09, 1], [0x09, 2]],
    ['delegate', [0x06, VOID, 0x18, 1], [0x06, VOID, 0x18, 2]],
    ['br_on_null', [0xd5, 1], [0xd5, 2]],
    ['br_on_non_null', [0xd6, 2], [0xd6, 3]],
    ['br_on_cast', [0xfb, 24, 3, 1, 0x6e, 0x6d], [0xfb, 24, 3, 2, 0x6e, 0x6d]],
    ['br_on_cast_fail', [0xfb, 25, 3, 2, 0x6e, 0x6d], [0xfb, 25, 3, 3, 0x6e, 0x6d]],
    [
      'try_table',
      [0x1f, VOID, 4, 0, 1, 1, 1, 1, 2, 2, 0, 3, 1, END],
      [0x1f, VOID, 4, 0, 1, 2, 1, 1, 3, 2, 0, 3, 2, END],
    ],
    ['a label of two bytes that could be one', [0x0c, 0x81, 0], [0x0c, 0x82, 0]],
    [
      'a label of five bytes that could be one',
      [0x0c, 0x81, 0x80, 0x80, 0x80, 0],
      [0x0c, 0x82, 0x80, 0x80, 0x80, 0],
    ],
    ['no label: ref.test', [0xfb, 20, 1], [0xfb, 20, 1]],
    ['no label: local.get', [0x20, 1], [0x20, 1]],
  ];
  /** Returns the instructions with their labels changed. */
  const relabel = (direction: 'in' | 'out', instructions: readonly number[]): number[] => {
    const labels = new Labels(direction);
    const bytes = Uint8Array.from([BLOCK, VOID, LOOP, VOID, ...instructions, END, END, END]);
    const parts: number[] = [];
    let from = 4;
    const cursor = new Cursor(bytes);
    let ends = 0;
    readInstructions(cursor, (opcode, immediates) => {
      labels.see(
        bytes,
        opcode,
        immediates,
        () => ends++,
        label => {
          parts.push(...bytes.subarray(from, label.start), ...label.bytes);
          from = label.end;
        },
      );
    });
    is(ends, 1, 'ends of loops');
    return [...parts, ...bytes.subarray(from, -3)];
  };
  for (const [name, before, after] of FORMS) {
    test(`${name}: with one more loop around a loop, and back`, () => {
      equal(relabel('in', before), after);
      equal(relabel('out', after), before);
    });
  }

  test('a label that would lose its width is refused', () => {
    // 127 in two bytes, from the inside of a loop: 128 takes two bytes.
    const blocks = Array.from({ length: 126 }, () => [BLOCK, VOID]).flat();
    const ends = Array.from({ length: 126 }, () => END);
    const deep = (label: readonly number[]) => {
      const inner = [LOOP, VOID, ...blocks, ...code(['i32.const 0']), 0x0c, ...label, ...ends, END];
      return moduleOf([sized([0, ...inner, ...code(['local.get 0', 'end'])])]);
    };
    is(meter(deep([0xff, 0])), null);
    const metered = meter(deep([127]))!;
    bytesEqual(unmeter(metered)!, deep([127]));
    is(WebAssembly.validate(metered), true);
  });

  test('code that branches or opens a block after its end is not changed', () => {
    for (const behind of [
      [0x0c, 0],
      [BLOCK, VOID, END],
      [0x0c, 1],
    ])
      is(meter(moduleOf([sized([0, LOOP, VOID, END, END, ...behind])])), null, String(behind));
    is(meter(moduleOf([sized([0, 0x0c, 1, END])])), null);
  });

  test('no branch may lead to an added loop', () => {
    const bytes = moduleOf([body(['loop', 'br 0', 'end', 'i32.const 0'])]);
    const metered = meter(bytes)!;
    const at = metered.lastIndexOf(0x0c);
    const changed = metered.slice();
    changed[at + 1] = 1;
    is(WebAssembly.validate(changed), true);
    is(isOnlyMetered(bytes, changed), false);
    is(unmeter(changed), null);
  });

  test('a branch across many loops takes as long as one across few', () => {
    const deep = 20_000;
    const nested = [
      ...Array.from({ length: deep }, () => [LOOP, VOID]).flat(),
      ...Array.from({ length: deep }, () => [0x0c, ...unsigned(deep - 1)]).flat(),
      ...Array.from({ length: deep }, () => END),
    ];
    const bytes = moduleOf([sized([0, ...nested, ...code(['local.get 0', 'end'])])]);
    ok(isOnlyMetered(bytes, meter(bytes)!));
  });
});
