import { refuseArguments } from '../actor/call-options.ts';
import { ActorError, readForeign } from '../actor/errors.ts';
import { Float } from '../actor/float.ts';
import { type Form, writeValue } from '../actor/json/form.ts';
import { integerOf, type JsonObject, type JsonValue, setOwn } from '../actor/json/value.ts';
import type { Codec, Part } from '../actor/message/codec.ts';
import { checkedCopy, TEXT, WHOLE_FLOAT } from './check.ts';
import { addExtension, Packr } from './msgpackr.ts';

/** A value that is already encoded as MessagePack. */
class Written {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

addExtension({
  type: 1,
  Class: Written,
  // Without the header of an extension: the bytes are the value.
  pack({ bytes }, allocate) {
    const { target, position } = allocate(bytes.length);
    target.set(bytes, position);
  },
});
addExtension({
  type: WHOLE_FLOAT,
  unpack(data) {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    return new Float(data.length === 4 ? view.getFloat32(0) : view.getFloat64(0));
  },
});
addExtension({
  type: TEXT,
  unpack: data => new TextDecoder('utf-8', { ignoreBOM: true }).decode(data),
});

const packr = new Packr({ useRecords: false, mapsAsObjects: false });

/** Turns values into a form that msgpackr encodes exactly. */
const PACKABLE: Form<unknown> = {
  literal: value => value,
  string: text => text,
  integer(value) {
    const integer = Number(value);
    if (integer >= -0x8000_0000 && integer <= 0xffff_ffff) return integer;
    const wide = BigInt(value);
    // Beyond 32 bits msgpackr encodes a number as a float, and a positive bigint as a signed integer.
    if (BigInt.asUintN(64, wide) === wide) return written(0xcf, view => view.setBigUint64(1, wide));
    return BigInt.asIntN(64, wide) === wide ? wide : undefined;
  },
  integers: '64 bits',
  // msgpackr would encode a whole number as an integer.
  float: value => (Number.isInteger(value) ? written(0xcb, view => view.setFloat64(1, value)) : value),
  bytes: bytes => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length),
  array: items => items,
  // A Map, because an object would lose the key `__proto__`.
  object: (keys, values) => new Map(keys.map((key, index) => [key, values[index]])),
};

/** Encodes a value of 64 bits. `first` is the first byte of its format. */
function written(first: number, set: (view: DataView) => void): Written {
  const bytes = new Uint8Array(9);
  bytes[0] = first;
  set(new DataView(bytes.buffer));
  return new Written(bytes);
}

/** Copies the result, because msgpackr writes many values into one buffer. */
const pack = (value: unknown) => new Uint8Array(packr.pack(value));

function fromUnpacked(value: unknown): JsonValue {
  if (typeof value === 'bigint') return integerOf(value);
  if (Array.isArray(value)) return value.map(fromUnpacked);
  if (!(value instanceof Map)) return value as JsonValue;
  const object: JsonObject = {};
  for (const [key, member] of value as Map<unknown, unknown>)
    setOwn(object, String(key), fromUnpacked(member));
  return object;
}

/**
 * Encodes one value as MessagePack. Takes the values of JSON, `Uint8Array` as bytes, and `Float` for whole floats.
 * @throws {ActorError} JSON_VALUE, with its path, for a value that JSON cannot carry or an integer beyond 64 bits; JSON_DEPTH
 */
export function encode(value: unknown): Uint8Array<ArrayBuffer>;
export function encode(value: unknown, ...extra: unknown[]): Uint8Array<ArrayBuffer> {
  refuseArguments('encode', extra);
  return readForeign('encode', () => pack(writeValue(value, PACKABLE)), 'JSON_VALUE');
}

/**
 * Decodes one value. A safe integer becomes a `number`, a larger one a `bigint`, a whole float a `Float`, bytes a
 * `Uint8Array`. A map becomes a plain object with its integer keys as strings. Among equal keys the last wins.
 * @throws {ActorError} MSGPACK_SYNTAX, INVALID_UTF8, JSON_DEPTH, or JSON_VALUE for NaN and infinities; each with the offset
 */
export const decode = (bytes: Uint8Array, what = 'the input'): JsonValue => {
  refuseArguments('decode', [what]);
  return readForeign('decode', () => fromUnpacked(packr.unpack(checkedCopy(bytes, what))));
};

/** The codec for actors whose plugins have `"encoding": "msgpack"` in their metadata. Pass it as the option `codec`. */
export const msgpack: Codec = {
  encoding: 'msgpack',
  write: (value, path) => pack(writeValue(value, PACKABLE, path)),
  join: members => pack(new Map(members.map(([key, part]) => [key, new Written(bytesOf(part))]))),
  read: decode,
};

const bytesOf = (part: Part): Uint8Array => {
  if (typeof part !== 'string') return part;
  throw new ActorError('INVALID_CONFIG', 'msgpack: expected a part that this codec wrote, got text');
};
