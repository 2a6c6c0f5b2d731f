import type { SendOptions } from './call-options.ts';
import type { PayloadWriter } from './engine/input.ts';
import { ActorError, describe, readForeign } from './errors.ts';
import { Mailbox } from './mailbox.ts';
import type { Part } from './message/codec.ts';
import type { Packet } from './message/message.ts';
import { checkPacket } from './message/wire.ts';

/** Takes packets for a started actor. */
export interface Inports {
  /**
   * Resolves once the packet is in the queue; while the queue is full, it waits. Packets sent earlier go first.
   * @param options.signal ends the wait, not the call. With `awaitAllInports`, messages of the packet that are already in
   * the queue of their port stay there
   * @throws {ActorError} INVALID_MESSAGE, JSON_VALUE, JSON_DEPTH, INPUT_LIMIT, MISSING_PORT, UNKNOWN_PORT; ABORTED;
   * ACTOR_STOPPED once the actor is stopped
   */
  send(packet: Packet, options?: SendOptions): Promise<void>;
}

/** Packets that wait to be processed. */
export interface Inbox {
  /** Number of payloads that are complete, so that their call could begin. */
  readonly size: number;
  /** Resolves once the packet is in the queue. @throws {ActorError} ACTOR_STOPPED, ABORTED, UNKNOWN_PORT, errors of `Write` */
  send(packet: Packet, signal?: AbortSignal): Promise<void>;
  /** Resolves to the payload of the next call; to undefined once the inbox is closed and no payload can become complete. */
  take(): Promise<Part | undefined>;
  close(reason?: ActorError): void;
  /** Drops all packets. */
  clear(): void;
}

/** Writes a packet when it is sent: its sender gets the error for a wrong value, and may change the packet afterwards. */
type Write = (packet: Packet) => Part;

/** Makes one call of each packet. */
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
 * Waits until there is a message for each port, and makes one payload of the first message of each port. Each port has its
 * own queue: when one queue is full, only senders to that port wait.
 * RATIONALE: why-has-each-inport-a-queue-of-its-own-when-all-are-awaited
 */
export class JoinedInbox implements Inbox {
  readonly #ports: ReadonlyMap<string, Mailbox<Part>>;
  readonly #writer: PayloadWriter;

  constructor(ports: readonly string[], capacity: number, writer: PayloadWriter) {
    this.#ports = new Map(ports.map(port => [port, new Mailbox(`inport ${port}`, capacity)]));
    this.#writer = writer;
  }

  get size(): number {
    // Not `Math.min(...sizes)`: the plugin decides how many ports there are, and too many arguments overflow the call stack.
    return [...this.#ports.values()].reduce(
      (least, { size }) => Math.min(least, size),
      Number.POSITIVE_INFINITY,
    );
  }

  async send(packet: Packet, signal?: AbortSignal): Promise<void> {
    // All messages are written before the first is sent, so that no part of a wrong packet gets into the queues.
    const messages = readForeign(
      'payload',
      () => {
        checkPacket(packet, ['payload']);
        return Object.entries(packet);
      },
      'INVALID_MESSAGE',
    );
    const parts = messages.map(
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
