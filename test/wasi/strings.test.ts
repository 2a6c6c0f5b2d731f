import { createWasi, Errno } from '../../wasi/index.ts';
import { is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { FakeClock, Guest, PAGE_BYTES, u32, utf8 } from './guest.ts';

const given = [
  { title: 'nothing', list: [] },
  { title: 'an empty string', list: ['A='] },
  { title: 'several', list: ['A=1', 'B=two', 'C=x=y'] },
  { title: 'UTF-8, whose bytes are more than its characters', list: ['N=é€😀', 'M=ü'] },
];

const asEnv = (list: readonly string[]) =>
  Object.fromEntries(list.map(text => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]));

const families = [
  { get: 'args_get', sizes: 'args_sizes_get', options: (list: string[]) => ({ args: list }) },
  { get: 'environ_get', sizes: 'environ_sizes_get', options: (list: string[]) => ({ env: asEnv(list) }) },
] as const;

suite('wasi/args and environ', test => {
  for (const { get, sizes, options } of families)
    for (const { title, list } of given) {
      const bytes = list.flatMap(text => [...utf8(text), 0]);

      test.row(`wasi.${sizes}`, `${title}`, () => {
        const guest = new Guest(options(list));
        is(guest.call(sizes, 100, 200), Errno.ESUCCESS);
        guest.wrote([100, u32(list.length)], [200, u32(bytes.length)]);
      });

      test.row(`wasi.${get}`, `${title}`, () => {
        const guest = new Guest(options(list));
        const buffer = PAGE_BYTES - bytes.length;
        is(guest.call(get, 96, buffer), Errno.ESUCCESS);
        let start = buffer;
        const pointers = list.flatMap(text => {
          const pointer = u32(start);
          start += utf8(text).length + 1;
          return pointer;
        });
        guest.wrote([96, pointers], [buffer, bytes]);
      });
    }

  const refused = [
    {
      title: 'NUL in an argument',
      options: { args: ['a', 'b\0c'] },
      code: 'WASI_INVALID_ARG',
      says: 'args[1]',
    },
    {
      title: 'an argument that is not a string',
      options: { args: [1 as unknown as string] },
      code: 'WASI_INVALID_ARG',
      says: 'args[0]: expected a string, got a number',
    },
    { title: 'an empty name', options: { env: { '': 'x' } }, code: 'WASI_INVALID_ENV', says: 'env[""]' },
    {
      title: '"=" in a name',
      options: { env: { 'A=B': 'x' } },
      code: 'WASI_INVALID_ENV',
      says: 'env["A=B"]',
    },
    {
      title: 'NUL in a name',
      options: { env: { 'A\0': 'x' } },
      code: 'WASI_INVALID_ENV',
      says: 'env["A\\u0000"]',
    },
    { title: 'NUL in a value', options: { env: { A: 'x\0' } }, code: 'WASI_INVALID_ENV', says: 'env["A"]' },
    {
      title: 'a value that is not a string',
      options: { env: { A: undefined as unknown as string } },
      code: 'WASI_INVALID_ENV',
      says: 'got undefined',
    },
  ];
  for (const { title, options, code, says } of refused)
    test(`refuses ${title}`, async () => {
      await raises(() => createWasi({ clock: new FakeClock(), random: { fill() {} }, ...options }), {
        code,
        message: says,
      });
    });

  test.row('wasi.environ_get', 'inherited properties are refused as variables', async () => {
    const env = Object.create({ SECRET: 'x' });
    await raises(() => new Guest({ env }), { code: 'WASI_INVALID_ENV', message: 'inherited' });
    const guest = new Guest({ env: Object.create(null) });
    is(guest.call('environ_sizes_get', 0, 4), Errno.ESUCCESS);
    guest.wrote([0, u32(0)], [4, u32(0)]);
  });
});
