import {
  body,
  code,
  exportItem,
  functionType,
  globalType,
  SECTIONS,
  unsigned,
  VALUE_TYPES,
} from '../../abi/encode.ts';
import { FUEL_EXPORTS, NO_LIMIT } from './ask.ts';
import { type AddressSizes, BULK, lengthOf, STRUCTURES } from './by-length.ts';
import { Cursor } from './cursor.ts';
import { amountAt, applyEdits, type Charged, Codes, type Edit, NOTHING, refuse, TakeOut } from './edits.ts';
import { readInstructions, readLocals } from './instructions.ts';
import { add, type Instrument, isOnlyAdded, remove } from './instrument.ts';
import { addMirror, CALLS, MirrorRule } from './mirror.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const { i64: I64 } = VALUE_TYPES;
const [LOOP, MEMORY_GROW] = [0x03, 0x40];
const TABLE_GROW = 15;

/** Instructions that cost nothing: they only give structure. `nop`, `block`, `loop`, `else`, `try`, `end`, `try_table`. */
const FREE = new Set([0x01, 0x02, LOOP, 0x05, 0x06, 0x0b, 0x1f]);
/** The cost of `memory.grow` and `table.grow`. They fail at a limit, and engines may copy all of a memory that grows. */
const GROW = 4096;
/** Instructions after which a block of straight code ends. */
const ENDS = new Set([
  ...[0x00, LOOP, 0x04, 0x05, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f],
  ...[0x12, 0x13, 0x15, 0x18, 0x19, 0xd5, 0xd6],
]);
/** `br_on_cast` and `br_on_cast_fail`, behind the prefix of structures. */
const BRANCHES_ON_CAST = new Set([24, 25]);

/** One unit of fuel pays for 2^4 bytes. */
const BYTES_PER_UNIT = 4;

/** One instruction, as far as fuel is concerned. */
interface Step {
  cost: number;
  isLoop: boolean;
  endsBlock: boolean;
}

const lengthAt = (
  body: Uint8Array,
  opcode: number,
  immediates: number,
  sizes: AddressSizes,
): Charged | null => {
  const length = lengthOf(body, opcode, immediates, sizes);
  return length && { is64: length.is64, operand: length.scale };
};

function stepAt(body: Uint8Array, opcode: number, immediates: number): Step {
  const hasPrefix = opcode === STRUCTURES || opcode === BULK;
  const number = hasPrefix ? new Cursor(body, immediates).u32('an instruction') : -1;
  const grows = opcode === MEMORY_GROW || (opcode === BULK && number === TABLE_GROW);
  return {
    cost: FREE.has(opcode) ? 0 : grows ? GROW : 1,
    isLoop: opcode === LOOP,
    endsBlock: ENDS.has(opcode) || (opcode === STRUCTURES && BRANCHES_ON_CAST.has(number)),
  };
}

/** A block of straight code, for which its first instruction pays. */
interface Block {
  cost: number;
  /** Whether it traps once the counter is below 0. So do function entries and loop turns, each of which costs 1 more. */
  tests: boolean;
  /** Whether it is the first of its body, where the mirror has no value yet. */
  isEntry: boolean;
}

const entry = (): Block => ({ cost: 1, tests: true, isEntry: true });
const blockAfter = ({ isLoop }: Step): Block => ({ cost: isLoop ? 1 : 0, tests: isLoop, isEntry: false });

const TEST = ['i64.const 0', 'i64.lt_s', 'if', 'unreachable', 'end'];

class FuelCodes extends Codes {
  /** Stands at the start of a block. */
  charge({ cost, tests, isEntry }: Block, local: number | undefined): Uint8Array {
    if (cost === 0) return NOTHING;
    return this.make(`charge ${cost} ${tests} ${isEntry} ${local}`, () => [
      ...this.lower('i64', cost, local, isEntry),
      ...(tests ? [this.read(local), ...TEST] : []),
    ]);
  }

  /** Reads the counter at the start of a block. */
  getIn({ isEntry }: Block, local: number | undefined): Uint8Array {
    return isEntry ? this.get : this.make(this.read(local), () => [this.read(local)]);
  }
}

/**
 * Adds a counter, which each block of straight code lowers by its number of instructions before it runs. At function entries, loop turns
 * and instructions that are charged by length the code traps once the counter is below 0.
 */
const FUEL: Instrument = {
  exports: FUEL_EXPORTS,
  additionsTo({ types, functions, globals, is64 }, start) {
    const codes = new FuelCodes(globals, functions + 1);
    /** Pays for as many items as parameter 0 says, each of 2^(parameter 1) bytes, and returns parameter 0. */
    const byLength = (toLong: readonly string[]) =>
      body([
        ...[`global.get ${globals}`, 'local.get 0', ...toLong, 'local.get 1', 'i64.extend_i32_u', 'i64.shl'],
        ...[`i64.const ${BYTES_PER_UNIT}`, 'i64.shr_u', 'i64.sub', `global.set ${globals}`],
        ...[`global.get ${globals}`, ...TEST],
        'local.get 0',
      ]);
    return {
      items: {
        [SECTIONS.type]: [
          functionType(['f64'], ['f64']),
          functionType(['i32', 'i32'], ['i32']),
          functionType(['i64', 'i32'], ['i64']),
        ],
        [SECTIONS.function]: [0, 1, 2].map(index => unsigned(types + index)),
        [SECTIONS.global]: [[...globalType('i64', true), ...code([`i64.const ${BigInt(NO_LIMIT)}`, 'end'])]],
        [SECTIONS.export]: [
          exportItem(FUEL_EXPORTS.exchange, 'function', functions),
          ...(start === undefined ? [] : [exportItem(FUEL_EXPORTS.start, 'function', start)]),
        ],
        [SECTIONS.code]: [
          // Sets the counter, and returns its value before.
          body([
            ...[`global.get ${globals}`, 'f64.convert_i64_s'],
            ...['local.get 0', 'i64.trunc_f64_s', `global.set ${globals}`],
          ]),
          byLength(['i64.extend_i32_u']),
          byLength([]),
        ],
      },
      insert: (original, params) => insert(original, params, codes, is64),
      takeOut: (fuelled, params) => takeOut(fuelled, params, codes, is64),
    };
  },
};

function insert(original: Uint8Array, params: number, codes: FuelCodes, sizes: AddressSizes): Bytes {
  const edits: Edit[] = [];
  const add = (at: number, bytes: Edit['bytes']) => void edits.push({ start: at, end: at, bytes });
  const rule = new MirrorRule();
  const cursor = new Cursor(original);
  let block = entry();
  const begin = (own: Block) => {
    block = own;
    // Made when the whole body was read: then the cost is known.
    add(cursor.at, local => codes.charge(own, local));
  };
  readLocals(cursor);
  begin(block);
  readInstructions(cursor, (opcode, immediates) => {
    rule.see(opcode);
    const length = lengthAt(original, opcode, immediates, sizes);
    if (length) add(immediates - 1, local => codes.long(length, local));
    const step = stepAt(original, opcode, immediates);
    block.cost += step.cost;
    if (CALLS.has(opcode)) add(cursor.at, local => codes.reload(local));
    if (step.endsBlock) begin(blockAfter(step));
  });
  return applyEdits(original, edits, rule.holds ? addMirror(original, params, I64) : null);
}

/** Returns a body without its charges. @throws {Malformed} where one is missing, or differs from the cost of its block */
function takeOut(fuelled: Uint8Array, params: number, codes: FuelCodes, sizes: AddressSizes): Uint8Array {
  const lengthOf = (opcode: number, immediates: number) => lengthAt(fuelled, opcode, immediates, sizes);
  const taken = new TakeOut(fuelled, params, I64, codes, lengthOf);
  const { cursor, local } = taken;
  const rule = new MirrorRule();
  /** Units that were paid for the block, and are not used yet. */
  let paid = 0;
  const begin = (owed: Block) => {
    if (paid !== 0) refuse(cursor.at);
    const cost = amountAt(fuelled, cursor.at, codes.getIn(owed, local))?.amount ?? 0;
    taken.expect(codes.charge({ ...owed, cost }, local));
    paid = cost - owed.cost;
  };
  begin(entry());
  readInstructions(cursor, (opcode, immediates) => {
    if (!taken.isOwn(opcode, immediates)) return;
    rule.see(opcode);
    const step = stepAt(fuelled, opcode, immediates);
    paid -= step.cost;
    if (CALLS.has(opcode)) taken.expect(codes.reload(local));
    if (step.endsBlock) begin(blockAfter(step));
  });
  return paid === 0 ? taken.finish(params, I64, rule.holds) : refuse(cursor.at);
}

/** Returns the module with the counter; null where it uses a form that this host does not know, or has exports of these names. */
export const addFuel = (bytes: Bytes): Bytes | null => add(FUEL, bytes);

/** Whether `fuelled` differs from `bytes` only by the additions of `addFuel`. */
export const isOnlyFuelled = (bytes: Bytes, fuelled: Bytes): boolean => isOnlyAdded(FUEL, bytes, fuelled);

/** Returns the module without the additions of `addFuel`; null where they are not all there. */
export const removeFuel = (fuelled: Bytes): Bytes | null => remove(FUEL, fuelled);
