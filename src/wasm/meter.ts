import {
  body,
  code,
  exportItem,
  functionType,
  globalType,
  SECTIONS,
  tableType,
  unsigned,
  VALUE_TYPES,
} from '../../abi/encode.ts';
import { METER_EXPORTS } from './ask.ts';
import { type AddressSizes, BULK, lengthOf, STRUCTURES } from './by-length.ts';
import { concat } from './bytes.ts';
import { Cursor } from './cursor.ts';
import { amountAt, applyEdits, type Charged, Codes, type Edit, refuse, TakeOut } from './edits.ts';
import { readBody, readInstructions, readLocals } from './instructions.ts';
import { add, type Instrument, isOnlyAdded, remove } from './instrument.ts';
import { END, isPlain, Labels, LOOP } from './labels.ts';
import { addMirror, CALLS } from './mirror.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const { i32: I32 } = VALUE_TYPES;
const MEMORY_GROW = 0x40;
const TABLE_GROW = 15;
const [THREADS, WAIT32, WAIT64] = [0xfe, 1, 2];
/** `return_call`, `return_call_indirect`, `return_call_ref`. */
const TAIL_CALLS = new Set([0x12, 0x13, 0x15]);
/** `throw`, `rethrow`, `throw_ref`. */
const THROWS = new Set([0x08, 0x09, 0x0a]);

/** The counter starts with it: units of work between two calls of the host's function. */
const BUDGET = 16_000;
/** A function entry or a loop turn is one unit of work, and one more for so many bytes of the body. */
const BYTES_PER_UNIT = 256;
/** And so many more if it throws: engines take microseconds for an exception. */
const THROW_UNITS = 64;
/**
 * A body with a loop counts its turns in a local, which it fills from the counter: at its start, and when it is used up. The first
 * price is low, since most bodies make few turns; a quarter of the units is taken, since a turn is shorter than the whole body.
 */
const FIRST = { units: 64, price: 16 };
const NEXT = { units: 512, price: 128 };
/** An instruction that works on many bytes takes a unit for 2^10 of them. */
const KIB = 10;
/**
 * A number takes 2^14 units, more than `BUDGET`, so that the next check asks: of pages or elements by which something grows, and of
 * nanoseconds of a wait on shared memory.
 */
const ANY = 14;
/** Larger numbers count as this one, which no memory reaches, so that no bit is lost. */
const MOST = 2n ** 40n;

/**
 * Adds a check at the start of each function and loop. The check counts down, and when `BUDGET` is used up a function of the host is
 * called. The code traps if that function returns a number other than 0. The call stands outside of the loop, in a loop around it.
 * RATIONALE: why-is-there-a-loop-around-each-loop
 */
const METER: Instrument = {
  exports: METER_EXPORTS,
  additionsTo({ types, functions, tables, globals, is64 }, start) {
    const [ask, answer, after32, after64, pay] = [0, 1, 2, 3, 4].map(index => types + index) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const most = `i64.const ${MOST}`;
    /** Lowers the counter by parameter 0 · 2^`ANY` / 2^(parameter 1), at most by `BUDGET`, and returns parameter 0. */
    const byLength = (toLong: readonly string[]) => {
      const units = [
        ...toLong,
        `i64.const ${ANY}`,
        'i64.shl',
        'local.get 1',
        'i64.extend_i32_u',
        'i64.shr_u',
      ];
      const budget = `i64.const ${BUDGET}`;
      return body([
        // Not below 0: after many instructions in a row the counter would begin again at 2^31.
        ...[`global.get ${globals}`, 'i32.const 0', 'i32.gt_s', 'if', `global.get ${globals}`],
        ...[...units, budget, ...units, budget, 'i64.lt_u', 'select'],
        ...['i32.wrap_i64', 'i32.sub', `global.set ${globals}`, 'end', 'local.get 0'],
      ]);
    };
    const items = {
      [SECTIONS.type]: [
        functionType([], []),
        functionType([], ['i32']),
        functionType(['i32', 'i32'], ['i32']),
        functionType(['i64', 'i32'], ['i64']),
        functionType(['i32'], []),
      ],
      [SECTIONS.function]: [ask, after32, after64, pay].map(unsigned),
      [SECTIONS.table]: [tableType({ min: 1, max: 1 })],
      [SECTIONS.global]: [[...globalType('i32', true), ...code([`i32.const ${BUDGET}`, 'end'])]],
      [SECTIONS.export]: [
        exportItem(METER_EXPORTS.ask, 'table', tables),
        ...(start === undefined ? [] : [exportItem(METER_EXPORTS.start, 'function', start)]),
      ],
      [SECTIONS.code]: [
        body([
          // Should code run on after the trap, its next check asks again.
          ...['i32.const 1', `global.set ${globals}`],
          ...['i32.const 0', `call_indirect ${answer} ${tables}`, 'if', 'unreachable', 'end'],
          ...[`i32.const ${BUDGET}`, `global.set ${globals}`],
        ]),
        byLength(['local.get 0', 'i64.extend_i32_u']),
        byLength([...['local.get 0', most, 'local.get 0', most], 'i64.lt_u', 'select']),
        // Lowers the counter by parameter 0.
        body([
          ...[`global.get ${globals}`, 'local.get 0', 'i32.sub', 'local.tee 0', `global.set ${globals}`],
          ...['local.get 0', 'i32.const 0', 'i32.le_s', 'if', `call ${functions}`, 'end'],
        ]),
      ],
    };
    const codes = new MeterCodes(globals, functions);
    return {
      items,
      insert: (original, params) => insert(original, params, codes, is64),
      takeOut: (metered, params) => takeOut(metered, params, codes, is64),
    };
  },
};

/** The code of checks. `local` has the units of a body with a loop. */
class MeterCodes extends Codes {
  readonly #ask: number;

  /** @param ask index of the function that asks. Those that look at a length follow, and the one that pays */
  constructor(global: number, ask: number) {
    super(global, ask + 1);
    this.#ask = ask;
  }

  /** Stands at the start of a body. */
  entry(weight: number, local: number | undefined): Uint8Array {
    return this.make(`entry ${weight} ${local}`, () => [
      ...this.lower('i32', weight + (local === undefined ? 0 : FIRST.price), local, true),
      ...this.#askIfUsedUp(local),
      ...(local === undefined ? [] : [`i32.const ${FIRST.units}`, `local.set ${local}`]),
    ]);
  }

  /** Stands after the start of a loop, which it has a second time. */
  loop(weight: number, local: number | undefined, start: Uint8Array): Uint8Array {
    const outside = this.make(`outside ${weight} ${local}`, () =>
      local === undefined ? this.#askIfUsedUp(local) : this.#payIfUsedUp(weight, local),
    );
    const inside = this.make(`inside ${weight} ${local}`, () =>
      local === undefined
        ? [...this.lower('i32', weight, local, false), ...this.#isUsedUp(local), 'br_if 1']
        : [
            `local.get ${local}`,
            `i32.const ${weight}`,
            'i32.sub',
            `local.tee ${local}`,
            ...BELOW_0,
            'br_if 1',
          ],
    );
    return concat([outside, start, inside]);
  }

  /** If the counter is used up, the next turn of a loop pays, and so asks. */
  override afterLong(local: number | undefined): Uint8Array {
    return this.make(`after long ${local}`, () =>
      local === undefined
        ? []
        : [...this.#isUsedUp(undefined), 'if', 'i32.const -1', `local.set ${local}`, 'end'],
    );
  }

  #isUsedUp(local: number | undefined): string[] {
    return [this.read(local), 'i32.const 0', 'i32.le_s'];
  }

  #askIfUsedUp(local: number | undefined): string[] {
    return [...this.#isUsedUp(local), 'if', `call ${this.#ask}`, 'end'];
  }

  #payIfUsedUp(weight: number, local: number): string[] {
    const pay = [`i32.const ${Math.max(NEXT.price, weight + 1)}`, `call ${this.#ask + 3}`];
    const fill = [`i32.const ${Math.max(NEXT.units, weight)}`, `local.set ${local}`];
    return [`local.get ${local}`, ...BELOW_0, 'if', ...pay, ...fill, 'end'];
  }
}

const BELOW_0 = ['i32.const 0', 'i32.lt_s'];
const ONE_END = Uint8Array.of(END);

/** Sees the instructions of an original body, and decides about its checks. */
class Needs {
  hasLoop = false;
  #throws = false;
  #isLong = false;

  see(opcode: number, hasLength: boolean): void {
    if (opcode === LOOP) this.hasLoop = true;
    if (THROWS.has(opcode)) this.#throws = true;
    if (hasLength || CALLS.has(opcode) || TAIL_CALLS.has(opcode)) this.#isLong = true;
  }

  /** Units of an entry or a turn. Less than `BUDGET`, so that a loop that counts without a local has a turn between two questions. */
  weight(bodyBytes: number): number {
    const units = 1 + Math.floor(bodyBytes / BYTES_PER_UNIT) + (this.#throws ? THROW_UNITS : 0);
    return Math.min(units, BUDGET - 1);
  }

  /** A short function without loops, calls and lengths needs no check: those of its callers count. */
  check(weight: number): boolean {
    return this.hasLoop || this.#isLong || weight > 1;
  }
}

const hasLength = (opcode: number): boolean =>
  opcode === MEMORY_GROW || opcode === STRUCTURES || opcode === BULK || opcode === THREADS;

/** Returns the length that an instruction takes; null for one without. */
function lengthAt(body: Uint8Array, opcode: number, immediates: number, sizes: AddressSizes): Charged | null {
  const length = lengthOf(body, opcode, immediates, sizes);
  if (length) return { is64: length.is64, operand: ANY + KIB - length.scale };
  if (!hasLength(opcode)) return null;
  const operands = new Cursor(body, immediates);
  const number = operands.u32('an instruction');
  if (opcode === MEMORY_GROW) return { is64: sizes.memories[number] ?? false, operand: 0 };
  if (opcode === BULK && number === TABLE_GROW)
    return { is64: sizes.tables[operands.u32('the index of a table')] ?? false, operand: 0 };
  const waits = opcode === THREADS && (number === WAIT32 || number === WAIT64);
  return waits ? { is64: true, operand: 0 } : null;
}

/** Returns a body with a check at the places where its code may repeat. */
function insert(original: Uint8Array, params: number, codes: MeterCodes, sizes: AddressSizes): Bytes {
  const edits: Edit[] = [];
  const add = (at: number, bytes: Edit['bytes']) => void edits.push({ start: at, end: at, bytes });
  const needs = new Needs();
  // Known when the whole body was read: the bytes of edits are made after that.
  const weight = () => needs.weight(original.length);
  const labels = new Labels('in');
  const cursor = new Cursor(original);
  readBody(cursor, (opcode, immediates) => {
    if (isPlain(opcode) && !hasLength(opcode)) return;
    const [start, end] = [immediates - 1, cursor.at];
    const length = lengthAt(original, opcode, immediates, sizes);
    needs.see(opcode, length !== null);
    if (length) add(start, local => codes.long(length, local));
    labels.see(
      original,
      opcode,
      immediates,
      () => add(end, () => ONE_END),
      ({ bytes, ...place }) => edits.push({ ...place, bytes: () => bytes }),
    );
    if (opcode === LOOP) add(end, local => codes.loop(weight(), local, original.subarray(start, end)));
  });
  if (needs.check(weight())) {
    const first = readLocals(new Cursor(original)).end;
    edits.unshift({ start: first, end: first, bytes: local => codes.entry(weight(), local) });
  }
  return applyEdits(original, edits, needs.hasLoop ? addMirror(original, params, I32) : null);
}

/** Returns a metered body without its checks. @throws {Malformed} where a check is missing, or differs */
function takeOut(metered: Uint8Array, params: number, codes: MeterCodes, sizes: AddressSizes): Uint8Array {
  const lengthOf = (opcode: number, immediates: number) => lengthAt(metered, opcode, immediates, sizes);
  const taken = new TakeOut(metered, params, I32, codes, lengthOf);
  const { cursor, edits, local } = taken;
  const entry = amountAt(metered, cursor.at, codes.get);
  const weight = entry ? entry.amount - (local === undefined ? 0 : FIRST.price) : 1;
  const needs = new Needs();
  const labels = new Labels('out');
  if (entry) taken.expect(codes.entry(weight, local));
  readInstructions(cursor, (opcode, immediates) => {
    if (!taken.isOwn(opcode, immediates) || (isPlain(opcode) && !hasLength(opcode))) return;
    const [start, end] = [immediates - 1, cursor.at];
    needs.see(opcode, lengthOf(opcode, immediates) !== null);
    labels.see(
      metered,
      opcode,
      immediates,
      () => taken.expect(ONE_END),
      ({ bytes, ...place }) => edits.push({ ...place, bytes: () => bytes }),
    );
    if (opcode === LOOP) taken.expect(codes.loop(weight, local, metered.subarray(start, end)));
  });
  const original = taken.finish(params, I32, needs.hasLoop);
  const isAsAdded = needs.check(weight) === (entry !== null) && weight === needs.weight(original.length);
  return isAsAdded ? original : refuse(0);
}

/** Returns the module with checks; null where it uses a form that this host does not know, or has exports of these names. */
export const meter = (bytes: Bytes): Bytes | null => add(METER, bytes);

/** Whether `metered` differs from `bytes` only by the additions of `meter`. */
export const isOnlyMetered = (bytes: Bytes, metered: Bytes): boolean => isOnlyAdded(METER, bytes, metered);

/** Returns the module without the additions of `meter`; null where they are not all there. */
export const unmeter = (metered: Bytes): Bytes | null => remove(METER, metered);
