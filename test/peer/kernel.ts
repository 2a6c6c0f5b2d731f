import { Comparison } from './compare.ts';
import { DIFFERENCES, SEEN_IN_MEMORY } from './differences.ts';
import { fetchOfficialKernel, Unavailable } from './official-kernel.ts';

// Runs random programs on the official kernel and on both of our tiers: `npm run test:peer`, or with seeds as arguments. With
// --quick few seeds are new.

const isCi = Boolean(process.env.CI);
const isQuick = process.argv.includes('--quick');
/** `npm run test:long -- thorough` has more. */
const SEEDS = process.env.PLUGBOARD_THOROUGH ? 2000 : isQuick ? 280 : 500;
/** The first seeds are equal in every run, so that each known difference occurs. The others are new in every run. */
const FIXED_SEEDS = 250;
/** Meets the rarest difference. */
const RARE_SEED = 390;
const firstNew = Math.floor(Date.now() / 1000);
const given = process.argv
  .slice(2)
  .filter(arg => arg !== '--quick')
  .map(Number);
const seeds = given.length
  ? given
  : Array.from({ length: SEEDS }, (_, at) => {
      if (at === 0) return RARE_SEED;
      return at < FIXED_SEEDS ? at : firstNew + at;
    });

function main(): { passed: number; failed: number } {
  let module: WebAssembly.Module;
  try {
    module = fetchOfficialKernel();
  } catch (error) {
    if (!(error instanceof Unavailable) || isCi) throw error;
    console.log(`skipped: the official kernel is not to be had: ${error.message}`);
    return { passed: 0, failed: 0 };
  }
  console.log(`${seeds.length} seeds, up to ${seeds.at(-1)}, on each tier; known differences met:`);
  let passed = 0;
  const failures: string[] = [];
  const met = new Map<string, number>();
  for (const seed of seeds) {
    for (const tier of ['reference', 'accessors'] as const) {
      try {
        new Comparison(module, tier, seed, met).run();
        passed++;
      } catch (error) {
        failures.push((error as Error).message);
      }
    }
  }
  for (const row of [...SEEN_IN_MEMORY, ...DIFFERENCES.map(({ row }) => row)]) {
    const times = met.get(row) ?? 0;
    console.log(`${String(times).padStart(7)} × abi.${row}`);
    if (times > 0) passed++;
    else if (!given.length) failures.push(`abi.${row}: no program met this difference; is it still one?`);
  }
  for (const failure of failures.slice(0, 20)) console.log(failure);
  return { passed, failed: failures.length };
}

const { passed, failed } = main();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
