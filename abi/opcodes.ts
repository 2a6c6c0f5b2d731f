import { lazily } from './lazily.ts';

/**
 * The immediates of an instruction, one letter for each:
 *
 *      u  index in LEB128, 0 if not given          s  constant in signed LEB128
 *      m  alignment 0, then the offset             t  block type: a value type, the index of a type, or nothing
 *      l  vector of labels                         c  vector of catch clauses
 *      h  heap type                                4  8  as many bytes
 */
type Immediates = string;

/** The first opcode of some that follow each other, their immediates, and their names. */
type Row = readonly [first: number, immediates: Immediates, names: string];

const typed = (type: string, names: string) => names.replace(/\S+/g, `${type}.$&`);
const COMPARE_INTEGERS = 'eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
const COMPARE_FLOATS = 'eq ne lt gt le ge';
const INTEGERS = 'clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr';
const FLOATS = 'abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign';
const TRUNCATE = 'trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u';
const SATURATE = TRUNCATE.replaceAll('trunc', 'trunc_sat');
const CONVERT = 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u';
/** Instructions on numbers, in the order of their opcodes. */
const NUMERIC = [
  ...[typed('i32', COMPARE_INTEGERS), typed('i64', COMPARE_INTEGERS)],
  ...[typed('f32', COMPARE_FLOATS), typed('f64', COMPARE_FLOATS)],
  ...[typed('i32', INTEGERS), typed('i64', INTEGERS), typed('f32', FLOATS), typed('f64', FLOATS)],
  ...[typed('i32', `wrap_i64 ${TRUNCATE}`), typed('i64', `extend_i32_s extend_i32_u ${TRUNCATE}`)],
  ...[typed('f32', `${CONVERT} demote_f64`), typed('f64', `${CONVERT} promote_f32`)],
  'i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64',
  ...[typed('i32', 'extend8_s extend16_s'), typed('i64', 'extend8_s extend16_s extend32_s')],
].join(' ');

/** Core specification 3.0, section 5.4, with the older exception handling. */
export const PLAIN: readonly Row[] = [
  [0x00, '', 'unreachable nop'],
  [0x02, 't', 'block loop if'],
  [0x05, '', 'else'],
  [0x06, 't', 'try'],
  [0x07, 'u', 'catch throw rethrow'],
  [0x0a, '', 'throw_ref end'],
  [0x0c, 'u', 'br br_if'],
  [0x0e, 'lu', 'br_table'],
  [0x0f, '', 'return'],
  [0x10, 'u', 'call'],
  [0x11, 'uu', 'call_indirect'],
  [0x12, 'u', 'return_call'],
  [0x13, 'uu', 'return_call_indirect'],
  [0x14, 'u', 'call_ref return_call_ref'],
  [0x18, 'u', 'delegate'],
  [0x19, '', 'catch_all drop select'],
  [0x1f, 'tc', 'try_table'],
  [0x20, 'u', 'local.get local.set local.tee global.get global.set table.get table.set'],
  [0x28, 'm', 'i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u'],
  [0x30, 'm', typed('i64', 'load8_s load8_u load16_s load16_u load32_s load32_u')],
  [0x36, 'm', 'i32.store i64.store f32.store f64.store i32.store8 i32.store16'],
  [0x3c, 'm', typed('i64', 'store8 store16 store32')],
  [0x3f, 'u', 'memory.size memory.grow'],
  [0x41, 's', 'i32.const i64.const'],
  [0x43, '4', 'f32.const'],
  [0x44, '8', 'f64.const'],
  [0x45, '', NUMERIC],
  [0xd0, 'h', 'ref.null'],
  [0xd1, '', 'ref.is_null'],
  [0xd2, 'u', 'ref.func'],
  [0xd3, '', 'ref.eq ref.as_non_null'],
  [0xd5, 'u', 'br_on_null br_on_non_null'],
];

/** Saturating truncation, memories and tables, behind the prefix 252. */
export const BULK: readonly Row[] = [
  [0, '', `${typed('i32', SATURATE)} ${typed('i64', SATURATE)}`],
  [8, 'uu', 'memory.init'],
  [9, 'u', 'data.drop'],
  [10, 'uu', 'memory.copy'],
  [11, 'u', 'memory.fill'],
  [12, 'uu', 'table.init'],
  [13, 'u', 'elem.drop'],
  [14, 'uu', 'table.copy'],
  [15, 'u', 'table.grow table.size table.fill'],
  [19, '', typed('i64', 'add128 sub128 mul_wide_s mul_wide_u')],
];

/** The instructions of vectors that are written by name, behind the prefix 253. */
const VECTORS: readonly Row[] = [
  [77, '', 'v128.not'],
  [256, '', 'i8x16.relaxed_swizzle'],
];

export interface Instruction {
  prefix: number | undefined;
  opcode: number;
  immediates: Immediates;
}

const rowsByPrefix: readonly [prefix: number | undefined, rows: readonly Row[]][] = [
  [undefined, PLAIN],
  [252, BULK],
  [253, VECTORS],
];

/** The instructions by name. */
export const instructions = lazily(
  (): ReadonlyMap<string, Instruction> =>
    new Map(
      rowsByPrefix.flatMap(([prefix, rows]) =>
        rows.flatMap(([first, immediates, names]) =>
          names
            .split(' ')
            .map((name, index): [string, Instruction] => [
              name,
              { prefix, opcode: first + index, immediates },
            ]),
        ),
      ),
    ),
);
