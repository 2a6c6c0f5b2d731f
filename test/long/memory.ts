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

export const MEMORY_CASES: readonly LongCase[] = [
  ...[65_536, 106_496, MIB, 16 * MIB, 1e9].flatMap(blocksOf),
  ...largest,
];
