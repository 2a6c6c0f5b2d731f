import type { ErrnoName } from './constants.ts';
import { FAULT, type Row } from './row.ts';
import { fdRows } from './rows-fd.ts';
import { pathRows } from './rows-path.ts';
import { type WasiFunctionName, type WasiSignature, wasiSignatures } from './signatures.ts';

/** One function of `wasi_snapshot_preview1`, as data: the tests and the documentation read it. */
export interface WasiFunction extends WasiSignature, Row {
  /** The address of the function in the specification. */
  readonly spec: string;
}

/** The last text of preview 1, at a fixed commit. Its anchors are the names of the functions. */
const SPECIFICATION =
  'https://github.com/WebAssembly/WASI/blob/d6962d161b928ddff126ac3cb1464860cf0732e6/legacy/preview1/docs.md';

const NO_SOCKET = 'not open: EBADF; anything else: ENOTSOCK, since no descriptor is a socket';
const SOCKET_ERRNOS: readonly ErrnoName[] = ['EBADF', 'ENOTSOCK'];

const rows: Readonly<Record<WasiFunctionName, Row>> = {
  args_get: {
    errnos: ['ESUCCESS', 'EFAULT'],
    summary: 'copies the arguments',
    onBadInput: FAULT,
  },
  args_sizes_get: {
    errnos: ['ESUCCESS', 'EFAULT'],
    summary: 'returns the sizes that args_get needs',
    onBadInput: FAULT,
  },
  clock_res_get: {
    errnos: ['ESUCCESS', 'EFAULT', 'EINVAL', 'EIO'],
    summary: 'smallest step of a clock',
    onBadInput: `another clock (CPU time too): EINVAL; ${FAULT}`,
  },
  clock_time_get: {
    errnos: ['ESUCCESS', 'EFAULT', 'EINVAL', 'EIO'],
    summary: 'reads a clock',
    onBadInput: `another clock (CPU time too): EINVAL; ${FAULT}`,
  },
  environ_get: {
    errnos: ['ESUCCESS', 'EFAULT'],
    summary: 'copies the environment variables',
    onBadInput: FAULT,
  },
  environ_sizes_get: {
    errnos: ['ESUCCESS', 'EFAULT'],
    summary: 'returns the sizes that environ_get needs',
    onBadInput: FAULT,
  },
  poll_oneoff: {
    errnos: ['ESUCCESS', 'EFAULT', 'EINVAL', 'EIO', 'ENOTSUP'],
    summary: 'waits until a time has come or a descriptor is ready; stdio is always ready',
    onBadInput: `no subscription, too many, or an unknown event type: EINVAL; a wait where the thread may not block: ENOTSUP with a diagnostic; an unknown clock or flag: an event with EINVAL; a descriptor not open for it: an event with EBADF; ${FAULT}`,
  },
  proc_exit: {
    errnos: [],
    summary: 'ends the program: throws through its frames',
    onBadInput: 'every code is accepted',
  },
  random_get: {
    errnos: ['ESUCCESS', 'EFAULT', 'EIO'],
    summary: 'fills with random bytes',
    onBadInput: FAULT,
  },
  sched_yield: {
    errnos: ['ESUCCESS'],
    summary: 'does nothing: there is no other thread of the program to run',
    onBadInput: 'impossible, because there are no parameters',
  },
  proc_raise: {
    errnos: ['ESUCCESS', 'EINVAL', 'ENOTSUP'],
    summary:
      'has the effect of the signal on a program without signal handlers: none, or the program ends with exit code 128 plus the signal number',
    onBadInput: 'an unknown signal: EINVAL; a signal that would stop the program (18 to 21): ENOTSUP',
  },
  sock_accept: {
    errnos: SOCKET_ERRNOS,
    summary: 'would accept a connection',
    onBadInput: NO_SOCKET,
  },
  sock_recv: {
    errnos: SOCKET_ERRNOS,
    summary: 'would receive from a socket',
    onBadInput: NO_SOCKET,
  },
  sock_send: {
    errnos: SOCKET_ERRNOS,
    summary: 'would send to a socket',
    onBadInput: NO_SOCKET,
  },
  sock_shutdown: {
    errnos: SOCKET_ERRNOS,
    summary: 'would end receiving or sending',
    onBadInput: NO_SOCKET,
  },
  ...fdRows,
  ...pathRows,
};

/** All 46 functions, sorted by name. */
export const wasiFunctions: readonly WasiFunction[] = wasiSignatures.map(signature => ({
  ...signature,
  ...rows[signature.name],
  spec: `${SPECIFICATION}#${signature.name}`,
}));
