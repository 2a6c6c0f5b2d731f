import { body, code, exportItem, functionType, globalType, SECTIONS, unsigned } from '../../abi/encode.ts';
import { FRESH_EXPORTS } from './ask.ts';
import { concat } from './bytes.ts';
import { Cursor, unlessMalformed } from './cursor.ts';
import { readBody, readExpression } from './instructions.ts';
import { add, type Instrument, isOnlyAdded, remove, taken } from './instrument.ts';
import { type ModuleOutline, readModule } from './reader.ts';
import { readValueType, type ValueType } from './types.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const [CALL, GLOBAL_GET, MEMORY_SIZE, MEMORY_GROW] = [0x10, 0x23, 0x3f, 0x40];

/** Instructions that change state which the host cannot put back, by opcode and then by the number behind a prefix. */
const LASTING: Readonly<Record<number, ReadonlyMap<number | undefined, string>>> = {
  38: new Map([[undefined, 'table.set']]),
  251: new Map([
    [5, 'struct.set'],
    [14, 'array.set'],
    [16, 'array.fill'],
    [17, 'array.copy'],
    [18, 'array.init_data'],
    [19, 'array.init_elem'],
  ]),
  252: new Map([
    [9, 'data.drop'],
    [12, 'table.init'],
    [13, 'elem.drop'],
    [14, 'table.copy'],
    [15, 'table.grow'],
    [17, 'table.fill'],
  ]),
};
const PREFIXES = [0xfb, 0xfc];

/** A mutable global of a module's own. */
interface OwnGlobal {
  index: number;
  type: ValueType;
}

/** Returns the mutable globals that the module defines. @throws {Malformed} */
function mutableGlobals(bytes: Bytes, { sections, imports }: ModuleOutline): OwnGlobal[] {
  const section = sections.find(({ id }) => id === SECTIONS.global);
  if (!section) return [];
  const cursor = new Cursor(bytes, section.contentsOffset, section.offset + section.sizeBytes);
  const found: OwnGlobal[] = [];
  let index = imports.filter(({ kind }) => kind === 'global').length;
  cursor.each('globals', () => {
    const type = readValueType(cursor);
    if (cursor.byte('whether the global can change') === 1) found.push({ index, type });
    readExpression(cursor, () => {});
    index++;
  });
  return found;
}

/** Calls `visit` for each instruction of the module's code. @throws {Malformed} */
function eachInstruction(
  bytes: Bytes,
  { sections }: ModuleOutline,
  visit: (opcode: number, number: number | undefined) => void,
): void {
  const section = sections.find(({ id }) => id === SECTIONS.code);
  if (!section) return;
  const file = new Cursor(bytes, section.contentsOffset, section.offset + section.sizeBytes);
  file.each('bodies', () => {
    const own = file.take(file.u32('the size of a body'), 'a body');
    readBody(new Cursor(own), (opcode, immediates) =>
      visit(
        opcode,
        PREFIXES.includes(opcode) ? new Cursor(own, immediates).u32('an instruction') : undefined,
      ),
    );
  });
}

/**
 * Returns the reason for which the state of the module's instances cannot be put back exactly, as an end of "module … "; null
 * if it can. State is a memory with 32-bit addresses, and mutable integers: tables, references and segments must not change.
 */
export function whyNotFresh(bytes: Bytes): string | null {
  const outline = readModule(bytes);
  const unknown = 'uses a form that the host does not know';
  if (outline.problems.length > 0) return unknown;
  const { memories } = outline;
  const [memory] = memories;
  if (memories.some(({ imported }) => imported)) return 'imports its memory';
  if (memories.length > 1) return 'has several memories';
  if (memory?.shared) return 'has a shared memory';
  if (memory?.is64) return 'has a memory with 64-bit addresses';
  const named = taken(outline, FRESH_EXPORTS);
  if (named) return named;
  const why = unlessMalformed(() => {
    const other = mutableGlobals(bytes, outline).find(({ type }) => type !== 'i32' && type !== 'i64');
    if (other) return `has a global of type ${other.type} that changes`;
    let lasting: string | undefined;
    eachInstruction(bytes, outline, (opcode, number) => {
      lasting ??= LASTING[opcode]?.get(number);
    });
    return lasting === undefined ? '' : `uses ${lasting}, whose effect lasts`;
  });
  return why === '' ? null : (why ?? unknown);
}

/** The pages that the memory has for the plugin, and the function in place of `memory.grow`. */
interface Added {
  pages: number;
  grow: number;
}

/**
 * Exports the state of an instance, so that the host can put it back: the memory and the mutable globals. A memory cannot shrink, so that its
 * size becomes a global. It grows in the engine only beyond the pages that an earlier call has left, which are zero.
 * RATIONALE: how-does-a-call-begin-fresh-without-a-new-instance
 */
const FRESH: Instrument = {
  exports: FRESH_EXPORTS,
  additionsTo({ types, functions, globals }, start, bytes) {
    const outline = readModule(bytes);
    const { memories } = outline;
    const added = { pages: globals, grow: functions };
    const { initialPages = 0 } = memories[0] ?? {};
    const own = mutableGlobals(bytes, outline).filter(({ index }) => index < globals);
    return {
      items: {
        [SECTIONS.type]: [functionType(['i32'], ['i32'])],
        [SECTIONS.function]: [unsigned(types)],
        [SECTIONS.global]: [[...globalType('i32', true), ...code([`i32.const ${initialPages}`, 'end'])]],
        [SECTIONS.export]: [
          exportItem(FRESH_EXPORTS.pages, 'global', globals),
          ...own.map(({ index }) => exportItem(`${FRESH_EXPORTS.global}${index}`, 'global', index)),
          ...(memories.length > 0 ? [exportItem(FRESH_EXPORTS.memory, 'memory', 0)] : []),
          ...(start === undefined ? [] : [exportItem(FRESH_EXPORTS.start, 'function', start)]),
        ],
        [SECTIONS.code]: [memories.length > 0 ? grow(globals) : body(['i32.const -1'])],
      },
      insert: original => replace(original, (opcode, operand) => virtual(opcode, operand, added)),
      takeOut: fresh => takeOut(fresh, added),
    };
  },
};

/** The function in place of `memory.grow`: takes the number of pages, and returns the pages before, or -1. */
const grow = (pages: number) =>
  body(
    [
      ...['local.get 0', `global.get ${pages}`, 'i32.add', 'local.tee 1', `global.get ${pages}`, 'i32.lt_u'],
      ...['if', 'i32.const -1', 'return', 'end'],
      ...['local.get 1', 'memory.size', 'i32.gt_u', 'if'],
      ...['local.get 1', 'memory.size', 'i32.sub', 'memory.grow', 'i32.const -1', 'i32.eq'],
      ...['if', 'i32.const -1', 'return', 'end', 'end'],
      ...[`global.get ${pages}`, 'local.get 1', `global.set ${pages}`],
    ],
    ['i32'],
  );

/** Returns the code in place of an instruction; null where it stays. */
function virtual(opcode: number, _operand: () => number, { pages, grow }: Added): number[] | null {
  if (opcode === MEMORY_SIZE) return code([`global.get ${pages}`]);
  return opcode === MEMORY_GROW ? code([`call ${grow}`]) : null;
}

function original(opcode: number, operand: () => number, { pages, grow }: Added): number[] | null {
  if (opcode === GLOBAL_GET && operand() === pages) return [MEMORY_SIZE, 0];
  return opcode === CALL && operand() === grow ? [MEMORY_GROW, 0] : null;
}

type Swap = (opcode: number, operand: () => number) => number[] | null;

/** Returns a body in which some instructions are replaced by others. @throws {Malformed} */
function replace(bytes: Uint8Array, swap: Swap): Bytes {
  const cursor = new Cursor(bytes);
  const parts: Uint8Array[] = [];
  let from = 0;
  readBody(cursor, (opcode, immediates) => {
    const other = swap(opcode, () => new Cursor(bytes, immediates).u32('an index'));
    if (!other) return;
    parts.push(bytes.subarray(from, immediates - 1), Uint8Array.from(other));
    from = cursor.at;
  });
  return concat([...parts, bytes.subarray(from)]);
}

/** Returns a body as it was; null where it still has an instruction that was to be replaced. */
function takeOut(fresh: Uint8Array, added: Added): Uint8Array | null {
  let isWhole = true;
  const without = replace(fresh, (opcode, operand) => {
    if (opcode === MEMORY_SIZE || opcode === MEMORY_GROW) isWhole = false;
    return original(opcode, operand, added);
  });
  return isWhole ? without : null;
}

/** Returns the module with exports of its state; null where `whyNotFresh` says why. */
export const addFresh = (bytes: Bytes): Bytes | null => (whyNotFresh(bytes) ? null : add(FRESH, bytes));

/** Whether `fresh` differs from `bytes` only by the additions of `addFresh`. */
export const isOnlyFresh = (bytes: Bytes, fresh: Bytes): boolean => isOnlyAdded(FRESH, bytes, fresh);

/** Returns the module without the additions of `addFresh`; null where they are not all there. */
export function removeFresh(fresh: Bytes): Bytes | null {
  const bare = remove(FRESH, fresh);
  return bare && whyNotFresh(bare) === null ? bare : null;
}
