import { bytesSource, Errno, Filetype, LineSink, MemoryFs, Rights, type Sink } from '../../wasi/index.ts';
import { bytesEqual, equal, is } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { Guest, u16, u32, u64, utf8, zeros } from './guest.ts';

const STDIO = Rights.FD_FDSTAT_SET_FLAGS | Rights.FD_FILESTAT_GET | Rights.POLL_FD_READWRITE;
const NOT_OPEN = [3, 100, -1, 0x7fff_ffff];

suite('wasi/fd', test => {
  test.row(
    'wasi.fd_write',
    'gathers pieces, empty ones too, into one write, whose bytes the sink may keep',
    () => {
      const guest = new Guest().place(300, utf8('hello world'));
      guest.placeIovecs(16, [300, 6], [0, 0], [306, 5], [300, 1]);
      is(guest.call('fd_write', 1, 16, 4, 200), Errno.ESUCCESS);
      guest.wrote([200, u32(12)]);
      guest.bytes.fill(0);
      equal(guest.stdout.texts, ['hello worldh']);
      is(guest.stderr.writes.length, 0);
    },
  );

  test.row('wasi.fd_write', 'descriptor 2 is stderr; a write of 0 bytes does not call the sink', () => {
    const guest = new Guest().place(300, utf8('x')).placeIovecs(16, [300, 1]);
    is(guest.call('fd_write', 2, 16, 1, 200), Errno.ESUCCESS);
    is(guest.call('fd_write', 1, 16, 0, 204), Errno.ESUCCESS);
    guest.wrote([200, u32(1)], [204, u32(0)]);
    equal(guest.stderr.texts, ['x']);
    is(guest.stdout.writes.length, 0);
  });

  test.row('wasi.fd_write', 'without a sink everything counts as written', () => {
    const guest = new Guest({ stdout: undefined }).placeIovecs(16, [300, 7]);
    is(guest.call('fd_write', 1, 16, 1, 200), Errno.ESUCCESS);
    guest.wrote([200, u32(7)]);
  });

  test.row('wasi.fd_write', 'more than 1024 pieces are a short write', () => {
    const guest = new Guest();
    for (let index = 0; index < 1025; index++) guest.placeIovecs(1024 + index * 8, [0, 1]);
    is(guest.call('fd_write', 1, 1024, 1025, 200), Errno.ESUCCESS);
    guest.wrote([200, u32(1024)]);
  });

  test.row('wasi.fd_read', 'fills the pieces in order, then reads 0 bytes at the end', () => {
    const guest = new Guest({ stdin: bytesSource(Uint8Array.of(1, 2, 3, 4, 5)) });
    guest.placeIovecs(16, [300, 2], [0, 0], [400, 2], [500, 9]);
    is(guest.call('fd_read', 0, 16, 4, 200), Errno.ESUCCESS);
    guest.wrote([300, [1, 2]], [400, [3, 4]], [500, [5]], [200, u32(5)]);
    is(guest.call('fd_read', 0, 16, 4, 200), Errno.ESUCCESS);
    guest.wrote([300, [1, 2]], [400, [3, 4]], [500, [5]], [200, u32(0)]);
  });

  test.row(
    'wasi.fd_read',
    'a short read of the source ends the call: the source may have no more bytes for now',
    () => {
      let reads = 0;
      const guest = new Guest({
        stdin: {
          read(into) {
            reads++;
            into[0] = 9;
            return 1;
          },
        },
      }).placeIovecs(16, [300, 2], [400, 2]);
      is(guest.call('fd_read', 0, 16, 2, 200), Errno.ESUCCESS);
      guest.wrote([300, [9]], [200, u32(1)]);
      is(reads, 1);
    },
  );

  test.row('wasi.fd_read', 'without a source stdin is empty', () => {
    const guest = new Guest().placeIovecs(16, [300, 2]);
    is(guest.call('fd_read', 0, 16, 1, 200), Errno.ESUCCESS);
    guest.wrote([200, u32(0)]);
  });

  for (const claimed of [3, -1, 1.5, Number.NaN, undefined as unknown as number])
    test.row('wasi.fd_read', `a source that claims ${claimed} bytes for 2 is EIO`, () => {
      const guest = new Guest({ stdin: { read: () => claimed } }).placeIovecs(16, [300, 2]);
      is(guest.call('fd_read', 0, 16, 1, 200), Errno.EIO);
      guest.wrote();
      is(guest.diagnostics[0]?.code, 'WASI_HOST_ERROR');
    });

  const terminal: Sink = new LineSink();
  for (const { title, fd, stdout, filetype, rights } of [
    { title: 'stdin', fd: 0, filetype: Filetype.UNKNOWN, rights: STDIO | Rights.FD_READ },
    { title: 'stdout', fd: 1, filetype: Filetype.UNKNOWN, rights: STDIO | Rights.FD_WRITE },
    {
      title: 'stdout to a terminal',
      fd: 1,
      stdout: terminal,
      filetype: Filetype.CHARACTER_DEVICE,
      rights: STDIO | Rights.FD_WRITE,
    },
    { title: 'stderr', fd: 2, filetype: Filetype.UNKNOWN, rights: STDIO | Rights.FD_WRITE },
  ]) {
    test.row('wasi.fd_fdstat_get', title, () => {
      const guest = new Guest(stdout ? { stdout } : {});
      is(guest.call('fd_fdstat_get', fd, 200), Errno.ESUCCESS);
      guest.wrote([200, [filetype, 0, ...u16(0), ...zeros(4), ...u64(rights), ...u64(0n)]]);
    });
    test.row('wasi.fd_filestat_get', title, () => {
      const guest = new Guest(stdout ? { stdout } : {});
      is(guest.call('fd_filestat_get', fd, 200), Errno.ESUCCESS);
      guest.wrote([200, [...zeros(16), filetype, ...zeros(7), ...u64(1n), ...zeros(32)]]);
    });
  }

  for (const { flags, answer } of [
    { flags: 0, answer: Errno.ESUCCESS },
    { flags: 1, answer: Errno.ESUCCESS },
    { flags: 5, answer: Errno.ESUCCESS },
    { flags: 2, answer: Errno.ESUCCESS },
    { flags: 9, answer: Errno.ESUCCESS },
    { flags: 16, answer: Errno.ESUCCESS },
    { flags: 32, answer: Errno.EINVAL },
    { flags: -1, answer: Errno.EINVAL },
    { flags: 0x1_0001, answer: Errno.EINVAL },
  ])
    test.row('wasi.fd_fdstat_set_flags', `${flags}`, () => {
      const guest = new Guest();
      guest.call('fd_fdstat_set_flags', 1, 4);
      is(guest.call('fd_fdstat_set_flags', 1, flags), answer);
      is(guest.call('fd_fdstat_get', 1, 200), Errno.ESUCCESS);
      bytesEqual(guest.bytes.slice(202, 204), u16(answer === Errno.ESUCCESS ? flags : 4));
    });

  test.row('wasi.fd_close', 'closes stdio; then every call on it is EBADF', () => {
    const guest = new Guest().placeIovecs(16, [300, 1]);
    is(guest.call('fd_close', 1), Errno.ESUCCESS);
    is(guest.call('fd_close', 1), Errno.EBADF);
    is(guest.call('fd_write', 1, 16, 1, 200), Errno.EBADF);
    is(guest.call('fd_fdstat_get', 1, 200), Errno.EBADF);
    is(guest.call('fd_write', 2, 16, 1, 200), Errno.ESUCCESS);
  });

  test.row('wasi.fd_renumber', 'moves a descriptor to the number of another', () => {
    const guest = new Guest().place(300, utf8('x')).placeIovecs(16, [300, 1]);
    is(guest.call('fd_renumber', 1, 1), Errno.ESUCCESS);
    is(guest.call('fd_renumber', 1, 3), Errno.EBADF);
    is(guest.call('fd_renumber', 3, 1), Errno.EBADF);
    is(guest.call('fd_renumber', 2, 1), Errno.ESUCCESS);
    is(guest.call('fd_write', 1, 16, 1, 200), Errno.ESUCCESS);
    is(guest.call('fd_write', 2, 16, 1, 200), Errno.EBADF);
    equal([guest.stdout.texts, guest.stderr.texts], [[], ['x']]);
  });

  test.row(['wasi.fd_seek', 'wasi.fd_tell'], 'stdio has no offset', () => {
    for (const fd of [0, 1, 2]) {
      const guest = new Guest();
      for (const whence of [0, 1, 2]) is(guest.call('fd_seek', fd, -1n, whence, 200), Errno.ESPIPE);
      is(guest.call('fd_seek', fd, 0n, 3, 200), Errno.EINVAL);
      is(guest.call('fd_tell', fd, 200), Errno.ESPIPE);
      guest.wrote();
    }
  });

  for (const { name, args } of [
    { name: 'fd_close', args: [] },
    { name: 'fd_fdstat_get', args: [200] },
    { name: 'fd_fdstat_set_flags', args: [0] },
    { name: 'fd_filestat_get', args: [200] },
    { name: 'fd_prestat_get', args: [200] },
    { name: 'fd_prestat_dir_name', args: [200, 8] },
    { name: 'fd_read', args: [16, 1, 200] },
    { name: 'fd_renumber', args: [1] },
    { name: 'fd_seek', args: [0n, 0, 200] },
    { name: 'fd_tell', args: [200] },
    { name: 'fd_write', args: [16, 1, 200] },
  ] as const)
    test.row(`wasi.${name}`, 'a descriptor that is not open is EBADF', () => {
      for (const fd of NOT_OPEN) {
        const guest = new Guest().placeIovecs(16, [300, 1]);
        is(guest.call(name, fd, ...args), Errno.EBADF, `fd ${fd}`);
        guest.wrote();
      }
    });

  test.row(['wasi.fd_read', 'wasi.fd_write'], 'reading from output and writing to input are EBADF', () => {
    const guest = new Guest().placeIovecs(16, [300, 1]);
    is(guest.call('fd_read', 1, 16, 1, 200), Errno.EBADF);
    is(guest.call('fd_write', 0, 16, 1, 200), Errno.EBADF);
    guest.wrote();
  });

  test.row(['wasi.fd_prestat_get', 'wasi.fd_prestat_dir_name'], 'stdio is not a preopened folder', () => {
    const guest = new Guest();
    for (const fd of [0, 1, 2]) {
      is(guest.call('fd_prestat_get', fd, 200), Errno.EBADF);
      is(guest.call('fd_prestat_dir_name', fd, 200, 8), Errno.EBADF);
    }
    guest.wrote();
  });

  test.row(
    ['wasi.fd_prestat_get', 'wasi.fd_prestat_dir_name'],
    'a preopened folder is described with its name',
    () => {
      const guest = new Guest({ preopens: { '/dätä': new MemoryFs() } });
      is(guest.call('fd_prestat_get', 3, 200), Errno.ESUCCESS);
      is(guest.call('fd_prestat_dir_name', 3, 300, 100), Errno.ESUCCESS);
      is(guest.call('fd_prestat_dir_name', 3, 400, 6), Errno.ENAMETOOLONG);
      is(guest.call('fd_prestat_dir_name', 3, 65_530, 7), Errno.EFAULT);
      is(guest.call('fd_prestat_get', 3, 65_529), Errno.EFAULT);
      is(guest.call('fd_prestat_get', 4, 200), Errno.EBADF);
      guest.wrote([200, [0, 0, 0, 0, ...u32(7)]], [300, utf8('/dätä')]);
    },
  );
});
