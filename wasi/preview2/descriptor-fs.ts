import type { Fs, FsOpening, FsStat } from '../embedder.ts';
import { readForeign, refuseOption, WasiError } from '../errors.ts';
import { pathFs } from '../files/path-fs.ts';
import type { BothTimes, PathFile, PathHost } from '../files/path-host.ts';
import { having, readArgument, refuseExtra } from '../options.ts';
import { Errno, Filetype } from '../spec/constants.ts';
import { errnoOf } from './errno.ts';
import type {
  Preview2Datetime,
  Preview2Descriptor,
  Preview2DescriptorStat,
  Preview2MetadataHash,
  Preview2NewTimestamp,
  Preview2Preopens,
} from './types.ts';

// Every call uses the root's descriptor and a path whose folders have just been checked. The descriptor of an inner folder is
// not used, because preview2-shim 0.26 stores only its path: when that folder is renamed and a link takes its place, the
// descriptor follows the link, even out of the root.
// RATIONALE: how-does-a-wasi-02-implementation-carry-preview-1

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

/** Runs a call. A thrown error of WASI becomes an errno; other exceptions are thrown again. */
function attempt<T>(call: () => T): T | number {
  try {
    return call();
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno === undefined) throw thrown;
    return errno;
  }
}

/** As `attempt`, for a call without a result. Returns 0 for success. */
const act = (call: () => void): number =>
  attempt(() => {
    call();
    return Errno.ESUCCESS;
  });

/** Runs a call that returns a count. Returns the count or a negative errno. */
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
 * Makes an inode number from the hash of WASI 0.2, which has no inodes. The whole hash is used, except for preview2-shim 0.26,
 * whose hash changes with the file: on Node, half of it is the time of the last change; in memory, half of it counts changes.
 */
function inode({ lower, upper }: Preview2MetadataHash, mtimNs: bigint): bigint {
  if (upper === mtimNs && lower !== 0n) return lower;
  // Two small numbers are the shim's file number and its count of changes, not a hash.
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

/** Disposes a resource of jco. On Node 20, which lacks `Symbol.dispose`, preview2-shim uses `Symbol.for('dispose')`. */
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
    // An empty write returns early, because the shim in memory would extend the file up to the offset.
    // A copy is passed, because preview2-shim posts the array to a thread together with all of its buffer.
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
    // preview2-shim 0.26 on Node reads the seconds as milliseconds.
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

  /** Opens the folder, the root too: preopened descriptors of preview2-shim support fewer calls than opened ones. */
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
    // Truncating and creating need write access.
    const access = { read, write: write || truncate || create };
    const descriptor = attempt(() =>
      root.openAt(NOFOLLOW, path, { create, exclusive: create, truncate }, access),
    );
    return typeof descriptor === 'number' ? descriptor : new DescriptorFile(descriptor);
  };

  /**
   * Whether a folder seems to contain the names of inherited properties, such as `toString`. True for preview2-shim 0.26 in
   * memory.
   */
  const inherits = isConfused(() => root.statAt(NOFOLLOW, 'toString'));

  return {
    root: '.',
    // preview2-shim treats a backslash as a slash.
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
 * Returns a file system for `createWasi` from a folder of a WASI 0.2 implementation. An open folder below it is not found again
 * (ENOENT) after another program has renamed the folder or a folder above it. Names with a backslash are refused (EINVAL).
 * @param descriptor a `wasi:filesystem/types.descriptor` of a folder, such as a preopened one
 * @throws {WasiError} WASI_INVALID_PREOPEN if `descriptor` is not a descriptor of a folder
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
  return readForeign('descriptorFs', () => {
    if (typeof descriptor?.statAt !== 'function') throw fail(descriptor);
    const fs = pathFs(preview2Host(descriptor));
    if (typeof fs === 'number') throw fail(fs);
    return fs;
  });
}

const somePreopens = having<Preview2Preopens>('the preopens of a WASI 0.2 implementation', 'getDirectories');

/** Returns all folders of `wasi:filesystem/preopens`, for the option `preopens` of `createWasi`. */
export function preview2Preopens(preopens: Preview2Preopens): Record<string, Fs>;
export function preview2Preopens(preopens: Preview2Preopens, ...extra: unknown[]): Record<string, Fs> {
  refuseExtra(extra, 'preview2Preopens', refuseOption);
  readArgument(somePreopens, preopens, 'preview2Preopens', refuseOption);
  return readForeign('preview2Preopens', () =>
    Object.fromEntries(
      preopens.getDirectories().map(([descriptor, path]) => [path, descriptorFs(descriptor)] as const),
    ),
  );
}
