import { stackOf, wasmFunctionsIn } from '../../src/engine/wasm-stack.ts';
import { equal, is } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

/** Lines of a stack as engines write them, and the names of the wasm functions. */
const STACKS: readonly [engine: string, lines: readonly string[], names: readonly string[]][] = [
  [
    'V8',
    [
      'RuntimeError: divide by zero',
      '    at name of div (wasm://wasm/b6555342:wasm-function[1]:0xd8)',
      '    at wasm://wasm/b6555342:wasm-function[2]:0xe0',
      '    at module.core::ops::add (x) (wasm://wasm/module-b6555342:wasm-function[3]:0xe0)',
      '    at streamed (https://host/a%20(1).wasm:wasm-function[4]:0xe0)',
      '    at runCall (file:///plugboard/call.js:4:52)',
      '    at async Promise.all (index 0)',
    ],
    ['name of div', 'wasm-function[2]', 'module.core::ops::add (x)', 'streamed'],
  ],
  [
    'SpiderMonkey',
    [
      'name@of div@https://host/a.js line 3 > WebAssembly.Module:wasm-function[1]:0xd8',
      'wasm-function[2]@https://host/a.js line 3 > WebAssembly.Module:wasm-function[2]:0xe0',
      'runCall@https://host/a.js:4:52',
      '@https://host/a.js:9:1',
      '',
    ],
    ['name@of div', 'wasm-function[2]'],
  ],
  [
    'JSC',
    [
      '<?>.wasm-function[name of div]@[wasm code]',
      '<?>.wasm-function[2]@[wasm code]',
      'wasm-stub@[wasm code]',
      'runCall@https://host/a.js:4:52',
    ],
    ['name of div', 'wasm-function[2]'],
  ],
  ['JSC in Bun', ['RuntimeError: Division by zero', '    at unknown', '    at /a.js:4:50'], []],
];

suite('stacks of wasm functions', test => {
  for (const [engine, lines, names] of STACKS) {
    test(`the names are read from a stack of ${engine}`, () =>
      equal(wasmFunctionsIn(lines.join('\n')), names));
  }

  test('at most 16 names are read', () => {
    const line = '    at deep (wasm://wasm/b6555342:wasm-function[1]:0xd8)';
    is(wasmFunctionsIn(Array(1000).fill(line).join('\n')).length, 16);
  });

  test('a line of a megabyte is read in proportion to its length', () => {
    for (const part of ['@', ':', ' (wasm:', ':wasm-function[', 'wasm-function[1]@', ' (', 'at '])
      equal(wasmFunctionsIn(part.repeat(1_000_000 / part.length)), []);
  });

  test('a stack that cannot be read, or is not a text, gives nothing', () => {
    const error = new Error('x');
    const lying = Object.defineProperty(new Error('x'), 'stack', {
      get() {
        throw error;
      },
    });
    for (const thrown of [lying, Object.assign(new Error('x'), { stack: [1] }), 'x', null])
      is(stackOf(thrown, []), undefined);
    is(stackOf(error, []), error.stack);
  });
});
