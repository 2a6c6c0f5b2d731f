import { Random } from '../helpers/random.ts';
import { installRuntimes } from '../runtime/install.ts';
import { runAlarm, runKills } from './kill.ts';
import { runRpc } from './rpc.ts';
import { DurableServer } from './server.ts';
import { runLimits, runOneGraph, runTarget } from './target.ts';

// Networks in Durable Objects on workerd, which is killed: `npm run test:durable`, or with a part of the tests' names.

const MESSAGES = 3000;
const KILLS = 3;
const ATTEMPTS = 3;

const [wanted = ''] = process.argv.slice(2);
const program = installRuntimes().workerd;
const server = new DurableServer(program);
await server.prepare();
await server.start();
const seed = Date.now() & 0xffff_ffff;
console.log(`seed ${seed}`);
const tests: [name: string, body: () => Promise<string | undefined>][] = [];
for (const name of await server.call<string[]>('Contract', 'names', 'names'))
  tests.push([
    `contract: ${name}`,
    async () => {
      const outcome = await server.call<string>('Contract', name, 'run', name);
      return outcome === 'passed' ? undefined : outcome;
    },
  ]);
const kill = (front: string) =>
  runKills(server, new Random(seed), { messages: MESSAGES, kills: KILLS, front });
tests.push(['kill -9 of workerd loses and doubles nothing, and keeps the order', () => kill('Front')]);
const target = (name: string, run: (program: string) => Promise<void>) =>
  tests.push([name, () => run(program).then(() => undefined)]);
target('the folder of `plugboard build` runs, and has its state after a kill', runTarget);
target('the folder of `plugboard build` keeps its limits', runLimits);
target('one graph gives the packets and states that it gives elsewhere', runOneGraph);
tests.push([
  'long messages, dead letters and states come in parts that RPC carries, or are refused',
  () => runRpc(server).then(() => undefined),
]);
tests.push(['after a kill the alarm alone goes on with the work', () => runAlarm(server, 500)]);
for (const [front, what] of [
  ['Doubling', 'takes packets again'],
  ['Losing', 'writes its log later than all else'],
] as const)
  tests.push([
    `a control that ${what} is seen to fail`,
    async () => {
      // A kill may come where it does no harm.
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const problem = await kill(front);
        console.log(`  ${problem}`);
        if (problem !== undefined) return undefined;
      }
      return 'all was exact';
    },
  ]);

const counts = { passed: 0, failed: 0 };
for (const [name, body] of tests) {
  if (!name.includes(wanted)) continue;
  const problem = await body().catch((error: Error) => String(error.stack));
  if (problem === undefined) counts.passed++;
  else {
    counts.failed++;
    console.log(`FAIL ${name}\n${problem}\n${server.output.slice(-3000)}\n`);
  }
}
await server.end();
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 ? 1 : 0);
