import { setOwn } from '../../actor/json/value.ts';
import type { Change } from '../engine/change.ts';
import { type Channel, Outbox } from '../engine/channel.ts';
import {
  ACCEPTED,
  againOf,
  type NodeRecord,
  OUTSIDE,
  type Positions,
  type Received,
} from '../engine/engine.ts';
import { Link } from '../engine/link.ts';
import { MemoryEngine } from '../engine/memory-engine.ts';
import { messageBytes } from '../engine/message-bytes.ts';
import { NETWORK_LIMITS } from '../limits.ts';
import { type CommitRecord, invalid, type Snapshot, writeCommit } from './record.ts';
import { type Left, type Restored, restore } from './restore.ts';
import type { AttemptLog } from './suspects.ts';

/**
 * Keeps the packets and records of a network in a log. A commit is one line at its end. A packet that leaves the network waits until
 * the log is safe up to the commit that sent it.
 * RATIONALE: why-does-only-what-leaves-a-network-wait-for-the-disk
 */
export abstract class LoggedEngine extends MemoryEngine {
  #left: Restored = { left: new Map(), commit: 0, number: 0, epoch: 0 };
  #commit = 0;
  /** Commits up to this number are safe, and so are packets below that number. */
  #synced = { commit: 0, number: 0 };
  #syncing: Promise<void> | undefined;
  readonly #attempts = new Map<string | null, number>();
  protected readonly attempts: AttemptLog = {
    of: node => this.#attempts.get(node) ?? 0,
    add: node => {
      const attempts = this.attempts.of(node) + 1;
      this.#attempts.set(node, attempts);
      const nothing = { read: {}, state: undefined, sent: [], dead: [], id: undefined };
      this.#write(node, { ...nothing, number: this.entries, attempts });
    },
    flush: () => this.flush(),
  };

  /** The place of the log, for messages. */
  protected abstract readonly place: string;
  /** Returns the log of an earlier process in parts, one for each node, by their names. */
  protected abstract readLog(): ReadonlyMap<string, Uint8Array>;
  /** Writes the log anew. @param nodes those that had a part in it; null for the world outside */
  protected abstract rewrite(nodes: Iterable<string | null>): void;
  /** Adds a line to the part of a node. @throws when it cannot be kept; then nothing has changed */
  protected abstract append(node: string | null, line: Uint8Array): void;
  /** Makes all lines safe that were added so far. */
  protected abstract sync(): Promise<void>;
  /** @throws when this process can keep nothing */
  protected abstract checkWritable(node: string | null): void;

  /** Number of the latest commit, and of the latest that is safe. */
  get commits(): { readonly kept: number; readonly synced: number } {
    return { kept: this.#commit, synced: this.#synced.commit };
  }

  protected override get lasts(): boolean {
    return true;
  }

  /** Resolves when all that was kept so far is safe. @throws {ActorError} STATE_STORE_FAILED */
  async flush(): Promise<void> {
    const upTo = this.#commit;
    while (this.#synced.commit < upTo) {
      this.#syncing ??= this.#sync().finally(() => {
        this.#syncing = undefined;
      });
      await this.#syncing;
    }
  }

  /** The id of the latest packet that came to a port with an id. */
  lastId(port: string): string | undefined {
    return [...this.idsOf(port)].at(-1);
  }

  /** The ids of the latest packets that came to a port, the oldest first. */
  idsOf(port: string): ReadonlySet<string> {
    return this.ids.get(port) ?? new Set();
  }

  /** Keeps an id without a packet. */
  keepId(port: string, id: string): void {
    const ids = this.ids.get(port) ?? new Set();
    if (ids.has(id)) return;
    this.keep({ node: null, read: [], puts: [], id: [port, id] });
    this.ids.set(port, ids.add(id));
    if (ids.size > NETWORK_LIMITS.rememberedIds.default) ids.delete(ids.values().next().value!);
  }

  override receive(port: string): AsyncIterable<Received> {
    const isSynced = (number: number) => number < this.#synced.number;
    return this.outboxOf(port).read(({ number }) => (isSynced(number) ? undefined : this.flush()));
  }

  protected override restore(): Iterable<[node: string, record: NodeRecord]> {
    const { left, commit, number, epoch } = restore(this.readLog());
    this.entries = number;
    this.#commit = commit;
    this.#synced = { commit, number };
    this.#left = { left, commit, number, epoch: epoch + 1 };
    const sources = new Set([...left.values()].flatMap(({ latest }) => Object.keys(latest)));
    for (const { node, port } of this.ends())
      for (const isJoined of [false, true])
        if (sources.has(againOf(node, port, isJoined))) this.again(node, port, isJoined);
    const known = new Set(this.channels().map(({ source }) => source));
    const lost = [...left.values()]
      .flatMap(({ packets }) => packets)
      .find(({ source }) => !known.has(source));
    if (lost) {
      const problem = `packets wait at ${lost.source}, which the graph does not have; run the graph that has it until it has drained`;
      throw invalid(`${this.place}: ${problem}`);
    }
    return this.#records();
  }

  protected override putAgain(): void {
    const { left } = this.#left;
    const channels = new Map(this.channels().map(channel => [channel.source, channel]));
    const all = [...left.values()].flatMap(({ latest, packets, ids, dead }) => {
      const next = { ...latest };
      for (const { source } of packets) next[source]!--;
      for (const [source, position] of Object.entries(latest)) channels.get(source)?.goOnAfter(position);
      for (const [port, list] of Object.entries(ids))
        this.ids.set(port, new Set(list.slice(-NETWORK_LIMITS.rememberedIds.default)));
      this.letters.push(...dead);
      return packets.map(packet => ({ ...packet, position: ++next[packet.source]! }));
    });
    for (const { source, position, number, message, trace } of all.sort((a, b) => a.number - b.number)) {
      const channel = channels.get(source)!;
      const causes = trace.causes.filter(isLasting);
      const delivery = { source, position, port: channel.port, message, trace: { ...trace, causes } };
      channel.putAgain({ delivery, bytes: messageBytes(message), number });
    }
    for (const [node, { attempts }] of left) this.#attempts.set(node, attempts);
    this.rewrite(left.keys());
  }

  protected override keep({ node, read, state, dead = [], puts, redriven, id }: Change): void {
    const number = this.entries;
    const sent = puts.flatMap(({ message, trace, channels }) =>
      channels.length > 0 ? [{ to: channels.map(({ source }) => source), message, trace }] : [],
    );
    const positions: { [source: string]: number } = {};
    for (const { source, position } of read) setOwn(positions, source, position);
    this.#attempts.delete(node);
    this.#write(node, { number, read: positions, state, sent, dead, redriven, id });
  }

  #write(node: string | null, record: Omit<CommitRecord, 'commit' | 'synced'>): void {
    this.checkWritable(node);
    const commit = this.#commit + 1;
    this.append(node, writeCommit({ ...record, commit, synced: this.#synced.commit }));
    this.#commit = commit;
  }

  /** All commits so far are safe. */
  protected setSynced(upTo = { commit: this.#commit, number: this.entries }): void {
    if (upTo.commit > this.#synced.commit || upTo.number > this.#synced.number) this.#synced = upTo;
  }

  protected snapshotOf(node: string | null): Snapshot {
    const before: Left | undefined = this.#left.left.get(node);
    const channels = this.channelsOf(node);
    const latest: Positions = {
      ...before?.latest,
      ...Object.fromEntries(channels.map(channel => [channel.source, channel.latest])),
    };
    const packets = channels.flatMap(({ source, sink }) =>
      [...sink.pendingOf(source)].map(({ delivery: { message, trace }, number }) => ({
        source,
        number,
        message,
        trace,
      })),
    );
    const record = node === null ? undefined : this.inboxes.get(node)?.record;
    const used = node === null ? this.used() : {};
    return {
      node,
      epoch: this.#left.epoch,
      commit: this.#commit,
      number: this.entries,
      positions: { ...(record ?? before)?.positions, ...used },
      state: record ? record.state : before?.state,
      latest,
      packets,
      ids: node === null ? Object.fromEntries([...this.ids].map(([port, ids]) => [port, [...ids]])) : {},
      dead: this.letters.of(node ?? ''),
      attempts: this.#attempts.get(node) ?? 0,
    };
  }

  /** The positions that the world outside has reached: those up to which readers have used the packets that left this engine. */
  protected used(): Positions {
    return positionsOf(this.channels().filter(({ sink }) => sink instanceof Outbox || sink instanceof Link));
  }

  *#records(): Generator<[node: string, record: NodeRecord], void, undefined> {
    for (const [node, { positions, state }] of this.#left.left)
      if (node !== null && state && this.inboxes.has(node)) yield [node, { positions, state }];
  }

  async #sync(): Promise<void> {
    const upTo = { commit: this.#commit, number: this.entries };
    await this.sync();
    this.setSynced(upTo);
  }
}

/** Returns the positions up to which the packets of ways were read. */
export const positionsOf = (channels: Iterable<Channel>): Positions =>
  Object.fromEntries(
    [...channels].map(({ source, sink, latest }) => [source, latest - [...sink.pendingOf(source)].length]),
  );

/** Calls end with their process. Packets of lines that are acknowledged keep their cause. */
const isLasting = (cause: string): boolean => cause === OUTSIDE || cause.startsWith(ACCEPTED);
