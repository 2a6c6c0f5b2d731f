import { bytesOf } from '../../wasi/brands.ts';

/** Text is passed as UTF-8. Null and undefined are an empty input. */
export type PluginInput = string | Uint8Array | ArrayBuffer | null | undefined;

type Failure = new (code: 'INVALID_INPUT', message: string) => Error;

/** Returns text unchanged, and any other input as a view of its bytes. @throws {Failure} INVALID_INPUT */
export function readInput(input: unknown, Failure: Failure): string | Uint8Array {
  if (input === undefined || input === null) return '';
  if (typeof input === 'string') return input;
  const bytes = bytesOf(input);
  if (bytes) return bytes;
  throw new Failure(
    'INVALID_INPUT',
    `input: expected a string or a Uint8Array, got ${typeof input}; encode it first`,
  );
}

/** As `readInput`, but returns a copy: the caller may change its bytes later. @throws {Failure} INVALID_INPUT */
export function copyInput(input: unknown, Failure: Failure): string | Uint8Array {
  const given = readInput(input, Failure);
  try {
    return given.slice();
  } catch {
    throw new Failure('INVALID_INPUT', 'input: its bytes were transferred; pass a copy');
  }
}
