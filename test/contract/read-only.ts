import { Filetype, Rights, type WasiFunctionName } from '../../wasi/index.ts';
import { equal, is } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { ALL_RIGHTS, type Argument, CREAT, EXCL, Program, ROOT, TRUNC } from '../wasi/program.ts';
import type { WithFs } from './fs.ts';

/** The second preopened folder: the same files, but writable. */
const WRITABLE = 4;

const refused: readonly [name: WasiFunctionName, ...args: Argument[]][] = [
  ['path_create_directory', ROOT, 'new'],
  ['path_filestat_set_times', ROOT, 0, 'file', 1n, 1n, 5],
  ['path_filestat_set_times', ROOT, 0, '.', 1n, 1n, 5],
  ['fd_filestat_set_times', ROOT, 1n, 1n, 5],
  ['path_link', ROOT, 0, 'file', ROOT, 'new'],
  ['path_link', ROOT, 0, 'file', WRITABLE, 'new'],
  ['path_open', ROOT, 0, 'new', CREAT, 0n, 0n, 0, 256],
  ['path_open', ROOT, 1, 'dangling', CREAT, 0n, 0n, 0, 256],
  ['path_open', ROOT, 0, 'file', TRUNC, 0n, 0n, 0, 256],
  ['path_open', ROOT, 0, 'folder/inner', 0, Rights.FD_WRITE, 0n, 0, 256],
  ['path_remove_directory', ROOT, 'empty'],
  ['path_rename', ROOT, 'file', ROOT, 'new'],
  ['path_rename', ROOT, 'file', WRITABLE, 'new'],
  ['path_symlink', 'x', ROOT, 'folder/new'],
  ['path_unlink_file', ROOT, 'file'],
];

/** A mount with `readOnly` can be read but not changed. */
export function readOnlyContract(name: string, withFs: WithFs): void {
  suite(name, test => {
    const withProgram = (body: (program: Program) => void) => () =>
      withFs(fs => {
        const program = new Program({ '/ro': { fs, readOnly: true }, '/rw': { fs } });
        try {
          program.makeFile('file', 'hello', WRITABLE);
          for (const folder of ['folder', 'empty']) program.do('path_create_directory', WRITABLE, folder);
          program.makeFile('folder/inner', 'inside', WRITABLE);
          program.do('path_symlink', 'file', WRITABLE, 'link');
          program.do('path_symlink', 'nowhere', WRITABLE, 'dangling');
          body(program);
          equal(program.list(), ['dangling', 'empty', 'file', 'folder', 'link']);
          equal(program.list('folder'), ['inner']);
          is(program.readFile('file'), 'hello');
          equal(program.guest.diagnostics, []);
        } finally {
          program.guest.wasi.close();
        }
      });

    for (const [call, ...args] of refused)
      test.row(
        `wasi.${call}`,
        `${args.join(' ')} is EROFS`,
        withProgram(program => is(program.call(call, ...args), 'EROFS')),
      );

    test.row(
      'wasi.path_rename',
      'a rename or link into the read-only mount is EXDEV',
      withProgram(program => {
        is(program.call('path_rename', WRITABLE, 'file', ROOT, 'new'), 'EXDEV');
        is(program.call('path_link', WRITABLE, 0, 'file', ROOT, 'new'), 'EXDEV');
      }),
    );

    test.row(
      ['wasi.path_open', 'wasi.fd_read'],
      'files can be read, also with flags that would have made a missing file',
      withProgram(program => {
        const fd = program.open('link', {
          follow: true,
          oflags: CREAT,
          rights: ALL_RIGHTS & ~Rights.FD_WRITE,
        });
        is(program.read(fd), 'hello');
        for (const [call, ...args] of [
          ['fd_filestat_set_size', fd, 0n],
          ['fd_allocate', fd, 0n, 100n],
          ['fd_filestat_set_times', fd, 1n, 1n, 5],
        ] as const)
          is(program.call(call, ...args), 'EROFS', call);
        for (const call of ['fd_sync', 'fd_datasync'] as const) program.do(call, fd);
        program.do('fd_sync', ROOT);
        is(program.tryOpen('file', { oflags: CREAT | EXCL }), 'EEXIST');
        is(program.tryOpen('link', { oflags: CREAT | EXCL }), 'EEXIST');
        is(program.statPath('link').filetype, Filetype.SYMBOLIC_LINK);
        is(program.readLink('link'), 'file');
      }),
    );

    test(
      'two mounts of the same files are two devices',
      withProgram(program => {
        const [one, two] = [program.statPath('file'), program.statPath('file', false, WRITABLE)];
        is(one.ino, two.ino);
        is(one.dev === two.dev, false);
      }),
    );
  });
}
