import process from 'node:process';
import { createSharedBacking, type KernelTier } from '../../abi/index.ts';
import { makeEnv } from '../abi/kernels.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import type { LongCase } from './case.ts';

const TOTAL_BYTES = 4.1e9;
const MIB = 2 ** 20;
/** Limit for the growth of resident memory by 4.1 GB of blocks that are never written. */
const RESIDENT_BYTES = 150 * MIB;
const CEILING_BYTES = 2 ** 32;

const KINDS: readonly [name: string, tier: KernelTier, isShared: boolean][] = [
  ['reference', 'reference', false],
  ['accessors', 'accessors', false],
  ['shared with a worker', 'accessors', true],
];

const envOf = (tier: KernelTier, isShared: boolean) =>
  makeEnv({ tier, ...(isShared && { backing: createSharedBacking() }) });

const residentBytes = () => process.memoryUsage().rss;

const blocksOf = (bytes: number): LongCase[] =>
  KINDS.map(([kind, tier, isShared]) => ({
    name: `4.1 GB in blocks of ${bytes} bytes take no memory, kernel memory: ${kind}`,
    async run() {
      const { kernel, call } = envOf(tier, isShared);
      kernel.begin(new Uint8Array(16));
      const before = residentBytes();
      let blocks = 0;
      for (; (blocks + 1) * bytes <= TOTAL_BYTES; blocks++) ok(call('alloc', BigInt(bytes)) !== 0n);
      const took = residentBytes() - before;
      console.log(`${blocks} blocks, ${Math.round(took / MIB)} MiB`);
      ok(took <= RESIDENT_BYTES, `${took} bytes`);
      kernel.begin(new Uint8Array(16));
      is(call('memory_bytes'), 65_472n);
      is(call('length', call('alloc', 16n) as bigint), 16n);
      ok(residentBytes() - before <= RESIDENT_BYTES, 'the next call takes no memory either');
    },
  }));

const largest: LongCase[] = KINDS.map(([kind, tier, isShared]) => ({
  name: `a block may take all of 4 GiB but the first 64 bytes, kernel memory: ${kind}`,
  async run() {
    const { call } = envOf(tier, isShared);
    const length = BigInt(CEILING_BYTES - 64);
    is(call('alloc', length), 64n);
    equal([call('length', 64n), call('memory_bytes')], [length, length]);
    call('store_u64', length + 56n, 7n);
    equal([call('load_u64', length + 56n), call('load_u64', length + 57n)], [7n, 0n]);
    is(call('alloc', 1n), 0n);
    call('reset');
    call('alloc', length);
    is(call('load_u64', length + 56n), 0n, 'it is zero again in the next call');
  },
}));

const SPREAD_BYTES = 2.2e9;
const SPREAD_BLOCK_BYTES = 64 * MIB;
const PAGE_BYTES = 65_536n;

const cleared: LongCase[] = KINDS.map(([kind, tier, isShared]) => ({
  name: `more than 2 GiB of blocks, each page written, are zero in the next call, kernel memory: ${kind}`,
  run() {
    const { kernel, call } = envOf(tier, isShared);
    const size = BigInt(SPREAD_BLOCK_BYTES);
    const allocate = () =>
      Array.from(
        { length: Math.ceil(SPREAD_BYTES / SPREAD_BLOCK_BYTES) },
        () => call('alloc', size) as bigint,
      );
    const eachWord = (handle: bigint, use: (address: bigint) => void) => {
      for (let at = 0n; at < size; at += PAGE_BYTES) use(handle + at);
      use(handle + size - 8n);
    };
    kernel.begin('input');
    const handles = allocate();
    ok(handles.at(-1)! > 2n ** 31n);
    for (const handle of handles) eachWord(handle, address => call('store_u64', address, -1n));
    call('output_set', handles.at(-1)!, size);
    kernel.begin('input');
    equal(
      [kernel.memory.hasOutput, call('input_length'), call('memory_bytes')],
      [false, 5n, PAGE_BYTES - 64n],
    );
    for (const handle of handles) equal([call('length', handle), call('load_u64', handle)], [0n, 0n]);
    equal(allocate(), handles, 'handles start over');
    for (const handle of handles) eachWord(handle, address => is(call('load_u64', address), 0n));
  },
}));

export const MEMORY_CASES: readonly LongCase[] = [
  ...[65_536, 106_496, MIB, 16 * MIB, 1e9].flatMap(blocksOf),
  ...largest,
  ...cleared,
];
