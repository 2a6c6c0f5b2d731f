import type { FsDirectory, FsFile, Sink, Source } from './embedder.ts';
import { DONE, Fail, type Result } from './result.ts';
import { DIRECTORY_RIGHTS, INHERITING_RIGHTS, Right, STDIO_RIGHTS } from './rights.ts';
import { Filetype } from './spec/constants.ts';

/**
 * The most open descriptors; one more is EMFILE. Each may use a file descriptor of the host.
 * RATIONALE: why-are-the-descriptors-of-one-program-limited-to-1024
 */
export const MAX_DESCRIPTORS = 1024;
/** A new descriptor gets the lowest free number from 3 on. Otherwise a file could get the number of a closed stdio descriptor. */
const FIRST_FD = 3;

interface Common {
  /** `fdflags`, u16. */
  flags: number;
  /** Bits of `Right`. */
  rightsBase: number;
  rightsInheriting: number;
}

export interface StdioDescriptor extends Common {
  readonly kind: 'stdio';
  readonly filetype: number;
  /** As `Source.read`. Set exactly if the descriptor had FD_READ when it was opened. */
  read?(into: Uint8Array): number;
  /** As `Sink.write`. Set exactly if the descriptor had FD_WRITE when it was opened. */
  write?(bytes: Uint8Array): void;
}

export interface FileDescriptor extends Common {
  readonly kind: 'file';
  readonly file: FsFile;
  readonly filetype: number;
  readonly mount: number;
  /** A safe integer of at least 0. */
  offset: number;
}

export interface DirectoryDescriptor extends Common {
  readonly kind: 'directory';
  readonly directory: FsDirectory;
  readonly mount: number;
  /** UTF-8, for a preopened folder only. */
  readonly preopenName?: Uint8Array;
  /** The names at the time of the call with cookie 0: a listing does not change while entries are added and removed. */
  listing?: readonly string[];
}

export type Descriptor = StdioDescriptor | FileDescriptor | DirectoryDescriptor;

/**
 * Maps descriptor numbers (u32) to open files, folders and stdio. A Map, because a large number in an array would cost memory.
 */
export class DescriptorTable {
  readonly #open = new Map<number, Descriptor>();
  /** The descriptors that were open first. */
  #first: readonly Descriptor[] = [];
  /** Their flags, rights and listings at the time of `keep`. */
  #kept: readonly Partial<Descriptor>[] = [];

  constructor(descriptors: readonly Descriptor[]) {
    this.reset(descriptors);
  }

  /** Closes all descriptors, and opens others from 0 on, with the flags, rights and listings of `keep`. */
  reset(descriptors: readonly Descriptor[]): void {
    this.closeAll();
    this.#first = descriptors;
    for (const [fd, descriptor] of descriptors.entries())
      this.#open.set(fd, Object.assign(descriptor, this.#kept[fd]));
  }

  /**
   * Keeps flags, rights and listings as they are now, for each later `reset`. Returns false, and keeps nothing, where other descriptors are open
   * than at first: those could not be opened again.
   */
  keep(): boolean {
    if (this.#open.size !== this.#first.length) return false;
    if (!this.#first.every((descriptor, fd) => this.#open.get(fd) === descriptor)) return false;
    this.#kept = this.#first.map(({ flags, rightsBase, rightsInheriting, ...more }) => ({
      ...{ flags, rightsBase, rightsInheriting },
      ...('listing' in more && { listing: more.listing }),
    }));
    return true;
  }

  get(fd: number): Descriptor | undefined {
    return this.#open.get(fd);
  }

  get isFull(): boolean {
    return this.#open.size >= MAX_DESCRIPTORS;
  }

  /** Returns the new descriptor's number. The caller has checked `isFull`. */
  add(descriptor: Descriptor): number {
    let fd = FIRST_FD;
    while (this.#open.has(fd)) fd++;
    this.#open.set(fd, descriptor);
    return fd;
  }

  // Both methods below change the table before they close the file: if the host cannot close it, the descriptor is closed anyway.

  close(fd: number): Result<void> {
    const descriptor = this.#open.get(fd);
    if (!descriptor) return Fail.EBADF;
    this.#open.delete(fd);
    release(descriptor);
    return DONE;
  }

  /**
   * Gives the descriptor `from` the number `to`. Closes the descriptor that had this number, and frees the number `from`. Nothing
   * changes if both numbers are equal. EBADF unless both are open.
   */
  renumber(from: number, to: number): Result<void> {
    const descriptor = this.#open.get(from);
    const replaced = this.#open.get(to);
    if (!descriptor || !replaced) return Fail.EBADF;
    if (from === to) return DONE;
    this.#open.delete(from);
    this.#open.set(to, descriptor);
    release(replaced);
    return DONE;
  }

  /** Closes all descriptors. An exception of a file system is dropped, so that the remaining files are closed too. */
  closeAll(): void {
    for (const fd of [...this.#open.keys()]) {
      try {
        this.close(fd);
      } catch {}
    }
  }
}

function release(descriptor: Descriptor): void {
  if (descriptor.kind === 'file') descriptor.file.close();
}

/** Input from `source`; empty without one. It is not reported as a terminal, because nobody types there. */
export function inputDescriptor(source?: Source): StdioDescriptor {
  return {
    kind: 'stdio',
    filetype: Filetype.UNKNOWN,
    flags: 0,
    rightsBase: STDIO_RIGHTS | Right.FD_READ,
    rightsInheriting: 0,
    read: into => (source ? source.read(into) : 0),
  };
}

/** Output to `sink`. Without one, writes succeed and are dropped. */
export function outputDescriptor(sink?: Sink): StdioDescriptor {
  return {
    kind: 'stdio',
    filetype: sink?.isTerminal ? Filetype.CHARACTER_DEVICE : Filetype.UNKNOWN,
    flags: 0,
    rightsBase: STDIO_RIGHTS | Right.FD_WRITE,
    rightsInheriting: 0,
    write: bytes => sink?.write(bytes),
  };
}

/** A folder that is open from the start, with all rights. */
export function preopenDescriptor(directory: FsDirectory, mount: number, name: string): DirectoryDescriptor {
  return {
    kind: 'directory',
    directory,
    mount,
    preopenName: new TextEncoder().encode(name),
    flags: 0,
    rightsBase: DIRECTORY_RIGHTS,
    rightsInheriting: INHERITING_RIGHTS,
  };
}
