import { anFs, type Fs, type FsDirectory, type FsFile, type FsOpening, type FsStat } from '../embedder.ts';
import { refuseOption } from '../errors.ts';
import { readArgument, refuseExtra } from '../options.ts';
import { Errno } from '../spec/constants.ts';
import { lookupAll } from './readdir.ts';

/** Returns a read-only view of a file system. Every call that would change a file or folder returns EROFS. */
export function readOnlyFs(fs: Fs): Fs;
export function readOnlyFs(fs: Fs, ...extra: unknown[]): Fs {
  refuseExtra(extra, 'readOnlyFs', refuseOption);
  const { root } = readArgument(anFs, fs, 'readOnlyFs: fs', refuseOption);
  return { root: new ReadOnlyDirectory(root) };
}

class ReadOnlyDirectory implements FsDirectory {
  readonly #directory: FsDirectory;

  constructor(directory: FsDirectory) {
    this.#directory = directory;
  }

  stat(): FsStat | number {
    return this.#directory.stat();
  }

  list(): readonly string[] | number {
    return this.#directory.list();
  }

  lookup(name: string): FsStat | number {
    return this.#directory.lookup(name);
  }

  lookupAll(names: readonly string[]): (FsStat | number)[] {
    return lookupAll(this.#directory, names);
  }

  readLink(name: string): string | number {
    return this.#directory.readLink(name);
  }

  openDirectory(name: string, found?: FsStat, passing?: boolean): FsDirectory | number {
    const opened = this.#directory.openDirectory(name, found, passing);
    return typeof opened === 'number' ? opened : new ReadOnlyDirectory(opened);
  }

  openFile(name: string, opening: FsOpening, known?: FsStat): FsFile | number {
    const found = known ?? this.#directory.lookup(name);
    if (typeof found === 'number') return opening.create && found === Errno.ENOENT ? Errno.EROFS : found;
    if (opening.create && opening.exclusive) return Errno.EEXIST;
    if (!found.device && (opening.write || opening.truncate)) return Errno.EROFS;
    const file = this.#directory.openFile(name, { ...opening, create: false, exclusive: false }, found);
    if (typeof file === 'number') return file;
    return new ReadOnlyFile(file, found.device !== undefined);
  }

  /** Succeeds, because this view has written nothing that a power failure could lose. */
  sync = succeed;
  setTimes = refuse;
  makeDirectory = refuse;
  removeDirectory = refuse;
  unlink = refuse;
  symlink = refuse;
  link = refuse;
  rename = refuse;
  setTimesOf = refuse;
}

class ReadOnlyFile implements FsFile {
  readonly #file: FsFile;
  readonly #isDevice: boolean;

  constructor(file: FsFile, isDevice = false) {
    this.#file = file;
    this.#isDevice = isDevice;
  }

  stat(): FsStat | number {
    return this.#file.stat();
  }

  read(into: Uint8Array, offset: number): number {
    return this.#file.read(into, offset);
  }

  write(bytes: Uint8Array, offset: number | 'end'): number {
    // Writing to a device does not change a file.
    return this.#isDevice ? this.#file.write(bytes, offset) : -Errno.EROFS;
  }

  setSize(size: number): number {
    return this.#isDevice ? this.#file.setSize(size) : Errno.EROFS;
  }

  close(): void {
    this.#file.close();
  }

  sync = succeed;
  setTimes = refuse;
}

function refuse(): number {
  return Errno.EROFS;
}

function succeed(): number {
  return Errno.ESUCCESS;
}
