import { code, encodeModule, exportItem, functionType, SECTIONS, sized, unsigned } from '../../abi/encode.ts';
import { type Exchange, FUEL_EXPORTS } from '../../src/wasm/ask.ts';
import { Cursor } from '../../src/wasm/cursor.ts';
import { addFuel, isOnlyFuelled, removeFuel } from '../../src/wasm/fuel.ts';
import { readLocals } from '../../src/wasm/instructions.ts';
import { isOnlyMetered, meter, unmeter } from '../../src/wasm/meter.ts';
import { readModule } from '../../src/wasm/reader.ts';
import { bytesEqual, is, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const I32 = 0x7f;
const I64 = 0x7e;
/** Declarations of locals: their number, and groups of a number and a type. */
const locals = (...groups: [count: number, type: number][]) => [
  ...unsigned(groups.length),
  ...groups.flatMap(([count, type]) => [...unsigned(count), type]),
];
const turns = (body: readonly string[]) => [
  ...['i32.const 3', 'local.set 0', 'loop', ...body],
  ...['local.get 0', 'i32.const -1', 'i32.add', 'local.tee 0', 'br_if 0', 'end'],
];
/** A function entry, two instructions, and three turns of a loop, each with a call of a function that does nothing. */
const CALLS = turns(['call 1']);
const UNITS_OF_CALLS = 1 + 2 + 3 * (1 + 1 + 1 + 5);
/** The same with a call of a function that throws. */
const CATCHES = turns(['try', 'call 2', 'catch 0', 'end']);
const UNITS_OF_CATCHES = 1 + 2 + 3 * (1 + 2 + 2 + 5);

const moduleOf = (declared: readonly number[], body: readonly string[]): Bytes => {
  const catches = body === CATCHES;
  return encodeModule({
    type: [functionType([], [])],
    function: catches ? [0, 0, 0].map(unsigned) : [0, 0].map(unsigned),
    tag: catches ? [[0, 0]] : [],
    export: [exportItem('run', 'function', 0)],
    code: [
      sized([...declared, ...code([...body, 'end'])]),
      sized([0, ...code(['end'])]),
      ...(catches ? [sized([0, ...code(['throw 0', 'end'])])] : []),
    ],
  });
};

/** Each body with its declarations of locals, the units of fuel that it uses, and whether a local mirrors its counter. */
const BODIES: readonly [
  name: string,
  declared: readonly number[],
  body: readonly string[],
  units: number,
  isMirrored: boolean | 'of checks',
][] = [
  ['with a loop', locals([1, I32]), CALLS, UNITS_OF_CALLS, true],
  ['whose last local could be a mirror of fuel', locals([1, I32], [1, I64]), CALLS, UNITS_OF_CALLS, true],
  [
    'whose last local could be a mirror of checks',
    locals([2, I64], [1, I32]).with(2, I32),
    CALLS,
    UNITS_OF_CALLS,
    true,
  ],
  [
    'with 127 groups of locals',
    locals(...Array.from({ length: 127 }, (): [number, number] => [1, I32])),
    CALLS,
    UNITS_OF_CALLS,
    true,
  ],
  ['with as many locals as an engine allows', locals([50_000, I32]), CALLS, UNITS_OF_CALLS, false],
  ['with one local less', locals([49_999, I32]), CALLS, UNITS_OF_CALLS, true],
  ['whose number of groups takes a byte more than it must', [0x81, 0, 1, I32], CALLS, UNITS_OF_CALLS, false],
  ['without a loop', locals(), ['call 1'], 1 + 1 + 1, false],
  ['that catches exceptions', locals([1, I32]), CATCHES, UNITS_OF_CATCHES, 'of checks'],
];

/** Number of locals that the first function declares. */
function localsOf(bytes: Bytes): number {
  const { sections } = readModule(bytes);
  const file = new Cursor(bytes, sections.find(({ id }) => id === SECTIONS.code)!.contentsOffset);
  file.u32('the number of bodies');
  return readLocals(new Cursor(file.take(file.u32('the size of a body'), 'a body'))).total;
}

function unitsOf(fuelled: Bytes): number {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(fuelled));
  const exchange = exports[FUEL_EXPORTS.exchange] as Exchange;
  exchange(1000);
  (exports.run as () => void)();
  return 1000 - exchange(0);
}

const TRANSFORMS = [
  { name: 'fuel', add: addFuel, isOnly: isOnlyFuelled, remove: removeFuel },
  { name: 'checks', add: meter, isOnly: isOnlyMetered, remove: unmeter },
];

suite('mirrors of counters', test => {
  for (const [name, declared, body, units, isMirrored] of BODIES)
    for (const { name: transform, add, isOnly, remove } of TRANSFORMS)
      test(`a body ${name}: ${transform}`, () => {
        const bytes = moduleOf(declared, body);
        const changed = add(bytes)!;
        ok(WebAssembly.validate(changed));
        const hasLocal = isMirrored === 'of checks' ? add === meter : isMirrored;
        is(localsOf(changed) - localsOf(bytes), hasLocal ? 1 : 0);
        ok(isOnly(bytes, changed));
        bytesEqual(remove(changed)!, bytes);
        if (add === addFuel) is(unitsOf(changed), units);
      });
});
