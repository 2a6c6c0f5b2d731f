import type { ErrnoName } from './constants.ts';
import { fdRows } from './spec-fd.ts';
import { pathRows } from './spec-path.ts';
import { FAULT, FD, type Row, type WasiParam } from './spec-row.ts';

export type { WasiParam };

/** One function of `wasi_snapshot_preview1`, as data: the imports, the trace, the tests and the documentation read it. */
export interface WasiFunction extends Row {
  readonly name: WasiFunctionName;
  /** The errno (u16 in an i32); none for `proc_exit`, which does not return. */
  readonly results: readonly ['i32'] | readonly [];
  readonly spec: string;
  /** All are implemented; `ENOSYS` is what a function would answer that is not. */
  readonly status: 'implemented' | 'ENOSYS';
}

const CLOCK = ['id', 'i32', 'clockid: 0 realtime, 1 monotonic'] as const;
const NO_SOCKET = 'not open: EBADF; anything else: ENOTSOCK, since no descriptor is a socket';
const SOCKET_ERRNOS = ['EBADF', 'ENOTSOCK'] as const satisfies readonly ErrnoName[];

const rows = {
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
  proc_raise: {
    params: [['sig', 'i32', 'signal: 0 none to 30 sys']],
    errnos: ['ESUCCESS', 'EINVAL', 'ENOTSUP'],
    summary:
      'does what the signal does to a program that handles none: nothing, or it ends as by proc_exit with 128 and the signal',
    onBadInput: 'an unknown signal: EINVAL; one that stops the program (18 to 21): ENOTSUP',
  },
  sock_accept: {
    params: [
      FD,
      ['flags', 'i32', 'fdflags of the new descriptor'],
      ['accepted_fd', 'i32', 'pointer to u32, written: the new descriptor'],
    ],
    errnos: SOCKET_ERRNOS,
    summary: 'would accept a connection',
    onBadInput: NO_SOCKET,
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
    errnos: SOCKET_ERRNOS,
    summary: 'would receive from a socket',
    onBadInput: NO_SOCKET,
  },
  sock_send: {
    params: [
      FD,
      ['si_data', 'i32', 'pointer to ciovec[si_data_len]'],
      ['si_data_len', 'i32', 'number of iovecs'],
      ['si_flags', 'i32', 'siflags, 0'],
      ['so_datalen', 'i32', 'pointer to u32, written: bytes sent'],
    ],
    errnos: SOCKET_ERRNOS,
    summary: 'would send to a socket',
    onBadInput: NO_SOCKET,
  },
  sock_shutdown: {
    params: [FD, ['how', 'i32', 'sdflags: 1 = receiving, 2 = sending']],
    errnos: SOCKET_ERRNOS,
    summary: 'would end receiving or sending',
    onBadInput: NO_SOCKET,
  },
  ...fdRows,
  ...pathRows,
} as const satisfies Record<string, Row>;

type Rows = typeof rows;
export type WasiFunctionName = keyof Rows;

type JsTypes<P> = {
  -readonly [I in keyof P]: P[I] extends readonly [string, 'i64', string] ? bigint : number;
};

/** The JavaScript side of the rows: u32 as `number`, u64 as `bigint`, both unsigned; answers the errno. */
export type Functions<Name extends WasiFunctionName = WasiFunctionName> = {
  readonly [N in Name]: (...args: JsTypes<Rows[N]['params']>) => number;
};

/** All 46 functions, sorted by name. */
export const wasiFunctions: readonly WasiFunction[] = Object.entries<Row>(rows)
  .map(
    ([name, row]): WasiFunction => ({
      ...row,
      name: name as WasiFunctionName,
      results: name === 'proc_exit' ? [] : ['i32'],
      spec: `wasi_snapshot_preview1 #${name}`,
      status: 'implemented',
    }),
  )
  .sort((a, b) => (a.name < b.name ? -1 : 1));

/** The module name programs import from. */
export const WASI_MODULE = 'wasi_snapshot_preview1';

export const isPointer = ([, , meaning]: WasiParam): boolean => meaning.startsWith('pointer');
