import { MAX_TEXT_BYTES, tooLongMessage } from '../../abi/index.ts';
import { PlugboardError } from '../errors.ts';

// Loops: `Uint8Array.from` and `Array.from` make a list of all characters. If the list is too long, V8 ends the process.

/** Decodes base64. @throws {DOMException} for a text that is not base64 of the standard alphabet */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const chars = atob(text);
  const bytes = new Uint8Array(chars.length);
  for (let index = 0; index < chars.length; index++) bytes[index] = chars.charCodeAt(index);
  return bytes;
}

/** Bytes encoded at once. A multiple of three, so that only the last piece is padded. */
const PIECE_BYTES = 3 * 4096;

/**
 * Encodes bytes as base64 of the standard alphabet, padded.
 * @throws {PlugboardError} TEXT_TOO_LONG; Node's `btoa` would end the process
 */
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
