import { ActorError, describe } from '../../actor/errors.ts';
import { excerpt, messageOf } from '../../errors.ts';
import { NETWORK_LIMITS } from '../limits.ts';
import type { DeliveryItem, DurableNamespace } from './storage.ts';
import type { OutRow, Tables } from './tables.ts';

/** The most packets of one delivery. */
const BATCH = 64;
/** About the most bytes that wait for one target. */
const MOST_CHARACTERS = 256 * 2 ** 20;
const LEAST_PAUSE_MS = 100;
/** Pauses grow up to this while the other object takes nothing, because it is full. */
const FULL_PAUSE_MS = 1000;
/** Pauses grow up to this while the other object fails. */
const FAILED_PAUSE_MS = 300_000;

/** The target of a way that leads to another object, and the way. Other targets are outports that callers read. */
export interface Way {
  readonly binding: string;
  readonly name: string;
  readonly port: string;
}

/** A target with its packets. */
interface Queue {
  packets: number;
  characters: number;
  /** Undefined for an outport that callers read. */
  readonly way: Way | undefined;
  isRunning: boolean;
  failures: number;
  /** Why the latest delivery failed. */
  error: string | undefined;
}

/** Packets that wait for one target. */
export interface Waiting {
  readonly packets: number;
  /** Deliveries in a row that have failed. */
  readonly failures: number;
  readonly error?: string;
}

export const targetOf = ({ binding, name, port }: Way): string => JSON.stringify([binding, name, port]);

/** Returns the way that a target stands for. Targets of callers are JSON strings. */
function wayOf(target: string): Way | undefined {
  const parts = JSON.parse(target) as string | [string, string, string];
  return typeof parts === 'string' ? undefined : { binding: parts[0], name: parts[1], port: parts[2] };
}

/**
 * Packets that have left the network, in a table until the other object or a caller has them. Each target has a cursor of its
 * own, so that a slow one holds no other.
 */
export class Outbox {
  readonly #tables: Tables;
  readonly #env: unknown;
  readonly #fail: (error: unknown) => void;
  readonly #queues = new Map<string, Queue>();
  readonly #onRoom: (() => void)[] = [];
  #isClosed = false;
  /** Packets that were delivered. */
  delivered = 0;

  /** @param fail called when the tables cannot be read */
  constructor(tables: Tables, env: unknown, fail: (error: unknown) => void) {
    this.#tables = tables;
    this.#env = env;
    this.#fail = fail;
    for (const { target, packets, characters } of tables.sizes())
      Object.assign(this.#queueOf(target), { packets, characters });
  }

  /** Whether packets wait for other objects. */
  get isBusy(): boolean {
    return [...this.#queues.values()].some(({ way, packets }) => way && packets > 0);
  }

  waiting(): Record<string, Waiting> {
    return Object.fromEntries(
      [...this.#queues].map(([target, { packets, failures, error }]) => [
        target,
        { packets, failures, ...(error !== undefined && { error }) },
      ]),
    );
  }

  /** Delivers the packets of earlier processes. */
  start(): void {
    for (const target of this.#queues.keys()) this.#kick(target);
  }

  close(): void {
    this.#isClosed = true;
    this.#settle();
  }

  /** Resolves when a target may take one more packet; at once if it may. */
  room(target: string): Promise<void> | undefined {
    const isFull = () => {
      const { packets, characters } = this.#queueOf(target);
      return (
        !this.#isClosed && (packets >= NETWORK_LIMITS.outboxPackets.default || characters >= MOST_CHARACTERS)
      );
    };
    if (!isFull()) return undefined;
    return new Promise(resolve => {
      const look = () => (isFull() ? void this.#onRoom.push(look) : resolve());
      look();
    });
  }

  put(target: string, packet: string, traceparent: string | undefined): void {
    this.#tables.put(target, packet, traceparent);
    const queue = this.#queueOf(target);
    queue.packets++;
    queue.characters += packet.length;
    this.#kick(target);
  }

  /** Removes the packets of an outport up to a number, and returns the next, fewer than `most` if they are long. */
  read(port: string, after: number, most: number): OutRow[] {
    const target = JSON.stringify(port);
    const queue = this.#queueOf(target);
    for (;;) {
      const gone = this.#tables.first(target, BATCH).filter(({ seq }) => seq <= after);
      if (gone.length === 0) break;
      this.#remove(target, queue, gone);
    }
    return this.#tables.first(target, most);
  }

  #queueOf(target: string): Queue {
    let queue = this.#queues.get(target);
    if (!queue) {
      queue = {
        packets: 0,
        characters: 0,
        way: wayOf(target),
        isRunning: false,
        failures: 0,
        error: undefined,
      };
      this.#queues.set(target, queue);
    }
    return queue;
  }

  #kick(target: string): void {
    const queue = this.#queues.get(target)!;
    if (!queue.way || queue.isRunning) return;
    queue.isRunning = true;
    // After the change that has put the packet is kept as a whole.
    queueMicrotask(() => void this.#run(target, queue, queue.way!).catch(this.#fail));
  }

  async #run(target: string, queue: Queue, way: Way): Promise<void> {
    let refusals = 0;
    while (!this.#isClosed) {
      const rows = this.#tables.first(target, BATCH);
      if (rows.length === 0) break;
      try {
        const taken = await this.#deliver(way, rows);
        queue.failures = 0;
        queue.error = undefined;
        refusals = taken > 0 ? 0 : refusals + 1;
        if (this.#isClosed) return;
        if (taken > 0) this.#remove(target, queue, rows.slice(0, taken));
        else await pause(Math.min(LEAST_PAUSE_MS * 2 ** refusals, FULL_PAUSE_MS));
      } catch (error) {
        queue.failures++;
        queue.error = excerpt(messageOf(error));
        await pause(Math.min(LEAST_PAUSE_MS * 2 ** queue.failures, FAILED_PAUSE_MS));
      }
    }
    queue.isRunning = false;
    // Names may be many, and most targets are quiet most of the time.
    if (queue.packets === 0) this.#queues.delete(target);
  }

  /** Returns the number of packets that the other object has taken. */
  async #deliver({ binding, name, port }: Way, rows: readonly OutRow[]): Promise<number> {
    const namespace = (this.#env as Record<string, DurableNamespace | undefined>)[binding];
    if (!namespace?.idFromName)
      throw new ActorError(
        'INVALID_CONFIG',
        `forward: env has no Durable Object binding ${describe(binding)}`,
      );
    // A stub is of no use after an error: each delivery has its own.
    const receiver = namespace.get(namespace.idFromName(name));
    const items = rows.map(({ seq, packet, traceparent }): DeliveryItem => [seq, packet, traceparent]);
    const taken: unknown = await receiver.deliver(`${this.#tables.self}/${port}`, items);
    if (Number.isSafeInteger(taken) && Number(taken) >= 0 && Number(taken) <= rows.length)
      return Number(taken);
    const expected = `a number of packets from 0 to ${rows.length}`;
    throw new ActorError(
      'INVALID_CONFIG',
      `deliver of ${describe(name)}: expected ${expected}, got ${describe(taken)}`,
    );
  }

  #remove(target: string, queue: Queue, rows: readonly OutRow[]): void {
    this.#tables.remove(target, rows.at(-1)!.seq);
    this.delivered += rows.length;
    queue.packets -= rows.length;
    queue.characters -= rows.reduce((sum, { packet }) => sum + packet.length, 0);
    // SQLite counts code points.
    if (queue.packets === 0) queue.characters = 0;
    this.#settle();
  }

  #settle(): void {
    for (const look of this.#onRoom.splice(0)) look();
  }
}

const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));
