import { readFileSync } from 'node:fs';
import type { Connection } from '../network/nats-engines.ts';
import { spawnWorker } from './child.ts';
import { checkPorts, WORKER, wait } from './kill.ts';
import { KILL_GRAPHS } from './kill-graph.ts';
import type { TestServer } from './server.ts';

// Messages that wait while no worker runs, and then one that reads them all.

const AT_ONCE = 64;
const LOOK_MS = 20;
const KIB = 1024;
/** Heap that V8 takes before it collects. 100,000 messages in memory would be more. */
const MOST_GROWN_MIB = 200;
const MOST_LOG_MIB = 10;

export interface BacklogResult {
  problem: string | undefined;
  /** The most memory of the worker after the first of the messages, beyond that at its start. */
  grownMib: number;
  /** The bytes of the log at the end. */
  logMib: number;
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

/** Sends numbers, many at once. The stream has them in their order. */
async function fill(connection: Connection, name: string, messages: number): Promise<void> {
  for (let value = 1; value <= messages; ) {
    const sent: Promise<{ seq?: number }>[] = [];
    for (let left = AT_ONCE; left > 0 && value <= messages; left--, value++)
      sent.push(ask(connection, `pb.${name}.in.go`, `{"type":"Integer","data":${value}}`));
    for (const { seq } of await Promise.all(sent)) if (!seq) throw new Error('a message was not kept');
  }
}

export async function runBacklog(server: TestServer, messages: number): Promise<BacklogResult> {
  const name = `backlog-${process.pid}`;
  const connection = await server.connect();
  const start = async () => {
    const child = spawnWorker(WORKER, [server.ports, name, 'fan'], 'pipe');
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
  await fill(connection, name, messages);
  const child = await start();
  const beforeKib = residentKib(child.pid!) ?? Number.NaN;
  let mostKib = beforeKib;
  const looking = setInterval(() => {
    mostKib = Math.max(mostKib, residentKib(child.pid!) ?? 0);
  }, LOOK_MS);
  try {
    const problem = await checkPorts(connection, name, KILL_GRAPHS.fan.expected(messages));
    const { state } = await ask<{ state: { bytes: number } }>(
      connection,
      `$JS.API.STREAM.INFO.PB_${name}_LOG`,
      '',
    );
    return { problem, grownMib: (mostKib - beforeKib) / KIB, logMib: state.bytes / KIB ** 2 };
  } finally {
    clearInterval(looking);
    child.kill('SIGKILL');
  }
}

/** @throws when the memory or the log has grown with the messages */
export function checkBacklog({ grownMib, logMib }: Pick<BacklogResult, 'grownMib' | 'logMib'>): void {
  if (grownMib > MOST_GROWN_MIB)
    throw new Error(`the worker grew by ${grownMib} MiB, at most ${MOST_GROWN_MIB}`);
  if (logMib > MOST_LOG_MIB) throw new Error(`the log has ${logMib} MiB, at most ${MOST_LOG_MIB}`);
}
