import { nearest } from '../../../wasi/options.ts';
import { describe } from '../../actor/errors.ts';
import type { RepeatedKeys } from '../../actor/json/reader.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../actor/json/value.ts';
import { type Path, refuse, refuseValue } from '../errors.ts';

// Readers of the parts of a graph file. Each refuses a wrong value with its path.

/** @throws {NetworkError} INVALID_GRAPH */
export type Reader<T> = (value: JsonValue, at: Path) => T;

/** A key of an object. Without `otherwise` the key must be there. */
interface Field<T> {
  readonly read: Reader<T>;
  /** Returns the value where the key is missing, or null. */
  readonly otherwise?: () => T;
}
type Fields = { readonly [key: string]: Field<unknown> };
type ReadOf<F extends Fields> = {
  readonly [Key in keyof F]: F[Key] extends Field<infer T> ? T : never;
} & { readonly at: Path };

/** The objects of graph texts that have a key twice. */
export const repeatedKeys: RepeatedKeys = new WeakMap();

/** Refuses an object whose text has a key twice: one of the values is lost. */
function checkKeys(value: JsonObject, at: Path): void {
  const key = repeatedKeys.get(value);
  if (key !== undefined) refuse([...at, key], 'expected this key once, got it twice');
}

export const required = <T>(read: Reader<T>): Field<T> => ({ read });
export const optional = <T>(read: Reader<T>, otherwise: () => T): Field<T> => ({ read, otherwise });

/** Returns the camelCase form of a key: hand-written files have keys in snake_case. */
const camelCase = (key: string) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Reads an object. Its keys may be in camelCase or snake_case. The result knows its path. */
export const object =
  <F extends Fields>(what: string, fields: F): Reader<ReadOf<F>> =>
  (value, at) => {
    if (!isJsonObject(value)) return refuseValue(at, what, value);
    checkKeys(value, at);
    const read: Record<string, unknown> = { at };
    for (const key of Object.keys(value)) {
      const name = camelCase(key);
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (!field) return refuse([...at, key], unknownKey(key, Object.keys(fields)));
      if (name !== key && Object.hasOwn(value, name))
        refuse([...at, key], `expected this or ${name}, not both`);
      const given = value[key]!;
      if (given !== null || !field.otherwise) read[name] = field.read(given, [...at, key]);
    }
    for (const [name, { otherwise }] of Object.entries(fields)) {
      if (Object.hasOwn(read, name)) continue;
      if (!otherwise) return refuse(at, `expected the key ${name}`);
      read[name] = otherwise();
    }
    return read as ReadOf<F>;
  };

function unknownKey(key: string, names: readonly string[]): string {
  const meant = nearest(camelCase(key), names);
  return `unknown key${meant ? `; did you mean ${meant}?` : '.'} Accepted: ${names.join(', ')}`;
}

export const list =
  <T>(read: Reader<T>): Reader<readonly T[]> =>
  (value, at) =>
    Array.isArray(value)
      ? value.map((item, index) => read(item, [...at, index]))
      : refuseValue(at, 'a list', value);

/** Reads an object of any keys. A map, so that `__proto__` is an ordinary key. */
export const record =
  <T>(read: Reader<T>): Reader<ReadonlyMap<string, T>> =>
  (value, at) => {
    const all = anObject(value, at);
    checkKeys(all, at);
    return new Map(Object.entries(all).map(([key, item]) => [key, read(item, [...at, key])]));
  };

export const anObject: Reader<JsonObject> = (value, at) =>
  isJsonObject(value) ? value : refuseValue(at, 'an object', value);

export const text: Reader<string> = (value, at) =>
  typeof value === 'string' ? value : refuseValue(at, 'a string', value);

export const aName: Reader<string> = (value, at) =>
  typeof value === 'string' && value !== '' ? value : refuseValue(at, 'a name', value);

export const flag: Reader<boolean> = (value, at) =>
  typeof value === 'boolean' ? value : refuseValue(at, 'true or false', value);

export const count =
  (least: number, unit: string): Reader<number> =>
  (value, at) =>
    Number.isSafeInteger(value) && (value as number) >= least
      ? (value as number)
      : refuseValue(at, `a whole number of ${unit}, ${least} or more`, value);

export const anything: Reader<JsonValue> = value => value;

/** Quotes a name for a message. */
export const quoted = (name: string): string => describe(name);
