import type { ChildProcess } from 'node:child_process';
import type { Random } from '../helpers/random.ts';
import type { Connection } from '../network/nats-engines.ts';
import { spawnWorker } from './child.ts';
import { checkPorts, STOP_MS, sendAll, WORKER, wait } from './kill.ts';
import { KILL_GRAPHS, type KillGraphName } from './kill-graph.ts';
import { LossyWay } from './lossy-way.ts';
import type { Servers } from './server.ts';

// Runs the nodes of one network on several workers that come, go, die and stop while messages come.

const WORKERS = 3;
const LONGEST_SPREAD_MS = 30_000;

/**
 * `cut`: the way of a worker to the server loses all bytes for longer than the lease. `server`: a server dies, in a cluster the leader
 * of a log, and starts again.
 */
export type SpreadHarm = 'kill' | 'stop' | 'leave' | 'cut' | 'server';

export interface SpreadRun {
  messages: number;
  harms: number;
  harm: SpreadHarm;
  /** Default: `fan`. */
  graph?: KillGraphName;
  /** As that of `KillRun`. */
  pauseMs?: number;
}

export interface SpreadResult {
  /** The first thing that is not as it must be; undefined if all is exact. */
  problem: string | undefined;
  /** From a harm, or the start of a worker, until each worker has its share of the nodes. */
  spreadMs: number[];
  /** From a harm until a worker that is alive has each node. */
  takeoverMs: number[];
  /** Records that the server has refused. */
  fenced: number;
}

interface Member {
  child: ChildProcess;
  proxy: LossyWay | undefined;
  writer: string | undefined;
}

class Members {
  readonly #server: Servers;
  readonly #name: string;
  readonly #connection: Connection;
  readonly all = new Set<Member>();
  fenced = 0;
  #isOver = false;

  readonly #graph: KillGraphName;
  readonly #isProxied: boolean;
  readonly #leaseMs: string;

  constructor(server: Servers, name: string, connection: Connection, { graph = 'fan', harm }: SpreadRun) {
    this.#graph = graph;
    this.#isProxied = harm === 'cut';
    // A machine under load must not look like a worker that is away, where no record may be refused.
    this.#leaseMs = harm === 'leave' ? '10000' : '2000';
    this.#server = server;
    this.#name = name;
    this.#connection = connection;
  }

  async start(): Promise<Member> {
    const { ports, replicas } = this.#server;
    const proxy = this.#isProxied ? await LossyWay.to(Number(ports)) : undefined;
    const at = [proxy ? String(proxy.port) : ports, this.#name, this.#graph];
    const args = [...at, 'spread', String(replicas), this.#leaseMs];
    // The end may have come while the way was opened.
    if (this.#isOver) {
      proxy?.end();
      throw new Error('the test has ended');
    }
    const child = spawnWorker(WORKER, args, 'pipe');
    const member: Member = { child, proxy, writer: undefined };
    this.all.add(member);
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n')) {
        if (line.startsWith('writer ')) member.writer = line.slice(7);
        if (line === 'fenced') this.fenced++;
        if (line.startsWith('ended') && !this.#isOver) console.log(`  ${line}`);
      }
    });
    child.once('exit', () => {
      this.all.delete(member);
      proxy?.end();
    });
    return member;
  }

  /** The writer of the latest record of each part; undefined for one that was given back. */
  async owners(): Promise<(string | undefined)[]> {
    return Promise.all(
      KILL_GRAPHS[this.#graph].parts.map(async part => {
        const subject = `$JS.API.STREAM.MSG.GET.PB_${this.#name}_LOG=${part}`;
        const body = JSON.stringify({ last_by_subj: `pb.${this.#name}.log.${part}` });
        try {
          const { data } = await this.#connection.request(subject, body, { timeout: 1000 });
          const { message } = JSON.parse(new TextDecoder().decode(data)) as { message?: { hdrs: string } };
          const headers = atob(message?.hdrs ?? '');
          return headers.includes('Pb-Kind: end') ? undefined : /Pb-Writer: (\S+)/.exec(headers)?.[1];
        } catch {
          return undefined;
        }
      }),
    );
  }

  /** Resolves to the workers that have a part. */
  async working(): Promise<Member[]> {
    for (;;) {
      const owners = await this.owners();
      const found = [...this.all].filter(({ writer }) => writer !== undefined && owners.includes(writer));
      if (found.length > 0) return found;
      await wait(20);
    }
  }

  /** Resolves to the time until the nodes are with workers that are alive, each with its share. */
  async spread(without?: Member): Promise<{ takeoverMs: number; spreadMs: number }> {
    const startMs = Date.now();
    let takeoverMs: number | undefined;
    for (;;) {
      const owners = await this.owners();
      const members = [...this.all].filter(member => member !== without);
      const alive = new Set(members.map(({ writer }) => writer));
      const isTaken = owners.every(owner => owner !== undefined && alive.has(owner));
      if (isTaken) takeoverMs ??= Date.now() - startMs;
      if (isTaken && new Set(owners).size === Math.min(owners.length, members.length))
        return { takeoverMs: takeoverMs!, spreadMs: Date.now() - startMs };
      if (Date.now() - startMs > LONGEST_SPREAD_MS)
        throw new Error(`the nodes are with ${owners.join(', ')} of ${[...alive].join(', ')}`);
      await wait(20);
    }
  }

  end(): void {
    this.#isOver = true;
    for (const { child } of this.all) child.kill('SIGKILL');
  }
}

let runs = 0;

export async function runSpread(server: Servers, random: Random, run: SpreadRun): Promise<SpreadResult> {
  const { messages, harms, harm, graph = 'fan', pauseMs } = run;
  const name = `spread-${process.pid}-${++runs}`;
  const connection = await server.connect();
  const members = new Members(server, name, connection, run);
  const spreadMs: number[] = [];
  const takeoverMs: number[] = [];
  const harmOne = async () => {
    const member = random.pick(await members.working());
    if (harm === 'server') return server.harm(`PB_${name}_LOG=a`, random.below(2000));
    if (harm === 'cut') return member.proxy!.cut(STOP_MS);
    if (harm === 'stop') {
      member.child.kill('SIGSTOP');
      await wait(STOP_MS);
      member.child.kill('SIGCONT');
      return;
    }
    member.child.kill(harm === 'kill' ? 'SIGKILL' : 'SIGTERM');
    const gone = await members.spread(member);
    takeoverMs.push(gone.takeoverMs);
    spreadMs.push(gone.spreadMs);
    await members.start();
  };
  const harming = async () => {
    for (let count = 0; count < harms; count++) {
      await wait(300 + random.below(700));
      await harmOne();
      spreadMs.push((await members.spread()).spreadMs);
    }
  };
  try {
    for (let count = 0; count < WORKERS; count++) await members.start();
    await members.spread();
    const both = Promise.all([harming(), sendAll(server, connection, name, messages, pauseMs)]);
    both.catch(() => {});
    const problem = await checkPorts(connection, name, KILL_GRAPHS[graph].expected(messages));
    if (problem === undefined) await both;
    return { problem, spreadMs, takeoverMs, fenced: members.fenced };
  } finally {
    members.end();
  }
}
