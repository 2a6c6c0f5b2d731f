import { describe, refuseOption } from '../../actor/errors.ts';
import type { Message } from '../../actor/message/message.ts';
import { fenced, NetworkError, networkStopped, unknownEnd } from '../errors.ts';
import { NETWORK_LIMITS } from '../limits.ts';
import { endsOf, type Plan, type PlanPort, portKey } from '../plan/plan.ts';
import type { BoundOptions } from './bounds.ts';
import type { Change, Put } from './change.ts';
import { type Bounds, boundsOf, Channel, Outbox } from './channel.ts';
import {
  againOf,
  type DeadLetter,
  type DeadStep,
  type Delivery,
  type NodeKey,
  type NodeRecord,
  type NodeSession,
  type NodeStep,
  type Received,
  type SendOptions,
  type Trace,
} from './engine.ts';
import { Inbox } from './inbox.ts';
import { initialEntries, withPorts } from './initial.ts';
import { Letters } from './letters.ts';
import { Link } from './link.ts';
import { MemorySession, type SessionOwner } from './memory-session.ts';
import { checkSize, messageBytes } from './message-bytes.ts';
import type { Depth, Feed, NetworkEngine } from './network-engine.ts';
import { Room } from './room.ts';
import { findStalled, overflow } from './stall.ts';

export interface MemoryEngineOptions extends BoundOptions {
  /** A larger step is refused. Default: no limit. */
  maxStepBytes?: number | undefined;
}

const NO_TRACE: Trace = { causes: [], hops: 0 };

const NO_CHANNELS: readonly Channel[] = [];

/** Keeps the packets and records of a network in memory, for as long as the engine lives. */
export class MemoryEngine implements NetworkEngine {
  readonly maxStepBytes: number;
  readonly batch = 1;
  readonly #options: MemoryEngineOptions;
  readonly #cycleBounds: Bounds;
  #plan: Plan | undefined;
  protected readonly inboxes = new Map<string, Inbox>();
  protected readonly outboxes = new Map<string, Outbox>();
  protected readonly inports = new Map<string, Channel>();
  /** The ways that begin in another engine, by source. */
  protected readonly arrivals = new Map<string, Channel>();
  /** Node → key of a port → the ways that begin there. */
  readonly #routes = new Map<string, { caseSensitive: boolean; ports: Map<string, Channel[]> }>();
  readonly #sessions = new Map<string, MemorySession>();
  protected readonly letters = new Letters();
  /** The ways of packets that come to a node again, by their sources. */
  readonly #again = new Map<string, Channel>();
  protected readonly ids = new Map<string, Set<string>>();
  readonly #room = new Room((waiting, isDraining) =>
    findStalled(waiting, isDraining, this.#plan!, node => this.#sessions.has(node)),
  );
  /** Number of packets that came so far. */
  protected entries = 0;
  #isClosed = false;

  constructor(options: MemoryEngineOptions = {}) {
    this.#options = options;
    const { maxStepBytes = Number.POSITIVE_INFINITY, cycleCapacity, cycleCapacityBytes } = this.#options;
    this.maxStepBytes = maxStepBytes;
    this.#cycleBounds = boundsOf(cycleCapacity, cycleCapacityBytes, true);
  }

  async open(plan: Plan, _signal?: AbortSignal): Promise<void> {
    if (this.#plan) throw new NetworkError('INVALID_GRAPH', 'engine: expected one plan, got another one');
    this.#plan = plan;
    const { capacity, capacityBytes } = this.#options;
    for (const { id, caseSensitive } of plan.nodes) {
      this.inboxes.set(id, new Inbox(id, () => this.#room.working.add(id)));
      this.#routes.set(id, { caseSensitive, ports: new Map() });
    }
    const onRoom = () => this.#room.settle();
    for (const { id, from, to, isInCycle, capacity: own } of plan.edges) {
      const bounds = isInCycle ? this.#cycleBounds : boundsOf(own ?? capacity, capacityBytes, false);
      const sink = this.inboxes.get(to.node) ?? new Link(id, onRoom);
      this.#begin(from, new Channel(id, to.port, sink, bounds, !isInCycle));
    }
    const bounds = boundsOf(capacity, capacityBytes, false);
    for (const { name, node, port } of plan.outports) {
      const source = `${node}.${port} > ${name}`;
      const isHere = this.hasOutport(name);
      const outbox = this.outboxes.get(name) ?? new Outbox(name, onRoom, this.lasts);
      if (isHere) this.outboxes.set(name, outbox);
      const sink = isHere ? outbox : new Link(source, onRoom);
      this.#begin({ node, port }, new Channel(source, name, sink, bounds, true));
    }
    for (const { name, node, port } of plan.inports)
      this.inports.set(name, new Channel(`> ${name}`, port, this.inboxes.get(node)!, bounds, true));
    for (const [node, record] of this.restore())
      this.inboxes.get(node)!.restore(withPorts(node, record, plan));
    for (const [node, entry] of initialEntries(plan)) {
      const inbox = this.inboxes.get(node)!;
      const { source, position } = entry.delivery;
      if (position > (inbox.record?.positions[source] ?? 0)) inbox.put(entry);
    }
    this.putAgain();
  }

  /** Whether messages leave the network here. Else another engine has the port. */
  protected hasOutport(_name: string): boolean {
    return true;
  }

  /** Puts the next packet of a way that begins in another engine. The other engine has seen to the room. */
  protected arrive(channel: Channel, message: Message, trace: Trace): void {
    this.#checkOpen();
    const put = { message, trace, bytes: messageBytes(message), channels: [channel] };
    this.keep({ node: null, read: [], puts: [put] });
    this.#put(put);
    this.#room.settle();
  }

  /** Whether packets and records stay after the engine is closed. */
  protected get lasts(): boolean {
    return false;
  }

  /** Reads the storage of an earlier process, and returns the records of its nodes. */
  protected restore(): Iterable<[node: string, record: NodeRecord]> {
    return [];
  }

  /** Puts the packets of an earlier process on their ways. */
  protected putAgain(): void {}

  /** Keeps a change before it has effect. @throws when it cannot be kept; then nothing has changed */
  protected keep(_change: Change): void {}

  /** A commit waits for this, while too many before it are not kept where they last. */
  protected lag(): Promise<void> | undefined {
    return undefined;
  }

  async feed(_put: Feed): Promise<void> {}

  halt(): void {}

  get mostTimeoutMs(): number | undefined {
    return undefined;
  }

  get isSpread(): boolean {
    return false;
  }

  /** Whether a node works: it waits neither for packets nor for room. */
  protected get isWorking(): boolean {
    return this.#room.working.size > 0;
  }

  *waiting(): Generator<Trace, void, undefined> {
    for (const { sink, source } of this.channels())
      for (const { delivery } of sink.pendingOf(source)) yield delivery.trace;
    for (const inbox of this.inboxes.values())
      for (const { delivery } of inbox.initial()) yield delivery.trace;
  }

  async own({ node, key }: NodeKey): Promise<NodeSession> {
    this.#checkOpen();
    const inbox = this.inboxes.get(node);
    if (!inbox) throw new NetworkError('UNKNOWN_PORT', `engine: there is no node ${describe(node)}`);
    if (key !== undefined)
      refuseOption(`own: key: a MemoryEngine does not divide nodes, got ${describe(key)}`);
    this.#sessions.get(node)?.fence();
    const session = new MemorySession(this.#owner, node, inbox);
    this.#sessions.set(node, session);
    this.#room.working.add(node);
    return session;
  }

  async send(port: string, message: Message, options: SendOptions = {}): Promise<boolean> {
    this.#checkOpen();
    const channel = this.inports.get(port);
    if (!channel) throw new NetworkError('UNKNOWN_PORT', `engine: there is no inport ${describe(port)}`);
    const { id, signal, at, trace = NO_TRACE } = options;
    const ids = this.ids.get(port) ?? new Set();
    this.ids.set(port, ids);
    const isKnown = () => id !== undefined && ids.has(id);
    // A message of a list takes its turn, because the positions of the list are kept in order.
    if (isKnown() && !at) return false;
    const put = { message, bytes: messageBytes(message), trace, channels: [channel] };
    let isNew = true;
    await this.#room.whenRoom(null, [channel], signal, {
      check: isForced => {
        if (isForced) this.#checkOverflow(channel.source, channel, [put]);
      },
      run: () => {
        // The same packet may have waited twice.
        isNew = !isKnown();
        const read = at ? [at] : [];
        if (!isNew) {
          if (at) this.keep({ node: null, read, puts: [] });
          return;
        }
        this.keep({ node: null, read, puts: [put], id: id === undefined ? undefined : [port, id] });
        if (id !== undefined) ids.add(id);
        if (ids.size > NETWORK_LIMITS.rememberedIds.default) ids.delete(ids.values().next().value!);
        this.#put(put);
      },
    });
    return isNew;
  }

  async sendTo({ node, port }: PlanPort, message: Message, options: SendOptions = {}): Promise<void> {
    this.#checkOpen();
    if (!this.ends().some(end => end.node === node && end.port === port)) throw unknownEnd(node, port);
    const { signal, trace = NO_TRACE } = options;
    const put = { message, trace, bytes: messageBytes(message), channels: [this.again(node, port)] };
    await this.#room.whenRoom(null, put.channels, signal, {
      run: () => {
        this.keep({ node, read: [], puts: [put] });
        this.#put(put);
      },
    });
  }

  receive(port: string): AsyncIterable<Received> {
    return this.outboxOf(port).read();
  }

  protected outboxOf(port: string): Outbox {
    const outbox = this.outboxes.get(port);
    if (outbox) return outbox;
    throw new NetworkError('UNKNOWN_PORT', `engine: there is no outport ${describe(port)}`);
  }

  done(port: string, { source, position }: Delivery): void {
    const last = this.#isClosed ? undefined : this.outboxes.get(port)!.use(source, position);
    if (last !== undefined) this.keep({ node: null, read: [{ source, position: last }], puts: [] });
  }

  async dead(): Promise<readonly DeadLetter[]> {
    return this.letters.all();
  }

  async redrive(redriven: DeadStep, trace: Trace = NO_TRACE): Promise<boolean> {
    this.#checkOpen();
    const letter = this.letters.find(redriven);
    if (!letter) return false;
    const { node, packet } = letter;
    const messages = Object.entries(packet);
    const isJoined = messages.length > 1;
    const own = isJoined ? { ...trace, together: messages.length } : trace;
    const puts = messages.map(([port, message]): Put => {
      return {
        message,
        trace: own,
        bytes: messageBytes(message),
        channels: [this.again(node, port, isJoined)],
      };
    });
    const channels = puts.flatMap(put => put.channels);
    let isDead = true;
    await this.#room.whenRoom(null, channels, undefined, {
      run: () => {
        // Another caller may have redriven it meanwhile.
        isDead = this.letters.find(redriven) !== undefined;
        if (!isDead) return;
        this.keep({ node, read: [], puts, redriven });
        this.letters.remove(redriven);
        for (const put of puts) this.#put(put);
      },
    });
    return isDead;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#room.close(networkStopped('engine'));
    for (const inbox of this.inboxes.values()) inbox.close();
    for (const outbox of this.outboxes.values()) outbox.close();
  }

  beginDrain(): () => void {
    return this.#room.beginDrain();
  }

  depths(): Depth[] {
    return this.channels().map(({ source, packets, bytes, latest }) => ({ source, packets, bytes, latest }));
  }

  /** All ways of packets, by the port or node where they begin. */
  protected channels(): Channel[] {
    const routes = [...this.#routes.values()].flatMap(({ ports }) => [...ports.values()].flat());
    return [...this.inports.values(), ...this.arrivals.values(), ...routes, ...this.#again.values()];
  }

  /** The ports of nodes that packets come to. */
  protected ends(): PlanPort[] {
    return endsOf(this.#plan!);
  }

  /** Returns the way of packets that come to a port again. */
  protected again(node: string, port: string, isJoined = false): Channel {
    const source = againOf(node, port, isJoined);
    const { capacity, capacityBytes } = this.#options;
    const bounds = boundsOf(capacity, capacityBytes, false);
    const channel =
      this.#again.get(source) ?? new Channel(source, port, this.inboxes.get(node)!, bounds, true);
    this.#again.set(source, channel);
    return channel;
  }

  /** The ways that begin at a node; at the ports of the network, or in another engine, for the world outside. */
  protected channelsOf(node: string | null): Channel[] {
    if (node === null) return [...this.inports.values(), ...this.arrivals.values()];
    const again = [...this.#again.values()].filter(({ sink }) => sink.name === node);
    return [...(this.#routes.get(node)?.ports.values() ?? []), again].flat();
  }

  /** Ends all sessions: another process has taken the network over. */
  protected fenceAll(): void {
    for (const session of [...this.#sessions.values()]) session.fence();
  }

  readonly #owner: SessionOwner = {
    isClosed: () => this.#isClosed,
    commit: (node, step, signal) => {
      const waiting = this.lag();
      return waiting
        ? waiting.then(() => this.#commit(node, step, signal))
        : this.#commit(node, step, signal);
    },
    pause: node => this.#room.pause(node),
    leave: session => {
      if (this.#sessions.get(session.node) === session) this.#sessions.delete(session.node);
      this.#room.leave(session.node, fenced(session.node));
    },
  };

  #begin({ node, port }: PlanPort, channel: Channel): void {
    if (this.#routes.has(node)) this.#route(node, port).push(channel);
    else this.arrivals.set(channel.source, channel);
  }

  #route(node: string, port: string): Channel[] {
    const { caseSensitive, ports } = this.#routes.get(node)!;
    const key = portKey(port, caseSensitive);
    const channels = ports.get(key) ?? [];
    ports.set(key, channels);
    return channels;
  }

  #checkOpen(): void {
    if (this.#isClosed || !this.#plan) throw networkStopped('engine');
  }

  #put({ message, bytes, trace, channels }: Put): void {
    for (const channel of channels) channel.put(message, bytes, trace, this.entries++);
  }

  #commit(node: string, step: NodeStep, signal?: AbortSignal): void | Promise<void> {
    if (this.maxStepBytes < Number.POSITIVE_INFINITY) checkSize(node, step, this.maxStepBytes);
    const { caseSensitive, ports } = this.#routes.get(node)!;
    const puts = step.sent.map(({ port, message, trace }) => ({
      message,
      trace,
      bytes: messageBytes(message),
      channels: ports.get(port) ?? ports.get(portKey(port, caseSensitive)) ?? NO_CHANNELS,
    }));
    const channels = puts.length === 1 ? puts[0]!.channels : [...new Set(puts.flatMap(put => put.channels))];
    return this.#room.whenRoom(node, channels, signal, {
      check: isForced => {
        for (const channel of channels)
          if (!channel.waits || isForced) this.#checkOverflow(node, channel, puts);
      },
      run: () => {
        const { read, state, dead } = step;
        this.keep({ node, read, state, dead, puts });
        this.inboxes.get(node)!.advance(step);
        for (const put of puts) this.#put(put);
        this.letters.push(...step.dead);
      },
    });
  }

  #checkOverflow(node: string, channel: Channel, puts: readonly Put[]): void {
    const own = puts.filter(({ channels }) => channels.includes(channel));
    const bytes = own.reduce((sum, put) => sum + put.bytes, 0);
    const bounds = this.#cycleBounds;
    if (channel.overflows(own.length, bytes, bounds))
      throw overflow(this.#plan!, node, channel, own.length, bounds);
  }
}
