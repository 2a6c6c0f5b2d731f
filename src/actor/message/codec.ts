import { lazily } from '../../../abi/lazily.ts';
import { type Kind, kind } from '../../../wasi/options.ts';
import { parseJson } from '../json/reader.ts';
import { isObject, type JsonValue } from '../json/value.ts';
import { joinJson, writeText } from '../json/writer.ts';

/** A value that an encoding has written: a string or bytes. */
export type Part = string | Uint8Array;

const encoder = lazily(() => new TextEncoder());

/** Shorter strings are counted unit by unit: it takes longer to make an array for their bytes. */
const FEW_UNITS = 1000;

/** Returns the size of a part in bytes; strings are measured as UTF-8. */
export function byteLength(part: Part): number {
  if (typeof part !== 'string') return part.length;
  if (part.length > FEW_UNITS) return encoder().encode(part).length;
  let bytes = 0;
  for (let index = 0; index < part.length; index++) {
    const unit = part.charCodeAt(index);
    bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    // A pair of surrogates takes 4 bytes, and a surrogate alone becomes U+FFFD, which takes 3.
    if ((unit & 0xfc00) === 0xd800 && (part.charCodeAt(index + 1) & 0xfc00) === 0xdc00) bytes -= 2;
  }
  return bytes;
}

/** A UTF-16 code unit takes at most three bytes of UTF-8, so most strings need not be encoded to see that they fit. */
export const isOver = (part: Part, limitBytes: number): boolean =>
  part.length * 3 > limitBytes && byteLength(part) > limitBytes;

/**
 * The encoding of a plugin's context and result. Every encoding carries the same values, those of `JsonValue`. Parts are
 * written as soon as they are known, and joined later. The host functions of actors exchange JSON in any case.
 */
export interface Codec {
  /** The name of the encoding, as in `encoding` of a plugin's metadata. */
  readonly encoding: string;
  /** @param path Where the value stands. @throws {ActorError} JSON_VALUE, JSON_DEPTH with the path */
  write(value: unknown, path: readonly string[]): Part;
  /** Returns the object with these keys, whose values `write` or `join` wrote. */
  join(members: readonly (readonly [key: string, value: Part])[]): Part;
  /**
   * @param bytes Must not be kept after the call
   * @param what Names the bytes in error messages
   * @throws {ActorError} with the offset of the first wrong byte
   */
  read(bytes: Uint8Array, what: string): JsonValue;
}

export const aCodec: Kind<Codec> = kind(
  'msgpack of plugboard/msgpack',
  value =>
    isObject(value) &&
    typeof value.encoding === 'string' &&
    [value.write, value.join, value.read].every(method => typeof method === 'function'),
);

/** The encoding of plugins whose metadata does not name another one. */
export const jsonCodec: Codec = {
  encoding: 'json',
  write: writeText,
  join: joinJson,
  read: parseJson,
};
