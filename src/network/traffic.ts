import { aborted, Mailbox } from '../actor/mailbox.ts';
import type { Message, Packet } from '../actor/message/message.ts';
import { Fifo } from '../values/fifo.ts';
import {
  ACCEPTED,
  type DeadStep,
  OUTSIDE,
  type Received,
  type SendOptions,
  type Trace,
} from './engine/engine.ts';
import { isOf } from './engine/letters.ts';
import { messageBytes } from './engine/message-bytes.ts';
import type { NetworkEngine } from './engine/network-engine.ts';
import type { Plan, PlanPort } from './plan/plan.ts';
import { Tally } from './tally.ts';
import type { Sending } from './traceparent.ts';

interface Reading {
  left: number;
  used: number;
  readonly waiting: Fifo<{ readonly used: number; resolve(): void }>;
}

const FROM_OUTSIDE = { causes: [OUTSIDE], hops: 0 };

const withTrace = (trace: Trace, traceparent: string | undefined): Trace =>
  traceparent === undefined ? trace : { ...trace, traceparent };

/** Packets into and out of a network. Knows those that are on their way, and the calls that caused them. */
export class Traffic {
  readonly tally = new Tally();
  /** Messages of each port, for its readers. */
  readonly outboxes: ReadonlyMap<string, Mailbox<Received>>;
  readonly #engine: NetworkEngine;
  /** Ends the calls that wait, when the network ends first. */
  readonly #leave = new Set<(error: unknown) => void>();
  /** The ends of all that the packets with ids cause, by their causes. */
  readonly #accepted = new Map<string, Promise<void>>();
  #calls = 0;
  /** Messages of each port that left for its readers, those that were used, and the callers that wait until so many are. */
  readonly #readings: ReadonlyMap<string, Reading>;

  constructor(engine: NetworkEngine, plan: Plan, capacity: number, capacityBytes: number) {
    this.#engine = engine;
    const names = new Set(plan.outports.map(({ name }) => name));
    const bytesOf = ({ message }: Received) => messageBytes(message);
    this.outboxes = new Map(
      [...names].map(name => [name, new Mailbox(`outport ${name}`, capacity, capacityBytes, bytesOf)]),
    );
    this.#readings = new Map([...names].map(name => [name, { left: 0, used: 0, waiting: new Fifo() }]));
    for (const trace of engine.waiting()) {
      for (const cause of trace.causes) if (cause.startsWith(ACCEPTED)) this.#endOf(cause);
      this.tally.move(trace, 1);
    }
  }

  /** Sends the messages of a packet with an id, but those that were kept before. Resolves to the end of all that they cause. */
  async accept(packet: Packet, id: string): Promise<{ readonly done: Promise<void> }> {
    const cause = ACCEPTED + id;
    const trace = { causes: [OUTSIDE, cause], hops: 0 };
    const done = this.#endOf(cause);
    const messages = Object.entries(packet);
    this.tally.move(trace, messages.length);
    let left = messages.length;
    try {
      for (const [port, message] of messages)
        if (await this.#engine.send(port, message, { id, trace })) left--;
    } finally {
      this.tally.move(trace, -left);
      this.tally.settle();
    }
    return { done };
  }

  /** The end of all that packets with a cause make. */
  #endOf(cause: string): Promise<void> {
    const known = this.#accepted.get(cause);
    if (known) return known;
    const done = new Promise<void>((resolve, reject) => {
      const end = () => {
        this.tally.close(cause);
        this.#accepted.delete(cause);
        this.#leave.delete(leave);
        resolve();
      };
      const leave = (error: unknown) => reject(error);
      this.#leave.add(leave);
      this.tally.open(cause, { end });
    });
    // Nobody may ask for the end of a packet of an earlier process.
    done.catch(() => {});
    this.#accepted.set(cause, done);
    return done;
  }

  /** Whether packets wait at edges or ports. Initial packets do not count. */
  get hasSent(): boolean {
    return this.#engine.depths().some(({ packets }) => packets > 0);
  }

  async send(
    port: string | PlanPort,
    message: Message,
    sending: Sending & Pick<SendOptions, 'at' | 'id'>,
  ): Promise<void> {
    const { signal, traceparent, at, id } = sending;
    const trace = withTrace(FROM_OUTSIDE, traceparent);
    this.tally.move(FROM_OUTSIDE, 1);
    try {
      if (typeof port !== 'string') return await this.#engine.sendTo(port, message, { trace, signal });
      if (await this.#engine.send(port, message, { trace, signal, at, id })) return;
      // It came before.
      this.tally.move(FROM_OUTSIDE, -1);
      this.tally.settle();
    } catch (error) {
      this.tally.move(FROM_OUTSIDE, -1);
      this.tally.settle();
      throw signal?.aborted ? aborted('send', signal) : error;
    }
  }

  /** Sends the packet of a dead letter to its node again. Resolves to false if there is no such letter. */
  async redrive(step: DeadStep): Promise<boolean> {
    const letter = (await this.#engine.dead()).find(other => isOf(other, step));
    if (!letter) return false;
    const trace = withTrace(FROM_OUTSIDE, letter.traceparent);
    // Counted before: the node may take the messages before `redrive` resolves.
    const messages = Object.keys(letter.packet).length;
    this.tally.move(trace, messages);
    let isSent = false;
    try {
      isSent = await this.#engine.redrive(step, trace);
      return isSent;
    } finally {
      if (!isSent) this.tally.move(trace, -messages);
      this.tally.settle();
    }
  }

  /** Sends the messages, and resolves to the packets that they caused. @param read called with the cause at the end of the call */
  async call<T>(packet: Packet, sending: Sending, read: (cause: string) => T) {
    const { signal } = sending;
    const id = String(++this.#calls);
    const packets: Packet[] = [];
    const traceparents: (string | undefined)[] = [];
    let leave!: (error: unknown) => void;
    const ended = new Promise<void>((resolve, reject) => {
      leave = reject;
      this.tally.open(id, { packets, traceparents, end: resolve });
    });
    const onAbort = () => leave(aborted('call', signal!));
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    this.#leave.add(leave);
    const endDrain = this.#engine.beginDrain();
    try {
      this.#sendAll(Object.entries(packet), id, sending).catch(leave);
      await ended;
      return { packets, traceparents, waiting: read(id) };
    } finally {
      this.tally.close(id);
      this.#leave.delete(leave);
      endDrain();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Leads the messages of a port to the calls that caused them, and the others to the readers of the port. */
  async forward(port: string): Promise<void> {
    const box = this.outboxes.get(port)!;
    for await (const delivery of this.#engine.receive(port)) {
      const { message, trace } = delivery;
      this.tally.give({ [port]: message }, trace);
      if (trace.causes.length === 0 || trace.causes.includes(OUTSIDE)) {
        this.#readings.get(port)!.left++;
        await box.send(delivery);
      } else this.#engine.done(port, delivery);
      this.tally.move(trace, -1);
      this.tally.settle();
    }
  }

  /** A reader has used a message. */
  used(port: string, delivery: Received): void {
    this.#engine.done(port, delivery);
    const reading = this.#readings.get(port)!;
    const { waiting } = reading;
    reading.used++;
    while (waiting.first && waiting.first.used <= reading.used) waiting.shift().resolve();
  }

  /** Resolves when readers have used all messages that left the network before this call, if each port has one reader. */
  async whenRead(): Promise<void> {
    const waits = [...this.#readings.values()].map(({ left, used, waiting }) => {
      return used < left && new Promise<void>(resolve => waiting.push({ used: left, resolve }));
    });
    await Promise.all(waits);
  }

  /** Resolves when no packet is on its way but those that wait at joins, or when the signal fires. */
  async drained(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const endDrain = this.#engine.beginDrain();
    let onAbort = () => {};
    const dropped = new Promise<void>(resolve => {
      onAbort = resolve;
    });
    signal.addEventListener('abort', onAbort);
    await Promise.race([this.tally.whenIdle(), dropped]);
    signal.removeEventListener('abort', onAbort);
    endDrain();
  }

  /** Rejects all calls. */
  leave(error: unknown): void {
    for (const leave of this.#leave) leave(error);
  }

  /** Sends the messages one after the other, so that a port that is full keeps their order. */
  async #sendAll(
    messages: [string, Message][],
    cause: string,
    { signal, traceparent }: Sending,
  ): Promise<void> {
    const trace = withTrace({ causes: [cause], hops: 0 }, traceparent);
    // All are counted before the first is sent: a call must not end between two of them.
    this.tally.move(trace, messages.length);
    let left = messages.length;
    try {
      for (const [port, message] of messages) {
        await this.#engine.send(port, message, { trace, signal });
        left--;
      }
    } catch (error) {
      throw signal?.aborted ? aborted('send', signal) : error;
    } finally {
      this.tally.move(trace, -left);
      this.tally.settle();
    }
  }
}
