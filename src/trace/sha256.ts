import { lazily } from '../../abi/lazily.ts';
import { builtinModule, type Scope } from '../platform/web-context.ts';

// SHA-256, FIPS 180-4 section 6.2. WebCrypto returns a promise, and an event must leave before the call of the plugin goes on. Node,
// Deno and Bun have one that returns at once, and takes a tenth of the time.

interface NodeCrypto {
  createHash?(name: 'sha256'): { update(bytes: Uint8Array): { digest(): Uint8Array<ArrayBuffer> } };
}

type Hash = (bytes: Uint8Array) => Uint8Array<ArrayBuffer>;

const chosen = lazily((): Hash => {
  const crypto = builtinModule<NodeCrypto>(globalThis as Scope, 'node:crypto');
  if (!crypto?.createHash) return sha256InScript;
  return bytes => new Uint8Array(crypto.createHash!('sha256').update(bytes).digest());
});

export const sha256: Hash = bytes => chosen()(bytes);

const [INITIAL, ROUNDS] = constants();

/** The first 32 bits of the fractional parts of the square and cube roots of the first primes: section 4.2.2 and 5.3.3. */
function constants(): [Int32Array, Int32Array] {
  const primes: number[] = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every(prime => n % prime !== 0)) primes.push(n);
  const fraction = (root: number) => ((root - Math.floor(root)) * 2 ** 32) | 0;
  return [
    Int32Array.from(primes.slice(0, 8), prime => fraction(Math.sqrt(prime))),
    Int32Array.from(primes, prime => fraction(Math.cbrt(prime))),
  ];
}

const BLOCK_BYTES = 64;
const turned = (word: number, by: number) => (word >>> by) | (word << (32 - by));

/** Adds a block of bytes to the state. `words` is scratch for 64 words. */
function addBlock(state: Int32Array, words: Int32Array, view: DataView, offset: number): void {
  for (let i = 0; i < 16; i++) words[i] = view.getInt32(offset + i * 4);
  for (let i = 16; i < 64; i++) {
    const two = words[i - 2]!;
    const fifteen = words[i - 15]!;
    const s0 = turned(fifteen, 7) ^ turned(fifteen, 18) ^ (fifteen >>> 3);
    const s1 = turned(two, 17) ^ turned(two, 19) ^ (two >>> 10);
    words[i] = words[i - 16]! + s0 + words[i - 7]! + s1;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let i = 0; i < 64; i++) {
    const s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS[i]! + words[i]!) | 0;
    const s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    // Not one assignment of an array to an array: JavaScriptCore would step through it with an iterator.
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

/** As `sha256`, in JavaScript. */
export function sha256InScript(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n);
  const state = INITIAL.slice();
  const words = new Int32Array(64);
  for (let offset = 0; offset < padded.length; offset += BLOCK_BYTES) addBlock(state, words, view, offset);
  const hash = new DataView(new ArrayBuffer(32));
  for (const [index, word] of state.entries()) hash.setInt32(index * 4, word);
  return new Uint8Array(hash.buffer);
}
