import { LineSink } from '../../wasi/index.ts';
import { aCount, kindOf } from '../../wasi/options.ts';
import { is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const ROWS: readonly (readonly [value: unknown, words: string])[] = [
  [undefined, 'undefined'],
  [null, 'null'],
  [Number.NaN, 'NaN'],
  [-1, 'a negative number'],
  [0, '0'],
  [1, 'a number'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [0.5, 'a number that is not whole'],
  ['', 'an empty string'],
  ['secret', 'a string'],
  [true, 'a boolean'],
  [1n, 'a bigint'],
  [() => {}, 'a function'],
  [[], 'an empty array'],
  [[1], 'an array'],
  [{}, 'an object'],
  [Object.create(null), 'an object'],
  [new Map(), 'an object of class Map'],
];

suite('wasi/kind of a value', test => {
  for (const [index, [value, words]] of ROWS.entries())
    test(`${index}: a message says "${words}"`, () => is(kindOf(value), words));

  for (const [kind, words] of [
    [aCount('bytes'), 'a whole number of bytes, 0 or more'],
    [aCount('bytes', 2), 'a whole number of bytes, 2 or more'],
    [aCount('bytes', 1, 2 ** 53 - 2), 'a whole number of bytes, 1 to 9007199254740990'],
  ] as const)
    test(`a message asks for "${words}"`, () => is(kind.type, words));

  for (const key of ['constructor', 'toString', '__proto__'])
    test(`"${key}" is not an option, although every object inherits it`, async () => {
      const options = JSON.parse(`{"${key}":1}`) as object;
      await raises(() => new LineSink(options), { message: `${key}: unknown key` });
    });
});
