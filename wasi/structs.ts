import type { Descriptor } from './descriptors.ts';
import type { FsStat } from './embedder.ts';
import type { GuestMemory } from './memory.ts';
import { DONE, Fail, type Result } from './result.ts';
import { Filetype } from './spec/constants.ts';

const FDSTAT_BYTES = 24;
export const FILESTAT_BYTES = 64;
const PRESTAT_BYTES = 8;
export const DIRENT_BYTES = 24;

/**
 *     fdstat, 24 bytes
 *     0          1    2       4    8               16                     24
 *     | filetype | -- | flags | -- | rights (base) | rights (inheriting) |
 *       u8              u16          u64             u64
 */
export function writeFdstat(memory: GuestMemory, pointer: number, descriptor: Descriptor): Result<void> {
  if (!memory.zero(pointer, FDSTAT_BYTES)) return Fail.EFAULT;
  memory.setU8(pointer, filetypeOf(descriptor));
  memory.setU16(pointer + 2, descriptor.flags);
  memory.setU64(pointer + 8, BigInt(descriptor.rightsBase));
  memory.setU64(pointer + 16, BigInt(descriptor.rightsInheriting));
  return DONE;
}

const filetypeOf = (descriptor: Descriptor): number =>
  descriptor.kind === 'directory' ? Filetype.DIRECTORY : descriptor.filetype;

/**
 *     filestat, 64 bytes
 *     0     8     16         17   24      32     40     48     56     64
 *     | dev | ino | filetype | -- | nlink | size | atim | mtim | ctim |
 *       u64   u64   u8              u64     u64    u64    u64    u64    (times in ns)
 *
 * The upper 16 bits of `dev` are the number of the mount, so that two file systems never have equal numbers. The lower 48 bits
 * come from the file system.
 */
export function writeFilestat(
  memory: GuestMemory,
  pointer: number,
  stat: FsStat,
  mount: number,
): Result<void> {
  const view = memory.view(pointer, FILESTAT_BYTES);
  if (!view) return Fail.EFAULT;
  view.setBigUint64(pointer, stat.dev, true);
  view.setUint16(pointer + 6, mount, true);
  view.setBigUint64(pointer + 8, stat.ino, true);
  // Also zeroes the padding, so that it does not keep old bytes.
  view.setUint32(pointer + 16, stat.filetype, true);
  view.setUint32(pointer + 20, 0, true);
  view.setBigUint64(pointer + 24, stat.nlink, true);
  view.setBigUint64(pointer + 32, stat.sizeBytes, true);
  view.setBigUint64(pointer + 40, stat.atimNs, true);
  view.setBigUint64(pointer + 48, stat.mtimNs, true);
  view.setBigUint64(pointer + 56, stat.ctimNs, true);
  return DONE;
}

/**
 *     prestat, 8 bytes
 *     0     1    4             8
 *     | tag | -- | name length |
 *       u8 0       u32, bytes without NUL
 */
export function writePrestat(memory: GuestMemory, pointer: number, name: Uint8Array): Result<void> {
  if (!memory.zero(pointer, PRESTAT_BYTES)) return Fail.EFAULT;
  memory.setU32(pointer + 4, name.length);
  return DONE;
}

/**
 *     dirent, 24 bytes and the name
 *     0                   8     16            20         21   24
 *     | cookie after this | ino | name length | filetype | -- | name, UTF-8 without NUL
 *       u64                 u64   u32           u8
 */
export function writeDirent(
  view: DataView,
  cookie: bigint,
  ino: bigint,
  filetype: number,
  nameBytes: number,
): void {
  view.setBigUint64(0, cookie, true);
  view.setBigUint64(8, ino, true);
  view.setUint32(16, nameBytes, true);
  view.setUint8(20, filetype);
}
