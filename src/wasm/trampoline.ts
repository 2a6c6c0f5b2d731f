import { unsigned } from './leb.ts';
import type { FunctionType, ValueType } from './types.ts';

const VALUE_TYPES: Partial<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
};
const TABLE = [...'table'].map(char => char.charCodeAt(0));
const CALL = [...'call'].map(char => char.charCodeAt(0));

/**
 * Returns a module with two exports: a table with room for one function, empty at first, and a function `call` of the given
 * type, which calls the function in the table. Null for a type that refers to another type by its index: the index has no
 * meaning in this module.
 */
export function trampoline({ params, results }: FunctionType): Uint8Array<ArrayBuffer> | null {
  const encode = (types: readonly ValueType[]) => types.map(type => VALUE_TYPES[type]);
  const [encodedParams, encodedResults] = [encode(params), encode(results)];
  const isKnown = (codes: (number | undefined)[]): codes is number[] => !codes.includes(undefined);
  if (!isKnown(encodedParams) || !isKnown(encodedResults)) return null;
  const vector = (items: readonly (readonly number[])[]) => [...unsigned(items.length), ...items.flat()];
  const list = (values: readonly number[]) => [...unsigned(values.length), ...values];
  const section = (id: number, contents: readonly number[]) => [id, ...list(contents)];
  const code = [
    0,
    ...params.flatMap((_, index) => [0x20, ...unsigned(index)]),
    // i32.const 0, call_indirect (type 0) (table 0), end
    ...[0x41, 0, 0x11, 0, 0, 0x0b],
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([[0x60, ...list(encodedParams), ...list(encodedResults)]])),
    ...section(3, vector([[0]])),
    ...section(4, vector([[0x70, 1, 1, 1]])),
    ...section(
      7,
      vector([
        [...list(TABLE), 1, 0],
        [...list(CALL), 0, 0],
      ]),
    ),
    ...section(10, vector([list(code)])),
  ]);
}
