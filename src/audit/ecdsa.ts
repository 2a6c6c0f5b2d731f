const NUMBER_BYTES = 32;
const [SEQUENCE, INTEGER] = [0x30, 0x02];

/**
 * Returns an ECDSA signature on P-256 as WebCrypto takes it, the numbers r and s of 32 bytes each. Other tools write DER (RFC 3279,
 * section 2.2.3). Null for bytes of neither form.
 */
export function rawSignature(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | null {
  if (bytes.length === 2 * NUMBER_BYTES) return bytes;
  if (bytes[0] !== SEQUENCE || bytes[1] !== bytes.length - 2) return null;
  const raw = new Uint8Array(2 * NUMBER_BYTES);
  let at = 2;
  for (const end of [NUMBER_BYTES, 2 * NUMBER_BYTES]) {
    const length = bytes[at + 1]!;
    const number = bytes.subarray(at + 2, at + 2 + length);
    if (bytes[at] !== INTEGER || number.length !== length) return null;
    const digits = number.subarray(number.findIndex(byte => byte !== 0));
    if (digits.length > NUMBER_BYTES) return null;
    raw.set(digits, end - digits.length);
    at += 2 + length;
  }
  return at === bytes.length ? raw : null;
}
