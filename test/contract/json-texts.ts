import { Float } from '../../src/actor/float.ts';
import { readJson } from '../../src/actor/json/reader.ts';
import type { JsonValue } from '../../src/actor/json/value.ts';
import { writeJson } from '../../src/actor/json/writer.ts';
import { ok } from '../helpers/assert.ts';
import type { Random } from '../helpers/random.ts';

/** Whether two values are equal: -0 differs from 0, `Float(1)` and 1n from 1; the order of keys is ignored. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Float || b instanceof Float) {
    return a instanceof Float && b instanceof Float && Object.is(a.value, b.value);
  }
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const keys = Object.keys(a);
  const [left, right] = [a, b] as Record<string, unknown>[];
  return (
    keys.length === Object.keys(b).length &&
    keys.every(key => Object.hasOwn(b, key) && same(left?.[key], right?.[key]))
  );
}

const strings = ['', 'a', '__proto__', 'constructor', '0', '10', 'é', '😀', '"\\/\b\f\n\r\t\u0000', '\u2028'];

function randomNumber(random: Random): JsonValue {
  const view = new DataView(random.bytes(8).buffer);
  const float = view.getFloat64(0);
  switch (random.below(6)) {
    case 0:
      return random.below(1000) - 500;
    case 1: {
      const integer = BigInt.asIntN(64, random.u64()) >> BigInt(random.below(64));
      return Number.isSafeInteger(Number(integer)) ? Number(integer) || 0 : integer;
    }
    case 2:
      return new Float(random.below(1000) - 500);
    case 3:
      return new Float(-0);
    default:
      if (!Number.isFinite(float)) return 0.5;
      return Number.isInteger(float) ? new Float(float) : float;
  }
}

export function randomValue(random: Random, depth: number): JsonValue {
  const kind = random.below(depth > 0 ? 8 : 5);
  if (kind === 0) return random.pick([null, true, false]);
  if (kind === 1) return random.pick(strings) + random.pick(strings);
  if (kind < 5) return randomNumber(random);
  const length = random.below(5);
  if (kind < 7) return Array.from({ length }, () => randomValue(random, depth - 1));
  return Object.fromEntries(
    Array.from({ length }, () => [random.pick(strings), randomValue(random, depth - 1)]),
  );
}

/** Returns a value as JSON.parse would return it. */
export function plain(value: JsonValue): unknown {
  if (typeof value === 'bigint' || value instanceof Float) return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

const pieces = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '"a":',
    '\\',
    '\\u',
    'd800',
    '\\ud83d\\ude00',
    'true',
    'null',
    'f',
  ],
  ...[
    '0',
    '1',
    '9',
    '-',
    '+',
    '.',
    'e',
    'E5',
    '9007199254740993',
    '1.0',
    ' ',
    '\n',
    '\t',
    '\u0001',
    '\u00a0',
    'é',
    '/',
  ],
];

/** A text of random pieces, or a valid text with one character replaced, dropped or put in. */
export function randomJsonText(random: Random): string {
  if (random.below(2)) return Array.from({ length: random.below(8) }, () => random.pick(pieces)).join('');
  const valid = writeJson(randomValue(random, 3));
  const at = random.below(valid.length + 1);
  return valid.slice(0, at) + random.pick(['', ...pieces]) + valid.slice(at + random.below(2));
}

/** Reads a text as `JSON.parse` does, or refuses it with a code. Returns whether it was read. */
export function checkJsonText(text: string): boolean {
  let expected: unknown;
  let isJson = true;
  try {
    expected = JSON.parse(text);
  } catch {
    isJson = false;
  }
  const shown = JSON.stringify(text);
  let value: JsonValue;
  try {
    value = readJson(text);
  } catch (error) {
    const { code } = error as { code?: unknown };
    ok(typeof code === 'string', `${shown}: ${error}`);
    // JSON.parse accepts half surrogate pairs and infinite numbers; serde_json and this reader do not.
    ok(
      !isJson || code === 'JSON_RANGE' || /\\u|[\ud800-\udfff]/i.test(text),
      `${shown} refused with ${code}`,
    );
    return false;
  }
  ok(isJson, `${shown} is not JSON`);
  ok(same(plain(value), expected), `${shown} reads differently`);
  const written = writeJson(value);
  ok(same(readJson(written), value), `${shown} is written differently`);
  return true;
}
