import { Fdflags, Filetype, type Fs, Rights } from '../../wasi/index.ts';
import { equal, is } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { ALL_RIGHTS, CREAT, DIRECTORY, EXCL, Program, ROOT, TRUNC } from '../wasi/program.ts';

/** Each device, and the text that a read of 7 bytes gives. */
const reads = [
  ['null', ''],
  ['zero', '\0'.repeat(7)],
] as const;

/** The null device and the device of zeros, as the files `null` and `zero` of a file system. */
export function devicesContract(name: string, withDevices: (body: (fs: Fs) => void) => void): void {
  suite(name, test => {
    for (const readOnly of [false, true]) {
      const mount = readOnly ? 'of a read-only mount' : 'of a mount';
      const withProgram = (body: (program: Program) => void) => () =>
        withDevices(fs => {
          const program = new Program({ '/dev': { fs, readOnly } });
          try {
            body(program);
            equal(program.guest.diagnostics, []);
          } finally {
            program.guest.wasi.close();
          }
        });

      for (const [device, content] of reads) {
        test.row(
          ['wasi.path_open', 'wasi.fd_read', 'wasi.fd_write', 'wasi.fd_seek'],
          `${device} ${mount} is read, and takes every write`,
          withProgram(program => {
            for (const oflags of [0, CREAT, TRUNC, CREAT | TRUNC])
              for (const fdflags of [0, Fdflags.APPEND, Fdflags.SYNC, Fdflags.NONBLOCK]) {
                const fd = program.open(device, { oflags, fdflags, rights: ALL_RIGHTS });
                is(program.read(fd, 7), content);
                is(program.write(fd, 'hello'), 5);
                is(program.pwrite(fd, 'hello', 2n ** 40n), 'ESUCCESS');
                is(program.pread(fd, 2n ** 40n, 7), content);
                is(program.seek(fd, 3n, 0), 3n);
                is(program.tell(fd), 3n);
                is(program.seek(fd, 0n, 2), 0n);
                is(program.stat(fd).size, 0n);
                for (const sync of ['fd_sync', 'fd_datasync'] as const) program.do(sync, fd);
                program.do('fd_close', fd);
              }
          }),
        );

        test.row(
          ['wasi.path_open', 'wasi.fd_fdstat_get', 'wasi.path_filestat_get'],
          `${device} ${mount} is a character device, and not a terminal`,
          withProgram(program => {
            const fd = program.openFile(device);
            const { filetype, base } = program.fdstat(fd);
            is(filetype, Filetype.CHARACTER_DEVICE);
            is(base & (Rights.FD_SEEK | Rights.FD_TELL), Rights.FD_SEEK | Rights.FD_TELL);
            is(program.stat(fd).filetype, Filetype.CHARACTER_DEVICE);
            is(program.stat(fd).ino, program.statPath(device).ino);
          }),
        );

        test.row(
          ['wasi.path_open', 'wasi.fd_filestat_set_size', 'wasi.fd_allocate'],
          `${device} ${mount} is opened for the rights that were asked for, and has no size to set`,
          withProgram(program => {
            is(program.tryOpen(device, { oflags: CREAT | EXCL }), 'EEXIST');
            is(program.tryOpen(device, { oflags: DIRECTORY }), 'ENOTDIR');
            is(program.tryOpen(`${device}/x`), 'ENOTDIR');
            const fd = program.openFile(device);
            is(program.call('fd_filestat_set_size', fd, 5n), 'EINVAL');
            is(program.call('fd_allocate', fd, 0n, 5n), 'EINVAL');
            is(program.call('fd_readdir', fd, 1024, 100, 0n, 256), 'EBADF');
            is(program.transfer('fd_write', program.open(device, { rights: Rights.FD_READ })), 'EBADF');
            is(program.transfer('fd_read', program.open(device, { rights: Rights.FD_WRITE })), 'EBADF');
            is(program.statPath(device).size, 0n);
            is(program.statPath(device, false, ROOT).filetype, Filetype.CHARACTER_DEVICE);
          }),
        );
      }
    }
  });
}
