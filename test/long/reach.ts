import { checkFixture, checkReach, checkReachOfModule, type ReachCounts } from '../contract/reach.ts';
import { ok } from '../helpers/assert.ts';
import { readCaseFile, readIndex } from '../helpers/cases.ts';
import { setTestHost } from '../helpers/host.ts';
import { nodeHost } from '../helpers/node.ts';
import { Random } from '../helpers/random.ts';
import type { LongCase } from './case.ts';

setTestHost(nodeHost);

const SEEDS = 10_000;

async function sum(checks: readonly (() => Promise<ReachCounts>)[]): Promise<void> {
  const total = { traced: 0, excluded: 0 };
  for (const check of checks) {
    const { traced, excluded } = await check();
    total.traced += traced;
    total.excluded += excluded;
  }
  console.log(`${checks.length} plugins: ${total.traced} calls inside, ${total.excluded} imports excluded`);
  ok(total.traced > 0 && total.excluded > 0);
}

const seeds = (check: (random: Random) => Promise<ReachCounts>) =>
  Array.from({ length: SEEDS }, (_, seed) => () => check(new Random(seed)));

/** Calls of imports against the reach of the export that runs. */
export const REACH_CASES: readonly LongCase[] = [
  {
    name: `reach of ${SEEDS} random plugins whose functions call each other in every way`,
    run: () => sum(seeds(checkReach)),
  },
  { name: `reach of ${SEEDS} random modules of all instructions`, run: () => sum(seeds(checkReachOfModule)) },
  {
    name: 'reach of each fixture, loads and stores of the kernel included',
    run: () => sum(readIndex().map(folder => () => checkFixture(folder, readCaseFile(folder), 'reference'))),
  },
];
