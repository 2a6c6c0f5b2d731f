import {
  AbiError,
  hasTooManyValues,
  Kernel,
  MAX_JSON_VALUES,
  MAX_TEXT_BYTES,
  MAX_URL_CHARACTERS,
  readHttpRequest,
} from '../../abi/index.ts';
import { decodeLossy, decodeStrict } from '../../abi/utf8.ts';
import { equal, is, ok, raises, unreachable } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { TOO_LONG, untouched } from '../helpers/untouched.ts';
import { type EnvRow, envSuite } from './env-rows.ts';

/** Makes every block seem too long for a text, and fails the test when a block is read. Returns a function that undoes this. */
function pretend({ memory }: Kernel): () => void {
  const read = () => unreachable('a text over the limit was read') as never;
  const fakes = { length: () => TOO_LONG, readable: read, copy: read, view: read };
  Object.assign(memory, fakes);
  return () => {
    for (const name of Object.keys(fakes)) Reflect.deleteProperty(memory, name);
  };
}

const USES: Readonly<Record<string, readonly bigint[]>> = {
  error_set: [64n],
  log_error: [64n],
  config_get: [64n],
  var_get: [64n],
  var_set: [64n, 0n],
};

envSuite(
  'text length',
  Object.entries(USES).map(
    ([name, args]): EnvRow => ({
      row: [`env.${name}`, 'abi.text-length'],
      name: 'a text over the limit ends the call before it is read',
      options: { logLevel: 'error' },
      run: async ({ call, kernel, text }) => {
        const restore = pretend(kernel);
        const expected = { code: 'TEXT_TOO_LONG', message: `${name}: ` };
        const first = await raises(() => call(name, ...args), expected);
        ok(first instanceof AbiError);
        is(await raises(() => call('alloc', 1n), expected), first);
        restore();
        kernel.begin();
        call('error_set', text('fine'));
        is(kernel.error?.text, 'fine');
      },
    }),
  ),
);

const request = (json: unknown): { kernel: Kernel; handle: number } => {
  const kernel = new Kernel({ maxVarBytes: 0 });
  kernel.begin();
  return { kernel, handle: kernel.place(JSON.stringify(json)) };
};

suite('text length', test => {
  const requestRow = ['env.http_request', 'abi.text-length'];
  test.row(requestRow, 'a request over the limit is refused before it is read', async () => {
    const { kernel, handle } = request({ url: 'https://a.test/' });
    pretend(kernel);
    const expected = { code: 'TEXT_TOO_LONG', message: 'http_request: ' };
    await raises(() => readHttpRequest(kernel, handle, 0), expected);
  });

  test.row(['env.http_request', 'limit.urlCharacters'], 'a longer URL is refused', async () => {
    const longest = `https://a.test/${'é'.repeat(MAX_URL_CHARACTERS - 15)}`;
    const fits = request({ url: longest });
    is(readHttpRequest(fits.kernel, fits.handle, 0).url, longest);
    const { kernel, handle } = request({ url: `${longest}é` });
    const expected = { code: 'INVALID_HTTP_REQUEST', message: `${MAX_URL_CHARACTERS + 1} characters` };
    await raises(() => readHttpRequest(kernel, handle, 0), expected);
  });

  test.row(
    'env.http_request',
    'a request without a body has null as its body, and one with a body a copy',
    () => {
      const { kernel, handle } = request({ url: 'https://a.test/', method: 'POST' });
      is(readHttpRequest(kernel, handle, 0).body, null);
      const body = kernel.place('abc');
      const read = readHttpRequest(kernel, handle, body).body;
      kernel.memory.storeU8(body, 0);
      equal([...read!], [97, 98, 99]);
    },
  );

  const long = 'x'.repeat(100_000);
  for (const [what, json] of Object.entries({
    key: { url: 'https://a.test/', [long]: 1 },
    method: { url: 'https://a.test/', method: `${long} ` },
    header: { url: 'https://a.test/', headers: { [long]: 1 } },
  })) {
    test(`a message quotes the start of a long ${what}`, async () => {
      const { kernel, handle } = request(json);
      const error = await raises(() => readHttpRequest(kernel, handle, 0), { code: 'INVALID_HTTP_REQUEST' });
      ok(error.message.length < 300, `${error.message.length} characters`);
    });
  }

  for (const [name, decode] of Object.entries({ decodeLossy, decodeStrict })) {
    test(`${name} refuses one byte more than the limit`, async () => {
      const expected = {
        code: 'TEXT_TOO_LONG',
        message: `text: expected a text of at most ${MAX_TEXT_BYTES}`,
      };
      await raises(() => decode(untouched(TOO_LONG), 'text'), expected);
    });
  }

  test('the limit is the longest string of V8', () => is(MAX_TEXT_BYTES, 2 ** 29 - 24));
});

suite('JSON values', test => {
  const rows: [text: string, values: number][] = [
    ['[1,2,3]   ', 4],
    ['[[[[[[[[', 9],
    ['{"a":1,"b":[]}', 6],
    ['"[,:{\\"[,:{"', 1],
    ['["\\\\",","]', 3],
  ];
  for (const [text, values] of rows) {
    test(`${text} counts as ${values}`, () => {
      is(hasTooManyValues(text, values), false);
      // Padded with spaces, because short texts are not counted.
      is(hasTooManyValues(text.padEnd(values * 2), values - 1), true);
    });
  }

  test('a text that is too short to hold so many values is not scanned', () => {
    is(hasTooManyValues('['.repeat(10), 6), false);
    is(MAX_JSON_VALUES, 2 ** 25);
  });
});
