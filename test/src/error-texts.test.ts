import { ENGINE_TEXTS, isOutOfMemory, isStackOverflow } from '../../src/engine/error-texts.ts';
import { equal } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const recurse = (depth: number): number => recurse(depth + 1) + 1;

/** Makes this engine throw. */
const REAL: readonly [name: string, meaning: string, run: () => unknown][] = [
  ['endless recursion', 'stack overflow', () => recurse(0)],
  ['a string of 8 GiB', 'out of memory', () => 'x'.repeat(2 ** 33)],
  ['an array of 2^53 bytes', 'out of memory', () => new ArrayBuffer(Number.MAX_SAFE_INTEGER)],
];

/** The texts of engines that do not run this suite, and errors of other meaning. */
const MADE: readonly [error: unknown, meaning: string | undefined][] = [
  [new RangeError('Maximum call stack size exceeded'), 'stack overflow'],
  [new RangeError('Maximum call stack size exceeded.'), 'stack overflow'],
  [Object.assign(new Error('too much recursion'), { name: 'InternalError' }), 'stack overflow'],
  [new Error('Cannot create a string longer than 0x1fffffe8 characters'), 'out of memory'],
  [new RangeError('Invalid string length'), 'out of memory'],
  [Object.assign(new Error('allocation size overflow'), { name: 'InternalError' }), 'out of memory'],
  [new TypeError('x is not a function'), undefined],
  ['Maximum call stack size exceeded', undefined],
  [null, undefined],
];

const meaningOf = (error: unknown) =>
  isStackOverflow(error) ? 'stack overflow' : isOutOfMemory(error) ? 'out of memory' : undefined;

suite("engines' texts", test => {
  for (const [name, meaning, run] of REAL) {
    test(`this engine's error for ${name} means ${meaning}`, () => {
      let thrown: unknown = null;
      try {
        run();
      } catch (error) {
        thrown = error;
      }
      equal(meaningOf(thrown), meaning, String(thrown));
    });
  }

  test('the texts of all engines are told apart', () => {
    equal(
      MADE.map(([error]) => meaningOf(error)),
      MADE.map(([, meaning]) => meaning),
    );
  });

  test('each row decides for at least one of these texts', () => {
    const deciding = MADE.map(([error]) => {
      const { name, message } = Object(error) as Error;
      return ENGINE_TEXTS.find(({ text, class: of = name }) => name === of && (text?.test(message) ?? true));
    });
    equal(
      ENGINE_TEXTS.filter(row => !deciding.includes(row)),
      [],
    );
  });

  test('a value that cannot be read means neither', () => {
    const { proxy, revoke } = Proxy.revocable(new RangeError(''), {});
    revoke();
    equal(meaningOf(proxy), undefined);
    const lying = Object.defineProperty(new RangeError(''), 'message', { get: () => recurse(0) });
    equal(meaningOf(lying), undefined);
  });
});
