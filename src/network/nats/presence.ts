import type { JetStream } from './jet-stream.ts';

/** The workers that are alive, each with the parts that it can run; null for all. */
export type Alive = ReadonlyMap<string, readonly string[] | null>;

/**
 * The keys of the workers of a network. The server removes a key that was not renewed, so that the clocks of workers never matter.
 * RATIONALE: why-a-lease-when-there-is-compare-and-append
 */
export class Presence {
  readonly #jetStream: JetStream;
  readonly #stream: string;
  readonly #prefix: string;
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
    this.#leaseMs = leaseMs;
    this.#worker = worker;
    this.#parts.set(worker, parts);
  }

  /** Matches the keys of all workers. */
  get subject(): string {
    return `${this.#prefix}*`;
  }

  /** Time between two looks. */
  get lookMs(): number {
    return Math.min(this.#leaseMs / 4, 500);
  }

  /**
   * Renews the key of this worker when it is time, and returns all that are alive.
   * @returns `wasAway`: others may have taken this worker for dead
   */
  async look(): Promise<{ alive: Alive; wasAway: boolean }> {
    const isDue = performance.now() - this.#renewedMs >= this.#leaseMs / 3;
    let wasAway = isDue && (await this.renew());
    const ids = (await this.#jetStream.subjectsOf(this.#stream, this.subject)).map(subject =>
      subject.slice(this.#prefix.length),
    );
    if (!ids.includes(this.#worker)) {
      ids.push(this.#worker);
      await this.renew();
      wasAway = true;
    }
    const alive = new Map<string, readonly string[] | null>();
    for (const id of ids.sort()) {
      const parts = this.#parts.get(id) ?? (await this.#read(id));
      if (parts !== undefined) alive.set(id, parts);
    }
    return { alive, wasAway };
  }

  /** Writes the key of this worker, which wakes the others. Returns whether its time may have ended before. */
  async renew(): Promise<boolean> {
    const beforeMs = this.#renewedMs;
    const startMs = performance.now();
    const headers = { 'Nats-TTL': `${this.#leaseMs}ms` };
    const parts = JSON.stringify(this.#parts.get(this.#worker));
    await this.#jetStream.publish(this.#prefix + this.#worker, parts, headers);
    this.#renewedMs = startMs;
    return beforeMs > 0 && performance.now() - beforeMs > this.#leaseMs;
  }

  /** Removes the key, so that the others need not wait for its end. */
  async end(): Promise<void> {
    await this.#jetStream.api(`STREAM.PURGE.${this.#stream}`, { filter: this.#prefix + this.#worker });
  }

  async #read(id: string): Promise<readonly string[] | null | undefined> {
    if (this.#parts.has(id)) return null;
    const key = await this.#jetStream.read(this.#stream, { last_by_subj: this.#prefix + id });
    if (!key) return undefined;
    const parts = JSON.parse(new TextDecoder().decode(key.data)) as readonly string[] | null;
    this.#parts.set(id, parts);
    return parts;
  }
}
