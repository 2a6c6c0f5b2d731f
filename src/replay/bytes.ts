import { bytesOf } from '../../wasi/brands.ts';

const encoder = new TextEncoder();

/** A copy of bytes, or of a text as UTF-8. */
export const toBytes = (value: unknown): Uint8Array =>
  typeof value === 'string' ? encoder.encode(value) : (bytesOf(value)?.slice() ?? new Uint8Array());
