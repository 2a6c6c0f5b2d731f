import type { ErrnoName } from './constants.ts';
import { missingRows } from './spec-missing.ts';

/** Name, wasm type, meaning with unit. The meaning starts with "pointer" exactly if the parameter is an address. */
export type WasiParam = readonly [name: string, type: 'i32' | 'i64', meaning: string];

/** One function of `wasi_snapshot_preview1`, as data: the imports, the trace, the tests and the documentation read it. */
export interface WasiFunction {
  readonly name: WasiFunctionName;
  readonly params: readonly WasiParam[];
  /** The errno (u16 in an i32); none for `proc_exit`, which does not return. */
  readonly results: readonly ['i32'] | readonly [];
  /** All it may answer. EIO stands for an exception of the embedder's clock, random, source or sink. */
  readonly errnos: readonly ErrnoName[];
  readonly summary: string;
  readonly onBadInput: string;
  readonly spec: string;
  readonly status: 'implemented' | 'ENOSYS';
}

interface Row {
  readonly params: readonly WasiParam[];
  readonly errnos: readonly ErrnoName[];
  readonly summary: string;
  readonly onBadInput: string;
}

const FD = ['fd', 'i32', 'descriptor'] as const;
const CLOCK = ['id', 'i32', 'clockid: 0 realtime, 1 monotonic'] as const;
const IOVS_LEN = ['iovs_len', 'i32', 'number of iovecs'] as const;
const FAULT = 'a pointer outside the memory: EFAULT, nothing written';

const implementedRows = {
  args_get: {
    params: [
      ['argv', 'i32', 'pointer to u32[argc], written: where each argument starts'],
      ['argv_buf', 'i32', 'pointer to the arguments, written: UTF-8, each ended by NUL'],
    ],
    errnos: ['ESUCCESS', 'EFAULT'],
    summary: 'copies the arguments',
    onBadInput: FAULT,
  },
  args_sizes_get: {
    params: [
      ['argc', 'i32', 'pointer to u32, written: number of arguments'],
      ['argv_buf_size', 'i32', 'pointer to u32, written: bytes of all arguments with their NULs'],
    ],
    errnos: ['ESUCCESS', 'EFAULT'],
    summary: 'says how much room args_get needs',
    onBadInput: FAULT,
  },
  environ_get: {
    params: [
      ['environ', 'i32', 'pointer to u32[count], written: where each variable starts'],
      ['environ_buf', 'i32', 'pointer to the variables, written: NAME=value in UTF-8, each ended by NUL'],
    ],
    errnos: ['ESUCCESS', 'EFAULT'],
    summary: 'copies the environment variables',
    onBadInput: FAULT,
  },
  environ_sizes_get: {
    params: [
      ['environ_count', 'i32', 'pointer to u32, written: number of variables'],
      ['environ_buf_size', 'i32', 'pointer to u32, written: bytes of all variables with their NULs'],
    ],
    errnos: ['ESUCCESS', 'EFAULT'],
    summary: 'says how much room environ_get needs',
    onBadInput: FAULT,
  },
  clock_res_get: {
    params: [CLOCK, ['resolution', 'i32', 'pointer to u64, written: ns']],
    errnos: ['ESUCCESS', 'EFAULT', 'EINVAL', 'EIO'],
    summary: 'smallest step of a clock',
    onBadInput: `another clock (CPU time too): EINVAL; ${FAULT}`,
  },
  clock_time_get: {
    params: [
      CLOCK,
      ['precision', 'i64', 'ns the answer may lag; not used'],
      ['time', 'i32', 'pointer to u64, written: ns'],
    ],
    errnos: ['ESUCCESS', 'EFAULT', 'EINVAL', 'EIO'],
    summary: 'reads a clock',
    onBadInput: `another clock (CPU time too): EINVAL; ${FAULT}`,
  },
  fd_close: {
    params: [FD],
    errnos: ['ESUCCESS', 'EBADF'],
    summary: 'closes a descriptor; stdio too',
    onBadInput: 'not open: EBADF',
  },
  fd_fdstat_get: {
    params: [FD, ['stat', 'i32', 'pointer to fdstat (24 bytes), written']],
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT'],
    summary: 'file type, flags and rights of a descriptor',
    onBadInput: `not open: EBADF; ${FAULT}`,
  },
  fd_fdstat_set_flags: {
    params: [FD, ['flags', 'i32', 'fdflags: 1 append, 2 dsync, 4 nonblock, 8 rsync, 16 sync']],
    errnos: ['ESUCCESS', 'EBADF', 'EINVAL', 'ENOTSUP'],
    summary: 'sets append and nonblock, which stdio remembers and does not need',
    onBadInput: 'not open: EBADF; an unknown bit: EINVAL; a sync flag: ENOTSUP',
  },
  fd_filestat_get: {
    params: [FD, ['filestat', 'i32', 'pointer to filestat (64 bytes), written']],
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT'],
    summary: 'describes an open file; for stdio all but the file type and the link count is 0',
    onBadInput: `not open: EBADF; ${FAULT}`,
  },
  fd_prestat_get: {
    params: [FD, ['prestat', 'i32', 'pointer to prestat (8 bytes), written']],
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT'],
    summary: 'describes a preopened directory',
    onBadInput: `not open or no preopen: EBADF (programs count upwards from 3 until then); ${FAULT}`,
  },
  fd_prestat_dir_name: {
    params: [FD, ['path', 'i32', 'pointer to u8[path_len], written'], ['path_len', 'i32', 'bytes']],
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', 'ENAMETOOLONG'],
    summary: 'name of a preopened directory, without NUL',
    onBadInput: `not open or no preopen: EBADF; path_len too short: ENAMETOOLONG; ${FAULT}`,
  },
  fd_read: {
    params: [
      FD,
      ['iovs', 'i32', 'pointer to iovec[iovs_len]'],
      IOVS_LEN,
      ['nread', 'i32', 'pointer to u32, written: bytes read, 0 at the end'],
    ],
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', 'EIO'],
    summary: 'reads into the pieces in order; at most 1024 pieces and 16 MiB at once',
    onBadInput: `not open for reading: EBADF; the list or a piece outside the memory: EFAULT, nothing read; ${FAULT}`,
  },
  fd_renumber: {
    params: [FD, ['to', 'i32', 'descriptor to overwrite']],
    errnos: ['ESUCCESS', 'EBADF'],
    summary: 'moves a descriptor onto another, which is closed',
    onBadInput: 'either not open: EBADF',
  },
  fd_seek: {
    params: [
      FD,
      ['offset', 'i64', 'bytes to move, signed'],
      ['whence', 'i32', 'whence: 0 start, 1 here, 2 end'],
      ['newoffset', 'i32', 'pointer to u64, written: the new offset'],
    ],
    errnos: ['EBADF', 'EFAULT', 'EINVAL', 'ESPIPE'],
    summary: 'moves the offset; stdio has none',
    onBadInput: `not open: EBADF; another whence: EINVAL; stdio: ESPIPE; ${FAULT}`,
  },
  fd_tell: {
    params: [FD, ['offset', 'i32', 'pointer to u64, written: the offset']],
    errnos: ['EBADF', 'EFAULT', 'ESPIPE'],
    summary: 'tells the offset; stdio has none',
    onBadInput: `not open: EBADF; stdio: ESPIPE; ${FAULT}`,
  },
  fd_write: {
    params: [
      FD,
      ['iovs', 'i32', 'pointer to ciovec[iovs_len]'],
      IOVS_LEN,
      ['nwritten', 'i32', 'pointer to u32, written: bytes written'],
    ],
    errnos: ['ESUCCESS', 'EBADF', 'EFAULT', 'EIO'],
    summary: 'writes the pieces as one; at most 1024 pieces and 16 MiB at once',
    onBadInput: `not open for writing: EBADF; the list or a piece outside the memory: EFAULT, nothing written; ${FAULT}`,
  },
  poll_oneoff: {
    params: [
      ['in', 'i32', 'pointer to subscription[nsubscriptions] (48 bytes each)'],
      ['out', 'i32', 'pointer to event[nsubscriptions] (32 bytes each), written'],
      ['nsubscriptions', 'i32', 'number of subscriptions, 1 to 65536'],
      ['nevents', 'i32', 'pointer to u32, written: number of events'],
    ],
    errnos: ['ESUCCESS', 'EFAULT', 'EINVAL', 'EIO', 'ENOTSUP'],
    summary: 'waits until a time has come or a descriptor is ready; stdio always is',
    onBadInput: `none, too many or an unknown event type: EINVAL; a wait where the thread may not block: ENOTSUP with a diagnostic; an unknown clock or flag: an event with EINVAL; a descriptor not open for it: an event with EBADF; ${FAULT}`,
  },
  proc_exit: {
    params: [['rval', 'i32', 'exit code, u32, 0 = success']],
    errnos: [],
    summary: 'ends the program: throws through its frames',
    onBadInput: 'every code is taken as it comes',
  },
  random_get: {
    params: [
      ['buf', 'i32', 'pointer to u8[buf_len], written'],
      ['buf_len', 'i32', 'bytes'],
    ],
    errnos: ['ESUCCESS', 'EFAULT', 'EIO'],
    summary: 'fills with random bytes',
    onBadInput: FAULT,
  },
  sched_yield: {
    params: [],
    errnos: ['ESUCCESS'],
    summary: 'does nothing: there is no other thread of the program to run',
    onBadInput: 'takes nothing',
  },
} as const satisfies Record<string, Row>;

type Implemented = typeof implementedRows;
type Missing = typeof missingRows;
export type ImplementedName = keyof Implemented;
export type WasiFunctionName = ImplementedName | keyof Missing;

type JsTypes<P> = {
  -readonly [I in keyof P]: P[I] extends readonly [string, 'i64', string] ? bigint : number;
};

/** The JavaScript side of the rows: u32 as `number`, u64 as `bigint`, both unsigned; answers the errno. */
export type Functions<Name extends ImplementedName> = {
  readonly [N in Name]: (...args: JsTypes<Implemented[N]['params']>) => number;
};

function rows(table: Readonly<Record<string, Row>>, status: WasiFunction['status']): WasiFunction[] {
  return Object.entries(table).map(([name, row]) => ({
    name: name as WasiFunctionName,
    params: row.params,
    results: name === 'proc_exit' ? [] : ['i32'],
    errnos: row.errnos,
    summary: row.summary,
    onBadInput: row.onBadInput,
    spec: `wasi_snapshot_preview1 #${name}`,
    status,
  }));
}

const missing = Object.fromEntries(
  Object.entries(missingRows).map(([name, row]): [string, Row] => [
    name,
    { ...row, errnos: ['ENOSYS'], onBadInput: 'whatever comes: ENOSYS' },
  ]),
);

/** All 46 functions, sorted by name. */
export const wasiFunctions: readonly WasiFunction[] = [
  ...rows(implementedRows, 'implemented'),
  ...rows(missing, 'ENOSYS'),
].sort((a, b) => (a.name < b.name ? -1 : 1));

/** The module name programs import from. */
export const WASI_MODULE = 'wasi_snapshot_preview1';

export const isPointer = ([, , meaning]: WasiParam): boolean => meaning.startsWith('pointer');
