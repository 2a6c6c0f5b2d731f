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
import { amountAt, applyEdits, type Charged, Codes, type Edit, NOTHING, refuse, TakeOut } from './edits.ts';
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
/** The counter starts with it: units of work between two calls of the host's function. */
const BUDGET = 16_000;
/** Units for so many turns that a body with a loop pays for at once, at its start and when they are used up: a turn counts in a local. */
const [FIRST, NEXT] = [32, 2048];
/**
 * Units of instructions that take longer than others: a call, for which a short function has no check of its own; a structure of up to
 * 10,000 fields; `throw`, `rethrow` and `throw_ref`.
 */
const [CALL_UNITS, STRUCTURE_UNITS, THROW_UNITS] = [8, 16, 256];
const STRUCT_NEW_DEFAULT = 1;
const THROWS = new Set([0x08, 0x09, 0x0a]);
/** A function of so many instructions without loops and calls needs no check: its callers pay for it. */
const SHORT = CALL_UNITS * 8;
/** An instruction that works on bytes takes a unit, and one more for each 2^10 of them. */
const KIB = 10;
/**
 * A number takes 2^14 units, more than `BUDGET`, so that the host is asked: of pages or elements by which something grows, and of
 * nanoseconds of a wait on shared memory.
 */
const ANY = 14;
/** Larger numbers count as this one, which no memory reaches, so that no bit is lost. */
const MOST = 2n ** 40n;

/**
 * Adds a check at the start of each function and loop. The check counts down, and when `BUDGET` is used up a function of the host is
 * called. Instructions on bytes count down too. The code traps if that function returns a number other than 0. The call stands outside of the loop, in a loop around it.
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
    const askIfUsedUp = ['i32.const 0', 'i32.le_s', 'if', `call ${functions}`, 'end'];
    /** Lowers the counter by 1 + parameter 0 · 2^`ANY` / 2^(parameter 1), at most by `BUDGET` + 1, and returns parameter 0. */
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
        ...[`global.get ${globals}`, ...units, budget, ...units, budget, 'i64.lt_u', 'select'],
        ...['i32.wrap_i64', 'i32.sub', 'i32.const 1', 'i32.sub', `global.set ${globals}`],
        ...[`global.get ${globals}`, ...askIfUsedUp, 'local.get 0'],
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
          ...['local.get 0', ...askIfUsedUp],
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
      ...this.lower('i32', weight + paidFirst(local), local, true),
      ...this.#askIfUsedUp(local),
      ...(local === undefined ? [] : [`i32.const ${FIRST}`, `local.set ${local}`]),
    ]);
  }

  /** Stands after the start of a loop, which it has a second time. */
  loop(weight: number, local: number | undefined, start: Uint8Array): Uint8Array {
    const turn = this.make(`turn ${weight} ${local}`, () =>
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
    return concat([this.#outside(Math.max(weight, NEXT), local), start, turn]);
  }

  /** Reads the weight in the code of a loop that stands at `at`. @throws {Malformed} */
  weightAt(body: Uint8Array, at: number, local: number | undefined, start: Uint8Array): number {
    const get = this.make(this.read(local), () => [this.read(local)]);
    // The constant stands behind a condition and its `if`, whose opcode and type are two bytes, as its own opcode is one.
    const units = new Cursor(body, at + get.length + 2 + 1 + 2 + 1).u32('a number');
    const outside = this.#outside(units, local).length;
    return new Cursor(body, at + outside + start.length + get.length + 1).u32('a weight');
  }

  /** The function that is called asks. */
  override afterLong(): Uint8Array {
    return NOTHING;
  }

  /** Pays for turns. Without a local, a turn pays for itself. */
  #outside(units: number, local: number | undefined): Uint8Array {
    return this.make(`outside ${units} ${local}`, () => {
      if (local === undefined) return this.#askIfUsedUp(local);
      const pay = [`i32.const ${units}`, `call ${this.#ask + 3}`, `i32.const ${units}`, `local.set ${local}`];
      return [`local.get ${local}`, ...BELOW_0, 'if', ...pay, 'end'];
    });
  }

  #isUsedUp(local: number | undefined): string[] {
    return [this.read(local), 'i32.const 0', 'i32.le_s'];
  }

  #askIfUsedUp(local: number | undefined): string[] {
    return [...this.#isUsedUp(local), 'if', `call ${this.#ask}`, 'end'];
  }
}

const BELOW_0 = ['i32.const 0', 'i32.lt_s'];
const paidFirst = (local: number | undefined): number => (local === undefined ? 0 : FIRST);
const ONE_END = Uint8Array.of(END);

/** Units of an entry or a turn. Few instructions of a large part run in one turn. Less than `BUDGET`, so that each turn can be paid for. */
const weightOf = (instructions: number, units: number): number =>
  Math.min(Math.min(1 + (instructions >> 3), 32 + (instructions >> 7)) + units, BUDGET - 1);

/** A loop, and the work in front of it. */
interface Loop {
  readonly instructions: number;
  readonly units: number;
  /** Units of a turn. Known at its end. */
  weight: number;
}

/** Sees the instructions of an original body, and decides about its checks. */
class Needs {
  hasLoop = false;
  #calls = false;
  #instructions: number;
  #units = 0;
  readonly #open: Loop[] = [];

  /** @param locals that the body declares: its entry fills them with zeros */
  constructor(locals: number) {
    this.#instructions = locals;
  }

  see(body: Uint8Array, opcode: number, immediates: number): void {
    this.#instructions++;
    if (TAIL_CALLS.has(opcode)) this.#calls = true;
    else if (THROWS.has(opcode)) this.#units += THROW_UNITS;
    else if (CALLS.has(opcode)) {
      this.#calls = true;
      this.#units += CALL_UNITS;
    } else if (opcode === STRUCTURES) {
      const number = new Cursor(body, immediates).u32('an instruction');
      if (number === STRUCT_NEW_DEFAULT) this.#units += STRUCTURE_UNITS;
    }
  }

  begin(): Loop {
    this.hasLoop = true;
    const loop = { instructions: this.#instructions, units: this.#units, weight: 0 };
    this.#open.push(loop);
    return loop;
  }

  /** Ends the loop that began last. */
  end(): Loop {
    const loop = this.#open.pop()!;
    loop.weight = weightOf(this.#instructions - loop.instructions, this.#units - loop.units);
    return loop;
  }

  get weight(): number {
    return weightOf(this.#instructions, this.#units);
  }

  get check(): boolean {
    return this.hasLoop || this.#calls || this.#instructions > SHORT;
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
  const { end: first, total } = readLocals(new Cursor(original));
  const needs = new Needs(total);
  const labels = new Labels('in');
  const cursor = new Cursor(original);
  readBody(cursor, (opcode, immediates) => {
    needs.see(original, opcode, immediates);
    if (isPlain(opcode) && !hasLength(opcode)) return;
    const [start, end] = [immediates - 1, cursor.at];
    const length = lengthAt(original, opcode, immediates, sizes);
    if (length) add(start, local => codes.long(length, local));
    labels.see(
      original,
      opcode,
      immediates,
      () => {
        needs.end();
        add(end, () => ONE_END);
      },
      ({ bytes, ...place }) => edits.push({ ...place, bytes: () => bytes }),
    );
    if (opcode !== LOOP) return;
    const loop = needs.begin();
    add(end, local => codes.loop(loop.weight, local, original.subarray(start, end)));
  });
  if (needs.check)
    edits.unshift({ start: first, end: first, bytes: local => codes.entry(needs.weight, local) });
  return applyEdits(original, edits, needs.hasLoop ? addMirror(original, params, I32) : null);
}

/** Returns a metered body without its checks. @throws {Malformed} where a check is missing, or differs */
function takeOut(metered: Uint8Array, params: number, codes: MeterCodes, sizes: AddressSizes): Uint8Array {
  const lengthOf = (opcode: number, immediates: number) => lengthAt(metered, opcode, immediates, sizes);
  const taken = new TakeOut(metered, params, I32, codes, lengthOf);
  const { cursor, edits, local } = taken;
  const entry = amountAt(metered, cursor.at, codes.get);
  const weight = entry ? entry.amount - paidFirst(local) : 0;
  const needs = new Needs(readLocals(new Cursor(metered)).total - (local === undefined ? 0 : 1));
  const labels = new Labels('out');
  /** The weights of the open loops, as their code has them. */
  const weights: number[] = [];
  if (entry) taken.expect(codes.entry(weight, local));
  readInstructions(cursor, (opcode, immediates) => {
    if (!taken.isOwn(opcode, immediates)) return;
    needs.see(metered, opcode, immediates);
    if (isPlain(opcode) && !hasLength(opcode)) return;
    const [start, end] = [immediates - 1, cursor.at];
    labels.see(
      metered,
      opcode,
      immediates,
      () => {
        if (needs.end().weight !== weights.pop()) refuse(start);
        taken.expect(ONE_END);
      },
      ({ bytes, ...place }) => edits.push({ ...place, bytes: () => bytes }),
    );
    if (opcode !== LOOP) return;
    needs.begin();
    const code = metered.subarray(start, end);
    weights.push(codes.weightAt(metered, end, local, code));
    taken.expect(codes.loop(weights.at(-1)!, local, code));
  });
  const original = taken.finish(params, I32, needs.hasLoop);
  const isAsAdded = needs.check ? weight === needs.weight : entry === null;
  return isAsAdded ? original : refuse(0);
}

/** Returns the module with checks; null where it uses a form that this host does not know, or has exports of these names. */
export const meter = (bytes: Bytes): Bytes | null => add(METER, bytes);

/** Whether `metered` differs from `bytes` only by the additions of `meter`. */
export const isOnlyMetered = (bytes: Bytes, metered: Bytes): boolean => isOnlyAdded(METER, bytes, metered);

/** Returns the module without the additions of `meter`; null where they are not all there. */
export const unmeter = (metered: Bytes): Bytes | null => remove(METER, metered);
