import { ownersOf } from '../../src/network/nats/parts.ts';
import { LEAST_LOOK_MS, lookAfterMs } from '../../src/network/nats/presence.ts';
import { Random } from '../helpers/random.ts';

// The workers of a spread network on NATS as events on a clock of its own: keys with a time, looks, logs with compare-and-append,
// deaths and stops. The placement and the times of looks are the engine's own, `ownersOf` and `lookAfterMs`. docs/SCALE.md has the table.

export interface LeaseRun {
  readonly workers: number;
  /** Each has one node. */
  readonly parts: number;
  readonly leaseMs: number;
  /** Times that workers die; a new one comes for each of them. */
  readonly deaths: number;
  /** Workers that die at one moment. */
  readonly atOnce: number;
  /** Times that a worker stops for longer than its lease, and goes on. */
  readonly stops: number;
  readonly seed: number;
  /** The control: the server keeps each record, as without compare-and-append. */
  readonly isUnchecked?: boolean;
}

export interface LeaseResult {
  /** The first packet that was counted twice or not at all; undefined if all is exact. */
  readonly problem: string | undefined;
  /** For each part of a worker that has died, the time until another worker has it. */
  readonly takeoverMs: readonly number[];
  /** The most packets that waited for one node. */
  readonly backlog: number;
  /** The most packets that waited for all nodes. */
  readonly allWaiting: number;
  /** Records that the server has refused. */
  readonly fenced: number;
  /** Parts that a worker which was alive has given to another one. */
  readonly moved: number;
  /** Requests of the keys alone, in a second. */
  readonly requests: number;
}

/** A message comes to each node so often. */
const MESSAGE_MS = 100;
const STEP_MS = 0.2;
/** Most packets of a record. */
const BATCH = 64;
/** From a request to its answer. */
const ANSWER_MS = 1;
/** A log is read and begun anew. */
const OPEN_MS = 10;
const SETTLE_MS = 1000;
const RESTART_MS = 3000;
/** The server looks once in a second which keys have ended. */
const TICK_MS = 1000;

interface Log {
  /** The number of the last record. */
  last: number;
  writer: string;
  isEnded: boolean;
  /** Packets that its records have counted. */
  counted: number;
}

/** A part in a worker, as this worker knows it. */
interface Held {
  last: number;
  counted: number;
  isLeaving: boolean;
}

class Worker {
  readonly id: string;
  readonly held = new Map<number, Held>();
  readonly entering = new Set<number>();
  isDead = false;
  stoppedUntilMs = 0;
  renewedMs = Number.NEGATIVE_INFINITY;
  settledMs = 0;
  /** The last look, and whether one more is due soon after it. */
  lookedMs = Number.NEGATIVE_INFINITY;
  isLookDue = false;
  /** When it looks if nothing wakes it. */
  nextMs = 0;
  /** Counts the times that were set. */
  turn = 0;
  /** Keys that had ended at the last look. */
  ended = 0;
  /** When its thread is free. */
  freeMs = 0;

  constructor(id: string) {
    this.id = id;
  }
}

/** Events by time, those of one time in their order. */
class Agenda {
  readonly #heap: { ms: number; order: number; action: () => void }[] = [];
  #orders = 0;
  nowMs = 0;

  at(ms: number, action: () => void): void {
    const heap = this.#heap;
    const event = { ms: Math.max(ms, this.nowMs), order: this.#orders++, action };
    let at = heap.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isBefore(event, heap[above]!)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = event;
  }

  run(endMs: number): void {
    const heap = this.#heap;
    while (heap.length > 0 && heap[0]!.ms <= endMs) {
      const { ms, action } = heap[0]!;
      const last = heap.pop()!;
      if (heap.length > 0) this.#sink(last);
      this.nowMs = ms;
      action();
    }
  }

  #sink(event: { ms: number; order: number; action: () => void }): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && this.#isBefore(heap[below + 1]!, heap[below]!)) below++;
      if (!this.#isBefore(heap[below]!, event)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = event;
  }

  #isBefore(one: { ms: number; order: number }, other: { ms: number; order: number }): boolean {
    return one.ms < other.ms || (one.ms === other.ms && one.order < other.order);
  }
}

class Simulation {
  readonly #run: LeaseRun;
  readonly #random: Random;
  readonly #agenda = new Agenda();
  readonly #workers = new Map<string, Worker>();
  readonly #logs: Log[];
  /** The end of each key. */
  readonly #keys = new Map<string, number>();
  /** The number of keys that have ended. */
  #ended = 0;
  #owned = new Map<string, readonly number[]>();
  #isStale = true;
  #isWaking = false;
  #ids = 0;
  /** Parts whose workers have died, and that nobody has, with the time of the death. */
  readonly #orphans = new Map<number, number>();
  readonly #takeoverMs: number[] = [];
  #problem: string | undefined;
  #backlog = 0;
  #allWaiting = 0;
  #fenced = 0;
  #moved = 0;
  #requests = 0;

  constructor(run: LeaseRun) {
    this.#run = run;
    this.#random = new Random(run.seed);
    this.#logs = Array.from({ length: run.parts }, () => ({
      last: 0,
      writer: '',
      isEnded: true,
      counted: 0,
    }));
  }

  result(): LeaseResult {
    const { workers, deaths, stops, leaseMs } = this.#run;
    for (let left = workers; left > 0; left--) this.#start(this.#random.below(leaseMs / 3));
    const harms = deaths + stops;
    const firstMs = 3 * leaseMs;
    // The network is at rest before the next one.
    const harmMs = 3 * leaseMs + RESTART_MS;
    // Deaths and stops by turns.
    for (let harm = 0; harm < harms; harm++) {
      const isDeath = Math.floor(((harm + 1) * deaths) / harms) > Math.floor((harm * deaths) / harms);
      this.#agenda.at(firstMs + harm * harmMs + this.#random.below(leaseMs), () =>
        isDeath ? this.#kill() : this.#stop(),
      );
    }
    const endMs = firstMs + harms * harmMs + leaseMs;
    for (let ms = firstMs; ms < endMs; ms += 100) this.#agenda.at(ms, () => this.#weigh());
    this.#agenda.run(endMs);
    const late = this.#logs.findIndex(log => this.#arrivedAt(endMs) - log.counted > BATCH);
    if (late >= 0) this.#problem ??= `part ${late}: ${this.#logs[late]!.counted} packets at the end`;
    return {
      problem: this.#problem,
      takeoverMs: this.#takeoverMs,
      backlog: this.#backlog,
      allWaiting: this.#allWaiting,
      fenced: this.#fenced,
      moved: this.#moved,
      requests: Math.round(this.#requests / (endMs / 1000)),
    };
  }

  /** @param renewedMs how long ago the worker has written its key, if it is there from the beginning */
  #start(renewedMs?: number): void {
    const worker = new Worker(`${this.#random.u32().toString(16)}-${++this.#ids}`);
    this.#workers.set(worker.id, worker);
    if (renewedMs !== undefined) this.#setKey(worker, -renewedMs);
    this.#agenda.at(this.#agenda.nowMs + this.#random.below(this.#run.leaseMs / 3), () => this.#look(worker));
  }

  #pickAlive(): Worker {
    return this.#random.pick(
      [...this.#workers.values()].filter(({ stoppedUntilMs }) => stoppedUntilMs <= this.#agenda.nowMs),
    );
  }

  #kill(): void {
    const { nowMs } = this.#agenda;
    for (let left = this.#run.atOnce; left > 0; left--) {
      const worker = this.#pickAlive();
      worker.isDead = true;
      this.#workers.delete(worker.id);
      for (const part of worker.held.keys())
        if (this.#logs[part]!.writer === worker.id) this.#orphans.set(part, nowMs);
      this.#agenda.at(nowMs + RESTART_MS, () => this.#start());
    }
  }

  #stop(): void {
    const worker = this.#pickAlive();
    worker.stoppedUntilMs = this.#agenda.nowMs + this.#run.leaseMs + 1500;
  }

  /** Runs an action of a worker later, unless it has died; after its stop, if it is stopped then. */
  #later(worker: Worker, ms: number, action: () => void): void {
    this.#agenda.at(ms, () => {
      if (worker.isDead) return;
      if (this.#agenda.nowMs < worker.stoppedUntilMs) this.#later(worker, worker.stoppedUntilMs, action);
      else action();
    });
  }

  /** Returns the parts of each worker that has a key. */
  #owners(): ReadonlyMap<string, readonly number[]> {
    if (!this.#isStale) return this.#owned;
    this.#isStale = false;
    const alive = new Map([...this.#keys.keys()].sort().map(id => [id, null]));
    const names = this.#logs.map((_, part) => `part-${part}`);
    const owned = new Map<string, number[]>([...alive.keys()].map(id => [id, []]));
    for (const [name, id] of ownersOf(names, alive)) owned.get(id)!.push(Number(name.slice(5)));
    this.#owned = owned;
    return owned;
  }

  /** Renews the key and looks now and then until the worker dies. */
  #look(worker: Worker): void {
    const { nowMs } = this.#agenda;
    const { leaseMs } = this.#run;
    if (nowMs >= worker.renewedMs + leaseMs / 3) this.#renew(worker);
    if (nowMs >= worker.nextMs) this.#lookOnce(worker, false);
    const turn = ++worker.turn;
    const nextMs = Math.min(worker.nextMs, worker.renewedMs + leaseMs / 3);
    this.#later(worker, nextMs, () => {
      // A look by another reason has set another time.
      if (worker.turn === turn) this.#look(worker);
    });
  }

  #lookOnce(worker: Worker, isWoken: boolean): void {
    const { nowMs } = this.#agenda;
    this.#requests++;
    worker.lookedMs = nowMs;
    const chance = this.#random.u32() / 2 ** 32;
    worker.nextMs = nowMs + lookAfterMs(this.#keys.size, this.#run.leaseMs, chance);
    const hasEnded = worker.ended < this.#ended;
    worker.ended = this.#ended;
    if (hasEnded && !isWoken) this.#wake();
    if (nowMs < worker.settledMs) return;
    const own = new Set(this.#owners().get(worker.id));
    for (const [part, held] of worker.held) if (!own.has(part)) this.#leave(worker, part, held);
    for (const part of own) if (!worker.held.has(part)) this.#enter(worker, part);
  }

  #renew(worker: Worker): void {
    const { nowMs } = this.#agenda;
    const isNew = !this.#keys.has(worker.id);
    if (isNew && worker.renewedMs > Number.NEGATIVE_INFINITY) {
      // Others may have taken its parts.
      worker.settledMs = nowMs + SETTLE_MS;
      this.#later(worker, nowMs + 2 * ANSWER_MS, () => {
        for (const [part, held] of worker.held)
          if (this.#logs[part]!.last !== held.last && !this.#run.isUnchecked) worker.held.delete(part);
      });
    }
    this.#requests++;
    this.#setKey(worker, nowMs);
    if (isNew) this.#wake();
  }

  /** Writes the key of a worker, which ends after the lease. */
  #setKey(worker: Worker, nowMs: number): void {
    const endMs = Math.ceil((nowMs + this.#run.leaseMs) / TICK_MS) * TICK_MS;
    this.#isStale ||= !this.#keys.has(worker.id);
    this.#keys.set(worker.id, endMs);
    worker.renewedMs = nowMs;
    this.#agenda.at(endMs, () => {
      if (this.#keys.get(worker.id) !== endMs) return;
      this.#keys.delete(worker.id);
      this.#ended++;
      this.#isStale = true;
    });
  }

  /** A message that a worker has come or gone, or has given a part back, lets all look. */
  #wake(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    this.#requests++;
    this.#agenda.at(this.#agenda.nowMs + ANSWER_MS, () => {
      this.#isWaking = false;
      for (const worker of this.#workers.values()) this.#lookSoon(worker);
    });
  }

  #lookSoon(worker: Worker): void {
    if (worker.isLookDue || worker.renewedMs === Number.NEGATIVE_INFINITY) return;
    worker.isLookDue = true;
    this.#later(worker, worker.lookedMs + LEAST_LOOK_MS, () => {
      worker.isLookDue = false;
      this.#lookOnce(worker, true);
      this.#look(worker);
    });
  }

  #enter(worker: Worker, part: number): void {
    const log = this.#logs[part]!;
    const isFree = log.isEnded || log.writer === worker.id || !this.#keys.has(log.writer);
    if (!isFree || worker.entering.has(part)) return;
    worker.entering.add(part);
    const { last } = log;
    this.#later(worker, this.#agenda.nowMs + OPEN_MS, () => {
      worker.entering.delete(part);
      // Another worker was faster.
      if (log.last !== last) return;
      log.last++;
      log.writer = worker.id;
      log.isEnded = false;
      worker.held.set(part, { last: log.last, counted: log.counted, isLeaving: false });
      const sinceMs = this.#orphans.get(part);
      this.#orphans.delete(part);
      if (sinceMs !== undefined) this.#takeoverMs.push(Math.round(this.#agenda.nowMs - sinceMs));
      this.#work(worker, part);
    });
  }

  /** Gives a part back, once its step has ended. */
  #leave(worker: Worker, part: number, held: Held): void {
    if (held.isLeaving) return;
    held.isLeaving = true;
    this.#later(worker, Math.max(worker.freeMs, this.#agenda.nowMs) + ANSWER_MS, () => {
      if (worker.held.get(part) !== held) return;
      worker.held.delete(part);
      const log = this.#logs[part]!;
      if (log.last !== held.last && !this.#run.isUnchecked) return;
      log.last++;
      log.isEnded = true;
      this.#moved++;
      this.#wake();
    });
  }

  /** Takes the packets that wait, makes their steps, and appends one record of them; then again. */
  #work(worker: Worker, part: number): void {
    const held = worker.held.get(part);
    if (!held || held.isLeaving) return;
    const { nowMs } = this.#agenda;
    const packets = Math.min(BATCH, this.#arrivedAt(nowMs) - held.counted);
    if (packets <= 0) {
      this.#later(worker, nowMs + MESSAGE_MS, () => this.#work(worker, part));
      return;
    }
    worker.freeMs = Math.max(worker.freeMs, nowMs) + packets * STEP_MS;
    this.#later(worker, worker.freeMs + ANSWER_MS, () => {
      if (worker.held.get(part) !== held) return;
      const log = this.#logs[part]!;
      if (log.last !== held.last && !this.#run.isUnchecked) {
        this.#fenced++;
        worker.held.delete(part);
        return;
      }
      if (log.counted !== held.counted)
        this.#problem ??= `part ${part}: ${log.counted} packets were counted, and then from ${held.counted} on again`;
      held.counted += packets;
      log.counted = held.counted;
      held.last = ++log.last;
      log.writer = worker.id;
      this.#work(worker, part);
    });
  }

  #weigh(): void {
    const arrived = this.#arrivedAt(this.#agenda.nowMs);
    const waiting = this.#logs.map(({ counted }) => arrived - counted);
    this.#backlog = Math.max(this.#backlog, ...waiting);
    this.#allWaiting = Math.max(
      this.#allWaiting,
      waiting.reduce((sum, packets) => sum + packets, 0),
    );
  }

  #arrivedAt(ms: number): number {
    return Math.floor(ms / MESSAGE_MS);
  }
}

export const simulateLeases = (run: LeaseRun): LeaseResult => new Simulation(run).result();

/** The runs of the table in docs/SCALE.md. The first ones are quick. */
export const LEASE_RUNS: readonly LeaseRun[] = [
  { workers: 3, parts: 12, leaseMs: 2000, deaths: 20, atOnce: 1, stops: 10, seed: 1 },
  { workers: 10, parts: 40, leaseMs: 10_000, deaths: 20, atOnce: 1, stops: 10, seed: 2 },
  { workers: 100, parts: 100, leaseMs: 10_000, deaths: 5, atOnce: 1, stops: 5, seed: 3 },
  { workers: 100, parts: 100, leaseMs: 10_000, deaths: 5, atOnce: 10, stops: 5, seed: 4 },
  { workers: 1000, parts: 1000, leaseMs: 10_000, deaths: 3, atOnce: 1, stops: 3, seed: 5 },
  { workers: 1000, parts: 1000, leaseMs: 10_000, deaths: 1, atOnce: 50, stops: 1, seed: 6 },
];

export const LEASE_HEAD =
  '| workers | nodes | lease | die at once | takeover: median, longest | most that wait: at a node, at all | moved from a worker alive | records refused | requests for keys a second |';

/** The row of a run in docs/SCALE.md. @throws the problem of the run */
export function leaseRow(run: LeaseRun): string {
  const { problem, takeoverMs, backlog, allWaiting, moved, fenced, requests } = simulateLeases(run);
  if (problem !== undefined) throw new Error(`seed ${run.seed}: ${problem}`);
  const sorted = [...takeoverMs].sort((one, other) => one - other);
  const [median, longest] = [sorted[sorted.length >> 1]!, sorted.at(-1)!];
  // A worker goes and comes at each harm.
  const changes = 2 * (run.deaths + run.stops);
  const number = (value: number) => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
  const cells = [
    number(run.workers),
    number(run.parts),
    `${number(run.leaseMs)} ms`,
    number(run.atOnce),
    `${number(median)}, ${number(longest)} ms`,
    `${number(backlog)}, ${number(allWaiting)}`,
    `${number(moved / changes)} a change`,
    number(fenced),
    number(requests),
  ];
  return `| ${cells.join(' | ')} |`;
}
