import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Random } from '../helpers/random.ts';
import type { Connection } from '../network/nats-engines.ts';
import { spawnWorker } from './child.ts';
import { type Counted, type ExpectedPort, KILL_GRAPHS, type KillGraphName } from './kill-graph.ts';
import { POINTS } from './points.ts';
import type { Servers, TestServer } from './server.ts';

// Runs a network on two workers that are killed or stopped while messages come, and reads all that left it.

/** `points`: workers die by themselves at points of their work. */
export type Harm = 'kill' | 'stop' | 'server' | 'points';

export interface KillRun {
  messages: number;
  harms: number;
  harm: Harm;
  /** Default: `fan`. */
  graph?: KillGraphName;
  /** Pause after each message, so that the harms come among few messages. Default: 0. */
  pauseMs?: number;
  /** The control: appends without comparing. */
  isUnchecked?: boolean;
}

export interface KillResult {
  /** The first thing that is not as it must be; undefined if all is exact. */
  problem: string | undefined;
  /** Why workers ended by themselves. */
  ended: string[];
  /** From a kill to the next worker that runs the network. */
  takeoverMs: number[];
}

export const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));
export const STOP_MS = 3500;
const LONGEST_QUIET_MS = 30_000;
const WINDOW = 100;
let runs = 0;

export const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

class Workers {
  readonly #server: TestServer;
  readonly #name: string;
  readonly #graph: string;
  /** The modes of the next workers that start. The others have the last one, or none. */
  readonly #modes: string[];
  readonly #all = new Set<ChildProcess>();
  readonly ended: string[] = [];
  readonly takeoverMs: number[] = [];
  active: ChildProcess | undefined;
  #harmedMs: number | undefined;
  #isOver = false;

  /** Workers that were killed, by themselves too. */
  deaths = 0;

  constructor(server: TestServer, name: string, graph: string, modes: string[]) {
    this.#server = server;
    this.#name = name;
    this.#graph = graph;
    this.#modes = modes;
  }

  start(): void {
    if (this.#isOver) return;
    const mode = this.#modes.length > 1 ? this.#modes.shift()! : (this.#modes[0] ?? '');
    const child = spawnWorker(WORKER, [this.#server.ports, this.#name, this.#graph, mode], 'pipe');
    this.#all.add(child);
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n')) {
        if (line.startsWith('ended')) this.ended.push(line);
        if (line !== 'active') continue;
        this.active = child;
        if (this.#harmedMs !== undefined) this.takeoverMs.push(Date.now() - this.#harmedMs);
        this.#harmedMs = undefined;
      }
    });
    child.once('exit', (_, signal) => {
      if (signal === 'SIGKILL') this.deaths++;
      this.#all.delete(child);
      if (this.active === child) this.active = undefined;
      setTimeout(() => this.start(), 200);
    });
  }

  /** Harms the worker that runs the network, and resolves when another one does. */
  async harm(how: 'kill' | 'stop'): Promise<void> {
    const child = await this.running();
    this.#harmedMs = Date.now();
    if (how === 'kill') child.kill('SIGKILL');
    else {
      child.kill('SIGSTOP');
      await wait(STOP_MS);
      child.kill('SIGCONT');
    }
    while (this.active === child || !this.active) await wait(10);
  }

  /** Resolves to the worker that runs the network. */
  async running(): Promise<ChildProcess> {
    while (!this.active) await wait(10);
    return this.active;
  }

  end(): void {
    this.#isOver = true;
    for (const child of this.#all) child.kill('SIGKILL');
  }
}

export async function runKills(server: TestServer, random: Random, run: KillRun): Promise<KillResult> {
  const { messages, harms, harm, graph = 'fan', pauseMs, isUnchecked = false } = run;
  const name = `kill-${process.pid}-${++runs}`;
  const connection = await server.connect();
  const points = Array.from({ length: harms }, (_, at) => POINTS[at % POINTS.length]!);
  // The last ones do not die.
  const modes = harm === 'points' ? [...points, ''] : isUnchecked ? ['unchecked'] : [];
  const workers = new Workers(server, name, graph, modes);
  workers.start();
  // A second one that does not die could take the log from one that shall.
  if (harm !== 'points') workers.start();
  let isSent = false;
  const harming = (async () => {
    while (harm === 'points' && workers.deaths < harms) await wait(10);
    for (let count = 0; harm !== 'points' && count < harms; count++) {
      await workers.running();
      await wait(300 + random.below(700));
      if (harm === 'kill' || harm === 'stop') await workers.harm(harm);
      else {
        await server.kill();
        await wait(random.below(500));
        await server.start();
      }
    }
  })();
  const sending = sendAll(server, connection, name, messages, pauseMs).then(() => {
    isSent = true;
  });
  const both = Promise.all([harming, sending]);
  both.catch(() => {});
  try {
    const problem = await checkPorts(connection, name, KILL_GRAPHS[graph].expected(messages));
    // Without comparing, a worker that was replaced may go on, and no other one comes.
    if (problem === undefined && !isUnchecked) await both;
    const isEarly = problem === undefined && !isSent;
    return {
      problem: isEarly ? 'the end came too early' : problem,
      ended: workers.ended,
      takeoverMs: workers.takeoverMs,
    };
  } finally {
    workers.end();
  }
}

/** Sends the numbers 1, 2, 3 and so on, each until the server has it. Ids let the server drop those that it has. */
export async function sendAll(
  server: Servers,
  connection: Connection,
  name: string,
  messages: number,
  pauseMs = 0,
): Promise<void> {
  const send = async (value: number): Promise<void> => {
    for (;;) {
      const headers = server.client.headers();
      headers.set('Nats-Msg-Id', String(value));
      const body = JSON.stringify({ type: 'Integer', data: value });
      try {
        const answer = await connection.request(`pb.${name}.in.go`, body, { timeout: 2000, headers });
        const { error, seq } = JSON.parse(new TextDecoder().decode(answer.data)) as {
          error?: { err_code: number };
          seq?: number;
        };
        if (!error && seq !== undefined) return;
      } catch {
        // The stream is not there yet, or the server is not.
      }
      await wait(50);
    }
  };
  for (let value = 1; value <= messages; value++) {
    await send(value);
    if (pauseMs > 0) await wait(pauseMs);
  }
}

/** Reads the messages of all ports until all are there. Returns the first problem. */
export async function checkPorts(
  connection: Connection,
  name: string,
  ports: readonly ExpectedPort[],
): Promise<string | undefined> {
  for (const expected of ports) {
    const problem = await checkPort(connection, name, expected);
    if (problem !== undefined) return problem;
  }
  const next = 1 + ports.reduce((sum, { count }) => sum + count, 0);
  const more = await readNext(connection, name, next);
  return more && `${more.subject}: a message more than expected`;
}

/** Reads the messages of a port until all are there. Returns the first problem. */
async function checkPort(
  connection: Connection,
  name: string,
  { port, count, isRight }: ExpectedPort,
): Promise<string | undefined> {
  const subject = `pb.${name}.out.${port}`;
  let sequence = 1;
  let quietMs = Date.now();
  for (let expected = 1; expected <= count; ) {
    const last = await lastOf(connection, name);
    const length = Math.max(0, Math.min(WINDOW, last - sequence + 1));
    const found = await Promise.all(
      Array.from({ length }, (_, at) => readNext(connection, name, sequence + at)),
    );
    const missing = found.indexOf(undefined);
    const there = missing < 0 ? found : found.slice(0, missing);
    for (const message of there) {
      sequence++;
      if (message!.subject !== subject) continue;
      const { data } = message!;
      if (data.count !== expected || !isRight(data))
        return `${port}: expected ${expected}, got ${JSON.stringify(data)}`;
      expected++;
    }
    if (there.length > 0) quietMs = Date.now();
    else if (Date.now() - quietMs > LONGEST_QUIET_MS)
      return `${port}: ${expected - 1} of ${count}, and no more`;
    if (there.length < WINDOW) await wait(20);
  }
  return undefined;
}

/** The number of the last message of all ports; 0 while the server does not say it. */
async function lastOf(connection: Connection, name: string): Promise<number> {
  try {
    const { data } = await connection.request(`$JS.API.STREAM.INFO.PB_${name}_OUT`, '', { timeout: 2000 });
    const { state } = JSON.parse(new TextDecoder().decode(data)) as { state?: { last_seq: number } };
    return state?.last_seq ?? 0;
  } catch {
    return 0;
  }
}

async function readNext(connection: Connection, name: string, seq: number) {
  try {
    const answer = await connection.request(
      `$JS.API.STREAM.MSG.GET.PB_${name}_OUT`,
      JSON.stringify({ seq }),
      { timeout: 2000 },
    );
    const { message } = JSON.parse(new TextDecoder().decode(answer.data)) as {
      message?: { subject: string; data: string };
    };
    if (!message) return undefined;
    const { data } = JSON.parse(atob(message.data)) as { data: Counted };
    return { subject: message.subject, data };
  } catch {
    return undefined;
  }
}
