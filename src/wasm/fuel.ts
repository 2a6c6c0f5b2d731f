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
import { BULK, type Length, lengthOf, STRUCTURES } from './by-length.ts';
import { concat, isEqual } from './bytes.ts';
import { Cursor } from './cursor.ts';
import { readBody } from './instructions.ts';
import { add, type Counts, type Instrument, isOnlyAdded, remove } from './instrument.ts';
import { addMirror, CALLS, MirrorRule, removeMirror } from './mirror.ts';

type Bytes = Uint8Array<ArrayBuffer>;
type Memories = Counts['memories'];

const { i64: I64 } = VALUE_TYPES;
const [LOOP, LOCAL_GET, GLOBAL_GET, MEMORY_GROW] = [0x03, 0x20, 0x23, 0x40];
const [I32_CONST, I64_CONST] = [0x41, 0x42];
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
  /** Offsets in the body. */
  start: number;
  end: number;
  cost: number;
  isLoop: boolean;
  endsBlock: boolean;
  /** Set for an instruction that is charged by length. */
  length: Length | null;
  opcode: number;
}

/** Reads a body. Returns the offset of its first instruction. @throws {Malformed} */
function readSteps(bytes: Uint8Array, memories: Memories, visit: (step: Step) => void): number {
  const cursor = new Cursor(bytes);
  let first = -1;
  readBody(cursor, (opcode, immediates) => {
    const start = immediates - 1;
    if (first < 0) first = start;
    const operands = new Cursor(bytes, immediates);
    const number = opcode === STRUCTURES || opcode === BULK ? operands.u32('an instruction') : -1;
    const grows = opcode === MEMORY_GROW || (opcode === BULK && number === TABLE_GROW);
    visit({
      start,
      end: cursor.at,
      cost: FREE.has(opcode) ? 0 : grows ? GROW : 1,
      isLoop: opcode === LOOP,
      endsBlock: ENDS.has(opcode) || (opcode === STRUCTURES && BRANCHES_ON_CAST.has(number)),
      length: lengthOf(opcode, number, operands, memories),
      opcode,
    });
  });
  return first;
}

/** Code that is put before an offset of a body. */
interface Charge {
  at: number;
  /** Units for a block of straight code. */
  cost: number;
  /** Whether it traps once the counter is below 0. So do function entries and loop turns, each of which costs 1 more. */
  tests: boolean;
  /** Whether it is the first of its body, where the mirror has no value yet. */
  isEntry: boolean;
  length: Step['length'];
  /** Whether it costs nothing, and reads the counter after a call into the mirror. */
  isReload: boolean;
}

const FREE_OF_CHARGE = { cost: 0, tests: false, isEntry: false, length: null, isReload: false };
const RELOAD = { ...FREE_OF_CHARGE, isReload: true };

/** Returns the charges of a body. */
function chargesOf(original: Uint8Array, memories: Memories) {
  const rule = new MirrorRule();
  let block: Charge = { ...FREE_OF_CHARGE, at: -1, cost: 1, tests: true, isEntry: true };
  const charges = [block];
  const first = readSteps(original, memories, ({ start, end, cost, isLoop, endsBlock, length, opcode }) => {
    rule.see(opcode);
    if (length) charges.push({ ...FREE_OF_CHARGE, at: start, length });
    block.cost += cost;
    if (CALLS.has(opcode)) charges.push({ ...RELOAD, at: end });
    if (!endsBlock) return;
    block = { ...FREE_OF_CHARGE, at: end, cost: isLoop ? 1 : 0, tests: isLoop };
    charges.push(block);
  });
  charges[0]!.at = first;
  const needed = charges.filter(({ cost, length, isReload }) => cost > 0 || length || isReload);
  return { charges: needed, isMirrored: rule.holds };
}

const TEST = ['i64.const 0', 'i64.lt_s', 'if', 'unreachable', 'end'];

/** The added global and functions, and the code of charges with them. */
interface Added {
  global: number;
  charge32: number;
  charge64: number;
  /** @param local the mirror of the body; undefined without one */
  codeOf(charge: Omit<Charge, 'at'>, local: number | undefined): Bytes;
}

function makeAdded(global: number, charge32: number, charge64: number): Added {
  // A module has thousands of blocks, and few costs.
  const made = new Map<string, Bytes>();
  const listing = (
    { cost, tests, isEntry, length }: Omit<Charge, 'at'>,
    local: number | undefined,
  ): readonly string[] => {
    const [fromGlobal, toGlobal] = [`global.get ${global}`, `global.set ${global}`];
    const has = local === undefined ? null : { get: `local.get ${local}`, set: `local.set ${local}` };
    const reload = has ? [fromGlobal, has.set] : [];
    if (length) return [`i32.const ${length.scale}`, `call ${length.is64 ? charge64 : charge32}`, ...reload];
    if (cost === 0) return reload;
    return [
      ...[has && !isEntry ? has.get : fromGlobal, `i64.const ${cost}`, 'i64.sub'],
      ...(has ? [`local.tee ${local}`, toGlobal] : [toGlobal]),
      ...(tests ? [has ? has.get : fromGlobal, ...TEST] : []),
    ];
  };
  const codeOf: Added['codeOf'] = (charge, local) => {
    const { cost, tests, isEntry, length } = charge;
    const key = `${cost} ${tests} ${isEntry} ${length?.scale} ${length?.is64} ${local}`;
    const bytes = made.get(key) ?? Uint8Array.from(code(listing(charge, local)));
    made.set(key, bytes);
    return bytes;
  };
  return { global, charge32, charge64, codeOf };
}

/**
 * Adds a counter, which each block of straight code lowers by its number of instructions before it runs. At function entries, loop turns
 * and instructions that are charged by length the code traps once the counter is below 0.
 */
const FUEL: Instrument = {
  exports: FUEL_EXPORTS,
  additionsTo({ types, functions, globals, memories }, start) {
    const added = makeAdded(globals, functions + 1, functions + 2);
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
      insert: (original, params) => insert(original, params, added, memories),
      takeOut: (fuelled, params) => takeOut(fuelled, params, added, memories),
    };
  },
};

function insert(original: Uint8Array, params: number, added: Added, memories: Memories): Bytes {
  const { charges, isMirrored } = chargesOf(original, memories);
  const mirror = isMirrored ? addMirror(original, params, I64) : null;
  const parts: Uint8Array[] = mirror ? [mirror.locals] : [];
  let from = mirror?.first ?? 0;
  for (const charge of charges) {
    if (charge.isReload && !mirror) continue;
    parts.push(original.subarray(from, charge.at), added.codeOf(charge, mirror?.local));
    from = charge.at;
  }
  return concat([...parts, original.subarray(from)]);
}

/**
 * Returns a body without its charges; null where one is missing, or differs from the cost of its block. No instruction of the plugin's own can
 * name the added global, local or functions.
 */
function takeOut(fuelled: Uint8Array, params: number, added: Added, memories: Memories): Uint8Array | null {
  const rule = new MirrorRule();
  const steps: Step[] = [];
  readSteps(fuelled, memories, step => {
    rule.see(step.opcode);
    steps.push(step);
  });
  const mirror = rule.holds ? removeMirror(fuelled, params, I64) : null;
  const local = mirror?.local;
  const reload = mirror ? added.codeOf(RELOAD, local) : new Uint8Array();
  const parts: Uint8Array[] = mirror ? [mirror.locals] : [];
  let from = mirror?.first ?? 0;
  const leaveOut = (start: number, end: number) => {
    parts.push(fuelled.subarray(from, start));
    from = end;
  };
  const standsAt = (start: number, bytes: Uint8Array) =>
    isEqual(fuelled.subarray(start, start + bytes.length), bytes);
  /** Units that were paid for the block, and are not used yet. */
  let paid = 0;
  let isOwed: Pick<Charge, 'cost' | 'tests' | 'isEntry'> | null = { cost: 1, tests: true, isEntry: true };
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at]!;
    if (isOwed) {
      const owed: Pick<Charge, 'cost' | 'tests' | 'isEntry'> = isOwed;
      isOwed = null;
      const charge = readCharge(fuelled, steps, at, added, owed, local);
      if (charge) {
        paid = charge.cost - owed.cost;
        at += charge.steps - 1;
        leaveOut(step.start, steps[at]!.end);
        continue;
      }
      if (owed.cost > 0) return null;
    }
    const { start, end, length, opcode } = step;
    // The instruction that is charged by length comes after the two of its charge, and the two of a reload.
    const behind = at + (mirror ? 4 : 2);
    const next = steps[behind];
    if (opcode === I32_CONST && next?.length) {
      const call = added.codeOf({ ...FREE_OF_CHARGE, length: next.length }, local);
      if (standsAt(start, call) && start + call.length === next.start) {
        leaveOut(start, next.start);
        steps[behind] = { ...next, length: null };
        at = behind - 1;
        continue;
      }
    }
    if (length || (opcode === GLOBAL_GET && isOf(fuelled, step, added.global))) return null;
    paid -= step.cost;
    if (mirror && CALLS.has(opcode)) {
      if (!standsAt(end, reload)) return null;
      leaveOut(end, end + reload.length);
      at += 2;
    }
    if (!step.endsBlock) continue;
    if (paid !== 0) return null;
    isOwed = { cost: step.isLoop ? 1 : 0, tests: step.isLoop, isEntry: false };
  }
  return paid === 0 ? concat([...parts, fuelled.subarray(from)]) : null;
}

const isOf = (bytes: Uint8Array, { start }: Step, global: number): boolean =>
  new Cursor(bytes, start + 1).u32('the index of a global') === global;

/** Reads the charge of a block; null where none stands. */
function readCharge(
  bytes: Uint8Array,
  steps: readonly Step[],
  at: number,
  added: Added,
  { tests, isEntry }: Pick<Charge, 'tests' | 'isEntry'>,
  local: number | undefined,
): { cost: number; steps: number } | null {
  const [get, cost] = [steps[at]!, steps[at + 1]];
  if ((get.opcode !== GLOBAL_GET && get.opcode !== LOCAL_GET) || cost?.opcode !== I64_CONST) return null;
  // The cost is positive, so that its signed LEB128 is the unsigned one, perhaps with a byte of zeros.
  const units = new Cursor(bytes, cost.start + 1).u64('a cost');
  const charge = added.codeOf({ ...FREE_OF_CHARGE, cost: units, tests, isEntry }, local);
  const isWhole = charge.length > 0 && isEqual(bytes.subarray(get.start, get.start + charge.length), charge);
  const pays = local === undefined ? 4 : 5;
  return isWhole ? { cost: units, steps: pays + (tests ? 6 : 0) } : null;
}

/** Returns the module with the counter; null where it uses a form that this host does not know, or has exports of these names. */
export const addFuel = (bytes: Bytes): Bytes | null => add(FUEL, bytes);

/** Whether `fuelled` differs from `bytes` only by the additions of `addFuel`. */
export const isOnlyFuelled = (bytes: Bytes, fuelled: Bytes): boolean => isOnlyAdded(FUEL, bytes, fuelled);

/** Returns the module without the additions of `addFuel`; null where they are not all there. */
export const removeFuel = (fuelled: Bytes): Bytes | null => remove(FUEL, fuelled);
