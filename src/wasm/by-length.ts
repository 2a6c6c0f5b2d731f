import type { Cursor } from './cursor.ts';
import type { ModuleOutline } from './reader.ts';

type Memories = ModuleOutline['memories'];

export const [STRUCTURES, BULK] = [0xfb, 0xfc];

/** Powers of two: the bytes that one item counts as. */
const [BYTES, ELEMENTS] = [0, 4];
/** Instructions that work on as many items as the number on top of the stack says, by prefix and number. */
const BY_LENGTH: Readonly<Record<number, ReadonlyMap<number, number>>> = {
  // array.new, .new_default, .new_data, .new_elem, .fill, .copy, .init_data, .init_elem
  [STRUCTURES]: new Map([6, 7, 9, 10, 16, 17, 18, 19].map(number => [number, ELEMENTS])),
  // memory.init, .copy, .fill, table.init, .copy, .fill
  [BULK]: new Map([
    ...[8, 10, 11].map(number => [number, BYTES] as const),
    ...[12, 14, 17].map(number => [number, ELEMENTS] as const),
  ]),
};

/** The number on top of the stack on which the time of an instruction depends. */
export interface Length {
  /** A power of two: the bytes that one item counts as. */
  scale: number;
  /** Whether it is an i64, as for memories with 64-bit addresses. */
  is64: boolean;
}

/**
 * Returns the length that an instruction with a prefix takes; null for one whose time depends on no length.
 * @param number of the instruction behind the prefix
 * @param operands stands after `number`
 */
export function lengthOf(
  prefix: number,
  number: number,
  operands: Cursor,
  memories: Memories,
): Length | null {
  const scale = BY_LENGTH[prefix]?.get(number);
  return scale === undefined ? null : { scale, is64: hasLongLength(prefix, number, operands, memories) };
}

function hasLongLength(prefix: number, number: number, operands: Cursor, memories: Memories): boolean {
  if (prefix !== BULK) return false;
  const is64 = () => memories[operands.u32('the index of a memory')]?.is64 ?? false;
  if (number === 11) return is64();
  if (number !== 10) return false;
  const [to, from] = [is64(), is64()];
  return to && from;
}
