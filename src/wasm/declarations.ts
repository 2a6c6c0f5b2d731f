import { SECTIONS } from '../../abi/encode.ts';
import { Cursor, unlessMalformed } from './cursor.ts';
import { readExpression } from './instructions.ts';
import type { ModuleOutline } from './reader.ts';
import { type Limits, readLimits, readValueType } from './types.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** A memory or a table of a module's own, with the bytes before and after its limits. */
export interface Declared {
  head: Uint8Array;
  limits: Limits;
  tail: Uint8Array;
}
export const KINDS = ['table', 'memory'] as const;
export type Kind = (typeof KINDS)[number];

/** Whether the addresses of a memory, or the indices of a table, have 64 bits. */
export const isLong = ({ flags }: Limits): boolean => (flags & 4) > 0;

/** Returns the memories or tables that the module defines; null where they cannot be read. */
export function declarationsOf(
  bytes: Bytes,
  { sections, problems }: ModuleOutline,
  kind: Kind,
): Declared[] | null {
  if (problems.some(({ section }) => section === null || section === kind)) return null;
  const section = sections.find(({ id }) => id === SECTIONS[kind]);
  if (!section) return [];
  const { contentsOffset, offset, sizeBytes } = section;
  const body = new Cursor(bytes, contentsOffset, offset + sizeBytes);
  const declared: Declared[] = [];
  const read = () => {
    const start = body.at;
    const hasValue = kind === 'table' && readElementType(body);
    const from = body.at;
    const limits = readLimits(body, `a ${kind}`, 7);
    const to = body.at;
    if (hasValue) readExpression(body, () => {});
    declared.push({ head: bytes.subarray(start, from), limits, tail: bytes.subarray(to, body.at) });
  };
  return unlessMalformed(() => {
    body.each(`${kind} types`, read);
    body.expectEnd();
    return declared;
  });
}

/** Reads the type of a table's elements. Returns whether their first value follows the limits. */
function readElementType(body: Cursor): boolean {
  const hasValue = body.skipByte(0x40);
  if (hasValue) body.byte('a zero');
  readValueType(body);
  return hasValue;
}
