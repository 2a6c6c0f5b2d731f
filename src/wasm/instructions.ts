import { lazily } from '../../abi/lazily.ts';
import { BULK, PLAIN } from '../../abi/opcodes.ts';
import type { Cursor } from './cursor.ts';
import { readValueType } from './types.ts';

type Read = (body: Cursor) => void;
/** The readers of the immediates of each instruction. */
type Table = readonly (readonly Read[] | undefined)[];

const MEMORY_FOLLOWS = 0x40;

export function skipBlockType(body: Cursor): void {
  if (body.skipByte(0x63) || body.skipByte(0x64)) body.skipLeb('a heap type');
  else body.skipLeb('a block type');
}

/** Reads one immediate of each letter of `abi/opcodes.ts`, and of three more: b one byte, v a vector of value types, x 16 bytes. */
const READ: Readonly<Record<string, Read>> = {
  u: body => body.skipLeb('a number'),
  s: body => body.skipLeb('a constant'),
  h: body => body.skipLeb('a heap type'),
  b: body => void body.byte('a byte'),
  m: body => {
    if (body.u32('an alignment') & MEMORY_FOLLOWS) body.skipLeb('the index of a memory');
    body.skipLeb('an offset');
  },
  t: skipBlockType,
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

const range = (first: number, last: number, immediates: string) =>
  Array.from({ length: last - first + 1 }, (_, index): [number, string] => [first + index, immediates]);
const named = (rows: typeof PLAIN): [number, string][] =>
  rows.flatMap(([first, immediates, names]) => range(first, first + names.split(' ').length - 1, immediates));

function table(...ranges: [number, string][][]): Table {
  const made: Read[][] = [];
  for (const [number, immediates] of ranges.flat())
    made[number] = Array.from(immediates, letter => READ[letter]!);
  return made;
}

/** The instructions with names, and `select` with types. */
const withoutPrefix = lazily(() => table(named(PLAIN), [[0x1c, 'v']]));

const FIRST_PREFIX = 251;
/** By prefix byte, and then by the number that follows the prefix. */
const prefixed = lazily(
  (): Readonly<Record<number, Table>> => ({
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
    252: table(named(BULK)),
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
  }),
);

/** Called after each instruction with its opcode or prefix, and the place of its immediates. */
type Visit = (opcode: number, immediates: number) => void;

/** Reads one instruction. @throws {Malformed} at an unknown one */
function readInstruction(body: Cursor, visit: Visit): number {
  const opcode = body.byte('an instruction');
  const start = body.at;
  const readers =
    opcode < FIRST_PREFIX ? withoutPrefix()[opcode] : prefixed()[opcode]?.[body.u32('an instruction')];
  if (!readers) return body.refuse('an instruction that is known');
  for (const read of readers) read(body);
  visit(opcode, start);
  return opcode;
}

/** The declarations of locals in a body. */
export interface Locals {
  /** Number of groups, each of one type. */
  groups: number;
  /** Number of locals. */
  total: number;
  /** Offset of the first group, and of the first instruction. */
  start: number;
  end: number;
}

export function readLocals(body: Cursor): Locals {
  let [groups, total, start] = [0, 0, -1];
  body.each('locals', () => {
    if (start < 0) start = body.at;
    total += body.u32('how many locals');
    readValueType(body);
    groups++;
  });
  return { groups, total, start: start < 0 ? body.at : start, end: body.at };
}

/** Reads the body of a function, from its locals to its end. @throws {Malformed} at an unknown instruction */
export function readBody(body: Cursor, visit: Visit): void {
  readLocals(body);
  readInstructions(body, visit);
}

/** Reads all instructions that are left. `visit` may move the cursor. @throws {Malformed} at an unknown instruction */
export function readInstructions(body: Cursor, visit: Visit): void {
  while (body.left > 0) readInstruction(body, visit);
}

const END = 0x0b;

/** Reads a constant expression with its end. @throws {Malformed} at an unknown instruction */
export function readExpression(body: Cursor, visit: Visit): void {
  while (readInstruction(body, visit) !== END);
}
