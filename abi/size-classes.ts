/** The units in which kernel memory is given out. */

export const PAGE_BYTES = 65_536;
export const MAX_PAGES = 65_536;
export const MAX_BYTES = MAX_PAGES * PAGE_BYTES;
/**
 * Freed blocks are used again once so many pages are full: those with which the native kernel starts.
 * RATIONALE: why-does-the-kernel-memory-start-with-one-page
 */
export const FIRST_PAGES = 16;
export const FIRST_BYTES = FIRST_PAGES * PAGE_BYTES;
/** Blocks start at multiples of this. */
export const GRANULE_BYTES = 16;
export const MAX_GRANULES = MAX_BYTES / GRANULE_BYTES;

/** The first page boundary at or above an address. */
export const pageEnd = (address: number): number => Math.ceil(address / PAGE_BYTES) * PAGE_BYTES;

/**
 * Splits block sizes (in granules) into classes at most 12.5 % apart: exact up to 16, then eight to a doubling.
 * RATIONALE: why-are-sizes-rounded-up-and-when-are-they-not
 */
export function sizeClass(granules: number): { index: number; granules: number } {
  if (granules <= 16) return { index: granules, granules };
  const shift = 28 - Math.clz32(granules - 1);
  const rounded = Math.ceil(granules / 2 ** shift) * 2 ** shift;
  return { index: shift * 8 + rounded / 2 ** shift, granules: rounded };
}
export const SIZE_CLASSES = 25 * 8 + 17;
/** The class of blocks with exactly the requested size, because the rounded size did not fit. */
export const EXACT_CLASS = SIZE_CLASSES;
