import {
  ClockId,
  Errno,
  Eventtype,
  errnoName,
  errnoTable,
  Fdflags,
  Filetype,
  Fstflags,
  Lookupflags,
  Oflags,
  Rights,
  Signal,
  Subclockflags,
  WasiExit,
  type WasiFunction,
  Whence,
  wasiFunctions,
} from '../../wasi/index.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { Guest } from './guest.ts';

const zeroArguments = (row: WasiFunction) => row.params.map(([, type]) => (type === 'i64' ? 0n : 0));

/**
 * i = i32, I = i64. Copied from the extern block of the `wasi` crate 0.11.0, because a wrong type is not noticed at link time:
 * a JavaScript function links to an import of any type.
 */
const signatures: Readonly<Record<string, string>> = {
  args_get: 'ii',
  args_sizes_get: 'ii',
  clock_res_get: 'ii',
  clock_time_get: 'iIi',
  environ_get: 'ii',
  environ_sizes_get: 'ii',
  fd_advise: 'iIIi',
  fd_allocate: 'iII',
  fd_close: 'i',
  fd_datasync: 'i',
  fd_fdstat_get: 'ii',
  fd_fdstat_set_flags: 'ii',
  fd_fdstat_set_rights: 'iII',
  fd_filestat_get: 'ii',
  fd_filestat_set_size: 'iI',
  fd_filestat_set_times: 'iIIi',
  fd_pread: 'iiiIi',
  fd_prestat_dir_name: 'iii',
  fd_prestat_get: 'ii',
  fd_pwrite: 'iiiIi',
  fd_read: 'iiii',
  fd_readdir: 'iiiIi',
  fd_renumber: 'ii',
  fd_seek: 'iIii',
  fd_sync: 'i',
  fd_tell: 'ii',
  fd_write: 'iiii',
  path_create_directory: 'iii',
  path_filestat_get: 'iiiii',
  path_filestat_set_times: 'iiiiIIi',
  path_link: 'iiiiiii',
  path_open: 'iiiiiIIii',
  path_readlink: 'iiiiii',
  path_remove_directory: 'iii',
  path_rename: 'iiiiii',
  path_symlink: 'iiiii',
  path_unlink_file: 'iii',
  poll_oneoff: 'iiii',
  proc_exit: 'i',
  proc_raise: 'i',
  random_get: 'ii',
  sched_yield: '',
  sock_accept: 'iii',
  sock_recv: 'iiiiii',
  sock_send: 'iiiii',
  sock_shutdown: 'ii',
};

/** The names of the specification, in its order. Some of them have no constant here. */
const NUMBERS: readonly { type: string; values: object; names: string; isBits?: true }[] = [
  { type: 'clockid', values: ClockId, names: 'REALTIME MONOTONIC PROCESS_CPUTIME THREAD_CPUTIME' },
  {
    type: 'filetype',
    values: Filetype,
    names:
      'UNKNOWN BLOCK_DEVICE CHARACTER_DEVICE DIRECTORY REGULAR_FILE SOCKET_DGRAM SOCKET_STREAM SYMBOLIC_LINK',
  },
  { type: 'fdflags', values: Fdflags, names: 'APPEND DSYNC NONBLOCK RSYNC SYNC', isBits: true },
  { type: 'oflags', values: Oflags, names: 'CREAT DIRECTORY EXCL TRUNC', isBits: true },
  { type: 'lookupflags', values: Lookupflags, names: 'SYMLINK_FOLLOW', isBits: true },
  { type: 'fstflags', values: Fstflags, names: 'ATIM ATIM_NOW MTIM MTIM_NOW', isBits: true },
  {
    type: 'signal',
    values: Signal,
    names:
      'NONE HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM CHLD CONT STOP TSTP TTIN TTOU URG XCPU ' +
      'XFSZ VTALRM PROF WINCH POLL PWR SYS',
  },
  { type: 'whence', values: Whence, names: 'SET CUR END' },
  { type: 'eventtype', values: Eventtype, names: 'CLOCK FD_READ FD_WRITE' },
  { type: 'subclockflags', values: Subclockflags, names: 'ABSTIME', isBits: true },
];

suite('wasi/spec', test => {
  test('the table has all 46 functions once, and the import object has exactly them', () => {
    const names = wasiFunctions.map(row => row.name);
    is(new Set(names).size, 46);
    is(names.length, 46);
    const imports: WebAssembly.ModuleImports = new Guest().wasi.imports;
    equal(Object.keys(imports).sort(), [...names].sort());
  });

  for (const row of wasiFunctions) {
    test.row(`wasi.${row.name}`, 'is implemented, and returns an errno of its row for arguments of 0', () => {
      const guest = new Guest();
      let answer: number | undefined;
      try {
        answer = guest.call(row.name, ...zeroArguments(row));
      } catch (thrown) {
        ok(row.name === 'proc_exit' && thrown instanceof WasiExit, String(thrown));
        return;
      }
      ok(
        row.errnos.some(name => Errno[name] === answer),
        `${row.name} answered ${errnoName(answer)}`,
      );
    });
  }

  test('the wasm types of all parameters are those of the wasi crate', () => {
    for (const { name, params } of wasiFunctions)
      is(params.map(([, type]) => (type === 'i64' ? 'I' : 'i')).join(''), signatures[name], name);
  });

  test('every row is complete', () => {
    for (const row of wasiFunctions) {
      const { protocol, hash } = new URL(row.spec);
      is(`${protocol}${hash}`, `https:#${row.name}`);
      is(row.results.length, row.name === 'proc_exit' ? 0 : 1, row.name);
      ok(row.summary && row.onBadInput, row.name);
      is(new Set(row.params.map(([name]) => name)).size, row.params.length, row.name);
      for (const name of row.errnos) ok(name in Errno, `${row.name}: ${name}`);
      is(new Set(row.errnos).size, row.errnos.length, row.name);
    }
  });

  test('errno values are their places in the specification', () => {
    is(errnoTable.length, 77);
    for (const [index, { value, name }] of errnoTable.entries()) {
      is(value, index, name);
      is(Errno[name], index);
      is(errnoName(index), name);
    }
    is(new Set(errnoTable.map(({ name }) => name)).size, 77);
    // A missing row would shift all later rows, so some values of wasi-libc are checked.
    for (const [name, value] of [
      ['E2BIG', 1],
      ['EBADF', 8],
      ['EFAULT', 21],
      ['EINVAL', 28],
      ['EIO', 29],
      ['ENOSYS', 52],
      ['ENOTSUP', 58],
      ['ESPIPE', 70],
      ['ENOTCAPABLE', 76],
    ] as const)
      is(Errno[name], value, name);
    is(errnoName(999), 'errno 999');
  });

  for (const { type, values, names, isBits } of NUMBERS)
    test(`${type}: each name has its place in the specification`, () => {
      for (const [name, value] of Object.entries(values)) {
        const place = names.split(' ').indexOf(name);
        is(value, isBits ? 1 << place : place, name);
      }
    });

  test('rights are bits in the order of the specification', () => {
    is(Object.keys(Rights).length, 30);
    is(Rights.FD_READ, 2n);
    is(Rights.FD_WRITE, 64n);
    is(Rights.PATH_OPEN, 0x2000n);
    is(Rights.POLL_FD_READWRITE, 0x800_0000n);
    is(Rights.SOCK_ACCEPT, 0x2000_0000n);
  });
});
