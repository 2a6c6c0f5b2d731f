import { runAlarm, runKills } from '../durable/kill.ts';
import { DurableServer } from '../durable/server.ts';
import { Random } from '../helpers/random.ts';
import { installRuntimes } from '../runtime/install.ts';
import { type LongCase, Skip } from './case.ts';

async function withServer(body: (server: DurableServer) => Promise<string | undefined>): Promise<void> {
  if ('Deno' in globalThis || 'Bun' in globalThis) throw new Skip('Node runs it');
  const server = new DurableServer(installRuntimes().workerd);
  try {
    await server.prepare();
    await server.start();
    const problem = await body(server);
    if (problem !== undefined) throw new Error(`${problem}\n${server.output}`);
  } finally {
    await server.end();
  }
}

const seed = () => {
  const made = Date.now() & 0xffff_ffff;
  console.log(`seed ${made}`);
  return new Random(made);
};

export const DURABLE_CASES: readonly LongCase[] = [
  {
    name: '40,000 messages through two Durable Objects, with 10 kills of workerd, are exact in count and order',
    run: () =>
      withServer(server => runKills(server, seed(), { front: 'Front', messages: 40_000, kills: 10 })),
  },
  {
    name: '5,000 messages that an object has taken are processed after a kill, with its alarm alone',
    run: () => withServer(server => runAlarm(server, 5000)),
  },
];
