import { CUSTOM, SECTIONS, unsigned } from '../../abi/encode.ts';
import { type AddressSizes, addressSizes } from './by-length.ts';
import { concat, isEqual } from './bytes.ts';
import { Cursor, Malformed, unlessMalformed } from './cursor.ts';
import { type ModuleOutline, readModule, type Section } from './reader.ts';

type Bytes = Uint8Array<ArrayBuffer>;
/** Names of exports. Names that begin so belong to the same instrument. */
export type Names = Readonly<Record<string, string>>;

/** Section ids in the order in which sections must come. */
const ORDER: readonly number[] = Object.values(SECTIONS);

/** Numbers of items of a module. Indices of added items follow those of the module's own. */
export interface Counts {
  types: number;
  functions: number;
  tables: number;
  globals: number;
  is64: AddressSizes;
}

/** The items that an instrument adds, as encoded items by section id, and its code for bodies. */
export interface Additions {
  items: Readonly<Record<number, readonly number[][]>>;
  /**
   * Returns a body with the added code.
   * @param params number of parameters of the function
   * @throws {Malformed} for a form that the host does not know
   */
  insert(body: Uint8Array, params: number): Uint8Array;
  /** Returns a body without the added code; null where it is not as `insert` adds it. */
  takeOut(body: Uint8Array, params: number): Uint8Array | null;
}

/**
 * A transform that adds code to the bodies of a module, and items after the existing ones, so that no index changes. The start section
 * is removed, because the host has work to do before it: its function is exported, and the host calls it.
 */
export interface Instrument {
  /** The names of its exports. A module with an export that begins with one is not changed. */
  exports: { readonly start: string } & Names;
  /**
   * @param start index of the function of the start section; undefined without one
   * @param bytes the module. It may have the additions already, behind its own items
   */
  additionsTo(counts: Counts, start: number | undefined, bytes: Bytes): Additions;
}

const countsOf = (bytes: Bytes, outline: ModuleOutline): Counts => ({
  types: outline.types.length,
  functions: outline.functions.length,
  tables: outline.tables,
  globals: outline.globals,
  is64: addressSizes(bytes, outline),
});

/** Returns a function that gives the number of parameters of a module's own function. */
function paramsOf({ imports, functions }: ModuleOutline): (index: number) => number {
  const imported = imports.filter(({ kind }) => kind === 'function').length;
  return index => functions[imported + index]?.params.length ?? 0;
}

/** Returns a message if the module has an export that begins with one of these names, as an end of "module … ". */
export function taken({ exports }: ModuleOutline, names: Names): string | undefined {
  const own = exports.find(({ name }) => Object.values(names).some(begin => name.startsWith(begin)));
  return own && `already exports "${own.name}"`;
}

/** Returns the reason for which exports of these names were not added, as an end of "module … ". */
export const whyNotAdded = (bytes: Bytes, names: Names = {}): string =>
  taken(readModule(bytes), names) ?? 'uses a form that the host does not know, or is too large for it';

/** Returns the module with the additions. Null where the module uses a form that this host does not know. */
export const add = (instrument: Instrument, bytes: Bytes): Bytes | null =>
  unlessMalformed(() => addTo(instrument, bytes));

function addTo({ exports, additionsTo }: Instrument, bytes: Bytes): Bytes | null {
  const outline = readModule(bytes);
  if (outline.problems.length > 0 || taken(outline, exports)) return null;
  const { items, insert } = additionsTo(countsOf(bytes, outline), startIndex(bytes, outline), bytes);
  const params = paramsOf(outline);
  const insertInto = (body: Uint8Array, index: number) => insert(body, params(index));
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  const append = (id: number, section: Section | undefined) => {
    const { count, rest } = section ? vectorOf(bytes, section) : { count: 0, rest: new Uint8Array() };
    const added = items[id]!;
    const own = id === SECTIONS.code ? mapBodies(rest, count, insertInto) : [rest];
    if (!own) throw new Malformed(bytes.length, 'the end of the bodies', 'more bytes');
    const contents = concat([
      Uint8Array.from(unsigned(count + added.length)),
      ...own,
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

/** Returns the changed bodies, each after its size; null if `change` returns null, or if bytes are left. */
function mapBodies(
  bodies: Uint8Array,
  count: number,
  change: (body: Uint8Array, index: number) => Uint8Array | null,
): Uint8Array[] | null {
  const file = new Cursor(bodies);
  const parts: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const body = change(file.take(file.u32('the size of a body'), 'a body'), index);
    if (!body) return null;
    parts.push(Uint8Array.from(unsigned(body.length)), body);
  }
  return file.left === 0 ? parts : null;
}

/**
 * Whether `changed` differs from `bytes` only by the additions. Reads the result of `add` anew, takes the additions out and
 * compares the rest.
 */
export const isOnlyAdded = (instrument: Instrument, bytes: Bytes, changed: Bytes): boolean =>
  unlessMalformed(() => hasOnlyAdditions(instrument, bytes, changed)) ?? false;

function hasOnlyAdditions({ additionsTo }: Instrument, bytes: Bytes, changed: Bytes): boolean {
  const [before, after] = [readModule(bytes), readModule(changed)];
  const { items, takeOut } = additionsTo(countsOf(bytes, before), startIndex(bytes, before), bytes);
  const params = paramsOf(before);
  const isAdded = (section: Section) => items[section.id] !== undefined;
  const originals = before.sections.filter(section => !isAdded(section) && section.id !== SECTIONS.start);
  const kept = after.sections.filter(section => !isAdded(section));
  const whole = (all: Bytes, { offset, sizeBytes }: Section) => all.subarray(offset, offset + sizeBytes);
  if (after.problems.length > 0 || originals.length !== kept.length) return false;
  if (!originals.every((section, index) => isEqual(whole(bytes, section), whole(changed, kept[index]!))))
    return false;
  return Object.entries(items).every(([key, added]) => {
    const of = ({ sections }: ModuleOutline) => sections.find(({ id }) => id === Number(key));
    const original = of(before) ? vectorOf(bytes, of(before)!) : { count: 0, rest: new Uint8Array() };
    const { count, rest } = vectorOf(changed, of(after)!);
    const head = headBefore(rest, added);
    if (count !== original.count + added.length || !head) return false;
    if (Number(key) !== SECTIONS.code) return isEqual(head, original.rest);
    const file = new Cursor(original.rest);
    const bodies = mapBodies(head, original.count, (body, index) => {
      const without = takeOut(body, params(index));
      return without && isEqual(without, file.take(file.u32('the size of a body'), 'a body'))
        ? without
        : null;
    });
    return bodies !== null && file.left === 0;
  });
}

/**
 * Returns the module without the additions; null where they are not all there. Walks the whole module, and knows nothing of the
 * original: `add` must make the same bytes again of the result, which must be valid without the additions.
 */
export const remove = (instrument: Instrument, changed: Bytes): Bytes | null =>
  unlessMalformed(() => {
    const original = removeFrom(instrument, changed);
    const whole = original !== null && WebAssembly.validate(original) && add(instrument, original);
    return whole && isEqual(whole, changed) ? original : null;
  });

function removeFrom({ exports, additionsTo }: Instrument, changed: Bytes): Bytes | null {
  const outline = readModule(changed);
  const { sections, problems } = outline;
  if (problems.length > 0) return null;
  const start = exportedStart(changed, sections, exports.start);
  const all = countsOf(changed, outline);
  const none = additionsTo({ ...all, types: 0, functions: 0, tables: 0, globals: 0 }, start, changed).items;
  const numberOf = (id: number) => none[id]?.length ?? 0;
  const counts = {
    types: all.types - numberOf(SECTIONS.type),
    functions: all.functions - numberOf(SECTIONS.function),
    tables: all.tables - numberOf(SECTIONS.table),
    globals: all.globals - numberOf(SECTIONS.global),
    is64: all.is64,
  };
  if (Math.min(counts.types, counts.functions, counts.tables, counts.globals) < 0) return null;
  const { items, takeOut } = additionsTo(counts, start, changed);
  const params = paramsOf(outline);
  const takeOutOf = (body: Uint8Array, index: number) => takeOut(body, params(index));
  const parts: Uint8Array[] = [changed.subarray(0, 8)];
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
      parts.push(changed.subarray(offset, offset + sizeBytes));
      continue;
    }
    const { count, rest } = vectorOf(changed, section);
    const head = headBefore(rest, added);
    const left = count - added.length;
    if (left < 0 || !head) return null;
    if (left === 0) continue;
    const kept = id === SECTIONS.code ? mapBodies(head, left, takeOutOf) : [head];
    if (!kept) return null;
    const contents = concat([Uint8Array.from(unsigned(left)), ...kept]);
    parts.push(Uint8Array.from([id, ...unsigned(contents.length)]), contents);
  }
  return concat(parts);
}

function startIndex(bytes: Bytes, { sections }: ModuleOutline): number | undefined {
  const start = sections.find(({ id }) => id === SECTIONS.start);
  if (!start) return undefined;
  const { contentsOffset, offset, sizeBytes } = start;
  return new Cursor(bytes, contentsOffset, offset + sizeBytes).u32('the index of the start function');
}

/** Returns the index behind the last export with the name that an instrument gives the start function. */
function exportedStart(bytes: Bytes, sections: readonly Section[], startName: string): number | undefined {
  const section = sections.find(({ id }) => id === SECTIONS.export);
  if (!section) return undefined;
  const { count, rest } = vectorOf(bytes, section);
  const items = new Cursor(rest);
  let start: number | undefined;
  for (let item = 0; item < count; item++) {
    const name = new TextDecoder().decode(items.take(items.u32('the length of a name'), 'a name'));
    items.take(1, 'a kind');
    const index = items.u32('an index');
    if (name === startName) start = index;
  }
  return start;
}

/** Returns the items before the added ones, which come last; null where other bytes stand there. */
function headBefore(rest: Uint8Array, added: readonly number[][]): Uint8Array | null {
  const tail = Uint8Array.from(added.flat());
  const head = rest.subarray(0, Math.max(0, rest.length - tail.length));
  return isEqual(rest.subarray(head.length), tail) ? head : null;
}

/** Splits a section's contents into the number of its items, which comes first, and their bytes. */
function vectorOf(bytes: Uint8Array, { contentsOffset, offset, sizeBytes }: Section) {
  const body = new Cursor(bytes, contentsOffset, offset + sizeBytes);
  const count = body.u32('a number of items');
  return { count, rest: body.take(body.left, 'the items') };
}
