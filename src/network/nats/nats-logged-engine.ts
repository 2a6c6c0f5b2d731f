import { ActorError, describe } from '../../actor/errors.ts';
import type { Message } from '../../actor/message/message.ts';
import { messageOf } from '../../errors.ts';
import type { Change } from '../engine/change.ts';
import {
  LIST,
  type NodeKey,
  type NodeSession,
  OUTSIDE,
  type Positions,
  type Received,
  type SendOptions,
} from '../engine/engine.ts';
import { Link } from '../engine/link.ts';
import type { MemoryEngineOptions } from '../engine/memory-engine.ts';
import type { Feed, Modules } from '../engine/network-engine.ts';
import { fenced, NetworkError, networkStopped } from '../errors.ts';
import { LoggedEngine, positionsOf } from '../log/logged-engine.ts';
import { writeSnapshot } from '../log/record.ts';
import { Suspects, type Turns } from '../log/suspects.ts';
import type { Plan, PlanPort } from '../plan/plan.ts';
import { onAbort } from './abort.ts';
import { type Bury, Inlet } from './inlet.ts';
import { type Arrive, followReceipt, Receipt, Upstream } from './links.ts';
import type { Lines, NatsLog } from './nats-log.ts';
import type { NatsSettings } from './nats-options.ts';
import type { NatsWorker } from './nats-worker.ts';
import { Outlet } from './outlet.ts';
import type { Part } from './parts.ts';
import type { Alive } from './presence.ts';

const FROM_OUTSIDE = { causes: [OUTSIDE], hops: 0 };
const MIB = 2 ** 20;
/** The log is written anew when its commits take more than this, and more than twice the snapshot. */
const COMPACT_BYTES = 4 * MIB;
/** Commits wait while more than this is on its way to the server. */
const MOST_PENDING_BYTES = 8 * MIB;

/** The place of an engine in a spread network. */
export interface Place {
  readonly part: Part;
  readonly turns: Turns;
  /** Nothing more can be kept here: another worker has the part, or the server refuses. */
  onLost(error: unknown): void;
}

/**
 * Keeps the packets and records of a network, or of a part of it, in a log of NATS. One worker has the log, others wait until it
 * dies or gives it back. Its commits have effect in memory at once and go to the log in order, as many as there are in one record.
 * All that leaves the worker waits for its record. docs/NETWORK-PROTOCOL.md
 */
export class NatsLoggedEngine extends LoggedEngine {
  readonly #settings: NatsSettings;
  readonly #connect: (planName: string, ended: AbortController) => Promise<NatsWorker>;
  readonly #at: Place | undefined;
  readonly #ended = new AbortController();
  /** Ends all that reads. */
  readonly #halted = new AbortController();
  #worker: NatsWorker | undefined;
  #log: NatsLog | undefined;
  #inlet: Inlet | undefined;
  #outlet: Outlet | undefined;
  #receipt: Receipt | undefined;
  #read: ReadonlyMap<string, Uint8Array> = new Map();
  /** Nodes whose part of the log is written. */
  readonly #nodes = new Set<string | null>([null]);
  #pending: (readonly [node: string | null, line: Uint8Array])[] = [];
  #pendingBytes = 0;
  #logBytes = 0;
  #snapshotBytes = Number.NEGATIVE_INFINITY;
  #isKicked = false;
  readonly #suspects: Suspects;
  #failure: ActorError | NetworkError | undefined;
  #isGivenBack = false;
  #closing: Promise<void> | undefined;

  /** @param at the place in a spread network */
  constructor(
    connect: (planName: string, ended: AbortController) => Promise<NatsWorker>,
    settings: NatsSettings,
    bounds: MemoryEngineOptions,
    at?: Place,
  ) {
    super({ maxStepBytes: 64 * MIB, ...bounds });
    this.#connect = connect;
    this.#settings = settings;
    this.#at = at;
    this.#suspects = new Suspects(this.attempts, at?.turns);
  }

  protected get place(): string {
    const { place = 'NATS network' } = this.#worker ?? {};
    return this.#at ? `${place}, part ${describe(this.#at.part.name)}` : place;
  }

  get nodes(): string[] {
    return [...this.inboxes.keys()];
  }

  override get mostTimeoutMs(): number {
    return this.#settings.leaseMs / 2;
  }

  protected override hasOutport(name: string): boolean {
    return this.#at?.part.outports.has(name) ?? true;
  }

  /** Waits until no other worker runs the network, and reads the log. */
  override async open(plan: Plan, signal?: AbortSignal, modules?: Modules): Promise<void> {
    const end = () => this.#ended.abort(signal!.reason);
    signal?.addEventListener('abort', end);
    try {
      signal?.throwIfAborted();
      const worker = await this.#connect(plan.name, this.#ended);
      this.#worker = worker;
      const { presence } = worker;
      const log = await worker.openLog(undefined);
      await worker.keepParts(new Map(plan.nodes.map(({ id }) => [id, ''])));
      void this.#stayAlive(worker);
      if (modules) await worker.follow(modules, error => this.#fail(error));
      const taken = new AbortController();
      const forget = onAbort(this.#ended.signal, () => taken.abort());
      await presence.watch(taken.signal, async alive => {
        this.checkWritable();
        if (await this.takeLog(worker, log, plan, alive)) taken.abort();
      });
      forget();
      this.#ended.signal.throwIfAborted();
    } catch (error) {
      await this.close();
      throw signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener('abort', end);
    }
  }

  /** Takes the log, unless a worker that is alive has it. */
  async takeLog(worker: NatsWorker, log: NatsLog, plan: Plan, alive: Alive): Promise<boolean> {
    const tail = await log.tail();
    const { writer = '' } = tail ?? {};
    if (tail && tail.kind !== 'end' && writer !== worker.id && alive.has(writer)) return false;
    this.#worker = worker;
    this.#read = await log.read();
    try {
      // The worker before this one can append nothing from then on.
      await log.append('commits', []);
    } catch (error) {
      // It has appended meanwhile, or another one was faster.
      if (error instanceof NetworkError && error.code === 'NODE_FENCED') return false;
      throw error;
    }
    this.#log = log;
    await super.open(plan);
    for (const { id } of plan.nodes) {
      this.#nodes.add(id);
      if (log.hasDied) this.#suspects.add(id);
    }
    // Makes the log begin with a snapshot of this worker.
    await this.sync();
    this.setSynced();
    if (!this.#settings.exposed) return true;
    const { jetStream, name, config } = worker;
    const { inports, outports } = plan;
    if (inports.length > 0)
      this.#inlet = await Inlet.open(jetStream, name, plan, config, this.snapshotOf(null).positions);
    const own = outports.filter(outport => this.hasOutport(outport.name));
    if (own.length > 0) this.#outlet = await Outlet.open(jetStream, name, own, config, this.#buryLeaving);
    return true;
  }

  async #stayAlive({ presence }: NatsWorker): Promise<void> {
    const { signal } = this.#ended;
    try {
      await presence.stay(signal, () => this.checkOwn());
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  /** Ends if another worker has taken the log. */
  async checkOwn(): Promise<void> {
    if (!this.#log || this.#closing) return;
    if ((await this.#log.tail())?.writer !== this.#worker!.id) this.#fail(fenced(this.place));
  }

  /**
   * Reads the messages and packets that come from elsewhere, and sends those that leave, until the engine ends. For a part of a
   * spread network, whose ports nobody reads in this process.
   */
  async run(): Promise<void> {
    const { part } = this.#at!;
    const worker = this.#worker!;
    const { signal } = this.#halted;
    this.#receipt = new Receipt(worker, part.name, signal);
    const arrive: Arrive = (source, position, message, trace) => {
      const channel = this.arrivals.get(source)!;
      if (position > channel.latest && !signal.aborted) this.arrive(channel, message, trace);
    };
    const links = new Map(this.channels().map(({ source, sink }) => [source, sink]));
    const use = (source: string, position: number) => {
      const link = links.get(source);
      if (link instanceof Link) link.use(position);
    };
    const put: Feed = async (port, message, { traceparent, ...options }) => {
      const trace = { ...FROM_OUTSIDE, ...(traceparent !== undefined && { traceparent }) };
      await this.send(port, message, { ...options, trace });
    };
    this.#tell();
    await Promise.all([
      this.feed(put),
      ...[...part.from].map(([name, ways]) => new Upstream(worker, name, ways, arrive).read(signal)),
      ...[...part.to].map(name => followReceipt(worker, name, signal, use)),
      ...[...part.outports].map(async port => {
        for await (const delivery of this.receive(port)) this.done(port, delivery);
      }),
    ]).catch((error: unknown) => {
      if (!signal.aborted) this.#fail(error);
    });
  }

  begin(node: string): Promise<() => void> | undefined {
    return this.#suspects.begin(node);
  }

  protected readLog(): ReadonlyMap<string, Uint8Array> {
    return this.#read;
  }

  protected rewrite(nodes: Iterable<string | null>): void {
    for (const node of nodes) this.#nodes.add(node);
    this.#read = new Map();
  }

  protected checkWritable(): void {
    if (this.#failure) throw this.#failure;
  }

  protected append(node: string | null, line: Uint8Array): void {
    this.#pending.push([node, line]);
    this.#pendingBytes += line.length;
    if (this.#isKicked) return;
    this.#isKicked = true;
    // After the change has had its effect, which a snapshot must have.
    queueMicrotask(() => {
      this.#isKicked = false;
      this.flush().catch(() => {});
    });
  }

  protected async sync(): Promise<void> {
    if (this.#failure) throw this.#failure;
    const isDue = this.#logBytes > this.#snapshotBytes + Math.max(COMPACT_BYTES, 2 * this.#snapshotBytes);
    const kind = isDue ? 'snapshot' : 'commits';
    const lines = isDue ? this.#snapshot() : this.#pending;
    const bytes = lines.reduce((sum, [, line]) => sum + line.length, 0);
    const read = positionsOf(this.arrivals.values());
    this.#pending = [];
    this.#pendingBytes = 0;
    try {
      const first = await this.#log!.append(kind, lines);
      this.#logBytes = isDue ? bytes : this.#logBytes + bytes;
      this.#tell(read);
      if (!isDue) return;
      this.#snapshotBytes = bytes;
      await this.#log!.trim(first);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** Tells other parts how far this one has read, once the log has it. */
  #tell(read = positionsOf(this.arrivals.values())): void {
    this.#receipt?.tell(read).catch((error: unknown) => {
      if (!this.#halted.signal.aborted) this.#fail(error);
    });
  }

  #snapshot(): Lines {
    return [...this.#nodes].map(node => [node, writeSnapshot(this.snapshotOf(node))] as const);
  }

  protected override keep(change: Change): void {
    const at = change.read.find(({ source }) => source.startsWith(LIST));
    if (at) this.#inlet!.check(at);
    super.keep(change);
    if (change.node !== null) this.#suspects.delete(change.node);
    if (at) this.#inlet!.advance(at);
  }

  readonly #bury: Bury<void> = (port, at, message, { code, message: error }) => {
    const packet = { [port]: message };
    const letter = { node: '', port, message, code, error, packet, read: [{ ...at, port }] };
    this.keep({ node: null, read: [at], dead: [letter], puts: [] });
    this.letters.push(letter);
  };

  /** The letter is safe before the next message leaves, which says that those before it have left. */
  readonly #buryLeaving: Bury<Promise<void>> = async (port, at, message, error) => {
    if (this.#closing) throw networkStopped('engine');
    this.outboxes.get(port)!.use(at.source, at.position);
    this.#bury(port, at, message, error);
    await this.flush();
  };

  protected override lag(): Promise<void> | undefined {
    return this.#pendingBytes > MOST_PENDING_BYTES ? this.flush() : undefined;
  }

  protected override used(): Positions {
    return { ...super.used(), ...this.#inlet?.positions };
  }

  override async own(key: NodeKey): Promise<NodeSession> {
    if (this.#failure) throw this.#failure;
    return super.own(key);
  }

  /** Resolves once the message is in the log. */
  override async send(port: string, message: Message, options?: SendOptions): Promise<boolean> {
    const isNew = await super.send(port, message, options);
    await this.flush();
    return isNew;
  }

  override async sendTo(to: PlanPort, message: Message, options?: SendOptions): Promise<void> {
    await super.sendTo(to, message, options);
    await this.flush();
  }

  override receive(port: string): AsyncIterable<Received> {
    const deliveries = super.receive(port);
    return this.#outlet ? this.#outlet.send(port, deliveries) : deliveries;
  }

  override async feed(put: Feed): Promise<void> {
    await this.#inlet?.feed(put, this.#bury);
  }

  override halt(): void {
    this.#halted.abort();
    this.#inlet?.halt();
  }

  /** Gives the part back, so that another worker can take it at once. Resolves to whether the log has that. */
  async leave(): Promise<boolean> {
    this.fenceAll();
    await this.close();
    return this.#isGivenBack;
  }

  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.halt();
    await super.close();
    const end = async () => {
      if (!this.#log || this.#failure) return;
      await this.flush();
      this.#isGivenBack = await this.#log.append('end', []).then(
        () => true,
        () => false,
      );
    };
    if (this.#at) return end();
    if (this.#worker) await this.#worker.close(end);
    else this.#ended.abort();
  }

  /** Nothing can be kept any more: another worker has the log, or the server refuses. */
  #fail(cause: unknown): ActorError | NetworkError {
    this.#failure ??= this.#problem(cause);
    this.fenceAll();
    this.#at?.onLost(this.#failure);
    return this.#failure;
  }

  #problem(cause: unknown): ActorError | NetworkError {
    const isFenced = cause instanceof NetworkError && cause.code === 'NODE_FENCED';
    if (cause instanceof ActorError && cause.code === 'INVALID_STATE_FILE') return cause;
    // In a spread network the worker goes on with its other parts.
    if (isFenced && this.#at) return cause;
    const problem = isFenced ? 'another worker has taken it over' : messageOf(cause);
    return new ActorError('STATE_STORE_FAILED', `${this.place}: ${problem}`, { cause });
  }
}
