import { FAULT, FS_ERRNOS, type Row } from './row.ts';
import type { WasiFunctionName } from './signatures.ts';

export const BAD_FD = 'not open, or without the right: EBADF';
export const SHORT = 'at most 1024 pieces and 16 MiB at once';
export const TOO_FAR = 'an end beyond 2^44 - 4096, the largest file: EFBIG, nothing written';
export const NEGATIVE = 'an offset of 2^63 or more: EINVAL';
export const BAD_PIECE = 'the list or a piece outside the memory: EFAULT, nothing moved';

/** The functions on descriptors. */
export const fdRows: Readonly<Record<Extract<WasiFunctionName, `fd_${string}`>, Row>> = {
  fd_advise: {
    errnos: ['ESUCCESS', 'EBADF', 'EINVAL', 'ESPIPE'],
    summary: 'accepts advice about the use of a range, and has no effect',
    onBadInput: `${BAD_FD}; another advice: EINVAL; stdio: ESPIPE`,
  },
  fd_allocate: {
    errnos: ['ESUCCESS', 'EBADF', 'EFBIG', 'EINVAL', 'ESPIPE', ...FS_ERRNOS],
    summary:
      'extends the file by zeros if it ends before the range; in memory the range counts against the quota at once, in folders of the host it may stay a hole',
    onBadInput: `${BAD_FD}; a length of 0, a device, or a file opened without FD_WRITE: EINVAL; ${TOO_FAR}; stdio: ESPIPE`,
  },
  fd_close: {
    errnos: ['ESUCCESS', 'EBADF', 'EIO'],
    summary: 'closes a descriptor; stdio and preopened folders too',
    onBadInput: 'not open: EBADF',
  },
  fd_datasync: {
    errnos: ['ESUCCESS', 'EBADF', ...FS_ERRNOS],
    summary: 'writes the data of the file to disk',
    onBadInput: BAD_FD,
  },
  fd_fdstat_get: {
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT'],
    summary: 'file type, flags and rights of a descriptor',
    onBadInput: `not open: EBADF; ${FAULT}`,
  },
  fd_fdstat_set_flags: {
    errnos: ['ESUCCESS', 'EBADF', 'EINVAL'],
    summary:
      'sets all flags; append and the sync flags count for files, nonblock changes nothing as nothing blocks',
    onBadInput: `${BAD_FD}; an unknown bit: EINVAL`,
  },
  fd_fdstat_set_rights: {
    errnos: ['ESUCCESS', 'EBADF', 'ENOTCAPABLE'],
    summary: 'drops rights of the descriptor',
    onBadInput: 'not open: EBADF; a right that the descriptor lacks: ENOTCAPABLE, nothing dropped',
  },
  fd_filestat_get: {
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', ...FS_ERRNOS],
    summary:
      'describes the open file or folder; for stdio, all fields except the file type and the link count are 0',
    onBadInput: `${BAD_FD}; ${FAULT}`,
  },
  fd_filestat_set_size: {
    errnos: ['ESUCCESS', 'EBADF', 'EFBIG', 'EINVAL', ...FS_ERRNOS],
    summary: 'cuts the file, or extends it by a hole, which reads as zeros and takes no room',
    onBadInput: `${BAD_FD}; a device, or a file opened without FD_WRITE: EINVAL; ${TOO_FAR}`,
  },
  fd_filestat_set_times: {
    errnos: ['ESUCCESS', 'EBADF', 'EINVAL', ...FS_ERRNOS],
    summary: 'sets times, which read back exactly',
    onBadInput: `${BAD_FD}; an unknown bit, or given and now for the same time: EINVAL, nothing set`,
  },
  fd_pread: {
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', 'EINVAL', 'ESPIPE', ...FS_ERRNOS],
    summary: `reads at an offset, 0 bytes beyond the end, and does not move the descriptor's offset; ${SHORT}`,
    onBadInput: `${BAD_FD}; stdio: ESPIPE; ${NEGATIVE}; ${BAD_PIECE}; ${FAULT}`,
  },
  fd_prestat_get: {
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT'],
    summary: 'describes a preopened folder',
    onBadInput: `not open or no preopen: EBADF (programs count upwards from 3 until then); ${FAULT}`,
  },
  fd_prestat_dir_name: {
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', 'ENAMETOOLONG'],
    summary: 'name of a preopened folder, without NUL',
    onBadInput: `not open or no preopen: EBADF; path_len too short: ENAMETOOLONG; ${FAULT}`,
  },
  fd_pwrite: {
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', 'EFBIG', 'EINVAL', 'ESPIPE', ...FS_ERRNOS],
    summary: `writes at an offset, even if the flag append is set, and does not move the descriptor's offset; ${SHORT}`,
    onBadInput: `${BAD_FD}; stdio: ESPIPE; ${NEGATIVE}; ${TOO_FAR}; ${BAD_PIECE}; ${FAULT}`,
  },
  fd_read: {
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', 'EINVAL', ...FS_ERRNOS],
    summary: `reads into the pieces in order; ${SHORT}`,
    onBadInput: `${BAD_FD}; ${BAD_PIECE}; ${FAULT}`,
  },
  fd_readdir: {
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', ...FS_ERRNOS],
    summary: 'lists a folder, . and .. first, as it was at the call with cookie 0',
    onBadInput: `${BAD_FD}; a cookie that was never given: the end; ${FAULT}`,
  },
  fd_renumber: {
    errnos: ['ESUCCESS', 'EBADF', 'EIO'],
    summary: 'moves a descriptor to another number, whose file is closed; stdio and preopened folders too',
    onBadInput: 'one of the two not open: EBADF',
  },
  fd_seek: {
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', 'EINVAL', 'ESPIPE', ...FS_ERRNOS],
    summary: 'moves the offset, beyond the end too; stdio has no offset',
    onBadInput: `${BAD_FD}; another whence, or an offset below 0 or beyond 2^53: EINVAL; stdio: ESPIPE; ${FAULT}`,
  },
  fd_sync: {
    errnos: ['ESUCCESS', 'EBADF', ...FS_ERRNOS],
    summary: 'writes data and metadata of the file to disk',
    onBadInput: BAD_FD,
  },
  fd_tell: {
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', 'ESPIPE'],
    summary: 'returns the offset; stdio has no offset',
    onBadInput: `${BAD_FD}; stdio: ESPIPE; ${FAULT}`,
  },
  fd_write: {
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', 'EFBIG', 'EINVAL', ...FS_ERRNOS],
    summary: `writes the pieces as one; ${SHORT}`,
    onBadInput: `${BAD_FD}; ${TOO_FAR}; ${BAD_PIECE}; ${FAULT}`,
  },
};
