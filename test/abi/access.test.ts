import { equal, is } from '../helpers/assert.ts';
import { envSuite, REACHED_END } from './env-rows.ts';
import { decode, outputOf } from './kernels.ts';

const BAD_ADDRESSES = [0n, 63n, REACHED_END, 1n << 32n, (1n << 32n) + 64n, 1n << 53n, -1n, -8n, -(1n << 63n)];

envSuite('access', [
  {
    row: [
      'env.load_u8',
      'env.load_u64',
      'env.store_u8',
      'env.store_u64',
      'abi.access-words',
      'abi.access-byte',
      'abi.access-past-block',
    ],
    name: 'a word is stored little endian and loads back, also unaligned and across blocks',
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
    row: ['abi.load-freed', 'abi.store-freed'],
    name: 'a freed block can be loaded and stored until it is used again',
    run: ({ call, text }) => {
      const handle = text('abcdefgh');
      call('free', handle);
      is(call('load_u8', handle), 0x61);
      is(call('load_u64', handle), 0x6867666564636261n);
      call('store_u8', handle, 0x78);
      is(call('load_u8', handle), 0x78);
    },
  },
  {
    row: ['env.load_u8', 'env.store_u8', 'abi.access-past-block'],
    name: 'an access beyond a block reaches the bytes of its neighbour',
    run: ({ call }) => {
      const handle = call('alloc', 1n) as bigint;
      is(call('alloc', 1n), handle + 16n);
      call('store_u8', handle + 16n, 0x6e);
      is(call('load_u64', handle + 9n), 0x6en << 56n);
      call('store_u8', handle + 9n, 7);
      equal([call('load_u8', handle + 9n), call('length', handle)], [7, 1n]);
    },
  },
  {
    row: ['env.load_u8', 'env.store_u8', 'abi.access-end', 'abi.access-beyond', 'abi.access-low'],
    name: 'outside the reached pages loads return 0 and stores do nothing, without a trap or a wrap-around',
    input: 'x',
    run: ({ call, kernel }) => {
      const before = kernel.memory.view(0, 64).slice();
      for (const address of BAD_ADDRESSES) {
        call('store_u8', address, 0xaa);
        is(call('load_u8', address), 0);
      }
      equal(kernel.memory.view(0, 64).slice(), before, 'the header is out of reach');
      call('store_u8', REACHED_END - 1n, 7);
      is(call('load_u8', REACHED_END - 1n), 7, 'the last byte is not');
    },
  },
  {
    row: ['env.load_u64', 'env.store_u64', 'abi.access-word-end', 'abi.access-beyond', 'abi.access-low'],
    name: 'a word with only its last byte outside the reached pages loads as 0 and stores nothing',
    input: 'x',
    run: ({ call }) => {
      for (const address of [...BAD_ADDRESSES, 56n, 60n, REACHED_END - 7n, REACHED_END - 1n]) {
        call('store_u64', address, -1n);
        is(call('load_u64', address), 0n);
      }
      call('store_u64', REACHED_END - 8n, 7n);
      is(call('load_u64', REACHED_END - 8n), 7n);
      call('store_u64', REACHED_END - 8n, -1n);
      for (let back = 1n; back < 8n; back++)
        is(call('load_u64', REACHED_END - back), 0n, `${back} bytes before the end`);
    },
  },
  {
    row: ['env.store_u8', 'env.store_u64', 'abi.access-unreached'],
    name: 'the first block in a page makes the page reachable, and the page holds zeros',
    run: ({ call, kernel }) => {
      const page = REACHED_END;
      for (let address = page; address < 4n * page; address += 4096n) call('store_u64', address, -1n);
      is(call('alloc', 57_344n), 64n);
      equal([call('memory_bytes'), call('load_u8', page - 1n)], [page - 64n, 0]);
      is(call('alloc', 8192n), 64n + 57_344n);
      equal([call('memory_bytes'), call('load_u64', page)], [2n * page - 64n, 0n]);
      call('store_u64', 2n * page - 8n, -1n);
      is(BigInt.asIntN(64, call('load_u64', 2n * page - 8n) as bigint), -1n);
      is(call('alloc', 2n * page), page + 64n);
      equal([call('load_u64', 2n * page - 8n), call('load_u64', 3n * page)], [0n, 0n]);
      is(kernel.ended, null);
    },
  },
  {
    row: ['env.reset', 'abi.access-unreached', 'abi.alloc-fresh'],
    name: 'a page that only an earlier call has reached is outside, and is zero when a block reaches it again',
    run: ({ call, kernel }) => {
      const pages = 5n;
      const fill = () => {
        const end = (call('memory_bytes') as bigint) + 64n;
        for (let address = 64n; address < end; address += 8n) call('store_u64', address, -1n);
      };
      call('alloc', pages * REACHED_END - 1000n);
      fill();
      for (const again of [0n, 1n, 2n, 3n]) {
        kernel.begin(new TextEncoder().encode('input'));
        is(call('memory_bytes'), REACHED_END - 64n);
        is(call('load_u8', 2n * REACHED_END), 0);
        for (let block = 0n; block <= again; block++) {
          const handle = call('alloc', REACHED_END - block * 3n) as bigint;
          const end = (call('memory_bytes') as bigint) + 64n;
          for (let address = handle; address + 8n <= end; address += 8n)
            is(call('load_u64', address), 0n, `call ${again}, block ${block}, at ${address}`);
          fill();
        }
      }
    },
  },
  {
    row: ['env.load_u8', 'env.load_u64', 'env.store_u8', 'env.store_u64', 'abi.access-wrap'],
    name: 'all 64 bits of an address count',
    run: ({ call, text }) => {
      const handle = text('abcdefgh');
      for (const high of [1n << 32n, 1n << 53n, -(1n << 63n)]) {
        equal([call('load_u8', high + handle), call('load_u64', high + handle)], [0, 0n]);
        call('store_u8', high + handle, 1);
        call('store_u64', high + handle, 1n);
      }
      is(call('load_u64', handle), 0x6867666564636261n);
    },
  },
  {
    row: ['env.load_u64', 'env.store_u64', 'abi.access-low-word'],
    name: 'a word that starts below 64 is outside, also when it ends above',
    run: ({ call, text, kernel }) => {
      const handle = text('abcdefgh');
      call('output_set', handle, 8n);
      for (let address = 56n; address < 64n; address++) {
        call('store_u64', address, -1n);
        is(call('load_u64', address), 0n);
      }
      equal([call('output_length'), decode(outputOf(kernel))], [8n, 'abcdefgh']);
    },
  },
]);
