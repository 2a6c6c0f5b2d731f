import { withCommas } from '../../units.ts';
import { type DeadLetter, initialOf, LIST, type NodeState, type Positions } from '../engine/engine.ts';
import { isOf } from '../engine/letters.ts';
import { type CommitRecord, invalid, type Journal, type PacketRecord, readJournal } from './record.ts';

/** All that a node has left, or the world outside. */
export interface Left {
  readonly positions: { [source: string]: number };
  state: NodeState | undefined;
  readonly latest: { [source: string]: number };
  /** Packets of edges and ports that begin here. */
  packets: PacketRecord[];
  readonly ids: { [port: string]: string[] };
  dead: DeadLetter[];
  attempts: number;
}

export interface Restored {
  /** By node; null for the world outside. */
  readonly left: ReadonlyMap<string | null, Left>;
  /** The latest commit. */
  readonly commit: number;
  /** Higher than the numbers of all packets. */
  readonly number: number;
  readonly epoch: number;
}

/**
 * Puts together the content of the journals of a folder, each by its path. Commits that a power cut has torn out of their order are
 * dropped with all after them, so that all journals are of one moment.
 * @throws {ActorError} INVALID_STATE_FILE with the path
 */
export function restore(files: ReadonlyMap<string, Uint8Array>): Restored {
  const journals = [...files].map(([path, bytes]) => inFile(path, () => readJournal(bytes)));
  const last = lastWhole(journals);
  const left = new Map<string | null, Left>();
  let [number, epoch] = [0, 0];
  for (const { snapshot, commits } of journals) {
    const own = leftOf(snapshot);
    left.set(snapshot.node, own);
    epoch = Math.max(epoch, snapshot.epoch);
    number = Math.max(number, snapshot.number);
    for (const record of commits) {
      if (record.commit > last) break;
      number = Math.max(number, apply(own, record));
    }
  }
  dropRead(left);
  return { left, commit: last, number, epoch };
}

/** Returns the number of the last commit before which none is missing. */
function lastWhole(journals: readonly Journal[]): number {
  let last = Math.max(0, ...journals.map(({ snapshot }) => snapshot.commit));
  const numbers = new Set(journals.flatMap(({ commits }) => commits.map(({ commit }) => commit)));
  while (numbers.has(last + 1)) last++;
  const isTorn = journals.some(({ torn, synced }) => torn <= last || synced > last);
  if (!isTorn) return last;
  throw invalid(
    'a journal is damaged or missing, and its commits were on the disk; take the folder from a backup',
  );
}

function leftOf({ positions, state, latest, packets, ids, dead, attempts }: Journal['snapshot']): Left {
  return {
    positions: { ...positions },
    state,
    latest: { ...latest },
    packets: [...packets],
    ids: Object.fromEntries(Object.entries(ids).map(([port, list]) => [port, [...list]])),
    dead: [...dead],
    attempts,
  };
}

/** Applies a commit. Returns the number after that of its last packet. */
function apply(
  left: Left,
  { read, state, sent, dead, redriven, id, number, attempts = 0 }: CommitRecord,
): number {
  Object.assign(left.positions, read);
  left.attempts = attempts;
  left.state = state ?? left.state ?? new Map();
  let next = number;
  for (const { to, message, trace } of sent)
    for (const source of to) {
      left.latest[source] = (left.latest[source] ?? 0) + 1;
      left.packets.push({ source, number: next++, message, trace });
    }
  left.dead.push(...dead);
  if (redriven) left.dead = left.dead.filter(letter => !isOf(letter, redriven));
  if (id) {
    const [port, text] = id;
    left.ids[port] ??= [];
    left.ids[port].push(text);
  }
  return next;
}

/** Whether the packets of a source are in journals. Older journals have `initial` for all initial packets. */
const isSentHere = (source: string): boolean =>
  source !== 'initial' && !source.startsWith(initialOf('')) && !source.startsWith(LIST);

/** Drops the packets that were read. @throws {ActorError} INVALID_STATE_FILE if journals are not of one folder */
function dropRead(left: ReadonlyMap<string | null, Left>): void {
  const all = [...left.values()];
  const latest: Positions = Object.assign({}, ...all.map(own => own.latest));
  const read: Positions = Object.assign({}, ...all.map(own => own.positions));
  for (const [source, position] of Object.entries(read))
    if (isSentHere(source) && position > (latest[source] ?? 0))
      throw invalid(
        `${source}: ${withCommas(position)} packets were read, and ${withCommas(latest[source] ?? 0)} were sent; a journal is damaged or missing`,
      );
  for (const own of all) {
    const bySource = new Map(Object.keys(own.latest).map(source => [source, [] as PacketRecord[]]));
    for (const packet of own.packets) bySource.get(packet.source)!.push(packet);
    own.packets = [...bySource].flatMap(([source, packets]) => {
      const unread = own.latest[source]! - (read[source] ?? 0);
      if (unread > packets.length)
        throw invalid(`${source}: packets that were not read are missing; take the folder from a backup`);
      return unread === 0 ? [] : packets.slice(-unread);
    });
  }
}

function inFile<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw invalid(`${path}: ${(error as Error).message}`);
  }
}
