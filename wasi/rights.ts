import { Rights } from './spec/constants.ts';

/** All rights of preview 1, as bits of a u64. */
const KNOWN_RIGHTS = Object.values(Rights).reduce((bits, right) => bits | right, 0n);

/** The rights as numbers. All bits fit, and engines compute with numbers many times as fast as with bigints. */
export const Right = Object.fromEntries(
  Object.entries(Rights).map(([name, right]) => [name, Number(right)]),
) as Readonly<Record<keyof typeof Rights, number>>;

/** Returns the bits of `rights`, a u64, that preview 1 defines. */
export const knownRights = (rights: bigint): number => Number(rights & KNOWN_RIGHTS);
export const hasUnknownRights = (rights: bigint): boolean => (rights & ~KNOWN_RIGHTS) !== 0n;

const all = (...names: readonly (keyof typeof Rights)[]) =>
  names.reduce((bits, name) => bits | Right[name], 0);

/** The rights that apply to an open file. RATIONALE: why-may-path_open-answer-fewer-rights-than-were-asked-for */
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
 * The rights that apply to an open folder. FD_READ is included although a folder cannot be read: programs open folders with
 * it. FD_SEEK and FD_WRITE are not included, so a program can open a folder again with the rights that the folder reports.
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

/** The rights that a preopened folder passes on to descriptors opened through it. */
export const INHERITING_RIGHTS = FILE_RIGHTS | DIRECTORY_RIGHTS;

/** Without FD_SEEK and FD_TELL: C's `isatty` takes a character device for a terminal if it lacks these rights. */
export const STDIO_RIGHTS = all('FD_FDSTAT_SET_FLAGS', 'FD_FILESTAT_GET', 'POLL_FD_READWRITE');
