import { ActorError } from '../../actor/errors.ts';
import { setOwn } from '../../actor/json/value.ts';
import { messageOf } from '../../errors.ts';
import { JournalFile, joinPath, readJournals } from '../../platform/node-journal.ts';
import { FolderOwner } from '../../platform/node-owner.ts';
import { crc32 } from '../../values/crc32.ts';
import {
  ACCEPTED,
  type NodeKey,
  type NodeRecord,
  type NodeSession,
  OUTSIDE,
  type Positions,
  type Received,
} from '../engine/engine.ts';
import { type Change, MemoryEngine, type MemoryEngineOptions } from '../engine/memory-engine.ts';
import { messageBytes } from '../engine/message-bytes.ts';
import { fenced, NetworkError } from '../errors.ts';
import { NETWORK_LIMITS } from '../limits.ts';
import type { Plan } from '../plan/plan.ts';
import { invalid, type Snapshot, writeCommit, writeSnapshot } from './record.ts';
import { type Left, type Restored, restore } from './restore.ts';

const END = '.journal';
const MIB = 2 ** 20;
/** A journal is written anew when its commits take more than this, and more than twice its snapshot. */
const COMPACT_BYTES = 4 * MIB;

/** A journal that is written, and the size of its snapshot. */
interface Open {
  readonly file: JournalFile;
  snapshotBytes: number;
}

/**
 * Keeps the packets and records of a network in journals, one file for each node. A commit is one line at the end of a file: it
 * survives the end of the process at once. A packet that leaves the network waits until all journals are on the disk.
 * RATIONALE: why-does-only-what-leaves-a-network-wait-for-the-disk
 */
export class JournaledEngine extends MemoryEngine {
  readonly #folder: string;
  #owner: FolderOwner | undefined;
  readonly #journals = new Map<string | null, Open>();
  /** Journals with commits that may not be on the disk. */
  readonly #dirty = new Set<JournalFile>();
  /** Those that are on their way to the disk. */
  #inFlight: readonly JournalFile[] = [];
  #left: Restored = { left: new Map(), commit: 0, number: 0, epoch: 0 };
  #commit = 0;
  /** Commits up to this number are on the disk, and so are packets below that number. */
  #synced = { commit: 0, number: 0 };
  #syncing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Why nothing can be kept any more. */
  #failure: ActorError | undefined;

  constructor(folder: string, options: MemoryEngineOptions) {
    super({ maxStepBytes: 64 * MIB, ...options });
    this.#folder = folder;
  }

  /** Number of the latest commit, and of the latest that is on the disk. */
  get commits(): { readonly kept: number; readonly synced: number } {
    return { kept: this.#commit, synced: this.#synced.commit };
  }

  protected override get lasts(): boolean {
    return true;
  }

  /** Resolves when all that was kept so far is on the disk. @throws {ActorError} STATE_STORE_FAILED */
  async flush(): Promise<void> {
    const upTo = this.#commit;
    while (this.#synced.commit < upTo) {
      if (this.#failure) throw this.#failure;
      this.#syncing ??= this.#sync().finally(() => {
        this.#syncing = undefined;
      });
      await this.#syncing;
    }
  }

  /** The id of the latest packet that came to a port with an id. */
  lastId(port: string): string | undefined {
    return [...(this.ids.get(port) ?? [])].at(-1);
  }

  override async own(key: NodeKey): Promise<NodeSession> {
    if (this.#owner && !this.#owner.isOwner)
      throw this.#fail(new Error('another process has taken the folder over'));
    return super.own(key);
  }

  /** Packets wait until the commits that made them are on the disk. */
  override receive(port: string): AsyncIterable<Received> {
    const isSynced = (number: number) => number < this.#synced.number;
    return this.outboxOf(port).read(({ number }) => (isSynced(number) ? undefined : this.flush()));
  }

  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await super.close();
    try {
      if (this.#owner?.isOwner && !this.#failure) await this.flush();
    } finally {
      for (const { file } of this.#journals.values()) file.close();
      this.#journals.clear();
      this.#owner?.release();
      this.#owner = undefined;
    }
  }

  override async open(plan: Plan): Promise<void> {
    try {
      await super.open(plan);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  protected override restore(): Iterable<[node: string, record: NodeRecord]> {
    this.#left = this.#attempt(() => {
      this.#owner = FolderOwner.take(this.#folder);
      return restore(readJournals(this.#folder, END));
    });
    const { left, commit, number, epoch } = this.#left;
    this.entries = number;
    this.#commit = commit;
    this.#synced = { commit, number };
    this.#left = { left, commit, number, epoch: epoch + 1 };
    const known = new Set(this.channels().map(({ source }) => source));
    const lost = [...left.values()]
      .flatMap(({ packets }) => packets)
      .find(({ source }) => !known.has(source));
    if (lost) {
      const problem = `packets wait at ${lost.source}, which the graph does not have; run the graph that has it until it has drained`;
      throw invalid(`${this.#folder}: ${problem}`);
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
    // Written anew, each without the rest of a line that a kill has torn.
    for (const node of left.keys()) this.#attempt(() => this.#compact(node));
  }

  protected override keep({ node, read, state, dead = [], puts, id }: Change): void {
    if (this.#failure) throw this.#failure;
    if (!this.#owner?.isOwner) {
      this.fenceAll();
      throw fenced(node ?? this.#folder);
    }
    const number = this.entries;
    const sent = puts.flatMap(({ message, trace, channels }) =>
      channels.length > 0 ? [{ to: channels.map(({ source }) => source), message, trace }] : [],
    );
    const positions: { [source: string]: number } = {};
    for (const { source, position } of read) setOwn(positions, source, position);
    const commit = this.#commit + 1;
    const { commit: synced } = this.#synced;
    const line = writeCommit({ commit, synced, number, read: positions, state, sent, dead, id });
    this.#attempt(() => {
      let journal = this.#journals.get(node);
      if (
        !journal ||
        journal.file.bytes > journal.snapshotBytes + Math.max(COMPACT_BYTES, 2 * journal.snapshotBytes)
      )
        journal = this.#compact(node);
      journal.file.append(line);
      this.#dirty.add(journal.file);
    });
    this.#commit = commit;
  }

  /** Writes the journal of a node anew, from the memory of the engine. It leaves out only commits that are on the disk. */
  #compact(node: string | null): Open {
    for (const file of [...this.#dirty, ...this.#inFlight]) file.syncNow();
    this.#dirty.clear();
    this.#synced = { commit: this.#commit, number: this.entries };
    const bytes = writeSnapshot(this.#snapshotOf(node));
    if (!this.#owner?.isOwner) throw fenced(node ?? this.#folder);
    const journal = this.#journals.get(node) ?? {
      file: new JournalFile(joinPath(this.#folder, nameOf(node))),
      snapshotBytes: 0,
    };
    journal.file.replace(bytes);
    journal.snapshotBytes = bytes.length;
    this.#journals.set(node, journal);
    return journal;
  }

  #snapshotOf(node: string | null): Snapshot {
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
    const used = node === null ? this.#used() : {};
    return {
      node,
      epoch: this.#left.epoch,
      commit: this.#commit,
      number: this.entries,
      positions: { ...before?.positions, ...record?.positions, ...used },
      state: record ? record.state : before?.state,
      latest,
      packets,
      ids: node === null ? Object.fromEntries([...this.ids].map(([port, ids]) => [port, [...ids]])) : {},
      dead: this.letters.filter(letter => letter.node === node),
    };
  }

  /** The positions up to which readers have used the packets that left the network. */
  #used(): Positions {
    const out = this.channels().filter(({ sink }) => this.outboxes.get(sink.name) === sink);
    return Object.fromEntries(
      out.map(({ source, sink, latest }) => [source, latest - [...sink.pendingOf(source)].length]),
    );
  }

  *#records(): Generator<[node: string, record: NodeRecord], void, undefined> {
    for (const [node, { positions, state }] of this.#left.left)
      if (node !== null && state && this.inboxes.has(node)) yield [node, { positions, state }];
  }

  async #sync(): Promise<void> {
    const upTo = { commit: this.#commit, number: this.entries };
    this.#inFlight = [...this.#dirty];
    this.#dirty.clear();
    try {
      await Promise.all(this.#inFlight.map(file => file.sync()));
    } catch (error) {
      // Bytes that a disk has refused once may be gone, and a second sync would not tell.
      throw this.#fail(error);
    } finally {
      this.#inFlight = [];
    }
    if (upTo.commit > this.#synced.commit) this.#synced = upTo;
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (error instanceof ActorError || error instanceof NetworkError) throw error;
      const isWhole = [...this.#journals.values()].every(({ file }) => file.isOpen);
      if (isWhole) throw this.#problem(error);
      throw this.#fail(error);
    }
  }

  #fail(error: unknown): ActorError {
    this.#failure = this.#problem(error);
    return this.#failure;
  }

  #problem = (cause: unknown): ActorError =>
    new ActorError('STATE_STORE_FAILED', `${this.#folder}: ${messageOf(cause)}`, { cause });
}

/** Calls end with their process. Packets of lines that are acknowledged keep their cause. */
const isLasting = (cause: string): boolean => cause === OUTSIDE || cause.startsWith(ACCEPTED);

/** Returns a name that each file system takes. The checksum tells apart nodes whose names are otherwise the same. */
function nameOf(node: string | null): string {
  if (node === null) return `outside${END}`;
  const readable = node.replace(/[^\w-]/g, '_').slice(0, 64);
  return `${readable}.${crc32(new TextEncoder().encode(node))}${END}`;
}
