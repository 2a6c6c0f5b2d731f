import type { Message } from '../../actor/message/message.ts';

// The parts of Cloudflare's API that are used. Its own types fit them.

export type SqlValue = ArrayBuffer | string | number | null;

export interface DurableStorage {
  readonly sql: {
    exec(query: string, ...bindings: unknown[]): Iterable<Record<string, SqlValue>>;
  };
  transactionSync<T>(action: () => T): T;
  /** Resolves when all writes so far are on the disk. */
  sync(): Promise<void>;
  getAlarm(): Promise<number | null>;
  setAlarm(atMs: number): Promise<void>;
}

/** The first argument of the constructor of a Durable Object. */
export interface DurableState {
  readonly id: { readonly name?: string | undefined };
  readonly storage: DurableStorage;
  blockConcurrencyWhile<T>(action: () => Promise<T>): Promise<T>;
  abort(reason?: string): void;
}

/** A packet on its way to another object: its number at the source, its JSON as `writePacket` writes it, and its `traceparent`. */
export type DeliveryItem = readonly [seq: number, packet: string, traceparent?: string | null];

/** A way from an outport to a network in another object. */
export interface Forward {
  /** Name of the binding in `env` that has the other class. */
  binding: string;
  /** Name of the object, or a function that names it. Default: the name of this object. */
  name?: string | ((message: Message) => string) | undefined;
  /** The inport there. */
  port: string;
}

/** The object that a way leads to. */
export interface Receiver {
  deliver(source: string, items: readonly DeliveryItem[]): Promise<number>;
}

export interface DurableNamespace {
  idFromName(name: string): unknown;
  get(id: unknown): Receiver;
}
