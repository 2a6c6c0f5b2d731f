import { errnoName, Rights, type WasiFunctionName, type WasiOptions } from '../../wasi/index.ts';
import { Guest, u32, utf8 } from './guest.ts';

/** An argument of a call. Text and bytes become a pointer and a length. */
export type Argument = number | bigint | string | Uint8Array;

export interface Opening {
  at?: number;
  follow?: boolean;
  oflags?: number;
  rights?: bigint;
  inheriting?: bigint;
  fdflags?: number;
}

export interface Described {
  dev: bigint;
  ino: bigint;
  filetype: number;
  nlink: bigint;
  size: bigint;
  atim: bigint;
  mtim: bigint;
  ctim: bigint;
}

export interface Listed {
  name: string;
  ino: bigint;
  filetype: number;
  next: bigint;
}

/** The first preopened folder. */
export const ROOT = 3;
export const CREAT = 1;
export const DIRECTORY = 2;
export const EXCL = 4;
export const TRUNC = 8;
export const ALL_RIGHTS = Object.values(Rights).reduce((all, right) => all | right, 0n);

const OUT = 256;
const IOVS = 512;
const BUFFER = 1024;
const BUFFER_BYTES = 30_000;
const TEXTS = 32_768;

/** Calls WASI as a program would, with a memory to put the arguments in. */
export class Program {
  readonly guest: Guest;
  #texts = TEXTS;

  constructor(preopens: WasiOptions['preopens'], options: Partial<WasiOptions> = {}) {
    this.guest = new Guest({ preopens, ...options });
  }

  #place(value: string | Uint8Array): [pointer: number, length: number] {
    const bytes = typeof value === 'string' ? Uint8Array.from(utf8(value)) : value;
    if (this.#texts + bytes.length > this.guest.bytes.length) this.#texts = TEXTS;
    const pointer = this.#texts;
    this.guest.bytes.set(bytes, pointer);
    this.#texts += bytes.length;
    return [pointer, bytes.length];
  }

  /** Returns the errno's name. */
  call(name: WasiFunctionName, ...args: readonly Argument[]): string {
    const flat = args.flatMap(arg =>
      typeof arg === 'string' || arg instanceof Uint8Array ? this.#place(arg) : [arg],
    );
    return errnoName(this.guest.call(name, ...flat));
  }

  /** Calls a function and fails the test unless it succeeds. */
  do(name: WasiFunctionName, ...args: readonly Argument[]): void {
    const errno = this.call(name, ...args);
    if (errno !== 'ESUCCESS') throw new Error(`${name}(${args.join(', ')}) answered ${errno}`);
  }

  /** Returns the new descriptor, or the errno's name. */
  tryOpen(path: string | Uint8Array, opening: Opening = {}): string | number {
    const { at = ROOT, follow = false, oflags = 0, rights = 0n, inheriting = 0n, fdflags = 0 } = opening;
    const errno = this.call('path_open', at, follow ? 1 : 0, path, oflags, rights, inheriting, fdflags, OUT);
    return errno === 'ESUCCESS' ? this.u32(OUT) : errno;
  }

  open(path: string, opening?: Opening): number {
    const fd = this.tryOpen(path, opening);
    if (typeof fd === 'string') throw new Error(`path_open ${JSON.stringify(path)} answered ${fd}`);
    return fd;
  }

  /** Opens with every right except those that are refused for a folder. */
  openFolder(path: string, at = ROOT): number {
    return this.open(path, {
      at,
      oflags: DIRECTORY,
      rights: ALL_RIGHTS & ~Rights.FD_WRITE,
      inheriting: ALL_RIGHTS,
    });
  }

  /** Opens a file or folder for reading. */
  openFolderOrFile(path: string, at: number): number {
    const rights = ALL_RIGHTS & ~Rights.FD_WRITE;
    return this.open(path, { at, rights, inheriting: ALL_RIGHTS });
  }

  openFile(path: string, opening: Opening = {}): number {
    return this.open(path, { oflags: CREAT, rights: ALL_RIGHTS, ...opening });
  }

  makeFile(path: string, text = '', at = ROOT): void {
    const fd = this.openFile(path, { at });
    if (text) this.write(fd, text);
    this.do('fd_close', fd);
  }

  #iovec(bytes: number): void {
    this.guest.bytes.set([...u32(BUFFER), ...u32(bytes)], IOVS);
  }

  /** Returns the number of bytes written. */
  write(fd: number, text: string): number {
    this.guest.bytes.set(utf8(text), BUFFER);
    this.#iovec(utf8(text).length);
    this.do('fd_write', fd, IOVS, 1, OUT);
    return this.u32(OUT);
  }

  pwrite(fd: number, text: string, offset: bigint): string {
    this.guest.bytes.set(utf8(text), BUFFER);
    this.#iovec(utf8(text).length);
    return this.call('fd_pwrite', fd, IOVS, 1, offset, OUT);
  }

  read(fd: number, bytes = 1000): string {
    this.#iovec(bytes);
    this.do('fd_read', fd, IOVS, 1, OUT);
    return this.text(BUFFER, this.u32(OUT));
  }

  pread(fd: number, offset: bigint, bytes = 1000): string {
    this.#iovec(bytes);
    this.do('fd_pread', fd, IOVS, 1, offset, OUT);
    return this.text(BUFFER, this.u32(OUT));
  }

  /** Reads or writes one byte. Returns the errno's name. */
  transfer(name: 'fd_read' | 'fd_write', fd: number): string {
    this.#iovec(1);
    return this.call(name, fd, IOVS, 1, OUT);
  }

  readFile(path: string, follow = false): string {
    const fd = this.open(path, { follow, rights: Rights.FD_READ });
    const text = this.read(fd);
    this.do('fd_close', fd);
    return text;
  }

  readLink(path: string, bytes = 1000): string {
    this.do('path_readlink', ROOT, path, BUFFER, bytes, OUT);
    return this.text(BUFFER, this.u32(OUT));
  }

  seek(fd: number, offset: bigint, whence: number): bigint {
    this.do('fd_seek', fd, offset, whence, OUT);
    return this.#view.getBigUint64(OUT, true);
  }

  tell(fd: number): bigint {
    this.do('fd_tell', fd, OUT);
    return this.#view.getBigUint64(OUT, true);
  }

  stat(fd: number): Described {
    this.do('fd_filestat_get', fd, OUT);
    return this.#described();
  }

  statPath(path: string, follow = false, at = ROOT): Described {
    this.do('path_filestat_get', at, follow ? 1 : 0, path, OUT);
    return this.#described();
  }

  fdstat(fd: number): { filetype: number; flags: number; base: bigint; inheriting: bigint } {
    this.do('fd_fdstat_get', fd, OUT);
    const view = this.#view;
    return {
      filetype: view.getUint8(OUT),
      flags: view.getUint16(OUT + 2, true),
      base: view.getBigUint64(OUT + 8, true),
      inheriting: view.getBigUint64(OUT + 16, true),
    };
  }

  /** Calls fd_readdir once. Returns the entries that fit completely, and whether the end was reached. */
  listFrom(fd: number, cookie: bigint, bytes = BUFFER_BYTES): { entries: Listed[]; atEnd: boolean } {
    this.do('fd_readdir', fd, BUFFER, bytes, cookie, OUT);
    const used = this.u32(OUT);
    const entries: Listed[] = [];
    for (let at = BUFFER; at + 24 <= BUFFER + used; ) {
      const length = this.u32(at + 16);
      if (at + 24 + length > BUFFER + used) break;
      entries.push({
        name: this.text(at + 24, length),
        ino: this.#view.getBigUint64(at + 8, true),
        filetype: this.#view.getUint8(at + 20),
        next: this.#view.getBigUint64(at, true),
      });
      at += 24 + length;
    }
    return { entries, atEnd: used < bytes };
  }

  /** Returns the names in a folder, sorted, without `.` and `..`. */
  list(path = '.'): string[] {
    const fd = this.openFolder(path);
    const { entries } = this.listFrom(fd, 0n);
    this.do('fd_close', fd);
    return entries
      .map(({ name }) => name)
      .filter(name => name !== '.' && name !== '..')
      .sort();
  }

  u32(pointer: number): number {
    return this.#view.getUint32(pointer, true);
  }

  text(pointer: number, length: number): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(
      this.guest.bytes.slice(pointer, pointer + length),
    );
  }

  get #view(): DataView {
    return new DataView(this.guest.memory.buffer);
  }

  #described(): Described {
    const u64At = (offset: number) => this.#view.getBigUint64(OUT + offset, true);
    return {
      dev: u64At(0),
      ino: u64At(8),
      filetype: this.#view.getUint8(OUT + 16),
      nlink: u64At(24),
      size: u64At(32),
      atim: u64At(40),
      mtim: u64At(48),
      ctim: u64At(56),
    };
  }
}
