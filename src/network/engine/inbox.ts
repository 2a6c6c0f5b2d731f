import { Fifo } from '../../values/fifo.ts';
import { fenced } from '../errors.ts';
import type { Entry, Sink } from './channel.ts';
import type { Delivery, NodeRecord, NodeState, NodeStep } from './engine.ts';

interface Taker {
  give(entries: readonly Delivery[]): void;
  fail(error: unknown): void;
}

/** The packets of a node that no committed step has read, and its record. */
export class Inbox implements Sink {
  readonly name: string;
  readonly #positions = new Map<string, number>();
  #state: NodeState = new Map();
  /** Whether a step was kept. */
  #isKept = false;
  /** By source, in order. */
  readonly #pending = new Map<string, Fifo<Entry>>();
  /** Those that the session of now has not taken. */
  #fresh = new Fifo<Entry>();
  #taker: Taker | undefined;
  #most = 0;
  readonly #onWake: () => void;

  /** @param onWake called when packets come for a session that waits for them */
  constructor(name: string, onWake: () => void) {
    this.name = name;
    this.#onWake = onWake;
  }

  /** Whether packets wait that the session has not taken. */
  get hasFresh(): boolean {
    return this.#fresh.size > 0;
  }

  put(entry: Entry): void {
    const { source } = entry.delivery;
    let pending = this.#pending.get(source);
    if (!pending) {
      pending = new Fifo();
      this.#pending.set(source, pending);
    }
    pending.push(entry);
    this.#fresh.push(entry);
    if (!this.#taker) return;
    this.#onWake();
    this.#end().give(this.#shift(this.#most));
  }

  pendingOf(source: string): Iterable<Entry> {
    return this.#pending.get(source) ?? [];
  }

  /** The initial packets that no committed step has read. */
  *initial(): Generator<Entry, void, undefined> {
    for (const pending of this.#pending.values()) if (pending.first?.channel === null) yield* pending;
  }

  /** Takes the record of an earlier process. */
  restore({ positions, state }: NodeRecord): void {
    for (const [source, position] of Object.entries(positions)) this.#positions.set(source, position);
    this.#state = state;
    this.#isKept = true;
  }

  /** Another session begins: all packets that no committed step has read come again, in the order in which they came. */
  rewind(): void {
    const entries = [...this.#pending.values()].flatMap(pending => [...pending]);
    this.#fresh = new Fifo();
    for (const entry of entries.sort((one, other) => one.number - other.number)) this.#fresh.push(entry);
  }

  /** @param onWait called when the inbox is empty */
  take(most: number, signal: AbortSignal | undefined, onWait: () => void): Promise<readonly Delivery[]> {
    if (this.#fresh.size > 0) return Promise.resolve(this.#shift(most));
    return new Promise((resolve, reject) => {
      this.#taker = { give: resolve, fail: reject };
      this.#most = most;
      if (signal) this.#endWith(signal);
      onWait();
    });
  }

  /** Ends the wait of a session when the signal fires. */
  #endWith(signal: AbortSignal): void {
    const { give, fail } = this.#taker!;
    const onAbort = () => {
      this.#onWake();
      this.#end().fail(signal.reason);
    };
    const settle =
      <T>(how: (value: T) => void) =>
      (value: T) => {
        signal.removeEventListener('abort', onAbort);
        how(value);
      };
    this.#taker = { give: settle(give), fail: settle(fail) };
    signal.addEventListener('abort', onAbort);
  }

  /** Ends the wait of a session. */
  fence(): void {
    if (this.#taker) this.#end().fail(fenced(this.name));
  }

  close(): void {
    if (this.#taker) this.#end().give([]);
  }

  /** The record that the latest step left. */
  get record(): NodeRecord | undefined {
    return this.#isKept ? { positions: Object.fromEntries(this.#positions), state: this.#state } : undefined;
  }

  /** Keeps a step: removes the packets that it has read. */
  advance({ read, state }: NodeStep): void {
    for (const { source, position } of read) {
      const pending = this.#pending.get(source);
      while (pending?.first && pending.first.delivery.position <= position) {
        const { channel, bytes } = pending.shift();
        channel?.release(bytes);
      }
      this.#positions.set(source, position);
    }
    if (state) this.#state = state;
    this.#isKept = true;
  }

  #shift(most: number): Delivery[] {
    const taken: Delivery[] = [];
    while (this.#fresh.size > 0 && taken.length < most) taken.push(this.#fresh.shift().delivery);
    return taken;
  }

  #end(): Taker {
    const taker = this.#taker!;
    this.#taker = undefined;
    return taker;
  }
}
