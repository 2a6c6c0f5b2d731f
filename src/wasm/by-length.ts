import { Cursor } from './cursor.ts';
import { declarationsOf, isLong } from './declarations.ts';
import type { ModuleOutline } from './reader.ts';

/** Whether a memory has 64-bit addresses, and a table 64-bit indices, by index. */
export interface AddressSizes {
  memories: readonly boolean[];
  tables: readonly boolean[];
}

export const [STRUCTURES, BULK] = [0xfb, 0xfc];
/** The memories or tables that these name, and their number. A length for several is short unless all have 64-bit addresses. */
const PLACES: ReadonlyMap<number, readonly [keyof AddressSizes, number]> = new Map([
  [10, ['memories', 2]], // memory.copy
  [11, ['memories', 1]], // memory.fill
  [14, ['tables', 2]], // table.copy
  [17, ['tables', 1]], // table.fill
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

/** Reads the sizes. An imported table counts as one with 32-bit indices, because the outline does not tell. */
export function addressSizes(bytes: Uint8Array<ArrayBuffer>, outline: ModuleOutline): AddressSizes {
  const declared = declarationsOf(bytes, outline, 'table') ?? [];
  const imported = outline.imports.filter(({ kind }) => kind === 'table').map(() => false);
  return {
    memories: outline.memories.map(({ is64 }) => is64),
    tables: [...imported, ...declared.map(({ limits }) => isLong(limits))],
  };
}

/** Returns the length that an instruction takes; null for one whose time depends on no length. */
export function lengthOf(
  body: Uint8Array,
  opcode: number,
  immediates: number,
  sizes: AddressSizes,
): Length | null {
  const items = BY_LENGTH[opcode];
  if (!items) return null;
  const operands = new Cursor(body, immediates);
  const number = operands.u32('an instruction');
  const scale = items.get(number);
  if (scale === undefined) return null;
  const [kind, count] = (opcode === BULK && PLACES.get(number)) || (['memories', 0] as const);
  const all = Array.from({ length: count }, () => sizes[kind][operands.u32('an index')]);
  return { scale, is64: count > 0 && all.every(Boolean) };
}
