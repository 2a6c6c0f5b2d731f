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
import { BULK, type Length, lengthOf, STRUCTURES } from './by-length.ts';
import { concat, isEqual } from './bytes.ts';
import { Cursor, Malformed } from './cursor.ts';
import { readBody, readInstructions, readLocals } from './instructions.ts';
import { add, type Counts, type Instrument, isOnlyAdded, remove } from './instrument.ts';
import { END, isPlain, Labels, LOOP } from './labels.ts';
import { addMirror, CALLS, type Mirror, MirrorRule, removeMirror } from './mirror.ts';

type Bytes = Uint8Array<ArrayBuffer>;
type Memories = Counts['memories'];

const { i32: I32 } = VALUE_TYPES;
const [CALL, I32_CONST, LOCAL_TEE, MEMORY_GROW] = [0x10, 0x41, 0x22, 0x40];
const TABLE_GROW = 15;
/** `return_call`, `return_call_indirect`, `return_call_ref`. */
const TAIL_CALLS = new Set([0x12, 0x13, 0x15]);

/** What the counter starts with: function entries and loop turns between two calls of the host's function. */
const TURNS = 1000;
/** A function counts as one turn more for so many bytes of its body. */
const BYTES_PER_TURN = 4096;
/** After an instruction that works on 2^16 bytes or more, the next check asks. */
const LONG = 16;
/** What one page or element counts as when a memory or a table grows, as a power of two: any growth is long. */
const GROWTH = LONG;

/** What a check takes from the counter. Less than `TURNS`, so that a loop always has a turn between two questions. */
const weightOf = (bodyBytes: number): number =>
  Math.min(1 + Math.floor(bodyBytes / BYTES_PER_TURN), TURNS - 1);

/**
 * Adds a check at the start of each function and loop. The check counts down, and after some `TURNS` checks a function of the host is
 * called. The code traps if that function returns a number other than 0. The call stands outside of the loop, in a loop around it.
 * RATIONALE: why-is-there-a-loop-around-each-loop
 */
const METER: Instrument = {
  exports: METER_EXPORTS,
  additionsTo({ types, functions, tables, globals, memories }, start) {
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
    const codes = new Codes(globals, functions);
    return {
      items,
      insert: (original, params) => insert(original, params, codes, memories),
      takeOut: (metered, params) => takeOut(metered, params, codes, memories),
    };
  },
};

/** The code that is added to bodies. `local` is the mirror of the counter; undefined without one. */
class Codes {
  /** Reads the counter. No instruction of the plugin's own can name it. */
  readonly get: Uint8Array;
  /** Index of the function that asks. Those that look at a length follow. */
  readonly #ask: number;
  readonly #global: number;
  // A module has thousands of checks, and few different ones.
  readonly #made = new Map<string, Uint8Array>();

  constructor(global: number, ask: number) {
    this.#global = global;
    this.#ask = ask;
    this.get = Uint8Array.from(code([`global.get ${global}`]));
  }

  /** Stands at the start of a body. */
  entry(weight: number, local: number | undefined): Uint8Array {
    return this.#make(`entry ${weight} ${local}`, () => [
      ...this.#count(weight, local, `global.get ${this.#global}`),
      ...this.#isOver(local),
      ...this.#callAsk(local),
    ]);
  }

  /** Stands after the start of a loop, which it has a second time. */
  loop(weight: number, local: number | undefined, start: Uint8Array): Uint8Array {
    const outside = this.#make(`outside ${local}`, () => [...this.#isOver(local), ...this.#callAsk(local)]);
    const inside = this.#make(`inside ${weight} ${local}`, () => [
      ...this.#count(weight, local, this.#read(local)),
      ...this.#isOver(local),
      'br_if 1',
    ]);
    return concat([outside, start, inside]);
  }

  /** Stands before an instruction whose time depends on a length. */
  long({ scale, is64 }: Length, local: number | undefined): Uint8Array {
    const made = this.#make(`long ${scale} ${is64}`, () => [
      ...[`i32.const ${LONG - scale}`, `call ${this.#ask + (is64 ? 2 : 1)}`],
    ]);
    return concat([made, this.reload(local)]);
  }

  /** Stands after calls. */
  reload(local: number | undefined): Uint8Array {
    return this.#make(`reload ${local}`, () => this.#reload(local));
  }

  isLong(index: number): boolean {
    return index === this.#ask + 1 || index === this.#ask + 2;
  }

  #make(key: string, listing: () => readonly string[]): Uint8Array {
    const made = this.#made.get(key) ?? Uint8Array.from(code(listing()));
    this.#made.set(key, made);
    return made;
  }

  #read(local: number | undefined): string {
    return local === undefined ? `global.get ${this.#global}` : `local.get ${local}`;
  }

  #count(weight: number, local: number | undefined, from: string): string[] {
    const keep = local === undefined ? [] : [`local.tee ${local}`];
    return [from, `i32.const ${weight}`, 'i32.sub', ...keep, `global.set ${this.#global}`];
  }

  #isOver(local: number | undefined): string[] {
    return [this.#read(local), 'i32.const 0', 'i32.le_s'];
  }

  #callAsk(local: number | undefined): string[] {
    return ['if', `call ${this.#ask}`, ...this.#reload(local), 'end'];
  }

  #reload(local: number | undefined): string[] {
    return local === undefined ? [] : [`global.get ${this.#global}`, `local.set ${local}`];
  }
}

/** Other bytes between two places of a body. */
interface Edit {
  start: number;
  end: number;
  bytes(local: number | undefined): Uint8Array;
}

function apply(body: Uint8Array, edits: readonly Edit[], mirror: Mirror | null): Bytes {
  const parts: Uint8Array[] = mirror ? [mirror.locals] : [];
  let from = mirror?.first ?? 0;
  for (const { start, end, bytes } of edits) {
    if (start < from) throw new Malformed(start, 'added code behind the code before', 'code in it');
    parts.push(body.subarray(from, start), bytes(mirror?.local));
    from = end;
  }
  return concat([...parts, body.subarray(from)]);
}

const NOTHING = new Uint8Array();
const ONE_END = Uint8Array.of(END);

/** Sees the instructions of an original body, and decides what it needs. */
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
  opcode === MEMORY_GROW || opcode === STRUCTURES || opcode === BULK;

/** Returns the length that an instruction takes; null for one without. */
function lengthAt(body: Uint8Array, opcode: number, immediates: number, memories: Memories): Length | null {
  if (!hasLength(opcode)) return null;
  const operands = new Cursor(body, immediates);
  const number = operands.u32('an instruction');
  if (opcode === MEMORY_GROW) return { scale: GROWTH, is64: memories[number]?.is64 ?? false };
  if (opcode === BULK && number === TABLE_GROW) return { scale: GROWTH, is64: false };
  return lengthOf(opcode, number, operands, memories);
}

/** Returns a body with a check at the places where its code may repeat. */
function insert(original: Uint8Array, params: number, codes: Codes, memories: Memories): Bytes {
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
    const length = lengthAt(original, opcode, immediates, memories);
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
  return apply(original, edits, needs.mirror ? addMirror(original, params, I32) : null);
}

/** Reads the check at the start of a body, as far as it tells about the others; null without one. */
function readEntry(metered: Uint8Array, first: number, codes: Codes) {
  const { get } = codes;
  if (!isEqual(metered.subarray(first, first + get.length), get)) return null;
  const cursor = new Cursor(metered, first + get.length + 1);
  // The weight is positive, so that its signed LEB128 is the unsigned one, perhaps with a byte of zeros.
  const weight = cursor.u32('a weight');
  cursor.take(1, 'a subtraction');
  return { weight, hasMirror: cursor.byte('an instruction') === LOCAL_TEE };
}

/** Returns a metered body without its checks. @throws {Malformed} where a check is missing, or differs */
function takeOut(metered: Uint8Array, params: number, codes: Codes, memories: Memories): Uint8Array {
  const edits: Edit[] = [];
  const first = readLocals(new Cursor(metered)).end;
  const entry = readEntry(metered, first, codes);
  const weight = entry?.weight ?? 1;
  const mirror = entry?.hasMirror ? removeMirror(metered, params, I32) : null;
  const local = mirror?.local;
  const needs = new Needs();
  const labels = new Labels('out');
  const cursor = new Cursor(metered, first);
  /** Takes out the next bytes, which must be these. */
  const expect = (bytes: Uint8Array) => {
    const [start, end] = [cursor.at, cursor.at + bytes.length];
    if (!isEqual(metered.subarray(start, end), bytes))
      throw new Malformed(start, 'the code of a check', 'other code');
    edits.push({ start, end, bytes: () => NOTHING });
    cursor.at = end;
  };
  /** Whether the code for a length was taken out before the next instruction. */
  let isPaid = false;
  if (entry) expect(codes.entry(weight, local));
  readInstructions(cursor, (opcode, immediates) => {
    const [start, end] = [immediates - 1, cursor.at];
    if (opcode === I32_CONST && metered[end] === CALL) {
      const call = new Cursor(metered, end + 1);
      if (codes.isLong(call.u32('a function'))) {
        // The instruction itself is behind the code, and tells which code it must be.
        const after = call.at + codes.reload(local).length;
        const prefix = metered[after]!;
        const length = lengthAt(metered, prefix, after + 1, memories);
        if (!length) throw new Malformed(after, 'an instruction with a length', 'another');
        cursor.at = start;
        expect(codes.long(length, local));
        isPaid = true;
        return;
      }
    }
    if (isPlain(opcode) && !hasLength(opcode)) return;
    needs.see(opcode);
    if (isPaid !== (lengthAt(metered, opcode, immediates, memories) !== null))
      throw new Malformed(start, 'the code of a length, before its instruction', 'other code');
    isPaid = false;
    labels.see(
      metered,
      opcode,
      immediates,
      () => expect(ONE_END),
      ({ bytes, ...place }) => edits.push({ ...place, bytes: () => bytes }),
    );
    if (opcode === LOOP) expect(codes.loop(weight, local, metered.subarray(start, end)));
    else if (CALLS.has(opcode)) expect(codes.reload(local));
  });
  const original = apply(metered, edits, mirror);
  const isMirrored = needs.mirror && addMirror(original, params, I32) !== null;
  const isAsAdded =
    isMirrored === (mirror !== null) &&
    needs.check(weight) === (entry !== null) &&
    weight === weightOf(original.length);
  if (!isAsAdded) throw new Malformed(first, 'the check at the start of a body', 'another');
  return original;
}

/** Returns the module with checks; null where it uses a form that this host does not know, or has exports of these names. */
export const meter = (bytes: Bytes): Bytes | null => add(METER, bytes);

/** Whether `metered` differs from `bytes` only by the additions of `meter`. */
export const isOnlyMetered = (bytes: Bytes, metered: Bytes): boolean => isOnlyAdded(METER, bytes, metered);

/** Returns the module without the additions of `meter`; null where they are not all there. */
export const unmeter = (metered: Bytes): Bytes | null => remove(METER, metered);
