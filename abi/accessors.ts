import { assemble, type ListedImport, type Listing } from './assemble.ts';
import { refuseOption } from './errors.ts';
import { HEADER, HEADER_BYTES } from './header.ts';
import { oneOf, readArgument } from './options.ts';

/** Pushes a u32 word of the kernel memory's header as i64. */
const header = (word: keyof typeof HEADER): string[] => ['i32.const 0', `i64.load32_u ${HEADER[word]}`];

/**
 * Traps when the call was ended. Loads and stores run this check on their slow path only: an ended call has spans of 0, so
 * that each access takes it.
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

/** Inside the last page but beyond the last block, a store also remembers how far it went. */
const store = (bytes: 1 | 8, instruction: string): string[] => {
  const perform = [...address, 'local.get 1', instruction];
  const last = ['local.get 0', `i64.const ${bytes - 1}`, 'i64.add'];
  return [
    ...[...inMemory(`blockSpan${bytes}`), 'if', ...perform, 'else'],
    ...[...inMemory(`span${bytes}`), 'if', ...perform, 'i32.const 0'],
    ...[...last, ...header('strayLast'), ...last, ...header('strayLast'), 'i64.gt_u', 'select'],
    ...[`i64.store32 ${HEADER.strayLast}`, 'else', ...refuse, 'end', 'end'],
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
    name: 'load_u8',
    params: ['i64'],
    results: ['i32'],
    body: [
      ...inMemory('span1'),
      'if i32',
      ...address,
      'i32.load8_u',
      'else',
      ...refuse,
      'i32.const 0',
      'end',
    ],
  },
  {
    name: 'load_u64',
    params: ['i64'],
    results: ['i64'],
    body: [...inMemory('span8'), 'if i64', ...address, 'i64.load', 'else', ...refuse, 'i64.const 0', 'end'],
  },
  {
    name: 'store_u8',
    params: ['i64', 'i32'],
    results: [],
    body: store(1, 'i32.store8'),
  },
  {
    name: 'store_u64',
    params: ['i64', 'i64'],
    results: [],
    body: store(8, 'i64.store'),
  },
  {
    name: 'input_load_u8',
    params: ['i64'],
    results: ['i32'],
    body: [
      ...inInput('inputSpan1'),
      'if i32',
      ...inputAddress,
      'i32.load8_u',
      'else',
      ...refuse,
      'i32.const 0',
      'end',
    ],
  },
  {
    name: 'input_load_u64',
    params: ['i64'],
    results: ['i64'],
    body: [
      ...inInput('inputSpan8'),
      'if i64',
      ...inputAddress,
      'i64.load',
      'else',
      ...refuse,
      'i64.const 0',
      'end',
    ],
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

const aMemoryKind = oneOf<MemoryKind>(['own', 'shared']);

/** The bytes of the accessor module: imports `kernel.memory` and `ACCESSOR_IMPORTS`, exports one function per listing. */
export const accessorBytes = (kind: MemoryKind = 'own'): Uint8Array<ArrayBuffer> =>
  assemble(ACCESSOR_IMPORTS, ACCESSORS, readArgument(aMemoryKind, kind, 'accessorBytes: kind', refuseOption));

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
