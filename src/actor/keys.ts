import { ActorError, describe } from './errors.ts';
import { isObject } from './json-value.ts';

const camelCase = (key: string) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/**
 * Reads an object of the user's that may spell its keys `entry_point` or `entryPoint`. Only own keys count;
 * `undefined` counts as missing.
 * @throws {ActorError} INVALID_CONFIG for an unknown key, and for one key in both spellings
 */
export function readKeys<Key extends string>(
  what: string,
  input: unknown,
  keys: readonly Key[],
): { [K in Key]?: unknown } {
  if (!isObject(input)) throw invalid(`${what}: expected an object, got ${describe(input)}`);
  const read: { [K in Key]?: unknown } = {};
  const spelledAs = new Map<Key, string>();
  for (const [spelling, value] of Object.entries(input)) {
    if (value === undefined) continue;
    const key = keys.find(known => known === spelling || camelCase(known) === spelling);
    if (key === undefined) {
      throw invalid(`${what}: unknown key ${JSON.stringify(spelling)}; expected ${keys.join(', ')}`);
    }
    const other = spelledAs.get(key);
    if (other !== undefined) throw invalid(`${what}: both ${other} and ${spelling} are given; keep one`);
    spelledAs.set(key, spelling);
    read[key] = value;
  }
  return read;
}

const invalid = (message: string) => new ActorError('INVALID_CONFIG', message);
