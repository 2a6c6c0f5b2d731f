import { HEADER } from '../../abi/header.ts';
import { createSharedBacking, KernelMemory } from '../../abi/index.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { envSuite } from './env-rows.ts';

/** Null, or why this engine cannot share a kernel memory. */
function lacking(): string | null {
  try {
    createSharedBacking();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

suite(
  'abi/hand-over',
  test => {
    test('the other thread knows all sizes and blocks, and allocates behind them', () => {
      const backing = createSharedBacking();
      const [one, other] = [new KernelMemory({ backing }), new KernelMemory({ backing })];
      const handles = [17, 1000, 350_000].map(length => one.alloc(length));
      one.free(handles[1]!);
      one.handOver();
      other.takeOver();
      equal([other.askedBytes, other.usedBytes], [one.askedBytes, one.usedBytes]);
      equal(
        handles.map(handle => other.length(handle)),
        [17, 0, 350_000],
      );
      const last = other.alloc(16);
      is(last > handles[2]!, true);
      other.handOver();
      one.takeOver();
      is(one.length(last), 16);
    });

    test('the other thread reads all bytes of a block for which the memory grew', () => {
      const backing = createSharedBacking();
      const [one, other] = [new KernelMemory({ backing }), new KernelMemory({ backing })];
      const handle = one.place(new Uint8Array(3_000_000).fill(7));
      one.handOver();
      other.takeOver();
      is(other.sizeBytes, one.sizeBytes);
      equal([other.loadU8(handle + 2_999_999), other.view(handle, 3_000_000).length], [7, 3_000_000]);
      is(other.loadU64(handle + 2_999_992), 0x07070707_07070707n);
    });

    for (const isEnded of [false, true])
      test(`a call that ${isEnded ? 'has' : 'has not'} ended ${isEnded ? 'is ended' : 'goes on'} on the other thread`, () => {
        const backing = createSharedBacking();
        const [one, other] = [new KernelMemory({ backing }), new KernelMemory({ backing })];
        one.reset(new Uint8Array(10));
        if (isEnded) one.markEnded();
        one.handOver();
        other.takeOver();
        other.alloc(100_000);
        equal([other.inputStart, other.inputLength], [one.inputStart, isEnded ? 0 : 10]);
        const header = new DataView(backing.memory.buffer);
        const spans = [HEADER.span1, HEADER.blockSpan1].map(at => header.getUint32(at, true));
        equal(spans, isEnded ? [0, 0] : [other.addressableBytes, other.usedBytes]);
      });

    test('bytes that one thread wrote beyond its blocks are zero in a block of the other', () => {
      const backing = createSharedBacking();
      const [one, other] = [new KernelMemory({ backing }), new KernelMemory({ backing })];
      const handle = one.alloc(16);
      one.storeU64(handle + 16, -1n);
      one.handOver();
      other.takeOver();
      is(other.loadU64(other.alloc(16)), 0n);
    });
  },
  lacking(),
);

envSuite('free blocks of an exact size', [
  {
    row: ['env.alloc', 'env.free', 'abi.alloc-last'],
    name: 'the larger of two is used once, although the smaller one was freed later',
    options: { maxBytes: 1_000_000 },
    run: async ({ call }) => {
      const large = call('alloc', 900_000n) as bigint;
      const small = call('alloc', 82_000n) as bigint;
      call('free', large);
      call('free', small);
      equal([call('alloc', 850_000n), call('alloc', 81_000n)], [large, small]);
      await raises(() => call('alloc', 850_000n), { code: 'MEMORY_LIMIT' });
    },
  },
]);
