import type { Message } from '../../actor/message/message.ts';
import { Fifo } from '../../values/fifo.ts';
import { NETWORK_LIMITS } from '../limits.ts';
import type { Delivery, Received, Trace } from './engine.ts';

/** How much an edge holds. */
export interface Bounds {
  readonly packets: number;
  readonly bytes: number;
}

export interface Entry {
  readonly delivery: Delivery;
  readonly bytes: number;
  /** Orders the entries of an inbox. */
  readonly number: number;
  /** Null for initial packets, which count against no bound. */
  readonly channel: Channel | null;
}

/** The end of channels: a node, or a port of the network. */
export interface Sink {
  readonly name: string;
  put(entry: Entry): void;
  /** The packets of a source that no committed step has read, in order. */
  pendingOf(source: string): Iterable<Entry>;
}

/** One way of packets, with its bounds. The packets wait in the sink. */
export class Channel {
  readonly source: string;
  readonly port: string;
  readonly sink: Sink;
  readonly bounds: Bounds;
  /** Whether senders wait while the channel is full. Else more packets than the bounds are an overflow. */
  readonly waits: boolean;
  packets = 0;
  bytes = 0;
  #next = 1;

  constructor(source: string, port: string, sink: Sink, bounds: Bounds, waits: boolean) {
    this.source = source;
    this.port = port;
    this.sink = sink;
    this.bounds = bounds;
    this.waits = waits;
  }

  get isFull(): boolean {
    return this.packets >= this.bounds.packets || this.bytes >= this.bounds.bytes;
  }

  /** Whether this many more would be over the bounds of a channel whose sender may not wait. */
  overflows(packets: number, bytes: number, { packets: most, bytes: mostBytes }: Bounds): boolean {
    return this.packets + packets > most || (this.packets > 0 && this.bytes + bytes > mostBytes);
  }

  put(message: Message, bytes: number, trace: Trace, number: number): void {
    const { source, port } = this;
    this.packets++;
    this.bytes += bytes;
    const delivery = { source, position: this.#next++, port, message, trace };
    this.sink.put({ delivery, bytes, number, channel: this });
  }

  /** The position of the latest packet. */
  get latest(): number {
    return this.#next - 1;
  }

  /** Goes on after a packet of an earlier process. */
  goOnAfter(position: number): void {
    this.#next = position + 1;
  }

  /** Puts back a packet of an earlier process. */
  putAgain(entry: Omit<Entry, 'channel'>): void {
    this.packets++;
    this.bytes += entry.bytes;
    this.sink.put({ ...entry, channel: this });
  }

  release(bytes: number): void {
    this.packets--;
    this.bytes -= bytes;
  }
}

/** Packets of a port of the network, until a reader takes them. */
export class Outbox implements Sink {
  readonly name: string;
  readonly #entries = new Fifo<Entry>();
  readonly #readers = new Fifo<(entry: Entry | undefined) => void>();
  readonly #onRoom: () => void;
  /** By source, the packets that no reader has used, and the positions of those that were used before earlier ones. */
  readonly #pending: Map<string, { entries: Fifo<Entry>; used: Set<number> }> | null;
  #isClosed = false;

  /**
   * @param onRoom called when a reader has taken a packet that waited
   * @param keeps whether packets are remembered until they are used
   */
  constructor(name: string, onRoom: () => void, keeps: boolean) {
    this.name = name;
    this.#onRoom = onRoom;
    this.#pending = keeps ? new Map() : null;
  }

  pendingOf(source: string): Iterable<Entry> {
    return this.#pending?.get(source)?.entries ?? [];
  }

  /** A reader has used a packet. Returns the position up to which all are used, if it has changed. */
  use(source: string, position: number): number | undefined {
    const pending = this.#pending?.get(source);
    if (!pending) return undefined;
    const { entries, used } = pending;
    // A message that became a dead letter is used before its reader says so.
    if (!entries.first || position < entries.first.delivery.position) return undefined;
    used.add(position);
    let last: number | undefined;
    while (entries.first && used.delete(entries.first.delivery.position))
      last = entries.shift().delivery.position;
    return last;
  }

  put(entry: Entry): void {
    if (this.#pending) {
      const { source } = entry.delivery;
      const pending = this.#pending.get(source) ?? { entries: new Fifo(), used: new Set() };
      this.#pending.set(source, pending);
      pending.entries.push(entry);
    }
    if (this.#readers.size > 0) {
      entry.channel?.release(entry.bytes);
      this.#readers.shift()(entry);
    } else this.#entries.push(entry);
  }

  /** @param ready awaited before a packet goes out */
  read(ready?: (entry: Entry) => Promise<void> | undefined): AsyncIterable<Received> {
    // Not a generator, which takes several turns for each packet.
    const next = async (): Promise<IteratorResult<Received, undefined>> => {
      const entry = await this.#take();
      if (!entry) return { done: true, value: undefined };
      const waiting = ready?.(entry);
      if (waiting) await waiting;
      // Spread, it takes several times as long.
      const { source, position, port, message, trace } = entry.delivery;
      return { done: false, value: { source, position, port, message, trace, number: entry.number } };
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }

  close(): void {
    this.#isClosed = true;
    while (this.#readers.size > 0) this.#readers.shift()(undefined);
  }

  #take(): Promise<Entry | undefined> {
    if (this.#entries.size > 0) {
      const entry = this.#entries.shift();
      entry.channel?.release(entry.bytes);
      this.#onRoom();
      return Promise.resolve(entry);
    }
    if (this.#isClosed) return Promise.resolve(undefined);
    return new Promise(resolve => this.#readers.push(resolve));
  }
}

/** Returns the bounds that are given, with the defaults of the others. */
export const boundsOf = (
  packets: number | undefined,
  bytes: number | undefined,
  isCycle: boolean,
): Bounds => ({
  packets: packets ?? NETWORK_LIMITS[isCycle ? 'cyclePackets' : 'edgePackets'].default,
  bytes: bytes ?? NETWORK_LIMITS[isCycle ? 'cycleBytes' : 'edgeBytes'].default,
});
