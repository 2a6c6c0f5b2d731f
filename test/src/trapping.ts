import {
  body,
  type Code,
  customSection,
  encodeModule,
  exportItem,
  functionType,
  limits,
  sized,
  tableType,
  text,
  unsigned,
  vector,
} from '../../abi/encode.ts';

/** One kind of trap: its name, the code of an export that has it, and the reason that the host tells on every engine. */
export interface Trap {
  name: string;
  body: Code;
  reason: string;
}

const OVERFLOW = 'integer overflow or invalid conversion to integer';
const BOUNDS = 'out of bounds memory access, table access or array access';
const CALL = 'uninitialized element or indirect call type mismatch';

/** Traps of a module from `trappingModule`: one page of memory, and a table of 3 whose first element is the first export. */
export const TRAPS: readonly Trap[] = [
  { name: 'an unreachable instruction', body: ['unreachable'], reason: 'unreachable' },
  ...['i32.div_s', 'i32.div_u', 'i32.rem_s', 'i32.rem_u'].map(name => ({
    name: `${name} by zero`,
    body: ['i32.const 1', 'i32.const 0', name, 'drop'],
    reason: 'integer divide by zero',
  })),
  {
    name: 'a quotient beyond i64',
    body: ['i64.const -9223372036854775808', 'i64.const -1', 'i64.div_s', 'drop'],
    reason: OVERFLOW,
  },
  { name: 'a float beyond i32', body: ['f32.const 1e30', 'i32.trunc_f32_s', 'drop'], reason: OVERFLOW },
  { name: 'an integer of NaN', body: ['f64.const NaN', 'i64.trunc_f64_u', 'drop'], reason: OVERFLOW },
  { name: 'a load beyond the memory', body: ['i32.const -1', 'i32.load', 'drop'], reason: BOUNDS },
  { name: 'a store beyond the memory', body: ['i32.const -1', 'i64.const 0', 'i64.store'], reason: BOUNDS },
  {
    name: 'a fill beyond the memory',
    body: ['i32.const -1', 'i32.const 0', 'i32.const 9', 'memory.fill'],
    reason: BOUNDS,
  },
  { name: 'a read beyond the table', body: ['i32.const 9', 'table.get 0', 'drop'], reason: BOUNDS },
  {
    name: 'a copy beyond the table',
    body: ['i32.const 9', 'i32.const 0', 'i32.const 5', 'table.copy 0 0'],
    reason: BOUNDS,
  },
  { name: 'an indirect call beyond the table', body: ['i32.const 9', 'call_indirect 0 0'], reason: BOUNDS },
  { name: 'an indirect call of nothing', body: ['i32.const 1', 'call_indirect 0 0'], reason: CALL },
  {
    name: 'an indirect call of another type',
    body: ['i32.const 7', 'i32.const 0', 'call_indirect 1 0', 'drop'],
    reason: CALL,
  },
];

interface Named {
  /** Exported under this name. */
  export: string;
  body: Code;
  /** In the custom section `name`; a function without a name has an index only. */
  name?: string;
}

/** A module for these functions of type () -> (). */
export function trappingModule(functions: readonly Named[]): Uint8Array<ArrayBuffer> {
  const module = encodeModule({
    type: [functionType([], []), functionType(['i32'], ['i32'])],
    function: functions.map(() => [0]),
    table: [tableType({ min: 3 })],
    memory: [limits({ min: 1 })],
    export: functions.map((item, index) => exportItem(item.export, 'function', index)),
    // Active, at offset 0 of table 0: `i32.const 0`, `end`, one function.
    element: [[0, 0x41, 0, 0x0b, 1, 0]],
    code: functions.map(item =>
      body(
        item.body,
        [],
        functions.map(named => named.export),
      ),
    ),
  });
  const names = functions.flatMap(({ name }, index) =>
    name === undefined ? [] : [[...unsigned(index), ...text(name)]],
  );
  return Uint8Array.from([...module, ...customSection('name', [1, ...sized(vector(names))])]);
}
