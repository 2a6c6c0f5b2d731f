import { readFileSync } from 'node:fs';
import type { Connection } from '../network/nats-engines.ts';
import { spawnWorker } from './child.ts';
import { checkPorts, WORKER, wait } from './kill.ts';
import { KILL_GRAPHS, type KillGraphName } from './kill-graph.ts';
import type { TestServer } from './server.ts';

// Messages that wait while no worker runs, and then one that reads them all, while as many come as it has read.

const AT_ONCE = 64;
const LOOK_MS = 20;
const LOG_LOOK_MS = 500;
const FULL_MS = 50;
const KIB = 1024;
/** Heap that V8 takes before it collects. 100,000 messages in memory would be more. */
const MOST_GROWN_MIB = 200;
const MOST_LOG_MB = 10;

export interface BacklogRun {
  /** Messages that wait when the worker starts. */
  waiting: number;
  /** All messages. No more than `waiting` wait at once. Default: `waiting`. */
  messages?: number;
  /** Default: `fan`. */
  graph?: KillGraphName;
}

export interface BacklogResult {
  problem: string | undefined;
  /** The most memory of the worker after the first of the messages, beyond that at its start. */
  grownMib: number;
  /** The bytes of the log at the end, and the most of all looks. Without the packets that were not read it has less. */
  logMb: number;
  mostLogMb: number;
  /** Messages that have gone through the network in a second, in the mean. */
  perSecond: number;
}

/** The memory that a process has, where Linux tells it. */
function residentKib(pid: number): number | undefined {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

async function ask<T>(connection: Connection, subject: string, body: string): Promise<T> {
  const { data } = await connection.request(subject, body, { timeout: 5000 });
  return JSON.parse(new TextDecoder().decode(data)) as T;
}

type Info = { state: { bytes: number; messages: number } };
const infoOf = async (connection: Connection, stream: string) =>
  (await ask<Info>(connection, `$JS.API.STREAM.INFO.PB_${stream}`, '')).state;

/** Sends numbers, many at once. The stream has them in their order. @param mayGoOn awaited before each lot */
async function fill(
  connection: Connection,
  name: string,
  from: number,
  to: number,
  mayGoOn = async () => {},
): Promise<void> {
  for (let value = from; value <= to; ) {
    await mayGoOn();
    const sent: Promise<{ seq?: number }>[] = [];
    for (let left = AT_ONCE; left > 0 && value <= to; left--, value++)
      sent.push(ask(connection, `pb.${name}.in.go`, `{"type":"Integer","data":${value}}`));
    for (const { seq } of await Promise.all(sent)) if (!seq) throw new Error('a message was not kept');
  }
}

export async function runBacklog(
  server: TestServer,
  { waiting, messages = waiting, graph = 'fan' }: BacklogRun,
): Promise<BacklogResult> {
  const name = `backlog-${process.pid}`;
  const connection = await server.connect();
  const start = async () => {
    const child = spawnWorker(WORKER, [server.ports, name, graph], 'pipe');
    await new Promise<void>(resolve =>
      child.stdout!.setEncoding('utf8').on('data', text => {
        if (text.includes('active')) resolve();
      }),
    );
    return child;
  };
  // It makes the streams.
  const first = await start();
  const ended = new Promise(resolve => first.once('exit', resolve));
  first.kill('SIGTERM');
  await wait(1000);
  first.kill('SIGKILL');
  await ended;
  await fill(connection, name, 1, waiting);
  const child = await start();
  const startMs = Date.now();
  const beforeKib = residentKib(child.pid!) ?? Number.NaN;
  let mostKib = beforeKib;
  let mostLogBytes = 0;
  const looks = [
    setInterval(() => {
      mostKib = Math.max(mostKib, residentKib(child.pid!) ?? 0);
    }, LOOK_MS),
    setInterval(async () => {
      const { bytes } = await infoOf(connection, `${name}_LOG`).catch(() => ({ bytes: 0 }));
      mostLogBytes = Math.max(mostLogBytes, bytes);
    }, LOG_LOOK_MS),
  ];
  const whenFewWait = async () => {
    while ((await infoOf(connection, `${name}_IN`)).messages > waiting - AT_ONCE) await wait(FULL_MS);
  };
  const sending = fill(connection, name, waiting + 1, messages, whenFewWait);
  sending.catch(() => {});
  try {
    const problem = await checkPorts(connection, name, KILL_GRAPHS[graph].expected(messages));
    if (problem === undefined) await sending;
    const perSecond = (messages / (Date.now() - startMs)) * 1000;
    const { bytes } = await infoOf(connection, `${name}_LOG`);
    return {
      problem,
      grownMib: (mostKib - beforeKib) / KIB,
      logMb: bytes / 1e6,
      mostLogMb: mostLogBytes / 1e6,
      perSecond,
    };
  } finally {
    for (const look of looks) clearInterval(look);
    child.kill('SIGKILL');
  }
}

/** Prints the figures. @throws when the messages are not exact, or the memory or the log has grown with them */
export function checkBacklog({ problem, grownMib, logMb, mostLogMb, perSecond }: BacklogResult): void {
  const log = `the log has ${logMb.toFixed(1)} MB, ${mostLogMb.toFixed(1)} at most`;
  console.log(`  the worker grew by ${grownMib.toFixed(0)} MiB; ${log}; ${perSecond.toFixed(0)} messages/s`);
  if (problem !== undefined) throw new Error(problem);
  if (grownMib > MOST_GROWN_MIB)
    throw new Error(`the worker grew by ${grownMib} MiB, at most ${MOST_GROWN_MIB}`);
  if (logMb > MOST_LOG_MB) throw new Error(`the log has ${logMb} MB, at most ${MOST_LOG_MB}`);
}
