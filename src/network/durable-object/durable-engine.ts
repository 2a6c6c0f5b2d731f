import { ActorError, describe, strictly } from '../../actor/errors.ts';
import { readJson } from '../../actor/json/reader.ts';
import { isJsonObject } from '../../actor/json/value.ts';
import { Message } from '../../actor/message/message.ts';
import { fromWire, writePacket } from '../../actor/message/wire.ts';
import { messageOf, PlugboardError } from '../../errors.ts';
import { withCommas } from '../../units.ts';
import type { Change } from '../engine/change.ts';
import { type DeadLetter, type Delivery, LIST, OUTSIDE, type Received } from '../engine/engine.ts';
import type { MemoryEngineOptions } from '../engine/memory-engine.ts';
import type { Feed } from '../engine/network-engine.ts';
import { NetworkError } from '../errors.ts';
import { NETWORK_LIMITS } from '../limits.ts';
import { LoggedEngine } from '../log/logged-engine.ts';
import { joined, writeSnapshot } from '../log/record.ts';
import { Suspects } from '../log/suspects.ts';
import type { Plan } from '../plan/plan.ts';
import { readTraceparent } from '../traceparent.ts';
import type { Leaving } from './leaving.ts';
import type { DeliveryItem } from './storage.ts';
import type { Tables } from './tables.ts';

const MIB = 2 ** 20;
/** The log is written anew when its commits take more than this, and more than twice the snapshot. */
const COMPACT_BYTES = MIB;
/** Commits that one turn of the event loop makes. The platform ends an object after 30 s of computing. */
const MOST_UNSAFE = 64;
const MOST_LEAVING_BYTES = NETWORK_LIMITS.leavingBytes.default;
/** Messages with fewer bytes are not measured. An integer may have 309 digits, and counts as eight bytes. */
const SURELY_SMALL_BYTES = MOST_LEAVING_BYTES / 40;

/** Functions of the object that has the engine. */
export interface DurableEngineHooks {
  /** Called with each change, before it is kept. */
  onChange(): void;
  /** Called when nothing can be kept any more. The object must begin anew, from its storage. */
  onFail(error: ActorError): void;
}

/**
 * Keeps the packets and records of a network in the SQLite storage of a Durable Object, as a log. The platform holds back all that
 * leaves the object until the writes before it are safe, so that no packet here waits for the disk. docs/NETWORK-PROTOCOL.md
 */
export class DurableEngine extends LoggedEngine {
  protected readonly place = 'Durable Object';
  readonly #tables: Tables;
  readonly #hooks: DurableEngineHooks;
  readonly #leaving: Leaving | undefined;
  readonly #suspects = new Suspects(this.attempts);
  /** Nodes whose part of the log has begun. */
  readonly #begun = new Set<string | null>();
  #logBytes = 0;
  #snapshotBytes = 0;
  #put: Feed | undefined;
  #end = () => {};
  #failure: ActorError | undefined;

  /** @param leaving takes the packets that leave the network; without it readers in this object get them */
  constructor(tables: Tables, bounds: MemoryEngineOptions, hooks: DurableEngineHooks, leaving?: Leaving) {
    super({ maxStepBytes: 16 * MIB, ...bounds });
    this.#tables = tables;
    this.#hooks = hooks;
    this.#leaving = leaving;
  }

  override async open(plan: Plan): Promise<void> {
    await super.open(plan);
    // The process before this one may have died during a step that is still to be done.
    if (this.#begun.size === 0) return;
    for (const [id, inbox] of this.inboxes) if (inbox.hasFresh) this.#suspects.add(id);
  }

  /** Whether nodes work, or packets have still to leave. */
  get isBusy(): boolean {
    return this.isWorking || (this.#leaving?.isBusy ?? false);
  }

  protected readLog(): ReadonlyMap<string, Uint8Array> {
    const parts = new Map<string | null, Uint8Array[]>();
    for (const [node, bytes] of this.#tables.log()) {
      const part = parts.get(node) ?? [];
      parts.set(node, part);
      part.push(bytes);
      this.#logBytes += bytes.length;
    }
    return new Map([...parts].map(([node, part]) => [node ?? 'outside', joined(part)]));
  }

  /** The log stays as it is: a transaction leaves no half of a line. */
  protected rewrite(nodes: Iterable<string | null>): void {
    for (const node of nodes) this.#begun.add(node);
  }

  protected checkWritable(): void {
    if (this.#failure) throw this.#failure;
  }

  protected append(node: string | null, line: Uint8Array): void {
    this.#hooks.onChange();
    this.#transact(() => {
      if (this.#logBytes > this.#snapshotBytes + Math.max(COMPACT_BYTES, 2 * this.#snapshotBytes))
        this.#compact();
      if (!this.#begun.has(node)) this.#begin(node);
      this.#write(node, line);
    });
  }

  protected sync(): Promise<void> {
    return this.#tables.sync();
  }

  /** All writes between two turns of the event loop are one transaction. Without a turn, an object that is ended loses them all. */
  protected override lag(): Promise<void> | undefined {
    const { kept, synced } = this.commits;
    return kept - synced > MOST_UNSAFE ? this.flush() : undefined;
  }

  /** Writes the log anew, from the memory of the engine. */
  #compact(): void {
    this.#tables.clearLog();
    this.#logBytes = 0;
    for (const node of this.#begun) this.#begin(node);
    this.#snapshotBytes = this.#logBytes;
  }

  #begin(node: string | null): void {
    this.#write(node, writeSnapshot(this.snapshotOf(node)));
    this.#begun.add(node);
  }

  #write(node: string | null, bytes: Uint8Array): void {
    this.#tables.append(node, bytes);
    this.#logBytes += bytes.length;
  }

  /** Memory and storage differ after a write that fails, so that the object has to begin anew. */
  #transact(action: () => void): void {
    try {
      this.#tables.transact(action);
    } catch (cause) {
      if (!(cause instanceof PlugboardError)) this.fail(cause);
      throw cause;
    }
  }

  fail(cause: unknown): void {
    if (this.#failure) return;
    this.#failure = new ActorError('STATE_STORE_FAILED', `${this.place}: ${messageOf(cause)}`, { cause });
    this.#hooks.onFail(this.#failure);
  }

  protected override keep(change: Change): void {
    if (this.#leaving) this.#checkLeaving(change);
    const at = change.read.find(({ source }) => source.startsWith(LIST));
    if (!at) super.keep(change);
    else
      this.#transact(() => {
        if (at.position <= this.#tables.latest(at.source)) throw new AlreadyThere();
        super.keep({ ...change, read: [] });
        this.#tables.setLatest(at.source, at.position);
      });
    if (change.node !== null) this.#suspects.delete(change.node);
  }

  begin(node: string): Promise<() => void> | undefined {
    return this.#suspects.begin(node);
  }

  #checkLeaving({ node, puts }: Change): void {
    for (const { message, bytes, channels } of puts) {
      if (bytes <= SURELY_SMALL_BYTES || !channels.some(({ sink }) => this.outboxes.has(sink.name))) continue;
      const size = new TextEncoder().encode(writePacket({ message })).length;
      if (size <= MOST_LEAVING_BYTES) continue;
      const [has, most] = [size, MOST_LEAVING_BYTES].map(withCommas);
      throw new NetworkError(
        'STEP_TOO_LARGE',
        `node ${describe(node)}: a message of ${has} bytes of JSON leaves the network, over the limit of ${most}`,
      );
    }
  }

  override receive(port: string): AsyncIterable<Received> {
    if (!this.#leaving) return super.receive(port);
    return this.#leave(port, this.#leaving);
  }

  /** Moves the packets of a port out of the log. A packet that only calls have caused goes to them alone. */
  async *#leave(port: string, leaving: Leaving): AsyncGenerator<Received, void, undefined> {
    for await (const delivery of this.outboxOf(port).read()) {
      const { trace } = delivery;
      const calls = trace.causes.filter(cause => cause !== OUTSIDE);
      const isForCalls = trace.causes.length > 0 && calls.length === trace.causes.length;
      await this.#move(port, delivery, leaving, isForCalls);
      yield { ...delivery, trace: { ...trace, causes: [LIST, ...calls] } };
    }
  }

  async #move(port: string, delivery: Received, leaving: Leaving, isForCalls: boolean): Promise<void> {
    const done = (put: () => void) =>
      this.#transact(() => {
        put();
        super.done(port, delivery);
      });
    let target: string | undefined;
    try {
      target = leaving.targetOf(port, delivery.message, isForCalls);
    } catch (error) {
      if (!(error instanceof ActorError)) throw error;
      const letter = letterOf(port, delivery, delivery.message, error);
      done(() => super.keep({ node: null, read: [], dead: [letter], puts: [] }));
      this.letters.push(letter);
      return;
    }
    if (target === undefined) return done(() => {});
    const room = leaving.room(target);
    if (room) await room;
    done(() => leaving.put(target, port, delivery));
  }

  override done(port: string, delivery: Delivery): void {
    if (!this.#leaving) super.done(port, delivery);
  }

  override async feed(put: Feed): Promise<void> {
    this.#put = put;
    await new Promise<void>(resolve => {
      this.#end = resolve;
    });
  }

  override halt(): void {
    this.#put = undefined;
    this.#end();
  }

  override close(): Promise<void> {
    this.halt();
    return super.close();
  }

  /**
   * Keeps the packets of a source, in order, as far as their ports have room. Those that came before are dropped. Returns the number
   * of packets that the source need not send again.
   */
  async deliver(source: string, items: readonly DeliveryItem[]): Promise<number> {
    const name = LIST + source;
    let latest = this.#tables.latest(name);
    for (const [index, [seq, packet, traceparent]] of items.entries()) {
      if (seq <= latest) continue;
      try {
        if (!(await this.#take(name, seq, packet, traceparent ?? ''))) return index;
      } catch (error) {
        if (!(error instanceof AlreadyThere)) throw error;
      }
      latest = seq;
    }
    return items.length;
  }

  /** Resolves to false when there is no room. */
  async #take(source: string, position: number, packet: string, traceparent: string): Promise<boolean> {
    const put = this.#put;
    if (!put) throw new NetworkError('NETWORK_STOPPED', 'deliver: the network has stopped');
    const at = { source, position };
    let [port, message]: [string, Message | undefined] = ['', undefined];
    try {
      [port, message] = this.#read(packet);
    } catch (error) {
      if (!(error instanceof PlugboardError)) throw error;
      this.#bury(port, at, packet, error);
      return true;
    }
    if (this.inports.get(port)!.isFull) return false;
    await put(port, message, { at, traceparent: readTraceparent(traceparent) });
    return true;
  }

  #read(packet: string): [port: string, message: Message] {
    const value = readJson(packet);
    const entries = isJsonObject(value) ? Object.entries(value) : [];
    const [[port, wire] = []] = entries;
    if (entries.length !== 1 || port === undefined || wire === undefined)
      throw new ActorError(
        'INVALID_MESSAGE',
        `deliver: expected an object of one port, got ${describe(value)}`,
      );
    if (!this.inports.has(port))
      throw new NetworkError('UNKNOWN_PORT', `deliver: the network has no inport ${describe(port)}`);
    return [port, fromWire(wire, port, strictly, () => true)!];
  }

  /** Keeps a packet that nobody can read as a dead letter: its source would send it again and again. */
  #bury(port: string, at: Place, packet: string, error: PlugboardError): void {
    const letter = letterOf(port, at, Message.string(packet), error);
    this.keep({ node: null, read: [at], dead: [letter], puts: [] });
    this.letters.push(letter);
  }
}

type Place = Pick<Delivery, 'source' | 'position'>;

const letterOf = (
  port: string,
  { source, position }: Place,
  message: Message,
  { code, message: error }: PlugboardError,
): DeadLetter => ({
  node: '',
  port,
  message,
  code,
  error,
  packet: { [port]: message },
  read: [{ source, position, port }],
});

/** The packet came before, while this delivery of it waited. */
class AlreadyThere extends NetworkError {
  constructor() {
    super('NODE_FENCED', 'the packet came before');
  }
}
