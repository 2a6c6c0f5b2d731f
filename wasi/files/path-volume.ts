import type { FsStat, FsTimes } from '../embedder.ts';
import { Errno } from '../spec/constants.ts';
import type { BothTimes, PathHost } from './path-host.ts';

/**
 * The most files whose times are remembered. The oldest record is dropped; that file then has the times that the host rounded.
 */
const MAX_REMEMBERED = 4096;
/** The most renames that are remembered. An open folder below a renamed one is lost (ENOENT) once that rename is dropped. */
const MAX_MOVES = 1024;
/**
 * The most removed folders that are remembered. Once a record is dropped, an open folder that was removed may seem to exist
 * again.
 */
const MAX_REMOVED = 1024;

interface Remembered {
  /** The times that were asked for, and the host's rounded ones. While the host still has these, nobody has set others. */
  readonly asked: BothTimes;
  readonly kept: BothTimes;
}

/** Adds a record as the newest one, and drops the oldest record of a full map. */
function remember<T>(map: Map<string, T>, key: string, value: T, maxSize: number): void {
  map.delete(key);
  const [oldest] = map.keys();
  if (map.size >= maxSize && oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}

/** Records about the files of a host. */
export class PathVolume {
  readonly host: PathHost;
  /** Times that programs set, by device and inode. Kept because hosts round times. */
  readonly #times = new Map<string, Remembered>();
  /** Paths of folders that programs have renamed. The oldest ones are dropped. */
  readonly #moves: (readonly [from: string, to: string])[] = [];
  #forgotten = 0;
  /**
   * Removed folders, each with the number of its removal. Needed because hosts reuse an inode for a new folder, even at the
   * same path.
   */
  readonly #removed = new Map<string, number>();
  #removals = 0;

  constructor(host: PathHost) {
    this.host = host;
  }

  /** Number of renames until now. */
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

  /** Number of removed folders until now. */
  get removals(): number {
    return this.#removals;
  }

  removed(stat: FsStat): void {
    remember(this.#removed, keyOf(stat), ++this.#removals, MAX_REMOVED);
  }

  /** Whether the folder was removed after `since` removals. A new folder may have its inode now. */
  isRemoved(stat: FsStat, since: number): boolean {
    return this.#removals > since && (this.#removed.get(keyOf(stat)) ?? 0) > since;
  }

  /** Returns `stat` with the exact times that a program set, unless the host's times have changed since. */
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

  /** Sets times with `set`, which needs both times: a time that is left out is set to its present value. */
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
