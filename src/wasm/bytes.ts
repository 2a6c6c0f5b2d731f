/** Views the bytes as 32-bit words. Up to three bytes at the end that do not fill a word are left out. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
}

export function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  if (one.buffer === other.buffer && one.byteOffset === other.byteOffset) return true;
  let compared = 0;
  // To make views takes longer than to compare a few bytes.
  if (one.length >= 64) {
    const [left, right] = [wordsOf(one), wordsOf(other)];
    for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
    compared = left.length * 4;
  }
  for (let index = compared; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
