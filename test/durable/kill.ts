import type { Random } from '../helpers/random.ts';
import type { DurableServer } from './server.ts';

// Delivers messages to a network in Durable Objects while workerd is killed, and reads all that came out of the object behind it.

export interface KillRun {
  messages: number;
  kills: number;
  /** The class that gets the messages: `Front`, or a control that must fail. */
  front: string;
}

const BATCH = 50;
/** One batch of so many is sent again although it was taken. */
const AGAIN = 5;
const LONGEST_QUIET_MS = 40_000;
const READ = 500;

const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
let runs = 0;

/** The count of an object for a value, and the count of the object before it. */
interface Counted {
  readonly count: number;
  readonly before: number;
  readonly value: number;
}

type Item = [seq: number, packet: string];
const itemOf = (value: number): Item => [value, JSON.stringify({ go: { type: 'Integer', data: value } })];
const itemsFrom = (first: number, messages: number): Item[] =>
  Array.from({ length: Math.min(BATCH, messages - first + 1) }, (_, at) => itemOf(first + at));

/** Returns the first thing that is not as it must be; undefined if all is exact. */
export async function runKills(
  server: DurableServer,
  random: Random,
  run: KillRun,
): Promise<string | undefined> {
  const { messages, kills, front } = run;
  const name = `kill-${++runs}`;
  let isOver = false;
  const killing = (async () => {
    for (let count = 0; count < kills && !isOver; count++) {
      await wait(300 + random.below(900));
      await server.kill();
      await wait(random.below(300));
      await server.start();
    }
  })();
  killing.catch(() => {});
  const sending = sendAll(server, random, front, name, messages, () => isOver);
  sending.catch(() => {});
  try {
    const problem =
      (await checkPort(server, name, 'first', messages, ({ count, value }) => value === count)) ??
      (await checkPort(server, name, 'last', 2 * messages, () => true));
    if (problem === undefined) await Promise.all([killing, sending]);
    return problem;
  } finally {
    isOver = true;
    await killing;
    await sending.catch(() => {});
  }
}

/** Delivers the numbers 1, 2, 3 and so on, each until the object has taken it. */
async function sendAll(
  server: DurableServer,
  random: Random,
  front: string,
  name: string,
  messages: number,
  isOver: () => boolean,
): Promise<void> {
  for (let next = 1; next <= messages && !isOver(); ) {
    try {
      const items = itemsFrom(next, messages);
      const taken = await server.call<number>(front, name, 'deliver', 'test', items);
      if (random.below(AGAIN) === 0) await server.call(front, name, 'deliver', 'test', items.slice(0, taken));
      next += taken;
      if (taken === 0) await wait(20);
    } catch {
      // workerd is dead, or the object was made anew.
      await wait(20);
    }
  }
}

/** Reads the messages of a port of Back until all are there. Returns the first problem. */
async function checkPort(
  server: DurableServer,
  name: string,
  port: string,
  count: number,
  isRight: (counted: Counted) => boolean,
): Promise<string | undefined> {
  let [after, expected, quietMs] = [0, 1, Date.now()];
  while (expected <= count) {
    const read = await server
      .call<[seq: number, packet: string][]>('Back', name, 'read', port, after, READ)
      .catch(() => []);
    for (const [seq, packet] of read) {
      const message = JSON.parse(packet) as Record<string, { data: Counted }>;
      const counted = message[port]!.data;
      // The object before it has counted the same.
      if (counted.count !== expected || counted.before !== expected || !isRight(counted))
        return `${port}: expected ${expected}, got ${JSON.stringify(counted)}`;
      expected++;
      after = seq;
    }
    if (read.length > 0) quietMs = Date.now();
    else if (Date.now() - quietMs > LONGEST_QUIET_MS)
      return `${port}: ${expected - 1} of ${count}, and no more`;
    else await wait(20);
  }
  await wait(200);
  const more = await server.call<unknown[]>('Back', name, 'read', port, after, READ).catch(() => []);
  return more.length > 0 ? `${port}: ${more.length} more than ${count}` : undefined;
}

const ALARM_MS = 15_000;

/**
 * Kills workerd after it has taken messages, starts it again, and sends nothing to the object that has them. Returns the first
 * problem.
 */
export async function runAlarm(server: DurableServer, messages: number): Promise<string | undefined> {
  const name = `alarm-${++runs}`;
  for (let next = 1; next <= messages; )
    next += await server.call<number>('HeldFront', name, 'deliver', 'test', itemsFrom(next, messages));
  const before = await countsOf(server, name);
  await server.kill();
  await server.start();
  const expected = [messages, 2 * messages].join();
  let [counts, movedMs] = [before, Date.now()];
  while (counts !== expected && Date.now() - movedMs < ALARM_MS) {
    await wait(500);
    const next = await countsOf(server, name);
    if (next !== counts) movedMs = Date.now();
    counts = next;
  }
  if (before !== ',') return `${before} messages were processed before the kill`;
  return counts === expected ? undefined : `expected counts of ${expected}, got ${counts}`;
}

/** The counts of both ports of the object behind, to which no message has come but from the first. */
async function countsOf(server: DurableServer, name: string): Promise<string> {
  type Status = { nodes: { [node: string]: { state: { count?: number } } } };
  const { nodes } = await server.call<Status>('Back', name, 'status');
  return [nodes.a!.state.count, nodes.b!.state.count].join();
}
