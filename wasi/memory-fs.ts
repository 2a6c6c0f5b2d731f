import { ClockId, Errno } from './constants.ts';
import { WasiError } from './errors.ts';
import type { Fs, FsDirectory, FsFile, FsOpening, FsStat, FsTimes } from './host.ts';
import { drop, FileNode, FolderNode, LinkNode, type MemoryNode, type Volume } from './memory-nodes.ts';
import { webClock } from './web.ts';

/** A folder as an object: name → content of a file, as bytes or text, or another folder. */
export interface MemoryFiles {
  readonly [name: string]: Uint8Array | string | MemoryFiles;
}

export interface MemoryFsOptions {
  /** Bytes of all files and link targets. More is ENOSPC. Default 64 MiB. */
  readonly quotaBytes?: number | undefined;
  /** Files, folders and links. More is ENOSPC. Default 65536. */
  readonly maxNodes?: number | undefined;
  /** The time in ns since 1970 for what is made and changed. Default: the real time. */
  readonly nowNs?: (() => bigint) | undefined;
}

const DEFAULT_QUOTA_BYTES = 64 * 1024 * 1024;
const DEFAULT_MAX_NODES = 65_536;

class MemoryDirectory implements FsDirectory {
  readonly #folder: FolderNode;

  constructor(folder: FolderNode) {
    this.#folder = folder;
  }

  stat(): FsStat {
    return this.#folder.stat();
  }

  setTimes(times: FsTimes): number {
    return this.#folder.setTimes(times);
  }

  sync(): number {
    return Errno.ESUCCESS;
  }

  list(): readonly string[] {
    this.#folder.atimNs = this.#folder.volume.nowNs();
    return [...this.#folder.entries.keys()];
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

  openDirectory(name: string): FsDirectory | number {
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
    if (!(node instanceof FileNode)) return Errno.ELOOP;
    if (truncate) node.setSize(0);
    return new MemoryFile(node, read, write);
  }

  readLink(name: string): string | number {
    const node = this.#find(name);
    if (!node) return Errno.ENOENT;
    return node instanceof LinkNode ? node.target : Errno.EINVAL;
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

  /** The folder behind `to`, if it is of the same file system. */
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
    // Moved, not linked a second time.
    if (!(node instanceof FolderNode)) node.dropLink();
    return Errno.ESUCCESS;
  }

  setTimesOf(name: string, times: FsTimes): number {
    return this.#find(name)?.setTimes(times) ?? Errno.ENOENT;
  }
}

class MemoryFile implements FsFile {
  readonly #node: FileNode;
  readonly #canRead: boolean;
  readonly #canWrite: boolean;
  #isOpen = true;

  constructor(node: FileNode, canRead: boolean, canWrite: boolean) {
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

  close(): void {
    if (this.#isOpen) this.#node.close();
    this.#isOpen = false;
  }
}

/** A file system in memory, for one plugin or for several that shall share it. */
export class MemoryFs implements Fs {
  readonly root: FsDirectory;
  readonly #root: FolderNode;

  /** @throws {WasiError} WASI_INVALID_LIMIT, WASI_INVALID_FILES for a name that no path can reach or a content that is none, or files beyond the limits */
  constructor(files: MemoryFiles = {}, options: MemoryFsOptions = {}) {
    const { quotaBytes = DEFAULT_QUOTA_BYTES, maxNodes = DEFAULT_MAX_NODES } = options;
    for (const [name, value] of Object.entries({ quotaBytes, maxNodes }))
      if (!Number.isSafeInteger(value) || value < 0)
        throw new WasiError('WASI_INVALID_LIMIT', `${name}: expected an integer of at least 0, got ${value}`);
    const nowNs = options.nowNs ?? realtimeNs();
    const volume: Volume = { quotaBytes, maxNodes, nowNs, usedBytes: 0, nodes: 0, nextIno: 1n };
    this.#root = new FolderNode(volume);
    this.root = new MemoryDirectory(this.#root);
    fill(this.root, files, '');
  }

  /** All files, as copies; links are left out, files with several names come several times. */
  snapshot(): MemoryFiles {
    type Folder = Record<string, Uint8Array | MemoryFiles>;
    const files: Folder = Object.create(null) as Folder;
    // A list and no recursion: a plugin may nest folders deeper than the stack reaches.
    const ahead: [folder: FolderNode, copy: Folder][] = [[this.#root, files]];
    for (let next = ahead.pop(); next; next = ahead.pop()) {
      const [folder, copy] = next;
      for (const [name, node] of folder.entries) {
        if (node instanceof FileNode) copy[name] = node.content.slice();
        if (!(node instanceof FolderNode)) continue;
        const inner: Folder = Object.create(null) as Folder;
        copy[name] = inner;
        ahead.push([node, inner]);
      }
    }
    return files;
  }

  /** Bytes of all files and link targets now. */
  get usedBytes(): number {
    return this.#root.volume.usedBytes;
  }
}

function realtimeNs(): () => bigint {
  const clock = webClock();
  return () => clock.nowNs(ClockId.REALTIME);
}

function fill(folder: FsDirectory, files: MemoryFiles, path: string): void {
  for (const [name, content] of Object.entries(files)) {
    const where = `${path}/${name}`;
    const mistake = (problem: string) =>
      new WasiError('WASI_INVALID_FILES', `file ${JSON.stringify(where)}: ${problem}`);
    if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name))
      throw mistake(
        'expected a name without "/" and NUL that is not empty, "." or ".."; give folders as objects',
      );
    const full = () => mistake('does not fit; raise quotaBytes or maxNodes');
    if (typeof content === 'string' || content instanceof Uint8Array) {
      const opening = { read: false, write: true, create: true, exclusive: true, truncate: false };
      const file = folder.openFile(name, opening);
      if (typeof file === 'number') throw full();
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      if (file.write(bytes, 0) < 0) throw full();
      file.close();
    } else if (typeof content === 'object' && content !== null) {
      if (folder.makeDirectory(name) !== Errno.ESUCCESS) throw full();
      const made = folder.openDirectory(name);
      if (typeof made !== 'number') fill(made, content, where);
    } else {
      throw mistake(`expected a Uint8Array, a string or an object, got ${String(content)}`);
    }
  }
}
