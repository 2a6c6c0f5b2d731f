import { aborted, Mailbox } from '../actor/mailbox.ts';
import type { Message, Packet } from '../actor/message/message.ts';
import type { Trace } from './engine/engine.ts';
import type { MemoryEngine } from './engine/memory-engine.ts';
import type { Plan } from './plan/plan.ts';
import type { TracedMessage } from './ports.ts';
import { OUTSIDE, Tally } from './tally.ts';
import type { Sending } from './traceparent.ts';

const FROM_OUTSIDE = { causes: [OUTSIDE], hops: 0 };

const withTrace = (trace: Trace, traceparent: string | undefined): Trace =>
  traceparent === undefined ? trace : { ...trace, traceparent };

/** Packets into and out of a network. Knows those that are on their way, and the calls that caused them. */
export class Traffic {
  readonly tally = new Tally();
  /** Messages of each port, for its readers. */
  readonly outboxes: ReadonlyMap<string, Mailbox<TracedMessage>>;
  readonly #engine: MemoryEngine;
  /** Ends the calls that wait, when the network ends first. */
  readonly #leave = new Set<(error: unknown) => void>();
  #calls = 0;

  constructor(engine: MemoryEngine, plan: Plan, capacity: number) {
    this.#engine = engine;
    const names = new Set(plan.outports.map(({ name }) => name));
    this.outboxes = new Map(
      [...names].map(name => [name, new Mailbox<TracedMessage>(`outport ${name}`, capacity)]),
    );
    this.tally.move({ causes: [], hops: 0 }, plan.initial.length);
  }

  async send(port: string, message: Message, { signal, traceparent }: Sending): Promise<void> {
    const trace = withTrace(FROM_OUTSIDE, traceparent);
    this.tally.move(FROM_OUTSIDE, 1);
    try {
      await this.#engine.send(port, message, { trace, signal });
    } catch (error) {
      this.tally.move(FROM_OUTSIDE, -1);
      this.tally.settle();
      throw signal?.aborted ? aborted('send', signal) : error;
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
    for await (const { message, trace } of this.#engine.receive(port)) {
      const { traceparent } = trace;
      for (const { packets, traceparents } of this.tally.callsOf(trace)) {
        packets.push({ [port]: message });
        traceparents.push(traceparent);
      }
      if (trace.causes.length === 0 || trace.causes.includes(OUTSIDE))
        await box.send({ message, traceparent });
      this.tally.move(trace, -1);
      this.tally.settle();
    }
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
