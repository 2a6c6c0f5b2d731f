import { isUint8Array } from '../../../wasi/brands.ts';
import { ActorError } from '../../actor/errors.ts';
import { Float } from '../../actor/float.ts';
import { MOST_RPC_BYTES, rpcBytes, withCommas } from '../../units.ts';

/** The most bytes that a number takes, or the beginning of another value. */
const VALUE_BYTES = 9;

/** Returns a copy that RPC can send, and about its bytes there. RPC refuses instances of classes, such as `Float`. */
function plainCopy<T>(value: T): [copy: T, bytes: number] {
  let bytes = 0;
  const copy = (part: unknown): unknown => {
    bytes += VALUE_BYTES;
    if (typeof part === 'string' || typeof part === 'bigint') bytes += rpcBytes(String(part));
    if (part instanceof Float) return part.value;
    if (typeof part !== 'object' || part === null) return part;
    if (isUint8Array(part)) {
      bytes += part.length;
      return part;
    }
    if (Array.isArray(part)) return part.map(copy);
    return Object.fromEntries(
      Object.entries(part).map(([key, member]) => {
        bytes += VALUE_BYTES + rpcBytes(key);
        return [key, copy(member)];
      }),
    );
  };
  return [copy(value) as T, bytes];
}

/**
 * Returns copies of the first values that RPC can send together.
 * @param advice names a way out if it cannot send the first one
 * @throws {ActorError} OUTPUT_LIMIT
 */
export function plainCopies<T>(values: readonly T[], what: string, advice: string): T[] {
  const copies: T[] = [];
  let sum = 0;
  for (const value of values) {
    const [copy, bytes] = plainCopy(value);
    sum += bytes;
    if (sum > MOST_RPC_BYTES) {
      if (copies.length > 0) break;
      const [most, has] = [MOST_RPC_BYTES, bytes].map(withCommas);
      throw new ActorError(
        'OUTPUT_LIMIT',
        `${what}: expected at most ${most} bytes, which RPC carries, got about ${has}; ${advice}`,
      );
    }
    copies.push(copy);
  }
  return copies;
}
