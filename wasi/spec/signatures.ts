/**
 * The 46 functions of preview 1 with their parameters. Their results are documented in spec.ts, which is not loaded at run
 * time.
 */

/** The module name programs import from. */
export const WASI_MODULE = 'wasi_snapshot_preview1';

/** Name, wasm type, meaning with unit. The meaning starts with "pointer" exactly if the parameter is an address. */
export type WasiParam = readonly [name: string, type: 'i32' | 'i64', meaning: string];

const FD = ['fd', 'i32', 'descriptor'] as const;
const CLOCK = ['id', 'i32', 'clockid: 0 realtime, 1 monotonic'] as const;
const IOVS = ['iovs', 'i32', 'pointer to iovec[iovs_len]'] as const;
const CIOVS = ['iovs', 'i32', 'pointer to ciovec[iovs_len]'] as const;
const IOVS_LEN = ['iovs_len', 'i32', 'number of iovecs'] as const;
const NREAD = ['nread', 'i32', 'pointer to u32, written: bytes read, 0 at the end'] as const;
const NWRITTEN = ['nwritten', 'i32', 'pointer to u32, written: bytes written'] as const;
const OFFSET = ['offset', 'i64', 'bytes from the start'] as const;
const ATIM = ['atim', 'i64', 'access time in ns since 1970'] as const;
const MTIM = ['mtim', 'i64', 'modification time in ns since 1970'] as const;
const FST_FLAGS = [
  'fst_flags',
  'i32',
  'fstflags: 1 set atim, 2 set it to now, 4 set mtim, 8 set it to now',
] as const;
const LOOKUP = ['flags', 'i32', 'lookupflags: 1 = follow a link in the last place'] as const;
const PATH = ['path', 'i32', 'pointer to u8[path_len], UTF-8'] as const;
const PATH_LEN = ['path_len', 'i32', 'bytes'] as const;
const OLD_PATH_LEN = ['old_path_len', 'i32', 'bytes'] as const;
const NEW_FD = ['new_fd', 'i32', 'descriptor of the target folder'] as const;
const NEW_PATH = ['new_path', 'i32', 'pointer to u8[new_path_len], UTF-8'] as const;
const NEW_PATH_LEN = ['new_path_len', 'i32', 'bytes'] as const;

const params = {
  args_get: [
    ['argv', 'i32', 'pointer to u32[argc], written: where each argument starts'],
    ['argv_buf', 'i32', 'pointer to the arguments, written: UTF-8, each ended by NUL'],
  ],
  args_sizes_get: [
    ['argc', 'i32', 'pointer to u32, written: number of arguments'],
    ['argv_buf_size', 'i32', 'pointer to u32, written: bytes of all arguments with their NULs'],
  ],
  environ_get: [
    ['environ', 'i32', 'pointer to u32[count], written: where each variable starts'],
    ['environ_buf', 'i32', 'pointer to the variables, written: NAME=value in UTF-8, each ended by NUL'],
  ],
  environ_sizes_get: [
    ['environ_count', 'i32', 'pointer to u32, written: number of variables'],
    ['environ_buf_size', 'i32', 'pointer to u32, written: bytes of all variables with their NULs'],
  ],
  clock_res_get: [CLOCK, ['resolution', 'i32', 'pointer to u64, written: ns']],
  clock_time_get: [
    CLOCK,
    ['precision', 'i64', 'ns the answer may lag; not used'],
    ['time', 'i32', 'pointer to u64, written: ns'],
  ],
  fd_advise: [FD, OFFSET, ['len', 'i64', 'bytes'], ['advice', 'i32', 'advice: 0 normal to 5 noreuse']],
  fd_allocate: [FD, OFFSET, ['len', 'i64', 'bytes, at least 1']],
  fd_close: [FD],
  fd_datasync: [FD],
  fd_fdstat_get: [FD, ['stat', 'i32', 'pointer to fdstat (24 bytes), written']],
  fd_fdstat_set_flags: [FD, ['flags', 'i32', 'fdflags: 1 append, 2 dsync, 4 nonblock, 8 rsync, 16 sync']],
  fd_fdstat_set_rights: [
    FD,
    ['fs_rights_base', 'i64', 'rights to keep'],
    ['fs_rights_inheriting', 'i64', 'rights to keep for files and folders opened through it'],
  ],
  fd_filestat_get: [FD, ['filestat', 'i32', 'pointer to filestat (64 bytes), written']],
  fd_filestat_set_size: [FD, ['size', 'i64', 'bytes']],
  fd_filestat_set_times: [FD, ATIM, MTIM, FST_FLAGS],
  fd_pread: [FD, IOVS, IOVS_LEN, OFFSET, NREAD],
  fd_prestat_dir_name: [
    FD,
    ['path', 'i32', 'pointer to u8[path_len], written'],
    ['path_len', 'i32', 'bytes'],
  ],
  fd_prestat_get: [FD, ['prestat', 'i32', 'pointer to prestat (8 bytes), written']],
  fd_pwrite: [FD, CIOVS, IOVS_LEN, OFFSET, NWRITTEN],
  fd_read: [FD, IOVS, IOVS_LEN, NREAD],
  fd_readdir: [
    FD,
    ['buf', 'i32', 'pointer to u8[buf_len], written: dirents'],
    ['buf_len', 'i32', 'bytes'],
    ['cookie', 'i64', 'where to go on, 0 = start'],
    ['bufused', 'i32', 'pointer to u32, written: bytes stored, less than buf_len at the end'],
  ],
  fd_renumber: [FD, ['to', 'i32', 'descriptor to overwrite']],
  fd_seek: [
    FD,
    ['offset', 'i64', 'bytes to move, signed'],
    ['whence', 'i32', 'whence: 0 start, 1 here, 2 end'],
    ['newoffset', 'i32', 'pointer to u64, written: the new offset'],
  ],
  fd_sync: [FD],
  fd_tell: [FD, ['offset', 'i32', 'pointer to u64, written: the offset']],
  fd_write: [FD, CIOVS, IOVS_LEN, NWRITTEN],
  path_create_directory: [FD, PATH, PATH_LEN],
  path_filestat_get: [
    FD,
    LOOKUP,
    PATH,
    PATH_LEN,
    ['filestat', 'i32', 'pointer to filestat (64 bytes), written'],
  ],
  path_filestat_set_times: [FD, LOOKUP, PATH, PATH_LEN, ATIM, MTIM, FST_FLAGS],
  path_link: [
    ['old_fd', 'i32', 'descriptor of the source folder'],
    ['old_flags', 'i32', 'lookupflags: 1 = follow a link in the last place'],
    ['old_path', 'i32', 'pointer to u8[old_path_len], UTF-8'],
    OLD_PATH_LEN,
    NEW_FD,
    NEW_PATH,
    NEW_PATH_LEN,
  ],
  path_open: [
    FD,
    ['dirflags', 'i32', 'lookupflags: 1 = follow a link in the last place'],
    PATH,
    PATH_LEN,
    ['oflags', 'i32', 'oflags: 1 create, 2 directory, 4 exclusive, 8 truncate'],
    ['fs_rights_base', 'i64', 'rights of the new descriptor'],
    [
      'fs_rights_inheriting',
      'i64',
      'not used: a new folder passes on the rights that its own folder passes on',
    ],
    ['fdflags', 'i32', 'fdflags: 1 append, 2 dsync, 4 nonblock, 8 rsync, 16 sync'],
    ['opened_fd', 'i32', 'pointer to u32, written: the new descriptor'],
  ],
  path_readlink: [
    FD,
    PATH,
    PATH_LEN,
    ['buf', 'i32', 'pointer to u8[buf_len], written: the target without NUL, cut off where the room ends'],
    ['buf_len', 'i32', 'bytes'],
    ['bufused', 'i32', 'pointer to u32, written: bytes stored'],
  ],
  path_remove_directory: [FD, PATH, PATH_LEN],
  path_rename: [
    FD,
    ['old_path', 'i32', 'pointer to u8[old_path_len], UTF-8'],
    OLD_PATH_LEN,
    NEW_FD,
    NEW_PATH,
    NEW_PATH_LEN,
  ],
  path_symlink: [
    ['old_path', 'i32', 'pointer to u8[old_path_len], UTF-8: the target, as it will be read back'],
    OLD_PATH_LEN,
    FD,
    NEW_PATH,
    NEW_PATH_LEN,
  ],
  path_unlink_file: [FD, PATH, PATH_LEN],
  poll_oneoff: [
    ['in', 'i32', 'pointer to subscription[nsubscriptions] (48 bytes each)'],
    ['out', 'i32', 'pointer to event[nsubscriptions] (32 bytes each), written'],
    ['nsubscriptions', 'i32', 'number of subscriptions, 1 to 65536'],
    ['nevents', 'i32', 'pointer to u32, written: number of events'],
  ],
  proc_exit: [['rval', 'i32', 'exit code, u32, 0 = success']],
  random_get: [
    ['buf', 'i32', 'pointer to u8[buf_len], written'],
    ['buf_len', 'i32', 'bytes'],
  ],
  sched_yield: [],
  proc_raise: [['sig', 'i32', 'signal: 0 none to 30 sys']],
  sock_accept: [
    FD,
    ['flags', 'i32', 'fdflags of the new descriptor'],
    ['accepted_fd', 'i32', 'pointer to u32, written: the new descriptor'],
  ],
  sock_recv: [
    FD,
    ['ri_data', 'i32', 'pointer to iovec[ri_data_len]'],
    ['ri_data_len', 'i32', 'number of iovecs'],
    ['ri_flags', 'i32', 'riflags'],
    ['ro_datalen', 'i32', 'pointer to u32, written: bytes received'],
    ['ro_flags', 'i32', 'pointer to u16, written: roflags'],
  ],
  sock_send: [
    FD,
    ['si_data', 'i32', 'pointer to ciovec[si_data_len]'],
    ['si_data_len', 'i32', 'number of iovecs'],
    ['si_flags', 'i32', 'siflags, 0'],
    ['so_datalen', 'i32', 'pointer to u32, written: bytes sent'],
  ],
  sock_shutdown: [FD, ['how', 'i32', 'sdflags: 1 = receiving, 2 = sending']],
} as const satisfies Record<string, readonly WasiParam[]>;

type Params = typeof params;
export type WasiFunctionName = keyof Params;

type JsTypes<P> = {
  -readonly [I in keyof P]: P[I] extends readonly [string, 'i64', string] ? bigint : number;
};

/** The arguments in JavaScript: u32 as `number`, u64 as `bigint`, both unsigned. */
export type Arguments<Name extends WasiFunctionName> = JsTypes<Params[Name]>;

/** The result of `poll_oneoff`, the only function that may wait. */
export type Awaitable<T> = T | Promise<T>;

export interface WasiSignature {
  readonly name: WasiFunctionName;
  readonly params: readonly WasiParam[];
  /** The errno (u16 in an i32); empty for `proc_exit`, which does not return. */
  readonly results: readonly ['i32'] | readonly [];
}

/** All 46, sorted by name. */
export const wasiSignatures: readonly WasiSignature[] = Object.entries(params)
  .map(
    ([name, params]): WasiSignature => ({
      name: name as WasiFunctionName,
      params,
      results: name === 'proc_exit' ? [] : ['i32'],
    }),
  )
  .sort((a, b) => (a.name < b.name ? -1 : 1));

export const isPointer = ([, , meaning]: WasiParam): boolean => meaning.startsWith('pointer');
