import { Rights } from './constants.ts';

/** All there are, as bits of a u64. */
const KNOWN_RIGHTS = Object.values(Rights).reduce((bits, right) => bits | right, 0n);

/** The same as numbers, which they fit: engines compute with these many times as fast. */
export const Right = Object.fromEntries(
  Object.entries(Rights).map(([name, right]) => [name, Number(right)]),
) as Readonly<Record<keyof typeof Rights, number>>;

/** Those of `rights`, a u64, that there are. */
export const knownRights = (rights: bigint): number => Number(rights & KNOWN_RIGHTS);
export const hasUnknownRights = (rights: bigint): boolean => (rights & ~KNOWN_RIGHTS) !== 0n;

const all = (...names: readonly (keyof typeof Rights)[]) =>
  names.reduce((bits, name) => bits | Right[name], 0);

/** What can be done with an open file. */
export const FILE_RIGHTS = all(
  'FD_DATASYNC',
  'FD_READ',
  'FD_SEEK',
  'FD_FDSTAT_SET_FLAGS',
  'FD_SYNC',
  'FD_TELL',
  'FD_WRITE',
  'FD_ADVISE',
  'FD_ALLOCATE',
  'FD_FILESTAT_GET',
  'FD_FILESTAT_SET_SIZE',
  'FD_FILESTAT_SET_TIMES',
  'POLL_FD_READWRITE',
);

/**
 * What can be done with an open folder. FD_READ is kept though nothing can be read: programs open folders with it.
 * Without FD_SEEK and FD_WRITE, and so with the rights it has, a folder can be opened again.
 */
export const DIRECTORY_RIGHTS = all(
  'FD_READ',
  'FD_FDSTAT_SET_FLAGS',
  'FD_SYNC',
  'FD_DATASYNC',
  'PATH_CREATE_DIRECTORY',
  'PATH_CREATE_FILE',
  'PATH_LINK_SOURCE',
  'PATH_LINK_TARGET',
  'PATH_OPEN',
  'FD_READDIR',
  'PATH_READLINK',
  'PATH_RENAME_SOURCE',
  'PATH_RENAME_TARGET',
  'PATH_FILESTAT_GET',
  'PATH_FILESTAT_SET_SIZE',
  'PATH_FILESTAT_SET_TIMES',
  'FD_FILESTAT_GET',
  'FD_FILESTAT_SET_TIMES',
  'PATH_SYMLINK',
  'PATH_REMOVE_DIRECTORY',
  'PATH_UNLINK_FILE',
);

/** What a preopened folder passes on. */
export const INHERITING_RIGHTS = FILE_RIGHTS | DIRECTORY_RIGHTS;

/** Without the rights to seek and tell, a character device is a terminal to C's isatty. */
export const STDIO_RIGHTS = all('FD_FDSTAT_SET_FLAGS', 'FD_FILESTAT_GET', 'POLL_FD_READWRITE');
