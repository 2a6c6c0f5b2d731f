import { MemoryEngine } from '../../src/network/engine/memory-engine.ts';
import { engineContract } from '../contract/engine.ts';
import { suite } from '../helpers/suite.ts';
import { checkSchedule } from './engine-model.ts';

const SEEDS = 1000;

suite('engine in memory', test => {
  engineContract(test, {
    create: async (plan, options) => {
      const engine = new MemoryEngine(options);
      await engine.open(plan);
      return engine;
    },
    // The memory is the storage: a process that dies in it is a session that nobody closes.
    crash: async engine => engine,
  });

  test('random schedules of take, commit, crash and fence lose and double nothing', async () => {
    const first = Date.now() & 0xffff_ffff;
    for (let seed = first; seed < first + SEEDS; seed++) await checkSchedule(seed);
  });
});
