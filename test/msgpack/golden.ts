import { Float } from '../../src/actor/float.ts';
import type { JsonValue } from '../../src/actor/json/value.ts';

/** The value of each line of the plugin's `golden`, by name. The argument is the part of the name after the colon. */
export const GOLDEN: Record<string, (detail: string) => JsonValue> = {
  nil: () => null,
  true: () => true,
  false: () => false,
  integer: digits => (Number.isSafeInteger(Number(digits)) ? Number(digits) : BigInt(digits)),
  f64: float,
  f32: float,
  string: length => 'x'.repeat(Number(length)),
  bytes: length => new Uint8Array(Number(length)).fill(7),
  array: length => new Array<number>(Number(length)).fill(1),
  map: length =>
    Object.fromEntries(
      Array.from({ length: Number(length) }, (_, index) => [`k${String(index).padStart(5, '0')}`, 2]),
    ),
  text: name => ({ wide: 'é🦀\0', mark: '\ufeffx', 'long-mark': `\ufeff${'x'.repeat(100)}` })[name]!,
  // Object.fromEntries: in a literal, the key `__proto__` would set the prototype.
  keys: name =>
    Object.fromEntries(
      name === 'proto'
        ? [
            ['__proto__', 1],
            ['constructor', 2],
          ]
        : [
            ['-1', 'a'],
            ['300', 'b'],
          ],
    ),
  struct: () => ({ x: 1, label: null, kind: 'Plain' }),
  enum: () => ({ x: -1, label: 'p', kind: { Sized: 9 } }),
  nested: () => [[[0.5]], []],
};

/** Names of values that JavaScript has no type for: they are read, but written as other bytes. */
export const READ_ONLY = /^f32:|^keys:integers$/;

function float(text: string): number | Float {
  const value = Number(text);
  return Number.isInteger(value) ? new Float(value) : value;
}
