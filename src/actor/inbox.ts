import type { SendOptions } from './call-options.ts';
import type { Part } from './codec.ts';
import type { PayloadWriter } from './context.ts';
import { ActorError, describe } from './errors.ts';
import { Mailbox } from './mailbox.ts';
import type { Packet } from './message.ts';
import { checkPacket } from './wire.ts';

/** Where packets are sent to a started actor. */
export interface Inports {
  /**
   * Resolves once the packet waits in the queue, which may be full for a while. Packets sent earlier go first.
   * @param options.signal ends the wait, not the call. Where all inports are awaited, messages of the packet that found
   * room in the queue of their port stay there
   * @throws {ActorError} INVALID_MESSAGE, JSON_VALUE, JSON_DEPTH, INPUT_LIMIT, MISSING_PORT, UNKNOWN_PORT; ABORTED;
   * ACTOR_STOPPED once the actor is stopped
   */
  send(packet: Packet, options?: SendOptions): Promise<void>;
}

/** What waits to be processed. */
export interface Inbox {
  /** Calls that could begin. */
  readonly size: number;
  /** Resolves once the packet waits in the queue. @throws {ActorError} ACTOR_STOPPED, ABORTED, UNKNOWN_PORT, what `write` throws */
  send(packet: Packet, signal?: AbortSignal): Promise<void>;
  /** The payload of the next call; undefined once the inbox is closed and no further one can come together. */
  take(): Promise<Part | undefined>;
  close(reason?: ActorError): void;
  /** Drops what waits. */
  clear(): void;
}

/** Packets are written at once: the sender learns what is wrong with them, and may change them afterwards. */
type Write = (packet: Packet) => Part;

/** Takes packets as they come: one packet, one call. */
export class PacketInbox implements Inbox {
  readonly #mailbox: Mailbox<Part>;
  readonly #write: Write;

  constructor(capacity: number, write: Write) {
    this.#mailbox = new Mailbox('inports', capacity);
    this.#write = write;
  }

  get size(): number {
    return this.#mailbox.size;
  }

  async send(packet: Packet, signal?: AbortSignal): Promise<void> {
    return this.#mailbox.send(this.#write(packet), signal);
  }

  take(): Promise<Part | undefined> {
    return this.#mailbox.take();
  }

  close(reason?: ActorError): void {
    this.#mailbox.close(reason);
  }

  clear(): void {
    this.#mailbox.clear();
  }
}

/**
 * Waits until there is a message for each port, and makes one payload of the first of each. Each port has a queue of its
 * own, so that a sender to a port that is ahead waits, and those to the others do not.
 */
export class JoinedInbox implements Inbox {
  readonly #ports: ReadonlyMap<string, Mailbox<Part>>;
  readonly #writer: PayloadWriter;

  constructor(ports: readonly string[], capacity: number, writer: PayloadWriter) {
    this.#ports = new Map(ports.map(port => [port, new Mailbox(`inport ${port}`, capacity)]));
    this.#writer = writer;
  }

  get size(): number {
    // Not as arguments of one call: a plugin says how many ports it has.
    return [...this.#ports.values()].reduce(
      (least, { size }) => Math.min(least, size),
      Number.POSITIVE_INFINITY,
    );
  }

  async send(packet: Packet, signal?: AbortSignal): Promise<void> {
    // All are written before one is sent: a packet that is wrong leaves nothing behind.
    checkPacket(packet, ['payload']);
    const parts = Object.entries(packet).map(
      ([port, message]) => [this.#mailbox(port), this.#writer.message(message, port)] as const,
    );
    await Promise.all(parts.map(([mailbox, part]) => mailbox.send(part, signal)));
  }

  async take(): Promise<Part | undefined> {
    const messages = await Promise.all(
      [...this.#ports].map(async ([port, mailbox]) => [port, await mailbox.take()] as const),
    );
    return messages.every(isThere) ? this.#writer.join(messages) : undefined;
  }

  close(reason?: ActorError): void {
    for (const mailbox of this.#ports.values()) mailbox.close(reason);
  }

  clear(): void {
    for (const mailbox of this.#ports.values()) mailbox.clear();
  }

  #mailbox(port: string): Mailbox<Part> {
    const mailbox = this.#ports.get(port);
    if (mailbox) return mailbox;
    const names = [...this.#ports.keys()].join(', ');
    const message = `payload: expected one of the inports ${names}, for all of which is waited, got ${describe(port)}`;
    throw new ActorError('UNKNOWN_PORT', message);
  }
}

const isThere = (entry: readonly [string, Part | undefined]): entry is readonly [string, Part] =>
  entry[1] !== undefined;
