import type { Random } from '../helpers/random.ts';

/** An address in a form that is valid on kernels that place blocks differently. */
export type Address =
  | { from: 'block'; block: number; offset: bigint }
  /** Counted from the end of the memory. */
  | { from: 'end'; offset: bigint }
  | { from: 'zero'; offset: bigint };

export interface Step {
  name: string;
  address?: Address;
  /** The other parameter: a size, an offset or a value. */
  value?: bigint;
}

export const describeStep = ({ name, address, value }: Step): string => {
  const base = address && (address.from === 'block' ? `block ${address.block}` : address.from);
  return `${name}(${[address && `${base} + ${address.offset}`, value].filter(item => item !== undefined).join(', ')})`;
};

const FAR = [1n << 32n, 1n << 48n, 1n << 53n, 1n << 63n];
/** Added to a block on the first page, this gives an address inside the memory, on a page that no block has reached. */
const UNREACHED = 200_000n;
/** Addresses below the first block of both kernels. The first handle is 64 on ours and 77 on the official one. */
const LOW = [0n, 1n, 8n, 55n, 56n, 57n, 60n, 63n];
const EDGE = [-9n, -8n, -7n, -1n, 0n, 1n];

/** How many of 1000 steps are hostile: many if they are harmless, few if the call must end after them. */
const HOSTILITY = { harmless: 200, ends: 8 };

/** Returns a random step: mostly valid, often slightly wrong, sometimes hostile. `lengths` are the lengths of all blocks. */
export function randomStep(random: Random, lengths: readonly number[]): Step {
  const isHostile = (hostility: number) => random.below(1000) < hostility;
  /** Returns an address at which `bytes` bytes fit into a block, or a hostile address at its edges or beyond. */
  const block = (bytes: number, hostility: number): Address => {
    const fitting = lengths.flatMap((length, index) => (length >= bytes ? index : []));
    if (fitting.length === 0) return { from: 'zero', offset: 0n };
    const index = random.pick(fitting);
    const length = lengths[index]!;
    const inside = [0, 0, random.below(length - bytes + 1)];
    const edges = [-random.below(14), length - random.below(12), length + random.below(30)];
    return {
      from: 'block',
      block: index,
      offset: BigInt(random.pick(isHostile(hostility) ? edges : inside)),
    };
  };
  const address = (bytes: number, hostility: number): Address => {
    if (!isHostile(hostility)) return block(bytes, hostility);
    switch (random.below(4)) {
      case 0:
        return { from: 'end', offset: random.pick(EDGE) };
      case 1:
        return { from: 'zero', offset: random.pick(LOW) };
      case 2:
        return { from: 'zero', offset: random.u64() | (1n << 40n) };
      default: {
        const near = block(bytes, hostility);
        return { ...near, offset: near.offset + random.pick([...FAR, UNREACHED]) };
      }
    }
  };
  const size = () => {
    if (isHostile(HOSTILITY.ends)) return random.pick([0n, ...FAR, (1n << 64n) - 1n, (1n << 64n) - 77n]);
    return BigInt(random.below(random.pick([4, 40, 400, 4000, random.below(3) === 0 ? 60_000 : 40])));
  };
  const rangeLength = (from: Address) => {
    if (isHostile(HOSTILITY.ends)) return (1n << 64n) - 1n - BigInt(random.below(100));
    if (from.from !== 'block' || isHostile(50)) return size();
    return BigInt(
      random.below(Math.max(1, lengths[from.block]! - Number(BigInt.asIntN(32, from.offset)) + 1)),
    );
  };
  const range = (name: string): Step => {
    if (isHostile(HOSTILITY.ends)) return { name, address: { from: 'zero', offset: 0n }, value: 0n };
    const start = address(0, 3 * HOSTILITY.ends);
    return { name, address: start, value: rangeLength(start) };
  };
  const inputOffset = () =>
    random.below(6) === 0 ? BigInt.asUintN(64, -BigInt(1 + random.below(12))) : BigInt(random.below(50));
  const steps: (() => Step)[] = [
    () => ({ name: 'alloc', value: size() }),
    () => ({ name: 'alloc', value: BigInt(1 + random.below(64)) }),
    () => ({ name: 'free', address: address(1, HOSTILITY.harmless) }),
    () => ({ name: 'length', address: address(1, HOSTILITY.harmless) }),
    () => ({ name: 'length_unsafe', address: address(1, HOSTILITY.harmless) }),
    () => ({ name: 'load_u8', address: address(1, HOSTILITY.harmless) }),
    () => ({ name: 'load_u64', address: address(8, HOSTILITY.harmless) }),
    // The size of an earlier block: a freed block may fit it.
    () => ({ name: 'alloc', value: lengths.length ? BigInt(random.pick(lengths)) : 8n }),
    () => ({ name: 'store_u8', address: address(1, HOSTILITY.ends), value: BigInt(random.u32()) }),
    () => ({ name: 'store_u64', address: address(8, HOSTILITY.ends), value: random.u64() }),
    () => ({ name: 'input_load_u8', value: inputOffset() }),
    () => ({ name: 'input_load_u64', value: inputOffset() }),
    () => range(random.below(3) === 0 ? 'input_set' : 'output_set'),
    () => ({
      name: 'error_set',
      address: random.below(6) === 0 ? { from: 'zero', offset: 0n } : address(1, HOSTILITY.ends),
    }),
    () => ({ name: random.pick(['memory_bytes', 'error_get', 'input_length', 'output_length']) }),
    () => ({ name: random.below(30) === 0 ? 'reset' : 'length', address: block(1, 0) }),
  ];
  const step = random.pick(steps)();
  return step.name === 'reset' ? { name: 'reset' } : step;
}
