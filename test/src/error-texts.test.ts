import {
  ENGINE_TEXTS,
  isOutOfMemory,
  isStackOverflow,
  isTooLargeAtOnce,
  TRAPS,
  whyEnded,
} from '../../src/engine/error-texts.ts';
import { equal, is } from '../helpers/assert.ts';
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
  [new RangeError('Map maximum size exceeded'), 'out of memory'],
  [new RangeError('Array size is not a small enough positive integer.'), 'out of memory'],
  [new RangeError('invalid array length'), 'out of memory'],
  [
    new RangeError('WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory for new instance'),
    'out of memory',
  ],
  [
    new RangeError(
      'WebAssembly.Instance is disallowed on the main thread, if the buffer size is larger than 8MB. Use WebAssembly.instantiate.',
    ),
    'too large at once',
  ],
  [
    new RangeError(
      'WebAssembly.Compile is disallowed on the main thread, if the buffer size is larger than 8MB. Use WebAssembly.compile.',
    ),
    'too large at once',
  ],
  [new RangeError('Invalid time value'), undefined],
  [new RangeError('toString() radix must be between 2 and 36'), undefined],
  [new TypeError('x is not a function'), undefined],
  ['Maximum call stack size exceeded', undefined],
  [null, undefined],
];

/** The texts of traps, of V8, JSC and SpiderMonkey. */
const TOLD: readonly [trap: string, texts: readonly string[]][] = [
  [
    'unreachable',
    ['unreachable', "Unreachable code should not be executed (evaluating 'body()')", 'unreachable executed'],
  ],
  [
    'integer divide by zero',
    ['divide by zero', 'remainder by zero', "Division by zero (evaluating 'f()')", 'integer divide by zero'],
  ],
  [
    'integer overflow or invalid conversion to integer',
    [
      ...['divide result unrepresentable', 'float unrepresentable in integer range'],
      ...['Integer overflow', 'Out of bounds Trunc operation'],
      ...['integer overflow', 'invalid conversion to integer'],
    ],
  ],
  [
    'out of bounds memory access, table access or array access',
    [
      ...[
        'memory access out of bounds',
        'table index is out of bounds',
        'array element access out of bounds',
      ],
      ...['Out of bounds memory access', 'Out of bounds table access', 'Out of bounds call_indirect'],
      ...['Out of bounds array.get', 'index out of bounds', 'table index out of bounds'],
    ],
  ],
  [
    'uninitialized element or indirect call type mismatch',
    [
      ...['null function or function signature mismatch', 'null function', 'function signature mismatch'],
      ...['call_indirect to a null table entry', 'call_indirect to a signature that does not match'],
      ...['indirect call to null', 'indirect call signature mismatch'],
    ],
  ],
  [
    'null reference',
    [
      ...['dereferencing a null pointer', 'rethrowing null value', 'dereferencing null pointer'],
      ...['access to a null reference', 'call_ref to a null reference', 'throw_ref on a null reference'],
    ],
  ],
  ['cast failure', ['illegal cast', 'ref.cast failed to cast reference to target heap type', 'bad cast']],
  ['see the cause', ['a trap of the year 2040', '']],
];

const READERS = {
  'stack overflow': isStackOverflow,
  'out of memory': isOutOfMemory,
  'too large at once': isTooLargeAtOnce,
};
const meaningOf = (error: unknown) => Object.entries(READERS).find(([, means]) => means(error))?.[0];

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
      return ENGINE_TEXTS.find(({ text, class: of = name }) => name === of && text.test(message));
    });
    equal(
      ENGINE_TEXTS.filter(row => !deciding.includes(row)),
      [],
    );
  });

  for (const [trap, texts] of TOLD) {
    test(`a trap of each engine is told as: ${trap}`, () => {
      for (const text of texts)
        is(whyEnded(new WebAssembly.RuntimeError(text)), `the plugin trapped: ${trap}`, text);
    });
  }

  test('each row of the traps decides for at least one of these texts', () => {
    const told = TOLD.map(([trap]) => trap);
    equal(
      TRAPS.filter(([trap]) => !told.includes(trap)),
      [],
    );
  });

  test('other errors and values are not traps', () => {
    for (const thrown of [new TypeError('unreachable'), 'unreachable', null, undefined, 1n])
      is(whyEnded(thrown), undefined);
  });

  test('a value that cannot be read means neither', () => {
    const { proxy, revoke } = Proxy.revocable(new RangeError(''), {});
    revoke();
    equal([meaningOf(proxy), whyEnded(proxy)], [undefined, undefined]);
    const lying = Object.defineProperty(new RangeError(''), 'message', { get: () => recurse(0) });
    equal(meaningOf(lying), undefined);
  });
});
