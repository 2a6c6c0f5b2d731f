import { open, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Of a file that is not there yet, as programs make them. */
const NEW_FILE_MODE = 0o666;

/**
 * A file that is replaced as a whole, and never seen half written: neither by another program nor after a power cut. One
 * program at a time may have it.
 */
export class AtomicFile {
  readonly #path: string;
  /** Permission bits: a file that others may not read stays so. */
  readonly #mode: number;

  /** The file and what is in it, null where it does not exist. Throws as `node:fs` does. */
  static async open(path: string): Promise<{ file: AtomicFile; bytes: Uint8Array | null }> {
    const bytes = await readFile(path).catch(error => {
      if (isMissing(error)) return null;
      throw error;
    });
    // A link is followed, so that the file it leads to is replaced and not the link.
    const place = bytes ? await realpath(path) : path;
    const mode = bytes ? (await stat(place)).mode : NEW_FILE_MODE;
    return { file: new AtomicFile(place, mode), bytes };
  }

  private constructor(path: string, mode: number) {
    this.#path = path;
    this.#mode = mode;
  }

  /** Takes away what a program has left behind that was killed while it wrote; one that still writes fails then. */
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
    // In the same folder, because a rename is atomic within one file system only.
    const name = `${temporaryPrefix(this.#path)}${process.pid}${TEMPORARY_END}`;
    const temporary = join(dirname(this.#path), name);
    try {
      const file = await open(temporary, 'w', this.#mode);
      try {
        await file.writeFile(text);
        // Else the new name may reach the disk before the new bytes do.
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

const TEMPORARY_END = '.tmp';
const temporaryPrefix = (path: string): string => `.${basename(path)}.`;
