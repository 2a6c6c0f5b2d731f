import { EXPECTED, hasCode, type JetStream, pause } from './jet-stream.ts';

const KEY = 'owner';
const MOST_PAUSE_MS = 500;

/**
 * The right to work on a network, a key that the server removes when it was not renewed. Only a hint that saves work: commits are
 * safe without it. RATIONALE: why-a-lease-when-there-is-compare-and-append
 */
export class Lease {
  readonly #jetStream: JetStream;
  readonly #bucket: string;
  readonly #leaseMs: number;
  readonly #value: string;
  #sequence = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewing: Promise<unknown> = Promise.resolve();

  constructor(jetStream: JetStream, bucket: string, leaseMs: number, value: string) {
    this.#jetStream = jetStream;
    this.#bucket = bucket;
    this.#leaseMs = leaseMs;
    this.#value = value;
  }

  /** Resolves once this worker has the lease. @param onLost called when another worker has it. @throws the reason of `signal` */
  async acquire(signal: AbortSignal, onLost: () => void): Promise<void> {
    await this.#jetStream.ensureStream(`KV_${this.#bucket}`, {
      subjects: [`$KV.${this.#bucket}.>`],
      max_msgs_per_subject: 1,
      allow_msg_ttl: true,
      allow_rollup_hdrs: true,
      allow_direct: true,
    });
    while (!(await this.#put(0))) {
      await pause(Math.min(this.#leaseMs / 4, MOST_PAUSE_MS), signal);
      signal.throwIfAborted();
    }
    this.#renewLater(onLost);
  }

  /** Gives the lease back, so that the next worker need not wait for its end. */
  async release(): Promise<void> {
    await this.#renewing;
    clearTimeout(this.#timer);
    if (this.#sequence === 0) return;
    // Removes this message alone: the lease of another worker has another number.
    await this.#jetStream
      .api(`STREAM.MSG.DELETE.KV_${this.#bucket}`, { seq: this.#sequence, no_erase: true })
      .catch(() => {});
  }

  #renewLater(onLost: () => void): void {
    this.#timer = setTimeout(() => {
      this.#renewing = this.#renew().then(
        isOwn => (isOwn ? this.#renewLater(onLost) : onLost()),
        () => {},
      );
    }, this.#leaseMs / 3);
  }

  /** A lease that has ended may be taken again, if no other worker was faster. */
  async #renew(): Promise<boolean> {
    return (await this.#put(this.#sequence)) || (await this.#put(0));
  }

  async #put(expected: number): Promise<boolean> {
    const subject = `$KV.${this.#bucket}.${KEY}`;
    const headers = { [EXPECTED]: String(expected), 'Nats-TTL': `${this.#leaseMs}ms` };
    try {
      this.#sequence = await this.#jetStream.publish(subject, this.#value, headers);
      return true;
    } catch (error) {
      if (hasCode(error, 'wrongSequence')) return false;
      throw error;
    }
  }
}
