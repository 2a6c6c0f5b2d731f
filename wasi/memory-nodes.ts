import { Errno, Filetype } from './constants.ts';
import type { FsStat, FsTimes } from './host.ts';

/** What all files of one file system share. */
export interface Volume {
  readonly quotaBytes: number;
  readonly maxNodes: number;
  readonly nowNs: () => bigint;
  usedBytes: number;
  nodes: number;
  nextIno: bigint;
}

export class MemoryNode {
  readonly volume: Volume;
  readonly ino: bigint;
  readonly filetype: number;
  links = 0;
  atimNs: bigint;
  mtimNs: bigint;
  ctimNs: bigint;

  constructor(volume: Volume, filetype: number) {
    this.volume = volume;
    this.filetype = filetype;
    this.ino = volume.nextIno++;
    this.atimNs = this.mtimNs = this.ctimNs = volume.nowNs();
    volume.nodes++;
  }

  stat(): FsStat {
    const { filetype, ino, atimNs, mtimNs, ctimNs } = this;
    const nlink = BigInt(this.links);
    return { filetype, dev: 0n, ino, nlink, sizeBytes: BigInt(this.sizeBytes), atimNs, mtimNs, ctimNs };
  }

  get sizeBytes(): number {
    return 0;
  }

  setTimes({ atimNs, mtimNs }: FsTimes): number {
    if (atimNs !== undefined) this.atimNs = atimNs;
    if (mtimNs !== undefined) this.mtimNs = mtimNs;
    this.ctimNs = this.volume.nowNs();
    return Errno.ESUCCESS;
  }

  changed(): void {
    this.mtimNs = this.ctimNs = this.volume.nowNs();
  }

  addLink(): void {
    this.links++;
    this.ctimNs = this.volume.nowNs();
  }

  dropLink(): void {
    this.links--;
    this.ctimNs = this.volume.nowNs();
    this.freeIfUnused();
  }

  /** What can neither be reached by a name nor by a descriptor takes no room. */
  freeIfUnused(): void {
    if (this.links === 0) this.volume.nodes--;
  }
}

export class LinkNode extends MemoryNode {
  readonly target: string;
  readonly #bytes: number;

  constructor(volume: Volume, target: string) {
    super(volume, Filetype.SYMBOLIC_LINK);
    this.target = target;
    this.#bytes = new TextEncoder().encode(target).length;
    volume.usedBytes += this.#bytes;
  }

  override get sizeBytes(): number {
    return this.#bytes;
  }

  override freeIfUnused(): void {
    super.freeIfUnused();
    if (this.links === 0) this.volume.usedBytes -= this.#bytes;
  }
}

export class FileNode extends MemoryNode {
  /** Longer than the file, so that appending does not copy it each time; zeros behind its end. */
  #bytes = new Uint8Array(0);
  #length = 0;
  #openings = 0;
  /** How often its content was changed. */
  writes = 0;

  constructor(volume: Volume) {
    super(volume, Filetype.REGULAR_FILE);
  }

  override get sizeBytes(): number {
    return this.#length;
  }

  get content(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  open(): void {
    this.#openings++;
  }

  close(): void {
    this.#openings--;
    this.freeIfUnused();
  }

  override freeIfUnused(): void {
    if (this.links > 0 || this.#openings > 0) return;
    super.freeIfUnused();
    this.volume.usedBytes -= this.#length;
    this.#length = 0;
    this.#bytes = new Uint8Array(0);
  }

  read(into: Uint8Array, offset: number): number {
    const part = this.content.subarray(offset, offset + into.length);
    into.set(part);
    this.atimNs = this.volume.nowNs();
    return part.length;
  }

  write(bytes: Uint8Array, at: number | 'end'): number {
    if (bytes.length === 0) return 0;
    const offset = at === 'end' ? this.#length : at;
    const end = Math.max(this.#length, offset + bytes.length);
    const failure = this.#resize(end);
    if (failure) return -failure;
    this.#bytes.set(bytes, offset);
    this.writes++;
    this.changed();
    return bytes.length;
  }

  setSize(sizeBytes: number): number {
    const failure = this.#resize(sizeBytes);
    if (failure) return failure;
    this.writes++;
    this.changed();
    return Errno.ESUCCESS;
  }

  #resize(length: number): number {
    const { volume } = this;
    const room = volume.quotaBytes - volume.usedBytes;
    if (length - this.#length > room) return Errno.ENOSPC;
    if (length > this.#bytes.length) {
      // Doubled, but never beyond what the quota lets it become.
      const capacity = Math.max(length, Math.min(this.#length * 2, this.#length + room));
      let larger: Uint8Array<ArrayBuffer>;
      try {
        larger = new Uint8Array(capacity);
      } catch {
        return Errno.ENOSPC;
      }
      larger.set(this.content);
      this.#bytes = larger;
    }
    if (length < this.#length) this.#bytes.fill(0, length, this.#length);
    volume.usedBytes += length - this.#length;
    this.#length = length;
    return Errno.ESUCCESS;
  }
}

export class FolderNode extends MemoryNode {
  readonly entries = new Map<string, MemoryNode>();
  /** The root is its own. */
  parent: FolderNode;
  isRemoved = false;

  constructor(volume: Volume, parent?: FolderNode) {
    super(volume, Filetype.DIRECTORY);
    this.parent = parent ?? this;
    // A folder is named by its entry and by its own `.`, and by `..` of each folder in it.
    this.links = 2;
  }

  add(name: string, node: MemoryNode): void {
    this.entries.set(name, node);
    if (node instanceof FolderNode) {
      node.parent = this;
      this.links++;
    } else {
      node.addLink();
    }
    this.changed();
  }

  /** Takes an entry out; it may be put in elsewhere or dropped. */
  take(name: string, node: MemoryNode): void {
    this.entries.delete(name);
    if (node instanceof FolderNode) this.links--;
    this.changed();
  }

  isInside(folder: FolderNode): boolean {
    for (let at: FolderNode = this; ; at = at.parent) {
      if (at === folder) return true;
      if (at.parent === at) return false;
    }
  }
}

/** Lets go of what has just been taken out of its folder for good. */
export function drop(node: MemoryNode): void {
  if (node instanceof FolderNode) {
    node.isRemoved = true;
    node.links = 0;
    node.freeIfUnused();
  } else {
    node.dropLink();
  }
}
