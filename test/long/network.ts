import { graph } from '../fuzz/graph.ts';
import { runSeed } from '../fuzz/target.ts';
import { checkSchedule } from '../network/engine-model.ts';
import { checkNetwork } from '../network/random-network.ts';
import type { LongCase } from './case.ts';

const MUTATED_GRAPHS = 100_000;
const SCHEDULES = 10_000;
const NETWORKS = 10_000;

export const NETWORK_CASES: readonly LongCase[] = [
  {
    name: '100,000 mutated graph files give a plan or a coded error',
    run: async () => {
      for (let seed = 0; seed < MUTATED_GRAPHS; seed++) {
        const finding = await runSeed(graph, seed);
        if (finding)
          throw new Error(`seed ${seed}: ${JSON.stringify(finding.input)}`, { cause: finding.error });
      }
    },
  },
  {
    name: '10,000 random schedules of take, commit, crash and fence lose and double nothing',
    run: async () => {
      for (let seed = 0; seed < SCHEDULES; seed++) await checkSchedule(seed);
    },
  },
  {
    name: '10,000 random networks send the packets of a model, drain, and never deadlock',
    run: async () => {
      for (let seed = 0; seed < NETWORKS; seed++) await checkNetwork(seed);
    },
  },
];
