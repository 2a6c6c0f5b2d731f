import { is } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import type { WithFs } from './fs.ts';
import { programsOn } from './with-program.ts';

/** The largest file, as docs/WASI.md says. */
const LARGEST = 2n ** 44n - 4096n;
/** Offsets too large to write at. Each starts a range for which some runtime throws an error of its own. */
const TOO_FAR = [
  LARGEST,
  2n ** 44n - 1n,
  2n ** 44n,
  2n ** 48n,
  2n ** 52n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n - 1n,
];
/** Offsets that are negative for POSIX, whose offsets are signed. */
const NEGATIVE = [2n ** 63n, 2n ** 64n - 1n];
const FARTHEST_SEEK = 2n ** 53n - 1n;

/** Sizes and offsets that are too large give the same errno on every file system and runtime, and change nothing. */
export function sizesContract(name: string, withFs: WithFs): void {
  suite(name, test => {
    const withProgram = programsOn(withFs);

    for (const offset of TOO_FAR)
      test.row(
        ['wasi.fd_pwrite', 'wasi.fd_pread', 'wasi.fd_allocate', 'wasi.fd_filestat_set_size', 'wasi.fd_write'],
        `to write at ${offset} is EFBIG, to read there is the end`,
        withProgram(program => {
          program.makeFile('file', 'hello');
          const fd = program.openFile('file');
          is(program.pwrite(fd, 'x', offset), 'EFBIG');
          is(program.pwrite(fd, '', offset), 'ESUCCESS');
          is(program.pread(fd, offset), '');
          is(program.call('fd_allocate', fd, offset, 1n), 'EFBIG');
          is(program.call('fd_filestat_set_size', fd, offset + 1n), 'EFBIG');
          if (offset <= FARTHEST_SEEK) {
            is(program.seek(fd, offset, 0), offset);
            is(program.read(fd), '');
            is(program.transfer('fd_write', fd), 'EFBIG');
            is(program.tell(fd), offset);
          } else {
            is(program.call('fd_seek', fd, offset, 0, 256), 'EINVAL');
          }
          is(program.readFile('file'), 'hello');
        }),
      );

    for (const offset of NEGATIVE)
      test.row(
        ['wasi.fd_pwrite', 'wasi.fd_pread', 'wasi.fd_allocate', 'wasi.fd_filestat_set_size', 'wasi.fd_seek'],
        `the offset ${offset} is below 0 and EINVAL, as a size it is EFBIG`,
        withProgram(program => {
          program.makeFile('file', 'hello');
          const fd = program.openFile('file');
          is(program.pwrite(fd, 'x', offset), 'EINVAL');
          is(program.call('fd_pread', fd, 512, 1, offset, 256), 'EINVAL');
          is(program.call('fd_seek', fd, offset, 0, 256), 'EINVAL');
          is(program.call('fd_allocate', fd, offset, 1n), 'EFBIG');
          is(program.call('fd_filestat_set_size', fd, offset), 'EFBIG');
          is(program.readFile('file'), 'hello');
        }),
      );

    test.row(
      ['wasi.fd_pwrite', 'wasi.fd_allocate'],
      'a range that starts within the limit and ends beyond it is EFBIG as a whole',
      withProgram(program => {
        const fd = program.openFile('file');
        is(program.pwrite(fd, 'xyz', LARGEST - 1n), 'EFBIG');
        is(program.call('fd_allocate', fd, 0n, LARGEST + 1n), 'EFBIG');
        is(program.call('fd_allocate', fd, LARGEST, 2n ** 63n), 'EFBIG');
        is(program.stat(fd).size, 0n);
      }),
    );
  });
}

/** Files with holes. A hole takes no room. */
export function holesContract(name: string, withFs: WithFs): void {
  suite(name, test => {
    const withProgram = programsOn(withFs);

    for (const size of [2n ** 16n, 2n ** 31n, 2n ** 32n, 2n ** 40n])
      test.row(
        ['wasi.fd_filestat_set_size', 'wasi.fd_pwrite', 'wasi.fd_pread'],
        `a file of ${size} bytes is zeros, but for those that were written`,
        withProgram(program => {
          const fd = program.openFile('file');
          program.write(fd, 'start');
          program.do('fd_filestat_set_size', fd, size);
          is(program.stat(fd).size, size);
          is(program.pwrite(fd, 'middle', size / 2n - 3n), 'ESUCCESS');
          is(program.pwrite(fd, 'end', size - 1n), 'ESUCCESS');
          is(program.stat(fd).size, size + 2n);
          is(program.pread(fd, 0n, 8), 'start\0\0\0');
          is(program.pread(fd, size / 2n - 5n, 10), '\0\0middle\0\0');
          is(program.pread(fd, size - 3n, 10), '\0\0end');
          is(program.seek(fd, -2n, 2), size);
          is(program.read(fd), 'nd');
          program.do('fd_filestat_set_size', fd, size / 2n);
          program.do('fd_filestat_set_size', fd, size);
          is(program.pread(fd, size / 2n - 3n, 6), 'mid\0\0\0');
          is(program.pread(fd, size - 1n, 10), '\0');
          program.do('fd_filestat_set_size', fd, 2n);
          is(program.readFile('file'), 'st');
        }),
      );

    test.row(
      ['wasi.fd_write', 'wasi.fd_seek'],
      'a write beyond the end leaves a hole before the written bytes',
      withProgram(program => {
        const fd = program.openFile('file');
        for (const offset of [200_000n, 70_000n, 65_535n]) {
          program.seek(fd, offset, 0);
          program.write(fd, 'xy');
        }
        is(program.pread(fd, 65_534n, 4), '\0xy\0');
        is(program.pread(fd, 69_999n, 4), '\0xy\0');
        is(program.pread(fd, 199_999n), '\0xy');
        is(program.pread(fd, 100_000n, 3), '\0\0\0');
      }),
    );
  });
}
