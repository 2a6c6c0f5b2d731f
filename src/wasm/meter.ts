import {
  body,
  code,
  exportItem,
  functionType,
  globalType,
  SECTIONS,
  tableType,
  unsigned,
} from '../../abi/encode.ts';
import { METER_EXPORTS } from './ask.ts';
import { concat, isEqual } from './bytes.ts';
import { Cursor } from './cursor.ts';
import { findRepeated } from './instructions.ts';
import { add, type Instrument, isOnlyAdded, remove } from './instrument.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Number of function entries and loop turns between two calls of the host's function. */
const TURNS = 1000;

/**
 * Adds a check at the start of each function and loop. The check counts down, and after every `TURNS` checks calls a function
 * of the host. The code traps if that function returns a number other than 0.
 */
const METER: Instrument = {
  exports: METER_EXPORTS,
  additionsTo({ types, functions, tables, globals }, start) {
    const [ask, answer, refill] = [types, types + 1, functions];
    const items = {
      [SECTIONS.type]: [functionType([], []), functionType([], ['i32'])],
      [SECTIONS.function]: [unsigned(ask)],
      [SECTIONS.table]: [tableType({ min: 1, max: 1 })],
      [SECTIONS.global]: [[...globalType('i32', true), ...code([`i32.const ${TURNS}`, 'end'])]],
      [SECTIONS.export]: [
        exportItem(METER_EXPORTS.ask, 'table', tables),
        ...(start === undefined ? [] : [exportItem(METER_EXPORTS.start, 'function', start)]),
      ],
      [SECTIONS.code]: [
        body([
          // Should code run on after the trap, its next check asks again.
          ...['i32.const 1', `global.set ${globals}`],
          ...['i32.const 0', `call_indirect ${answer} ${tables}`, 'if', 'unreachable', 'end'],
          ...[`i32.const ${TURNS}`, `global.set ${globals}`],
        ]),
      ],
    };
    const check = Uint8Array.from(
      code([
        ...[`global.get ${globals}`, 'i32.const -1', 'i32.add', `global.set ${globals}`],
        ...[`global.get ${globals}`, 'i32.eqz', 'if', `call ${refill}`, 'end'],
      ]),
    );
    return {
      items,
      insert: original => insert(original, check),
      takeOut: metered => takeOut(metered, check),
    };
  },
};

/** Returns a body with `check` at the places where its code may repeat. */
function insert(original: Uint8Array, check: Uint8Array): Bytes {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const place of findRepeated(new Cursor(original))) {
    parts.push(original.subarray(from, place), check);
    from = place;
  }
  return concat([...parts, original.subarray(from)]);
}

/** Returns a metered body without its checks; null where a check is missing. */
function takeOut(metered: Uint8Array, check: Uint8Array): Uint8Array | null {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const place of findRepeated(new Cursor(metered))) {
    if (!isEqual(metered.subarray(place, place + check.length), check)) return null;
    parts.push(metered.subarray(from, place));
    from = place + check.length;
  }
  return concat([...parts, metered.subarray(from)]);
}

/** Returns the module with checks; null where it uses a form that this host does not know, or has exports of these names. */
export const meter = (bytes: Bytes): Bytes | null => add(METER, bytes);

/** Whether `metered` differs from `bytes` only by the additions of `meter`. */
export const isOnlyMetered = (bytes: Bytes, metered: Bytes): boolean => isOnlyAdded(METER, bytes, metered);

/** Returns the module without the additions of `meter`; null where they are not all there. */
export const unmeter = (metered: Bytes): Bytes | null => remove(METER, metered);
