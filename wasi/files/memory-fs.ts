import { isUint8Array, viewBytes } from '../brands.ts';
import type { Fs, FsDirectory, FsFile, FsOpening, FsStat, FsTimes } from '../embedder.ts';
import { readForeign, refuseOption, WasiError, type WasiErrorCode } from '../errors.ts';
import {
  aCount,
  aFunction,
  expected,
  isPlain,
  kindOf,
  type OptionTable,
  readOptions,
  refuseExtra,
} from '../options.ts';
import { webClock } from '../provided/web.ts';
import { ClockId, Errno } from '../spec/constants.ts';
import { type Before, copyFolder, writesOf } from './memory-copies.ts';
import { type MemoryChanges, MemoryDevice, type MemoryFiles, MemoryLink } from './memory-files.ts';
import {
  DeviceNode,
  drop,
  FileNode,
  FolderNode,
  LinkNode,
  type MemoryNode,
  OpenableNode,
  type Volume,
} from './memory-nodes.ts';

export interface MemoryFsOptions {
  /**
   * The most bytes that all files and link targets may store; more is ENOSPC. Default 64 MiB. Holes count 0. Bytes behind a hole
   * count from the multiple of 64 KiB before them, plus 1 KiB.
   */
  readonly quotaBytes?: number | undefined;
  /** The most files, folders and links; more is ENOSPC. Default 65536. */
  readonly maxNodes?: number | undefined;
  /** Returns the time, in ns since 1970, for files that are made, changed or read. Default: the real time. */
  readonly nowNs?: (() => bigint) | undefined;
}

const MIB = 1024 * 1024;
const DEFAULT_QUOTA_BYTES = 64 * MIB;
const DEFAULT_MAX_NODES = 65_536;

const code: WasiErrorCode = 'WASI_INVALID_LIMIT';

export const MEMORY_FS_OPTIONS: OptionTable<MemoryFsOptions> = {
  of: 'new MemoryFs(files, options)',
  rows: {
    quotaBytes: {
      ...aCount('bytes'),
      default: `${DEFAULT_QUOTA_BYTES / MIB} MiB`,
      code,
      grants: 'bytes of files, up to this limit',
    },
    maxNodes: {
      ...aCount('files'),
      default: String(DEFAULT_MAX_NODES),
      code,
      grants: 'files, folders and links, up to this limit',
    },
    nowNs: { ...aFunction, default: 'the real time' },
  },
};

class MemoryDirectory implements FsDirectory {
  readonly #folder: FolderNode;

  constructor(folder: FolderNode) {
    this.#folder = folder;
  }

  #here<T>(call: (folder: FolderNode) => T): T | number {
    return this.#folder.isRemoved ? Errno.ENOENT : call(this.#folder);
  }

  stat(): FsStat | number {
    return this.#here(folder => folder.stat());
  }

  setTimes(times: FsTimes): number {
    return this.#here(folder => folder.setTimes(times));
  }

  sync(): number {
    return this.#here(() => Errno.ESUCCESS);
  }

  list(): readonly string[] | number {
    return this.#here(folder => {
      folder.atimNs = folder.volume.nowNs();
      return [...folder.entries.keys()];
    });
  }

  #find(name: string): MemoryNode | undefined {
    return this.#folder.entries.get(name);
  }

  /** Puts a new node under a name that is free. */
  #make(name: string, bytes: number, make: (volume: Volume) => MemoryNode): number {
    const { volume, entries, isRemoved } = this.#folder;
    if (entries.has(name)) return Errno.EEXIST;
    if (isRemoved) return Errno.ENOENT;
    if (volume.nodes >= volume.maxNodes || volume.usedBytes + bytes > volume.quotaBytes) return Errno.ENOSPC;
    this.#folder.add(name, make(volume));
    return Errno.ESUCCESS;
  }

  lookup(name: string): FsStat | number {
    return this.#find(name)?.stat() ?? Errno.ENOENT;
  }

  openDirectory(name: string): MemoryDirectory | number {
    const node = this.#find(name);
    if (!node) return Errno.ENOENT;
    return node instanceof FolderNode ? new MemoryDirectory(node) : Errno.ENOTDIR;
  }

  openFile(name: string, { read, write, create, exclusive, truncate }: FsOpening): FsFile | number {
    if (create && exclusive && this.#find(name)) return Errno.EEXIST;
    if (create && !this.#find(name)) {
      const failure = this.#make(name, 0, volume => new FileNode(volume));
      if (failure) return failure;
    }
    const node = this.#find(name);
    if (!node) return Errno.ENOENT;
    if (node instanceof FolderNode) return Errno.EISDIR;
    if (!(node instanceof OpenableNode)) return Errno.ELOOP;
    if (truncate) node.setSize(0);
    return new MemoryFile(node, read, write);
  }

  readLink(name: string): string | number {
    const node = this.#find(name);
    if (!node) return Errno.ENOENT;
    return node instanceof LinkNode ? node.target : Errno.EINVAL;
  }

  makeDevice(name: string, { device }: MemoryDevice): number {
    return this.#make(name, 0, volume => new DeviceNode(volume, device));
  }

  makeDirectory(name: string): number {
    return this.#make(name, 0, volume => new FolderNode(volume));
  }

  symlink(name: string, target: string): number {
    const bytes = new TextEncoder().encode(target).length;
    return this.#make(name, bytes, volume => new LinkNode(volume, target));
  }

  removeDirectory(name: string): number {
    const node = this.#find(name);
    if (!node) return Errno.ENOENT;
    if (!(node instanceof FolderNode)) return Errno.ENOTDIR;
    if (node.entries.size > 0) return Errno.ENOTEMPTY;
    this.#folder.take(name, node);
    drop(node);
    return Errno.ESUCCESS;
  }

  unlink(name: string): number {
    const node = this.#find(name);
    if (!node) return Errno.ENOENT;
    if (node instanceof FolderNode) return Errno.EISDIR;
    this.#folder.take(name, node);
    drop(node);
    return Errno.ESUCCESS;
  }

  /** Returns the folder behind `to`, if it belongs to the same file system. */
  #own(to: FsDirectory): FolderNode | undefined {
    const folder = to instanceof MemoryDirectory ? to.#folder : undefined;
    return folder?.volume === this.#folder.volume ? folder : undefined;
  }

  link(name: string, to: FsDirectory, toName: string): number {
    const target = this.#own(to);
    if (!target) return Errno.EXDEV;
    const node = this.#find(name);
    if (!node) return Errno.ENOENT;
    if (target.entries.has(toName)) return Errno.EEXIST;
    if (node instanceof FolderNode) return Errno.EPERM;
    if (target.isRemoved) return Errno.ENOENT;
    target.add(toName, node);
    return Errno.ESUCCESS;
  }

  rename(name: string, to: FsDirectory, toName: string): number {
    const target = this.#own(to);
    if (!target) return Errno.EXDEV;
    const node = this.#find(name);
    if (!node || target.isRemoved) return Errno.ENOENT;
    const replaced = target.entries.get(toName);
    if (replaced === node) return Errno.ESUCCESS;
    if (node instanceof FolderNode) {
      if (target.isInside(node)) return Errno.EINVAL;
      if (replaced && !(replaced instanceof FolderNode)) return Errno.ENOTDIR;
      if (replaced && replaced.entries.size > 0) return Errno.ENOTEMPTY;
    } else if (replaced instanceof FolderNode) {
      return Errno.EISDIR;
    }
    if (replaced) {
      target.take(toName, replaced);
      drop(replaced);
    }
    this.#folder.take(name, node);
    target.add(toName, node);
    // A move and not a second link: takes back the link that `add` counted.
    if (!(node instanceof FolderNode)) node.dropLink();
    return Errno.ESUCCESS;
  }

  setTimesOf(name: string, times: FsTimes): number {
    return this.#find(name)?.setTimes(times) ?? Errno.ENOENT;
  }
}

class MemoryFile implements FsFile {
  readonly #node: OpenableNode;
  readonly #canRead: boolean;
  readonly #canWrite: boolean;
  #isOpen = true;

  constructor(node: OpenableNode, canRead: boolean, canWrite: boolean) {
    this.#node = node;
    this.#canRead = canRead;
    this.#canWrite = canWrite;
    node.open();
  }

  stat(): FsStat {
    return this.#node.stat();
  }

  setTimes(times: FsTimes): number {
    return this.#node.setTimes(times);
  }

  sync(): number {
    return Errno.ESUCCESS;
  }

  read(into: Uint8Array, offset: number): number {
    return this.#canRead ? this.#node.read(into, offset) : -Errno.EBADF;
  }

  write(bytes: Uint8Array, offset: number | 'end'): number {
    return this.#canWrite ? this.#node.write(bytes, offset) : -Errno.EBADF;
  }

  setSize(sizeBytes: number): number {
    return this.#canWrite ? this.#node.setSize(sizeBytes) : Errno.EINVAL;
  }

  allocate(offset: number, length: number): number {
    return this.#canWrite ? this.#node.allocate(offset, length) : Errno.EINVAL;
  }

  close(): void {
    if (this.#isOpen) this.#node.close();
    this.#isOpen = false;
  }
}

/**
 * A file system in memory, for one plugin or for several plugins that share it.
 * @example
 * ```js
 * import { MemoryFs } from 'plugboard/wasi';
 * const files = new MemoryFs({ notes: { 'a.txt': 'text' } });
 * console.log(Object.keys(files.snapshot())); // [ 'notes' ]
 * ```
 */
export class MemoryFs implements Fs {
  readonly root: FsDirectory;
  readonly #root: FolderNode;
  readonly #before = new Map<bigint, Before>();

  /**
   * @throws {WasiError} WASI_INVALID_OPTION, WASI_INVALID_LIMIT, WASI_INVALID_FILES for a name that no path can reach, a value
   * that is not a content, or files beyond the limits
   */
  constructor(files?: MemoryFiles, options?: MemoryFsOptions);
  constructor(files: MemoryFiles = {}, given?: MemoryFsOptions, ...extra: unknown[]) {
    refuseExtra(extra, 'MemoryFs', refuseOption);
    const options = readOptions(MEMORY_FS_OPTIONS, given, 'MemoryFs', refuseOption);
    const { quotaBytes = DEFAULT_QUOTA_BYTES, maxNodes = DEFAULT_MAX_NODES } = options;
    const nowNs = options.nowNs ?? realtimeNs();
    const volume: Volume = { quotaBytes, maxNodes, nowNs, usedBytes: 0, nodes: 0, nextIno: 1n };
    this.#root = readForeign('MemoryFs', () => {
      if (!isPlain(files))
        refuseOption(expected('an object of name → content', files, 'files'), 'WASI_INVALID_FILES');
      const root = new FolderNode(volume);
      fill(new MemoryDirectory(root), files, '');
      return root;
    });
    this.root = new MemoryDirectory(this.#root);
    const folders = [this.#root];
    for (const folder of folders) {
      const names = new Map<string, { ino: bigint; writes: number }>();
      for (const [name, node] of folder.entries) {
        names.set(name, { ino: node.ino, writes: writesOf(node) });
        if (node instanceof FolderNode) folders.push(node);
      }
      this.#before.set(folder.ino, names);
    }
  }

  /**
   * Returns copies of all files and links. A file with several names is listed under each, with one shared copy.
   * @throws {WasiError} WASI_TOO_LARGE if the files are longer than `quotaBytes` together, which only files with holes can be
   */
  snapshot(): MemoryFiles {
    // Compared with an empty file system, every entry is new.
    return copyFolder(this.#root, new Map()) as MemoryFiles;
  }

  /**
   * Returns the changes that programs have made since the file system was created: files that they wrote (with all of their
   * bytes), new links and folders, and removed names. A renamed entry is removed at the old name and new at the new name. A
   * folder that took the place of another folder is compared with that folder.
   * @throws {WasiError} WASI_TOO_LARGE as `snapshot`, counting only the files that were written
   */
  changes(): MemoryChanges {
    return copyFolder(this.#root, this.#before);
  }

  /** Bytes that all files and link targets store now, counted as for `quotaBytes`. */
  get usedBytes(): number {
    return this.#root.volume.usedBytes;
  }
}

function realtimeNs(): () => bigint {
  const clock = webClock();
  return () => clock.nowNs(ClockId.REALTIME);
}

const bytesIn = (content: unknown) => (isUint8Array(content) ? viewBytes(content) : undefined);

function fill(folder: MemoryDirectory, files: MemoryFiles, path: string): void {
  for (const [name, content] of Object.entries(files)) {
    const where = `${path}/${name}`;
    const mistake = (problem: string) =>
      new WasiError('WASI_INVALID_FILES', `file ${JSON.stringify(where)}: ${problem}`);
    if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name))
      throw mistake(
        'expected a name without "/" and NUL that is not empty, "." or ".."; give folders as objects',
      );
    const full = () => mistake('does not fit; raise quotaBytes or maxNodes');
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : bytesIn(content);
    if (bytes) {
      const opening = { read: false, write: true, create: true, exclusive: true, truncate: false };
      const file = folder.openFile(name, opening);
      if (typeof file === 'number') throw full();
      if (file.write(bytes, 0) < 0) throw full();
      file.close();
    } else if (content instanceof MemoryLink) {
      const { target } = content;
      if (typeof target !== 'string' || target === '' || target.includes('\0'))
        throw mistake(`expected a target that is text, not empty and without NUL, got ${kindOf(target)}`);
      if (folder.symlink(name, target) !== Errno.ESUCCESS) throw full();
    } else if (content instanceof MemoryDevice) {
      if (folder.makeDevice(name, content) !== Errno.ESUCCESS) throw full();
    } else if (isPlain(content)) {
      if (folder.makeDirectory(name) !== Errno.ESUCCESS) throw full();
      const made = folder.openDirectory(name);
      if (typeof made !== 'number') fill(made, content, where);
    } else {
      throw mistake(
        `expected a Uint8Array, a string, a MemoryLink, nullFile, zeroFile or an object, got ${kindOf(content)}`,
      );
    }
  }
}
