/** The functions that exist, so that programs link, and answer ENOSYS. Joined into the table in spec.ts. */

const FD = ['fd', 'i32', 'descriptor'] as const;
const LOOKUP = ['flags', 'i32', 'lookupflags: 1 = follow symbolic links'] as const;
const PATH = ['path', 'i32', 'pointer to u8[path_len], UTF-8'] as const;
const PATH_LEN = ['path_len', 'i32', 'bytes'] as const;
const OLD_PATH = ['old_path', 'i32', 'pointer to u8[old_path_len], UTF-8'] as const;
const OLD_PATH_LEN = ['old_path_len', 'i32', 'bytes'] as const;
const NEW_FD = ['new_fd', 'i32', 'descriptor of the target directory'] as const;
const NEW_PATH = ['new_path', 'i32', 'pointer to u8[new_path_len], UTF-8'] as const;
const NEW_PATH_LEN = ['new_path_len', 'i32', 'bytes'] as const;
const BUF = ['buf', 'i32', 'pointer to u8[buf_len], written'] as const;
const BUF_LEN = ['buf_len', 'i32', 'bytes'] as const;
const BUFUSED = ['bufused', 'i32', 'pointer to u32, written: bytes stored'] as const;
const OFFSET = ['offset', 'i64', 'bytes from the start'] as const;
const IOVS_LEN = ['iovs_len', 'i32', 'number of iovecs'] as const;
const ATIM = ['atim', 'i64', 'access time in ns since 1970'] as const;
const MTIM = ['mtim', 'i64', 'modification time in ns since 1970'] as const;
const FST_FLAGS = ['fst_flags', 'i32', 'fstflags: which times to set'] as const;

export const missingRows = {
  fd_advise: {
    params: [FD, OFFSET, ['len', 'i64', 'bytes'], ['advice', 'i32', 'advice']],
    summary: 'says how a range of the file will be used',
  },
  fd_allocate: {
    params: [FD, OFFSET, ['len', 'i64', 'bytes']],
    summary: 'makes sure a range of the file has space',
  },
  fd_datasync: { params: [FD], summary: 'writes the data of the file to disk' },
  fd_fdstat_set_rights: {
    params: [FD, ['fs_rights_base', 'i64', 'rights'], ['fs_rights_inheriting', 'i64', 'rights']],
    summary: 'drops rights of the descriptor',
  },
  fd_filestat_set_size: {
    params: [FD, ['size', 'i64', 'bytes']],
    summary: 'cuts or extends the file',
  },
  fd_filestat_set_times: {
    params: [FD, ATIM, MTIM, FST_FLAGS],
    summary: 'sets the times of the open file',
  },
  fd_pread: {
    params: [
      FD,
      ['iovs', 'i32', 'pointer to iovec[iovs_len]'],
      IOVS_LEN,
      OFFSET,
      ['nread', 'i32', 'pointer to u32, written: bytes read'],
    ],
    summary: 'reads at an offset',
  },
  fd_pwrite: {
    params: [
      FD,
      ['iovs', 'i32', 'pointer to ciovec[iovs_len]'],
      IOVS_LEN,
      OFFSET,
      ['nwritten', 'i32', 'pointer to u32, written: bytes written'],
    ],
    summary: 'writes at an offset',
  },
  fd_readdir: {
    params: [FD, BUF, BUF_LEN, ['cookie', 'i64', 'where to go on, 0 = start'], BUFUSED],
    summary: 'lists the directory',
  },
  fd_sync: { params: [FD], summary: 'writes data and metadata of the file to disk' },
  path_create_directory: { params: [FD, PATH, PATH_LEN], summary: 'makes a directory' },
  path_filestat_get: {
    params: [FD, LOOKUP, PATH, PATH_LEN, ['filestat', 'i32', 'pointer to filestat (64 bytes), written']],
    summary: 'describes a file',
  },
  path_filestat_set_times: {
    params: [FD, LOOKUP, PATH, PATH_LEN, ATIM, MTIM, FST_FLAGS],
    summary: 'sets the times of a file',
  },
  path_link: {
    params: [
      ['old_fd', 'i32', 'descriptor of the source directory'],
      ['old_flags', 'i32', 'lookupflags: 1 = follow symbolic links'],
      OLD_PATH,
      OLD_PATH_LEN,
      NEW_FD,
      NEW_PATH,
      NEW_PATH_LEN,
    ],
    summary: 'makes a hard link',
  },
  path_open: {
    params: [
      FD,
      ['dirflags', 'i32', 'lookupflags: 1 = follow symbolic links'],
      PATH,
      PATH_LEN,
      ['oflags', 'i32', 'oflags: 1 create, 2 directory, 4 exclusive, 8 truncate'],
      ['fs_rights_base', 'i64', 'rights of the new descriptor'],
      ['fs_rights_inheriting', 'i64', 'rights of what is opened through it'],
      ['fdflags', 'i32', 'fdflags'],
      ['opened_fd', 'i32', 'pointer to u32, written: the new descriptor'],
    ],
    summary: 'opens a file or directory',
  },
  path_readlink: {
    params: [FD, PATH, PATH_LEN, BUF, BUF_LEN, BUFUSED],
    summary: 'reads a symbolic link',
  },
  path_remove_directory: { params: [FD, PATH, PATH_LEN], summary: 'removes an empty directory' },
  path_rename: {
    params: [FD, OLD_PATH, OLD_PATH_LEN, NEW_FD, NEW_PATH, NEW_PATH_LEN],
    summary: 'renames a file or directory',
  },
  path_symlink: {
    params: [OLD_PATH, OLD_PATH_LEN, FD, NEW_PATH, NEW_PATH_LEN],
    summary: 'makes a symbolic link',
  },
  path_unlink_file: { params: [FD, PATH, PATH_LEN], summary: 'removes a file' },
  proc_raise: {
    params: [['sig', 'i32', 'signal']],
    summary: 'sends a signal to the program itself',
  },
  sock_accept: {
    params: [
      FD,
      ['flags', 'i32', 'fdflags of the new descriptor'],
      ['accepted_fd', 'i32', 'pointer to u32, written: the new descriptor'],
    ],
    summary: 'accepts a connection',
  },
  sock_recv: {
    params: [
      FD,
      ['ri_data', 'i32', 'pointer to iovec[ri_data_len]'],
      ['ri_data_len', 'i32', 'number of iovecs'],
      ['ri_flags', 'i32', 'riflags'],
      ['ro_datalen', 'i32', 'pointer to u32, written: bytes received'],
      ['ro_flags', 'i32', 'pointer to u16, written: roflags'],
    ],
    summary: 'receives from a socket',
  },
  sock_send: {
    params: [
      FD,
      ['si_data', 'i32', 'pointer to ciovec[si_data_len]'],
      ['si_data_len', 'i32', 'number of iovecs'],
      ['si_flags', 'i32', 'siflags, 0'],
      ['so_datalen', 'i32', 'pointer to u32, written: bytes sent'],
    ],
    summary: 'sends to a socket',
  },
  sock_shutdown: {
    params: [FD, ['how', 'i32', 'sdflags: 1 = receiving, 2 = sending']],
    summary: 'ends receiving or sending',
  },
} as const;
