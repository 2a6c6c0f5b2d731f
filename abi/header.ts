/**
 * How the kernel memory begins, in bytes. Handles are byte offsets into it.
 *
 *      0       4       8            12           16           20      24            28             32          36
 *      ├───────┼───────┼────────────┼────────────┼────────────┼───────┼─────────────┼──────────────┼───────────┤
 *      │ span1 │ span8 │ inputStart │ inputSpan1 │ inputSpan8 │ ended │ outputStart │ outputLength │ hasOutput │
 *
 *      36           40           44          48    52      56      60  64
 *      ├────────────┼────────────┼───────────┼─────┼───────┼───────┼───┼─ blocks ──▶
 *      │ blockSpan1 │ blockSpan8 │ hasStrays │ top │ reach │ slack │   │
 *
 * Every header word is a u32. `span1` and `span8` are the numbers of valid start offsets, counted from 64, for an access of
 * one and of eight bytes, up to the end of the last page that a block has reached. The block spans count up to the end of the
 * last block. The input spans count from the start of the input to its end. The accessors compare addresses with the spans.
 * All spans are zero while `ended` is set, so that every access of an ended call takes the accessors' slow path. The fast path
 * needs no check.
 *
 * `hasStrays` is 1 when a store has changed bytes beyond the last block, otherwise 0. `top` and `reach`, in granules
 * of 16 bytes, and `slack`, in bytes, are written only when a memory that two threads share is handed over. Plugins cannot address
 * the header.
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
  blockSpan1: 36,
  blockSpan8: 40,
  hasStrays: 44,
  top: 48,
  reach: 52,
  slack: 56,
} as const;

/** Writes how far loads and stores reach, in bytes from 64 on. */
export function writeSpan(view: DataView, span: number): void {
  view.setUint32(HEADER.span1, span, true);
  view.setUint32(HEADER.span8, startsOfWords(span), true);
}

/** Writes how far the blocks reach, in bytes from 64 on. */
export function writeBlockSpan(view: DataView, span: number): void {
  view.setUint32(HEADER.blockSpan1, span, true);
  view.setUint32(HEADER.blockSpan8, startsOfWords(span), true);
}

/** Writes where the input is. `span` is its length in bytes. */
export function writeInput(view: DataView, start: number, span: number): void {
  view.setUint32(HEADER.inputStart, start, true);
  view.setUint32(HEADER.inputSpan1, span, true);
  view.setUint32(HEADER.inputSpan8, startsOfWords(span), true);
}

/** A part of the kernel memory, in bytes. */
export interface Range {
  start: number;
  length: number;
}

/** Remembers a store beyond the last block: the bytes there must be zeroed before a block may lie there. */
export const noteStray = (view: DataView): void => view.setUint32(HEADER.hasStrays, 1, true);

export function writeOutput(view: DataView, { start, length }: Range): void {
  view.setUint32(HEADER.outputStart, start, true);
  view.setUint32(HEADER.outputLength, length, true);
  view.setUint32(HEADER.hasOutput, 1, true);
}

/** Number of offsets at which a word of eight bytes fits into `bytes`. */
const startsOfWords = (bytes: number): number => Math.max(bytes - 7, 0);
