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
import { addMirror, CALLS, MirrorRule } from './mirror.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const { i32: I32 } = VALUE_TYPES;
const MEMORY_GROW = 0x40;
const TABLE_GROW = 15;
const [THREADS, WAIT32, WAIT64] = [0xfe, 1, 2];
/** `return_call`, `return_call_indirect`, `return_call_ref`. */
const TAIL_CALLS = new Set([0x12, 0x13, 0x15]);

/** The counter starts with it: function entries and loop turns between two calls of the host's function. */
const TURNS = 1000;
/** A function counts as one turn more for so many bytes of its body. */
const BYTES_PER_TURN = 4096;
/** After an instruction that works on 2^16 bytes or more, the next check asks. */
const LONG = 16;
/** Any number but 0 is long: of pages or elements by which something grows, and of nanoseconds of a wait on shared memory. */
const ANY = 0;

/** The number that a check takes from the counter. Less than `TURNS`, so that a loop always has a turn between two questions. */
const weightOf = (bodyBytes: number): number =>
  Math.min(1 + Math.floor(bodyBytes / BYTES_PER_TURN), TURNS - 1);

/**
 * Adds a check at the start of each function and loop. The check counts down, and after some `TURNS` checks a function of the host is
 * called. The code traps if that function returns a number other than 0. The call stands outside of the loop, in a loop around it.
 * RATIONALE: why-is-there-a-loop-around-each-loop
 */
const METER: Instrument = {
  exports: METER_EXPORTS,
  additionsTo({ types, functions, tables, globals, is64 }, start) {
    const [ask, answer, after32, after64] = [0, 1, 2, 3].map(index => types + index) as [
      number,
      number,
      number,
      number,
    ];
    const askNext = ['if', 'i32.const 1', `global.set ${globals}`, 'end', 'local.get 0'];
    const items = {
      [SECTIONS.type]: [
        functionType([], []),
        functionType([], ['i32']),
        functionType(['i32', 'i32'], ['i32']),
        functionType(['i64', 'i32'], ['i64']),
      ],
      [SECTIONS.function]: [ask, after32, after64].map(unsigned),
      [SECTIONS.table]: [tableType({ min: 1, max: 1 })],
      [SECTIONS.global]: [[...globalType('i32', true), ...code([`i32.const ${TURNS}`, 'end'])]],
      [SECTIONS.export]: [
        exportItem(METER_EXPORTS.ask, 'table', tables),
        ...(start === undefined ? [] : [exportItem(METER_EXPORTS.start, 'function', start)]),
      ],
      [SECTIONS.code]: [
        body([
          // Should code run on after the trap, its next check asks again.
          ...['i32.const 1', `global.set ${globals}`],
          ...['i32.const 0', `call_indirect ${answer} ${tables}`, 'if', 'unreachable', 'end'],
          ...[`i32.const ${TURNS}`, `global.set ${globals}`],
        ]),
        // Both return parameter 0. The next check asks if it is at least 2^(parameter 1).
        body(['local.get 0', 'local.get 1', 'i32.shr_u', ...askNext]),
        body([
          ...['local.get 0', 'local.get 1', 'i64.extend_i32_u', 'i64.shr_u', 'i64.const 0', 'i64.ne'],
          ...askNext,
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

/** The code of checks. */
class MeterCodes extends Codes {
  readonly #ask: number;

  /** @param ask index of the function that asks. Those that look at a length follow */
  constructor(global: number, ask: number) {
    super(global, ask + 1);
    this.#ask = ask;
  }

  /** Stands at the start of a body. */
  entry(weight: number, local: number | undefined): Uint8Array {
    return this.make(`entry ${weight} ${local}`, () => [
      ...this.lower('i32', weight, local, true),
      ...this.#askIfOver(local),
    ]);
  }

  /** Stands after the start of a loop, which it has a second time. */
  loop(weight: number, local: number | undefined, start: Uint8Array): Uint8Array {
    const outside = this.make(`outside ${local}`, () => this.#askIfOver(local));
    const inside = this.make(`inside ${weight} ${local}`, () => [
      ...this.lower('i32', weight, local, false),
      ...this.#isOver(local),
      'br_if 1',
    ]);
    return concat([outside, start, inside]);
  }

  #isOver(local: number | undefined): string[] {
    return [this.read(local), 'i32.const 0', 'i32.le_s'];
  }

  #askIfOver(local: number | undefined): string[] {
    const again = local === undefined ? [] : [this.read(undefined), `local.set ${local}`];
    return [...this.#isOver(local), 'if', `call ${this.#ask}`, ...again, 'end'];
  }
}

const ONE_END = Uint8Array.of(END);

/** Sees the instructions of an original body, and decides whether it needs a mirror and a check. */
class Needs {
  readonly #mirror = new MirrorRule();
  #repeats = false;

  see(opcode: number): void {
    this.#mirror.see(opcode);
    if (opcode === LOOP || CALLS.has(opcode) || TAIL_CALLS.has(opcode)) this.#repeats = true;
  }

  get mirror(): boolean {
    return this.#mirror.holds;
  }

  /** A short function without loops and calls needs no check: those of its callers count. */
  check(weight: number): boolean {
    return this.#repeats || weight > 1;
  }
}

const hasLength = (opcode: number): boolean =>
  opcode === MEMORY_GROW || opcode === STRUCTURES || opcode === BULK || opcode === THREADS;

/** Returns the length that an instruction takes; null for one without. */
function lengthAt(body: Uint8Array, opcode: number, immediates: number, sizes: AddressSizes): Charged | null {
  const length = lengthOf(body, opcode, immediates, sizes);
  if (length) return { is64: length.is64, operand: LONG - length.scale };
  if (!hasLength(opcode)) return null;
  const operands = new Cursor(body, immediates);
  const number = operands.u32('an instruction');
  if (opcode === MEMORY_GROW) return { is64: sizes.memories[number] ?? false, operand: ANY };
  if (opcode === BULK && number === TABLE_GROW)
    return { is64: sizes.tables[operands.u32('the index of a table')] ?? false, operand: ANY };
  const waits = opcode === THREADS && (number === WAIT32 || number === WAIT64);
  return waits ? { is64: true, operand: ANY } : null;
}

/** Returns a body with a check at the places where its code may repeat. */
function insert(original: Uint8Array, params: number, codes: MeterCodes, sizes: AddressSizes): Bytes {
  const edits: Edit[] = [];
  const add = (at: number, bytes: Edit['bytes']) => void edits.push({ start: at, end: at, bytes });
  const weight = weightOf(original.length);
  const needs = new Needs();
  const labels = new Labels('in');
  const cursor = new Cursor(original);
  readBody(cursor, (opcode, immediates) => {
    if (isPlain(opcode) && !hasLength(opcode)) return;
    const [start, end] = [immediates - 1, cursor.at];
    needs.see(opcode);
    const length = lengthAt(original, opcode, immediates, sizes);
    if (length) add(start, local => codes.long(length, local));
    labels.see(
      original,
      opcode,
      immediates,
      () => add(end, () => ONE_END),
      ({ bytes, ...place }) => edits.push({ ...place, bytes: () => bytes }),
    );
    if (opcode === LOOP) add(end, local => codes.loop(weight, local, original.subarray(start, end)));
    else if (CALLS.has(opcode)) add(end, local => codes.reload(local));
  });
  if (needs.check(weight)) {
    const first = readLocals(new Cursor(original)).end;
    edits.unshift({ start: first, end: first, bytes: local => codes.entry(weight, local) });
  }
  return applyEdits(original, edits, needs.mirror ? addMirror(original, params, I32) : null);
}

/** Returns a metered body without its checks. @throws {Malformed} where a check is missing, or differs */
function takeOut(metered: Uint8Array, params: number, codes: MeterCodes, sizes: AddressSizes): Uint8Array {
  const lengthOf = (opcode: number, immediates: number) => lengthAt(metered, opcode, immediates, sizes);
  const taken = new TakeOut(metered, params, I32, codes, lengthOf);
  const { cursor, edits, local } = taken;
  const entry = amountAt(metered, cursor.at, codes.get);
  const weight = entry?.amount ?? 1;
  const needs = new Needs();
  const labels = new Labels('out');
  if (entry) taken.expect(codes.entry(weight, local));
  readInstructions(cursor, (opcode, immediates) => {
    if (!taken.isOwn(opcode, immediates) || isPlain(opcode)) return;
    const [start, end] = [immediates - 1, cursor.at];
    needs.see(opcode);
    labels.see(
      metered,
      opcode,
      immediates,
      () => taken.expect(ONE_END),
      ({ bytes, ...place }) => edits.push({ ...place, bytes: () => bytes }),
    );
    if (opcode === LOOP) taken.expect(codes.loop(weight, local, metered.subarray(start, end)));
    else if (CALLS.has(opcode)) taken.expect(codes.reload(local));
  });
  const original = taken.finish(params, I32, needs.mirror);
  const isAsAdded = needs.check(weight) === (entry !== null) && weight === weightOf(original.length);
  return isAsAdded ? original : refuse(0);
}

/** Returns the module with checks; null where it uses a form that this host does not know, or has exports of these names. */
export const meter = (bytes: Bytes): Bytes | null => add(METER, bytes);

/** Whether `metered` differs from `bytes` only by the additions of `meter`. */
export const isOnlyMetered = (bytes: Bytes, metered: Bytes): boolean => isOnlyAdded(METER, bytes, metered);

/** Returns the module without the additions of `meter`; null where they are not all there. */
export const unmeter = (metered: Bytes): Bytes | null => remove(METER, metered);
