import {
  body,
  encodeModule,
  exportItem,
  functionType,
  type PlainType,
  tableType,
  VALUE_TYPES,
} from '../../abi/encode.ts';
import type { FunctionType, ValueType } from './types.ts';

const isPlain = (type: ValueType): type is PlainType => type in VALUE_TYPES;

/**
 * Returns a module with two exports: a table with room for one function, empty at first, and a function `call` of the given
 * type, which calls the function in the table. Null for a type that refers to another type by its index: the index has no
 * meaning in this module.
 */
export function trampoline({ params, results }: FunctionType): Uint8Array<ArrayBuffer> | null {
  if (!params.every(isPlain) || !results.every(isPlain)) return null;
  return encodeModule({
    type: [functionType(params, results)],
    function: [[0]],
    table: [tableType({ min: 1, max: 1 })],
    export: [exportItem('table', 'table', 0), exportItem('call', 'function', 0)],
    code: [body([...params.map((_, index) => `local.get ${index}`), 'i32.const 0', 'call_indirect'])],
  });
}
