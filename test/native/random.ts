import { differencesOf, type GivenCall, runCalls } from '../../src/cli/conformance/differences.ts';
import { ownHost } from '../../src/cli/conformance/hosts.ts';
import { processHost } from '../../src/cli/conformance/process-host.ts';
import type { Scenario } from '../../src/conformance/host.ts';
import { Random } from '../helpers/random.ts';
import { nativePython } from './native.ts';

// Random programs on the whole native runtime and on plugboard: `npm run test:native`. The plugin fixtures/script runs them.

const PLUGINS = 150;
const CALLS = 4;
const STEPS = 25;
const SIZES = [1, 7, 8, 9, 64, 1000, 4096, 65_536, 65_537, 1_000_000];
const LARGE_BYTES = 40_000_000;
const KEYS = ['a', 'A', 'é', 'long key', ''];
/** Addresses that no block has. */
const OUTSIDE = ['0', '1', '56', '1099511627776', '9223372036854775807'];
const CONFIG = { a: 'one', é: 'two' };

interface Block {
  letter: string;
  size: number;
  /** Offsets of words that the program stored. */
  words: number[];
}

/** A program for one call. It reads only bytes that it wrote, since other bytes differ between hosts: see abi.alloc-reused. */
function program(random: Random): string {
  const lines: string[] = [];
  const blocks: Block[] = [];
  const free = [...'abcdefghijkl'];
  const some = () => random.pick(blocks);
  const text = () => `"${random.pick(['x', 'two words', 'é', 'more'])}"`;
  const steps: Record<string, () => string[]> = {
    alloc: () => {
      const letter = free.shift();
      if (letter === undefined) return [];
      const size = random.below(40) === 0 ? LARGE_BYTES : random.pick(SIZES);
      blocks.push({ letter, size, words: [] });
      return [`${letter} = alloc ${size}`, `? length ${letter}`];
    },
    store: () => {
      const { letter, size, words } = some();
      if (size < 8) return [`store_u8 ${letter} ${random.below(300)}`, `? load_u8 ${letter}`];
      const at = random.below(size - 7);
      words.push(at);
      return [`store_u64 ${letter}+${at} ${BigInt.asIntN(64, random.u64())}`];
    },
    load: () => {
      const { letter, words } = some();
      return words.length === 0
        ? []
        : [`? load_u64 ${letter}+${random.pick(words)}`, `? load_u8 ${letter}+${random.pick(words) + 3}`];
    },
    free: () => {
      const [{ letter }] = blocks.splice(random.below(blocks.length), 1) as [Block];
      return [`free ${letter}`, `? length ${letter}`, `free ${letter}`];
    },
    interior: () => {
      const { letter } = some();
      return [`? length ${letter}+1`, `free ${letter}+1`, `? length ${letter}`];
    },
    outside: () => {
      const at = random.pick(OUTSIDE);
      return [`? load_u8 ${at}`, `? load_u64 ${at}`, `store_u8 ${at} 1`, `? length ${at}`, `free ${at}`];
    },
    nothing: () => ['? alloc 0', '? alloc 5000000000'],
    input: () => [
      `? input_load_u8 ${random.below(100_000)}`,
      `? input_load_u64 ${random.below(8)}`,
      '? input_length',
    ],
    var: () => {
      const key = `"${random.pick(KEYS)}"`;
      return random.below(3) === 0
        ? [`var_set ${key} 0`]
        : [`z = var_get ${key}`, '! block z', 'show z', `var_set ${key} ${text()}`];
    },
    config: () => [`z = config_get "${random.pick(['a', 'é', 'missing'])}"`, 'show z'],
    log: () => [`log_${random.pick(['debug', 'info', 'warn', 'error'])} ${text()}`],
    output: () => [`output_set ${some().letter} 1`],
    error: () => (random.below(3) === 0 ? [`error_set ${text()}`] : [`error_set ${text()}`, 'error_set 0']),
  };
  lines.push(...steps.alloc!());
  for (let count = 0; count < STEPS; count++) {
    const name = random.pick(Object.keys(steps));
    if (blocks.length > 0 || !/^(store|load|free|interior|output)$/.test(name)) lines.push(...steps[name]!());
  }
  const end = random.below(10);
  if (end === 0) lines.push('trap');
  if (end === 1) lines.push(`return ${random.below(300)}`);
  return lines.join('\n');
}

const scenario: Scenario = {
  id: 'random',
  manifest: { wasm: [{ path: 'script/script.wasm' }], config: CONFIG },
  wasi: true,
  logLevel: 'trace',
  httpHeaders: false,
  hostFunctions: [],
  folders: {},
};

/** Known differences of these programs. Each must occur. */
const KNOWN: readonly { row: string; text: RegExp }[] = [];

/** Programs of the first seeds are equal in every run, so that each known difference occurs. */
const FIXED_PLUGINS = PLUGINS / 2;

interface Found {
  calls: number;
  /** The differences that are not known, with seed and program. */
  problems: string[];
  /** Row → number of calls that met it. */
  met: Map<string, number>;
}

/** Runs random programs on both. */
export async function compareWithNative(): Promise<Found> {
  const folder = `${process.cwd()}/fixtures`;
  const native = await processHost([nativePython(), 'fixtures/adapters/native.py'], folder, 60_000);
  const own = ownHost(folder);
  const found: Found = { calls: 0, problems: [], met: new Map() };
  const firstNew = Math.floor(Date.now() / 1000);
  for (let at = 0; at < PLUGINS; at++) {
    const seed = at < FIXED_PLUGINS ? at : firstNew + at;
    const random = new Random(seed);
    const calls = Array.from(
      { length: CALLS },
      (): GivenCall => ({ function: 'run', input: { text: program(random) } }),
    );
    const ours = await runCalls(own, scenario, calls, new Map(), new Set());
    const theirs = await runCalls(native, scenario, calls, new Map(), new Set());
    for (const { call, text } of differencesOf(ours, theirs)) {
      const known = KNOWN.find(item => item.text.test(text));
      if (known) found.met.set(known.row, (found.met.get(known.row) ?? 0) + 1);
      else
        found.problems.push(`seed ${seed}, call ${call}: ${text}\n${JSON.stringify(calls[call - 1]?.input)}`);
    }
    found.calls += calls.length;
  }
  await native.close();
  for (const { row } of KNOWN)
    if (!found.met.has(row)) found.problems.push(`abi.${row} did not occur: remove it from KNOWN`);
  return found;
}
