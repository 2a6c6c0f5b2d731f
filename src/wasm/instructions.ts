import type { Cursor } from './cursor.ts';
import { readValueType } from './types.ts';

/**
 * The immediates of an opcode, one letter for each:
 *
 *      u  index, constant or anything else in LEB128       b  one byte
 *      m  alignment, memory where bit 6 says so, offset    t  block type
 *      l  vector of LEB128, such as labels                 v  vector of value types
 *      c  vector of catch clauses
 *      4  8  as many bytes                               x  16 bytes
 */
type Immediates = string;

const range = (first: number, last: number, immediates: Immediates) =>
  Array.from({ length: last - first + 1 }, (_, index): [number, Immediates] => [first + index, immediates]);
const table = (...ranges: [number, Immediates][][]) => new Map(ranges.flat());

/** Core specification 3.0, section 5.4, with threads and the older exception handling. */
const PLAIN = table(
  range(0x00, 0x01, ''),
  range(0x02, 0x04, 't'),
  [[0x05, '']],
  // try, catch, throw, rethrow; throw_ref.
  [[0x06, 't']],
  range(0x07, 0x09, 'u'),
  range(0x0a, 0x0b, ''),
  range(0x0c, 0x0d, 'u'),
  [[0x0e, 'lu']],
  [[0x0f, '']],
  [[0x10, 'u']],
  [[0x11, 'uu']],
  [[0x12, 'u']],
  [[0x13, 'uu']],
  range(0x14, 0x15, 'u'),
  // delegate, catch_all.
  [[0x18, 'u']],
  range(0x19, 0x1b, ''),
  [[0x1c, 'v']],
  [[0x1f, 'tc']],
  range(0x20, 0x26, 'u'),
  range(0x28, 0x3e, 'm'),
  range(0x3f, 0x42, 'u'),
  [[0x43, '4']],
  [[0x44, '8']],
  range(0x45, 0xc4, ''),
  [[0xd0, 'u']],
  [[0xd1, '']],
  [[0xd2, 'u']],
  range(0xd3, 0xd4, ''),
  range(0xd5, 0xd6, 'u'),
);

/** Immediates of the instructions with a prefix, by prefix byte and then by the number that follows the prefix. */
const PREFIXED: Readonly<Record<number, ReadonlyMap<number, Immediates>>> = {
  // Structures, arrays and references.
  251: table(
    range(0, 1, 'u'),
    range(2, 5, 'uu'),
    range(6, 7, 'u'),
    range(8, 10, 'uu'),
    range(11, 14, 'u'),
    [[15, '']],
    [[16, 'u']],
    range(17, 19, 'uu'),
    range(20, 23, 'u'),
    range(24, 25, 'buuu'),
    range(26, 30, ''),
  ),
  // Saturating truncation, memories and tables.
  252: table(
    range(0, 7, ''),
    [[8, 'uu']],
    [[9, 'u']],
    [[10, 'uu']],
    [[11, 'u']],
    [[12, 'uu']],
    [[13, 'u']],
    [[14, 'uu']],
    range(15, 17, 'u'),
    range(19, 22, ''),
  ),
  // Vectors (SIMD), with the relaxed ones.
  253: table(
    range(0, 11, 'm'),
    range(12, 13, 'x'),
    range(14, 20, ''),
    range(21, 34, 'b'),
    range(35, 83, ''),
    range(84, 91, 'mb'),
    range(92, 93, 'm'),
    range(94, 275, ''),
  ),
  // Threads.
  254: table(range(0, 2, 'm'), [[3, 'b']], range(0x10, 0x4e, 'm')),
};

const LOOP = 0x03;
const MEMORY_FOLLOWS = 0x40;

const READ: Readonly<Record<string, (body: Cursor) => void>> = {
  u: body => body.skipLeb('a number'),
  b: body => void body.byte('a byte'),
  m: body => {
    if (body.u32('an alignment') & MEMORY_FOLLOWS) body.skipLeb('the index of a memory');
    body.skipLeb('an offset');
  },
  t: body => {
    if (body.skipByte(0x63) || body.skipByte(0x64)) body.skipLeb('a heap type');
    else body.skipLeb('a block type');
  },
  l: body => body.each('labels', () => body.skipLeb('a label')),
  v: body => body.each('types', () => readValueType(body)),
  c: body =>
    body.each('catch clauses', () => {
      const hasTag = body.byte('the kind of a catch clause') < 2;
      if (hasTag) body.skipLeb('a tag');
      body.skipLeb('a label');
    }),
  4: body => void body.take(4, 'a number'),
  8: body => void body.take(8, 'a number'),
  x: body => void body.take(16, 'a vector'),
};

/**
 * Reads the body of a function, from its locals to its end. The engine has accepted the module before.
 * @returns offsets of the places where code may repeat: before the first instruction, and at the start of each loop
 * @throws {Malformed} at an unknown instruction
 */
export function findRepeated(body: Cursor): number[] {
  body.each('locals', () => {
    body.u32('how many locals');
    readValueType(body);
  });
  const found = [body.at];
  while (body.left > 0) {
    const opcode = body.byte('an instruction');
    const immediates = PREFIXED[opcode]?.get(body.u32('an instruction')) ?? PLAIN.get(opcode);
    if (immediates === undefined) return body.refuse('an instruction that is known');
    for (const kind of immediates) READ[kind]!(body);
    if (opcode === LOOP) found.push(body.at);
  }
  return found;
}
