import type { Delivery, NodeSession, NodeStep } from '../engine/engine.ts';
import { fenced } from '../errors.ts';
import { onAbort, pause } from './abort.ts';
import type { NatsLog } from './nats-log.ts';
import type { NatsLoggedEngine } from './nats-logged-engine.ts';
import type { Part } from './parts.ts';

/** The place of a part in a worker. Empty while another worker has the part. */
export class Slot {
  readonly part: Part;
  engine: NatsLoggedEngine | undefined;
  log: NatsLog | undefined;
  /** Nodes that make a step. */
  readonly busy = new Set<string>();
  isLeaving = false;
  /** Whether this worker has ended with the part without giving it back. */
  isLost = false;
  running: Promise<void> | undefined;
  readonly #onFilled = new Set<() => void>();
  #onQuiet = () => {};

  constructor(part: Part) {
    this.part = part;
  }

  /** Takes or gives back the part, one at a time. */
  run(action: () => Promise<void>, fail: (error: unknown) => void): void {
    this.running ??= action()
      .catch(fail)
      .finally(() => {
        this.running = undefined;
      });
  }

  fill(engine: NatsLoggedEngine): void {
    this.engine = engine;
    this.isLeaving = false;
    this.busy.clear();
    for (const tell of this.#onFilled) tell();
  }

  lose(): void {
    this.isLost = true;
    this.empty();
  }

  empty(): void {
    this.engine = undefined;
    this.log = undefined;
  }

  /** Resolves to the engine of the part, or to none when the signal fires first. */
  async whenFilled(signal: AbortSignal): Promise<NatsLoggedEngine | undefined> {
    while ((!this.engine || this.isLeaving) && !signal.aborted)
      await new Promise<void>(resolve => {
        const end = () => {
          this.#onFilled.delete(end);
          forget();
          resolve();
        };
        this.#onFilled.add(end);
        const forget = onAbort(signal, end);
      });
    return signal.aborted ? undefined : this.engine;
  }

  /** Begins no more steps. Resolves when those that run have ended, or after a time. */
  async whenQuiet(mostMs: number): Promise<void> {
    this.isLeaving = true;
    const waiting = new AbortController();
    this.#onQuiet = () => waiting.abort();
    if (this.busy.size > 0) await pause(mostMs, waiting.signal);
  }

  rest(node: string): void {
    this.busy.delete(node);
    if (this.busy.size === 0) this.#onQuiet();
  }
}

/** A session that begins no step when its part leaves the worker. */
export class SlotSession implements NodeSession {
  readonly #session: NodeSession;
  readonly #node: string;
  readonly #slot: Slot;
  readonly #halted: AbortSignal;

  constructor(session: NodeSession, node: string, slot: Slot, halted: AbortSignal) {
    this.#session = session;
    this.#node = node;
    this.#slot = slot;
    this.#halted = halted;
  }

  get record() {
    return this.#session.record;
  }

  get lost(): AbortSignal {
    return this.#session.lost;
  }

  async take(max: number, signal?: AbortSignal): Promise<readonly Delivery[]> {
    this.#slot.rest(this.#node);
    const taken = this.#slot.isLeaving ? [] : await this.#take(max, signal);
    if (this.#halted.aborted) return [];
    if (this.#slot.isLeaving || taken.length === 0) throw fenced(this.#node);
    this.#slot.busy.add(this.#node);
    return taken;
  }

  commit(step: NodeStep, signal?: AbortSignal): Promise<void> {
    return this.#session.commit(step, signal);
  }

  async close(): Promise<void> {
    this.#slot.rest(this.#node);
    await this.#session.close();
  }

  async #take(max: number, signal: AbortSignal | undefined): Promise<readonly Delivery[]> {
    try {
      return await this.#session.take(max, signal);
    } catch (error) {
      if (this.#halted.aborted) return [];
      throw error;
    }
  }
}
