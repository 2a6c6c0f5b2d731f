import { type PlainType, VALUE_TYPES } from '../../abi/encode.ts';
import type { Cursor } from './cursor.ts';

/** Value types of the core specification 3.0. Reference types without a name of their own are written `(ref …)`. */
export type ValueType = PlainType | `(ref ${string})`;

export interface FunctionType {
  params: readonly ValueType[];
  results: readonly ValueType[];
}

export interface MemoryType {
  initialPages: number;
  /** Null for a memory without a maximum. */
  maxPages: number | null;
  shared: boolean;
  /** Whether addresses are i64: the memory64 feature. */
  is64: boolean;
}

export interface TableType {
  element: ValueType;
  initial: number;
  /** Null for a table without a maximum. */
  max: number | null;
}

/** The type of an import or export. `type` is null where it is not a function type or cannot be known. */
export type ExternType =
  | { kind: 'function'; type: FunctionType | null }
  | { kind: 'table'; type: TableType | null }
  | { kind: 'memory'; type: MemoryType | null }
  | { kind: 'global'; type: { value: ValueType; mutable: boolean } | null }
  | { kind: 'tag'; type: FunctionType | null };

export const formatType = ({ params, results }: FunctionType): string =>
  `(${params.join(', ')}) -> (${results.join(', ')})`;

/** Returns the type as text; null where the type is not known. */
export function formatExtern(item: ExternType): string | null {
  if (item.type === null) return null;
  switch (item.kind) {
    case 'function':
    case 'tag':
      return formatType(item.type);
    case 'table':
      return `${item.type.element}, ${item.type.initial} to ${item.type.max ?? 'any'} elements`;
    case 'memory': {
      const { initialPages, maxPages, shared, is64 } = item.type;
      return `${initialPages} to ${maxPages ?? 'any'} pages${shared ? ', shared' : ''}${is64 ? ', 64-bit' : ''}`;
    }
    case 'global':
      return `${item.type.mutable ? 'mutable ' : ''}${item.type.value}`;
  }
}

const NAMED_TYPES = new Map<number, PlainType>(
  Object.entries(VALUE_TYPES).map(([name, code]) => [code, name as PlainType]),
);
const HEAP_TYPES: Readonly<Record<number, string>> = {
  116: 'noexn',
  115: 'nofunc',
  114: 'noextern',
  113: 'none',
  112: 'func',
  111: 'extern',
  110: 'any',
  109: 'eq',
  108: 'i31',
  107: 'struct',
  106: 'array',
  105: 'exn',
};

export function readValueType(body: Cursor): ValueType {
  const what = 'a value type';
  const byte = body.byte(what);
  if (byte === 0x63) return `(ref null ${readHeapType(body)})`;
  if (byte === 0x64) return `(ref ${readHeapType(body)})`;
  const heap = HEAP_TYPES[byte];
  return NAMED_TYPES.get(byte) ?? (heap ? `(ref null ${heap})` : body.refuse(what));
}

function readHeapType(body: Cursor): string {
  const start = body.at;
  const heap = HEAP_TYPES[body.byte('a heap type')];
  if (heap) return heap;
  body.at = start;
  return String(body.u32('the index of a type'));
}

/** The number of parameters, and of results, that the JavaScript API of wasm allows. */
const MAX_VALUES = 1000;

/**
 * Reads one entry of the type section: a type, or a group of types that refer to each other. Calls `add` for each type,
 * with null for a type that is not a function type, and with the indices of its supertypes.
 */
export function readTypes(
  body: Cursor,
  add: (type: FunctionType | null, supertypes: readonly number[]) => void,
): void {
  const read = () => {
    const supertypes: number[] = [];
    if (body.skipByte(0x4f) || body.skipByte(0x50))
      body.each('supertypes', () => supertypes.push(body.u32('a supertype')));
    add(readCompositeType(body), supertypes);
  };
  if (body.skipByte(0x4e)) body.each('types of a group', read);
  else read();
}

function readCompositeType(body: Cursor): FunctionType | null {
  const what = 'a type';
  switch (body.byte(what)) {
    case 0x60: {
      const params: ValueType[] = [];
      const results: ValueType[] = [];
      body.each('parameters', () => params.push(readValueType(body)), MAX_VALUES);
      body.each('results', () => results.push(readValueType(body)), MAX_VALUES);
      return { params, results };
    }
    case 0x5f:
      body.each('fields', () => readField(body));
      return null;
    case 0x5e:
      readField(body);
      return null;
    default:
      return body.refuse(what);
  }
}

/** Reads a field: a value type, i8 or i16, and then whether the field can change. */
function readField(body: Cursor): void {
  if (!body.skipByte(0x78) && !body.skipByte(0x77)) readValueType(body);
  readFlags(body, 'whether the field can change', 1);
}

/** Reads a byte of flags. Throws `Malformed` for a value above `known`, the value with all known flags set. */
function readFlags(body: Cursor, what: string, known: number): number {
  const flags = body.byte(what);
  return flags > known ? body.refuse(`${what} (0 to ${known})`) : flags;
}

export interface Limits {
  flags: number;
  initial: number;
  max: number | null;
}

export function readLimits(body: Cursor, what: string, knownFlags: number): Limits {
  const flags = readFlags(body, `the flags of ${what}`, knownFlags);
  const size = flags & 4 ? body.u64(`the size of ${what}`) : body.u32(`the size of ${what}`);
  if (!(flags & 1)) return { flags, initial: size, max: null };
  const max = flags & 4 ? body.u64(`the maximum of ${what}`) : body.u32(`the maximum of ${what}`);
  return { flags, initial: size, max };
}

export function readMemoryType(body: Cursor): MemoryType {
  const { flags, initial, max } = readLimits(body, 'a memory', 7);
  return { initialPages: initial, maxPages: max, shared: (flags & 2) > 0, is64: (flags & 4) > 0 };
}

export function readTableType(body: Cursor): TableType {
  const element = readValueType(body);
  const { initial, max } = readLimits(body, 'a table', 7);
  return { element, initial, max };
}

/** Reads the kind and type that follow an import's names. `types` are the types of the type section. */
export function readExternType(body: Cursor, types: readonly (FunctionType | null)[]): ExternType {
  const what = 'a kind of import (0 to 4)';
  switch (body.byte(what)) {
    case 0:
      return { kind: 'function', type: types[body.u32('the index of a type')] ?? null };
    case 1:
      return { kind: 'table', type: readTableType(body) };
    case 2:
      return { kind: 'memory', type: readMemoryType(body) };
    case 3: {
      const value = readValueType(body);
      return { kind: 'global', type: { value, mutable: readFlags(body, 'mutability', 3) % 2 === 1 } };
    }
    case 4:
      readFlags(body, 'the attribute of a tag', 0);
      return { kind: 'tag', type: types[body.u32('the index of a type')] ?? null };
    default:
      return body.refuse(what);
  }
}
