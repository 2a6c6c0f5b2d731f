import { MAX_JSON_VALUES, MAX_TEXT_BYTES, MAX_URL_CHARACTERS } from '../../abi/index.ts';
import { readUtf8 } from '../../src/actor/json/reader.ts';
import { formatPath } from '../../src/actor/json/value.ts';
import { joinJson } from '../../src/actor/json/writer.ts';
import { excerpt } from '../../src/errors.ts';
import type { CallContext } from '../../src/host/context.ts';
import { decode as unpack } from '../../src/msgpack/index.ts';
import {
  createPlugin,
  type HostFunction,
  LIMITS,
  PlugboardError,
  PluginOutput,
  values,
} from '../../src/node.ts';
import { fromBase64, toBase64 } from '../../src/values/base64.ts';
import { Cursor } from '../../src/wasm/cursor.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';
import { createTextPlugin, lackingMode, TEXT_MODES, usesIn } from '../helpers/text-plugin.ts';
import { TOO_LONG, untouched } from '../helpers/untouched.ts';

const tooLong = () => new PluginOutput(untouched(TOO_LONG).buffer);

/** A context whose only block is too long. */
const context = (): CallContext => ({ read: () => tooLong() }) as unknown as CallContext;

/** A MessagePack string of this length, or an array. */
function packed(head: number, length: number, bytes: number): Uint8Array {
  const whole = untouched(bytes + 5);
  whole[0] = head;
  new DataView(whole.buffer).setUint32(1, length);
  return whole;
}

/** Every place that makes a string of bytes that come from outside. */
const READERS: Readonly<Record<string, () => unknown>> = {
  'output.text()': () => tooLong().text(),
  'output.string()': () => tooLong().string(),
  'output.json()': () => tooLong().json(),
  'values.text': () => values.text.read(context(), 64n),
  'values.json': () => values.json.read(context(), 64n),
  'values.base64': () => values.base64.read(context(), 64n),
  'JSON of an actor': () => readUtf8(untouched(TOO_LONG), 'the result'),
  'a string of MessagePack': () => unpack(packed(0xdb, TOO_LONG, TOO_LONG)),
};

suite('text length of texts that are read', test => {
  for (const [name, read] of Object.entries(READERS)) {
    test.row(
      ['error.TEXT_TOO_LONG', 'limit.textBytes', 'security.text-length'],
      `${name}: one byte more is refused`,
      async () => {
        const error = await raises(read, { code: 'TEXT_TOO_LONG', message: String(MAX_TEXT_BYTES) });
        ok(error instanceof PlugboardError);
      },
    );
  }

  test('the bytes of an output that is too long as a text are there', () => {
    ok(tooLong().bytes().length >= TOO_LONG);
  });

  test('a name in a module is not longer', async () => {
    const bytes = untouched(TOO_LONG + 5);
    bytes.set([0xe9, 0xff, 0xff, 0xff, 0x01]);
    await raises(() => new Cursor(bytes).name('a name'), { message: `at most ${MAX_TEXT_BYTES} bytes` });
  });

  test('a manifest that a server sends is not longer', async () => {
    const chunk = untouched(2 ** 26);
    const body = new ReadableStream<Uint8Array>({ pull: controller => controller.enqueue(chunk) });
    const response = new Response(body, { headers: { 'content-type': 'application/json' } });
    await raises(() => createPlugin(response), { code: 'TEXT_TOO_LONG', message: 'manifest' });
  });

  test('a manifest whose body breaks off has a code', async () => {
    const body = new ReadableStream({ pull: controller => controller.error(new Error('broken off')) });
    const response = new Response(body, { headers: { 'content-type': 'application/json' } });
    await raises(() => createPlugin(response), { code: 'SOURCE_UNAVAILABLE', message: 'broken off' });
  });

  test('the limits are those of the kernel', () => {
    equal(
      [LIMITS.textBytes.default, LIMITS.jsonValues.default, LIMITS.urlCharacters.default],
      [MAX_TEXT_BYTES, MAX_JSON_VALUES, MAX_URL_CHARACTERS],
    );
  });
});

suite('text length of texts that are written', test => {
  test.row('error.TEXT_TOO_LONG', 'JSON longer than a string can be has a code', async () => {
    const half = 'x'.repeat(2 ** 28);
    const join = () =>
      joinJson([
        ['a', half],
        ['b', half],
      ]);
    await raises(join, { code: 'TEXT_TOO_LONG' });
  });

  test.row('error.TEXT_TOO_LONG', 'base64 longer than a string can be has a code', async () => {
    await raises(() => toBase64(untouched(2 ** 29)), { code: 'TEXT_TOO_LONG' });
  });

  test('base64 is read and written in any length', () => {
    const random = new Random(20261128);
    for (const length of [0, 1, 2, 3, 4, 12_287, 12_288, 12_289, 50_000]) {
      const bytes = Uint8Array.from({ length }, () => random.below(256));
      const text = toBase64(bytes);
      is(text, btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join('')));
      equal(fromBase64(text), bytes);
    }
  });
});

const LONG = 'x'.repeat(1_000_000);

suite('long texts in messages', test => {
  test('an error has all of a long message, and its start in the stack', () => {
    const error = new PlugboardError('PLUGIN_ERROR', LONG);
    equal([error.message === LONG, Object.keys(error).includes('message')], [true, false]);
    ok((error.stack ?? '').length < 50_000);
  });

  test('an excerpt says how long the text is', () => {
    is(excerpt('short'), 'short');
    is(excerpt('abcdef', 3), 'abc… (6 characters)');
    is(excerpt('ab🙂cd', 3), 'ab… (6 characters)');
  });

  test('a path quotes the start of a long key', () => {
    ok(formatPath(['a', LONG, 'b']).length < 2000);
  });

  const failing: HostFunction = () => {
    throw new Error(LONG);
  };
  test('an error that tells of another one has an excerpt of its message', async () => {
    const { plugin } = await createTextPlugin('inline', 1, failing as never);
    const error = await raises(() => plugin.call('error_set'), { code: 'HOST_FUNCTION_FAILED' });
    ok(error.message.length < 20_000);
  });

  test('an error text of the plugin stays whole', async () => {
    const { plugin } = await createTextPlugin('inline', LONG.length, host => host.store(LONG));
    is((await raises(() => plugin.call('error_set'), { code: 'PLUGIN_ERROR' })).message, LONG);
  });
});

suite('JSON of too many values', test => {
  test.row(['error.TOO_MANY_VALUES', 'limit.jsonValues'], 'output.json() refuses it', async () => {
    const output = new PluginOutput(new Uint8Array(MAX_JSON_VALUES * 2).fill(0x5b).buffer);
    await raises(() => output.json(), { code: 'TOO_MANY_VALUES', message: String(MAX_JSON_VALUES) });
  });
});

for (const mode of TEXT_MODES) {
  suite(
    `text length of a plugin ${mode === 'worker' ? 'in a worker' : mode}`,
    test => {
      test.row(
        ['abi.text-length', 'security.text-length'],
        'one byte more ends the call, and the next one works',
        async () => {
          const { plugin, logged } = await createTextPlugin(mode, TOO_LONG);
          for (const use of usesIn(mode)) {
            for (const name of [use, `${use} and catch`]) {
              await raises(() => plugin.call(name), { code: 'TEXT_TOO_LONG', message: `${name}: ${use}: ` });
            }
          }
          is(await plugin.call('fine'), null);
          equal(logged, []);
          await plugin.close();
        },
      );
    },
    lackingMode(mode),
  );
}
