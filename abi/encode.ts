import { instructions } from './opcodes.ts';

/** The first four bytes of all wasm, and the version that follows in a module. */
export const WASM_MAGIC: readonly number[] = [0x00, 0x61, 0x73, 0x6d];
export const WASM_HEADER: readonly number[] = [...WASM_MAGIC, 0x01, 0x00, 0x00, 0x00];

export const CUSTOM = 0;
/** Ids of the other sections in the order in which sections must come. Core specification 3.0, section 5.5.2. */
export const SECTIONS = {
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  tag: 13,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  'data count': 12,
  code: 10,
  data: 11,
} as const;
export type SectionName = keyof typeof SECTIONS;

/** The kinds of imports and exports, each at its number. */
export const KINDS = ['function', 'table', 'memory', 'global', 'tag'] as const;
export type Kind = (typeof KINDS)[number];

/** The value types that have a byte of their own. */
const NUMBERS = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
export const VALUE_TYPES = { ...NUMBERS, funcref: 0x70, externref: 0x6f } as const;
export type PlainType = keyof typeof VALUE_TYPES;

/**
 * Instructions as text: a name, then its operands, separated by spaces.
 * RATIONALE: why-is-wasm-written-as-text-by-an-encoder-of-its-own
 */
export type Code = readonly string[];

/** Encodes a number of up to 2^53 as unsigned LEB128. */
export const unsigned = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...unsigned(Math.floor(value / 128))];

/** Encodes an integer of 64 bits as signed LEB128. */
export function signed(value: bigint): number[] {
  const low = Number(BigInt.asUintN(7, value));
  return BigInt.asIntN(7, value) === value ? [low] : [low | 0x80, ...signed(value >> 7n)];
}

/** The bytes, after their number. */
export const sized = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes];
export const vector = (items: readonly (readonly number[])[]): number[] => [
  ...unsigned(items.length),
  ...items.flat(),
];
export const text = (value: string): number[] => sized([...new TextEncoder().encode(value)]);
export const section = (id: number, contents: readonly number[]): number[] => [id, ...sized(contents)];
export const customSection = (name: string, contents: readonly number[]): number[] =>
  section(CUSTOM, [...text(name), ...contents]);

const types = (names: readonly PlainType[]) => sized(names.map(name => VALUE_TYPES[name]));
export const functionType = (params: readonly PlainType[], results: readonly PlainType[]): number[] => [
  0x60,
  ...types(params),
  ...types(results),
];

export interface Limits {
  min: number;
  max?: number | undefined;
  shared?: boolean;
  is64?: boolean;
}

/** The type of a memory, in pages, or the limits of a table. Core specification 3.0, section 5.3.14. */
export const limits = ({ min, max, shared = false, is64 = false }: Limits): number[] => [
  Number(max !== undefined) | (Number(shared) << 1) | (Number(is64) << 2),
  ...unsigned(min),
  ...(max === undefined ? [] : unsigned(max)),
];
export const tableType = (size: Limits, type: PlainType = 'funcref'): number[] => [
  VALUE_TYPES[type],
  ...limits(size),
];
export const globalType = (type: PlainType, mutable: boolean): number[] => [
  VALUE_TYPES[type],
  Number(mutable),
];

/** `type` is an encoded type; the index of one for a function. */
export const importItem = (
  namespace: string,
  name: string,
  kind: Kind,
  type: readonly number[],
): number[] => [...text(namespace), ...text(name), KINDS.indexOf(kind), ...type];
export const exportItem = (name: string, kind: Kind, index: number): number[] => [
  ...text(name),
  KINDS.indexOf(kind),
  ...unsigned(index),
];

/** Bytes that the engine copies to a place in memory 0. Without a place, `memory.init` copies them. */
export const dataItem = (place: number | null, bytes: readonly number[]): number[] =>
  place === null ? [1, ...sized(bytes)] : [0, ...code([`i32.const ${place}`, 'end']), ...sized(bytes)];

/**
 * Encodes instructions, such as `i64.load 8` or `br_table 0 1`.
 * @param functions names that `call` and its like may use instead of an index
 */
export function code(listing: Code, functions: readonly string[] = []): number[] {
  return listing.flatMap(item => encodeInstruction(item, functions));
}

/** A function body with its locals. The final `end` is added. */
export const body = (listing: Code, locals: readonly PlainType[] = [], functions?: readonly string[]) =>
  sized([...vector(locals.map(type => [1, VALUE_TYPES[type]])), ...code([...listing, 'end'], functions)]);

/** Encodes a module from the items of its sections. The start section is the index of a function. */
export function encodeModule(
  parts: Partial<Record<Exclude<SectionName, 'start'>, readonly (readonly number[])[]>> & { start?: number },
): Uint8Array<ArrayBuffer> {
  const { start, ...lists } = parts;
  const sections = Object.entries(SECTIONS).map(([name, id]) => {
    if (name === 'start') return start === undefined ? [] : section(id, unsigned(start));
    const items = lists[name as keyof typeof lists] ?? [];
    if (items.length === 0) return [];
    return section(id, name === 'data count' ? items.flat() : vector(items));
  });
  return Uint8Array.from([...WASM_HEADER, ...sections.flat()]);
}

type Read = (operands: string[], functions: readonly string[]) => number[];

const index: Read = (operands, functions) => {
  const operand = operands.shift() ?? '0';
  const found = functions.indexOf(operand);
  return unsigned(found < 0 ? Number(operand) : found);
};
const float = (bytes: 4 | 8, operand: string | undefined) => {
  const view = new DataView(new ArrayBuffer(bytes));
  if (bytes === 4) view.setFloat32(0, Number(operand), true);
  else view.setFloat64(0, Number(operand), true);
  return [...new Uint8Array(view.buffer)];
};
const CATCHES = ['catch', 'catch_ref', 'catch_all', 'catch_all_ref'];

/** Encodes one immediate of each letter of opcodes.ts. */
const ENCODE: Readonly<Record<string, Read>> = {
  u: index,
  s: operands => signed(BigInt(operands.shift() ?? 0)),
  // Alignment 0: programs may pass any address, also an unaligned one.
  m: operands => [0, ...index(operands, [])],
  t: operands => {
    const type = operands[0];
    if (type === undefined || CATCHES.includes(type)) return [0x40];
    operands.shift();
    return type in VALUE_TYPES ? [VALUE_TYPES[type as PlainType]] : signed(BigInt(type));
  },
  l: operands => vector(operands.splice(0, operands.length - 1).map(label => unsigned(Number(label)))),
  h: operands => [VALUE_TYPES[(operands.shift() ?? 'funcref') as PlainType]],
  c: operands => {
    const clauses: number[][] = [];
    while (operands.length > 0) {
      const kind = CATCHES.indexOf(operands.shift()!);
      const indices = operands.splice(0, kind < 2 ? 2 : 1);
      clauses.push([kind, ...indices.flatMap(item => unsigned(Number(item)))]);
    }
    return vector(clauses);
  },
  4: operands => float(4, operands.shift()),
  8: operands => float(8, operands.shift()),
};

function encodeInstruction(item: string, functions: readonly string[]): number[] {
  const [name = '', ...operands] = item.split(' ');
  const instruction = instructions().get(name);
  if (!instruction) throw new Error(`BUG: the listing has "${item}", and the encoder knows no "${name}"`);
  const { prefix, opcode, immediates } = instruction;
  const encoded = [...immediates].flatMap(letter => ENCODE[letter]!(operands, functions));
  if (operands.length > 0 || !encoded.every(byte => byte >= 0))
    throw new Error(`BUG: the listing has "${item}", whose operands do not fit`);
  return [...(prefix === undefined ? [opcode] : [prefix, ...unsigned(opcode)]), ...encoded];
}
