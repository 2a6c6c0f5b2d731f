import { ActorError, describe, refuseOption } from '../../actor/errors.ts';
import { Message } from '../../actor/message/message.ts';
import { messageOf } from '../../errors.ts';
import {
  LIST,
  type NodeKey,
  type NodeSession,
  type Positions,
  type Received,
  type SendOptions,
} from '../engine/engine.ts';
import type { Change, Feed, MemoryEngineOptions } from '../engine/memory-engine.ts';
import { NetworkError } from '../errors.ts';
import { NETWORK_LIMITS } from '../limits.ts';
import { LoggedEngine } from '../log/logged-engine.ts';
import { writeSnapshot } from '../log/record.ts';
import type { Plan } from '../plan/plan.ts';
import { type Bury, Inlet } from './inlet.ts';
import { JetStream, type NatsConnection } from './jet-stream.ts';
import { Lease } from './lease.ts';
import { type Lines, NatsLog } from './nats-log.ts';
import { NAME, type NatsSettings } from './nats-options.ts';
import { Outlet } from './outlet.ts';

const MIB = 2 ** 20;
/** The log is written anew when its commits take more than this, and more than twice the snapshot. */
const COMPACT_BYTES = 4 * MIB;
/** Then a server that does not answer is left alone. */
const LONGEST_CLOSE_MS = 10_000;
/** Commits wait while more than this is on its way to the server. */
const MOST_PENDING_BYTES = 8 * MIB;

/**
 * Keeps the packets and records of a network in a log of NATS. One worker runs the network, others wait for its lease. Its commits
 * have effect in memory at once and go to the log in order, as many as there are in one record. All that leaves the network waits
 * for its record. docs/NETWORK-PROTOCOL.md
 */
export class NatsLoggedEngine extends LoggedEngine {
  readonly #connection: NatsConnection;
  readonly #settings: NatsSettings;
  readonly #worker = crypto.randomUUID();
  readonly #ended = new AbortController();
  #name = '';
  #log: NatsLog | undefined;
  #lease: Lease | undefined;
  #inlet: Inlet | undefined;
  #outlet: Outlet | undefined;
  #read: ReadonlyMap<string, Uint8Array> = new Map();
  /** Nodes whose part of the log is written. */
  readonly #nodes = new Set<string | null>([null]);
  #pending: (readonly [node: string | null, line: Uint8Array])[] = [];
  #pendingBytes = 0;
  #logBytes = 0;
  #snapshotBytes = Number.NEGATIVE_INFINITY;
  #isKicked = false;
  /** Nodes that have made no step since the worker before this one died. */
  readonly #suspects = new Set<string>();
  /** Resolves when no step of them runs. */
  #alone: Promise<void> = Promise.resolve();
  #failure: ActorError | undefined;
  #closing: Promise<void> | undefined;

  constructor(connection: NatsConnection, settings: NatsSettings, bounds: MemoryEngineOptions) {
    super({ maxStepBytes: 64 * MIB, ...bounds });
    this.#connection = connection;
    this.#settings = settings;
  }

  protected get place(): string {
    return `NATS network ${this.#name}`;
  }

  override get mostTimeoutMs(): number {
    return this.#settings.leaseMs / 2;
  }

  /** Waits until no other worker runs the network, and reads the log. */
  override async open(plan: Plan, signal?: AbortSignal): Promise<void> {
    const onAbort = () => this.#ended.abort(signal!.reason);
    signal?.addEventListener('abort', onAbort);
    try {
      signal?.throwIfAborted();
      await this.#open(plan);
    } catch (error) {
      await this.close();
      throw signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async #open(plan: Plan): Promise<void> {
    const { leaseMs, replicas, exposed, name = plan.name, onWarning = console.warn } = this.#settings;
    if (!NAME.test(name))
      refuseOption(
        `NatsEngine: name: the graph has the name ${name}; give one of 1 to 64 letters, digits, _ and -`,
      );
    this.#name = name;
    const { signal } = this.#ended;
    const jetStream = await this.connect(this.#connection, signal, onWarning);
    const config = { num_replicas: replicas };
    const subject = `pb.${name}.log`;
    const kept = await jetStream.ensureStream(`PB_${name}_LOG`, { subjects: [subject], ...config });
    if (kept.num_replicas === 1)
      onWarning(
        `${this.place}: one server keeps it, and acknowledges before its disk has the message; a power cut loses up to two minutes unless the server has sync_interval: always`,
      );
    this.#lease = new Lease(jetStream, `PB_${name}_LEASE`, leaseMs, this.#worker);
    await this.#lease.acquire(signal, () => this.#fail(new Error('another worker has its lease')));
    this.#log = this.makeLog(jetStream, `PB_${name}_LOG`, subject, this.#worker);
    await this.#takeOver();
    await super.open(plan);
    for (const { id } of plan.nodes) {
      this.#nodes.add(id);
      if (this.#log.hasDied) this.#suspects.add(id);
    }
    // Makes the log begin with a snapshot of this worker.
    await this.sync();
    this.setSynced();
    if (!exposed) return;
    this.#inlet = await Inlet.open(jetStream, name, plan, config, this.snapshotOf(null).positions);
    this.#outlet = await Outlet.open(jetStream, name, plan, config);
  }

  protected connect(...given: Parameters<typeof JetStream.on>): Promise<JetStream> {
    return JetStream.on(...given);
  }

  protected makeLog(...given: ConstructorParameters<typeof NatsLog>): NatsLog {
    return new NatsLog(...given);
  }

  /**
   * After a death each node begins its first step alone, once the log has it. So only the step that ends the process again counts
   * as an attempt.
   */
  begin(node: string): Promise<() => void> | undefined {
    return this.#suspects.has(node) ? this.#beginAlone(node) : undefined;
  }

  async #beginAlone(node: string): Promise<() => void> {
    const before = this.#alone;
    let end = () => {};
    this.#alone = new Promise(resolve => {
      end = resolve;
    });
    await before;
    try {
      const attempts = this.attemptsOf(node);
      if (attempts >= NETWORK_LIMITS.attempts.default)
        throw new NetworkError(
          'TOO_MANY_ATTEMPTS',
          `node ${describe(node)}: ${attempts} processes in a row have died during this step`,
        );
      this.attempt(node);
      await this.flush();
      return end;
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Reads the log, and appends an empty record: the worker before this one can append nothing from then on. */
  async #takeOver(): Promise<void> {
    for (;;) {
      this.#read = await this.#log!.read();
      try {
        await this.#log!.append('commits', []);
        return;
      } catch (error) {
        // The worker before this one has appended meanwhile.
        if (!(error instanceof NetworkError && error.code === 'NODE_FENCED')) throw error;
      }
    }
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
    this.#pending = [];
    this.#pendingBytes = 0;
    try {
      const first = await this.#log!.append(kind, lines);
      this.#logBytes = isDue ? bytes : this.#logBytes + bytes;
      if (!isDue) return;
      this.#snapshotBytes = bytes;
      await this.#log!.trim(first);
    } catch (error) {
      throw this.#fail(error);
    }
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

  readonly #bury: Bury = (port, at, data, { code, message: error }) => {
    const message = Message.stream(data);
    const letter = {
      node: '',
      port,
      message,
      code,
      error,
      packet: { [port]: message },
      read: [{ ...at, port }],
    };
    this.keep({ node: null, read: [at], dead: [letter], puts: [] });
    this.letters.push(letter);
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

  override receive(port: string): AsyncIterable<Received> {
    const deliveries = super.receive(port);
    return this.#outlet ? this.#outlet.send(port, deliveries) : deliveries;
  }

  override async feed(put: Feed): Promise<void> {
    await this.#inlet?.feed(put, this.#bury);
  }

  override halt(): void {
    this.#inlet?.halt();
  }

  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.halt();
    await super.close();
    const end = () => this.#ended.abort(new ActorError('STATE_STORE_FAILED', `${this.place}: closed`));
    const timer = setTimeout(end, LONGEST_CLOSE_MS);
    try {
      if (!this.#log || this.#failure) return;
      await this.flush();
      await this.#log.append('end', []).catch(() => {});
    } finally {
      if (!this.#ended.signal.aborted) await this.#lease?.release();
      clearTimeout(timer);
      end();
    }
  }

  /** Nothing can be kept any more: another worker has the network, or the server refuses. */
  #fail(cause: unknown): ActorError {
    const isFenced = cause instanceof NetworkError && cause.code === 'NODE_FENCED';
    const problem = isFenced ? 'another worker has taken it over' : messageOf(cause);
    this.#failure ??= new ActorError('STATE_STORE_FAILED', `${this.place}: ${problem}`, { cause });
    this.fenceAll();
    return this.#failure;
  }
}
