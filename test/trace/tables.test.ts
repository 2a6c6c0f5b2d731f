import { ENV_FUNCTIONS } from '../../abi/spec.ts';
import { hmac } from '../../src/trace/hmac.ts';
import { Secrets } from '../../src/trace/secrets.ts';
import { sha256, sha256InScript } from '../../src/trace/sha256.ts';
import { Errno, isPointer, type WasiFunctionName, wasiSignatures } from '../../wasi/index.ts';
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
          seen.map(({ name, type, kind }) => [name, type, kind]),
          params.map(param => [param[0], param[1], isPointer(param) ? 'pointer' : 'number']),
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

  // Bytes 0x100 to 0x1ff of the memory count up from 0. Two pieces of 3 and 5 bytes are listed at 8, the word 4 is at 0x40.
  const place = (view: DataView) => {
    for (let at = 0; at < 256; at++) view.setUint8(0x100 + at, at);
    for (const [index, word] of [0x110, 3, 0x120, 5].entries()) view.setUint32(8 + index * 4, word, true);
    view.setBigUint64(0x40, 0xffff_fffe_0000_0004n, true);
    view.setUint32(0x50, 0xffff_fffd, true);
  };
  const seenCalls: {
    title: string;
    name: WasiFunctionName;
    args: readonly (number | bigint)[];
    /** Each parameter as name, kind, value, and bytes if there are some. */
    before: readonly (readonly [string, string, number | bigint, (readonly number[])?])[];
    after: readonly (readonly [string, string, number | bigint, (readonly number[])?])[];
  }[] = [
    {
      title: 'a write shows all its bytes before, and their count after',
      name: 'fd_write',
      args: [1, 8, 2, 0x40],
      before: [
        ['fd', 'number', 1],
        ['iovs', 'pointer', 8, [0x10, 0x11, 0x12, 0x20, 0x21, 0x22, 0x23, 0x24]],
        ['iovs_len', 'number', 2],
        ['nwritten', 'pointer', 0x40],
      ],
      after: [['nwritten', 'number', 4]],
    },
    {
      title: 'a read shows as many bytes as it has read, over several pieces',
      name: 'fd_read',
      args: [-1, 8, 2, 0x40],
      before: [
        ['fd', 'number', 0xffff_ffff],
        ['iovs', 'pointer', 8],
        ['iovs_len', 'number', 2],
        ['nread', 'pointer', 0x40],
      ],
      after: [
        ['iovs', 'pointer', 8, [0x10, 0x11, 0x12, 0x20]],
        ['nread', 'number', 4],
      ],
    },
    {
      title: 'a link target shows as many bytes as are stored, and no more than the room has',
      name: 'path_readlink',
      args: [3, 0x101, 2, 0x110, 3, 0x40],
      before: [
        ['fd', 'number', 3],
        ['path', 'pointer', 0x101, [1, 2]],
        ['path_len', 'number', 2],
        ['buf', 'pointer', 0x110],
        ['buf_len', 'number', 3],
        ['bufused', 'pointer', 0x40],
      ],
      after: [
        ['buf', 'pointer', 0x110, [0x10, 0x11, 0x12]],
        ['bufused', 'number', 4],
      ],
    },
    {
      title: 'names of a folder are cut where they end',
      name: 'fd_readdir',
      args: [3, 0x110, 9, -1n, 0x40],
      before: [
        ['fd', 'number', 3],
        ['buf', 'pointer', 0x110],
        ['buf_len', 'number', 9],
        ['cookie', 'number', 2n ** 64n - 1n],
        ['bufused', 'pointer', 0x40],
      ],
      after: [
        ['buf', 'pointer', 0x110, [0x10, 0x11, 0x12, 0x13]],
        ['bufused', 'number', 4],
      ],
    },
    {
      title: 'random bytes have no count of their own',
      name: 'random_get',
      args: [0x100, 2],
      before: [
        ['buf', 'pointer', 0x100],
        ['buf_len', 'number', 2],
      ],
      after: [['buf', 'pointer', 0x100, [0, 1]]],
    },
    {
      title: 'an offset is a word of 64 bits, unsigned',
      name: 'fd_tell',
      args: [3, 0x40],
      before: [
        ['fd', 'number', 3],
        ['offset', 'pointer', 0x40],
      ],
      after: [['offset', 'number', 0xffff_fffe_0000_0004n]],
    },
    {
      title: 'a received message shows its bytes and its flags of 16 bits',
      name: 'sock_recv',
      args: [3, 8, 2, 0, 0x40, 0x50],
      before: [
        ['fd', 'number', 3],
        ['ri_data', 'pointer', 8],
        ['ri_data_len', 'number', 2],
        ['ri_flags', 'number', 0],
        ['ro_datalen', 'pointer', 0x40],
        ['ro_flags', 'pointer', 0x50],
      ],
      after: [
        ['ri_data', 'pointer', 8, [0x10, 0x11, 0x12, 0x20]],
        ['ro_datalen', 'number', 4],
        ['ro_flags', 'number', 0xfffd],
      ],
    },
    {
      title: 'sizes are numbers of 32 bits, unsigned',
      name: 'args_sizes_get',
      args: [0x40, 0x50],
      before: [
        ['argc', 'pointer', 0x40],
        ['argv_buf_size', 'pointer', 0x50],
      ],
      after: [
        ['argc', 'number', 4],
        ['argv_buf_size', 'number', 0xffff_fffd],
      ],
    },
    {
      title: 'structures show no bytes',
      name: 'fd_filestat_get',
      args: [3, 0x100],
      before: [
        ['fd', 'number', 3],
        ['filestat', 'pointer', 0x100],
      ],
      after: [],
    },
  ];
  for (const { title, name, args, before, after } of seenCalls)
    test(`${name}: ${title}`, () => {
      const memory = new WebAssembly.Memory({ initial: 1 });
      place(new DataView(memory.buffer));
      const shown = (errno?: number) =>
        seeWasi(memory, name, args, errno).map(({ name, kind, value, bytes }) =>
          bytes ? [name, kind, value, [...bytes]] : [name, kind, value],
        );
      equal(shown(), before);
      equal(shown(Errno.ESUCCESS), after);
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
      const digest = hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
      for (const hash of [sha256, sha256InScript]) is(hex(hash(bytes)), digest, `${length}`);
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
