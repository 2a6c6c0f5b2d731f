import { host } from '../helpers/host.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';
import { makeEnv, outputOf } from './kernels.ts';

/** Number of new seeds in one run; in CI the second number. */
const SEEDS = [300, 2000] as const;
const STEPS = 120;
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

/** Runs a random program on both kernels. After a step that ends the call, both must refuse further steps until the next call. */
function runProgram(seed: number): void {
  const random = new Random(seed);
  const options = { maxVarBytes: 600, maxBytes: 4 << 20, config: new Map([['', 'nameless']]) };
  const logs: [string[], string[]] = [[], []];
  const [reference, accessors] = (['reference', 'accessors'] as const).map((tier, index) =>
    makeEnv({ ...options, tier, logLevel: 'info', onLog: (...log) => logs[index]!.push(log.join(':')) }),
  ) as [ReturnType<typeof makeEnv>, ReturnType<typeof makeEnv>];
  const differ = (what: string, a: unknown, b: unknown) => {
    if (String(a) !== String(b)) throw new Error(`seed ${seed}: ${what}: reference ${a}, accessors ${b}`);
  };

  for (let round = 0; round < 3; round++) {
    const input = random.bytes(random.below(40));
    const handles: bigint[] = [];
    for (const { kernel } of [reference, accessors]) kernel.begin(input);
    for (let step = 0; step < STEPS; step++) {
      const [name, ...args] = randomStep(random, handles);
      const [a, b] = [reference, accessors].map(({ call }) => {
        try {
          return BigInt.asIntN(64, BigInt(call(name, ...args) ?? 0));
        } catch {
          return 'refused';
        }
      });
      differ(`step ${step}, ${name}(${args.join(', ')})`, a, b);
      if (name === 'alloc' && typeof a === 'bigint' && a !== 0n) handles.push(a);
    }
    const [a, b] = [reference, accessors].map(({ kernel }) => ({
      output: outputOf(kernel),
      error: kernel.error?.text,
      ended: (kernel.ended as { code?: string } | null)?.code,
      vars: [...kernel.vars.snapshot()],
    }));
    differ('the result of the call', JSON.stringify(a), JSON.stringify(b));
    for (let word = 0; word < 5000; word++) {
      const address = 64 + word * 8;
      differ(
        `memory at ${address}`,
        reference.kernel.memory.loadU64(address),
        accessors.kernel.memory.loadU64(address),
      );
    }
  }
  differ('logs', logs[0], logs[1]);
}

suite('abi/differential', test => {
  test('reference and accessors agree on random programs, new in every run, and on fixed ones', () => {
    // A failure names its seed.
    const first = Math.floor(Date.now() / 1000) >>> 0;
    for (let seed = 0; seed < 20; seed++) runProgram(seed);
    const seeds = SEEDS[host().thorough ? 1 : 0];
    for (let seed = first; seed < first + seeds; seed++) runProgram(seed);
  });
});
