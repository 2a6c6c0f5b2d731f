import {
  body,
  encodeModule,
  exportItem,
  functionType,
  importItem,
  limits,
  type PlainType,
} from './encode.ts';
import { refuseOption } from './errors.ts';
import { HEADER, HEADER_BYTES } from './header.ts';
import { oneOf, readArgument } from './options.ts';

/** A function that the module imports as `kernel.<name>`. */
interface ListedImport {
  name: string;
  params: readonly PlainType[];
  results: readonly PlainType[];
}

/** A wasm function as readable text: one instruction per entry, operands separated by spaces. */
export interface Listing extends ListedImport {
  body: readonly string[];
}

/** Pushes a u32 word of the kernel memory's header as i64. */
const header = (word: keyof typeof HEADER): string[] => ['i32.const 0', `i64.load32_u ${HEADER[word]}`];

/**
 * Traps when the call was ended. Loads and stores run this check on their slow path only: an ended call has spans of 0, so
 * that each access takes it.
 * RATIONALE: why-does-an-ended-call-set-the-spans-to-zero
 */
const refuse = ['i32.const 0', `i32.load ${HEADER.ended}`, 'if', 'unreachable', 'end'];

/** Pushes local 0 as an offset from the first byte that plugins can address. */
const place = ['local.get 0', `i64.const ${HEADER_BYTES}`, 'i64.sub'];
/** Whether local 0, a full 64-bit address, is a valid start: one unsigned comparison covers both ends. */
const inMemory = (span: 'span1' | 'span8' | 'blockSpan1' | 'blockSpan8') => [
  ...place,
  ...header(span),
  'i64.lt_u',
];
const inInput = (span: 'inputSpan1' | 'inputSpan8') => ['local.get 0', ...header(span), 'i64.lt_u'];

const address = ['local.get 0', 'i32.wrap_i64'];
const inputAddress = ['i32.const 0', `i32.load ${HEADER.inputStart}`, ...address, 'i32.add'];

/** Loads a value at `from`; 0 if that is not `valid`. */
const load = (valid: string[], from: string[], type: 'i32' | 'i64', instruction: string): string[] => [
  ...[...valid, `if ${type}`, ...from, instruction],
  ...['else', ...refuse, `${type}.const 0`, 'end'],
];

/** A store inside the last page but beyond the last block leaves a note in the header. */
const store = (bytes: 1 | 8, instruction: string): string[] => {
  const perform = [...address, 'local.get 1', instruction];
  return [
    ...[...inMemory(`blockSpan${bytes}`), 'if', ...perform, 'else'],
    ...[
      ...inMemory(`span${bytes}`),
      'if',
      ...perform,
      'i32.const 0',
      'i32.const 1',
      `i32.store ${HEADER.hasStrays}`,
    ],
    ...['else', ...refuse, 'end', 'end'],
  ];
};

/**
 * Functions of the reference kernel that the accessors call, imported as `kernel.<name>`. `alloc` takes and returns numbers,
 * because engines allocate an object for every i64 that crosses into JavaScript.
 */
export const ACCESSOR_IMPORTS: readonly ListedImport[] = [
  { name: 'alloc', params: ['f64'], results: ['i32'] },
  { name: 'output_set', params: ['i64', 'i64'], results: [] },
];

/**
 * The functions that plugins call most often (for every one or eight bytes, or in every call), written in wasm over the kernel
 * memory. They behave exactly as the reference kernel does; the test suite runs both with the same programs.
 */
export const ACCESSORS: readonly Listing[] = [
  { name: 'input_offset', params: [], results: ['i64'], body: [...refuse, ...header('inputStart')] },
  { name: 'input_length', params: [], results: ['i64'], body: [...refuse, ...header('inputSpan1')] },
  {
    ...{ name: 'load_u8', params: ['i64'], results: ['i32'] },
    body: load(inMemory('span1'), address, 'i32', 'i32.load8_u'),
  },
  {
    ...{ name: 'load_u64', params: ['i64'], results: ['i64'] },
    body: load(inMemory('span8'), address, 'i64', 'i64.load'),
  },
  { name: 'store_u8', params: ['i64', 'i32'], results: [], body: store(1, 'i32.store8') },
  { name: 'store_u64', params: ['i64', 'i64'], results: [], body: store(8, 'i64.store') },
  {
    ...{ name: 'input_load_u8', params: ['i64'], results: ['i32'] },
    body: load(inInput('inputSpan1'), inputAddress, 'i32', 'i32.load8_u'),
  },
  {
    ...{ name: 'input_load_u64', params: ['i64'], results: ['i64'] },
    body: load(inInput('inputSpan8'), inputAddress, 'i64', 'i64.load'),
  },
  {
    name: 'alloc',
    params: ['i64'],
    results: ['i64'],
    body: ['local.get 0', 'f64.convert_i64_u', 'call alloc', 'i64.extend_i32_u'],
  },
  {
    name: 'output_set',
    params: ['i64', 'i64'],
    results: [],
    body: [
      ...inMemory('span1'),
      // A length of 0 wraps to the largest u64, fails the comparison, and so goes to the reference kernel too.
      ...['local.get 1', 'i64.const 1', 'i64.sub', ...header('span1'), ...place, 'i64.sub', 'i64.lt_u'],
      ...['i32.and', 'if'],
      ...['i32.const 0', 'local.get 0', `i64.store32 ${HEADER.outputStart}`],
      ...['i32.const 0', 'local.get 1', `i64.store32 ${HEADER.outputLength}`],
      ...['i32.const 0', 'i32.const 1', `i32.store ${HEADER.hasOutput}`],
      ...['else', 'local.get 0', 'local.get 1', 'call output_set', 'end'],
    ],
  },
];

/** Whether the kernel memory is shared with another thread. The memory import of the accessor module must declare it. */
export type MemoryKind = 'own' | 'shared';
/** In pages. A shared memory must declare its maximum. */
const MEMORIES = { own: { min: 1 }, shared: { min: 1, max: 65_536, shared: true } };

const aMemoryKind = oneOf<MemoryKind>(['own', 'shared']);

/** The bytes of the accessor module: imports `kernel.memory` and `ACCESSOR_IMPORTS`, exports one function per listing. */
export function accessorBytes(kind: MemoryKind = 'own'): Uint8Array<ArrayBuffer> {
  readArgument(aMemoryKind, kind, 'accessorBytes: kind', refuseOption);
  const imports = ACCESSOR_IMPORTS.map(({ name }) => name);
  const indexOf = (listing: number) => imports.length + listing;
  return encodeModule({
    type: [...ACCESSOR_IMPORTS, ...ACCESSORS].map(({ params, results }) => functionType(params, results)),
    import: [
      importItem('kernel', 'memory', 'memory', limits(MEMORIES[kind])),
      ...imports.map((name, index) => importItem('kernel', name, 'function', [index])),
    ],
    function: ACCESSORS.map((_, index) => [indexOf(index)]),
    export: ACCESSORS.map(({ name }, index) => exportItem(name, 'function', indexOf(index))),
    code: ACCESSORS.map(listing => body(listing.body, [], imports)),
  });
}

const compiled = new Map<MemoryKind, WebAssembly.Module | null>();

/** The accessor module, compiled once, or null where the platform cannot compile bytes (workerd). */
export function compileAccessors(kind: MemoryKind = 'own'): WebAssembly.Module | null {
  readArgument(aMemoryKind, kind, 'compileAccessors: kind', refuseOption);
  if (!compiled.has(kind)) {
    try {
      compiled.set(kind, new WebAssembly.Module(accessorBytes(kind)));
    } catch {
      compiled.set(kind, null);
    }
  }
  return compiled.get(kind)!;
}
