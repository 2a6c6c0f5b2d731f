import { Cursor } from './cursor.ts';
import type { ModuleOutline } from './reader.ts';

type Memories = ModuleOutline['memories'];

export const [STRUCTURES, BULK] = [0xfb, 0xfc];
/** The number of memories that these name. A length for several is short unless all have 64-bit addresses. */
const MEMORIES: ReadonlyMap<number, number> = new Map([
  [10, 2], // memory.copy
  [11, 1], // memory.fill
]);

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

/** Returns the length that an instruction takes; null for one whose time depends on no length. */
export function lengthOf(
  body: Uint8Array,
  opcode: number,
  immediates: number,
  memories: Memories,
): Length | null {
  const items = BY_LENGTH[opcode];
  if (!items) return null;
  const operands = new Cursor(body, immediates);
  const number = operands.u32('an instruction');
  const scale = items.get(number);
  if (scale === undefined) return null;
  const isLong = () => memories[operands.u32('the index of a memory')]?.is64 ?? false;
  const all = Array.from({ length: (opcode === BULK && MEMORIES.get(number)) || 0 }, isLong);
  return { scale, is64: all.length > 0 && all.every(Boolean) };
}
