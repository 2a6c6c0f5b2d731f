import { Rights } from '../../wasi/index.ts';
import { equal, is } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { ALL_RIGHTS, CREAT, DIRECTORY, type Program, ROOT, TRUNC } from '../wasi/program.ts';
import type { WithFs } from './fs.ts';
import { programsOn } from './with-program.ts';

/** The arguments with which the standard library of a language opens a folder, and then a file in it. */
interface Pattern {
  language: string;
  folder: { base: bigint; inheriting: bigint };
  /** `passedOn` are the inheriting rights that the folder reports. */
  file(passedOn: bigint): { oflags: number; base: bigint };
}

const ZIG_FOLDER = 0x7bffe08n;
const READING = Rights.FD_READ | Rights.FD_SEEK | Rights.FD_TELL | Rights.FD_FILESTAT_GET;
const WRITING = Rights.FD_WRITE | Rights.FD_SEEK | Rights.FD_TELL | Rights.FD_FILESTAT_SET_SIZE;
const BELOW = Rights.PATH_OPEN | Rights.PATH_CREATE_FILE | Rights.FD_READDIR;

const patterns: readonly Pattern[] = [
  {
    language: 'Zig 0.17, which asks for the same rights on a folder and below it',
    folder: { base: ZIG_FOLDER, inheriting: ZIG_FOLDER },
    file: () => ({ oflags: CREAT | TRUNC, base: 0x8e001fdn | Rights.FD_READ }),
  },
  {
    language: 'a program that asks for no right below a folder',
    folder: { base: BELOW, inheriting: 0n },
    file: () => ({ oflags: CREAT, base: READING | WRITING }),
  },
  {
    language: 'wasi-libc, which asks for those rights that the folder reports',
    folder: { base: ALL_RIGHTS & ~Rights.FD_WRITE, inheriting: BELOW },
    file: passedOn => ({ oflags: CREAT, base: (READING | WRITING) & passedOn }),
  },
  {
    language: 'Go, which asks for the rights of a file on both',
    folder: { base: READING | BELOW, inheriting: READING | WRITING },
    file: () => ({ oflags: CREAT | TRUNC, base: READING | WRITING }),
  },
  {
    language: 'Rust, which asks for every right below a folder',
    folder: { base: ALL_RIGHTS & ~Rights.FD_WRITE, inheriting: 2n ** 64n - 1n },
    file: () => ({ oflags: CREAT, base: ALL_RIGHTS }),
  },
  {
    language: 'a program that asks for reading below a folder',
    folder: { base: BELOW, inheriting: READING },
    file: () => ({ oflags: CREAT, base: READING | WRITING }),
  },
];

/** Opens the folder `path` below `at` as the pattern does. */
const openFolder = (program: Program, { folder }: Pattern, path: string, at = ROOT) =>
  program.open(path, {
    at,
    follow: true,
    oflags: DIRECTORY,
    rights: folder.base,
    inheriting: folder.inheriting,
  });

/** A descriptor has the requested rights, except those that the program dropped. */
export function rightsContract(name: string, withFs: WithFs): void {
  suite(name, test => {
    const withProgram = programsOn(withFs);

    for (const pattern of patterns)
      for (const depth of [1, 2])
        test.row(
          ['wasi.path_open', 'wasi.fd_write', 'wasi.fd_read'],
          `a file ${depth} folders deep is written and read: ${pattern.language}`,
          withProgram(program => {
            program.do('path_create_directory', ROOT, 'sub');
            program.do('path_create_directory', ROOT, 'sub/sub');
            let folder = ROOT;
            for (let count = 0; count < depth; count++) folder = openFolder(program, pattern, 'sub', folder);
            const { oflags, base } = pattern.file(program.fdstat(folder).inheriting);
            const file = program.open('x', { at: folder, follow: true, oflags, rights: base });
            is(program.fdstat(file).base & (READING | WRITING), READING | WRITING);
            is(program.write(file, 'hello'), 5);
            program.do('fd_filestat_set_size', file, 4n);
            is(program.seek(file, 0n, 0), 0n);
            is(program.read(file), 'hell');
          }),
        );

    for (const pattern of patterns)
      test.row(
        ['wasi.path_open', 'wasi.fd_fdstat_set_rights'],
        `a right that the program dropped is gone below: ${pattern.language}`,
        withProgram(program => {
          program.do('path_create_directory', ROOT, 'sub');
          program.do('path_create_directory', ROOT, 'sub/sub');
          const before = openFolder(program, pattern, 'sub');
          const { base, inheriting } = program.fdstat(ROOT);
          program.do('fd_fdstat_set_rights', ROOT, base, inheriting & ~Rights.FD_WRITE);
          const folder = openFolder(program, pattern, 'sub');
          const deeper = openFolder(program, pattern, 'sub', folder);
          for (const at of [ROOT, folder, deeper]) {
            is(program.fdstat(at).inheriting & Rights.FD_WRITE, 0n);
            const { base: asked } = pattern.file(ALL_RIGHTS);
            const file = program.open('x', { at, oflags: CREAT, rights: asked });
            is(program.fdstat(file).base & Rights.FD_WRITE, 0n);
            is(program.transfer('fd_write', file), 'EBADF');
            is(program.call('fd_fdstat_set_rights', file, ALL_RIGHTS, 0n), 'ENOTCAPABLE');
          }
          // A folder that was opened before the drop keeps its rights.
          const file = program.open('x', {
            at: before,
            oflags: CREAT,
            rights: pattern.file(ALL_RIGHTS).base,
          });
          is(program.write(file, 'x'), 1);
        }),
      );

    test.row(
      ['wasi.path_open', 'wasi.fd_fdstat_get'],
      'a descriptor has the requested rights that apply to it, and a folder passes on all inheriting rights of its parent',
      withProgram(program => {
        program.makeFile('file', 'hello');
        const asked = Rights.FD_READ | Rights.FD_WRITE | Rights.PATH_FILESTAT_GET;
        const file = program.fdstat(program.open('file', { rights: asked, inheriting: ALL_RIGHTS }));
        equal([file.base, file.inheriting], [Rights.FD_READ | Rights.FD_WRITE, 0n]);
        const { inheriting } = program.fdstat(ROOT);
        for (const wanted of [0n, Rights.FD_READ, ALL_RIGHTS]) {
          const rights = Rights.FD_SEEK | Rights.PATH_OPEN;
          const folder = program.fdstat(program.open('.', { oflags: DIRECTORY, rights, inheriting: wanted }));
          equal([folder.base, folder.inheriting], [Rights.PATH_OPEN, inheriting]);
        }
      }),
    );

    test.row(
      ['wasi.path_open', 'wasi.fd_fdstat_set_rights'],
      'a folder lacks the rights that its parent dropped, for itself and for files in it',
      withProgram(program => {
        program.makeFile('file', 'hello');
        const { base, inheriting } = program.fdstat(ROOT);
        program.do('fd_fdstat_set_rights', ROOT, base, inheriting & ~(Rights.FD_READ | Rights.FD_READDIR));
        is(
          program.fdstat(program.open('file', { rights: Rights.FD_READ | Rights.FD_WRITE })).base,
          Rights.FD_WRITE,
        );
        const folder = program.openFolder('.');
        is(program.fdstat(folder).base & Rights.FD_READDIR, 0n);
        is(program.call('fd_readdir', folder, 1024, 100, 0n, 256), 'EBADF');
        is(program.fdstat(folder).inheriting, inheriting & ~(Rights.FD_READ | Rights.FD_READDIR));
      }),
    );
  });
}
