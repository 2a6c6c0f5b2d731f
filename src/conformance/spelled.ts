import { Float, type JsonValue } from '../actor/index.ts';
import { fromBase64 } from '../values/base64.ts';
import type { Bytes, Spelled } from './case.ts';

/** Returns the bytes that a case spells. @param origin stands for `{{server}}` in a template */
export function toBytes(spelled: Bytes, origin = ''): Uint8Array {
  if ('text' in spelled) return new TextEncoder().encode(spelled.text);
  if ('template' in spelled)
    return new TextEncoder().encode(spelled.template.replaceAll('{{server}}', origin));
  if ('hex' in spelled) return hexBytes(spelled.hex);
  if ('base64' in spelled) return fromBase64(spelled.base64);
  const { hex, times } = spelled.repeat;
  const unit = hexBytes(hex);
  const bytes = new Uint8Array(unit.length * times);
  for (let at = 0; at < bytes.length; at += unit.length) bytes.set(unit, at);
  return bytes;
}

const hexBytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], pair => Number.parseInt(pair, 16));

/** Returns JSON in which spelled-out integers and whole floats are values of their kind. */
export function toJson(spelled: unknown): JsonValue {
  if (Array.isArray(spelled)) return spelled.map(toJson);
  if (typeof spelled !== 'object' || spelled === null) return spelled as JsonValue;
  const [[key, value] = [], second] = Object.entries(spelled);
  if (!second && key === 'i64' && typeof value === 'string') return BigInt(value);
  if (!second && key === 'float' && typeof value === 'string') return new Float(Number(value));
  return mapValues(spelled as Spelled, toJson);
}

// Unlike assignment, fromEntries makes a key named `__proto__` an own key like any other.
export const mapValues = <From, To>(
  object: Readonly<Record<string, From>>,
  map: (value: From, key: string) => To,
) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)])) as Record<
    string,
    To
  >;
