import {
  body,
  code,
  exportItem,
  functionType,
  globalType,
  SECTIONS,
  tableType,
  unsigned,
  VALUE_TYPES,
} from '../../abi/encode.ts';
import { METER_EXPORTS } from './ask.ts';
import { concat, isEqual } from './bytes.ts';
import { Cursor } from './cursor.ts';
import { findRepeated } from './instructions.ts';
import { add, type Instrument, isOnlyAdded, remove } from './instrument.ts';
import { addMirror, CALLS, MirrorRule, removeMirror } from './mirror.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const { i32: I32 } = VALUE_TYPES;

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
    const codes = makeCodes(globals, refill);
    const hints: number[][] = [];
    return {
      items,
      hints,
      insert: (original, params) => insert(original, params, codes, hints),
      takeOut: (metered, params) => takeOut(metered, params, codes, hints),
    };
  },
};

/** The code of a check, and of a reload after a call. @param local the mirror of the counter; undefined without one */
interface Codes {
  /** `rareBytes` counts the bytes from its `if` on. */
  check(local: number | undefined, isEntry: boolean): { bytes: Uint8Array; rareBytes: number };
  reload(local: number): Uint8Array;
}

function makeCodes(global: number, refill: number): Codes {
  const encode = (listing: readonly string[]) => Uint8Array.from(code(listing));
  const reload = (local: number) => [`global.get ${global}`, `local.set ${local}`];
  const rare = (local: number | undefined) => [
    ...['if', `call ${refill}`, ...(local === undefined ? [] : reload(local)), 'end'],
  ];
  const check = (local: number | undefined, isEntry: boolean) => [
    ...[local === undefined || isEntry ? `global.get ${global}` : `local.get ${local}`],
    ...[
      'i32.const -1',
      'i32.add',
      ...(local === undefined ? [] : [`local.tee ${local}`]),
      `global.set ${global}`,
    ],
    ...[local === undefined ? `global.get ${global}` : `local.get ${local}`, 'i32.eqz'],
    ...rare(local),
  ];
  // A module has thousands of checks, and few different ones.
  const checks = new Map<string, ReturnType<Codes['check']>>();
  return {
    check(local, isEntry) {
      const key = `${local} ${isEntry}`;
      const known = checks.get(key) ?? {
        bytes: encode(check(local, isEntry)),
        rareBytes: encode(rare(local)).length,
      };
      checks.set(key, known);
      return known;
    },
    reload: local => encode(reload(local)),
  };
}

/** The places of a body at which code is added, in their order. */
function placesOf(body: Uint8Array): { places: { at: number; isCall: boolean }[]; isMirrored: boolean } {
  const rule = new MirrorRule();
  const calls: number[] = [];
  const cursor = new Cursor(body);
  const repeated = findRepeated(cursor, opcode => {
    rule.see(opcode);
    if (CALLS.has(opcode)) calls.push(cursor.at);
  });
  const places = repeated.map(at => ({ at, isCall: false }));
  if (!rule.holds) return { places, isMirrored: false };
  const all = [...places, ...calls.map(at => ({ at, isCall: true }))];
  return { places: all.sort((one, other) => one.at - other.at), isMirrored: true };
}

/** Returns a body with a check at the places where its code may repeat. @param hints gets the offsets of the `if` of each check */
function insert(original: Uint8Array, params: number, codes: Codes, hints: number[][]): Bytes {
  const { places, isMirrored } = placesOf(original);
  const mirror = isMirrored ? addMirror(original, params, I32) : null;
  const parts: Uint8Array[] = mirror ? [mirror.locals] : [];
  const offsets: number[] = [];
  let from = mirror?.first ?? 0;
  /** Bytes by which the body has grown before `from`. */
  let grown = (mirror?.locals.length ?? 0) - from;
  for (const [index, { at, isCall }] of places.entries()) {
    if (isCall && !mirror) continue;
    const check = isCall ? null : codes.check(mirror?.local, index === 0);
    const added = check ? check.bytes : codes.reload(mirror!.local);
    parts.push(original.subarray(from, at), added);
    grown += added.length;
    if (check) offsets.push(at + grown - check.rareBytes);
    from = at;
  }
  hints.push(offsets);
  return concat([...parts, original.subarray(from)]);
}

/** Returns a metered body without its checks; null where a check is missing. @param hints as in `insert` */
function takeOut(metered: Uint8Array, params: number, codes: Codes, hints: number[][]): Uint8Array | null {
  const { places, isMirrored } = placesOf(metered);
  const mirror = isMirrored ? removeMirror(metered, params, I32) : null;
  const parts: Uint8Array[] = mirror ? [mirror.locals] : [];
  const offsets: number[] = [];
  let from = mirror?.first ?? 0;
  for (const [index, { at, isCall }] of places.entries()) {
    // The call of a check is a part of it.
    if (isCall && (!mirror || at < from)) continue;
    const check = isCall ? null : codes.check(mirror?.local, index === 0);
    const added = check ? check.bytes : codes.reload(mirror!.local);
    if (!isEqual(metered.subarray(at, at + added.length), added)) return null;
    parts.push(metered.subarray(from, at));
    from = at + added.length;
    if (check) offsets.push(from - check.rareBytes);
  }
  hints.push(offsets);
  return concat([...parts, metered.subarray(from)]);
}

/** Returns the module with checks; null where it uses a form that this host does not know, or has exports of these names. */
export const meter = (bytes: Bytes): Bytes | null => add(METER, bytes);

/** Whether `metered` differs from `bytes` only by the additions of `meter`. */
export const isOnlyMetered = (bytes: Bytes, metered: Bytes): boolean => isOnlyAdded(METER, bytes, metered);

/** Returns the module without the additions of `meter`; null where they are not all there. */
export const unmeter = (metered: Bytes): Bytes | null => remove(METER, metered);
