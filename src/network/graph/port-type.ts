import { isJsonObject, type JsonValue } from '../../actor/json/value.ts';
import { refuseValue } from '../errors.ts';
import type { Reader } from './fields.ts';

const SIMPLE = [
  'any',
  'flow',
  'event',
  'boolean',
  'integer',
  'float',
  'string',
  'encoded',
  'bytes',
  'stream',
] as const;

/** The type of the messages of a port. `value` is a name for `object`, a type for `array` and `option`. */
export type PortType =
  | { readonly type: (typeof SIMPLE)[number] }
  | { readonly type: 'object'; readonly value: string | null }
  | { readonly type: 'array' | 'option'; readonly value: PortType };

const EXPECTED = `a port type such as {"type": "any"}: ${SIMPLE.join(', ')}, object, array, option`;

export const ANY: PortType = { type: 'any' };

export const aPortType: Reader<PortType> = (json, at) => {
  if (!isJsonObject(json)) return refuseValue(at, EXPECTED, json);
  const { type, value = null } = json as { type?: JsonValue; value?: JsonValue };
  const simple = SIMPLE.find(name => name === type);
  if (simple) return { type: simple };
  if (type === 'object' && (value === null || typeof value === 'string')) return { type, value };
  if (type === 'array' || type === 'option') return { type, value: aPortType(value, [...at, 'value']) };
  return refuseValue(at, EXPECTED, type);
};

/** Pairs of types of which the first may be sent to a port of the second. */
const CONVERTED: ReadonlySet<string> = new Set(['integer float', 'bytes stream', 'stream bytes']);

/** Returns the type that metadata of a plugin names, such as `Integer`; `any` for another name. */
export function typeNamed(name: string): PortType {
  const lower = name.toLowerCase();
  const simple = SIMPLE.find(type => type === lower);
  if (simple) return { type: simple };
  if (lower === 'object') return { type: lower, value: null };
  return lower === 'array' || lower === 'optional'
    ? { type: lower === 'array' ? lower : 'option', value: ANY }
    : ANY;
}

/** Whether messages of one type may be sent to a port of another. */
export function fits(from: PortType, to: PortType): boolean {
  if (from.type === 'any' || to.type === 'any') return true;
  if (to.type === 'option') return from.type === 'option' ? fits(from.value, to.value) : fits(from, to.value);
  if (from.type === 'array' && to.type === 'array') return fits(from.value, to.value);
  if (from.type === 'object' && to.type === 'object')
    return from.value === null || to.value === null || from.value === to.value;
  return from.type === to.type || CONVERTED.has(`${from.type} ${to.type}`);
}

export const formatType = (type: PortType): string => {
  if (type.type === 'array' || type.type === 'option') return `${type.type} of ${formatType(type.value)}`;
  return type.type === 'object' && type.value !== null ? `object ${type.value}` : type.type;
};
