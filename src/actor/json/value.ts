import { isUint8Array } from '../../../wasi/brands.ts';
import { excerpt } from '../../errors.ts';
import { isObject } from '../../values/object.ts';
import { Float } from '../float.ts';

export { MAX_JSON_VALUES, MAX_TEXT_BYTES } from '../../../abi/index.ts';

/**
 * A JSON value that keeps numbers exactly. An integer literal is a `number` if that is a safe integer, else a `bigint`. A
 * literal with a fraction or an exponent, and `-0`, is a `Float` if its value is whole, else a `number`. So `1`, `1.0`,
 * `9007199254740993` and `0.5` are each written as they were read. Bytes come only from plugins that use MessagePack; in
 * JSON text they are an array of numbers.
 * RATIONALE: why-a-json-reader-and-writer-of-its-own
 */
export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | Float
  | string
  | Uint8Array
  | JsonValue[]
  | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

/**
 * The deepest nesting of arrays and objects, the outermost included. serde_json refuses level 128, so a Rust plugin could
 * not read deeper text.
 */
export const MAX_DEPTH = 127;

/** Whether every surrogate has its partner. All supported runtimes have this ES2024 method; TypeScript's `lib` here lacks it. */
export const isWellFormed = (text: string) => (text as string & { isWellFormed(): boolean }).isWellFormed();

export { isObject };

export const isJsonObject = (value: JsonValue | undefined): value is JsonObject =>
  isObject(value) && !(value instanceof Float) && !isUint8Array(value);

/** Longest part of a key that is shown in a path. */
const MAX_KEY_CHARACTERS = 1000;

/** A path as JavaScript spells it: `payload.x.data[3]["a b"]`. */
export const formatPath = (path: readonly (string | number)[]): string =>
  path
    .map(step => {
      if (typeof step === 'number') return `[${step}]`;
      const key = excerpt(step, MAX_KEY_CHARACTERS);
      return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
    })
    .join('')
    .replace(/^\./, '');

/** Returns an integer in the type that readers return: a `number` if that is a safe integer, else a `bigint`. */
export const integerOf = (value: number | bigint): number | bigint =>
  Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value);

/** Whether a value is the number of a byte. */
export const isByte = (value: unknown): value is number =>
  typeof value === 'number' && (value & 0xff) === value;

/** Returns an own property. A plain access would find methods of every object when the key is `constructor`. */
export const getOwn = <Value>(
  object: { readonly [key: string]: Value },
  key: string | number,
): Value | undefined => (Object.hasOwn(object, key) ? object[key] : undefined);

/** Sets an own property. A plain assignment would set the prototype when the key is `__proto__`. */
export function setOwn<Value>(object: Record<string, Value>, key: string, value: Value): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else object[key] = value;
}
