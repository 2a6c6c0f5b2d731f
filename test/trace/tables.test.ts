import { ENV_FUNCTIONS } from '../../abi/spec.ts';
import { hmac, sha256 } from '../../src/trace/hmac.ts';
import { Secrets } from '../../src/trace/secrets.ts';
import { Errno, isPointer, wasiSignatures } from '../../wasi/index.ts';
import { seeWasi } from '../../wasi/seen.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const hex = (bytes: Uint8Array) => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');

suite('tables of a trace', test => {
  test('a value of the kernel is a handle exactly if its meaning says so', () => {
    for (const { name, params, results } of ENV_FUNCTIONS) {
      for (const { kind, meaning } of [...params, ...results]) {
        is(/^handle /.test(meaning), kind !== 'number' && kind !== 'word', `${name}: ${meaning}`);
      }
    }
  });

  test('each function of WASI is shown with all parameters, also for pointers outside the memory', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    for (const { name, params } of wasiSignatures) {
      for (const value of [0, 8, -1]) {
        const args = params.map(([, type]) => (type === 'i64' ? BigInt(value) : value));
        const seen = seeWasi(memory, name, args);
        equal(
          seen.map(({ name, kind }) => [name, kind]),
          params.map(param => [param[0], isPointer(param) ? 'pointer' : 'number']),
        );
        ok(
          seeWasi(memory, name, args, Errno.ESUCCESS).every(({ name }) =>
            params.some(row => row[0] === name),
          ),
        );
        equal(seeWasi(memory, name, args, Errno.EBADF), []);
        equal(seeWasi(undefined, name, args).length, params.length);
      }
    }
  });

  test('pieces that overlap do not take more memory than the plugin has', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const view = new DataView(memory.buffer);
    for (let index = 0; index < 1000; index++) view.setUint32(index * 8 + 4, 65_536, true);
    const [, iovs] = seeWasi(memory, 'fd_write', [1, 0, 1000, 0]);
    is(iovs!.bytes, undefined);
  });

  test('SHA-256 and HMAC are those of WebCrypto', async () => {
    const key = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
    const sign = { name: 'HMAC', hash: 'SHA-256' };
    const imported = await crypto.subtle.importKey('raw', key, sign, false, ['sign']);
    for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000]) {
      const bytes = Uint8Array.from({ length }, (_, index) => index * 31);
      is(hex(sha256(bytes)), hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))), `${length}`);
      is(
        hmac(key, bytes),
        hex(new Uint8Array(await crypto.subtle.sign('HMAC', imported, bytes))),
        `${length}`,
      );
    }
  });

  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const requests: { given: unknown; hidden: string[]; kept: string[] }[] = [
    {
      given: {
        url: 'https://a.test/x?q=1',
        headers: { Authorization: 'Bearer abcdef', accept: 'text/html' },
      },
      hidden: ['Bearer', 'abcdef'],
      kept: ['q=1', 'text/html'],
    },
    { given: { url: 'https://me:pass9@a.test/' }, hidden: ['me:', 'pass9'], kept: ['a.test'] },
    { given: { url: 'https://a.test/?api_key=k123&x=2' }, hidden: ['k123'], kept: ['x=2'] },
    { given: { url: 'https://a.test/', header: { Cookie: 'sid=77777' } }, hidden: ['77777'], kept: [] },
    { given: { url: 'https://a.test/', headers: { 'X-Api-Key': 'kkkkk' } }, hidden: ['kkkkk'], kept: [] },
    { given: { url: 'not a url with token', headers: {} }, hidden: ['token'], kept: [] },
  ];
  for (const { given, hidden, kept } of requests) {
    test(`${JSON.stringify(given)}: credentials of a request are hidden`, () => {
      const cleaned = new TextDecoder().decode(new Secrets().cleanJson('request', json(given))!);
      for (const text of hidden) ok(!cleaned.includes(text), cleaned);
      for (const text of kept) ok(cleaned.includes(text), cleaned);
    });
  }

  test('a request of another form is not shown, and a credential is known afterwards', () => {
    const secrets = new Secrets();
    is(secrets.cleanJson('request', new TextEncoder().encode('Authorization: x')), null);
    secrets.cleanJson('headers', json({ 'set-cookie': 'sid=abcdef' }));
    is(secrets.cleanText('a sid=abcdef b'), 'a [secret] b');
  });
});
