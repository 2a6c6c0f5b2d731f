import type { KernelTier } from '../../abi/index.ts';
import { decode, makeEnv, outputOf } from '../abi/kernels.ts';

/** The return value as unsigned number; `done` without a return value; `trap` if an exception ended the call. */
export type Answer = bigint | 'done' | 'trap';

/** A kernel to compare: its functions as a plugin calls them, and its memory as a host sees it. */
export interface Subject {
  name: string;
  /** Starts a call and places the input in a new block. */
  begin(input: Uint8Array): void;
  call(name: string, ...args: bigint[]): Answer;
  /** The output that the host would read after the call; null without one. */
  output(): Uint8Array | null;
  /** The error text that the host would read after the call. */
  error(): string | null;
  /** All of the memory, until it grows. */
  bytes(): Uint8Array;
  /** The first address that loads and stores do not reach. */
  end(): bigint;
}

const answerOf = (run: () => bigint | number | undefined): Answer => {
  try {
    const result = run();
    if (result === undefined) return 'done';
    return typeof result === 'bigint' ? BigInt.asUintN(64, result) : BigInt(result >>> 0);
  } catch {
    return 'trap';
  }
};

type Fn = (...args: (bigint | number)[]) => bigint | number | undefined;
/** Converts arguments to i64, except the second of `store_u8`, the only i32. */
const toWasm = (name: string, args: readonly bigint[]) =>
  args.map((arg, at) =>
    name === 'store_u8' && at === 1 ? Number(BigInt.asIntN(32, arg)) : BigInt.asIntN(64, arg),
  );

/** The official kernel, used as the native runtime does: `reset`, then the input copied and set; ranges read at the end. */
export function officialSubject(module: WebAssembly.Module): Subject {
  const exports = new WebAssembly.Instance(module, {}).exports as unknown as Record<string, Fn> & {
    memory: WebAssembly.Memory;
  };
  const bytes = () => new Uint8Array(exports.memory.buffer);
  const call: Subject['call'] = (name, ...args) => answerOf(() => exports[name]!(...toWasm(name, args)));
  const range = (start: Answer, length: Answer) =>
    bytes().slice(Number(start), Number(start) + Number(length));
  return {
    name: 'official',
    bytes,
    end: () => BigInt(bytes().length),
    call,
    begin: input => {
      call('reset');
      if (input.length === 0) return;
      const handle = call('alloc', BigInt(input.length)) as bigint;
      bytes().set(input, Number(handle));
      call('input_set', handle, BigInt(input.length));
    },
    output: () => range(call('output_offset'), call('output_length')),
    error: () => {
      const handle = call('error_get') as bigint;
      const length = handle === 0n ? 0n : call('length', handle);
      return length === 0n ? null : decode(range(handle, length));
    },
  };
}

export function plugboardSubject(tier: KernelTier): Subject {
  const env = makeEnv({ tier });
  return {
    name: tier,
    bytes: () => new Uint8Array(env.kernel.memory.memory.buffer),
    end: () => BigInt(env.kernel.memory.addressableBytes + 64),
    call: (name, ...args) => answerOf(() => env.call(name, ...toWasm(name, args))),
    begin: input => env.kernel.begin(input),
    output: () => outputOf(env.kernel),
    error: () => env.kernel.error?.text ?? null,
  };
}
