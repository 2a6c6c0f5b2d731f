import { WasiError } from './errors.ts';
import type { GuestMemory, Iovec } from './memory.ts';

/** A call moves at most this much and says so, as POSIX allows: overlapping pieces could else ask for terabytes. */
export const MAX_TRANSFER_BYTES = 16 * 1024 * 1024;

/** All pieces in one: a line is seen whole. One piece is the plugin's memory itself, several are copied. */
export function gather(memory: GuestMemory, pieces: readonly Iovec[]): Uint8Array {
  const filled = pieces.filter(({ length }) => length > 0);
  const [first] = filled;
  if (first && filled.length === 1) return memory.bytes(first.pointer, first.length)!;
  const all = new Uint8Array(filled.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const { pointer, length } of filled) {
    all.set(memory.bytes(pointer, length)!, at);
    at += length;
  }
  return all;
}

/**
 * Fills the pieces in order until one stays short. `read` is given the bytes read so far. Answers how many in all, or
 * the negative errno that `read` answered before there were any.
 */
export function scatter(
  memory: GuestMemory,
  pieces: readonly Iovec[],
  read: (into: Uint8Array, done: number) => number,
): number {
  let total = 0;
  for (const { pointer, length } of pieces) {
    if (length === 0) continue;
    // Anew for each piece: what reads may have made the memory grow.
    const count = read(memory.bytes(pointer, length)!, total);
    if (count < 0 && Number.isInteger(count)) return total > 0 ? total : count;
    // Who claims more than there was room for would make the program read what is not there.
    if (!Number.isInteger(count) || count > length)
      throw new WasiError(
        'WASI_INVALID_READ',
        `read: expected the number of bytes copied, an integer from 0 to ${length}, got ${count}`,
      );
    total += count;
    if (count < length) break;
  }
  return total;
}
