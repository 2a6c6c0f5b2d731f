import type { WasiFunctionName } from './signatures.ts';

/** Powers that functions of WASI give a program. */
export type WasiCapability =
  | 'arguments'
  | 'environment'
  | 'clocks'
  | 'random'
  | 'descriptors'
  | 'files-read'
  | 'files-write'
  | 'streams'
  | 'sleep'
  | 'sockets'
  | 'exit';

export interface WasiPowers {
  /** Powers of the function alone. At first a program has its standard streams and its folders open. */
  own: readonly WasiCapability[];
  /** More powers of a program that can open files by `path_open`. */
  onFiles?: readonly WasiCapability[];
}

const powers = (...own: WasiCapability[]): WasiPowers => ({ own });
const DESCRIPTORS = powers('descriptors');
const CHANGES_FILES = powers('files-write');
const SOCKETS = powers('sockets');
/** Works on an open file only. On a standard stream or a folder it fails, or tells its position. */
const onFiles = (capability: WasiCapability): WasiPowers => ({
  own: ['descriptors'],
  onFiles: [capability],
});

/** The powers that each function gives. A function without a row does not compile. */
export const wasiCapabilities: Readonly<Record<WasiFunctionName, WasiPowers>> = {
  args_get: powers('arguments'),
  args_sizes_get: powers('arguments'),
  environ_get: powers('environment'),
  environ_sizes_get: powers('environment'),
  clock_res_get: powers('clocks'),
  clock_time_get: powers('clocks'),
  fd_advise: DESCRIPTORS,
  fd_allocate: onFiles('files-write'),
  fd_close: DESCRIPTORS,
  fd_datasync: DESCRIPTORS,
  fd_fdstat_get: DESCRIPTORS,
  fd_fdstat_set_flags: DESCRIPTORS,
  fd_fdstat_set_rights: DESCRIPTORS,
  fd_filestat_get: onFiles('files-read'),
  fd_filestat_set_size: onFiles('files-write'),
  fd_filestat_set_times: CHANGES_FILES,
  fd_pread: onFiles('files-read'),
  fd_prestat_dir_name: DESCRIPTORS,
  fd_prestat_get: DESCRIPTORS,
  fd_pwrite: onFiles('files-write'),
  fd_read: { own: ['streams'], onFiles: ['files-read'] },
  fd_readdir: powers('files-read'),
  fd_renumber: DESCRIPTORS,
  fd_seek: DESCRIPTORS,
  fd_sync: DESCRIPTORS,
  fd_tell: DESCRIPTORS,
  fd_write: { own: ['streams'], onFiles: ['files-write'] },
  path_create_directory: CHANGES_FILES,
  path_filestat_get: powers('files-read'),
  path_filestat_set_times: CHANGES_FILES,
  path_link: CHANGES_FILES,
  // It can create files and empty them.
  path_open: powers('files-read', 'files-write'),
  path_readlink: powers('files-read'),
  path_remove_directory: CHANGES_FILES,
  path_rename: CHANGES_FILES,
  path_symlink: CHANGES_FILES,
  path_unlink_file: CHANGES_FILES,
  poll_oneoff: powers('sleep', 'clocks'),
  proc_exit: powers('exit'),
  proc_raise: powers('exit'),
  random_get: powers('random'),
  sched_yield: powers('sleep'),
  sock_accept: SOCKETS,
  sock_recv: SOCKETS,
  sock_send: SOCKETS,
  sock_shutdown: SOCKETS,
};
