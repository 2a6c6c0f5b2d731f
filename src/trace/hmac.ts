/**
 * SHA-256, FIPS 180-4 section 6.2. Written here because that of the runtime returns a promise, and an event must leave before the
 * call of the plugin goes on.
 */
const [INITIAL, ROUNDS] = constants();

/** The first 32 bits of the fractional parts of the square and cube roots of the first primes: section 4.2.2 and 5.3.3. */
function constants(): [Uint32Array, Uint32Array] {
  const primes: number[] = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every(prime => n % prime !== 0)) primes.push(n);
  const fraction = (root: number) => (root - Math.floor(root)) * 2 ** 32;
  return [
    Uint32Array.from(primes.slice(0, 8), prime => fraction(Math.sqrt(prime))),
    Uint32Array.from(primes, prime => fraction(Math.cbrt(prime))),
  ];
}

const BLOCK_BYTES = 64;
const turned = (word: number, by: number) => (word >>> by) | (word << (32 - by));

export function sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n);
  const state = INITIAL.slice();
  const words = new Uint32Array(64);
  for (let block = 0; block < padded.length; block += BLOCK_BYTES) {
    for (let i = 0; i < 16; i++) words[i] = view.getUint32(block + i * 4);
    for (let i = 16; i < 64; i++) {
      const [two, fifteen] = [words[i - 2]!, words[i - 15]!];
      const s0 = turned(fifteen, 7) ^ turned(fifteen, 18) ^ (fifteen >>> 3);
      const s1 = turned(two, 17) ^ turned(two, 19) ^ (two >>> 10);
      words[i] = words[i - 16]! + s0 + words[i - 7]! + s1;
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    for (let i = 0; i < 64; i++) {
      const s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
      const t1 = h + s1 + ((e & f) ^ (~e & g)) + ROUNDS[i]! + words[i]!;
      const s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
      const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    for (const [index, value] of [a, b, c, d, e, f, g, h].entries()) state[index]! += value;
  }
  const hash = new Uint8Array(32);
  const out = new DataView(hash.buffer);
  for (const [index, word] of state.entries()) out.setUint32(index * 4, word);
  return hash;
}

/** HMAC-SHA-256 with a key of at most 64 bytes (RFC 2104), as hexadecimal digits. */
export function hmac(key: Uint8Array, bytes: Uint8Array): string {
  const keyed = (mask: number, rest: Uint8Array) => {
    const joined = new Uint8Array(BLOCK_BYTES + rest.length).fill(mask, 0, BLOCK_BYTES);
    for (const [index, byte] of key.entries()) joined[index]! ^= byte;
    joined.set(rest, BLOCK_BYTES);
    return sha256(joined);
  };
  const hash = keyed(0x5c, keyed(0x36, bytes));
  return Array.from(hash, byte => byte.toString(16).padStart(2, '0')).join('');
}
