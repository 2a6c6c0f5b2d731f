import { equal, is, raises } from '../helpers/assert.ts';
import { type EnvRow, envSuite, REACHED_END } from './env-rows.ts';
import { decode, outputOf } from './kernels.ts';

envSuite('transfer', [
  {
    row: ['env.input_offset', 'env.input_length', 'abi.input-empty'],
    name: 'input_offset and input_length are the range of the input, and 0 for an empty input',
    input: 'hello',
    run: ({ call, kernel }) => {
      is(call('input_length'), 5n);
      is(call('load_u8', call('input_offset') as bigint), 'h'.charCodeAt(0));
      kernel.begin(new Uint8Array(0));
      equal([call('input_offset'), call('input_length')], [0n, 0n]);
    },
  },
  {
    row: 'abi.input-copy',
    name: 'the input is a copy',
    run: ({ call, kernel }) => {
      const input = new TextEncoder().encode('abc');
      kernel.begin(input);
      const offset = call('input_offset') as bigint;
      call('store_u8', offset, 0x78);
      is(decode(input), 'abc');
      call('output_set', offset, 3n);
      is(decode(outputOf(kernel)), 'xbc');
    },
  },
  {
    row: ['env.input_load_u8', 'abi.input-beyond'],
    name: 'input_load_u8 reads the input and returns 0 beyond it',
    input: 'hi',
    run: ({ call }) => {
      equal(
        [0n, 1n, 2n, -1n, 1n << 32n, -(1n << 63n)].map(offset => call('input_load_u8', offset)),
        [104, 105, 0, 0, 0, 0],
      );
    },
  },
  {
    row: ['env.input_load_u64', 'abi.input-word-beyond', 'abi.input-negative'],
    name: 'input_load_u64 reads whole words of the input and returns 0 before and beyond them',
    input: 'abcdefgh!',
    run: ({ call }) => {
      const word = 0x6867666564636261n;
      equal(
        [0n, 1n, 2n, 9n, -1n, -4n, -8n, 1n << 32n, -(1n << 63n)].map(offset =>
          call('input_load_u64', offset),
        ),
        [word, (word >> 8n) | (0x21n << 56n), 0n, 0n, 0n, 0n, 0n, 0n, 0n],
      );
    },
  },
  {
    row: ['env.input_set', 'abi.input-set', 'abi.input-set-zero', 'abi.input-set-invalid'],
    name: 'input_set makes a range the input, and (0, 0) an empty input; an invalid range changes nothing',
    input: 'first',
    run: ({ call, text }) => {
      call('input_set', text('second') + 3n, 3n);
      equal([call('input_length'), call('input_load_u8', 0n)], [3n, 'o'.charCodeAt(0)]);
      call('input_set', 7n, 3n);
      call('input_set', REACHED_END - 1n, 2n);
      is(call('input_length'), 3n);
      call('input_set', 0n, 0n);
      is(call('input_length'), 0n);
    },
  },
  {
    row: [
      'env.output_set',
      'env.output_offset',
      'env.output_length',
      'abi.output-none',
      'abi.output-range',
      'abi.output-invalid',
      'abi.output-get',
      'abi.output-last',
    ],
    name: 'the output is exactly the set range, interior or not; the last valid call wins',
    run: ({ call, text, kernel }) => {
      equal([call('output_offset'), call('output_length'), outputOf(kernel)], [0n, 0n, null]);
      const handle = text('abcdef');
      call('output_set', handle + 2n, 3n);
      is(decode(outputOf(kernel)), 'cde');
      equal([call('output_offset'), call('output_length')], [handle + 2n, 3n]);
      for (const [start, length] of [
        [0n, 4n],
        [handle, 1n << 40n],
        [-1n, 2n],
        [REACHED_END, 1n],
        [handle, -1n],
      ] as const) {
        call('output_set', start, length);
      }
      is(decode(outputOf(kernel)), 'cde');
    },
  },
  {
    row: ['env.output_set', 'abi.output-zero', 'abi.output-last'],
    name: '(0, 0) is an empty output, and not a missing output',
    run: ({ call, text, kernel }) => {
      call('output_set', text('x'), 1n);
      call('output_set', 0n, 0n);
      is(outputOf(kernel)?.length, 0);
    },
  },
  {
    row: ['env.output_set', 'abi.output-empty', 'abi.output-longer', 'abi.range-unused'],
    name: 'a range may have length 0 or reach beyond its block, but not into a page that no block has reached',
    run: ({ call, text, kernel, codes }) => {
      const handle = text('ab');
      const neighbour = text('c');
      call('output_set', handle, 0n);
      is(decode(outputOf(kernel)), '');
      call('output_set', handle, neighbour - handle + 1n);
      is(decode(outputOf(kernel)), `ab${'\0'.repeat(Number(neighbour - handle) - 2)}c`);
      call('output_set', REACHED_END - 2n, 2n);
      is(decode(outputOf(kernel)), '\0\0');
      call('input_set', REACHED_END - 2n, 2n);
      is(call('input_length'), 2n);
      for (const name of ['output_set', 'input_set']) {
        call(name, REACHED_END - 1n, 2n);
        call(name, 3n * REACHED_END, 1n);
      }
      equal([call('output_length'), call('input_length')], [2n, 2n]);
      equal(codes, Array(4).fill('INVALID_RANGE'));
    },
  },
  {
    row: [
      'env.output_set',
      'env.input_set',
      'abi.output-invalid',
      'abi.range-record',
      'abi.range-wrap',
      'abi.input-set-invalid',
    ],
    name: 'an invalid range is a diagnostic and changes nothing',
    input: 'in',
    run: ({ call, codes, text, kernel }) => {
      call('output_set', text('out'), 3n);
      const invalid = [
        [63n, 1n],
        [56n, 8n],
        [64n, REACHED_END],
        [REACHED_END, 1n],
        [(1n << 32n) + 64n, 1n],
        [-1n, 2n],
        [64n, -1n],
      ] as const;
      for (const [start, length] of invalid) {
        call('output_set', start, length);
        call('input_set', start, length);
      }
      equal(codes, Array(invalid.length * 2).fill('INVALID_RANGE'));
      equal([decode(outputOf(kernel)), call('input_length')], ['out', 2n]);
    },
  },
  ...['output_set', 'input_set'].map(
    (name): EnvRow => ({
      row: [`env.${name}`, name === 'output_set' ? 'abi.output-invalid' : 'abi.input-set-invalid'],
      name: 'with strict, an invalid range ends the call',
      options: { strict: true },
      run: async ({ call }) => {
        await raises(() => call(name, 1n, 5n), { code: 'INVALID_RANGE', message: name });
      },
    }),
  ),
  {
    row: [
      'env.error_set',
      'env.error_get',
      'abi.error-text',
      'abi.error-get',
      'abi.error-zero',
      'abi.error-changed',
    ],
    name: 'error_set copies the text at once; 0 removes it; an invalid handle sets another error',
    run: ({ call, text, kernel }) => {
      is(call('error_get'), 0n);
      const handle = text('oh no');
      call('error_set', handle);
      call('store_u8', handle, 'X'.charCodeAt(0));
      call('free', handle);
      is(call('error_get'), handle);
      is(kernel.error?.text, 'oh no');
      call('error_set', 0n);
      equal([call('error_get'), kernel.error], [0n, null]);
      call('error_set', handle + 1n);
      is(kernel.error?.text, 'invalid error handle');
    },
  },
  {
    row: ['env.error_set', 'env.error_get', 'abi.error-invalid', 'abi.error-outside'],
    name: 'error_set of a value that is not a handle replaces an earlier error and gives a diagnostic',
    run: ({ call, codes, text, kernel }) => {
      const handle = text('earlier');
      const freed = text('freed');
      call('free', freed);
      const bad = [freed, handle + 1n, 99n, REACHED_END, (1n << 53n) + 1n, -1n];
      for (const invalid of bad) {
        call('error_set', handle);
        call('error_set', invalid);
        is(BigInt.asIntN(64, call('error_get') as bigint), invalid);
        is(kernel.error?.text, 'invalid error handle');
      }
      equal(codes, Array(bad.length).fill('INVALID_HANDLE'));
    },
  },
  {
    row: ['env.error_set', 'abi.error-invalid'],
    name: 'with strict, error_set of a value that is not a handle ends the call',
    options: { strict: true },
    run: async ({ call }) => {
      await raises(() => call('error_set', 99n), { code: 'INVALID_HANDLE' });
    },
  },
  {
    row: ['env.error_set', 'abi.error-empty', 'abi.error-text'],
    name: 'an empty text removes the error; bytes that are not UTF-8 become U+FFFD',
    run: ({ call, kernel }) => {
      call('error_set', call('alloc', 0n) as bigint);
      is(kernel.error, null);
      const handle = call('alloc', 2n) as bigint;
      call('store_u8', handle, 0x41);
      call('store_u8', handle + 1n, 0xff);
      call('error_set', handle);
      is(kernel.error?.text, 'A\ufffd');
    },
  },
]);
