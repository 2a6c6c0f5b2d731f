import { Errno, Filetype } from '../constants.ts';
import { refuseOption, WasiError } from '../errors.ts';
import type { Fs, FsOpening, FsStat } from '../host.ts';
import { refuseExtra } from '../options.ts';
import { pathFs } from '../path-fs.ts';
import type { BothTimes, PathFile, PathHost } from '../path-host.ts';
import { errnoOf } from './errno.ts';
import type {
  Preview2Datetime,
  Preview2Descriptor,
  Preview2DescriptorStat,
  Preview2MetadataHash,
  Preview2NewTimestamp,
  Preview2Preopens,
} from './types.ts';

// All goes through the descriptor of the root, by paths of which every folder has just been looked at, because a folder's
// own descriptor is a mere path in preview2-shim 0.26: once that folder is renamed and a link put in its place, the
// descriptor follows the link, out of the root too.

const NOFOLLOW = { symlinkFollow: false };
const NS_PER_S = 1_000_000_000n;
const filetypes: Readonly<Record<string, number>> = {
  'block-device': Filetype.BLOCK_DEVICE,
  'character-device': Filetype.CHARACTER_DEVICE,
  directory: Filetype.DIRECTORY,
  'regular-file': Filetype.REGULAR_FILE,
  socket: Filetype.SOCKET_STREAM,
  'symbolic-link': Filetype.SYMBOLIC_LINK,
};

/** Runs a call; what it throws becomes an errno, if it is an error of WASI at all. */
function attempt<T>(call: () => T): T | number {
  try {
    return call();
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno === undefined) throw thrown;
    return errno;
  }
}

/** As `attempt`, for what answers nothing. */
const act = (call: () => void): number =>
  attempt(() => {
    call();
    return Errno.ESUCCESS;
  });

/** A count, or a negative errno. */
function count(call: () => number): number {
  const answer = attempt(() => ({ bytes: call() }));
  return typeof answer === 'number' ? -answer : answer.bytes;
}

const toNs = (time: Preview2Datetime | undefined): bigint =>
  time ? time.seconds * NS_PER_S + BigInt(time.nanoseconds) : 0n;
const toTimestamp = (ns: bigint): Preview2NewTimestamp => ({
  tag: 'timestamp',
  val: { seconds: ns / NS_PER_S, nanoseconds: Number(ns % NS_PER_S) },
});

/**
 * WASI 0.2 has no inodes, only a hash that may change whenever the file does. All of it, except for preview2-shim 0.26: on
 * Node half of it is the time of the last change, in memory a number that counts the changes.
 */
function inode({ lower, upper }: Preview2MetadataHash, mtimNs: bigint): bigint {
  if (upper === mtimNs && lower !== 0n) return lower;
  // A number and a count, not a hash.
  if (upper < SMALL && lower < SMALL) return upper;
  return BigInt.asUintN(64, upper ^ (lower * 0x9e37_79b9_7f4a_7c15n)) || 1n;
}
const SMALL = 1n << 40n;

function describe(stat: Preview2DescriptorStat, hash: Preview2MetadataHash): FsStat {
  const mtimNs = toNs(stat.dataModificationTimestamp);
  return {
    filetype: filetypes[stat.type] ?? Filetype.UNKNOWN,
    dev: 1n,
    ino: inode(hash, mtimNs),
    nlink: stat.linkCount,
    sizeBytes: stat.size,
    atimNs: toNs(stat.dataAccessTimestamp),
    mtimNs,
    ctimNs: toNs(stat.statusChangeTimestamp),
  };
}

/** What jco's resources have: Node 20 lacks `Symbol.dispose`, for which preview2-shim then takes another symbol. */
function dispose(resource: object): void {
  const key = (Symbol as { dispose?: symbol }).dispose ?? Symbol.for('dispose');
  (resource as { [key: symbol]: (() => void) | undefined })[key]?.();
}

class DescriptorFile implements PathFile {
  readonly #descriptor: Preview2Descriptor;

  constructor(descriptor: Preview2Descriptor) {
    this.#descriptor = descriptor;
  }

  stat(): FsStat | number {
    return attempt(() => describe(this.#descriptor.stat(), this.#descriptor.metadataHash()));
  }

  read(into: Uint8Array, offset: number): number {
    return count(() => {
      const [bytes] = this.#descriptor.read(BigInt(into.length), BigInt(offset));
      const part = bytes.subarray(0, into.length);
      into.set(part);
      return part.length;
    });
  }

  write(bytes: Uint8Array, offset: number): number {
    // A copy: preview2-shim posts it to a thread, with all of the memory that it lies in.
    // The shim in memory makes a file longer by a write of nothing beyond its end.
    if (bytes.length === 0) return 0;
    return count(() => Number(this.#descriptor.write(bytes.slice(), BigInt(offset))));
  }

  setSize(sizeBytes: number): number {
    return act(() => this.#descriptor.setSize(BigInt(sizeBytes)));
  }

  setTimes({ atimNs, mtimNs }: BothTimes): number {
    const set = (scale: bigint) =>
      act(() => this.#descriptor.setTimes(toTimestamp(atimNs / scale), toTimestamp(mtimNs / scale)));
    const failure = set(1n);
    const stat = this.stat();
    // preview2-shim 0.26 on Node takes milliseconds for seconds.
    const isOff = typeof stat !== 'number' && distance(stat.mtimNs, mtimNs) > NS_PER_S;
    return failure || isOff ? set(1000n) : failure;
  }

  sync(dataOnly: boolean): number {
    return act(() => (dataOnly ? this.#descriptor.syncData() : this.#descriptor.sync()));
  }

  close(): void {
    dispose(this.#descriptor);
  }
}

const distance = (one: bigint, two: bigint) => (one > two ? one - two : two - one);

function preview2Host(root: Preview2Descriptor): PathHost {
  const look = (path: string) =>
    attempt(() => describe(root.statAt(NOFOLLOW, path), root.metadataHashAt(NOFOLLOW, path)));

  /** Preopened descriptors of preview2-shim do less than others, so the root too is opened. */
  const inDirectory = <T>(path: string, use: (directory: Preview2Descriptor) => T): T | number =>
    attempt(() => {
      const directory = root.openAt(NOFOLLOW, path, { directory: true }, { read: true });
      try {
        return use(directory);
      } finally {
        dispose(directory);
      }
    });

  const list = (directory: Preview2Descriptor) => {
    const stream = directory.readDirectory();
    const names: string[] = [];
    try {
      for (let entry = stream.readDirectoryEntry(); entry; entry = stream.readDirectoryEntry())
        names.push(entry.name);
    } finally {
      dispose(stream);
    }
    return names;
  };

  const openFile = (path: string, { read, write, create, truncate }: FsOpening): PathFile | number => {
    // To cut a file is to write.
    const access = { read, write: write || truncate || create };
    const descriptor = attempt(() =>
      root.openAt(NOFOLLOW, path, { create, exclusive: create, truncate }, access),
    );
    return typeof descriptor === 'number' ? descriptor : new DescriptorFile(descriptor);
  };

  /** Whether folders seem to have what every object of JavaScript has: those of preview2-shim 0.26 in memory. */
  const inherits = isConfused(() => root.statAt(NOFOLLOW, 'toString'));

  return {
    root: '.',
    // preview2-shim takes a backslash for a slash.
    isName: name => !/[\\/\0]/.test(name) && !(inherits && name in Object.prototype),
    look,
    list: path => inDirectory(path, list),
    openFile,
    readLink: path => attempt(() => root.readlinkAt(path)),
    makeDirectory: path => act(() => root.createDirectoryAt(path)),
    removeDirectory: path => act(() => root.removeDirectoryAt(path)),
    unlink: path => act(() => root.unlinkFileAt(path)),
    symlink: (path, target) => act(() => root.symlinkAt(target, path)),
    link: (from, to) => act(() => root.linkAt(NOFOLLOW, from, root as never, to)),
    rename: (from, to) => act(() => root.renameAt(from, root as never, to)),
    setTimes: (path, { atimNs, mtimNs }) =>
      act(() => root.setTimesAt(NOFOLLOW, path, toTimestamp(atimNs), toTimestamp(mtimNs))),
    syncDirectory: path =>
      inDirectory(path, directory => {
        directory.sync();
        return Errno.ESUCCESS;
      }),
  };
}

function isConfused(look: () => void): boolean {
  try {
    look();
    return false;
  } catch (thrown) {
    return errnoOf(thrown) === undefined;
  }
}

/**
 * A folder of a WASI 0.2 implementation as a file system for `createWasi`. What was open below it is not found again
 * when another program renames the folders above. Names with a backslash are refused (EINVAL).
 * @param descriptor a `wasi:filesystem/types.descriptor` of a folder, such as a preopened one
 * @throws {WasiError} WASI_INVALID_PREOPEN if it is none
 */
export function descriptorFs(descriptor: Preview2Descriptor): Fs;
export function descriptorFs(descriptor: Preview2Descriptor, ...extra: unknown[]): Fs {
  refuseExtra(
    extra,
    'descriptorFs',
    refuseOption,
    'give { fs: descriptorFs(descriptor), readOnly: true } in preopens',
  );
  const fail = (cause: unknown) =>
    new WasiError('WASI_INVALID_PREOPEN', 'descriptorFs: expected a descriptor of a folder', { cause });
  if (typeof descriptor?.statAt !== 'function') throw fail(descriptor);
  const fs = pathFs(preview2Host(descriptor));
  if (typeof fs === 'number') throw fail(fs);
  return fs;
}

/** Everything that `wasi:filesystem/preopens` gives, for the option `preopens` of `createWasi`. */
export function preview2Preopens(preopens: Preview2Preopens): Record<string, Fs>;
export function preview2Preopens(preopens: Preview2Preopens, ...extra: unknown[]): Record<string, Fs> {
  refuseExtra(extra, 'preview2Preopens', refuseOption);
  return Object.fromEntries(
    preopens.getDirectories().map(([descriptor, path]) => [path, descriptorFs(descriptor)] as const),
  );
}
