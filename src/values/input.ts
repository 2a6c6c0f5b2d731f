import { attempt } from '../errors.ts';

/** Text is passed as UTF-8. Null and undefined are an empty input. */
export type PluginInput = string | Uint8Array | ArrayBuffer | null | undefined;

type Failure = new (code: 'INVALID_INPUT', message: string) => Error;

const viewBytes = (input: unknown): Uint8Array | undefined =>
  ArrayBuffer.isView(input)
    ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
    : input instanceof ArrayBuffer
      ? new Uint8Array(input)
      : undefined;

/** Returns text unchanged, and any other input as a view of its bytes. @throws {Failure} INVALID_INPUT */
export function readInput(input: unknown, Failure: Failure): string | Uint8Array {
  if (input === undefined || input === null) return '';
  if (typeof input === 'string') return input;
  // Only an exact Uint8Array is used as it is: a subclass, such as Buffer, may report a false length.
  if (ArrayBuffer.isView(input) && Object.getPrototypeOf(input) === Uint8Array.prototype) {
    return input as Uint8Array;
  }
  const view = attempt(() => viewBytes(input), undefined);
  if (view) return view;
  throw new Failure(
    'INVALID_INPUT',
    `input: expected a string or a Uint8Array, got ${typeof input}; encode it first`,
  );
}
