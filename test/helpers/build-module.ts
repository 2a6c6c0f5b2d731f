export type ValueType = 'i32' | 'i64' | 'f32' | 'f64';

export interface FunctionShape {
  params?: readonly ValueType[];
  results?: readonly ValueType[];
}

export interface ModuleShape {
  imports?: readonly (FunctionShape & { module: string; name: string })[];
  /** Exported functions. `body` is their code without locals and without the final `end`. */
  functions?: readonly (FunctionShape & { name: string; body: readonly number[] })[];
  /** Pages of a memory exported as `memory`. */
  memoryPages?: number;
}

/** Opcodes that tests write bodies with; numbers behind them are single-byte LEB128. */
export const op = {
  unreachable: 0x00,
  call: 0x10,
  drop: 0x1a,
  localGet: 0x20,
  i32Const: 0x41,
  i64Const: 0x42,
  f64Const: 0x44,
  /** Legacy exceptions: `try` without a result, then `catchAll`, then `end`. */
  try: [0x06, 0x40],
  catchAll: 0x19,
  end: 0x0b,
} as const;

const VALUE_TYPES: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };

const leb = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
const vector = (items: readonly (readonly number[])[]) => [...leb(items.length), ...items.flat()];
const text = (value: string) => vector([...new TextEncoder().encode(value)].map(byte => [byte]));
const section = (id: number, content: readonly number[]) => [id, ...leb(content.length), ...content];

/** A small module for tests that are about one import or one export. Imports come first in the index space. */
export function buildModule({
  imports = [],
  functions = [],
  memoryPages,
}: ModuleShape): Uint8Array<ArrayBuffer> {
  const types = [...imports, ...functions].map(({ params = [], results = [] }) => [
    0x60,
    ...vector(params.map(type => [VALUE_TYPES[type]])),
    ...vector(results.map(type => [VALUE_TYPES[type]])),
  ]);
  const exports = functions.map(({ name }, index) => [...text(name), 0, ...leb(imports.length + index)]);
  if (memoryPages !== undefined) exports.push([...text('memory'), 2, 0]);
  const bodies = functions.map(({ body }) => [...leb(body.length + 2), 0, ...body, op.end]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(
      2,
      vector(imports.map(({ module, name }, index) => [...text(module), ...text(name), 0, ...leb(index)])),
    ),
    ...section(3, vector(functions.map((_, index) => leb(imports.length + index)))),
    ...(memoryPages === undefined ? [] : section(5, vector([[0, ...leb(memoryPages)]]))),
    ...section(7, vector(exports)),
    ...section(10, vector(bodies)),
  ]);
}
