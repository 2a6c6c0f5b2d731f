export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'funcref';

export interface FunctionShape {
  params?: readonly ValueType[];
  results?: readonly ValueType[];
}

type Import = { module: string; name: string } & (
  | (FunctionShape & { kind?: 'function' })
  | { kind: 'memory'; pages: number }
  | { kind: 'global'; type: ValueType; mutable?: boolean }
  | { kind: 'table'; size: number }
);

export interface ModuleShape {
  imports?: readonly Import[];
  /** Exported functions. `body` is their code without locals and without the final `end`. */
  functions?: readonly (FunctionShape & { name: string; body: readonly number[] })[];
  /** Pages of a memory exported as `memory`. */
  memoryPages?: number;
  memoryMaxPages?: number;
  /** An exported i32 that can change. */
  global?: { name: string; value: number };
  /** An exported table of functions. */
  table?: { name: string; size: number };
  /** An imported memory that is exported again. */
  reexportedMemory?: string;
  /** Index of the function that runs at instantiation. */
  start?: number;
}

/** Opcodes that tests write bodies with; numbers behind them are single-byte LEB128. */
export const op = {
  unreachable: 0x00,
  call: 0x10,
  /** Type index and table index follow. */
  callIndirect: 0x11,
  drop: 0x1a,
  localGet: 0x20,
  globalGet: 0x23,
  globalSet: 0x24,
  /** Alignment and offset follow. */
  i32Load8: 0x2d,
  i32Store8: 0x3a,
  memorySize: [0x3f, 0],
  memoryGrow: [0x40, 0],
  i32Const: 0x41,
  i64Const: 0x42,
  f64Const: 0x44,
  i32Add: 0x6a,
  i64Extend: 0xad,
  /** Index of an exported function follows. */
  refFunc: 0xd2,
  /** Legacy exceptions: `try` without a result, then `catchAll`, then `end`. */
  try: [0x06, 0x40],
  catchAll: 0x19,
  end: 0x0b,
} as const;

const VALUE_TYPES: Record<ValueType, number> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  funcref: 0x70,
};

const leb = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
const vector = (items: readonly (readonly number[])[]) => [...leb(items.length), ...items.flat()];
const text = (value: string) => vector([...new TextEncoder().encode(value)].map(byte => [byte]));
const section = (id: number, content: readonly number[]) => [id, ...leb(content.length), ...content];
const list = (id: number, items: readonly (readonly number[])[]) =>
  items.length === 0 ? [] : section(id, vector(items));
const limits = (min: number, max?: number) =>
  max === undefined ? [0, ...leb(min)] : [1, ...leb(min), ...leb(max)];

const isFunction = (item: Import): item is Import & FunctionShape => (item.kind ?? 'function') === 'function';

function importType(item: Import, functionIndex: number): number[] {
  switch (item.kind) {
    case 'memory':
      return [2, ...limits(item.pages)];
    case 'global':
      return [3, VALUE_TYPES[item.type], item.mutable ? 1 : 0];
    case 'table':
      return [1, 0x70, ...limits(item.size)];
    default:
      return [0, ...leb(functionIndex)];
  }
}

/** A small module for tests that are about a few imports or exports. Imports come first in the index spaces. */
export function buildModule({
  imports = [],
  functions = [],
  memoryPages,
  memoryMaxPages,
  global,
  table,
  reexportedMemory,
  start,
}: ModuleShape): Uint8Array<ArrayBuffer> {
  const imported = imports.filter(isFunction);
  const types = [...imported, ...functions].map(({ params = [], results = [] }) => [
    0x60,
    ...vector(params.map(type => [VALUE_TYPES[type]])),
    ...vector(results.map(type => [VALUE_TYPES[type]])),
  ]);
  const count = (kind: Import['kind']) => imports.filter(item => item.kind === kind).length;
  const exports = functions.map(({ name }, index) => [...text(name), 0, ...leb(imported.length + index)]);
  if (memoryPages !== undefined) exports.push([...text('memory'), 2, count('memory')]);
  if (reexportedMemory) exports.push([...text(reexportedMemory), 2, 0]);
  if (global) exports.push([...text(global.name), 3, count('global')]);
  if (table) exports.push([...text(table.name), 1, count('table')]);
  const bodies = functions.map(({ body }) => [...leb(body.length + 2), 0, ...body, op.end]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...list(1, types),
    ...list(
      2,
      imports.map(item => [
        ...text(item.module),
        ...text(item.name),
        ...importType(item, imported.indexOf(item as Import & FunctionShape)),
      ]),
    ),
    ...list(
      3,
      functions.map((_, index) => leb(imported.length + index)),
    ),
    ...list(4, table ? [[0x70, ...limits(table.size)]] : []),
    ...list(5, memoryPages === undefined ? [] : [limits(memoryPages, memoryMaxPages)]),
    ...list(6, global ? [[0x7f, 1, op.i32Const, global.value, op.end]] : []),
    ...list(7, exports),
    ...(start === undefined ? [] : section(8, leb(start))),
    ...list(10, bodies),
  ]);
}
