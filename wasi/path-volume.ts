import { Errno, Filetype } from './constants.ts';
import type { FsStat, FsTimes } from './host.ts';
import type { BothTimes, PathHost } from './path-host.ts';

/** Files whose times are remembered. Beyond it the longest not set is forgotten, and reads back as the host rounds it. */
const MAX_REMEMBERED = 4096;
/** Renamed folders that are remembered. A folder that is open below one of them is lost once the rename is forgotten. */
const MAX_MOVES = 1024;
/** Removed folders that are remembered. A folder that is open may seem to be back once its removal is forgotten. */
const MAX_REMOVED = 1024;

interface Remembered {
  /** The times asked for, and those that the host made of them: as long as it has these, nobody has set others since. */
  readonly asked: BothTimes;
  readonly kept: BothTimes;
}

/** As the newest one, for which the oldest makes room. */
function remember<T>(map: Map<string, T>, key: string, value: T, maxSize: number): void {
  map.delete(key);
  const [oldest] = map.keys();
  if (map.size >= maxSize && oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}

/** Records about the files of a host. */
export class PathVolume {
  readonly host: PathHost;
  /** By device and inode: hosts round the times that they are given. */
  readonly #times = new Map<string, Remembered>();
  /** Folders that programs have renamed, each from one path to another; the first ones are forgotten again. */
  readonly #moves: (readonly [from: string, to: string])[] = [];
  #forgotten = 0;
  /** Folders that programs have removed, and which one each was: hosts give the inode to a new folder, even at the same path. */
  readonly #removed = new Map<string, number>();
  #removals = 0;

  constructor(host: PathHost) {
    this.host = host;
  }

  /** Renames until now. */
  get moves(): number {
    return this.#forgotten + this.#moves.length;
  }

  moved(from: string, to: string): void {
    this.#moves.push([from, to]);
    if (this.#moves.length <= MAX_MOVES) return;
    this.#moves.shift();
    this.#forgotten++;
  }

  /** Returns the present path of the folder that was at `path` after `since` renames. */
  follow(path: string, since: number): string {
    let at = path;
    for (const [from, to] of this.#moves.slice(Math.max(0, since - this.#forgotten)))
      if (at === from || at.startsWith(`${from}/`)) at = to + at.slice(from.length);
    return at;
  }

  /** Removed folders until now. */
  get removals(): number {
    return this.#removals;
  }

  removed(stat: FsStat): void {
    remember(this.#removed, keyOf(stat), ++this.#removals, MAX_REMOVED);
  }

  /** Whether it was removed since then, whatever has its inode now. */
  isRemoved(stat: FsStat, since: number): boolean {
    return this.#removals > since && (this.#removed.get(keyOf(stat)) ?? 0) > since;
  }

  /** With the times that were set, as long as they are those that the host made of them. */
  describe(stat: FsStat | number): FsStat | number {
    if (typeof stat === 'number' || this.#times.size === 0) return stat;
    const found = this.#times.get(keyOf(stat));
    if (!found) return stat;
    const { asked, kept } = found;
    return {
      ...stat,
      atimNs: stat.atimNs === kept.atimNs ? asked.atimNs : stat.atimNs,
      mtimNs: stat.mtimNs === kept.mtimNs ? asked.mtimNs : stat.mtimNs,
    };
  }

  /** Sets times by `set`, which needs both: a time that shall stay is set to its present value. */
  setTimes(times: FsTimes, look: () => FsStat | number, set: (times: BothTimes) => number): number {
    const before = this.describe(look());
    if (typeof before === 'number') return before;
    const asked = { atimNs: times.atimNs ?? before.atimNs, mtimNs: times.mtimNs ?? before.mtimNs };
    const failure = set(asked);
    if (failure) return failure;
    const after = look();
    if (typeof after === 'number') return after;
    const kept = { atimNs: after.atimNs, mtimNs: after.mtimNs };
    remember(this.#times, keyOf(after), { asked, kept }, MAX_REMEMBERED);
    return Errno.ESUCCESS;
  }
}

const keyOf = ({ dev, ino }: FsStat): string => `${dev}:${ino}`;
export const isFolder = ({ filetype }: FsStat): boolean => filetype === Filetype.DIRECTORY;
