import { section as encodeSection, limits, SECTIONS, vector } from '../../abi/encode.ts';
import { concat, isEqual } from './bytes.ts';
import { Cursor } from './cursor.ts';
import { readModule, type Section } from './reader.ts';
import { type MemoryType, readMemoryType } from './types.ts';

/** The largest maximum that a memory type may declare. For 64-bit addresses: the limit of the JavaScript API (16 GiB). */
const MAX_PAGES = { is32: 65_536, is64: 262_144 };

/**
 * Returns the module with lower maximums: each memory that it defines can grow by at most `growthPages`. Imported memories
 * are limited in the module that exports them. Only the memory section changes. Null where that section cannot be read.
 * RATIONALE: why-does-memorymax_pages-change-the-modules-bytes
 */
export function capMemories(
  bytes: Uint8Array<ArrayBuffer>,
  growthPages: number,
): Uint8Array<ArrayBuffer> | null {
  const section = findMemorySection(bytes);
  if (section === null) return null;
  if (section === undefined) return bytes;
  const memories = readMemories(bytes, section).map(({ initialPages: min, maxPages, shared, is64 }) => {
    const max = Math.min(maxPages ?? (is64 ? MAX_PAGES.is64 : MAX_PAGES.is32), min + growthPages);
    return limits({ min, max, shared, is64 });
  });
  const rewritten = encodeSection(SECTIONS.memory, vector(memories));
  const end = section.offset + section.sizeBytes;
  return concat([bytes.subarray(0, section.offset), Uint8Array.from(rewritten), bytes.subarray(end)]);
}

/** Whether `capped` differs from `bytes` only by lower maximums. All bytes outside the memory section must be equal. */
export function isOnlyCapped(bytes: Uint8Array<ArrayBuffer>, capped: Uint8Array<ArrayBuffer>): boolean {
  const [before, after] = [findMemorySection(bytes), findMemorySection(capped)];
  if (!before || !after) return bytes === capped;
  const without = (all: Uint8Array, { offset, sizeBytes }: Section) => [
    ...[all.subarray(0, offset), all.subarray(offset + sizeBytes)],
  ];
  const rest = without(capped, after);
  if (!without(bytes, before).every((part, index) => isEqual(part, rest[index]!))) return false;
  const memories = readMemories(capped, after);
  const originals = readMemories(bytes, before);
  return (
    memories.length === originals.length &&
    originals.every((original, index) => {
      const { maxPages, ...kept } = memories[index]!;
      const { maxPages: originalMax, ...originalKept } = original;
      const isLower = maxPages !== null && maxPages <= (originalMax ?? maxPages);
      return isLower && JSON.stringify(kept) === JSON.stringify(originalKept);
    })
  );
}

/** Returns undefined for a module without a memory section, null where the section cannot be read. */
function findMemorySection(bytes: Uint8Array<ArrayBuffer>): Section | null | undefined {
  const { sections, problems } = readModule(bytes);
  if (problems.some(({ section }) => section === null || section === 'memory')) return null;
  return sections.find(({ id }) => id === SECTIONS.memory);
}

function readMemories(bytes: Uint8Array, { contentsOffset, offset, sizeBytes }: Section): MemoryType[] {
  const memories: MemoryType[] = [];
  const body = new Cursor(bytes, contentsOffset, offset + sizeBytes);
  body.each('memories', () => memories.push(readMemoryType(body)));
  return memories;
}
