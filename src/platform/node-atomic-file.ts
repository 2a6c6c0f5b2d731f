import {
  type BigIntStats,
  closeSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { chmod, chown, open, readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { hasCode, isMissing } from './system-error.ts';

/** Permissions of a new file, before the umask: the usual ones. */
const NEW_FILE_MODE = 0o666;
const PERMISSIONS = 0o7777;
const ANY_WRITE = 0o222n;

/**
 * A file that is always replaced as a whole. Other programs never see it half written, nor is it half written after a power
 * cut. A file that another program has changed since it was read is not replaced.
 */
export class AtomicFile {
  readonly #path: string;
  /** The version of the file that was read or written last; null where there was no file. */
  #seen: string | null = null;

  /**
   * Finds the file, and makes sure that it can be written: it is a file or missing, not read-only, and its folder takes a
   * new file. Throws as `node:fs` does.
   */
  static async open(path: string): Promise<AtomicFile> {
    const file = new AtomicFile(await placeOf(path));
    await file.#checkWritable();
    return file;
  }

  private constructor(path: string) {
    this.#path = path;
  }

  /** Returns the result of `parse`; null if the file does not exist. If `parse` throws, the file counts as not read. */
  async read<T>(parse: (bytes: Uint8Array) => T): Promise<T | null> {
    // Taken before the file is read, so that a change during the reading counts as a later change.
    const stats = this.#stats();
    const value = stats && parse(await readFile(this.#path));
    this.#seen = stats && versionOf(stats);
    return value;
  }

  exists(): boolean {
    return this.#stats() !== null;
  }

  /** Whether another program has changed the file. A removed file does not count: it holds no data that could be lost. */
  hasChanged(): boolean {
    const stats = this.#stats();
    return stats !== null && versionOf(stats) !== this.#seen;
  }

  /** Removes temporary files of programs that were killed while they wrote. A program that still writes starts again. */
  async removeLeftovers(): Promise<void> {
    const [folder, prefix] = [dirname(this.#path), temporaryPrefix(this.#path)];
    const names = await readdir(folder).catch(() => []);
    const leftovers = names.filter(
      name =>
        name.startsWith(prefix) &&
        name.endsWith(TEMPORARY_END) &&
        /^\d+$/.test(name.slice(prefix.length, -TEMPORARY_END.length)),
    );
    for (const name of leftovers) await rm(join(folder, name), { force: true });
  }

  async replace(text: string): Promise<void> {
    try {
      await this.#replace(text);
    } catch (error) {
      if (!isMissing(error)) throw error;
      // Another program that just started has removed the temporary file as a leftover.
      await this.#replace(text);
    }
  }

  async #replace(text: string): Promise<void> {
    const temporary = this.#temporary();
    const old = this.#stats();
    try {
      const file = await open(temporary, 'wx', old ? Number(old.mode) & PERMISSIONS : NEW_FILE_MODE);
      try {
        await file.writeFile(text);
        // Otherwise the new name may reach the disk before the new bytes.
        await file.sync();
      } finally {
        await file.close();
      }
      if (old) await giveAccess(temporary, old);
      const nowSeconds = (performance.timeOrigin + performance.now()) / 1000;
      utimesSync(temporary, nowSeconds, nowSeconds);
      await this.#alone(() => {
        if (this.hasChanged()) {
          throw new Error('another program has changed the file since it was read; its version is kept');
        }
        const version = versionOf(statSync(temporary, BIGINT));
        renameSync(temporary, this.#path);
        this.#seen = version;
      });
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** Runs `action` while no other program that uses this class runs one. The lock is held for microseconds. */
  async #alone(action: () => void): Promise<void> {
    const lock = join(dirname(this.#path), `.${basename(this.#path)}.lock`);
    while (!makeLock(lock)) await new Promise(resolve => setTimeout(resolve, LOCK_RETRY_MS));
    try {
      action();
    } finally {
      rmSync(lock, { force: true });
    }
  }

  async #checkWritable(): Promise<void> {
    const stats = this.#stats();
    if (stats) {
      if (!stats.isFile()) throw new Error('expected a file, got a folder, device or the like');
      // Checked by mode, because the superuser can write read-only files too. Somebody made the file read-only on purpose.
      if ((stats.mode & ANY_WRITE) === 0n) throw new Error('the file is read-only');
      await (await open(this.#path, 'r+')).close();
    }
    const temporary = this.#temporary();
    const made = await open(temporary, 'wx').catch(error => {
      if (isMissing(error)) throw new Error('its folder does not exist', { cause: error });
      throw new Error(`no file can be made in its folder: ${error.message}`, { cause: error });
    });
    await made.close();
    await rm(temporary, { force: true });
  }

  #stats(): BigIntStats | null {
    return statSync(this.#path, { ...BIGINT, throwIfNoEntry: false }) ?? null;
  }

  /** A new name each time. In the same folder, because a rename is atomic within one file system only. */
  #temporary(): string {
    const [random] = crypto.getRandomValues(new Uint32Array(1));
    const name = `${temporaryPrefix(this.#path)}${process.pid}${random}${TEMPORARY_END}`;
    return join(dirname(this.#path), name);
  }
}

/** Follows links, so that the target of a link is replaced and not the link. The target may be missing. */
async function placeOf(path: string): Promise<string> {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return path;
  try {
    return await realpath(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    return placeOf(resolve(dirname(path), await readlink(path)));
  }
}

/** Sets owner and permissions of the old file, so that a private file stays private and its owner can still read it. */
async function giveAccess(path: string, { uid, gid, mode }: BigIntStats): Promise<void> {
  const made = statSync(path, BIGINT);
  // Only the superuser may change the owner. For other users the new file belongs to them.
  if (made.uid !== uid || made.gid !== gid) await chown(path, Number(uid), Number(gid)).catch(() => {});
  if (made.mode !== mode) await chmod(path, Number(mode) & PERMISSIONS);
}

/** Makes the lock file. Returns false if it exists. A lock that is too old, left by a killed program, is removed. */
function makeLock(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx'));
    return true;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats && Date.now() - stats.mtimeMs > LOCK_MOST_MS) rmSync(path, { force: true });
    return false;
  }
}

/**
 * Returns a text that differs after any change. File systems count time in ticks of milliseconds and use inode numbers
 * again, so this class sets the time of each version itself, in microseconds.
 */
const versionOf = ({ dev, ino, size, mtimeNs }: BigIntStats): string => `${dev}:${ino}:${size}:${mtimeNs}`;

const LOCK_RETRY_MS = 2;
const LOCK_MOST_MS = 5000;

const BIGINT = { bigint: true } as const;
const TEMPORARY_END = '.tmp';
const temporaryPrefix = (path: string): string => `.${basename(path)}.`;
