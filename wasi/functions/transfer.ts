import { WasiError } from '../errors.ts';
import type { GuestMemory, Iovec } from '../memory.ts';
import { Failure, type Result } from '../result.ts';

/**
 * The most bytes that one call moves; it returns the shorter count, as POSIX allows. Overlapping pieces could ask for
 * terabytes.
 */
export const MAX_TRANSFER_BYTES = 16 * 1024 * 1024;

/**
 * Joins all pieces, so that a sink sees a line as a whole. A single piece is returned as a view of the plugin's memory, several
 * are copied.
 */
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
 * Fills the pieces in order, until a read returns less than its piece. `read` gets the number of bytes read so far. Returns the
 * total, or the failure of `read` if nothing was read before.
 */
export function scatter(
  memory: GuestMemory,
  pieces: readonly Iovec[],
  read: (into: Uint8Array, done: number) => Result<number>,
): Result<number> {
  let total = 0;
  for (const { pointer, length } of pieces) {
    if (length === 0) continue;
    // A new view for each piece, because `read` may have made the memory grow.
    const count = read(memory.bytes(pointer, length)!, total);
    if (count instanceof Failure) return total > 0 ? total : count;
    // A count above the room would make the program read bytes that were never copied.
    if (!Number.isInteger(count) || count < 0 || count > length)
      throw new WasiError(
        'WASI_INVALID_READ',
        `read: expected the number of bytes copied, an integer from 0 to ${length}, got ${count}`,
      );
    total += count;
    if (count < length) break;
  }
  return total;
}
