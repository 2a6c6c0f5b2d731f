import { Random } from '../helpers/random.ts';
import { type BacklogRun, checkBacklog, runBacklog } from '../nats/backlog.ts';
import { type KillRun, runKills } from '../nats/kill.ts';
import { findServer, loadClient, TestCluster, TestServer } from '../nats/server.ts';
import { runSpread, type SpreadRun } from '../nats/spread.ts';
import { type LongCase, Skip } from './case.ts';

function prepare(): { program: string; seed: number } {
  if ('Deno' in globalThis || 'Bun' in globalThis) throw new Skip('Node runs it');
  const program = findServer();
  if (!program) throw new Skip('there is neither nats-server (NATS_SERVER, PATH) nor Go, which builds it');
  const seed = Date.now() & 0xffff_ffff;
  console.log(`seed ${seed}`);
  return { program, seed };
}

async function kill(run: KillRun): Promise<void> {
  const { program, seed } = prepare();
  const server = new TestServer(program, await loadClient());
  try {
    await server.start();
    const { problem, takeoverMs } = await runKills(server, new Random(seed), run);
    const sorted = [...takeoverMs].sort((one, other) => one - other);
    console.log(`takeover ${sorted.join(', ')} ms, median ${sorted[sorted.length >> 1]}`);
    if (problem !== undefined) throw new Error(problem);
  } finally {
    await server.end();
  }
}

async function spread(run: SpreadRun, isCluster = false): Promise<void> {
  const { program, seed } = prepare();
  const server = new (isCluster ? TestCluster : TestServer)(program, await loadClient());
  try {
    await server.start();
    const { problem, spreadMs, takeoverMs, fenced } = await runSpread(server, new Random(seed), run);
    console.log(`spread ${spreadMs.join(', ')} ms; takeover ${takeoverMs.join(', ')} ms; fenced ${fenced}`);
    if (problem !== undefined) throw new Error(problem);
  } finally {
    await server.end();
  }
}

async function backlog(run: BacklogRun): Promise<void> {
  const { program } = prepare();
  const server = new TestServer(program, await loadClient());
  try {
    await server.start();
    checkBacklog(await runBacklog(server, run));
  } finally {
    await server.end();
  }
}

export const NATS_CASES: readonly LongCase[] = [
  {
    name: '100,000 messages through three nodes on NATS, with 20 kills of the worker, are exact in count and order',
    run: () => kill({ harm: 'kill', messages: 100_000, harms: 20 }),
  },
  {
    name: '60,000 messages on NATS, with 4 workers stopped past their lease, are exact in count and order',
    run: () => kill({ harm: 'stop', messages: 60_000, harms: 4 }),
  },
  {
    name: '50,000 messages on NATS, with 5 kills of the server, are exact in count and order',
    run: () => kill({ harm: 'server', messages: 50_000, harms: 5 }),
  },
  {
    name: '100,000 messages on NATS, with 40 workers that die with an unread log or in a step, are exact in count and order',
    run: () => kill({ harm: 'points', messages: 100_000, harms: 40 }),
  },
  {
    name: '50,000 messages four times through a cycle on NATS, with 12 kills of the worker, are exact in count and order',
    run: () => kill({ harm: 'kill', graph: 'cycle', messages: 50_000, harms: 12 }),
  },
  {
    name: '100,000 messages that wait on NATS take no memory of a worker, and the log is trimmed',
    run: () => backlog({ waiting: 100_000 }),
  },
  {
    name: '1,000,000 messages on NATS, of which 100,000 wait, take no memory of a worker, and the log is trimmed',
    run: () => backlog({ waiting: 100_000, messages: 1_000_000, graph: 'one' }),
  },
  {
    name: '100,000 messages through nodes spread over three workers, with 12 kills of a worker, are exact in count and order',
    run: () => spread({ harm: 'kill', messages: 100_000, harms: 12 }),
  },
  {
    name: '30,000 messages through nodes spread over three workers, with 3 cut from the server past their lease, are exact in count and order',
    run: () => spread({ harm: 'cut', messages: 30_000, harms: 3 }),
  },
  {
    name: '30,000 messages through a cluster of three servers, with 3 kills of the leader of a log, are exact in count and order',
    run: () => spread({ harm: 'server', messages: 30_000, harms: 3 }, true),
  },
];
