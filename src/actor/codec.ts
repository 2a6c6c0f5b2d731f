import { joinJson, parseJson, writeJson } from './json.ts';
import type { JsonValue } from './json-value.ts';

/** A value as an encoding writes it: text, or bytes. */
export type Part = string | Uint8Array;

const encoder = new TextEncoder();

/** The size of a part in bytes: of text, as UTF-8. */
export const byteLength = (part: Part): number =>
  typeof part === 'string' ? encoder.encode(part).length : part.length;

/** A UTF-16 code unit takes three bytes at most, so that most texts need not be encoded to be measured. */
export const isOver = (part: Part, limitBytes: number): boolean =>
  part.length * 3 > limitBytes && byteLength(part) > limitBytes;

/**
 * How a plugin's context and result travel. Every encoding carries the same values, those of `JsonValue`. What is known
 * earlier is written earlier, so that a whole is joined from parts. The host functions of actors exchange JSON in any case.
 */
export interface Codec {
  /** As a plugin's metadata names it, in `encoding`. */
  readonly encoding: string;
  /** @param path Where the value stands. @throws {ActorError} JSON_VALUE, JSON_DEPTH with the path */
  write(value: unknown, path: readonly string[]): Part;
  /** The object with these keys, whose values `write` or `join` wrote. */
  join(members: readonly (readonly [key: string, value: Part])[]): Part;
  /** @param bytes To be read and not kept. @param what They are, for the error message. @throws {ActorError} with the offset of what is wrong */
  read(bytes: Uint8Array, what: string): JsonValue;
}

/** What every plugin speaks that does not say otherwise. */
export const jsonCodec: Codec = {
  encoding: 'json',
  write: writeJson,
  join: joinJson,
  read: parseJson,
};
