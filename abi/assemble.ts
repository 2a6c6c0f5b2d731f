const VALUE_TYPES = { i32: 0x7f, i64: 0x7e, f64: 0x7c } as const;
type ValueType = keyof typeof VALUE_TYPES;

/** A function that the module imports as `kernel.<name>`. */
export interface ListedImport {
  name: string;
  params: readonly ValueType[];
  results: readonly ValueType[];
}

/** A wasm function as readable text: one instruction per entry, operands separated by spaces. */
export interface Listing extends ListedImport {
  body: readonly string[];
}

/** Opcode and how the operand is written. Binary format: WebAssembly core specification, section 5.4. */
const INSTRUCTIONS: Record<
  string,
  [opcode: number, operand?: 'index' | 'const' | 'memory' | 'block' | 'function']
> = {
  unreachable: [0x00],
  if: [0x04, 'block'],
  else: [0x05],
  end: [0x0b],
  call: [0x10, 'function'],
  select: [0x1b],
  'local.get': [0x20, 'index'],
  'i32.load': [0x28, 'memory'],
  'i64.load': [0x29, 'memory'],
  'i32.load8_u': [0x2d, 'memory'],
  'i64.load32_u': [0x35, 'memory'],
  'i32.store': [0x36, 'memory'],
  'i64.store': [0x37, 'memory'],
  'i32.store8': [0x3a, 'memory'],
  'i64.store32': [0x3e, 'memory'],
  'i32.const': [0x41, 'const'],
  'i64.const': [0x42, 'const'],
  'i64.lt_u': [0x54],
  'i64.gt_u': [0x56],
  'i32.add': [0x6a],
  'i32.and': [0x71],
  'i64.add': [0x7c],
  'i64.sub': [0x7d],
  'i32.wrap_i64': [0xa7],
  'i64.extend_i32_u': [0xad],
  'f64.convert_i64_u': [0xba],
};

/** Minimum, and for a shared memory maximum, in pages. Core specification 3.0, section 5.3.14. */
const LIMITS = { own: [0x00, ...unsigned(1)], shared: [0x03, ...unsigned(1), ...unsigned(65_536)] };

/** Encodes a module that imports its memory as `kernel.memory`, and exports the listed functions. */
export function assemble(
  imports: readonly ListedImport[],
  listings: readonly Listing[],
  memory: keyof typeof LIMITS,
): Uint8Array<ArrayBuffer> {
  const types = [...imports, ...listings].map(({ params, results }) => [
    0x60,
    ...vector(params.map(type => [VALUE_TYPES[type]])),
    ...vector(results.map(type => [VALUE_TYPES[type]])),
  ]);
  const functions = imports.map(item => item.name);
  const bodies = listings.map(({ body }) => {
    const code = [0, ...body.flatMap(text => encodeInstruction(text, functions)), 0x0b];
    return [...unsigned(code.length), ...code];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...section(
      2,
      vector([
        [...name('kernel'), ...name('memory'), 0x02, ...LIMITS[memory]],
        ...functions.map((item, index) => [...name('kernel'), ...name(item), 0x00, ...unsigned(index)]),
      ]),
    ),
    ...section(3, vector(listings.map((_, index) => unsigned(imports.length + index)))),
    ...section(
      7,
      vector(listings.map((item, index) => [...name(item.name), 0x00, ...unsigned(imports.length + index)])),
    ),
    ...section(10, vector(bodies)),
  ]);
}

function encodeInstruction(text: string, functions: readonly string[]): number[] {
  const [mnemonic = '', operand = '0'] = text.split(' ');
  const instruction = INSTRUCTIONS[mnemonic];
  if (!instruction) throw new Error(`BUG: the listing uses "${mnemonic}", which the assembler does not know`);
  const [opcode, kind] = instruction;
  switch (kind) {
    case 'index':
      return [opcode, ...unsigned(Number(operand))];
    case 'function':
      return [opcode, ...unsigned(functions.indexOf(operand))];
    case 'const':
      return [opcode, ...signed(Number(operand))];
    // Alignment hint 0 (one byte): a plugin may pass any address, also an unaligned one.
    case 'memory':
      return [opcode, 0x00, ...unsigned(Number(operand))];
    case 'block':
      return [opcode, operand === '0' ? 0x40 : VALUE_TYPES[operand as keyof typeof VALUE_TYPES]];
    default:
      return [opcode];
  }
}

const section = (id: number, content: number[]) => [id, ...unsigned(content.length), ...content];
const vector = (items: readonly number[][]) => [...unsigned(items.length), ...items.flat()];
const name = (text: string) => vector([...new TextEncoder().encode(text)].map(byte => [byte]));

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  return value >= -64 && value < 64 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}
