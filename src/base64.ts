import { MAX_TEXT_BYTES, tooLongMessage } from '../abi/index.ts';
import { PlugboardError } from './errors.ts';

// Loops, since `Uint8Array.from` and `Array.from` make lists of all characters, for which V8 ends the process.

/** @throws {DOMException} for a text that is not base64 of the standard alphabet */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const chars = atob(text);
  const bytes = new Uint8Array(chars.length);
  for (let index = 0; index < chars.length; index++) bytes[index] = chars.charCodeAt(index);
  return bytes;
}

/** A multiple of three bytes, so that only the last piece is padded. */
const PIECE_BYTES = 3 * 4096;

/** Base64 of the standard alphabet, padded. @throws {PlugboardError} TEXT_TOO_LONG: `btoa` of Node ends the process */
export function toBase64(bytes: Uint8Array): string {
  const length = Math.ceil(bytes.length / 3) * 4;
  if (length > MAX_TEXT_BYTES) {
    throw new PlugboardError('TEXT_TOO_LONG', tooLongMessage('base64', length, 'characters'));
  }
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    pieces.push(btoa(String.fromCharCode(...bytes.subarray(at, at + PIECE_BYTES))));
  }
  return pieces.join('');
}
