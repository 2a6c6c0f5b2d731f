import { ATIM, BAD_FD, FAULT, FD, FS_ERRNOS, FST_FLAGS, IOVS_LEN, MTIM, type Row } from './spec-row.ts';

const OFFSET = ['offset', 'i64', 'bytes from the start'] as const;
const NREAD = ['nread', 'i32', 'pointer to u32, written: bytes read, 0 at the end'] as const;
const NWRITTEN = ['nwritten', 'i32', 'pointer to u32, written: bytes written'] as const;
const IOVS = ['iovs', 'i32', 'pointer to iovec[iovs_len]'] as const;
const CIOVS = ['iovs', 'i32', 'pointer to ciovec[iovs_len]'] as const;
const SHORT = 'at most 1024 pieces and 16 MiB at once';
const BAD_PIECE = 'the list or a piece outside the memory: EFAULT, nothing moved';

/** The functions on descriptors. */
export const fdRows = {
  fd_advise: {
    params: [FD, OFFSET, ['len', 'i64', 'bytes'], ['advice', 'i32', 'advice: 0 normal to 5 noreuse']],
    errnos: ['ESUCCESS', 'EBADF', 'EINVAL', 'ESPIPE'],
    summary: 'takes notice of how a range of the file will be used, and does nothing about it',
    onBadInput: `${BAD_FD}; another advice: EINVAL; stdio: ESPIPE`,
  },
  fd_allocate: {
    params: [FD, OFFSET, ['len', 'i64', 'bytes, at least 1']],
    errnos: ['ESUCCESS', 'EBADF', 'EFBIG', 'EINVAL', 'ESPIPE', ...FS_ERRNOS],
    summary: 'extends the file by zeros if it ends before the range',
    onBadInput: `${BAD_FD}; a length of 0, or a file opened without FD_WRITE: EINVAL; an end beyond 2^53: EFBIG; stdio: ESPIPE`,
  },
  fd_close: {
    params: [FD],
    errnos: ['ESUCCESS', 'EBADF', 'EIO'],
    summary: 'closes a descriptor; stdio and preopened folders too',
    onBadInput: 'not open: EBADF',
  },
  fd_datasync: {
    params: [FD],
    errnos: ['ESUCCESS', 'EBADF', ...FS_ERRNOS],
    summary: 'writes the data of the file to disk',
    onBadInput: BAD_FD,
  },
  fd_fdstat_get: {
    params: [FD, ['stat', 'i32', 'pointer to fdstat (24 bytes), written']],
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT'],
    summary: 'file type, flags and rights of a descriptor',
    onBadInput: `not open: EBADF; ${FAULT}`,
  },
  fd_fdstat_set_flags: {
    params: [FD, ['flags', 'i32', 'fdflags: 1 append, 2 dsync, 4 nonblock, 8 rsync, 16 sync']],
    errnos: ['ESUCCESS', 'EBADF', 'EINVAL'],
    summary:
      'sets all flags; append and the sync flags count for files, nonblock changes nothing as nothing blocks',
    onBadInput: `${BAD_FD}; an unknown bit: EINVAL`,
  },
  fd_fdstat_set_rights: {
    params: [
      FD,
      ['fs_rights_base', 'i64', 'rights to keep'],
      ['fs_rights_inheriting', 'i64', 'rights to keep for what is opened through it'],
    ],
    errnos: ['ESUCCESS', 'EBADF', 'ENOTCAPABLE'],
    summary: 'drops rights of the descriptor',
    onBadInput: 'not open: EBADF; a right that it has not: ENOTCAPABLE, nothing dropped',
  },
  fd_filestat_get: {
    params: [FD, ['filestat', 'i32', 'pointer to filestat (64 bytes), written']],
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', ...FS_ERRNOS],
    summary: 'describes what is open; for stdio all but the file type and the link count is 0',
    onBadInput: `${BAD_FD}; ${FAULT}`,
  },
  fd_filestat_set_size: {
    params: [FD, ['size', 'i64', 'bytes']],
    errnos: ['ESUCCESS', 'EBADF', 'EFBIG', 'EINVAL', ...FS_ERRNOS],
    summary: 'cuts the file, or extends it by zeros',
    onBadInput: `${BAD_FD}; a file opened without FD_WRITE: EINVAL; beyond 2^53: EFBIG`,
  },
  fd_filestat_set_times: {
    params: [FD, ATIM, MTIM, FST_FLAGS],
    errnos: ['ESUCCESS', 'EBADF', 'EINVAL', ...FS_ERRNOS],
    summary: 'sets times, which read back exactly',
    onBadInput: `${BAD_FD}; an unknown bit, or given and now for the same time: EINVAL, nothing set`,
  },
  fd_pread: {
    params: [FD, IOVS, IOVS_LEN, OFFSET, NREAD],
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', 'EINVAL', 'ESPIPE', ...FS_ERRNOS],
    summary: `reads at an offset and leaves the descriptor's own alone; ${SHORT}`,
    onBadInput: `${BAD_FD}; stdio: ESPIPE; an offset beyond 2^53: EINVAL; ${BAD_PIECE}; ${FAULT}`,
  },
  fd_prestat_get: {
    params: [FD, ['prestat', 'i32', 'pointer to prestat (8 bytes), written']],
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT'],
    summary: 'describes a preopened folder',
    onBadInput: `not open or no preopen: EBADF (programs count upwards from 3 until then); ${FAULT}`,
  },
  fd_prestat_dir_name: {
    params: [FD, ['path', 'i32', 'pointer to u8[path_len], written'], ['path_len', 'i32', 'bytes']],
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', 'ENAMETOOLONG'],
    summary: 'name of a preopened folder, without NUL',
    onBadInput: `not open or no preopen: EBADF; path_len too short: ENAMETOOLONG; ${FAULT}`,
  },
  fd_pwrite: {
    params: [FD, CIOVS, IOVS_LEN, OFFSET, NWRITTEN],
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', 'EFBIG', 'EINVAL', 'ESPIPE', ...FS_ERRNOS],
    summary: `writes at an offset, even if the flag append is set, and leaves the descriptor's own alone; ${SHORT}`,
    onBadInput: `${BAD_FD}; stdio: ESPIPE; an offset beyond 2^53: EINVAL; ${BAD_PIECE}; ${FAULT}`,
  },
  fd_read: {
    params: [FD, IOVS, IOVS_LEN, NREAD],
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', 'EINVAL', ...FS_ERRNOS],
    summary: `reads into the pieces in order; ${SHORT}`,
    onBadInput: `${BAD_FD}; ${BAD_PIECE}; ${FAULT}`,
  },
  fd_readdir: {
    params: [
      FD,
      ['buf', 'i32', 'pointer to u8[buf_len], written: dirents'],
      ['buf_len', 'i32', 'bytes'],
      ['cookie', 'i64', 'where to go on, 0 = start'],
      ['bufused', 'i32', 'pointer to u32, written: bytes stored, less than buf_len at the end'],
    ],
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', ...FS_ERRNOS],
    summary: 'lists a folder, . and .. first, as it was when cookie 0 was asked for',
    onBadInput: `${BAD_FD}; a cookie that was never given: the end; ${FAULT}`,
  },
  fd_renumber: {
    params: [FD, ['to', 'i32', 'descriptor to overwrite']],
    errnos: ['ESUCCESS', 'EBADF', 'EIO'],
    summary: 'moves a descriptor onto another, which is closed; stdio and preopened folders too',
    onBadInput: 'either not open: EBADF',
  },
  fd_seek: {
    params: [
      FD,
      ['offset', 'i64', 'bytes to move, signed'],
      ['whence', 'i32', 'whence: 0 start, 1 here, 2 end'],
      ['newoffset', 'i32', 'pointer to u64, written: the new offset'],
    ],
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', 'EINVAL', 'ESPIPE', ...FS_ERRNOS],
    summary: 'moves the offset, beyond the end too; stdio has none',
    onBadInput: `${BAD_FD}; another whence, or an offset below 0 or beyond 2^53: EINVAL; stdio: ESPIPE; ${FAULT}`,
  },
  fd_sync: {
    params: [FD],
    errnos: ['ESUCCESS', 'EBADF', ...FS_ERRNOS],
    summary: 'writes data and metadata of the file to disk',
    onBadInput: BAD_FD,
  },
  fd_tell: {
    params: [FD, ['offset', 'i32', 'pointer to u64, written: the offset']],
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', 'ESPIPE'],
    summary: 'tells the offset; stdio has none',
    onBadInput: `${BAD_FD}; stdio: ESPIPE; ${FAULT}`,
  },
  fd_write: {
    params: [FD, CIOVS, IOVS_LEN, NWRITTEN],
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', 'EFBIG', 'EINVAL', ...FS_ERRNOS],
    summary: `writes the pieces as one; ${SHORT}`,
    onBadInput: `${BAD_FD}; ${BAD_PIECE}; ${FAULT}`,
  },
} as const satisfies Record<string, Row>;
