import {
  type CallContext,
  type CallError,
  createPlugin,
  type HostFunction,
  hostFunction,
  values,
} from '../../src/node.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { buildModule, type FunctionShape } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';

const ENV = 'extism:host/env';
const i64 = { params: ['i64'], results: ['i64'] } as const;

/** A plugin that passes its input, as a block, to the host function and returns the result as its error text. */
const viaBlocks = (host: HostFunction) =>
  createPlugin(
    buildModule({
      imports: [
        { module: 'host', name: 'fn', ...i64 },
        { module: ENV, name: 'input_offset', results: ['i64'] },
        { module: ENV, name: 'length', ...i64 },
        { module: ENV, name: 'output_set', params: ['i64', 'i64'] },
        { module: ENV, name: 'error_set', params: ['i64'] },
      ],
      functions: [
        // The body has no local for the handle, so it goes straight to error_set.
        { name: 'echo', body: ['call 1', 'call 0', 'call 4'] },
        { name: 'bad_handle', body: ['i64.const 9', 'call 0', 'drop'] },
      ],
    }),
    { functions: { host: { fn: host } } },
  );
const answerOf = async (host: HostFunction, input: string | Uint8Array): Promise<string | undefined> => {
  const plugin = await viaBlocks(host);
  try {
    await plugin.call('echo', input);
    return undefined;
  } catch (error) {
    if ((error as CallError).code !== 'PLUGIN_ERROR') throw error;
    return (error as Error).message;
  }
};

/** A plugin that passes a constant to the host function and returns its result. */
const viaNumbers = (host: HostFunction, type: FunctionShape, constant: string[]) =>
  createPlugin(
    buildModule({
      imports: [{ module: 'host', name: 'fn', ...type }],
      functions: [{ name: 'run', results: type.results ?? [], body: [...constant, 'call 0'] }],
    }),
    { functions: { host: { fn: host } } },
  );

suite('typed host functions', test => {
  const blocks: [name: string, host: HostFunction, input: string | Uint8Array, answer: string][] = [
    [
      'text',
      hostFunction({ params: [values.text], result: values.text }, (_, text) => text.toUpperCase()),
      'grüß',
      'GRÜSS',
    ],
    [
      'json',
      hostFunction({ params: [values.json], result: values.json }, (_, value) => ({ got: value })),
      '[1,"a"]',
      '{"got":[1,"a"]}',
    ],
    [
      'bytes',
      hostFunction({ params: [values.bytes], result: values.bytes }, (_, bytes) => bytes.toReversed()),
      'abc',
      'cba',
    ],
    [
      'base64',
      hostFunction({ params: [values.base64], result: values.base64 }, (_, bytes) => bytes.slice(1)),
      btoa('hello'),
      btoa('ello'),
    ],
    [
      'i32 in a block',
      hostFunction({ params: [values.inBlock.i32], result: values.text }, (_, value) => String(value)),
      Uint8Array.of(0xfe, 0xff, 0xff, 0xff),
      '-2',
    ],
    [
      'u64 in a block',
      hostFunction({ params: [values.inBlock.u64], result: values.text }, (_, value) => String(value)),
      new Uint8Array(8).fill(255),
      '18446744073709551615',
    ],
    [
      'f64 in a block, both ways',
      hostFunction({ params: [values.inBlock.f64], result: values.inBlock.f64 }, (_, value) => value),
      new Uint8Array(new Float64Array([7.3e-304]).buffer),
      new TextDecoder().decode(new Float64Array([7.3e-304])),
    ],
  ];
  for (const [name, host, input, answer] of blocks) {
    test(name, async () => is(await answerOf(host, input), answer));
  }

  test('an empty block is handle 0, both ways', async () => {
    const seen: string[] = [];
    const host = hostFunction({ params: [values.text], result: values.text }, (_, text) => {
      seen.push(text);
      return '';
    });
    is(await answerOf(host, ''), undefined);
    equal(seen, ['']);
  });

  const numbers: [name: string, host: HostFunction, type: FunctionShape, constant: string[], code: number][] =
    [
      [
        'i32',
        hostFunction({ params: [values.i32], result: values.i32 }, (_, value) => value - 1),
        { params: ['i32'], results: ['i32'] },
        ['i32.const -1'],
        -2,
      ],
      [
        'u32',
        hostFunction({ params: [values.u32], result: values.i32 }, (_, value) =>
          value === 2 ** 32 - 1 ? 5 : 6,
        ),
        { params: ['i32'], results: ['i32'] },
        ['i32.const -1'],
        5,
      ],
      [
        'u64',
        hostFunction({ params: [values.u64], result: values.i32 }, (_, value) =>
          value === 2n ** 64n - 1n ? 5 : 6,
        ),
        { params: ['i64'], results: ['i32'] },
        ['i64.const -1'],
        5,
      ],
    ];
  for (const [name, host, type, constant, code] of numbers) {
    test(`${name} is passed unchanged`, async () => {
      const plugin = await viaNumbers(host, type, constant);
      const error = await raises(() => plugin.call('run'), { code: 'NONZERO_RESULT' });
      is((error as CallError).exitCode, code);
    });
  }

  const failing: [name: string, host: HostFunction, input: string | Uint8Array, message: string][] = [
    [
      'text that is not UTF-8',
      hostFunction({ params: [values.text], result: values.text }, () => ''),
      Uint8Array.of(255),
      '',
    ],
    ['invalid JSON', hostFunction({ params: [values.json], result: values.text }, () => ''), '{', 'JSON'],
    ['invalid base64', hostFunction({ params: [values.base64], result: values.text }, () => ''), '*', ''],
    [
      'a number of another length',
      hostFunction({ params: [values.inBlock.i64], result: values.text }, () => ''),
      'abc',
      'expected 8 bytes, got 3',
    ],
    [
      'a number that does not fit its block',
      hostFunction({ params: [values.text], result: values.inBlock.i32 }, () => 2 ** 31),
      '',
      '2147483648 does not fit 4 bytes',
    ],
    [
      'a result that JSON has no form for',
      hostFunction({ params: [values.text], result: values.json }, () => undefined),
      '',
      'JSON has no form for undefined',
    ],
  ];
  for (const [name, host, input, message] of failing) {
    test(`${name} fails the call, and the next one works`, async () => {
      const plugin = await viaBlocks(host);
      await raises(() => plugin.call('echo', input), {
        code: 'HOST_FUNCTION_FAILED',
        message: `host.fn failed`,
      });
      const error = await raises(() => plugin.call('echo', input), { code: 'HOST_FUNCTION_FAILED' });
      is((error.cause as Error).message.includes(message), true, (error.cause as Error).message);
    });
  }

  const stored: [name: string, value: (context: CallContext, handle: bigint) => unknown, text: string][] = [
    ['text', () => 'a text', 'a text'],
    ['bytes', () => Uint8Array.of(104, 105), 'hi'],
    ['a part of a larger buffer', () => new Uint8Array([1, 104, 105, 2]).subarray(1, 3), 'hi'],
    ['a buffer', () => Uint8Array.of(104, 105).buffer, 'hi'],
    ['a view that it has read', (context, handle) => context.read(handle), 'given'],
    ['nothing', () => undefined, ''],
  ];
  for (const [name, value, text] of stored) {
    test(`a host function can store ${name}`, async () => {
      let kept: string | undefined;
      const host = (context: CallContext, handle: bigint) => {
        const given = value(context, handle) as string;
        context.setVariable('kept', given);
        kept = context.getVariable('kept')?.text();
        return context.store(given);
      };
      // An empty text sets no error, so answerOf returns undefined.
      is(await answerOf(host as HostFunction, 'given'), text || undefined);
      is(kept, text);
    });
  }

  for (const method of ['store', 'setVariable'] as const) {
    test(`a number is not taken for text by ${method}`, async () => {
      const give = (context: CallContext) =>
        method === 'store' ? context.store(5 as never) : context.setVariable('a', 5 as never);
      await raises(() => answerOf(give, 'given'), {
        code: 'HOST_FUNCTION_FAILED',
        message: 'expected a string or a Uint8Array, got number',
      });
    });
  }

  test('a handle without a block fails the call', async () => {
    const plugin = await viaBlocks(
      hostFunction({ params: [values.bytes], result: values.bytes }, (_, bytes) => bytes),
    );
    const error = await raises(() => plugin.call('bad_handle'), { code: 'HOST_FUNCTION_FAILED' });
    is((error.cause as { code?: string }).code, 'INVALID_HANDLE');
  });

  const twoResults: [name: string, answer: unknown, ends: string | null][] = [
    ['an array of as many', [3, 4n], ''],
    ['nothing, which is zeros', undefined, null],
    ['one of fewer', [3], 'an array of 1, expected an array of 2 results'],
    ['one of more', [3, 4n, 5], 'an array of 3, expected an array of 2 results'],
    ['no array', 3, '3 (number), expected an array of 2 results'],
    ['one with a wrong value', ['3', 4n], '"3" (string), expected i32'],
  ];
  for (const [name, answer, message] of twoResults) {
    for (const compiled of [false, true]) {
      if (compiled && message !== '') continue;
      test(`several results: ${name}${compiled ? ', of a compiled module' : ''}`, async () => {
        const bytes = buildModule({
          imports: [{ module: 'host', name: 'fn', results: ['i32', 'i64'] }],
          functions: [{ name: 'run', results: ['i32'], body: ['call 0', 'drop'] }],
        });
        const plugin = await createPlugin(compiled ? new WebAssembly.Module(bytes) : bytes, {
          functions: { host: { fn: () => answer } },
        });
        if (message === null) {
          is(await plugin.call('run'), null);
          return;
        }
        const error = await raises(() => plugin.call('run'), {
          code: message ? 'HOST_FUNCTION_FAILED' : 'NONZERO_RESULT',
        });
        if (message) is(error.message.includes(message), true, error.message);
        else is((error as CallError).exitCode, 3);
      });
    }
  }

  test('a number that does not fit its wasm type fails the call', async () => {
    const host = hostFunction({ result: values.i32 }, () => 2 ** 31);
    const plugin = await viaNumbers(host, { results: ['i32'] }, []);
    await raises(() => plugin.call('run'), {
      code: 'HOST_FUNCTION_FAILED',
      message: 'does not fit the wasm type i32',
    });
  });

  test('an import of another type is refused at creation', async () => {
    const host = hostFunction({ params: [values.text, values.f64] }, () => {});
    await raises(() => viaNumbers(host, { params: ['i64'], results: ['i64'] }, ['i64.const 0']), {
      code: 'IMPORT_TYPE_MISMATCH',
      message: 'host.fn: the plugin declares (i64) -> (i64), but it is (i64, f64) -> ()',
    });
  });
});
