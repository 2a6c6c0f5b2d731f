import { ActorError } from '../../actor/errors.ts';
import { messageOf } from '../../errors.ts';
import { JournalFile, joinPath, readJournals } from '../../platform/node-journal.ts';
import { FolderOwner } from '../../platform/node-owner.ts';
import { crc32 } from '../../values/crc32.ts';
import type { NodeKey, NodeSession } from '../engine/engine.ts';
import type { MemoryEngineOptions } from '../engine/memory-engine.ts';
import { fenced, NetworkError } from '../errors.ts';
import { LoggedEngine } from '../log/logged-engine.ts';
import { writeSnapshot } from '../log/record.ts';
import type { Plan } from '../plan/plan.ts';

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
 */
export class JournaledEngine extends LoggedEngine {
  protected readonly place: string;
  #owner: FolderOwner | undefined;
  readonly #journals = new Map<string | null, Open>();
  /** Journals with commits that may not be on the disk. */
  readonly #dirty = new Set<JournalFile>();
  /** Those that are on their way to the disk. */
  #inFlight: readonly JournalFile[] = [];
  #closing: Promise<void> | undefined;
  /** Why nothing can be kept any more. */
  #failure: ActorError | undefined;

  constructor(folder: string, options: MemoryEngineOptions) {
    super({ maxStepBytes: 64 * MIB, ...options });
    this.place = folder;
  }

  override async own(key: NodeKey): Promise<NodeSession> {
    if (this.#owner && !this.#owner.isOwner) throw this.#fail(new Error(this.#owner.loss));
    return super.own(key);
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

  protected readLog(): ReadonlyMap<string, Uint8Array> {
    return this.#attempt(() => {
      this.#owner = FolderOwner.take(this.place);
      return readJournals(this.place, END);
    });
  }

  /** Writes all journals anew, each without the rest of a line that a kill has torn. */
  protected rewrite(nodes: Iterable<string | null>): void {
    for (const node of nodes) this.#attempt(() => this.#compact(node));
  }

  protected checkWritable(node: string | null): void {
    if (this.#failure) throw this.#failure;
    if (this.#owner?.isOwner) return;
    this.fenceAll();
    throw this.#refusal(node);
  }

  protected append(node: string | null, line: Uint8Array): void {
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
  }

  protected async sync(): Promise<void> {
    if (this.#failure) throw this.#failure;
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
  }

  /** Writes the journal of a node anew, from the memory of the engine. It leaves out only commits that are on the disk. */
  #compact(node: string | null): Open {
    for (const file of [...this.#dirty, ...this.#inFlight]) file.syncNow();
    this.#dirty.clear();
    this.setSynced();
    const bytes = writeSnapshot(this.snapshotOf(node));
    if (!this.#owner?.isOwner) throw this.#refusal(node);
    const journal = this.#journals.get(node) ?? {
      file: new JournalFile(joinPath(this.place, nameOf(node))),
      snapshotBytes: 0,
    };
    journal.file.replace(bytes);
    journal.snapshotBytes = bytes.length;
    this.#journals.set(node, journal);
    return journal;
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

  /** The error of a change while this process does not own the folder. Null is the world outside, which has no sessions. */
  #refusal(node: string | null): NetworkError {
    if (node !== null) return fenced(node);
    const problem = this.#owner?.loss ?? 'the network has stopped';
    return new NetworkError('NODE_FENCED', `${this.place}: ${problem}`);
  }

  #fail(error: unknown): ActorError {
    this.#failure = this.#problem(error);
    return this.#failure;
  }

  #problem = (cause: unknown): ActorError =>
    new ActorError('STATE_STORE_FAILED', `${this.place}: ${messageOf(cause)}`, { cause });
}

/** Returns a name that each file system takes. The checksum tells apart nodes whose names are otherwise the same. */
function nameOf(node: string | null): string {
  if (node === null) return `outside${END}`;
  const readable = node.replace(/[^\w-]/g, '_').slice(0, 64);
  return `${readable}.${crc32(new TextEncoder().encode(node))}${END}`;
}
