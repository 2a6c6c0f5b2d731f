import { Errno, Filetype, Rights } from './constants.ts';
import type { Sink, Source } from './host.ts';

/** An open descriptor. What it cannot do it leaves out; the functions of fd.ts answer for that. */
export interface Descriptor {
  readonly filetype: number;
  /** `fdflags`, u16. */
  flags: number;
  /** `rights`, u64. */
  readonly rightsBase: bigint;
  readonly rightsInheriting: bigint;
  /** As `Source.read`. */
  read?(into: Uint8Array): number;
  /** As `Sink.write`. */
  write?(bytes: Uint8Array): void;
  /** UTF-8, for a preopened directory only. */
  readonly preopenName?: Uint8Array;
}

/** Descriptor numbers (u32) and what they stand for. Unlike an array, a number out of nowhere costs nothing. */
export class DescriptorTable {
  readonly #open: Map<number, Descriptor>;

  constructor(descriptors: readonly Descriptor[]) {
    this.#open = new Map(descriptors.entries());
  }

  get(fd: number): Descriptor | undefined {
    return this.#open.get(fd);
  }

  close(fd: number): number {
    return this.#open.delete(fd) ? Errno.ESUCCESS : Errno.EBADF;
  }

  /** Both must be open; `to` then is what `from` was, and `from` is closed, except onto itself. */
  renumber(from: number, to: number): number {
    const descriptor = this.#open.get(from);
    if (!descriptor || !this.#open.has(to)) return Errno.EBADF;
    this.#open.delete(from);
    this.#open.set(to, descriptor);
    return Errno.ESUCCESS;
  }
}

// Without the rights to seek and tell, a character device is a terminal to C's isatty.
const STDIO_RIGHTS = Rights.FD_FDSTAT_SET_FLAGS | Rights.FD_FILESTAT_GET | Rights.POLL_FD_READWRITE;

/** Input from `source`; at its end from the start if none is given. Never a terminal: nobody sits there. */
export function inputDescriptor(source?: Source): Descriptor {
  return {
    filetype: Filetype.UNKNOWN,
    flags: 0,
    rightsBase: STDIO_RIGHTS | Rights.FD_READ,
    rightsInheriting: 0n,
    read: into => (source ? source.read(into) : 0),
  };
}

/** Output to `sink`; thrown away, as if written, if none is given. */
export function outputDescriptor(sink?: Sink): Descriptor {
  return {
    filetype: sink?.isTerminal ? Filetype.CHARACTER_DEVICE : Filetype.UNKNOWN,
    flags: 0,
    rightsBase: STDIO_RIGHTS | Rights.FD_WRITE,
    rightsInheriting: 0n,
    write: bytes => sink?.write(bytes),
  };
}
