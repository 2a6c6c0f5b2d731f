import type { AbiError } from '../../abi/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { envSuite, REACHED_END } from './env-rows.ts';
import { decode, outputOf } from './kernels.ts';

envSuite('blocks', [
  {
    row: ['env.alloc', 'abi.alloc-fresh'],
    name: 'alloc returns aligned, zeroed blocks that do not overlap and whose handles are not 0',
    run: ({ call }) => {
      const a = call('alloc', 1n) as bigint;
      const b = call('alloc', 8n) as bigint;
      ok(a >= 64n && a % 8n === 0n && b % 8n === 0n && b >= a + 1n);
      call('store_u64', a + 8n, -1n);
      is(call('load_u64', call('alloc', 8n) as bigint), 0n);
    },
  },
  {
    row: 'abi.alloc-handles',
    name: 'handles are offsets from 64 on and multiples of 16',
    run: ({ call }) =>
      equal(
        [1n, 8n, 16n].map(length => call('alloc', length)),
        [64n, 80n, 96n],
      ),
  },
  {
    row: ['env.alloc', 'abi.alloc-stray'],
    name: 'alloc zeroes bytes that the plugin wrote beyond its blocks',
    run: ({ call }) => {
      const a = call('alloc', 16n) as bigint;
      for (let offset = 16n; offset < 256n; offset += 8n) call('store_u64', a + offset, -1n);
      is(call('load_u64', call('alloc', 8n) as bigint), 0n);
    },
  },
  {
    row: ['env.alloc', 'abi.alloc-stray'],
    name: 'alloc zeroes bytes and words that the plugin wrote at any distance beyond its blocks',
    run: ({ call }) => {
      for (const [name, at] of [
        ['store_u8', 500n],
        ['store_u64', 501n],
        ['store_u64', 25n],
        ['store_u8', 40_000n],
        ['store_u64', REACHED_END - 8n],
      ] as const) {
        const a = call('alloc', 16n) as bigint;
        const address = at < 1000n ? a + at : at;
        call(name, address, name === 'store_u8' ? 255 : -1n);
        is(call('load_u8', address + (name === 'store_u8' ? 0n : 7n)), 255, 'the stray byte can be read');
        const length = address - a + 8n;
        const b = call('alloc', length) as bigint;
        for (let byte = b; byte < b + length; byte++) is(call('load_u8', byte), 0, `${name} at ${at}`);
        call('reset');
      }
    },
  },
  {
    row: ['env.alloc', 'abi.alloc-untouched'],
    name: 'alloc writes nothing to a block whose bytes are zero already',
    run: ({ call, kernel }) => {
      // Later blocks need no growth, which would replace the buffer.
      ok(call('alloc', 500_000n) !== 0n);
      kernel.begin();
      kernel.memory.wipe();
      // A store beyond the blocks of the call before does not count.
      call('store_u8', REACHED_END - 1n, 1);
      kernel.begin();
      // Marks the memory without the kernel's knowledge: an allocation that writes zeros would remove the marks.
      const bytes = new Uint8Array(kernel.memory.memory.buffer).fill(0x5a, 64);
      for (const length of [1n, 17n, 40_000n, 400_000n]) ok(call('alloc', length) !== 0n);
      // A word that ends where the last block ends is not beyond it.
      const end = 64n + BigInt(kernel.memory.usedBytes);
      call('store_u64', end - 8n, 0x5a5a5a5a_5a5a5a5an);
      call('store_u8', end - 1n, 0x5a);
      ok(call('alloc', 1n) !== 0n);
      is(bytes.indexOf(0, 64), -1);
    },
  },
  {
    row: ['env.alloc', 'abi.alloc-last', 'abi.alloc-limit'],
    name: 'a block as large as the room under the limit fits, even if its rounded size does not',
    options: { maxBytes: 6 * 65_536 },
    run: async ({ call, kernel }) => {
      const room = 6n * 65_536n;
      for (const sizes of [[room], [room - 1n], [5n * 65_536n, 65_536n], [350_000n, 32_768n]]) {
        const handles = sizes.map(size => call('alloc', size));
        ok(!handles.includes(0n));
        const end = handles.at(-1) as bigint;
        call('free', end);
        is(call('alloc', sizes.at(-1)!), end, 'the freed block is used again, because no other room is left');
        equal(
          handles.map(handle => call('length', handle as bigint)),
          sizes,
        );
        kernel.begin();
      }
      call('alloc', 1n);
      await raises(() => call('alloc', room), { code: 'MEMORY_LIMIT', message: '393216 bytes' });
    },
  },
  {
    row: ['env.alloc', 'env.free', 'abi.alloc-last'],
    name: 'a freed block of an exact size is used again for any size that fits into it',
    options: { maxBytes: 1_000_000 },
    run: async ({ call }) => {
      const first = call('alloc', 900_000n);
      // Rounded up, it would not fit.
      const second = call('alloc', 82_000n);
      call('free', first as bigint);
      call('free', second as bigint);
      equal([call('alloc', 81_000n), call('alloc', 910_000n)], [second, first]);
      await raises(() => call('alloc', 2000n), { code: 'MEMORY_LIMIT' });
    },
  },
  {
    row: ['env.alloc', 'abi.alloc-zero', 'abi.alloc-huge', 'abi.alloc-wrap'],
    name: 'alloc returns 0 for a length of 0 or beyond 4 GiB',
    run: ({ call }) => {
      for (const length of [0n, 1n << 32n, 5n << 30n, 1n << 48n, 1n << 53n, -1n, -77n, -(1n << 63n)])
        is(call('alloc', length), 0n);
      ok(call('alloc', 8n) !== 0n);
    },
  },
  {
    row: ['env.alloc', 'abi.alloc-limit'],
    name: 'alloc over the configured limit ends the call with a memory-limit error',
    options: { maxBytes: 65_536 },
    run: async ({ call, kernel }) => {
      ok(call('alloc', 65_536n) !== 0n);
      await raises(() => call('alloc', 1n), { code: 'MEMORY_LIMIT', message: '65536 bytes' });
      is((kernel.ended as AbiError).code, 'MEMORY_LIMIT');
    },
  },
  {
    row: ['env.alloc', 'abi.alloc-reused', 'abi.alloc-reuse-time'],
    name: 'a freed block is used again, zeroed, once the memory would have to grow',
    run: ({ call }) => {
      const first = call('alloc', 300_000n) as bigint;
      call('store_u64', first, 7n);
      call('free', first);
      const others = [1, 2].map(() => call('alloc', 300_000n));
      ok(!others.includes(first), 'not while there is memory that was never used');
      is(call('load_u64', first), 7n, 'the old bytes are still there');
      is(call('alloc', 300_000n), first);
      is(call('load_u64', first), 0n);
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
    row: ['env.free', 'env.length', 'abi.free-zero', 'abi.length-none'],
    name: 'a freed block has length 0; freeing again or freeing nothing is harmless',
    run: ({ call }) => {
      const handle = call('alloc', 24n) as bigint;
      is(call('length', handle), 24n);
      for (const bad of [handle, handle, 0n, handle + 8n, 7n, -1n, 1n << 40n]) call('free', bad);
      is(call('length', handle), 0n);
    },
  },
  {
    row: ['env.free', 'abi.free-unknown', 'abi.free-interior'],
    name: 'free of a value that is not a handle does nothing and gives a diagnostic',
    run: ({ call, codes, text }) => {
      const handle = text('abc');
      const freed = text('x');
      call('free', freed);
      for (const bad of [freed, handle + 1n, 99n, -1n]) call('free', bad);
      equal(codes, Array(4).fill('UNKNOWN_HANDLE_FREED'));
      is(call('length', handle), 3n);
    },
  },
  {
    row: ['env.free', 'abi.free-unknown', 'abi.free-interior'],
    name: 'with strict, free of a value that is not a handle ends the call',
    options: { strict: true },
    run: async ({ call, text, kernel }) => {
      const handle = text('abc');
      await raises(() => call('free', handle + 1n), { code: 'UNKNOWN_HANDLE_FREED' });
      is((kernel.ended as AbiError).code, 'UNKNOWN_HANDLE_FREED');
    },
  },
  {
    row: ['env.free', 'abi.free-input'],
    name: 'free of the input makes its length 0 and keeps its offset',
    input: 'abc',
    run: ({ call }) => {
      const offset = call('input_offset') as bigint;
      call('free', offset);
      equal([call('input_offset'), call('input_length'), call('input_load_u8', 0n)], [offset, 0n, 0]);
    },
  },
  {
    row: ['env.free', 'env.output_set', 'abi.free-output', 'abi.free-output-reused'],
    name: 'an output that is freed after it was set keeps its bytes, also when blocks are used again',
    options: { maxBytes: 65_536 },
    run: ({ call, text, kernel }) => {
      const output = text('kept');
      call('output_set', output, 4n);
      call('free', output);
      is(call('length', output), 0n);
      for (let round = 0; round < 5000; round++) call('free', text('XXXX'));
      is(decode(outputOf(kernel)), 'kept');
    },
  },
  {
    row: ['env.free', 'abi.free-error'],
    name: 'an error text that is freed after it was set stays the error',
    run: ({ call, text, kernel }) => {
      const handle = text('oh no');
      call('error_set', handle);
      call('free', handle);
      equal([call('error_get'), kernel.error?.text], [handle, 'oh no']);
    },
  },
  {
    row: ['env.length', 'env.length_unsafe', 'abi.length-none', 'abi.length-interior', 'abi.length-unsafe'],
    name: 'the length of 0 and of interior, unknown and huge handles is 0',
    run: ({ call }) => {
      const handle = call('alloc', 64n) as bigint;
      is(call('length_unsafe', handle), 64n);
      for (const bad of [0n, handle + 1n, handle + 16n, handle - 16n, 63n, -1n, 1n << 53n]) {
        equal([call('length', bad), call('length_unsafe', bad)], [0n, 0n]);
      }
    },
  },
  {
    row: ['env.length', 'env.free', 'abi.length-end'],
    name: 'at the end of the reached pages, length and free treat unknown handles as elsewhere',
    run: ({ call, codes }) => {
      for (let address = REACHED_END - 80n; address <= REACHED_END; address++) {
        is(call('length', address), 0n);
        call('free', address);
      }
      is(codes.length, 81);
    },
  },
  {
    row: ['env.length', 'env.length_unsafe', 'env.free', 'abi.header-writes', 'abi.length-unsafe'],
    name: 'length and free do not depend on bytes that the plugin writes',
    run: ({ call }) => {
      const handles = [call('alloc', 20n) as bigint, call('alloc', 40n) as bigint];
      // Bytes in the form of a record must not count as one.
      for (let address = 64n; address < 256n; address += 4n) {
        call('store_u64', address, 0x00000007_00000001n);
      }
      equal(
        handles.map(handle => call('length', handle)),
        [20n, 40n],
      );
      for (const bad of [handles[0]! + 12n, handles[1]! + 16n]) {
        equal([call('length', bad), call('length_unsafe', bad)], [0n, 0n]);
      }
      for (const handle of handles) call('free', handle);
      equal(
        handles.map(handle => call('length', handle)),
        [0n, 0n],
      );
    },
  },
  {
    row: ['env.reset', 'abi.reset'],
    name: 'reset frees every block and forgets input, output and error',
    input: 'in',
    run: ({ call, text, kernel }) => {
      const handle = text('text');
      call('output_set', handle, 4n);
      call('error_set', handle);
      call('reset');
      equal([call('length', handle), call('input_length'), call('load_u64', handle)], [0n, 0n, 0n]);
      equal([outputOf(kernel), kernel.error], [null, null]);
    },
  },
  {
    row: ['env.memory_bytes', 'abi.memory-bytes'],
    name: 'memory_bytes returns the bytes that a plugin can address: the pages that blocks of this call have reached',
    run: ({ call, kernel }) => {
      is(call('memory_bytes'), REACHED_END - 64n);
      call('alloc', REACHED_END);
      is(call('memory_bytes'), 2n * REACHED_END - 64n);
      kernel.begin();
      is(call('memory_bytes'), REACHED_END - 64n);
    },
  },
]);
