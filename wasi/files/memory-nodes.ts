import { type DeviceName, readDevice } from '../devices.ts';
import { type FsStat, type FsTimes, MAX_FILE_BYTES } from '../embedder.ts';
import { Errno, Filetype } from '../spec/constants.ts';
import { SparseBytes } from './sparse-bytes.ts';

/** Limits and counters that all files of one file system share. */
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

  /** Gives back the room of a node that no name and no descriptor refers to. */
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

/** A node that can be opened. After its last name is removed, it stays until its last descriptor is closed. */
export abstract class OpenableNode extends MemoryNode {
  #openings = 0;
  /** Number of changes of the content. */
  writes = 0;

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
    this.release();
  }

  abstract read(into: Uint8Array, offset: number): number;
  abstract write(bytes: Uint8Array, at: number | 'end'): number;
  abstract setSize(sizeBytes: number): number;
  abstract allocate(offset: number, length: number): number;
  protected release(): void {}
}

export class FileNode extends OpenableNode {
  readonly #content = new SparseBytes();

  constructor(volume: Volume) {
    super(volume, Filetype.REGULAR_FILE);
  }

  override get sizeBytes(): number {
    return this.#content.length;
  }

  /** Returns a copy of all bytes. @throws {RangeError} if the engine cannot make an array of this length */
  copy(): Uint8Array {
    return this.#content.copy();
  }

  read(into: Uint8Array, offset: number): number {
    this.atimNs = this.volume.nowNs();
    return this.#content.read(into, offset);
  }

  write(bytes: Uint8Array, at: number | 'end'): number {
    if (bytes.length === 0) return 0;
    const offset = at === 'end' ? this.sizeBytes : at;
    const failure = this.#change(offset + bytes.length, room => this.#content.write(bytes, offset, room));
    return failure ? -failure : bytes.length;
  }

  setSize(sizeBytes: number): number {
    return this.#change(sizeBytes, () => {
      this.#content.setLength(sizeBytes);
      return true;
    });
  }

  allocate(offset: number, length: number): number {
    return this.#change(offset + length, room => this.#content.reserve(offset, length, room));
  }

  protected override release(): void {
    this.volume.usedBytes -= this.#content.storedBytes;
    this.#content.setLength(0);
  }

  /** Changes the content up to `end`. ENOSPC if the volume has too little room, EFBIG beyond `MAX_FILE_BYTES`. */
  #change(end: number, change: (roomBytes: number) => boolean): number {
    if (end > MAX_FILE_BYTES) return Errno.EFBIG;
    const { volume } = this;
    const before = this.#content.storedBytes;
    if (!change(volume.quotaBytes - volume.usedBytes)) return Errno.ENOSPC;
    volume.usedBytes += this.#content.storedBytes - before;
    this.writes++;
    this.changed();
    return Errno.ESUCCESS;
  }
}

export class DeviceNode extends OpenableNode {
  readonly device: DeviceName;

  constructor(volume: Volume, device: DeviceName) {
    super(volume, Filetype.CHARACTER_DEVICE);
    this.device = device;
  }

  override stat(): FsStat {
    return { ...super.stat(), device: this.device };
  }

  read(into: Uint8Array): number {
    return readDevice[this.device](into);
  }

  write(bytes: Uint8Array): number {
    return bytes.length;
  }

  setSize(): number {
    return Errno.EINVAL;
  }

  allocate(): number {
    return Errno.EINVAL;
  }
}

export class FolderNode extends MemoryNode {
  readonly entries = new Map<string, MemoryNode>();
  /** The root is its own parent. */
  parent: FolderNode;
  isRemoved = false;

  constructor(volume: Volume, parent?: FolderNode) {
    super(volume, Filetype.DIRECTORY);
    this.parent = parent ?? this;
    // Names of a folder: its entry, its own `.`, and the `..` of each folder in it.
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

  /** Removes an entry from this folder. The caller then adds it to another folder or drops it. */
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

/** Deletes a node that `take` has just removed from its folder. */
export function drop(node: MemoryNode): void {
  if (node instanceof FolderNode) {
    node.isRemoved = true;
    node.links = 0;
    node.freeIfUnused();
  } else {
    node.dropLink();
  }
}
