import { list, orNull, plain } from '../../values/shape.ts';
import { pause } from './abort.ts';
import type { JetStream } from './jet-stream.ts';
import { contentOf } from './keys.ts';

/** The workers that are alive, each with the parts that it can run; null for all. */
export type Alive = ReadonlyMap<string, readonly string[] | null>;

const LOOK_MS = 500;
/** Many wake messages in a row cause a look each time this has passed. */
export const LEAST_LOOK_MS = 50;
/** Up to this number of workers, all look for keys that have ended as often as they may. More of them take turns by chance. */
const FEW = 4;

/**
 * Returns the time until a worker looks for keys that have ended. The worker that finds one wakes the others, so that the network
 * needs a certain number of looks in a second, however many workers it has.
 * @param chance 0 to 1
 */
export function lookAfterMs(workers: number, leaseMs: number, chance: number): number {
  const leastMs = Math.min(leaseMs / 4, LOOK_MS);
  return Math.min(leaseMs, leastMs * Math.max(1, (chance * workers) / FEW));
}

/**
 * The keys of the workers of a network. The server removes a key that was not renewed, so that the clocks of workers never matter.
 * RATIONALE: why-a-lease-when-there-is-compare-and-append
 */
export class Presence {
  readonly #jetStream: JetStream;
  readonly #stream: string;
  readonly #prefix: string;
  readonly #wakeKey: string;
  readonly #leaseMs: number;
  readonly #worker: string;
  /** The parts of each worker do not change. */
  readonly #parts = new Map<string, readonly string[] | null>();
  #renewedMs = Number.NEGATIVE_INFINITY;

  constructor(
    jetStream: JetStream,
    bucket: string,
    leaseMs: number,
    worker: string,
    parts: readonly string[] | null,
  ) {
    this.#jetStream = jetStream;
    this.#stream = `KV_${bucket}`;
    this.#prefix = `$KV.${bucket}.worker.`;
    this.#wakeKey = `$KV.${bucket}.wake`;
    this.#leaseMs = leaseMs;
    this.#worker = worker;
    this.#parts.set(worker, parts);
  }

  /**
   * Renews the key until the signal fires.
   * @param onRenewed called after each renewal
   */
  async stay(signal: AbortSignal, onRenewed: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      await this.#renewIfDue();
      await onRenewed();
      await pause(this.#dueMs(), signal);
    }
  }

  /**
   * Renews the key, and calls back with the workers that are alive: at once, when a worker has come, has gone or has given a part
   * back, and now and then for keys that have ended, until the signal fires.
   * @param use `wasAway`: others may have taken this worker for dead
   */
  async watch(signal: AbortSignal, use: (alive: Alive, wasAway: boolean) => Promise<void>): Promise<void> {
    let known: Alive = new Map();
    let lookedMs = Number.NEGATIVE_INFINITY;
    let nextMs = lookedMs;
    const untilNextMs = () => Math.max(0, Math.min(this.#dueMs(), nextMs - performance.now()));
    await this.#jetStream.watch(this.#wakeKey, untilNextMs, signal, async isWoken => {
      let wasAway = await this.#renewIfDue();
      if (!isWoken && !wasAway && performance.now() < nextMs) return;
      const earlyMs = lookedMs + LEAST_LOOK_MS - performance.now();
      if (isWoken && earlyMs > 0) await pause(earlyMs, signal);
      if (signal.aborted) return;
      lookedMs = performance.now();
      const alive = await this.#look();
      if (!alive.has(this.#worker)) {
        await this.#renew();
        alive.set(this.#worker, this.#parts.get(this.#worker)!);
        wasAway = true;
      }
      const hasEnded = [...known.keys()].some(id => !alive.has(id));
      known = alive;
      nextMs = performance.now() + lookAfterMs(alive.size, this.#leaseMs, Math.random());
      // The others look less often.
      if (hasEnded && !isWoken) await this.wake();
      await use(alive, wasAway);
    });
  }

  /** Lets all workers look. */
  async wake(): Promise<void> {
    await this.#jetStream.publish(this.#wakeKey, this.#worker, {});
  }

  /** Removes the key, so that the others need not wait for its end. */
  async end(): Promise<void> {
    await this.#jetStream.api(`STREAM.PURGE.${this.#stream}`, { filter: this.#prefix + this.#worker });
    await this.wake();
  }

  #dueMs(): number {
    return this.#renewedMs + this.#leaseMs / 3 - performance.now();
  }

  async #renewIfDue(): Promise<boolean> {
    return this.#dueMs() <= 0 && (await this.#renew());
  }

  /** Writes the key of this worker. Returns whether its time may have ended before. */
  async #renew(): Promise<boolean> {
    const beforeMs = this.#renewedMs;
    const startMs = performance.now();
    const headers = { 'Nats-TTL': `${this.#leaseMs}ms` };
    const parts = JSON.stringify(this.#parts.get(this.#worker));
    await this.#jetStream.publish(this.#prefix + this.#worker, parts, headers);
    this.#renewedMs = startMs;
    const hasEnded = performance.now() - beforeMs > this.#leaseMs;
    if (hasEnded) await this.wake();
    return hasEnded && beforeMs > 0;
  }

  /** Returns the workers that have a key, in the order of their ids. */
  async #look(): Promise<Map<string, readonly string[] | null>> {
    const subjects = await this.#jetStream.subjectsOf(this.#stream, `${this.#prefix}*`);
    const alive = new Map<string, readonly string[] | null>();
    for (const id of subjects.map(subject => subject.slice(this.#prefix.length)).sort()) {
      const parts = this.#parts.get(id) ?? (await this.#read(id));
      if (parts !== undefined) alive.set(id, parts);
    }
    return alive;
  }

  async #read(id: string): Promise<readonly string[] | null | undefined> {
    if (this.#parts.has(id)) return null;
    const key = await this.#jetStream.read(this.#stream, { last_by_subj: this.#prefix + id });
    if (!key) return undefined;
    const parts = contentOf<readonly string[] | null>(key.data, this.#prefix + id, orNull(list(plain)));
    this.#parts.set(id, parts);
    return parts;
  }
}
