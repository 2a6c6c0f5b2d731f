import { ATIM, FAULT, FD, FS_ERRNOS, FST_FLAGS, MTIM, type Row } from './spec-row.ts';

const LOOKUP = ['flags', 'i32', 'lookupflags: 1 = follow a link in the last place'] as const;
const PATH = ['path', 'i32', 'pointer to u8[path_len], UTF-8'] as const;
const PATH_LEN = ['path_len', 'i32', 'bytes'] as const;
const OLD_PATH_LEN = ['old_path_len', 'i32', 'bytes'] as const;
const NEW_FD = ['new_fd', 'i32', 'descriptor of the target folder'] as const;
const NEW_PATH = ['new_path', 'i32', 'pointer to u8[new_path_len], UTF-8'] as const;
const NEW_PATH_LEN = ['new_path_len', 'i32', 'bytes'] as const;

/** What every path may end in. */
const PATH_ERRNOS = [
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

const BAD_PATH =
  'not open: EBADF; no folder: ENOTDIR; without the right: ENOTCAPABLE; empty: ENOENT; absolute, or leading out by .. or a link: EPERM; ' +
  'a NUL in it: EINVAL; not UTF-8: EILSEQ; over 4096 bytes or a name over 255: ENAMETOOLONG; over 40 links: ELOOP';

/** The functions on paths. */
export const pathRows = {
  path_create_directory: {
    params: [FD, PATH, PATH_LEN],
    errnos: [...PATH_ERRNOS, 'EEXIST'],
    summary: 'makes a folder',
    onBadInput: `${BAD_PATH}; taken: EEXIST; ${FAULT}`,
  },
  path_filestat_get: {
    params: [FD, LOOKUP, PATH, PATH_LEN, ['filestat', 'i32', 'pointer to filestat (64 bytes), written']],
    errnos: PATH_ERRNOS,
    summary: 'describes a file, folder or link',
    onBadInput: `${BAD_PATH}; an unknown flag: EINVAL; ${FAULT}`,
  },
  path_filestat_set_times: {
    params: [FD, LOOKUP, PATH, PATH_LEN, ATIM, MTIM, FST_FLAGS],
    errnos: PATH_ERRNOS,
    summary: 'sets times, which read back exactly',
    onBadInput: `${BAD_PATH}; an unknown flag, or given and now for the same time: EINVAL, nothing set; ${FAULT}`,
  },
  path_link: {
    params: [
      ['old_fd', 'i32', 'descriptor of the source folder'],
      ['old_flags', 'i32', 'lookupflags: 1 = follow a link in the last place'],
      ['old_path', 'i32', 'pointer to u8[old_path_len], UTF-8'],
      OLD_PATH_LEN,
      NEW_FD,
      NEW_PATH,
      NEW_PATH_LEN,
    ],
    errnos: [...PATH_ERRNOS, 'EEXIST', 'EMLINK', 'EXDEV'],
    summary: 'gives a file or symbolic link a second name',
    onBadInput: `${BAD_PATH}; a folder: EPERM; taken: EEXIST; another file system: EXDEV; ${FAULT}`,
  },
  path_open: {
    params: [
      FD,
      ['dirflags', 'i32', 'lookupflags: 1 = follow a link in the last place'],
      PATH,
      PATH_LEN,
      ['oflags', 'i32', 'oflags: 1 create, 2 directory, 4 exclusive, 8 truncate'],
      ['fs_rights_base', 'i64', 'rights of the new descriptor'],
      ['fs_rights_inheriting', 'i64', 'rights of what is opened through it'],
      ['fdflags', 'i32', 'fdflags: 1 append, 2 dsync, 4 nonblock, 8 rsync, 16 sync'],
      ['opened_fd', 'i32', 'pointer to u32, written: the new descriptor'],
    ],
    errnos: [...PATH_ERRNOS, 'EEXIST', 'EISDIR', 'ETXTBSY'],
    summary:
      'opens a file or folder, with those of the rights asked for that the folder passes on and that apply to what is opened',
    onBadInput: `${BAD_PATH}; an unknown flag, or create and directory: EINVAL; a folder with FD_WRITE, create or truncate: EISDIR; truncate without PATH_FILESTAT_SET_SIZE, or both FD_WRITE and FD_FILESTAT_SET_SIZE of the new descriptor: ENOTCAPABLE; a link that is not followed: ELOOP; 1024 descriptors are open: EMFILE; ${FAULT}`,
  },
  path_readlink: {
    params: [
      FD,
      PATH,
      PATH_LEN,
      ['buf', 'i32', 'pointer to u8[buf_len], written: the target without NUL, cut off where the room ends'],
      ['buf_len', 'i32', 'bytes'],
      ['bufused', 'i32', 'pointer to u32, written: bytes stored'],
    ],
    errnos: PATH_ERRNOS,
    summary: 'reads a symbolic link',
    onBadInput: `${BAD_PATH}; no link: EINVAL; ${FAULT}`,
  },
  path_remove_directory: {
    params: [FD, PATH, PATH_LEN],
    errnos: [...PATH_ERRNOS, 'ENOTEMPTY'],
    summary: 'removes an empty folder',
    onBadInput: `${BAD_PATH}; not empty: ENOTEMPTY; no folder: ENOTDIR; named by . or ..: EINVAL; ${FAULT}`,
  },
  path_rename: {
    params: [
      FD,
      ['old_path', 'i32', 'pointer to u8[old_path_len], UTF-8'],
      OLD_PATH_LEN,
      NEW_FD,
      NEW_PATH,
      NEW_PATH_LEN,
    ],
    errnos: [...PATH_ERRNOS, 'EEXIST', 'EISDIR', 'ENOTEMPTY', 'EXDEV'],
    summary: 'renames; a file replaces a file, a folder an empty folder',
    onBadInput: `${BAD_PATH}; a folder into itself: EINVAL; a file onto a folder: EISDIR; a folder onto a file: ENOTDIR; named by . or ..: EBUSY; another file system: EXDEV; ${FAULT}`,
  },
  path_symlink: {
    params: [
      ['old_path', 'i32', 'pointer to u8[old_path_len], UTF-8: the target, as it will be read back'],
      OLD_PATH_LEN,
      FD,
      NEW_PATH,
      NEW_PATH_LEN,
    ],
    errnos: [...PATH_ERRNOS, 'EEXIST'],
    summary: 'makes a symbolic link; a target that leads out can be stored, but is never followed',
    onBadInput: `${BAD_PATH}; an empty target: ENOENT; an absolute one: EPERM; taken: EEXIST; ${FAULT}`,
  },
  path_unlink_file: {
    params: [FD, PATH, PATH_LEN],
    errnos: [...PATH_ERRNOS, 'EISDIR'],
    summary: 'removes a file or link',
    onBadInput: `${BAD_PATH}; a folder: EISDIR; ${FAULT}`,
  },
} as const satisfies Record<string, Row>;
