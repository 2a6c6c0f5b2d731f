import type { NodeKey, NodeSession } from '../../src/network/engine/engine.ts';
import { makers } from '../../src/network/engine/lasting.ts';
import { Network } from '../../src/network/index.ts';
import { makeNatsEngine } from '../../src/network/nats/nats-engine.ts';
import { NatsLog } from '../../src/network/nats/nats-log.ts';
import { seamsOf, settingsOf, TestEngine } from '../network/nats-engines.ts';
import { endWithParent } from './child.ts';
import { KILL_COMPONENTS, KILL_GRAPHS, type KillGraphName } from './kill-graph.ts';
import { POINTS } from './points.ts';
import { connectOptions, loadClient } from './server.ts';

// A worker of the kill suite: `node worker.js PORTS NAME [GRAPH] [unchecked|spread|POINT] [REPLICAS] [LEASE_MS]`. Says when it
// runs the network, and why it has ended. With the name of a point it dies there.

endWithParent();
const [ports, name, graph = 'fan', mode, replicas = '1', leaseMs = '2000'] = process.argv.slice(2);
/** Steps before a death in a step. */
const STEPS = 50;
const client = await loadClient();
const connection = await client.connect(connectOptions(ports!));
const engine = { flush: async () => {}, lastId: () => undefined };
const server = { client, connect: async () => connection };

/** Says which writer the process is, and when commits of it are refused. Two that take a free log at once lose none. */
class ToldLog extends NatsLog {
  constructor(...given: ConstructorParameters<typeof NatsLog>) {
    super(...given);
    console.log(`writer ${given[3]}`);
  }

  override async append(...given: Parameters<NatsLog['append']>): Promise<number> {
    try {
      return await super.append(...given);
    } catch (error) {
      if (given[1].length > 0) console.log('fenced');
      throw error;
    }
  }
}

const die = () => process.kill(process.pid, 'SIGKILL');

/** Dies when it has got the log, before it reads. */
class DyingLog extends NatsLog {
  override async read(): Promise<never> {
    die();
    return new Promise(() => {});
  }
}

/** Dies in the step of a node: when it has taken packets, before the commit, or when the commit has its place in the log. */
class DyingEngine extends TestEngine {
  #steps = 0;

  override async own(key: NodeKey): Promise<NodeSession> {
    const session = await super.own(key);
    return {
      record: session.record,
      lost: session.lost,
      take: async (max, signal) => {
        const taken = await session.take(max, signal);
        if (taken.length > 0 && ++this.#steps >= STEPS && mode === 'take') die();
        return taken;
      },
      commit: async (step, signal) => {
        const isOver = this.#steps >= STEPS;
        if (isOver && mode === 'process') die();
        await session.commit(step, signal);
        if (isOver && mode === 'commit') die();
      },
      close: () => session.close(),
    };
  }
}

makers.set(engine, bounds => {
  const options = { name, exposed: true };
  if (mode === 'read')
    return new TestEngine(server, connection, options, bounds, (...of) => new DyingLog(...of));
  if (POINTS.some(point => point === mode)) return new DyingEngine(server, connection, options, bounds);
  if (mode !== 'spread') return new TestEngine(server, connection, options, bounds, mode === 'unchecked');
  const seams = {
    ...seamsOf(server),
    makeLog: (...of: ConstructorParameters<typeof NatsLog>) => new ToldLog(...of),
  };
  return makeNatsEngine(
    connection,
    settingsOf({ name, spread: true, replicas: Number(replicas) as 1 | 3, leaseMs: Number(leaseMs) }),
    bounds,
    seams,
  );
});

try {
  const network = await Network.create(KILL_GRAPHS[graph as KillGraphName].graph, {
    components: KILL_COMPONENTS,
    engine,
  });
  network.start();
  process.once('SIGTERM', () => void network.stop().then(() => console.log('left')));
  console.log('active');
  for await (const _ of network.outports.first!) {
    // The messages go to the server. The loop ends with the failure of the network.
  }
} catch (error) {
  console.log(`ended: ${(error as Error).message}`);
}
process.exit(3);
