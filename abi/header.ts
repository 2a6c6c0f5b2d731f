/**
 * How the kernel memory begins, in bytes. Handles are byte offsets into it.
 *
 *      0       4       8            12           16           20      24            28             32          36    40        64
 *      ├───────┼───────┼────────────┼────────────┼────────────┼───────┼─────────────┼──────────────┼───────────┼─────┼─────────┼─ blocks ──▶
 *      │ span1 │ span8 │ inputStart │ inputSpan1 │ inputSpan8 │ ended │ outputStart │ outputLength │ hasOutput │ top │ hasFree │
 *
 * Every header word is a u32. `span1` and `span8` are the numbers of valid start offsets, counted from 64, for
 * an access of one and of eight bytes; the input spans are the same for the input, counted from its start.
 * They are what the accessors compare with. All are zero while `ended` is set, so that an ended call falls into
 * the accessors' slow path at no cost to the fast one. Plugins cannot address the header. `top` and `hasFree` are written
 * only when a memory that two threads share is handed over.
 */
export const HEADER_BYTES = 64;
export const HEADER = {
  span1: 0,
  span8: 4,
  inputStart: 8,
  inputSpan1: 12,
  inputSpan8: 16,
  ended: 20,
  outputStart: 24,
  outputLength: 28,
  hasOutput: 32,
  top: 36,
  hasFree: 40,
} as const;
