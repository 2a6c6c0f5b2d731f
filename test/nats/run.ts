import { type AddressInfo, createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { Network } from '../../src/network/index.ts';
import { NatsEngine } from '../../src/network/nats/index.ts';
import { engineContract } from '../contract/engine.ts';
import { raises } from '../helpers/assert.ts';
import { setTestHost } from '../helpers/host.ts';
import { nodeHost } from '../helpers/node.ts';
import { Random } from '../helpers/random.ts';
import type { Test } from '../helpers/suite.ts';
import { checkSchedule } from '../network/engine-model.ts';
import { NatsEngines } from '../network/nats-engines.ts';
import { checkBacklog, runBacklog } from './backlog.ts';
import { type KillRun, runKills } from './kill.ts';
import { KILL_GRAPH } from './kill-graph.ts';
import { runOneGraph } from './one-graph.ts';
import { runCommands, runPage } from './page.ts';
import { POINTS } from './points.ts';
import { findServer, loadClient, TestServer } from './server.ts';
import { runSpread, type SpreadRun } from './spread.ts';

// The engine on a nats-server, and its workers under kill -9: `npm run test:nats`, or with a part of the tests' names. With --quick
// some of the harms, which the seed chooses, with fewer messages; `--seed N` repeats a run.

const SCHEDULES = 10;
/** Tests that take longer are told with their time. */
const SLOW_MS = 1000;
const LONGEST_TEST_MS = 180_000;
const BACKLOG = 10_000;
const QUICK = { messages: 1000, pauseMs: 1 };

setTestHost(nodeHost);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, seed: { type: 'string' } },
});
const [wanted = ''] = positionals;
const isQuick = values.quick === true;
const seed = Number(values.seed ?? Date.now() & 0xffff_ffff);
console.log(`seed ${seed}`);
const program = findServer();
if (!program) {
  console.log('skipped: there is neither nats-server (NATS_SERVER, PATH) nor Go, which builds it');
  console.log('0 passed, 0 failed');
  process.exit(process.env.CI ? 1 : 0);
}
const server = new TestServer(program, await loadClient());
await server.start();
const tests: [name: string, body: () => void | Promise<void>][] = [];
const add = (name: string, body: () => void | Promise<void>) => void tests.push([name, body]);
const test: Test = Object.assign(add, {
  row: (_: string | readonly string[], name: string, body: () => void | Promise<void>) => add(name, body),
  skip: () => {},
});

const engines = new NatsEngines(server);
engineContract(test, {
  create: (plan, options = {}) => engines.create(plan, options),
  crash: (engine, plan) => engines.crash(engine, plan),
});
test('random schedules of take, commit, fence and crash lose and double nothing', async () => {
  for (let at = seed; at < seed + (isQuick ? 1 : SCHEDULES); at++) await checkSchedule(at, engines);
});
test('the worker of docs/NETWORKS.md runs with the package and its client', async () => {
  const data = await runPage(server);
  if (data !== 1) throw new Error(`expected a count of 1, got ${data}`);
});
test('the command line runs a spread graph with its page, looks at it, and replaces its module', async () => {
  const { data, status, dead, reloads, hasPage } = await runCommands(server);
  if (!hasPage) throw new Error('there is no page of the running graph');
  const isRight = data === 1 && /^ *count +[0-9a-f-]{36}$/m.test(status) && /^0 messages/m.test(status);
  if (!isRight || dead !== '') throw new Error(`got ${data}\n${status}${dead}`);
  const expected =
    /^0 Counter runs in 1 workers\n\n1 Counter was refused, and nobody has changed\n.*component "Counter" has no \w+port ".*\n\n1 Counter was refused, and nobody has changed\n.*expected wasm.*\n\n2$/;
  if (!expected.test(reloads)) throw new Error(`got\n${reloads}`);
});
test('one graph on three workers gives the packets and states that it gives elsewhere', () =>
  runOneGraph(server));
test('a server whose greeting has version 2.9 is refused', async () => {
  const greeting =
    'INFO {"server_id":"x","version":"2.9.10","max_payload":1048576,"headers":true,"proto":1}\r\n';
  const old = createServer(socket => {
    socket.write(greeting);
    socket.on('error', () => {});
    socket.on('data', bytes => {
      if (bytes.includes('PING')) socket.write('PONG\r\n');
    });
  });
  await new Promise<void>(resolve => old.listen(0, '127.0.0.1', resolve));
  const { port } = old.address() as AddressInfo;
  const connection = await server.connectTo(String(port));
  const engine = new NatsEngine(connection, { name: 'old' });
  try {
    await raises(() => Network.create(KILL_GRAPH, { components: { Count: () => {} }, engine }), {
      code: 'NATS_TOO_OLD',
      message: /got nats-server 2\.9\.10/,
    });
  } finally {
    await connection.close();
    old.close();
  }
});
const RUNS: readonly (KillRun & { name: string })[] = [
  { name: 'kill -9 of the worker', harm: 'kill', messages: 5000, harms: 3 },
  { name: 'a worker that is stopped past its lease', harm: 'stop', messages: 5000, harms: 2 },
  { name: 'kill -9 of the server', harm: 'server', messages: 5000, harms: 3 },
  { name: 'a worker that dies with an unread log, or in a step', harm: 'points', messages: 5000, harms: 4 },
  { name: 'kill -9 of the worker of a cycle', harm: 'kill', graph: 'cycle', messages: 3000, harms: 3 },
];
const random = new Random(seed);
/** All harms, or one of them with fewer messages. */
const some = <T extends { harm: string }>(runs: readonly T[]): readonly T[] => {
  if (!isQuick) return runs;
  const run = random.pick(runs);
  return [{ ...run, ...QUICK, harms: run.harm === 'points' ? POINTS.length : 1 }];
};
for (const { name, ...run } of some(RUNS))
  test(`${name} loses and doubles nothing, and keeps the order`, async () => {
    const { problem, ended, takeoverMs } = await runKills(server, new Random(seed), run);
    console.log(`  ${ended.join('; ')} takeover ${takeoverMs.join(', ')} ms`);
    if (problem !== undefined) throw new Error(problem);
  });
test('a control that appends without comparing is seen to fail', async () => {
  // A stop may come where it does no harm. The run ends with the first one that does, as messages still come when the worker goes on.
  const run: KillRun = { harm: 'stop', messages: 30_000, harms: 24, pauseMs: 3, isUnchecked: true };
  const { problem } = await runKills(server, new Random(seed), run);
  console.log(`  ${problem}`);
  if (problem === undefined) throw new Error('all was exact');
});

const SPREADS: readonly (SpreadRun & { name: string })[] = [
  { name: 'workers that leave in peace', harm: 'leave', messages: 3000, harms: 3 },
  { name: 'kill -9 of workers', harm: 'kill', messages: 3000, harms: 3 },
  { name: 'kill -9 of workers of a cycle', harm: 'kill', graph: 'cycle', messages: 3000, harms: 3 },
  { name: 'workers that are stopped past their lease', harm: 'stop', messages: 3000, harms: 2 },
  { name: 'a worker whose way to the server is cut', harm: 'cut', messages: 3000, harms: 1 },
  { name: 'kill -9 of the server', harm: 'server', messages: 3000, harms: 2 },
];
for (const { name, ...run } of some(SPREADS))
  test(`spread over three workers, ${name} lose and double nothing, and the order stays`, async () => {
    const { problem, spreadMs, takeoverMs, fenced } = await runSpread(server, new Random(seed), run);
    console.log(`  spread ${spreadMs.join(', ')} ms; takeover ${takeoverMs.join(', ')} ms; fenced ${fenced}`);
    if (problem !== undefined) throw new Error(problem);
    if (run.harm === 'leave' && fenced > 0) throw new Error(`${fenced} records were refused`);
  });

/** Runs a test, which fails when it takes too long. */
async function inTime(body: () => void | Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = () => reject(new Error(`no end within ${LONGEST_TEST_MS} ms`));
    timer = setTimeout(fail, LONGEST_TEST_MS);
  });
  try {
    await Promise.race([body(), late]);
  } finally {
    clearTimeout(timer);
  }
}

if (!isQuick)
  test(`${BACKLOG} messages that wait take no memory of a worker, and the log is trimmed`, async () => {
    checkBacklog(await runBacklog(server, { waiting: BACKLOG }));
  });

const counts = { passed: 0, failed: 0 };
for (const [name, body] of tests) {
  if (!name.includes(wanted)) continue;
  const startMs = Date.now();
  try {
    await inTime(body);
    counts.passed++;
    if (Date.now() - startMs > SLOW_MS) console.log(`${Date.now() - startMs} ms: ${name}`);
  } catch (error) {
    counts.failed++;
    console.log(`FAIL ${name}\n${(error as Error).stack}\n`);
  }
}
// A test that came to no end may still use both.
await Promise.race([
  engines.end().then(() => server.end()),
  new Promise(resolve => setTimeout(resolve, 10_000)),
]);
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 ? 1 : 0);
