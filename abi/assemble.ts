/** A wasm function as readable text: one instruction an entry, operands separated by spaces. */
export interface Listing {
  name: string;
  params: readonly ('i32' | 'i64')[];
  results: readonly ('i32' | 'i64')[];
  body: readonly string[];
}

const VALUE_TYPES = { i32: 0x7f, i64: 0x7e } as const;

/** Opcode and how the operand is written. Binary format: WebAssembly core specification, section 5.4. */
const INSTRUCTIONS: Record<string, [opcode: number, operand?: 'index' | 'const' | 'memory' | 'block']> = {
  unreachable: [0x00],
  if: [0x04, 'block'],
  else: [0x05],
  end: [0x0b],
  'local.get': [0x20, 'index'],
  'i32.load': [0x28, 'memory'],
  'i64.load': [0x29, 'memory'],
  'i32.load8_u': [0x2d, 'memory'],
  'i64.load32_u': [0x35, 'memory'],
  'i64.store': [0x37, 'memory'],
  'i32.store8': [0x3a, 'memory'],
  'i32.const': [0x41, 'const'],
  'i64.const': [0x42, 'const'],
  'i64.lt_u': [0x54],
  'i32.add': [0x6a],
  'i64.sub': [0x7d],
  'i32.wrap_i64': [0xa7],
};

/** Encodes a module that imports its memory as `kernel.memory` and exports the listed functions. */
export function assemble(listings: readonly Listing[]): Uint8Array<ArrayBuffer> {
  const types = listings.map(({ params, results }) => [
    0x60,
    ...vector(params.map(type => [VALUE_TYPES[type]])),
    ...vector(results.map(type => [VALUE_TYPES[type]])),
  ]);
  const bodies = listings.map(({ body }) => {
    const code = [0, ...body.flatMap(encodeInstruction), 0x0b];
    return [...unsigned(code.length), ...code];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...section(2, vector([[...name('kernel'), ...name('memory'), 0x02, 0x00, 0x01]])),
    ...section(3, vector(listings.map((_, index) => unsigned(index)))),
    ...section(
      7,
      vector(listings.map((listing, index) => [...name(listing.name), 0x00, ...unsigned(index)])),
    ),
    ...section(10, vector(bodies)),
  ]);
}

function encodeInstruction(text: string): number[] {
  const [mnemonic = '', operand = '0'] = text.split(' ');
  const instruction = INSTRUCTIONS[mnemonic];
  if (!instruction) throw new Error(`BUG: the listing uses "${mnemonic}", which the assembler does not know`);
  const [opcode, kind] = instruction;
  switch (kind) {
    case 'index':
      return [opcode, ...unsigned(Number(operand))];
    case 'const':
      return [opcode, ...signed(Number(operand))];
    // Alignment hint 0, so that no address is declared aligned which a plugin may pass unaligned.
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
