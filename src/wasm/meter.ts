import {
  body,
  CUSTOM,
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
import { Cursor, Malformed } from './cursor.ts';
import { findRepeated } from './instructions.ts';
import { type ModuleOutline, readModule, type Section } from './reader.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Number of function entries and loop turns between two calls of the host's function. */
const TURNS = 1000;

/** Section ids in the order in which sections must come. */
const ORDER: readonly number[] = Object.values(SECTIONS);

type Counts = Pick<ModuleOutline, 'types' | 'functions' | 'tables' | 'globals'>;

/**
 * Builds the items that the transform adds. Their indices follow those that the module already uses.
 * @param start index of the function of the start section; undefined without one
 */
function additionsTo({ types, functions, tables, globals }: Counts, start: number | undefined) {
  const [ask, answer, refill] = [types.length, types.length + 1, functions.length];
  /** Added items by section id. */
  const items: Readonly<Record<number, number[][]>> = {
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
  return { items, check };
}

function startIndex(bytes: Bytes, { sections }: ModuleOutline): number | undefined {
  const start = sections.find(({ id }) => id === SECTIONS.start);
  if (!start) return undefined;
  const { contentsOffset, offset, sizeBytes } = start;
  return new Cursor(bytes, contentsOffset, offset + sizeBytes).u32('the index of the start function');
}

/**
 * Returns the module with a check at the start of each function and loop. The check counts down, and after every `TURNS`
 * checks calls a function of the host. The code traps if that function returns a number other than 0. All items are added
 * after the existing ones, so that no index changes. The start section is removed, because the host's function is not in
 * the table yet while it runs: its function is exported, and the host calls it. Null where the module uses a form that this
 * host does not know, or already has exports of these names.
 */
export const meter = (bytes: Bytes): Bytes | null => unlessMalformed(() => addChecks(bytes));

function addChecks(bytes: Bytes): Bytes | null {
  const outline = readModule(bytes);
  const taken = Object.values(METER_EXPORTS);
  if (outline.problems.length > 0 || outline.exports.some(({ name }) => taken.includes(name))) return null;
  const { items, check } = additionsTo(outline, startIndex(bytes, outline));
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  const append = (id: number, section: Section | undefined) => {
    const { count, rest } = section ? vectorOf(bytes, section) : { count: 0, rest: new Uint8Array() };
    const added = items[id]!;
    const contents = concat([
      Uint8Array.from(unsigned(count + added.length)),
      id === SECTIONS.code ? insert(rest, count, check) : rest,
      Uint8Array.from(added.flat()),
    ]);
    parts.push(Uint8Array.from([id, ...unsigned(contents.length)]), contents);
  };
  const missing = new Set(Object.keys(items).map(Number));
  /** Adds the missing sections whose place is before position `before` of `ORDER`. */
  const appendMissing = (before: number) => {
    for (const id of ORDER.slice(0, before)) if (missing.delete(id)) append(id, undefined);
  };
  for (const section of outline.sections) {
    const { id, offset, sizeBytes } = section;
    if (id !== CUSTOM) appendMissing(ORDER.indexOf(id));
    if (missing.delete(id)) append(id, section);
    else if (id !== SECTIONS.start) parts.push(bytes.subarray(offset, offset + sizeBytes));
  }
  appendMissing(ORDER.length);
  return concat(parts);
}

/** Returns the result of `read`, or null where it throws `Malformed`. */
function unlessMalformed<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

/** Returns the function bodies, each with `check` at the places where its code may repeat. */
function insert(bodies: Uint8Array, count: number, check: Uint8Array): Bytes {
  const file = new Cursor(bodies);
  const parts: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const original = file.take(file.u32('the size of a body'), 'a body');
    const places = findRepeated(new Cursor(original));
    parts.push(Uint8Array.from(unsigned(original.length + places.length * check.length)));
    let from = 0;
    for (const place of places) {
      parts.push(original.subarray(from, place), check);
      from = place;
    }
    parts.push(original.subarray(from));
  }
  return concat(parts);
}

/**
 * Whether `metered` differs from `bytes` only by the additions of `meter`. Reads the result of `meter` anew, takes the
 * additions out and compares the rest.
 */
export const isOnlyMetered = (bytes: Bytes, metered: Bytes): boolean =>
  unlessMalformed(() => hasOnlyChecks(bytes, metered)) ?? false;

function hasOnlyChecks(bytes: Bytes, metered: Bytes): boolean {
  const [before, after] = [readModule(bytes), readModule(metered)];
  const { items, check } = additionsTo(before, startIndex(bytes, before));
  const isAdded = ({ id }: Section) => items[id] !== undefined;
  const originals = before.sections.filter(section => !isAdded(section) && section.id !== SECTIONS.start);
  const kept = after.sections.filter(section => !isAdded(section));
  const whole = (all: Bytes, { offset, sizeBytes }: Section) => all.subarray(offset, offset + sizeBytes);
  if (after.problems.length > 0 || originals.length !== kept.length) return false;
  if (!originals.every((section, index) => isEqual(whole(bytes, section), whole(metered, kept[index]!))))
    return false;
  return Object.entries(items).every(([key, added]) => {
    const of = ({ sections }: ModuleOutline) => sections.find(({ id }) => id === Number(key));
    const original = of(before) ? vectorOf(bytes, of(before)!) : { count: 0, rest: new Uint8Array() };
    const { count, rest } = vectorOf(metered, of(after)!);
    const tail = Uint8Array.from(added.flat());
    const head = rest.subarray(0, rest.length - tail.length);
    if (count !== original.count + added.length || !isEqual(rest.subarray(head.length), tail)) return false;
    if (Number(key) !== SECTIONS.code) return isEqual(head, original.rest);
    const file = new Cursor(head);
    const old = new Cursor(original.rest);
    for (let index = 0; index < original.count; index++) {
      const body = file.take(file.u32('the size of a body'), 'a body');
      const without = takeOut(body, check);
      if (!without || !isEqual(without, old.take(old.u32('the size of a body'), 'a body'))) return false;
    }
    return file.left === 0 && old.left === 0;
  });
}

/** Returns a metered body without its checks; null where a check is missing. */
function takeOut(body: Uint8Array, check: Uint8Array): Uint8Array | null {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const place of findRepeated(new Cursor(body))) {
    if (!isEqual(body.subarray(place, place + check.length), check)) return null;
    parts.push(body.subarray(from, place));
    from = place + check.length;
  }
  return concat([...parts, body.subarray(from)]);
}

/**
 * Returns the module without the additions of `meter`; null where they are not all there. Walks the whole module, and knows
 * nothing of the original: `meter` must make the same bytes again of the result, which must be valid without the additions.
 */
export const unmeter = (metered: Bytes): Bytes | null =>
  unlessMalformed(() => {
    const original = removeChecks(metered);
    const isWhole = original !== null && WebAssembly.validate(original) && meter(original);
    return isWhole && isEqual(isWhole, metered) ? original : null;
  });

function removeChecks(metered: Bytes): Bytes | null {
  const outline = readModule(metered);
  const { types, functions, tables, globals, sections, problems } = outline;
  if (problems.length > 0 || tables === 0 || globals === 0) return null;
  const start = exportedStart(metered, sections);
  const counts = {
    types: types.slice(0, -2),
    functions: functions.slice(0, -1),
    tables: tables - 1,
    globals: globals - 1,
  };
  const { items, check } = additionsTo(counts, start);
  const parts: Uint8Array[] = [metered.subarray(0, 8)];
  let isStarted = start === undefined;
  for (const section of sections) {
    const { id, offset, sizeBytes } = section;
    if (!isStarted && ORDER.indexOf(id) > ORDER.indexOf(SECTIONS.start)) {
      const index = unsigned(start!);
      parts.push(Uint8Array.from([SECTIONS.start, ...unsigned(index.length), ...index]));
      isStarted = true;
    }
    const added = items[id];
    if (!added) {
      parts.push(metered.subarray(offset, offset + sizeBytes));
      continue;
    }
    const { count, rest } = vectorOf(metered, section);
    const tail = Uint8Array.from(added.flat());
    const head = rest.subarray(0, Math.max(0, rest.length - tail.length));
    const left = count - added.length;
    if (left < 0 || !isEqual(rest.subarray(head.length), tail)) return null;
    if (left === 0) continue;
    const kept = id === SECTIONS.code ? withoutChecks(head, left, check) : head;
    if (!kept) return null;
    const contents = concat([Uint8Array.from(unsigned(left)), kept]);
    parts.push(Uint8Array.from([id, ...unsigned(contents.length)]), contents);
  }
  return concat(parts);
}

/** Returns the index behind the last export with the name that `meter` gives the start function. */
function exportedStart(bytes: Bytes, sections: readonly Section[]): number | undefined {
  const section = sections.find(({ id }) => id === SECTIONS.export);
  if (!section) return undefined;
  const { count, rest } = vectorOf(bytes, section);
  const items = new Cursor(rest);
  let start: number | undefined;
  for (let item = 0; item < count; item++) {
    const name = new TextDecoder().decode(items.take(items.u32('the length of a name'), 'a name'));
    items.take(1, 'a kind');
    const index = items.u32('an index');
    if (name === METER_EXPORTS.start) start = index;
  }
  return start;
}

/** Returns bodies without their checks; null where a check is missing. */
function withoutChecks(bodies: Uint8Array, count: number, check: Uint8Array): Uint8Array | null {
  const file = new Cursor(bodies);
  const parts: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const body = takeOut(file.take(file.u32('the size of a body'), 'a body'), check);
    if (!body) return null;
    parts.push(Uint8Array.from(unsigned(body.length)), body);
  }
  return file.left === 0 ? concat(parts) : null;
}

/** Splits a section's contents into the number of its items, which comes first, and their bytes. */
function vectorOf(bytes: Uint8Array, { contentsOffset, offset, sizeBytes }: Section) {
  const body = new Cursor(bytes, contentsOffset, offset + sizeBytes);
  const count = body.u32('a number of items');
  return { count, rest: body.take(body.left, 'the items') };
}
