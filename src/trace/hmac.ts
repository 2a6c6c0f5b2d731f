import { hexOf } from '../values/hex.ts';
import { sha256 } from './sha256.ts';

const BLOCK_BYTES = 64;

/** HMAC-SHA-256 with a key of at most 64 bytes (RFC 2104), as hexadecimal digits. */
export function hmac(key: Uint8Array, bytes: Uint8Array): string {
  const keyed = (mask: number, rest: Uint8Array) => {
    const joined = new Uint8Array(BLOCK_BYTES + rest.length).fill(mask, 0, BLOCK_BYTES);
    for (const [index, byte] of key.entries()) joined[index]! ^= byte;
    joined.set(rest, BLOCK_BYTES);
    return sha256(joined);
  };
  const hash = keyed(0x5c, keyed(0x36, bytes));
  return hexOf(hash);
}
