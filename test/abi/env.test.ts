import { AbiError, ENV_FUNCTIONS } from '../../abi/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { decode, type Env, type EnvOptions, makeEnv, TIERS } from './kernels.ts';

interface Row {
  row: string | string[];
  name: string;
  options?: EnvOptions;
  input?: string;
  run: (env: Env) => void | Promise<void>;
}

const MEMORY_BYTES = 1n << 20n;
const BAD_ADDRESSES = [
  0n,
  63n,
  MEMORY_BYTES,
  1n << 32n,
  (1n << 32n) + 64n,
  1n << 53n,
  -1n,
  -8n,
  -(1n << 63n),
];

const rows: Row[] = [
  {
    row: 'env.alloc',
    name: 'gives aligned, zeroed blocks that do not overlap and are never 0',
    run: ({ call }) => {
      const a = call('alloc', 1n) as bigint;
      const b = call('alloc', 8n) as bigint;
      ok(a >= 64n && a % 8n === 0n && b % 8n === 0n && b >= a + 1n);
      call('store_u64', a + 8n, -1n);
      is(call('load_u64', call('alloc', 8n) as bigint), 0n);
    },
  },
  {
    row: 'env.alloc',
    name: 'zeroes what the plugin wrote beyond its blocks',
    run: ({ call }) => {
      const a = call('alloc', 16n) as bigint;
      for (let offset = 16n; offset < 256n; offset += 8n) call('store_u64', a + offset, -1n);
      is(call('load_u64', call('alloc', 8n) as bigint), 0n);
    },
  },
  {
    row: 'env.alloc',
    name: 'answers 0 for a length of 0 or beyond 4 GiB',
    run: ({ call }) => {
      for (const length of [0n, 1n << 32n, 5n << 30n, 1n << 53n, -1n, -(1n << 63n)])
        is(call('alloc', length), 0n);
      ok(call('alloc', 8n) !== 0n);
    },
  },
  {
    row: 'env.alloc',
    name: 'over the configured limit ends the call with a memory-limit error',
    options: { maxBytes: 65_536 },
    run: async ({ call, kernel }) => {
      ok(call('alloc', 65_536n) !== 0n);
      await raises(() => call('alloc', 1n), { code: 'MEMORY_LIMIT', message: '65536 bytes' });
      is((kernel.ended as AbiError).code, 'MEMORY_LIMIT');
    },
  },
  {
    row: ['env.alloc', 'env.free'],
    name: 'freed blocks are used again once the memory would have to grow',
    options: { maxBytes: 65_536 * 2 },
    run: ({ call }) => {
      for (let round = 0; round < 100; round++) call('free', call('alloc', 40_000n) as bigint);
      ok(call('alloc', 30_000n) !== 0n, 'a larger block serves when nothing else is left');
    },
  },
  {
    row: ['env.free', 'env.length'],
    name: 'a freed block has length 0; freeing again or freeing nothing is harmless',
    run: ({ call }) => {
      const handle = call('alloc', 24n) as bigint;
      is(call('length', handle), 24n);
      for (const bad of [handle, handle, 0n, handle + 8n, 7n, -1n, 1n << 40n]) call('free', bad);
      is(call('length', handle), 0n);
    },
  },
  {
    row: 'env.free',
    name: 'the input: its length becomes 0, its offset stays',
    input: 'abc',
    run: ({ call }) => {
      const offset = call('input_offset') as bigint;
      call('free', offset);
      equal([call('input_offset'), call('input_length'), call('input_load_u8', 0n)], [offset, 0n, 0]);
    },
  },
  {
    row: ['env.free', 'env.output_set'],
    name: 'an output freed after it was set stays what it was, also when blocks are used again',
    options: { maxBytes: 65_536 },
    run: ({ call, text, kernel }) => {
      const output = text('kept');
      call('output_set', output, 4n);
      call('free', output);
      is(call('length', output), 0n);
      for (let round = 0; round < 5000; round++) call('free', text('XXXX'));
      is(decode(kernel.end().output), 'kept');
    },
  },
  {
    row: ['env.length', 'env.length_unsafe'],
    name: 'of 0, interior, unknown and huge handles is 0',
    run: ({ call }) => {
      const handle = call('alloc', 64n) as bigint;
      is(call('length_unsafe', handle), 64n);
      for (const bad of [0n, handle + 1n, handle + 16n, handle - 16n, 63n, -1n, 1n << 53n]) {
        equal([call('length', bad), call('length_unsafe', bad)], [0n, 0n]);
      }
    },
  },
  {
    row: ['env.load_u8', 'env.load_u64', 'env.store_u8', 'env.store_u64'],
    name: 'round trip, little endian, unaligned and across blocks',
    run: ({ call }) => {
      const handle = call('alloc', 16n) as bigint;
      call('store_u64', handle + 3n, 0x0102030405060708n);
      equal([call('load_u8', handle + 3n), call('load_u8', handle + 10n)], [8, 1]);
      is(call('load_u64', handle + 3n), 0x0102030405060708n);
      call('store_u8', handle, 0x1ff);
      is(call('load_u8', handle), 0xff, 'the low byte counts');
      call('store_u64', handle + 12n, -2n);
      is(BigInt.asIntN(64, call('load_u64', handle + 12n) as bigint), -2n);
    },
  },
  {
    row: ['env.load_u8', 'env.store_u8'],
    name: 'outside the memory: 0 and nothing, no trap, no wrap-around',
    run: ({ call, kernel }) => {
      const before = kernel.memory.view(0, 64).slice();
      for (const address of BAD_ADDRESSES) {
        call('store_u8', address, 0xaa);
        is(call('load_u8', address), 0);
      }
      equal(kernel.memory.view(0, 64).slice(), before, 'the header is out of reach');
      call('store_u8', MEMORY_BYTES - 1n, 7);
      is(call('load_u8', MEMORY_BYTES - 1n), 7, 'the last byte is not');
    },
  },
  {
    row: ['env.load_u64', 'env.store_u64'],
    name: 'outside the memory, also with its last byte only: 0 and nothing',
    run: ({ call }) => {
      for (const address of [...BAD_ADDRESSES, 56n, 60n, MEMORY_BYTES - 7n, MEMORY_BYTES - 1n]) {
        call('store_u64', address, -1n);
        is(call('load_u64', address), 0n);
      }
      call('store_u64', MEMORY_BYTES - 8n, 7n);
      is(call('load_u64', MEMORY_BYTES - 8n), 7n);
    },
  },
  {
    row: ['env.input_offset', 'env.input_length'],
    name: 'tell where the input is; 0 and 0 for an empty one',
    input: 'hello',
    run: ({ call, kernel }) => {
      is(call('input_length'), 5n);
      is(call('load_u8', call('input_offset') as bigint), 'h'.charCodeAt(0));
      kernel.begin(new Uint8Array(0));
      equal([call('input_offset'), call('input_length')], [0n, 0n]);
    },
  },
  {
    row: 'env.input_load_u8',
    name: 'reads the input and nothing beyond it',
    input: 'hi',
    run: ({ call }) => {
      equal(
        [0n, 1n, 2n, -1n, 1n << 32n, -(1n << 63n)].map(offset => call('input_load_u8', offset)),
        [104, 105, 0, 0, 0, 0],
      );
    },
  },
  {
    row: 'env.input_load_u64',
    name: 'reads whole words of the input and nothing before or beyond it',
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
    row: 'env.input_set',
    name: 'makes a range the input, (0, 0) an empty one; an invalid range changes nothing',
    input: 'first',
    run: ({ call, text }) => {
      call('input_set', text('second') + 3n, 3n);
      equal([call('input_length'), call('input_load_u8', 0n)], [3n, 'o'.charCodeAt(0)]);
      call('input_set', 7n, 3n);
      call('input_set', MEMORY_BYTES - 1n, 2n);
      is(call('input_length'), 3n);
      call('input_set', 0n, 0n);
      is(call('input_length'), 0n);
    },
  },
  {
    row: ['env.output_set', 'env.output_offset', 'env.output_length'],
    name: 'exactly the range, interior or not; the last valid call wins',
    run: ({ call, text, kernel }) => {
      equal([call('output_offset'), call('output_length'), kernel.end().output], [0n, 0n, null]);
      const handle = text('abcdef');
      call('output_set', handle + 2n, 3n);
      is(decode(kernel.end().output), 'cde');
      equal([call('output_offset'), call('output_length')], [handle + 2n, 3n]);
      for (const [start, length] of [
        [0n, 4n],
        [handle, 1n << 40n],
        [-1n, 2n],
        [MEMORY_BYTES, 1n],
        [handle, -1n],
      ] as const) {
        call('output_set', start, length);
      }
      is(decode(kernel.end().output), 'cde');
    },
  },
  {
    row: 'env.output_set',
    name: '(0, 0) is an empty output, which is not none',
    run: ({ call, text, kernel }) => {
      call('output_set', text('x'), 1n);
      call('output_set', 0n, 0n);
      is(kernel.end().output?.length, 0);
    },
  },
  {
    row: ['env.error_set', 'env.error_get'],
    name: 'takes the text at once; 0 takes it back; an invalid handle is an error of its own',
    run: ({ call, text, kernel }) => {
      is(call('error_get'), 0n);
      const handle = text('oh no');
      call('error_set', handle);
      call('store_u8', handle, 'X'.charCodeAt(0));
      call('free', handle);
      is(call('error_get'), handle);
      is(kernel.end().error, 'oh no');
      call('error_set', 0n);
      equal([call('error_get'), kernel.end().error], [0n, null]);
      call('error_set', handle + 1n);
      is(kernel.end().error, 'invalid error handle');
    },
  },
  {
    row: 'env.reset',
    name: 'ends every block and forgets input, output and error',
    input: 'in',
    run: ({ call, text, kernel }) => {
      const handle = text('text');
      call('output_set', handle, 4n);
      call('error_set', handle);
      call('reset');
      equal([call('length', handle), call('input_length'), call('load_u64', handle)], [0n, 0n, 0n]);
      equal(kernel.end(), { output: null, error: null });
    },
  },
  {
    row: 'env.memory_bytes',
    name: 'tells how much a plugin can address, also after growth',
    run: ({ call }) => {
      is(call('memory_bytes'), MEMORY_BYTES - 64n);
      call('alloc', MEMORY_BYTES);
      is(call('memory_bytes'), 2n * MEMORY_BYTES - 64n);
    },
  },
  {
    row: 'env.config_get',
    name: "finds the configuration's own keys; missing and empty values are 0",
    options: { config: new Map(Object.entries({ greeting: 'hé', empty: '', '': 'nameless' })) },
    run: ({ call, text, kernel }) => {
      const value = call('config_get', text('greeting')) as bigint;
      is(decode(kernel.bytesOf(Number(value), 'value')), 'hé');
      for (const key of ['empty', 'missing', 'toString', '__proto__']) is(call('config_get', text(key)), 0n);
      is(decode(kernel.bytesOf(Number(call('config_get', 0n)), 'value')), 'nameless');
    },
  },
  ...['config_get', 'var_get'].map(
    (name): Row => ({
      row: `env.${name}`,
      name: 'an invalid key handle or a key that is not UTF-8 ends the call',
      run: async ({ call, kernel, text }) => {
        const handle = text('k');
        await raises(() => call(name, handle + 1n), { code: 'INVALID_HANDLE', message: name });
        kernel.begin();
        const key = call('alloc', 1n) as bigint;
        call('store_u8', key, 0xff);
        await raises(() => call(name, key), { code: 'INVALID_UTF8', message: name });
      },
    }),
  ),
  {
    row: ['env.var_set', 'env.var_get'],
    name: 'keeps copies, across calls; 0 deletes; an empty value is 0 to the plugin only',
    run: ({ call, text, kernel }) => {
      const value = text('value');
      call('var_set', text('key'), value);
      call('store_u8', value, 'X'.charCodeAt(0));
      const copy = call('var_get', text('key')) as bigint;
      call('store_u8', copy, 'Y'.charCodeAt(0));
      kernel.begin();
      is(decode(kernel.vars.get('key') ?? null), 'value');
      call('var_set', text('key'), 0n);
      is(call('var_get', text('key')), 0n);
      is(kernel.vars.get('key'), undefined);
      kernel.vars.set('empty', new Uint8Array(0));
      is(call('var_get', text('empty')), 0n);
    },
  },
  {
    row: 'env.var_set',
    name: 'over the limit or with an invalid value ends the call and changes nothing',
    options: { maxVarBytes: 10 },
    run: async ({ call, text, kernel }) => {
      call('var_set', text('k'), text('123456789'));
      await raises(() => call('var_set', text('j'), text('1')), {
        code: 'VAR_LIMIT',
        message: 'Variable store is full',
      });
      kernel.begin();
      call('var_set', text('k'), text('987654321'));
      await raises(() => call('var_set', text('k'), 5n), { code: 'INVALID_HANDLE' });
      equal(
        [...kernel.vars.snapshot()].map(([key, bytes]) => [key, decode(bytes)]),
        [['k', '987654321']],
      );
    },
  },
  {
    row: 'env.var_set',
    name: 'a limit of 0 allows no variable, nor deleting one',
    options: { maxVarBytes: 0 },
    run: async ({ call, text, kernel }) => {
      await raises(() => call('var_set', text('k'), text('v')), { code: 'VARS_DISABLED' });
      kernel.begin();
      is(call('var_get', text('k')), 0n);
      await raises(() => call('var_set', text('k'), 0n), { code: 'VARS_DISABLED' });
    },
  },
  {
    row: ['env.http_request', 'env.http_status_code', 'env.http_headers'],
    name: 'HTTP is not enabled: a request ends the call, there is no status and there are no headers',
    run: async ({ call, text }) => {
      equal([call('http_status_code'), call('http_headers')], [0, 0n]);
      await raises(() => call('http_request', text('{"url":"http://127.0.0.1/"}'), 0n), {
        code: 'HTTP_NOT_ENABLED',
      });
    },
  },
  ...(['trace', 'debug', 'info', 'warn', 'error'] as const).map(
    (level, number): Row => ({
      row: [`env.log_${level}`, 'env.get_log_level'],
      name: 'logs from its level on; then an invalid handle ends the call',
      run: async ({ call, text }) => {
        const logged: string[] = [];
        const on = makeEnv({ logLevel: level, onLog: (...message) => logged.push(message.join(':')) });
        is(on.call('get_log_level'), number);
        on.call(`log_${level}`, on.text('hellö'));
        on.call(`log_${level}`, 0n);
        equal(logged, [`${level}:hellö`, `${level}:`]);
        await raises(() => on.call(`log_${level}`, 99n), { code: 'INVALID_HANDLE' });

        is(call('get_log_level'), 2147483647, 'silent is the default');
        call(`log_${level}`, text('unheard'));
        call(`log_${level}`, 99n);
      },
    }),
  ),
];

for (const tier of TIERS) {
  suite(`abi/env (${tier})`, test => {
    for (const { row, name, options, input, run } of rows) {
      test.row(row, name, () => {
        const env = makeEnv({ tier, ...options });
        env.kernel.begin(input === undefined ? undefined : new TextEncoder().encode(input));
        return run(env);
      });
    }

    test.row(
      ENV_FUNCTIONS.map(({ name }) => `env.${name}`),
      'every function refuses once the call was ended, until the next one begins',
      async () => {
        const { kernel, call } = makeEnv({ tier });
        const reason = new AbiError('VAR_LIMIT', 'the reason');
        kernel.markEnded(reason);
        for (const { name, params } of ENV_FUNCTIONS) {
          const args = params.map(({ type }) => (type === 'i64' ? 0n : 0));
          await raises(() => call(name, ...args), {});
        }
        await raises(() => call('alloc', 8n), { code: 'VAR_LIMIT', message: 'the reason' });
        is(kernel.ended, reason);
        kernel.begin();
        is(kernel.ended, null);
        ok(call('alloc', 8n) !== 0n);
      },
    );

    test('the import object has the functions of the table, no more and no fewer', () => {
      const env = makeEnv({ tier });
      is(env.tier, tier);
      equal(Object.keys(env.imports).sort(), ENV_FUNCTIONS.map(({ name }) => name).sort());
    });

    test('tolerated mistakes are diagnostics, and errors with strict', async () => {
      const codes: string[] = [];
      const lenient = makeEnv({ tier, onDiagnostic: ({ code }) => codes.push(code) });
      const mistakes: [code: string, name: string, ...args: bigint[]][] = [
        ['UNKNOWN_HANDLE_FREED', 'free', 99n],
        ['INVALID_RANGE', 'output_set', 1n, 5n],
        ['INVALID_RANGE', 'input_set', -1n, 5n],
        ['INVALID_HANDLE', 'error_set', 99n],
      ];
      for (const [, name, ...args] of mistakes) lenient.call(name, ...args);
      equal(
        codes,
        mistakes.map(([code]) => code),
      );
      for (const [code, name, ...args] of mistakes) {
        await raises(() => makeEnv({ tier, strict: true }).call(name, ...args), { code });
      }
    });
  });
}
