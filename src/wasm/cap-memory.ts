import { limits as encodeLimits, section as encodeSection, SECTIONS, vector } from '../../abi/encode.ts';
import { PAGE_BYTES } from '../../abi/size-classes.ts';
import { concat, isEqual } from './bytes.ts';
import { type Declared, declarationsOf, isLong, KINDS, type Kind } from './declarations.ts';
import { type ModuleOutline, readModule, type Section } from './reader.ts';
import type { Limits } from './types.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** The largest maximum that a memory type may declare. For 64-bit addresses: the limit of the JavaScript API (16 GiB). */
const MAX_PAGES = { is32: 65_536, is64: 262_144 };
/** The most elements of a table: https://webassembly.github.io/spec/js-api/#limits */
const MAX_ELEMENTS = 10_000_000;
/** Bytes of one element of a table, and of one global: the largest value, a vector, takes 16. */
const [ELEMENT_BYTES, GLOBAL_BYTES] = [8, 16];

/**
 * Returns the module with lower maximums: each exported memory can grow by at most `growthPages`. Others cannot grow, as the host would not
 * see it, except the first one of a module that exports none. Imported memories are limited in the module that exports them. Only the
 * memory section changes. Null where that section cannot be read.
 * RATIONALE: why-does-memorymax_pages-change-the-modules-bytes
 */
export function capMemories(bytes: Bytes, growthPages: number): Bytes | null {
  const isExported = exportedMemories(readModule(bytes));
  const grows = isExported.includes(true) ? isExported : [true];
  return withMaximums(bytes, 'memory', ({ limits }, index) =>
    grows[index] ? Math.min(maxPagesOf(limits), limits.initial + growthPages) : limits.initial,
  );
}

/**
 * Returns the module with maximums such that its own memories, tables and globals take at most `totalPages`. Tables, and memories that
 * are not exported, cannot grow, because the host cannot see their size. Null for a form that this host does not know.
 */
export function capTotal(bytes: Bytes, totalPages: number): Bytes | null {
  const { startPages } = footprintOf(bytes) ?? {};
  if (startPages === undefined) return null;
  const isExported = exportedMemories(readModule(bytes));
  let roomPages = Math.max(0, totalPages - startPages);
  const tabled = withMaximums(bytes, 'table', ({ limits }) => limits.initial);
  return (
    tabled &&
    withMaximums(tabled, 'memory', ({ limits }, index) => {
      const growth = isExported[index] ? Math.min(roomPages, maxPagesOf(limits) - limits.initial) : 0;
      roomPages -= growth;
      return limits.initial + growth;
    })
  );
}

/** The pages of a module's own memories, tables and globals. Imported ones belong to the module that exports them. */
export interface Footprint {
  /** Pages of memories, tables and globals at the start. */
  startPages: number;
  /** The most of these pages. */
  maxPages: number;
  /** The most pages of tables, globals and memories that are not exported. */
  hiddenPages: number;
}

/** Returns null where the bytes cannot be read. */
export function footprintOf(bytes: Bytes): Footprint | null {
  const outline = readModule(bytes);
  const [tables, memories] = KINDS.map(kind => declarationsOf(bytes, outline, kind));
  if (outline.problems.length > 0 || !tables || !memories) return null;
  const globals = outline.globals - outline.imports.filter(({ kind }) => kind === 'global').length;
  const pagesBeside = (sizeOf: (limits: Limits) => number) => {
    const elements = sum(tables.map(({ limits }) => sizeOf(limits)));
    return Math.floor((elements * ELEMENT_BYTES + globals * GLOBAL_BYTES) / PAGE_BYTES);
  };
  const most = memories.map(({ limits }) => maxPagesOf(limits));
  const besidePages = pagesBeside(({ max }) => Math.min(max ?? MAX_ELEMENTS, MAX_ELEMENTS));
  const isExported = exportedMemories(outline);
  return {
    startPages: pagesBeside(({ initial }) => initial) + sum(memories.map(({ limits }) => limits.initial)),
    maxPages: besidePages + sum(most),
    hiddenPages: besidePages + sum(most.filter((_, index) => !isExported[index])),
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

const maxPagesOf = (limits: Limits): number =>
  limits.max ?? (isLong(limits) ? MAX_PAGES.is64 : MAX_PAGES.is32);

/** Whether each memory that the module defines is exported, under any name. */
export function exportedMemories({ memories, exports }: ModuleOutline): boolean[] {
  const exported = new Set(exports.map(({ type }) => type as unknown));
  return memories.filter(({ imported }) => !imported).map(memory => exported.has(memory));
}

/** Returns the module with these maximums. Bytes without the section are returned unchanged. */
function withMaximums(
  bytes: Bytes,
  kind: Kind,
  maxOf: (declared: Declared, index: number) => number,
): Bytes | null {
  const outline = readModule(bytes);
  const declared = declarationsOf(bytes, outline, kind);
  const section = outline.sections.find(({ id }) => id === SECTIONS[kind]);
  if (!declared || !section) return declared && bytes;
  const items = declared.map((item, index) => {
    const { head, limits, tail } = item;
    const { initial: min, flags } = limits;
    const changed = { min, max: maxOf(item, index), shared: (flags & 2) > 0, is64: isLong(limits) };
    return [...head, ...encodeLimits(changed), ...tail];
  });
  const rewritten = Uint8Array.from(encodeSection(SECTIONS[kind], vector(items)));
  const end = section.offset + section.sizeBytes;
  return concat([bytes.subarray(0, section.offset), rewritten, bytes.subarray(end)]);
}

/**
 * Whether `capped` differs from `bytes` only by lower maximums of memories and tables. All other bytes must be equal.
 */
export function isOnlyCapped(bytes: Bytes, capped: Bytes): boolean {
  if (bytes === capped) return true;
  const [before, after] = [readModule(bytes), readModule(capped)];
  const isBroken = ({ problems }: ModuleOutline) => problems.some(({ section }) => section === null);
  if (isBroken(before) || isBroken(after) || before.sections.length !== after.sections.length) return false;
  return before.sections.every((section, index) => {
    const own = bytesOf(bytes, section);
    const other = bytesOf(capped, after.sections[index]!);
    if (isEqual(own, other)) return true;
    const kind = KINDS.find(name => SECTIONS[name] === section.id && own[0] === other[0]);
    const originals = kind && declarationsOf(bytes, before, kind);
    const items = kind && declarationsOf(capped, after, kind);
    return (
      !!originals &&
      !!items &&
      originals.length === items.length &&
      originals.every((original, at) => isLower(original, items[at]!))
    );
  });
}

const bytesOf = (bytes: Bytes, { offset, sizeBytes }: Section) => bytes.subarray(offset, offset + sizeBytes);

function isLower(original: Declared, { head, limits, tail }: Declared): boolean {
  const { flags, initial, max } = original.limits;
  return (
    limits.max !== null &&
    limits.max <= (max ?? limits.max) &&
    limits.initial === initial &&
    limits.flags === (flags | 1) &&
    isEqual(original.head, head) &&
    isEqual(original.tail, tail)
  );
}
