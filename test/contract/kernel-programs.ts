import { type Env, makeEnv, outputOf } from '../abi/kernels.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import type { Random } from '../helpers/random.ts';

/** A call of a kernel function; arguments are integers as text. */
export type KernelStep = readonly [name: string, ...args: readonly string[]];
/** Calls of a plugin, each with its input as bytes. */
export type KernelProgram = readonly {
  readonly input: readonly number[];
  readonly steps: readonly KernelStep[];
}[];

const CALLS = 3;
const STEPS = 120;
/** The first address of the memory. */
const FIRST = 64n;
const INTERESTING = [
  0n,
  1n,
  7n,
  8n,
  15n,
  16n,
  63n,
  64n,
  1n << 16n,
  (1n << 20n) - 8n,
  (1n << 20n) - 1n,
  1n << 20n,
  1n << 32n,
  1n << 53n,
];

/** One step of a random plugin: mostly with valid arguments, often with slightly wrong ones, sometimes with hostile ones. */
function randomStep(random: Random, handles: bigint[]): [name: string, ...args: (bigint | number)[]] {
  const near = () => {
    const base =
      random.below(4) === 0 ? random.pick(INTERESTING) : handles.length ? random.pick(handles) : 64n;
    const off = BigInt(random.below(5) === 0 ? random.below(40) - 20 : random.below(3) * 8);
    return random.below(30) === 0 ? BigInt.asIntN(64, random.u64()) : base + off;
  };
  const size = () => (random.below(20) === 0 ? random.pick(INTERESTING) : BigInt(random.below(300)));
  const key = () => (handles.length ? random.pick(handles) : 0n);
  const steps: (() => [string, ...(bigint | number)[]])[] = [
    () => ['alloc', random.below(100) === 0 ? BigInt(random.below(3_000_000)) : size()],
    () => ['alloc', BigInt(1 + random.below(64))],
    () => ['free', near()],
    () => ['length', near()],
    () => ['length_unsafe', near()],
    () => ['load_u8', near()],
    () => ['load_u64', near()],
    () => ['store_u8', near(), random.u32() | 0],
    () => ['store_u64', near(), BigInt.asIntN(64, random.u64())],
    () => ['input_load_u8', BigInt(random.below(40) - 10)],
    () => ['input_load_u64', random.below(4) === 0 ? near() : BigInt(random.below(40) - 10)],
    () => ['input_set', near(), size()],
    () => ['output_set', near(), size()],
    () => ['error_set', near()],
    () => ['var_set', key(), random.below(3) === 0 ? 0n : key()],
    () => ['var_get', key()],
    () => ['config_get', key()],
    () => ['log_info', near()],
    () => [
      random.pick([
        'input_offset',
        'input_length',
        'output_offset',
        'output_length',
        'error_get',
        'memory_bytes',
      ]),
    ],
    () => [random.below(50) === 0 ? 'reset' : 'get_log_level'],
  ];
  return random.pick(steps)();
}

const makeKernel = (tier: 'reference' | 'accessors', log: (line: string) => void = () => {}): Env => {
  const options = { maxVarBytes: 600, maxBytes: 4 << 20, config: new Map([['', 'nameless']]) };
  return makeEnv({ ...options, tier, logLevel: 'info', onLog: (...entry) => log(entry.join(':')) });
};

/** The result of a step as a signed number; `refused` if it threw. */
function run({ call }: Env, [name, ...args]: KernelStep): bigint | 'refused' {
  const values = args.map((arg, at) => (name === 'store_u8' && at === 1 ? Number(arg) : BigInt(arg)));
  try {
    return BigInt.asIntN(64, BigInt(call(name, ...values) ?? 0));
  } catch {
    return 'refused';
  }
}

/** Makes a program. Its addresses come from a kernel that runs the same steps. */
export function randomKernelProgram(random: Random): KernelProgram {
  const env = makeKernel('reference');
  return Array.from({ length: CALLS }, () => {
    const input = [...random.bytes(random.below(40))];
    env.kernel.begin(Uint8Array.from(input));
    const handles: bigint[] = [];
    const steps = Array.from({ length: STEPS }, (): KernelStep => {
      const [name, ...args] = randomStep(random, handles);
      const step: KernelStep = [name, ...args.map(String)];
      const result = run(env, step);
      if (name === 'alloc' && typeof result === 'bigint' && result !== 0n) handles.push(result);
      return step;
    });
    return { input, steps };
  });
}

/** The rules of blocks, written once more without regard to speed: a list of live blocks, each with its known bytes. */
class BlockModel {
  #blocks: { start: bigint; bytes: (number | undefined)[] }[] = [];

  add(start: bigint, bytes: (number | undefined)[]): void {
    is(start % 8n, 0n, `the handle ${start} is aligned`);
    const end = start + BigInt(bytes.length);
    const taken = this.#blocks.find(
      block => start < block.start + BigInt(block.bytes.length) && block.start < end,
    );
    is(taken, undefined, `the block ${start} of ${bytes.length} bytes overlaps a live one`);
    this.#blocks.push({ start, bytes });
  }

  /** Checks the result of a step against the rules, and notes its effect. */
  note([name, ...args]: KernelStep, result: bigint, env: Env): void {
    const [first = 0n, second = 0n] = args.map(BigInt);
    const block = this.#blocks.find(({ start }) => start === BigInt.asUintN(64, first));
    if (name === 'alloc' && result !== 0n) this.add(result, Array(Number(first)).fill(0));
    if (name === 'free') this.#blocks = this.#blocks.filter(item => item !== block);
    if (name === 'length' || name === 'length_unsafe') is(result, BigInt(block?.bytes.length ?? 0));
    if (name === 'reset') this.#blocks = [];
    if ((name === 'var_get' || name === 'config_get') && result !== 0n)
      this.add(result, Array(Number(env.call('length', result))).fill(undefined));
    const size = { load_u8: 1, load_u64: 8, store_u8: 1, store_u64: 8 }[name];
    if (size === undefined) return;
    const at = BigInt.asUintN(64, first);
    // An access that is not wholly inside the memory has no effect.
    if (at < FIRST || at + BigInt(size) > FIRST + BigInt(env.kernel.memory.addressableBytes)) {
      if (name.startsWith('load')) is(result, 0n);
      return;
    }
    for (const { start, bytes } of this.#blocks) {
      for (let index = 0; index < size; index++) {
        const place = Number(at - start) + index;
        if (place < 0 || place >= bytes.length) continue;
        const shift = BigInt(8 * index);
        if (name.startsWith('store')) bytes[place] = Number((BigInt.asUintN(64, second) >> shift) & 0xffn);
        else if (bytes[place] !== undefined) {
          const loaded = Number((BigInt.asUintN(64, result) >> shift) & 0xffn);
          is(loaded, bytes[place]);
        }
      }
    }
  }
}

/**
 * Runs a program on both kernels, and checks that they agree with each other and with the rules of blocks. After a step that
 * ends the call, both must refuse further steps until the next call.
 */
export function checkKernelProgram(program: KernelProgram): void {
  const logs: [string[], string[]] = [[], []];
  const reference = makeKernel('reference', line => logs[0].push(line));
  const accessors = makeKernel('accessors', line => logs[1].push(line));
  for (const [round, { input, steps }] of program.entries()) {
    const model = new BlockModel();
    for (const { kernel } of [reference, accessors]) kernel.begin(Uint8Array.from(input));
    if (input.length > 0) model.add(BigInt(reference.call('input_offset')!), [...input]);
    let isEnded = false;
    for (const [at, step] of steps.entries()) {
      const [a, b] = [run(reference, step), run(accessors, step)];
      const where = `call ${round}, step ${at}, ${step[0]}(${step.slice(1).join(', ')})`;
      is(a, b, `${where}: reference ${a}, accessors ${b}`);
      if (a === 'refused') isEnded = true;
      else ok(!isEnded || a === 0n, `${where}: the call has ended`);
      if (a !== 'refused' && !isEnded) {
        try {
          model.note(step, a, reference);
        } catch (error) {
          throw new Error(`${where}: ${(error as Error).message}`);
        }
      }
    }
    const [a, b] = [reference, accessors].map(({ kernel }) => ({
      output: outputOf(kernel),
      error: kernel.error?.text,
      ended: (kernel.ended as { code?: string } | null)?.code,
      vars: [...kernel.vars.snapshot()],
    }));
    is(JSON.stringify(a), JSON.stringify(b), `the result of call ${round}`);
    const [one, two] = [reference, accessors].map(({ kernel }) => kernel.memory);
    for (let word = 0; word < 5000; word++) {
      const address = 64 + word * 8;
      is(one!.loadU64(address), two!.loadU64(address), `memory at ${address}`);
    }
  }
  equal(logs[0], logs[1], 'logs');
}
