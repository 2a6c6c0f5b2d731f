import { excerpt } from '../errors.ts';
import { Float } from './float.ts';

export { MAX_JSON_VALUES, MAX_TEXT_BYTES } from '../../abi/index.ts';

/**
 * JSON that keeps numbers exactly. An integer literal is a `number` while that is safe and a `bigint` beyond; a
 * literal with a fraction or an exponent (and `-0`) is a `number` when it is not whole and a `Float` when it is.
 * So `1`, `1.0`, `9007199254740993` and `0.5` each come back as they went. Bytes come only from plugins that speak
 * MessagePack; in JSON text they are an array of numbers.
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
 * Arrays and objects inside one another, the outermost included. serde_json refuses the 128th, so that deeper
 * text would never reach a Rust plugin.
 */
export const MAX_DEPTH = 127;

/** Whether no surrogate stands alone. ES2024, which every runtime here has and TypeScript's `lib` for them not. */
export const isWellFormed = (text: string) => (text as string & { isWellFormed(): boolean }).isWellFormed();

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isJsonObject = (value: JsonValue | undefined): value is JsonObject =>
  isObject(value) && !(value instanceof Float) && !(value instanceof Uint8Array);

/** The most characters of one key in a path. */
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

/** An integer as readers give it: a `number` while that is safe, a `bigint` beyond. */
export const integerOf = (value: number | bigint): number | bigint =>
  Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value);

/** Sets an own property. Assigned, the one key `__proto__` would set the prototype. */
export function setOwn<Value>(object: Record<string, Value>, key: string, value: Value): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else object[key] = value;
}
