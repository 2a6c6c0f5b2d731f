import { FAULT, FS_ERRNOS, type Row } from './row.ts';
import type { WasiFunctionName } from './signatures.ts';

/** The errnos that every function with a path may return. */
export const PATH_ERRNOS = [
  'ESUCCESS',
  'EBADF',
  'EFAULT',
  'EILSEQ',
  'EINVAL',
  'ELOOP',
  'ENAMETOOLONG',
  'ENOTCAPABLE',
  'ENOTDIR',
  ...FS_ERRNOS,
] as const;

export const BAD_PATH =
  'not open: EBADF; not a folder: ENOTDIR; without the right: ENOTCAPABLE; empty: ENOENT; absolute, or leading out by .. or a link: EPERM; ' +
  'a NUL in it: EINVAL; not UTF-8: EILSEQ; over 4096 bytes or a name over 255: ENAMETOOLONG; over 40 links: ELOOP';

/** The functions on paths. */
export const pathRows: Readonly<Record<Extract<WasiFunctionName, `path_${string}`>, Row>> = {
  path_create_directory: {
    errnos: [...PATH_ERRNOS, 'EEXIST'],
    summary: 'makes a folder',
    onBadInput: `${BAD_PATH}; taken: EEXIST; ${FAULT}`,
  },
  path_filestat_get: {
    errnos: PATH_ERRNOS,
    summary: 'describes a file, folder or link',
    onBadInput: `${BAD_PATH}; an unknown flag: EINVAL; ${FAULT}`,
  },
  path_filestat_set_times: {
    errnos: PATH_ERRNOS,
    summary: 'sets times, which read back exactly',
    onBadInput: `${BAD_PATH}; an unknown flag, or given and now for the same time: EINVAL, nothing set; ${FAULT}`,
  },
  path_link: {
    errnos: [...PATH_ERRNOS, 'EEXIST', 'EMLINK', 'EXDEV'],
    summary: 'gives a file or symbolic link a second name',
    onBadInput: `${BAD_PATH}; a folder: EPERM; taken: EEXIST; another file system: EXDEV; ${FAULT}`,
  },
  path_open: {
    errnos: [...PATH_ERRNOS, 'EEXIST', 'EISDIR', 'ETXTBSY'],
    summary:
      'opens a file or folder, with the rights asked for, except those that do not apply to it and those that the program dropped by fd_fdstat_set_rights of a folder above. /dev/null and /dev/zero of a host, and nullFile and zeroFile in memory, are served without the host, for writing on a read-only mount too',
    onBadInput: `${BAD_PATH}; an unknown flag, or create and directory: EINVAL; a folder with FD_WRITE, create or truncate: EISDIR; truncate without PATH_FILESTAT_SET_SIZE, or both FD_WRITE and FD_FILESTAT_SET_SIZE of the new descriptor: ENOTCAPABLE; a link that is not followed: ELOOP; any other device, a pipe or a socket: ENOTSUP, without opening it; 1024 descriptors are open: EMFILE; ${FAULT}`,
  },
  path_readlink: {
    errnos: PATH_ERRNOS,
    summary: 'reads a symbolic link',
    onBadInput: `${BAD_PATH}; not a link: EINVAL; ${FAULT}`,
  },
  path_remove_directory: {
    errnos: [...PATH_ERRNOS, 'ENOTEMPTY'],
    summary: 'removes an empty folder',
    onBadInput: `${BAD_PATH}; not empty: ENOTEMPTY; not a folder: ENOTDIR; named by . or ..: EINVAL; ${FAULT}`,
  },
  path_rename: {
    errnos: [...PATH_ERRNOS, 'EEXIST', 'EISDIR', 'ENOTEMPTY', 'EXDEV'],
    summary: 'renames; a file replaces a file, a folder an empty folder',
    onBadInput: `${BAD_PATH}; a folder into itself: EINVAL; a file onto a folder: EISDIR; a folder onto a file: ENOTDIR; named by . or ..: EBUSY; another file system: EXDEV; ${FAULT}`,
  },
  path_symlink: {
    errnos: [...PATH_ERRNOS, 'EEXIST'],
    summary: 'makes a symbolic link; a target that leads out can be stored, but is never followed',
    onBadInput: `${BAD_PATH}; an empty target: ENOENT; an absolute one: EPERM; taken: EEXIST; ${FAULT}`,
  },
  path_unlink_file: {
    errnos: [...PATH_ERRNOS, 'EISDIR'],
    summary: 'removes a file or link',
    onBadInput: `${BAD_PATH}; a folder: EISDIR; ${FAULT}`,
  },
};
