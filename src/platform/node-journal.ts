import { fs, path } from './node-builtin.ts';
import { isMissing } from './system-error.ts';

const TEMPORARY_END = '.tmp';

/** A file that grows at its end, and is replaced as a whole now and then. */
export class JournalFile {
  readonly #path: string;
  #file: number | undefined;
  #bytes = 0;
  /** Syncs that run in the background. A descriptor is closed after them: its number could be given away. */
  #syncs = 0;
  #old: number[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /** Size of the file. */
  get bytes(): number {
    return this.#bytes;
  }

  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  /** Appends bytes, all or nothing. @throws as `node:fs` does; then the file is as it was, or `isOpen` is false */
  append(bytes: Uint8Array): void {
    const file = this.#file!;
    try {
      writeAll(file, bytes, this.#bytes);
      this.#bytes += bytes.length;
    } catch (error) {
      try {
        fs().ftruncateSync(file, this.#bytes);
      } catch {
        this.close();
      }
      throw error;
    }
  }

  /** Replaces the content. The file has the old or the new content, also after a power cut, and is on the disk afterwards. */
  replace(bytes: Uint8Array): void {
    const temporary = `${this.#path}${TEMPORARY_END}`;
    const file = fs().openSync(temporary, 'w');
    try {
      writeAll(file, bytes, 0);
      fs().fsyncSync(file);
      fs().renameSync(temporary, this.#path);
    } catch (error) {
      fs().closeSync(file);
      throw error;
    }
    this.close();
    this.#file = file;
    this.#bytes = bytes.length;
    syncFolder(path().dirname(this.#path));
  }

  /** Resolves when all that was appended is on the disk. */
  sync(): Promise<void> {
    if (this.#file === undefined) return Promise.resolve();
    const file = this.#file;
    this.#syncs++;
    return new Promise((resolve, reject) => {
      fs().fdatasync(file, error => {
        this.#syncs--;
        if (this.#syncs === 0) for (const old of this.#old.splice(0)) fs().closeSync(old);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** As `sync`, before anything else runs. */
  syncNow(): void {
    if (this.#file !== undefined) fs().fdatasyncSync(this.#file);
  }

  close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    if (this.#syncs > 0) this.#old.push(file);
    else fs().closeSync(file);
  }
}

/** Returns the contents of the files of a folder whose names have this end, by name. Removes files that a killed program left half written. */
export function readJournals(folder: string, end: string): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const name of fs().readdirSync(folder).sort()) {
    const file = path().join(folder, name);
    if (name.endsWith(end + TEMPORARY_END)) fs().rmSync(file, { force: true });
    if (name.endsWith(end)) found.set(file, fs().readFileSync(file));
  }
  return found;
}

export const joinPath = (folder: string, name: string): string => path().join(folder, name);

function writeAll(file: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length; )
    at += fs().writeSync(file, bytes, at, bytes.length - at, position + at);
}

/** Makes sure that a new name is on the disk. Windows has no such call, and does so itself. */
function syncFolder(folder: string): void {
  let file: number;
  try {
    file = fs().openSync(folder, 'r');
  } catch (error) {
    if (isMissing(error)) throw error;
    return;
  }
  try {
    fs().fsyncSync(file);
  } catch {
    // A folder that cannot be synced, as on some network drives.
  } finally {
    fs().closeSync(file);
  }
}
