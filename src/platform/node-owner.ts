import { fs, os, path } from './node-builtin.ts';
import { hasCode, isMissing } from './system-error.ts';

/** The process that owns a folder, as its file says. */
interface OwnerRecord {
  readonly pid: number;
  /** When the process started, in the system's own form; null where the system does not tell. Another process may get the same pid. */
  readonly started: string | null;
  /** The machine, and on Linux the namespace of the pid. */
  readonly host: string;
}

const OWNER_FILE = 'owner.json';

/**
 * The ownership of a folder: an exclusive file that names this process. It is taken over only when its process is gone. Not a lock of
 * the system, which Node has no call for.
 */
export class FolderOwner {
  readonly #file: string;
  /** Identity of the file that this object made. */
  readonly #made: string;

  /** Makes the folder if it is missing, and takes it. @throws {Error} with the reason */
  static take(folder: string): FolderOwner {
    try {
      fs().mkdirSync(folder, { recursive: true });
    } catch (cause) {
      if (!hasCode(cause, 'EEXIST') && !hasCode(cause, 'ENOTDIR')) throw cause;
      throw new Error('expected a folder, got a file', { cause });
    }
    const file = path().join(folder, OWNER_FILE);
    // Each round removes one file of a process that is gone. Another process may be faster.
    for (let round = 0; round < MOST_ROUNDS; round++) {
      if (create(file)) return new FolderOwner(file);
      removeIfGone(file);
    }
    throw new Error(`${OWNER_FILE} changes all the time; other processes try to own the folder too`);
  }

  private constructor(file: string) {
    this.#file = file;
    this.#made = identityOf(file)!;
  }

  /** Whether no other process has taken the folder over. */
  get isOwner(): boolean {
    return identityOf(this.#file) === this.#made;
  }

  /** Why the folder does not belong to this process any more. */
  get loss(): string {
    return identityOf(this.#file) === null
      ? `the folder, or its ${OWNER_FILE}, was removed; leave it in place while the network runs`
      : 'another process has taken the folder over';
  }

  release(): void {
    if (this.isOwner) fs().rmSync(this.#file, { force: true });
  }
}

const MOST_ROUNDS = 10;

/** Makes the file whole, so that nobody reads half of it. Returns false if it exists. */
function create(file: string): boolean {
  const temporary = `${file}.${process.pid}.${crypto.randomUUID()}`;
  fs().writeFileSync(temporary, `${JSON.stringify(thisProcess())}\n`, { flag: 'wx' });
  try {
    fs().linkSync(temporary, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    fs().rmSync(temporary, { force: true });
  }
}

/** Removes the file of a process that is gone. @throws {Error} if the process may live */
function removeIfGone(file: string): void {
  const before = identityOf(file);
  if (before === null) return;
  const owner = readOwner(file);
  if (!owner) return;
  const reason = livesBecause(owner);
  if (reason) throw new Error(reason);
  const aside = `${file}.${process.pid}.${crypto.randomUUID()}`;
  try {
    fs().renameSync(file, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  // Another process was faster, and this is its file.
  if (identityOf(aside) !== before) {
    try {
      fs().linkSync(aside, file);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
  fs().rmSync(aside, { force: true });
}

/** @throws {Error} for a file that does not name a process */
function readOwner(file: string): OwnerRecord | null {
  const wrong = `${OWNER_FILE} does not name a process; if no process uses the folder, remove this file`;
  let owner: Partial<OwnerRecord> | null;
  try {
    owner = JSON.parse(fs().readFileSync(file, 'utf8')) as Partial<OwnerRecord> | null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw new Error(wrong, { cause: error });
  }
  const { pid, started = null, host } = owner ?? {};
  if (!Number.isSafeInteger(pid) || pid! < 1 || typeof host !== 'string') throw new Error(wrong);
  return { pid: pid!, started, host };
}

/** Returns why the owner may live, and the remedy; null if it is gone. */
function livesBecause({ pid, started, host }: OwnerRecord): string | null {
  if (host !== hostOf())
    return `process ${pid} of ${host} owns it, which cannot be seen from here; if it is gone, remove ${OWNER_FILE}`;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return null;
    if (!hasCode(error, 'EPERM'))
      return `this program may not ask whether process ${pid} runs (Deno needs --allow-run); if it is gone, remove ${OWNER_FILE}`;
  }
  const now = startOf(pid);
  if (started !== null && now !== null && now !== started) return null;
  const who = pid === process.pid ? `this process (${pid})` : `process ${pid}`;
  return `${who} uses it; stop it first, or use another folder`;
}

const thisProcess = (): OwnerRecord => ({ pid: process.pid, started: startOf(process.pid), host: hostOf() });

/** Returns the boot and the tick at which a process started, where Linux tells it. */
function startOf(pid: number): string | null {
  try {
    const stat = fs().readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = fs().readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The name of the program, in parentheses, may hold blanks. The start is member 22, counted from 1.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${boot} ${ticks}`;
  } catch {
    return null;
  }
}

/** Returns the name of the machine, with the namespace of its processes on Linux. Deno may refuse to tell either. */
const hostOf = (): string =>
  [() => os().hostname(), () => fs().readlinkSync('/proc/self/ns/pid')].map(told).join(' ');

function told(read: () => string): string {
  try {
    return read();
  } catch {
    return '-';
  }
}

function identityOf(file: string): string | null {
  const stats = fs().statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats ? `${stats.dev}:${stats.ino}:${stats.mtimeNs}` : null;
}
