import { CUSTOM, KINDS, SECTIONS, type SectionName, WASM_HEADER } from '../../abi/encode.ts';
import { Cursor, hex, MAX_ITEMS, Malformed } from './cursor.ts';
import {
  type ExternType,
  type FunctionType,
  type MemoryType,
  readExternType,
  readMemoryType,
  readTypes,
} from './types.ts';

export { type FunctionType, formatType, type ValueType } from './types.ts';

export interface Section {
  id: number;
  /** A name such as `code`. For a custom section, the name that it carries. */
  name: string;
  /** Bytes from the start of the file to the section's id. */
  offset: number;
  /** Bytes of the section with its id, its length and, if custom, its name. */
  sizeBytes: number;
  /** Offset at which the contents start. They end where the section ends. */
  contentsOffset: number;
}

/** A place where the bytes break the format, or use a form that this reader does not know. */
export interface Problem {
  /** Byte offset from the start of the file at which reading stopped. */
  offset: number;
  /** Name of the section; null outside all sections. */
  section: string | null;
  message: string;
}

export type ModuleImport = ExternType & { namespace: string; name: string };
export type ModuleExport = ExternType & { name: string };

/** Contents of a module without its code and data. A part that could not be read is left out and listed in `problems`. */
export interface ModuleOutline {
  sizeBytes: number;
  /** In the order of the file. */
  sections: Section[];
  /** Types by index; null for a type that is not a function type. */
  types: (FunctionType | null)[];
  /** The declared subtypes with their supertypes, as indices of types. */
  subtypes: [type: number, supertype: number][];
  imports: ModuleImport[];
  exports: ModuleExport[];
  /** Types of all functions by index, imported ones first. */
  functions: (FunctionType | null)[];
  /** Memories by index, imported ones first. */
  memories: (MemoryType & { imported: boolean })[];
  /** Number of tables, imported ones included. */
  tables: number;
  /** Number of globals, imported ones included. */
  globals: number;
  /** Whether a function runs at instantiation. */
  startSection: boolean;
  problems: Problem[];
}

const MAX_SECTIONS = 100_000;

const READ: Partial<Record<SectionName, (body: Cursor, outline: ModuleOutline) => void>> = {
  type: readTypeSection,
  import: readImportSection,
  function: readFunctionSection,
  table: readTableCount,
  memory: readMemorySection,
  global: readGlobalCount,
  export: readExportSection,
  start: noteStartSection,
};
/** Sections in the order in which they must come, each at most once; custom ones may come anywhere. */
const NAMES = Object.keys(SECTIONS) as SectionName[];

/**
 * Reads the outline of a module. Accepts any bytes and never throws. Time and memory grow in proportion to the bytes.
 * After a section that it cannot read, it goes on with the next one. Format: WebAssembly core specification 3.0, section 5.5.
 * RATIONALE: why-does-the-section-reader-never-throw
 */
export function readModule(bytes: Uint8Array): ModuleOutline {
  const outline: ModuleOutline = {
    sizeBytes: bytes.length,
    sections: [],
    types: [],
    subtypes: [],
    imports: [],
    exports: [],
    functions: [],
    memories: [],
    tables: 0,
    globals: 0,
    startSection: false,
    problems: [],
  };
  if (!WASM_HEADER.every((byte, index) => bytes[index] === byte)) {
    const start = Array.from(bytes.subarray(0, WASM_HEADER.length), byte =>
      byte.toString(16).padStart(2, '0'),
    );
    const message = `expected 00 61 73 6d 01 00 00 00, which wasm starts with, got ${start.join(' ') || 'nothing'}`;
    outline.problems.push({ offset: 0, section: null, message: `at 0x00: ${message}` });
    return outline;
  }
  const file = new Cursor(bytes, WASM_HEADER.length);
  let place = 0;
  while (file.left > 0) {
    const section = attempt(outline, null, () => readSection(bytes, file, outline.sections.length));
    if (!section) break;
    outline.sections.push(section);
    if (section.id === CUSTOM) continue;

    const found = NAMES.findIndex(name => SECTIONS[name] === section.id);
    const body = new Cursor(bytes, section.contentsOffset, section.offset + section.sizeBytes);
    attempt(outline, section.name, () => {
      if (found < 0) throw new Malformed(section.offset, 'a section id of 0 to 13', String(section.id));
      if (found < place) {
        throw new Malformed(
          section.offset,
          'each section once and in order',
          `another one behind ${NAMES[place - 1]}`,
        );
      }
      place = found + 1;
      READ[NAMES[found]!]?.(body, outline);
    });
  }
  return outline;
}

/** Runs `read`. If it throws `Malformed`, adds a problem to the outline and returns undefined. */
function attempt<T>(outline: ModuleOutline, section: string | null, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const where = `${section === null ? '' : `section ${section} `}at ${hex(error.offset)}`;
    outline.problems.push({ offset: error.offset, section, message: `${where}: ${error.message}` });
    return undefined;
  }
}

/** Reads where a section begins and ends, and moves `file` to the byte after it. */
function readSection(bytes: Uint8Array, file: Cursor, count: number): Section {
  const offset = file.at;
  if (count === MAX_SECTIONS) throw new Malformed(offset, `at most ${MAX_SECTIONS} sections`, 'one more');
  const id = file.byte('the id of a section');
  const length = file.u32('the length of a section');
  const known = NAMES.find(name => SECTIONS[name] === id) ?? `with id ${id}`;
  const contentsOffset = file.at;
  file.take(length, id === CUSTOM ? 'a custom section' : `the section ${known}`);
  const section = { id, name: known, offset, sizeBytes: file.at - offset, contentsOffset };
  if (id !== CUSTOM) return section;
  const body = new Cursor(bytes, contentsOffset, file.at);
  return { ...section, name: body.name('the name of a custom section'), contentsOffset: body.at };
}

function readTypeSection(body: Cursor, { types, subtypes }: ModuleOutline): void {
  body.each('types', () =>
    readTypes(body, (type, supertypes) => {
      // One entry may be a group of many types, so the limit on the number of entries does not limit the types.
      if (types.length === MAX_ITEMS) throw new Malformed(body.at, `at most ${MAX_ITEMS} types`, 'one more');
      for (const supertype of supertypes) subtypes.push([types.length, supertype]);
      types.push(type);
    }),
  );
  body.expectEnd();
}

function readImportSection(body: Cursor, outline: ModuleOutline): void {
  body.each('imports', () => {
    const namespace = body.name('the namespace of an import');
    const name = body.name('the name of an import');
    const item = readExternType(body, outline.types);
    outline.imports.push({ namespace, name, ...item });
    if (item.kind === 'function') outline.functions.push(item.type);
    if (item.kind === 'memory' && item.type) outline.memories.push({ ...item.type, imported: true });
    if (item.kind === 'table') outline.tables++;
    if (item.kind === 'global') outline.globals++;
  });
  body.expectEnd();
}

function readFunctionSection(body: Cursor, { types, functions }: ModuleOutline): void {
  body.each('functions', () => functions.push(types[body.u32('the index of a type')] ?? null));
  body.expectEnd();
}

function readTableCount(body: Cursor, outline: ModuleOutline): void {
  outline.tables += body.u32('the number of tables');
}

function readGlobalCount(body: Cursor, outline: ModuleOutline): void {
  outline.globals += body.u32('the number of globals');
}

function noteStartSection(_: Cursor, outline: ModuleOutline): void {
  outline.startSection = true;
}

function readMemorySection(body: Cursor, { memories }: ModuleOutline): void {
  body.each('memories', () => memories.push({ ...readMemoryType(body), imported: false }));
  body.expectEnd();
}

function readExportSection(body: Cursor, outline: ModuleOutline): void {
  const { exports, functions, memories, problems } = outline;
  const what = 'a kind of export (0 to 4)';
  // After an entry that could not be read, an index would select the type of another function.
  const counted = !problems.some(({ section }) => ['import', 'function', 'memory'].includes(section ?? ''));
  body.each('exports', () => {
    const name = body.name('the name of an export');
    const kind = KINDS[body.byte(what)];
    if (!kind) return body.refuse(what);
    const index = body.u32('the index of the exported item');
    // Types of tables and globals are not read: expressions follow them, which this reader does not know.
    if (counted && kind === 'function') exports.push({ name, kind, type: functions[index] ?? null });
    else if (counted && kind === 'memory') exports.push({ name, kind, type: memories[index] ?? null });
    else exports.push({ name, kind, type: null });
  });
  body.expectEnd();
}

/** The wasm types of a module's imported and exported functions. */
export interface Signatures {
  /** In the order of `WebAssembly.Module.imports`; undefined for imports other than functions. */
  imports: readonly (FunctionType | undefined)[];
  exports: ReadonlyMap<string, FunctionType>;
}

/**
 * Reads the function types of a module that the engine has accepted. Null when the module uses forms that this reader does
 * not know; the host then works without types.
 */
export function readSignatures(bytes: Uint8Array): Signatures | null {
  const { imports, exports, problems } = readModule(bytes);
  if (problems.length > 0) return null;
  const typeOf = (item: ExternType) => (item.kind === 'function' ? (item.type ?? undefined) : undefined);
  const functions = exports.flatMap(item => {
    const type = typeOf(item);
    return type ? [[item.name, type] as const] : [];
  });
  return { imports: imports.map(typeOf), exports: new Map(functions) };
}
