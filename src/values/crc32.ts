import { lazily } from '../../abi/lazily.ts';

const table = lazily(() =>
  Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  }),
);

/** Returns the CRC-32 of bytes, as zip and gzip have it, in eight hexadecimal digits. */
export function crc32(bytes: Uint8Array): string {
  let value = 0xffffffff;
  const steps = table();
  for (const byte of bytes) value = (value >>> 8) ^ steps[(value ^ byte) & 0xff]!;
  return ((value ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0');
}
