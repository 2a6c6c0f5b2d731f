import { Errno, Fdflags, Filetype, Rights, type WasiFunctionName } from '../../wasi/index.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { u32, utf8 } from '../wasi/guest.ts';
import { ALL_RIGHTS, type Argument, CREAT, Program, ROOT } from '../wasi/program.ts';
import type { WithFs } from './fs.ts';
import { programsOn } from './with-program.ts';

/** Calls on a file of five bytes that is open as descriptor 4, with the expected errno. */
const answers: readonly [answer: string, name: WasiFunctionName, ...args: readonly Argument[]][] = [
  ['ESUCCESS', 'fd_advise', 4, 0n, 2n ** 64n - 1n, 5],
  ['EINVAL', 'fd_advise', 4, 0n, 1n, 6],
  ['ESPIPE', 'fd_advise', 0, 0n, 1n, 0],
  ['EBADF', 'fd_advise', ROOT, 0n, 1n, 0],
  ['EINVAL', 'fd_allocate', 4, 0n, 0n],
  ['EFBIG', 'fd_allocate', 4, 2n ** 63n, 2n ** 63n],
  ['EBADF', 'fd_allocate', ROOT, 0n, 0n],
  ['ESPIPE', 'fd_allocate', 1, 0n, 1n],
  ['ESUCCESS', 'fd_datasync', 4],
  ['ESUCCESS', 'fd_datasync', ROOT],
  ['EBADF', 'fd_datasync', 1],
  ['ESUCCESS', 'fd_sync', 4],
  ['ESUCCESS', 'fd_sync', ROOT],
  ['EBADF', 'fd_sync', 1],
  ['EFBIG', 'fd_filestat_set_size', 4, 2n ** 63n],
  ['EBADF', 'fd_filestat_set_size', ROOT, 0n],
  ['EBADF', 'fd_filestat_set_size', 1, 0n],
  ['EINVAL', 'fd_filestat_set_times', 4, 1n, 1n, 3],
  ['EINVAL', 'fd_filestat_set_times', 4, 1n, 1n, 12],
  ['EINVAL', 'fd_filestat_set_times', 4, 1n, 1n, 16],
  ['EBADF', 'fd_filestat_set_times', 1, 1n, 1n, 5],
  ['ESUCCESS', 'fd_filestat_set_times', ROOT, 1n, 1n, 5],
  ['EINVAL', 'fd_seek', 4, -6n, 2, 256],
  ['EINVAL', 'fd_seek', 4, -1n, 0, 256],
  ['EINVAL', 'fd_seek', 4, 2n ** 62n, 0, 256],
  ['EINVAL', 'fd_seek', 4, 0n, 3, 256],
  ['ESUCCESS', 'fd_seek', 4, 2n ** 53n - 1n, 0, 256],
  ['EBADF', 'fd_seek', ROOT, 0n, 1, 256],
  ['EBADF', 'fd_tell', ROOT, 256],
  ['EBADF', 'fd_read', ROOT, 512, 0, 256],
  ['EBADF', 'fd_write', ROOT, 512, 0, 256],
  ['EBADF', 'fd_pread', ROOT, 512, 0, 0n, 256],
  ['EBADF', 'fd_pwrite', ROOT, 512, 0, 0n, 256],
  ['ESPIPE', 'fd_pread', 0, 512, 0, 0n, 256],
  ['ESPIPE', 'fd_pwrite', 1, 512, 0, 0n, 256],
  ['EINVAL', 'fd_pread', 4, 512, 0, 2n ** 64n - 1n, 256],
  ['EINVAL', 'fd_pwrite', 4, 512, 0, 2n ** 64n - 1n, 256],
  ['EBADF', 'fd_readdir', 4, 1024, 100, 0n, 256],
  ['EBADF', 'fd_readdir', 0, 1024, 100, 0n, 256],
  ['EBADF', 'fd_prestat_get', 4, 256],
  ['EINVAL', 'fd_fdstat_set_flags', 4, 32],
  ['ENOTSOCK', 'sock_accept', 4, 0, 256],
  ['ENOTSOCK', 'sock_recv', 4, 512, 1, 0, 256, 260],
  ['ENOTSOCK', 'sock_send', ROOT, 512, 1, 0, 256],
  ['ENOTSOCK', 'sock_shutdown', 1, 1],
  ['EBADF', 'sock_shutdown', 99, 1],
];

/** The functions on descriptors of files and folders, as a program sees them. */
export function filesContract(name: string, withFs: WithFs): void {
  suite(name, test => {
    const withProgram = programsOn(withFs);

    for (const [answer, call, ...args] of answers)
      test.row(
        `wasi.${call}`,
        `${args.join(' ')} is ${answer}`,
        withProgram(program => {
          program.makeFile('file', 'hello');
          is(program.openFile('file'), 4);
          is(program.call(call, ...args), answer);
          is(program.statPath('file').size, 5n);
        }),
      );

    test.row(
      ['wasi.fd_read', 'wasi.fd_write', 'wasi.fd_seek', 'wasi.fd_tell'],
      'reads and writes move the offset',
      withProgram(program => {
        const fd = program.openFile('file');
        is(program.write(fd, 'hello world'), 11);
        is(program.tell(fd), 11n);
        is(program.seek(fd, -5n, 1), 6n);
        is(program.read(fd, 3), 'wor');
        is(program.tell(fd), 9n);
        is(program.seek(fd, -11n, 2), 0n);
        is(program.read(fd), 'hello world');
        is(program.read(fd), '');
        is(program.seek(fd, 100n, 1), 111n);
        is(program.read(fd), '');
        is(program.write(fd, 'x'), 1);
        is(program.stat(fd).size, 112n);
      }),
    );

    test.row(
      ['wasi.fd_pread', 'wasi.fd_pwrite'],
      'pread and pwrite do not move the offset',
      withProgram(program => {
        const fd = program.openFile('file');
        is(program.pwrite(fd, 'hello', 2n), 'ESUCCESS');
        is(program.tell(fd), 0n);
        is(program.pread(fd, 3n, 3), 'ell');
        is(program.pread(fd, 7n), '');
        is(program.pread(fd, 2n ** 53n - 1n), '');
        is(program.tell(fd), 0n);
        is(program.read(fd), '\0\0hello');
      }),
    );

    test.row(
      ['wasi.fd_write', 'wasi.fd_pwrite'],
      'a write of 0 bytes beyond the end does not make the file longer',
      withProgram(program => {
        const fd = program.openFile('file');
        is(program.pwrite(fd, '', 50n), 'ESUCCESS');
        program.seek(fd, 50n, 0);
        is(program.write(fd, ''), 0);
        is(program.stat(fd).size, 0n);
        is(program.tell(fd), 50n);
      }),
    );

    test.row(
      ['wasi.fd_write', 'wasi.fd_fdstat_set_flags', 'wasi.path_open'],
      'with the flag append, writes go to the end at any offset, until the flag is cleared',
      withProgram(program => {
        const fd = program.openFile('file', { fdflags: Fdflags.APPEND });
        is(program.fdstat(fd).flags, Fdflags.APPEND);
        program.write(fd, 'one');
        program.seek(fd, 0n, 0);
        program.write(fd, 'two');
        is(program.tell(fd), 6n);
        is(program.pwrite(fd, 'T', 3n), 'ESUCCESS');
        is(program.tell(fd), 6n);
        program.do('fd_fdstat_set_flags', fd, 0);
        program.seek(fd, 0n, 0);
        program.write(fd, 'O');
        is(program.readFile('file'), 'OneTwo');
      }),
    );

    for (const flags of [Fdflags.SYNC, Fdflags.DSYNC, Fdflags.RSYNC, Fdflags.NONBLOCK, 31])
      test.row(
        ['wasi.path_open', 'wasi.fd_fdstat_get'],
        `flags ${flags} are kept, and writing goes on`,
        withProgram(program => {
          const fd = program.openFile('file', { fdflags: flags });
          is(program.fdstat(fd).flags, flags);
          program.write(fd, 'x');
          is(program.readFile('file'), 'x');
        }),
      );

    test.row(
      ['wasi.fd_filestat_set_size', 'wasi.fd_allocate'],
      'set_size cuts and extends; allocate never cuts',
      withProgram(program => {
        const fd = program.openFile('file');
        program.write(fd, 'hello');
        program.do('fd_filestat_set_size', fd, 2n);
        program.do('fd_filestat_set_size', fd, 4n);
        is(program.readFile('file'), 'he\0\0');
        for (const [offset, length, size] of [
          [0n, 100n, 100n],
          [10n, 10n, 100n],
          [90n, 20n, 110n],
        ] as const) {
          program.do('fd_allocate', fd, offset, length);
          is(program.stat(fd).size, size);
        }
      }),
    );

    test.row(
      ['wasi.fd_filestat_set_size', 'wasi.fd_allocate'],
      'a file not opened for writing is EINVAL',
      withProgram(program => {
        program.makeFile('file', 'hello');
        const fd = program.open('file', { rights: ALL_RIGHTS & ~Rights.FD_WRITE });
        is(program.call('fd_filestat_set_size', fd, 0n), 'EINVAL');
        is(program.call('fd_allocate', fd, 0n, 100n), 'EINVAL');
        is(program.stat(fd).size, 5n);
      }),
    );

    test.row(
      'wasi.fd_filestat_set_times',
      'exactly, one alone, and now',
      withProgram(program => {
        const fd = program.openFile('file');
        const before = program.stat(fd);
        program.do('fd_filestat_set_times', fd, 1n, before.mtim - 100n, 4);
        equal([program.stat(fd).atim, program.stat(fd).mtim], [before.atim, before.mtim - 100n]);
        program.do('fd_filestat_set_times', fd, 123_456_789n, 0n, 1 | 8);
        equal([program.stat(fd).atim, program.stat(fd).mtim], [123_456_789n, program.guest.clock.nowNs(0)]);
        program.do('fd_filestat_set_times', fd, 0n, 0n, 0);
        is(program.stat(fd).atim, 123_456_789n);
      }),
    );

    test.row(
      ['wasi.fd_fdstat_get', 'wasi.path_open'],
      'a preopened folder has all rights, can be opened again with them, and no flags',
      withProgram(program => {
        const { filetype, flags, base, inheriting } = program.fdstat(ROOT);
        equal([filetype, flags], [Filetype.DIRECTORY, 0]);
        is(base & (Rights.FD_SEEK | Rights.FD_WRITE | Rights.FD_FILESTAT_SET_SIZE), 0n);
        is(inheriting & base, base);
        for (const right of ['FD_SEEK', 'FD_WRITE', 'FD_READ', 'FD_FILESTAT_SET_SIZE', 'PATH_OPEN'] as const)
          ok(inheriting & Rights[right], right);
        equal(program.fdstat(program.open('.', { rights: base, inheriting })), {
          filetype,
          flags,
          base,
          inheriting,
        });
      }),
    );

    test.row(
      'wasi.fd_fdstat_set_rights',
      'a dropped right does not come back',
      withProgram(program => {
        const fd = program.openFile('file');
        program.write(fd, 'hello');
        program.seek(fd, 0n, 0);
        const { base } = program.fdstat(fd);
        program.do('fd_fdstat_set_rights', fd, base & ~(Rights.FD_READ | Rights.FD_WRITE), 0n);
        is(program.transfer('fd_read', fd), 'EBADF');
        is(program.transfer('fd_write', fd), 'EBADF');
        is(program.call('fd_fdstat_set_rights', fd, base, 0n), 'ENOTCAPABLE');
        is(program.call('fd_fdstat_set_rights', fd, 0n, 1n), 'ENOTCAPABLE');
        is(program.fdstat(fd).base, base & ~(Rights.FD_READ | Rights.FD_WRITE));
        is(program.call('fd_fdstat_set_rights', 99, 0n, 0n), 'EBADF');
      }),
    );

    const needs: readonly [right: keyof typeof Rights, call: WasiFunctionName, ...args: Argument[]][] = [
      ['FD_ADVISE', 'fd_advise', 4, 0n, 1n, 0],
      ['FD_ALLOCATE', 'fd_allocate', 4, 0n, 100n],
      ['FD_DATASYNC', 'fd_datasync', 4],
      ['FD_SYNC', 'fd_sync', 4],
      ['FD_FDSTAT_SET_FLAGS', 'fd_fdstat_set_flags', 4, 1],
      ['FD_FILESTAT_GET', 'fd_filestat_get', 4, 256],
      ['FD_FILESTAT_SET_SIZE', 'fd_filestat_set_size', 4, 0n],
      ['FD_FILESTAT_SET_TIMES', 'fd_filestat_set_times', 4, 1n, 1n, 5],
      ['FD_READ', 'fd_read', 4, 512, 0, 256],
      ['FD_READ', 'fd_pread', 4, 512, 0, 0n, 256],
      ['FD_SEEK', 'fd_pread', 4, 512, 0, 0n, 256],
      ['FD_WRITE', 'fd_write', 4, 512, 0, 256],
      ['FD_WRITE', 'fd_pwrite', 4, 512, 0, 0n, 256],
      ['FD_SEEK', 'fd_pwrite', 4, 512, 0, 0n, 256],
      ['FD_SEEK', 'fd_seek', 4, 1n, 0, 256],
    ];
    for (const [right, call, ...args] of needs)
      test.row(
        `wasi.${call}`,
        `without ${right} is EBADF`,
        withProgram(program => {
          program.makeFile('file', 'hello');
          is(program.open('file', { rights: ALL_RIGHTS & ~Rights[right] }), 4);
          is(program.call(call, ...args), 'EBADF');
          is(program.statPath('file').size, 5n);
        }),
      );

    test.row(
      ['wasi.fd_seek', 'wasi.fd_tell'],
      'FD_SEEK or FD_TELL is enough to tell, and FD_TELL is enough to seek by 0 bytes',
      withProgram(program => {
        program.makeFile('file', 'hello');
        const telling = program.open('file', { rights: Rights.FD_TELL });
        is(program.tell(telling), 0n);
        is(program.seek(telling, 0n, 1), 0n);
        is(program.call('fd_seek', telling, 0n, 0, 256), 'EBADF');
        is(program.tell(program.open('file', { rights: Rights.FD_SEEK })), 0n);
        is(program.call('fd_tell', program.open('file'), 256), 'EBADF');
      }),
    );

    test.row(
      ['wasi.fd_close', 'wasi.fd_renumber'],
      'files, stdio and preopened folders can be closed and renumbered',
      withProgram(program => {
        program.makeFile('file', 'hello');
        const one = program.openFile('file');
        const two = program.openFile('other');
        const { base } = program.fdstat(one);
        program.do('fd_renumber', one, two);
        is(program.call('fd_close', one), 'EBADF');
        is(program.fdstat(two).base, base);
        is(program.read(two), 'hello');
        is(program.call('fd_renumber', two, one), 'EBADF');
        is(program.call('fd_renumber', one, two), 'EBADF');
        const folder = program.openFolder('.');
        program.do('fd_renumber', folder, ROOT);
        is(program.call('fd_prestat_get', ROOT, 256), 'EBADF');
        is(program.stat(ROOT).filetype, Filetype.DIRECTORY);
        program.do('fd_renumber', 0, two);
        is(program.call('fd_fdstat_get', 0, 256), 'EBADF');
        program.do('fd_fdstat_get', two, 256);
        program.do('fd_close', ROOT);
        is(program.call('fd_fdstat_get', ROOT, 256), 'EBADF');
        is(program.tryOpen('file'), 'EBADF');
      }),
    );

    test.row(
      'wasi.path_open',
      'numbers count from 3 and are used again; the 1025th descriptor is refused',
      withProgram(program => {
        program.makeFile('file');
        program.do('fd_close', 0);
        is(program.open('file'), 4);
        is(program.open('file'), 5);
        program.do('fd_close', 4);
        is(program.open('.'), 4);
        let last: string | number = 0;
        for (let count = 0; count < 1100 && typeof last === 'number'; count++) last = program.tryOpen('.');
        is(last, 'EMFILE');
        program.do('fd_close', 5);
        is(program.open('.'), 5);
      }),
    );

    test.row(
      ['wasi.fd_write', 'wasi.fd_read'],
      'pieces of all sizes are moved in order, overlapping ones too',
      withProgram(program => {
        const fd = program.openFile('file');
        const { guest } = program;
        guest.bytes.set(utf8('abcdef'), 1024);
        guest.bytes.set(
          [
            [1024, 3],
            [1024, 0],
            [1026, 4],
            [1024, 1],
          ].flatMap(([at, length]) => [...u32(at!), ...u32(length!)]),
          512,
        );
        program.do('fd_write', fd, 512, 4, 256);
        is(program.u32(256), 8);
        is(program.readFile('file'), 'abccdefa');
        program.seek(fd, 0n, 0);
        // A later piece overwrites bytes of an earlier, overlapping piece.
        guest.bytes.set(
          [
            [2048, 4],
            [2048, 2],
            [2060, 100],
          ].flatMap(([at, length]) => [...u32(at!), ...u32(length!)]),
          512,
        );
        program.do('fd_read', fd, 512, 3, 256);
        is(program.u32(256), 8);
        is(program.text(2048, 4), 'decc');
        is(program.text(2060, 2), 'fa');
      }),
    );

    test.row(
      ['wasi.fd_read', 'wasi.fd_write'],
      'two descriptors of one file see each other’s writes, each with its own offset',
      withProgram(program => {
        const reading = program.open('file', { oflags: CREAT, rights: Rights.FD_READ });
        const writing = program.open('file', { rights: Rights.FD_WRITE });
        program.write(writing, 'one');
        is(program.read(reading), 'one');
        program.write(writing, 'two');
        is(program.read(reading), 'two');
        is(program.transfer('fd_write', reading), 'EBADF');
        is(program.transfer('fd_read', writing), 'EBADF');
      }),
    );

    test.row(
      'wasi.poll_oneoff',
      'a file is ready for the operations that it is open for, a folder is never ready',
      withProgram(program => {
        program.makeFile('file');
        const fd = program.open('file', { rights: Rights.FD_READ });
        const subscription = (type: number, about: number) => [
          ...new Array<number>(8).fill(type),
          type,
          ...new Array<number>(7).fill(0),
          ...u32(about),
          ...new Array<number>(28).fill(0),
        ];
        program.guest.bytes.set(
          [subscription(1, fd), subscription(2, fd), subscription(1, ROOT)].flat(),
          4096,
        );
        program.do('poll_oneoff', 4096, 8192, 3, 256);
        is(program.u32(256), 3);
        equal(
          [0, 32, 64].map(at => program.guest.bytes[8192 + at + 8]),
          [Errno.ESUCCESS, Errno.EBADF, Errno.EBADF],
        );
      }),
    );

    test.row('wasi.path_open', 'all descriptors are closed at the end', () =>
      withFs(fs => {
        const program = new Program({ '/': fs });
        const fd = program.openFile('file');
        program.guest.wasi.close();
        for (const closed of [0, 1, 2, ROOT, fd]) is(program.call('fd_fdstat_get', closed, 256), 'EBADF');
      }),
    );
  });
}
