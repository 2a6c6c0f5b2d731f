import { Message } from '../../src/actor/index.ts';
import { MemoryEngine } from '../../src/network/engine/memory-engine.ts';
import type { Plan } from '../../src/network/index.ts';
import { engineContract, planOf, stepOf } from '../contract/engine.ts';
import { is, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { checkSchedule, withoutClock } from './engine-model.ts';

const SEEDS = host().thorough ? 1000 : 200;

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

  const filled = async (plan: Plan, packets: number, bytes = 0) => {
    const engine = new MemoryEngine();
    await engine.open(plan);
    const [a] = [await engine.own({ node: 'a' }), await engine.own({ node: 'b' })];
    const message = Message.string('x'.repeat(bytes));
    const sent = Array.from({ length: packets }, () => ({
      port: 'out',
      message,
      trace: { causes: [], hops: 0 },
    }));
    await a!.commit(stepOf([], { sent }));
    return { engine, more: () => a!.commit(stepOf([], { sent: sent.slice(0, 1) })) };
  };
  const line = planOf('a.out -> b.in');
  const ring = planOf('a.out -> b.in', 'b.out -> a.in');
  const MIB = 2 ** 20;

  for (const [row, packets, bytes] of [
    ['limit.edgePackets', 1024, 0],
    ['limit.edgeBytes', 4, MIB],
  ] as const) {
    test.row(row, 'an edge makes its sender wait at the limit, and not before', async () => {
      const below = await filled(line, packets - 1, bytes);
      await below.more();
      await below.engine.close();
      const full = await filled(line, packets, bytes);
      const waiting = full.more();
      await full.engine.close();
      await raises(() => waiting, { code: 'NETWORK_STOPPED' });
    });
  }

  for (const [row, packets, bytes] of [
    ['limit.cyclePackets', 10_000, 0],
    ['limit.cycleBytes', 15, MIB],
  ] as const) {
    test.row(row, 'an edge inside a cycle takes packets up to the limit, and refuses more', async () => {
      const { engine, more } = await filled(ring, packets, bytes);
      await raises(more, { code: 'NETWORK_OVERFLOW' });
      await engine.close();
    });
  }

  test.row('limit.rememberedIds', 'the latest ids of a port are remembered', async () => {
    const engine = new MemoryEngine({ capacity: 100_000 });
    await engine.open(planOf('> go -> a.in'));
    const send = (id: number) => engine.send('go', Message.flow(), { id: String(id) });
    for (let id = 0; id <= 10_000; id++) await send(id);
    await send(1);
    is(engine.depths()[0]!.packets, 10_001);
    await send(0);
    is(engine.depths()[0]!.packets, 10_002);
    await engine.close();
  });

  test.row(['error.NODE_FENCED', 'error.STEP_TOO_LARGE'], 'a step that is not kept says why', async () => {
    const engine = new MemoryEngine({ maxStepBytes: 100 });
    await engine.open(line);
    const a = await engine.own({ node: 'a' });
    const sent = [{ port: 'out', message: Message.string('x'.repeat(200)), trace: { causes: [], hops: 0 } }];
    await raises(() => a.commit(stepOf([], { sent })), {
      code: 'STEP_TOO_LARGE',
      message: /over the limit of 100/,
    });
    await engine.own({ node: 'a' });
    await raises(() => a.commit(stepOf([])), { code: 'NODE_FENCED' });
    await engine.close();
  });

  test('random schedules of take, commit, crash and fence lose and double nothing', async () => {
    const first = Date.now() & 0xffff_ffff;
    await withoutClock(async () => {
      for (let seed = first; seed < first + SEEDS; seed++) await checkSchedule(seed);
    });
  });
});
