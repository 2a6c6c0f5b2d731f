import { Float } from '../../src/actor/float.ts';
import type { JsonValue } from '../../src/actor/json-value.ts';

/** What each line of the plugin's `golden` is in memory. A function of what follows the colon of its name. */
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
  // Of entries: in a literal the first key would be the prototype.
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

/** What Rust may write and JavaScript has no type for: read, and written in another way. */
export const READ_ONLY = /^f32:|^keys:integers$/;

function float(text: string): number | Float {
  const value = Number(text);
  return Number.isInteger(value) ? new Float(value) : value;
}
