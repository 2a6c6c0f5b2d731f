import { Errno, Filetype } from './constants.ts';
import type { FsDirectory, FsFile, Sink, Source } from './host.ts';
import { DIRECTORY_RIGHTS, INHERITING_RIGHTS, Right, STDIO_RIGHTS } from './rights.ts';

/** More open descriptors than this are EMFILE: each may cost the host one of its own. */
export const MAX_DESCRIPTORS = 1024;
/** What is opened gets the lowest free number from here, so that closed stdio is not taken for a file. */
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
  /** As `Source.read`. Left out for output. */
  read?(into: Uint8Array): number;
  /** As `Sink.write`. Left out for input. */
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
  /** Names as they were when cookie 0 was asked for, so that a listing stands while entries come and go. */
  listing?: readonly string[];
}

export type Descriptor = StdioDescriptor | FileDescriptor | DirectoryDescriptor;

/** Descriptor numbers (u32) and what they stand for. Unlike an array, a number out of nowhere costs nothing. */
export class DescriptorTable {
  readonly #open: Map<number, Descriptor>;

  constructor(descriptors: readonly Descriptor[]) {
    this.#open = new Map(descriptors.entries());
  }

  get(fd: number): Descriptor | undefined {
    return this.#open.get(fd);
  }

  get isFull(): boolean {
    return this.#open.size >= MAX_DESCRIPTORS;
  }

  /** The number given. The caller has looked at `isFull`. */
  add(descriptor: Descriptor): number {
    let fd = FIRST_FD;
    while (this.#open.has(fd)) fd++;
    this.#open.set(fd, descriptor);
    return fd;
  }

  // In both, the table comes first: a host's file that cannot be closed is closed to the program all the same.

  close(fd: number): number {
    const descriptor = this.#open.get(fd);
    if (!descriptor) return Errno.EBADF;
    this.#open.delete(fd);
    release(descriptor);
    return Errno.ESUCCESS;
  }

  /** Both must be open; `to` is closed and then is what `from` was, which is closed, except onto itself. */
  renumber(from: number, to: number): number {
    const descriptor = this.#open.get(from);
    const replaced = this.#open.get(to);
    if (!descriptor || !replaced) return Errno.EBADF;
    if (from === to) return Errno.ESUCCESS;
    this.#open.delete(from);
    this.#open.set(to, descriptor);
    release(replaced);
    return Errno.ESUCCESS;
  }

  /** What a file system throws then is lost: the program is gone, and the other files are to be closed too. */
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

/** Input from `source`; at its end from the start if none is given. Never a terminal: nobody sits there. */
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

/** Output to `sink`; thrown away, as if written, if none is given. */
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
