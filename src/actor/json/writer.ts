import { MAX_TEXT_BYTES, tooLongMessage } from '../../../abi/index.ts';
import { anArray, aText, readArgument, refuseExtra } from '../../../wasi/options.ts';
import { isOutOfMemory } from '../../engine/error-texts.ts';
import { ActorError, refuseForeign, refuseOption } from '../errors.ts';
import { Float, formatFloat } from '../float.ts';
import { type Form, writeValue } from './form.ts';
import { quote } from './string.ts';
import { formatPath, integerOf, type JsonObject, type JsonValue, setOwn } from './value.ts';

const FLOAT_RANGE = 'the range of a 64-bit float';

/** Whether the reader would accept the integer. `String` takes more than linear time for integers beyond that range. */
const isCarried = (integer: number | bigint) => Number.isFinite(Number(integer));

const JSON_TEXT: Form<string> = {
  literal: String,
  string: quote,
  integer: value => (isCarried(value) ? String(value) : undefined),
  integers: FLOAT_RANGE,
  float: formatFloat,
  bytes: bytes => `[${bytes.join(',')}]`,
  array: items => `[${items.join(',')}]`,
  object(keys, values) {
    // A loop, not `map` and `join`: most values are small objects, for which the loop is faster.
    let text = '{';
    for (let index = 0; index < keys.length; index++) {
      text += `${index > 0 ? ',' : ''}${quote(keys[index]!)}:${values[index]}`;
    }
    return `${text}}`;
  },
};

/**
 * Writes one JSON text, without white space. Accepts the values that `readJson` returns, and bytes (as an array of numbers).
 * @param path Where the value stands, for error messages; its steps count as levels of nesting
 * @throws {ActorError} JSON_VALUE, JSON_DEPTH as `writeValue`, TEXT_TOO_LONG
 */
export function writeJson(value: unknown, path?: readonly string[]): string {
  const at = readPath('writeJson', path);
  try {
    return writeText(value, at);
  } catch (cause) {
    return refuseForeign(cause, 'writeJson', 'JSON_VALUE');
  }
}

const aPath = anArray(aText);

/** Checks a path for error messages. `values.map(writeJson)` passes an index instead. */
export function readPath(where: string, path: readonly string[] | undefined): readonly string[] {
  if (path === undefined || typeof path === 'number') return [];
  refuseExtra([path], where, refuseOption);
  return readArgument(aPath, path, `${where}: path`, refuseOption);
}

/** Does the work of `writeJson`, without a check of the path. */
export function writeText(value: unknown, path: readonly string[] = []): string {
  return joined(() => writeValue(value, JSON_TEXT, path), path);
}

/** Returns the object with these keys, whose values `writeJson` wrote. @throws {ActorError} TEXT_TOO_LONG */
export const joinJson = (members: readonly (readonly [key: string, value: string | Uint8Array])[]): string =>
  joined(() => {
    let text = '{';
    for (const [key, value] of members) text += `${text === '{' ? '' : ','}${quote(key)}:${value}`;
    return `${text}}`;
  });

/** Calls a function that joins texts. @param path Where the value stands @throws {ActorError} TEXT_TOO_LONG */
export function joined(join: () => string, path: readonly string[] = []): string {
  try {
    return checkWritten(join(), path);
  } catch (error) {
    throw isOutOfMemory(error) ? tooLong('more', path) : error;
  }
}

/** Some engines allow longer strings. The limit is checked on all, so that all refuse the same texts. */
function checkWritten(text: string, path: readonly string[]): string {
  if (text.length > MAX_TEXT_BYTES) throw tooLong(text.length, path);
  return text;
}

const tooLong = (got: number | 'more', path: readonly string[]) =>
  new ActorError(
    'TEXT_TOO_LONG',
    tooLongMessage(`JSON of ${formatPath(path) || 'the value'}`, got, 'characters'),
  );

const COPY: Form<JsonValue> = {
  literal: value => value,
  string: text => text,
  integer: value => (isCarried(value) ? integerOf(value) : undefined),
  integers: FLOAT_RANGE,
  float: value => (Number.isInteger(value) ? new Float(value) : value),
  bytes: bytes => bytes.slice(),
  array: items => items,
  object(keys, values) {
    const object: JsonObject = {};
    for (const [index, key] of keys.entries()) setOwn(object, key, values[index]!);
    return object;
  },
};

/** Returns a deep copy of `value`, with numbers as `readJson` returns them. @throws {ActorError} JSON_VALUE, JSON_DEPTH */
export const copyJson = (value: unknown, path: readonly string[]): JsonValue => writeValue(value, COPY, path);
