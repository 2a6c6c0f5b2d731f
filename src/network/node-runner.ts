import { setOwn } from '../actor/json/value.ts';
import { Message, type Packet } from '../actor/message/message.ts';
import type { ProcessError } from '../actor/process-error.ts';
import { recordingOf } from '../call-error.ts';
import { excerpt, messageOf } from '../errors.ts';
import type {
  DeadLetter,
  Delivery,
  Engine,
  NodeSession,
  NodeState,
  NodeStep,
  Sent,
} from './engine/engine.ts';
import { NetworkError } from './errors.ts';
import type { Gate } from './join.ts';
import type { NetworkEvents } from './network-events.ts';
import type { NodeWorker, Outcome } from './node-worker.ts';
import { copyLetter } from './own-packet.ts';
import type { Pace } from './pace.ts';
import type { PlanNode } from './plan/plan.ts';
import { ERROR_PORT, portKey } from './plan/plan.ts';
import type { Tally } from './tally.ts';
import { Tracing } from './tracing.ts';

/** A recording takes at most this part of a step. JSON escapes may double it. */
const RECORDING_SHARE = 4;

/** The parts of the network that its nodes use. */
export interface NodeOwner {
  readonly engine: Engine;
  readonly tally: Tally;
  /** Fires when the network is stopped without waiting. */
  readonly signal: AbortSignal;
  readonly events: NetworkEvents;
  readonly pace: Pace;
  /** Called after each step. Returns a promise when others need a turn. */
  breathe(): Promise<void> | undefined;
}

/** A packet that is processed, and the deliveries that it was made of. */
interface Work {
  readonly read: readonly Delivery[];
  readonly packet: Packet;
  readonly tracing: Tracing | undefined;
}

/** Makes the steps of one node: takes packets, lets the worker process them, and commits the outcome. */
export class NodeRunner {
  readonly #owner: NodeOwner;
  readonly #node: PlanNode;
  readonly #worker: NodeWorker;
  readonly #makeGate: () => Gate;
  /** Number of ways that begin at a port, by its key. */
  readonly #ways: ReadonlyMap<string, number>;
  #gate: Gate;
  #state: NodeState = new Map();
  isBusy = false;
  steps = 0;
  failures = 0;

  constructor(
    owner: NodeOwner,
    node: PlanNode,
    worker: NodeWorker,
    ways: ReadonlyMap<string, number>,
    makeGate: () => Gate,
  ) {
    this.#owner = owner;
    this.#node = node;
    this.#worker = worker;
    this.#ways = ways;
    this.#makeGate = makeGate;
    this.#gate = makeGate();
  }

  look() {
    const { isBusy, steps, failures } = this;
    const state = this.#state instanceof Map ? this.#state : this.#state.state;
    return { id: this.#node.id, steps, failures, isBusy, state, waiting: this.waitingFor() };
  }

  /** Returns the number of packets that wait for others at a join, by port. */
  waitingFor(cause?: string): { readonly [port: string]: number } {
    return this.#gate.waiting(cause);
  }

  /** Runs until the engine is closed. @throws errors after which the network cannot go on, such as NETWORK_OVERFLOW */
  async run(): Promise<void> {
    const { engine } = this.#owner;
    for (;;) {
      const session = await engine.own({ node: this.#node.id });
      try {
        return await this.#runSession(session);
      } catch (error) {
        if (!(error instanceof NetworkError && error.code === 'NODE_FENCED')) throw error;
        // The packets of the gate, and those of the step that was refused, come again in the next session.
        await this.#worker.dropInstance();
        this.#gate = this.#makeGate();
      }
    }
  }

  async #runSession(session: NodeSession): Promise<void> {
    const { engine, tally } = this.#owner;
    // Another process may have had the node since.
    this.#state = session.record?.state ?? new Map();
    for (;;) {
      const deliveries = await session.take(engine.batch);
      if (deliveries.length === 0) return session.close();
      this.isBusy = true;
      for (const delivery of deliveries) {
        const complete = this.#gate.add(delivery);
        if (complete) {
          for (const other of complete) if (other !== delivery) tally.hold(other.trace, -1);
          const pause = this.#owner.pace.wait();
          if (pause) await this.#rest(pause);
          await this.#step(session, complete);
          const breath = this.#owner.breathe();
          if (breath) await breath;
        } else {
          tally.hold(delivery.trace, 1);
          tally.settle();
        }
      }
      this.isBusy = false;
    }
  }

  async #rest(pause: Promise<void>): Promise<void> {
    this.isBusy = false;
    await pause;
    this.#owner.signal.throwIfAborted();
    this.isBusy = true;
  }

  async #step(session: NodeSession, read: readonly Delivery[]): Promise<void> {
    const { signal, events } = this.#owner;
    const node = this.#node.id;
    const work: Work = { read, packet: packetOf(read), tracing: Tracing.begin(read, events.isHeard) };
    const { packet, tracing } = work;
    let end: (() => void) | undefined;
    try {
      const beginning = this.#owner.engine.begin?.(node);
      if (beginning) end = await beginning;
    } catch (cause) {
      if (!(cause instanceof NetworkError && cause.code === 'TOO_MANY_ATTEMPTS')) throw cause;
      await this.#bury(session, work, cause);
      this.steps++;
      return;
    }
    const outcome = await this.#worker.step(this.#state, packet, tracing?.traceparent);
    end?.();
    signal.throwIfAborted();
    const { error } = outcome;
    if (error) {
      this.failures++;
      events.emit({ type: 'failed', node, code: error.code, message: error.message });
    }
    try {
      await this.#commit(session, read, this.#stepOf(work, outcome));
      this.#state = outcome.state;
    } catch (cause) {
      if (!(cause instanceof NetworkError && cause.code === 'STEP_TOO_LARGE')) throw cause;
      await this.#worker.dropInstance();
      await this.#bury(session, work, cause);
    }
    this.steps++;
    if (tracing && events.isHeard)
      events.emit(
        { type: 'step', node, ...tracing.end(placesOf(read), outcome) },
        { input: packet, output: outcome.packets },
      );
  }

  /** Commits that the packet of a step is in the dead letters. */
  async #bury(session: NodeSession, work: Work, { code, message }: NetworkError): Promise<void> {
    const { read } = work;
    const dead = read.map(delivery => this.#letter(work, delivery, code, message));
    await this.#commit(session, read, { read, state: undefined, sent: [], dead });
  }

  #stepOf(work: Work, { state, packets, error }: Outcome): NodeStep {
    const { read, tracing } = work;
    const joined = this.#owner.tally.join(read.map(delivery => delivery.trace));
    const trace = tracing ? { ...joined, traceparent: tracing.traceparent } : joined;
    const sent: Sent[] = [];
    const dead: DeadLetter[] = [];
    for (const packet of packets)
      for (const port of Object.keys(packet)) {
        const message = packet[port]!;
        if (this.#waysOf(port) > 0 || this.#key(port) !== ERROR_PORT) sent.push({ port, message, trace });
        else dead.push(this.#letter(work, { port, message }, 'PLUGIN_ERROR', textOf(message)));
      }
    if (error) {
      if (this.#waysOf(ERROR_PORT) > 0)
        sent.push({ port: ERROR_PORT, message: Message.error(excerpt(messageOf(error))), trace });
      else dead.push(...this.#letters(work, error));
    }
    return { read, state: state === this.#state ? undefined : state, sent, dead };
  }

  async #commit(session: NodeSession, read: readonly Delivery[], step: NodeStep): Promise<void> {
    const { tally, events } = this.#owner;
    // Counted before: others may take the packets before `commit` resolves.
    this.#count(step.sent, 1);
    try {
      await session.commit(step);
    } catch (error) {
      this.#count(step.sent, -1);
      throw error;
    }
    for (const { trace } of read) tally.move(trace, -1);
    if (events.isHeard) for (const letter of step.dead) events.emit({ type: 'dead', ...copyLetter(letter) });
    tally.settle();
  }

  #count(sent: readonly Sent[], sign: 1 | -1): void {
    for (const { port, trace } of sent) this.#owner.tally.move(trace, sign * this.#waysOf(port));
  }

  #key(port: string): string {
    return portKey(port, this.#node.caseSensitive);
  }

  #waysOf(port: string): number {
    // Most ports are spelled as their keys.
    return this.#ways.get(port) ?? this.#ways.get(this.#key(port)) ?? 0;
  }

  /** Returns a letter for each message of a packet whose call has failed. */
  #letters(work: Work, error: ProcessError): DeadLetter[] {
    const { read } = work;
    const recording = recordingOf(error);
    const letters = read.map(delivery => this.#letter(work, delivery, error.code, error.message));
    // A recording must not make a step too large that is kept without it.
    const most = this.#owner.engine.maxStepBytes / RECORDING_SHARE / read.length;
    return recording === null || recording.length > most
      ? letters
      : letters.map(letter => ({ ...letter, recording }));
  }

  #letter(
    { read, packet, tracing }: Work,
    { port, message }: Pick<Delivery, 'port' | 'message'>,
    code: string,
    error: string,
  ): DeadLetter {
    return {
      node: this.#node.id,
      port,
      message,
      code,
      error,
      packet,
      read: placesOf(read),
      ...(tracing && { traceparent: tracing.traceparent }),
    };
  }
}

function packetOf(read: readonly Delivery[]): Packet {
  const [only] = read;
  if (only && read.length === 1) return { [only.port]: only.message };
  const packet: Record<string, Message> = {};
  for (const { port, message } of read) setOwn(packet, port, message);
  return packet;
}

const placesOf = (read: readonly Delivery[]) =>
  read.map(({ source, position, port }) => ({ source, position, port }));

const textOf = ({ data }: Message): string => (typeof data === 'string' ? data : 'an error message');
