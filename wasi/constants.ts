/**
 * The numbers of preview 1: error codes, clocks, file types, flags and rights.
 * Source: the preview 1 type names (typenames.witx), whose order gives the values.
 */

const errnoRows = [
  [0, 'ESUCCESS', 'no error'],
  [1, 'E2BIG', 'argument list too long'],
  [2, 'EACCES', 'permission denied'],
  [3, 'EADDRINUSE', 'address in use'],
  [4, 'EADDRNOTAVAIL', 'address not available'],
  [5, 'EAFNOSUPPORT', 'address family not supported'],
  [6, 'EAGAIN', 'would block'],
  [7, 'EALREADY', 'connection already in progress'],
  [8, 'EBADF', 'descriptor not open, or not open for this'],
  [9, 'EBADMSG', 'bad message'],
  [10, 'EBUSY', 'device or resource busy'],
  [11, 'ECANCELED', 'operation cancelled'],
  [12, 'ECHILD', 'no child processes'],
  [13, 'ECONNABORTED', 'connection aborted'],
  [14, 'ECONNREFUSED', 'connection refused'],
  [15, 'ECONNRESET', 'connection reset'],
  [16, 'EDEADLK', 'deadlock would occur'],
  [17, 'EDESTADDRREQ', 'destination address required'],
  [18, 'EDOM', 'argument outside the domain of the function'],
  [19, 'EDQUOT', 'reserved'],
  [20, 'EEXIST', 'file exists'],
  [21, 'EFAULT', 'pointer outside the memory'],
  [22, 'EFBIG', 'file too large'],
  [23, 'EHOSTUNREACH', 'host unreachable'],
  [24, 'EIDRM', 'identifier removed'],
  [25, 'EILSEQ', 'illegal byte sequence'],
  [26, 'EINPROGRESS', 'operation in progress'],
  [27, 'EINTR', 'interrupted'],
  [28, 'EINVAL', 'invalid argument'],
  [29, 'EIO', 'input or output failed'],
  [30, 'EISCONN', 'socket is connected'],
  [31, 'EISDIR', 'is a directory'],
  [32, 'ELOOP', 'too many levels of symbolic links'],
  [33, 'EMFILE', 'too many open descriptors'],
  [34, 'EMLINK', 'too many links'],
  [35, 'EMSGSIZE', 'message too large'],
  [36, 'EMULTIHOP', 'reserved'],
  [37, 'ENAMETOOLONG', 'name too long'],
  [38, 'ENETDOWN', 'network is down'],
  [39, 'ENETRESET', 'connection aborted by the network'],
  [40, 'ENETUNREACH', 'network unreachable'],
  [41, 'ENFILE', 'too many open files in the system'],
  [42, 'ENOBUFS', 'no buffer space'],
  [43, 'ENODEV', 'no such device'],
  [44, 'ENOENT', 'no such file or directory'],
  [45, 'ENOEXEC', 'executable file format error'],
  [46, 'ENOLCK', 'no locks available'],
  [47, 'ENOLINK', 'reserved'],
  [48, 'ENOMEM', 'not enough memory'],
  [49, 'ENOMSG', 'no message of the desired type'],
  [50, 'ENOPROTOOPT', 'protocol not available'],
  [51, 'ENOSPC', 'no space left'],
  [52, 'ENOSYS', 'function not implemented'],
  [53, 'ENOTCONN', 'socket is not connected'],
  [54, 'ENOTDIR', 'not a directory'],
  [55, 'ENOTEMPTY', 'directory not empty'],
  [56, 'ENOTRECOVERABLE', 'state not recoverable'],
  [57, 'ENOTSOCK', 'not a socket'],
  [58, 'ENOTSUP', 'not supported'],
  [59, 'ENOTTY', 'inappropriate control operation'],
  [60, 'ENXIO', 'no such device or address'],
  [61, 'EOVERFLOW', 'value too large'],
  [62, 'EOWNERDEAD', 'previous owner died'],
  [63, 'EPERM', 'operation not permitted'],
  [64, 'EPIPE', 'broken pipe'],
  [65, 'EPROTO', 'protocol error'],
  [66, 'EPROTONOSUPPORT', 'protocol not supported'],
  [67, 'EPROTOTYPE', 'wrong protocol type for the socket'],
  [68, 'ERANGE', 'result too large'],
  [69, 'EROFS', 'read-only file system'],
  [70, 'ESPIPE', 'not seekable'],
  [71, 'ESRCH', 'no such process'],
  [72, 'ESTALE', 'reserved'],
  [73, 'ETIMEDOUT', 'timed out'],
  [74, 'ETXTBSY', 'text file busy'],
  [75, 'EXDEV', 'link across devices'],
  [76, 'ENOTCAPABLE', 'the descriptor lacks the right'],
] as const;

export type ErrnoName = (typeof errnoRows)[number][1];

/** One error code (u16) as programs see it. */
export interface ErrnoRow {
  readonly value: number;
  readonly name: ErrnoName;
  readonly meaning: string;
}

export const errnoTable: readonly ErrnoRow[] = errnoRows.map(([value, name, meaning]) => ({
  value,
  name,
  meaning,
}));

/** Error code by name: `Errno.EBADF` is 8. */
export const Errno = Object.fromEntries(errnoRows.map(([value, name]) => [name, value])) as Readonly<
  Record<ErrnoName, number>
>;

/** `EBADF` for 8; `errno 999` for a number that is no error code. */
export const errnoName = (value: number): string => errnoTable[value]?.name ?? `errno ${value}`;

/** `clockid`, u32. The two CPU-time clocks exist in the specification and answer EINVAL here. */
export const ClockId = { REALTIME: 0, MONOTONIC: 1, PROCESS_CPUTIME: 2, THREAD_CPUTIME: 3 } as const;

/** `filetype`, u8. */
export const Filetype = {
  UNKNOWN: 0,
  BLOCK_DEVICE: 1,
  CHARACTER_DEVICE: 2,
  DIRECTORY: 3,
  REGULAR_FILE: 4,
  SOCKET_DGRAM: 5,
  SOCKET_STREAM: 6,
  SYMBOLIC_LINK: 7,
} as const;

/** `fdflags`, bits of a u16. */
export const Fdflags = { APPEND: 1, DSYNC: 2, NONBLOCK: 4, RSYNC: 8, SYNC: 16 } as const;

/** `oflags`, bits of a u16. */
export const Oflags = { CREAT: 1, DIRECTORY: 2, EXCL: 4, TRUNC: 8 } as const;

/** `lookupflags`, bits of a u32. */
export const Lookupflags = { SYMLINK_FOLLOW: 1 } as const;

/** `fstflags`, bits of a u16. */
export const Fstflags = { ATIM: 1, ATIM_NOW: 2, MTIM: 4, MTIM_NOW: 8 } as const;

/** `signal`, u8. */
export const Signal = {
  NONE: 0,
  ABRT: 6,
  KILL: 9,
  TERM: 15,
  CHLD: 16,
  CONT: 17,
  STOP: 18,
  TSTP: 19,
  TTIN: 20,
  TTOU: 21,
  URG: 22,
  WINCH: 27,
  SYS: 30,
} as const;

/** `whence`, u8. */
export const Whence = { SET: 0, CUR: 1, END: 2 } as const;

/** `eventtype`, u8, the tag of a subscription and of an event. */
export const Eventtype = { CLOCK: 0, FD_READ: 1, FD_WRITE: 2 } as const;

/** `subclockflags`, bits of a u16. */
export const Subclockflags = { ABSTIME: 1 } as const;

const rightNames = [
  'FD_DATASYNC',
  'FD_READ',
  'FD_SEEK',
  'FD_FDSTAT_SET_FLAGS',
  'FD_SYNC',
  'FD_TELL',
  'FD_WRITE',
  'FD_ADVISE',
  'FD_ALLOCATE',
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
  'FD_FILESTAT_SET_SIZE',
  'FD_FILESTAT_SET_TIMES',
  'PATH_SYMLINK',
  'PATH_REMOVE_DIRECTORY',
  'PATH_UNLINK_FILE',
  'POLL_FD_READWRITE',
  'SOCK_SHUTDOWN',
  'SOCK_ACCEPT',
] as const;

/** `rights`, bits of a u64. */
export const Rights = Object.fromEntries(
  rightNames.map((name, bit) => [name, 1n << BigInt(bit)]),
) as Readonly<Record<(typeof rightNames)[number], bigint>>;
