import { bytesOf, isBytes } from '../../wasi/brands.ts';
import { attempt } from '../errors.ts';

/** Text is passed as UTF-8. Null and undefined are an empty input. */
export type PluginInput = string | Uint8Array | ArrayBuffer | null | undefined;

type Failure = new (code: 'INVALID_INPUT', message: string) => Error;

/** Returns text unchanged, and any other input as a view of its bytes. @throws {Failure} INVALID_INPUT */
export function readInput(input: unknown, Failure: Failure): string | Uint8Array {
  if (input === undefined || input === null) return '';
  if (typeof input === 'string') return input;
  const bytes = bytesOf(input);
  // An array whose bytes were transferred looks empty, and only its methods tell.
  if (bytes && (bytes.length > 0 || attempt(() => bytes.slice(), null))) return bytes;
  if (isBytes(input)) throw new Failure('INVALID_INPUT', TRANSFERRED);
  const message = `input: expected a string or a Uint8Array, got ${typeof input}; encode it first`;
  throw new Failure('INVALID_INPUT', message);
}

/** As `readInput`, but returns a copy: the caller may change its bytes later. @throws {Failure} INVALID_INPUT */
export function copyInput(input: unknown, Failure: Failure): string | Uint8Array {
  const given = readInput(input, Failure);
  // V8 11 may compile `bytes.length` so that it is the old length of an array whose bytes were transferred.
  const copy = attempt(() => given.slice(), null);
  if (copy === null) throw new Failure('INVALID_INPUT', TRANSFERRED);
  return copy;
}

const TRANSFERRED = 'input: its bytes were transferred; pass a copy';
