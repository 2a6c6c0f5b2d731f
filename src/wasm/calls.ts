import { KINDS, SECTIONS } from '../../abi/encode.ts';
import { Cursor, Malformed } from './cursor.ts';
import { readBody, readExpression } from './instructions.ts';
import { type ModuleOutline, readModule } from './reader.ts';
import { type FunctionType, formatType, readTableType, readValueType, type ValueType } from './types.ts';

/** The calls in one function body. */
export interface Calls {
  /** Indices of functions that it calls. */
  direct: readonly number[];
  /** Keys of the types through which it calls references, as `typeKey` writes them. */
  byType: readonly string[];
  /** Whether the body has an instruction that this reader does not know, so that it may do anything. */
  unknown: boolean;
}

/** The parts of a module that decide which function can call which. */
export interface CallsOfModule {
  outline: ModuleOutline;
  /** Keys of the types of all functions by index, imported ones first. */
  keys: readonly string[];
  /** Calls of the module's own functions, in the order of their bodies. */
  bodies: readonly Calls[];
  /** Functions of which a reference is made, so that a table, a global or a call by reference may have it. */
  referenced: ReadonlySet<number>;
  /** Declared subtypes, as keys of function types. */
  subtypes: readonly (readonly [key: string, superkey: string])[];
  /** Exported functions by name. */
  exports: ReadonlyMap<string, number>;
  start: number | null;
  /** Whether references can pass between the module and others: by a table, a global, a function or a tag. */
  sharesReferences: boolean;
  /** Whether a body has an instruction of the older exception handling. */
  legacyExceptions: boolean;
}

const CALL = new Set([0x10, 0x12]);
const CALL_BY_TYPE = new Set([0x11, 0x13, 0x14, 0x15]);
const REF_FUNC = 0xd2;
/** `try`, `catch`, `rethrow`, `delegate` and `catch_all`. */
const LEGACY_EXCEPTIONS = new Set([0x06, 0x07, 0x09, 0x18, 0x19]);

/** `0x70` and `0x63 0x70` are the same type. */
const LONG: Readonly<Record<string, string>> = {
  funcref: '(ref null func)',
  externref: '(ref null extern)',
};

/**
 * Writes a type without the indices in it, whose meaning differs between modules. Equal types have equal keys. Types with equal
 * keys may differ, so that a call may seem to reach more functions than it does, never less.
 */
export const typeKey = ({ params, results }: FunctionType): string => {
  const erase = (type: ValueType) => LONG[type] ?? type.replace(/\d+\)$/, 'type)');
  return formatType({
    params: params.map(erase) as ValueType[],
    results: results.map(erase) as ValueType[],
  });
};

const isReference = (type: ValueType): boolean => type in LONG || type.startsWith('(ref');

/**
 * Reads the calls of a valid module. Time and memory grow in proportion to the bytes.
 * @returns the reason as a text where a part has a form that this reader does not know
 */
export function readCalls(
  bytes: Uint8Array,
  outline: ModuleOutline = readModule(bytes),
): CallsOfModule | string {
  const [problem] = outline.problems;
  if (problem) return problem.message;
  try {
    return new CallsReader(bytes, outline).read();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return `at 0x${error.offset.toString(16)}: ${error.message}`;
  }
}

class CallsReader {
  readonly #bytes: Uint8Array;
  readonly #outline: ModuleOutline;
  readonly #keyOfType: readonly (string | null)[];
  readonly #referenced = new Set<number>();
  #legacyExceptions = false;
  /** Types of the module's own globals. */
  readonly #globals: ValueType[] = [];

  constructor(bytes: Uint8Array, outline: ModuleOutline) {
    this.#bytes = bytes;
    this.#outline = outline;
    this.#keyOfType = outline.types.map(type => type && typeKey(type));
  }

  read(): CallsOfModule {
    const { functions, subtypes, types } = this.#outline;
    const keyOf = new Map(types.map((type, index) => [type, this.#keyOfType[index]!]));
    this.#eachOf('table', body => {
      // A table with an initial value for its elements.
      const hasValue = body.skipByte(0x40) && body.skipByte(0);
      readTableType(body);
      if (hasValue) this.#readExpression(body);
    });
    this.#eachOf('global', body => {
      this.#globals.push(readValueType(body));
      body.byte('mutability');
      this.#readExpression(body);
    });
    this.#eachOf('element', body => this.#readElements(body));
    const bodies: Calls[] = [];
    this.#eachOf('code', body => {
      const code = body.take(body.u32('the size of a body'), 'a body');
      bodies.push(this.#readBody(new Cursor(code)));
    });
    const own = functions.length - this.#importCount('function');
    if (bodies.length !== own)
      throw new Malformed(this.#bytes.length, `${own} bodies of functions`, String(bodies.length));
    const exported = this.#readExports();
    return {
      outline: this.#outline,
      keys: functions.map(type => (type && keyOf.get(type)) ?? ''),
      bodies,
      referenced: this.#referenced,
      subtypes: subtypes.flatMap(([type, supertype]) => {
        const [key, superkey] = [this.#keyOfType[type], this.#keyOfType[supertype]];
        return key && superkey ? [[key, superkey] as const] : [];
      }),
      exports: exported.functions,
      start: this.#readStart(),
      sharesReferences: exported.sharesReferences || this.#importsReferences(),
      legacyExceptions: this.#legacyExceptions,
    };
  }

  #section(name: keyof typeof SECTIONS): Cursor | null {
    const found = this.#outline.sections.find(({ id }) => id === SECTIONS[name]);
    return found ? new Cursor(this.#bytes, found.contentsOffset, found.offset + found.sizeBytes) : null;
  }

  #eachOf(name: keyof typeof SECTIONS, read: (body: Cursor) => void): void {
    const body = this.#section(name);
    body?.each(`items of the section ${name}`, () => read(body));
    body?.expectEnd();
  }

  #importCount = (kind: string): number => this.#outline.imports.filter(item => item.kind === kind).length;

  #reference = (index: number): void => void this.#referenced.add(index);

  #readExpression(body: Cursor): void {
    readExpression(body, (opcode, at) => {
      if (opcode === REF_FUNC) this.#reference(numberAt(body, at));
    });
  }

  /** Core specification 3.0, section 5.5.12. Declarative segments count too: code that is not known may use them. */
  #readElements(body: Cursor): void {
    const start = body.at;
    const flags = body.u32('the flags of an element segment');
    if (flags > 7) throw new Malformed(start, 'flags of an element segment (0 to 7)', String(flags));
    const isActive = flags % 2 === 0;
    if (isActive) {
      if (flags & 2) body.u32('the index of a table');
      this.#readExpression(body);
    }
    if (flags & 4) {
      if (flags !== 4) readValueType(body);
      body.each('elements', () => this.#readExpression(body));
      return;
    }
    if (flags !== 0) body.byte('the kind of the elements');
    body.each('elements', () => this.#reference(body.u32('the index of a function')));
  }

  #readBody(body: Cursor): Calls {
    const direct = new Set<number>();
    const byType = new Set<string>();
    try {
      readBody(body, (opcode, at) => {
        if (CALL.has(opcode)) direct.add(numberAt(body, at));
        else if (CALL_BY_TYPE.has(opcode)) byType.add(this.#keyOfType[numberAt(body, at)] ?? '');
        else if (opcode === REF_FUNC) this.#reference(numberAt(body, at));
        else if (LEGACY_EXCEPTIONS.has(opcode)) this.#legacyExceptions = true;
      });
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return { direct: [...direct], byType: [...byType], unknown: true };
    }
    return { direct: [...direct], byType: [...byType], unknown: false };
  }

  #readExports() {
    const functions = new Map<string, number>();
    let sharesReferences = false;
    const imported = this.#outline.imports.flatMap(item =>
      item.kind === 'global' ? [item.type?.value] : [],
    );
    const globals = [...imported, ...this.#globals];
    this.#eachOf('export', body => {
      const name = body.name('the name of an export');
      const kind = KINDS[body.byte('a kind of export')];
      const index = body.u32('the index of the exported item');
      if (kind === 'function') {
        functions.set(name, index);
        sharesReferences ||= passesReferences(this.#outline.functions[index]);
      } else if (kind === 'global') {
        const type = globals[index];
        sharesReferences ||= type === undefined || isReference(type);
      } else sharesReferences ||= kind !== 'memory';
    });
    return { functions, sharesReferences };
  }

  #readStart(): number | null {
    return this.#section('start')?.u32('the index of the start function') ?? null;
  }

  #importsReferences(): boolean {
    return this.#outline.imports.some(item => {
      if (item.kind === 'function') return passesReferences(item.type);
      if (item.kind === 'global') return item.type === null || isReference(item.type.value);
      return item.kind !== 'memory';
    });
  }
}

const passesReferences = (type: FunctionType | null | undefined): boolean =>
  !type || [...type.params, ...type.results].some(isReference);

/** Reads a number again that stands before the place of the cursor. */
function numberAt(body: Cursor, at: number): number {
  const end = body.at;
  body.at = at;
  const value = body.u32('an index');
  body.at = end;
  return value;
}
