import { Filetype, Rights, type WasiFunctionName } from '../../wasi/index.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { type Argument, CREAT, DIRECTORY, EXCL, type Program, ROOT, TRUNC } from '../wasi/program.ts';
import type { WithFs } from './fs.ts';
import { programsOn } from './with-program.ts';

type Step = readonly [answer: string, name: WasiFunctionName, ...args: readonly Argument[]];

/**
 * The expected errno of one call in a folder with: `file` ("hello"), `folder/inner`, `empty/`, `to-file` → file, `to-folder` →
 * folder, `to-inner` → to-folder/inner, `dangling` → nowhere, `loop` → loop, `out` → ../out, `up` → folder/../..,
 * `to-slash` → file/, `folder-slash` → folder/.
 */
const steps: readonly Step[] = [
  ['ESUCCESS', 'path_create_directory', ROOT, 'new'],
  ['ESUCCESS', 'path_create_directory', ROOT, 'new/'],
  ['ESUCCESS', 'path_create_directory', ROOT, 'to-folder/new'],
  ['EEXIST', 'path_create_directory', ROOT, 'file'],
  ['EEXIST', 'path_create_directory', ROOT, 'folder'],
  ['EEXIST', 'path_create_directory', ROOT, 'folder/'],
  ['EEXIST', 'path_create_directory', ROOT, 'dangling'],
  ['EEXIST', 'path_create_directory', ROOT, '.'],
  ['EEXIST', 'path_create_directory', ROOT, 'folder/..'],
  ['ENOENT', 'path_create_directory', ROOT, ''],
  ['ENOENT', 'path_create_directory', ROOT, 'none/new'],
  ['ENOENT', 'path_create_directory', ROOT, 'none/../new'],
  ['ENOTDIR', 'path_create_directory', ROOT, 'file/new'],
  ['ENOTDIR', 'path_create_directory', ROOT, 'file/../new'],
  ['EPERM', 'path_create_directory', ROOT, '/new'],
  ['EPERM', 'path_create_directory', ROOT, '../new'],
  ['EPERM', 'path_create_directory', ROOT, 'folder/../../new'],
  ['EINVAL', 'path_create_directory', ROOT, 'a\0b'],
  ['EILSEQ', 'path_create_directory', ROOT, Uint8Array.of(0x61, 0xff)],
  ['EILSEQ', 'path_create_directory', ROOT, Uint8Array.of(0xed, 0xa0, 0x80)],
  ['ENAMETOOLONG', 'path_create_directory', ROOT, 'a'.repeat(256)],
  ['ENAMETOOLONG', 'path_create_directory', ROOT, 'ü'.repeat(128)],
  ['ENAMETOOLONG', 'path_create_directory', ROOT, 'a/'.repeat(2049)],
  ['ELOOP', 'path_create_directory', ROOT, 'loop/new'],
  ['EBADF', 'path_create_directory', 99, 'new'],
  ['ENOTDIR', 'path_create_directory', 0, 'new'],

  ['ESUCCESS', 'path_remove_directory', ROOT, 'empty'],
  ['ESUCCESS', 'path_remove_directory', ROOT, 'empty/'],
  ['ESUCCESS', 'path_remove_directory', ROOT, 'folder/../empty'],
  ['ENOTEMPTY', 'path_remove_directory', ROOT, 'folder'],
  ['ENOTDIR', 'path_remove_directory', ROOT, 'file'],
  ['ENOTDIR', 'path_remove_directory', ROOT, 'file/'],
  ['ENOTDIR', 'path_remove_directory', ROOT, 'to-folder'],
  ['ENOTDIR', 'path_remove_directory', ROOT, 'to-folder/'],
  ['ENOENT', 'path_remove_directory', ROOT, 'none'],
  ['EINVAL', 'path_remove_directory', ROOT, '.'],
  ['EINVAL', 'path_remove_directory', ROOT, 'empty/.'],
  ['EPERM', 'path_remove_directory', ROOT, '..'],

  ['ESUCCESS', 'path_unlink_file', ROOT, 'file'],
  ['ESUCCESS', 'path_unlink_file', ROOT, 'folder/inner'],
  ['ESUCCESS', 'path_unlink_file', ROOT, 'to-folder/inner'],
  ['ESUCCESS', 'path_unlink_file', ROOT, 'to-folder'],
  ['ESUCCESS', 'path_unlink_file', ROOT, 'loop'],
  ['ENOTDIR', 'path_unlink_file', ROOT, 'file/'],
  ['ENOTDIR', 'path_unlink_file', ROOT, 'to-folder/'],
  ['EISDIR', 'path_unlink_file', ROOT, 'empty'],
  ['EISDIR', 'path_unlink_file', ROOT, 'empty/'],
  ['EISDIR', 'path_unlink_file', ROOT, '.'],
  ['ENOENT', 'path_unlink_file', ROOT, 'none'],
  ['EPERM', 'path_unlink_file', ROOT, 'out/file'],

  ['ESUCCESS', 'path_rename', ROOT, 'file', ROOT, 'new'],
  ['ESUCCESS', 'path_rename', ROOT, 'file', ROOT, 'folder/inner'],
  ['ESUCCESS', 'path_rename', ROOT, 'file', ROOT, 'file'],
  ['ESUCCESS', 'path_rename', ROOT, 'file', ROOT, 'dangling'],
  ['ESUCCESS', 'path_rename', ROOT, 'folder/', ROOT, 'new/'],
  ['ESUCCESS', 'path_rename', ROOT, 'folder', ROOT, 'empty/'],
  ['ESUCCESS', 'path_rename', ROOT, 'to-folder', ROOT, 'new'],
  ['ENOTDIR', 'path_rename', ROOT, 'file/', ROOT, 'new'],
  ['ENOTDIR', 'path_rename', ROOT, 'file', ROOT, 'new/'],
  ['ENOTDIR', 'path_rename', ROOT, 'to-folder/', ROOT, 'new'],
  ['ENOTDIR', 'path_rename', ROOT, 'folder', ROOT, 'file'],
  ['EISDIR', 'path_rename', ROOT, 'file', ROOT, 'empty'],
  ['ENOTEMPTY', 'path_rename', ROOT, 'empty', ROOT, 'folder'],
  ['EINVAL', 'path_rename', ROOT, 'folder', ROOT, 'folder/new'],
  ['EINVAL', 'path_rename', ROOT, 'folder', ROOT, 'to-folder/new'],
  ['EBUSY', 'path_rename', ROOT, '.', ROOT, 'new'],
  ['EBUSY', 'path_rename', ROOT, 'empty', ROOT, '.'],
  ['ENOENT', 'path_rename', ROOT, 'none', ROOT, 'new'],
  ['ENOENT', 'path_rename', ROOT, 'file', ROOT, 'none/new'],
  ['EPERM', 'path_rename', ROOT, 'file', ROOT, '../new'],
  ['EBADF', 'path_rename', ROOT, 'file', 99, 'new'],

  ['ESUCCESS', 'path_link', ROOT, 0, 'file', ROOT, 'new'],
  ['ESUCCESS', 'path_link', ROOT, 0, 'dangling', ROOT, 'new'],
  ['ESUCCESS', 'path_link', ROOT, 0, 'loop', ROOT, 'new'],
  ['ESUCCESS', 'path_link', ROOT, 1, 'to-file', ROOT, 'folder/new'],
  ['EEXIST', 'path_link', ROOT, 0, 'file', ROOT, 'file'],
  ['EEXIST', 'path_link', ROOT, 0, 'file', ROOT, 'empty'],
  ['EEXIST', 'path_link', ROOT, 0, 'file', ROOT, '.'],
  ['EEXIST', 'path_link', ROOT, 0, 'file', ROOT, 'dangling'],
  ['EPERM', 'path_link', ROOT, 0, 'folder', ROOT, 'new'],
  ['EPERM', 'path_link', ROOT, 0, '.', ROOT, 'new'],
  ['EPERM', 'path_link', ROOT, 1, 'out', ROOT, 'new'],
  ['ENOENT', 'path_link', ROOT, 0, 'file', ROOT, 'new/'],
  ['ENOENT', 'path_link', ROOT, 1, 'dangling', ROOT, 'new'],
  ['ENOENT', 'path_link', ROOT, 0, 'none', ROOT, 'new'],
  ['ENOTDIR', 'path_link', ROOT, 0, 'file/', ROOT, 'new'],
  ['EINVAL', 'path_link', ROOT, 2, 'file', ROOT, 'new'],

  ['ESUCCESS', 'path_symlink', 'nowhere', ROOT, 'new'],
  ['ESUCCESS', 'path_symlink', '../..', ROOT, 'new'],
  ['ESUCCESS', 'path_symlink', 'with/', ROOT, 'folder/new'],
  ['EPERM', 'path_symlink', '/', ROOT, 'new'],
  ['EPERM', 'path_symlink', '/etc/passwd', ROOT, 'new'],
  ['EPERM', 'path_symlink', 'file', ROOT, '/new'],
  ['EEXIST', 'path_symlink', 'x', ROOT, 'file'],
  ['EEXIST', 'path_symlink', 'x', ROOT, 'empty'],
  ['EEXIST', 'path_symlink', 'x', ROOT, 'empty/'],
  ['EEXIST', 'path_symlink', 'x', ROOT, 'dangling'],
  ['EEXIST', 'path_symlink', 'x', ROOT, '.'],
  ['ENOENT', 'path_symlink', 'x', ROOT, 'new/'],
  ['ENOENT', 'path_symlink', '', ROOT, 'new'],
  ['ENOTDIR', 'path_symlink', 'x', ROOT, 'file/'],
  ['EINVAL', 'path_symlink', 'a\0', ROOT, 'new'],
  ['ENAMETOOLONG', 'path_symlink', 'a'.repeat(4097), ROOT, 'new'],

  ['ESUCCESS', 'path_filestat_get', ROOT, 0, 'loop', 256],
  ['ELOOP', 'path_filestat_get', ROOT, 1, 'loop', 256],
  ['ENOENT', 'path_filestat_get', ROOT, 1, 'dangling', 256],
  ['ESUCCESS', 'path_filestat_get', ROOT, 0, 'dangling', 256],
  ['ENOENT', 'path_filestat_get', ROOT, 0, 'dangling/', 256],
  ['ENOTDIR', 'path_filestat_get', ROOT, 0, 'to-file/', 256],
  ['ESUCCESS', 'path_filestat_get', ROOT, 0, 'out', 256],
  ['EPERM', 'path_filestat_get', ROOT, 1, 'out', 256],
  ['EPERM', 'path_filestat_get', ROOT, 1, 'up', 256],
  ['EINVAL', 'path_filestat_get', ROOT, 2, 'file', 256],

  ['ESUCCESS', 'path_filestat_set_times', ROOT, 0, 'file', 1n, 2n, 5],
  ['ESUCCESS', 'path_filestat_set_times', ROOT, 0, 'dangling', 1n, 2n, 5],
  ['ESUCCESS', 'path_filestat_set_times', ROOT, 0, '.', 1n, 2n, 10],
  ['ENOENT', 'path_filestat_set_times', ROOT, 1, 'dangling', 1n, 2n, 5],
  ['ENOENT', 'path_filestat_set_times', ROOT, 0, 'none', 1n, 2n, 5],
  ['EINVAL', 'path_filestat_set_times', ROOT, 0, 'file', 1n, 2n, 3],
  ['EINVAL', 'path_filestat_set_times', ROOT, 0, 'file', 1n, 2n, 12],
  ['EINVAL', 'path_filestat_set_times', ROOT, 0, 'file', 1n, 2n, 16],

  ['EINVAL', 'path_readlink', ROOT, 'file', 1024, 10, 256],
  ['EINVAL', 'path_readlink', ROOT, 'folder', 1024, 10, 256],
  ['EINVAL', 'path_readlink', ROOT, '.', 1024, 10, 256],
  ['EINVAL', 'path_readlink', ROOT, 'to-folder/', 1024, 10, 256],
  ['ENOENT', 'path_readlink', ROOT, 'none', 1024, 10, 256],

  ['EINVAL', 'path_open', ROOT, 2, 'file', 0, 0n, 0n, 0, 256],
  ['EINVAL', 'path_open', ROOT, 0, 'file', 16, 0n, 0n, 0, 256],
  ['EINVAL', 'path_open', ROOT, 0, 'file', 0, 0n, 0n, 32, 256],
  ['EINVAL', 'path_open', ROOT, 0, 'new', CREAT | DIRECTORY, 0n, 0n, 0, 256],
  ['EEXIST', 'path_open', ROOT, 0, 'file', CREAT | EXCL, 0n, 0n, 0, 256],
  ['EEXIST', 'path_open', ROOT, 1, 'dangling', CREAT | EXCL, 0n, 0n, 0, 256],
  ['EEXIST', 'path_open', ROOT, 0, 'folder', CREAT | EXCL, 0n, 0n, 0, 256],
  ['EISDIR', 'path_open', ROOT, 0, 'folder', CREAT, 0n, 0n, 0, 256],
  ['EISDIR', 'path_open', ROOT, 0, 'folder', TRUNC, 0n, 0n, 0, 256],
  ['EISDIR', 'path_open', ROOT, 0, 'folder', 0, Rights.FD_WRITE, 0n, 0, 256],
  ['EISDIR', 'path_open', ROOT, 0, '.', DIRECTORY, Rights.FD_READ | Rights.FD_WRITE, 0n, 0, 256],
  ['EISDIR', 'path_open', ROOT, 0, 'new/', CREAT, 0n, 0n, 0, 256],
  ['ESUCCESS', 'path_open', ROOT, 0, '.', DIRECTORY, Rights.FD_READ, 0n, 0, 256],
  ['ESUCCESS', 'path_open', ROOT, 0, '.', 0, 0n, 0n, 4, 256],
  ['ESUCCESS', 'path_open', ROOT, 0, 'folder/.//../folder/inner', 0, 0n, 0n, 0, 256],
  ['ESUCCESS', 'path_open', ROOT, 0, 'folder///', 0, 0n, 0n, 0, 256],
  ['ESUCCESS', 'path_open', ROOT, 0, 'to-folder/', 0, 0n, 0n, 0, 256],
  ['ESUCCESS', 'path_open', ROOT, 1, 'to-inner', 0, 0n, 0n, 0, 256],
  ['ESUCCESS', 'path_open', ROOT, 1, 'dangling', CREAT, 0n, 0n, 0, 256],
  ['ELOOP', 'path_open', ROOT, 0, 'dangling', 0, 0n, 0n, 0, 256],
  ['ELOOP', 'path_open', ROOT, 0, 'dangling', DIRECTORY, 0n, 0n, 0, 256],
  ['ELOOP', 'path_open', ROOT, 0, 'to-folder', DIRECTORY, 0n, 0n, 0, 256],
  ['ELOOP', 'path_open', ROOT, 0, 'to-file', CREAT, 0n, 0n, 0, 256],
  ['ELOOP', 'path_open', ROOT, 1, 'loop', 0, 0n, 0n, 0, 256],
  ['ENOENT', 'path_open', ROOT, 1, 'dangling', 0, 0n, 0n, 0, 256],
  ['ENOTDIR', 'path_open', ROOT, 0, 'file', DIRECTORY, 0n, 0n, 0, 256],
  ['ENOTDIR', 'path_open', ROOT, 1, 'to-file', DIRECTORY, 0n, 0n, 0, 256],
  ['ENOTDIR', 'path_open', ROOT, 0, 'file/', 0, 0n, 0n, 0, 256],
  ['ENOTDIR', 'path_open', ROOT, 0, 'file///', 0, 0n, 0n, 0, 256],
  ['EINVAL', 'path_open', ROOT, 0, 'folder/inner\0', 0, 0n, 0n, 0, 256],
  ['ENOTDIR', 'path_open', ROOT, 1, 'to-slash', 0, 0n, 0n, 0, 256],
  ['ESUCCESS', 'path_open', ROOT, 1, 'folder-slash', 0, 0n, 0n, 0, 256],
  ['ESUCCESS', 'path_open', ROOT, 0, 'folder-slash/inner', 0, 0n, 0n, 0, 256],
];

function furnished(program: Program): void {
  program.makeFile('file', 'hello');
  program.do('path_create_directory', ROOT, 'folder');
  program.do('path_create_directory', ROOT, 'empty');
  program.makeFile('folder/inner', 'inside');
  for (const [name, target] of [
    ['to-file', 'file'],
    ['to-folder', 'folder'],
    ['to-inner', 'to-folder/inner'],
    ['dangling', 'nowhere'],
    ['loop', 'loop'],
    ['out', '../out'],
    ['up', 'folder/../..'],
    ['to-slash', 'file/'],
    ['folder-slash', 'folder/'],
  ] as const)
    program.do('path_symlink', target, ROOT, name);
}

const show = (arg: Argument): string => {
  if (arg instanceof Uint8Array) return `bytes ${arg.join(' ')}`;
  return typeof arg === 'string' && arg.length > 40
    ? `${arg.slice(0, 8)}… (${arg.length})`
    : JSON.stringify(arg, (_, value) => (typeof value === 'bigint' ? `${value}` : value));
};

/** The functions on paths, as a program sees them. */
export function pathsContract(name: string, withFs: WithFs): void {
  suite(name, test => {
    const withProgram = programsOn(withFs);

    for (const [answer, call, ...args] of steps)
      test.row(
        `wasi.${call}`,
        `${args.map(show).join(' ')} is ${answer}`,
        withProgram(program => {
          furnished(program);
          is(program.call(call, ...args), answer);
        }),
      );

    test.row(
      'wasi.path_open',
      'path_open makes, cuts and opens files',
      withProgram(program => {
        program.makeFile('file', 'hello');
        is(program.readFile('file'), 'hello');
        program.do('fd_close', program.open('file', { oflags: CREAT }));
        is(program.readFile('file'), 'hello');
        program.do('fd_close', program.open('file', { oflags: TRUNC }));
        is(program.readFile('file'), '');
      }),
    );

    test.row(
      ['wasi.path_open', 'wasi.path_symlink'],
      'a file is made where a dangling link points',
      withProgram(program => {
        furnished(program);
        program.do('fd_close', program.open('dangling', { follow: true, oflags: CREAT }));
        is(program.statPath('nowhere').filetype, Filetype.REGULAR_FILE);
        is(program.statPath('dangling').filetype, Filetype.SYMBOLIC_LINK);
      }),
    );

    test.row(
      ['wasi.path_open', 'wasi.path_symlink'],
      'a link is relative to the folder that contains it, and .. after a link leads to the folder above its target',
      withProgram(program => {
        furnished(program);
        program.do('path_symlink', '../file', ROOT, 'folder/back');
        is(program.readFile('folder/back', true), 'hello');
        is(program.readFile('to-folder/back', true), 'hello');
        program.do('path_symlink', 'folder', ROOT, 'empty/lost');
        is(program.tryOpen('empty/lost', { follow: true }), 'ENOENT');
        program.do('path_create_directory', ROOT, 'folder/deep');
        program.do('path_symlink', 'folder/deep', ROOT, 'to-deep');
        is(program.readFile('to-deep/../inner'), 'inside');
      }),
    );

    test.row(
      'wasi.path_open',
      'a chain of 40 links is followed, a chain of 41 is ELOOP',
      withProgram(program => {
        program.makeFile('link0', 'end');
        for (let index = 1; index <= 41; index++)
          program.do('path_symlink', `link${index - 1}`, ROOT, `link${index}`);
        is(program.readFile('link40', true), 'end');
        is(program.tryOpen('link41', { follow: true }), 'ELOOP');
      }),
    );

    test.row(
      'wasi.path_readlink',
      'the target is cut off where the buffer ends, also for a buffer of 0 bytes',
      withProgram(program => {
        furnished(program);
        is(program.readLink('to-folder'), 'folder');
        is(program.readLink('to-folder', 4), 'fold');
        is(program.readLink('to-folder', 0), '');
        is(program.readLink('out'), '../out');
      }),
    );

    test.row(
      ['wasi.path_filestat_get', 'wasi.fd_filestat_get', 'wasi.path_link'],
      'all calls give the same description of one file',
      withProgram(program => {
        furnished(program);
        program.do('path_link', ROOT, 0, 'file', ROOT, 'folder/second');
        const fd = program.openFile('folder/second', { oflags: 0 });
        const stat = program.stat(fd);
        equal(program.statPath('file'), stat);
        equal(program.statPath('to-file', true), stat);
        is(stat.nlink, 2n);
        is(stat.size, 5n);
        is(stat.filetype, Filetype.REGULAR_FILE);
        is(program.statPath('to-file').filetype, Filetype.SYMBOLIC_LINK);
        equal(program.statPath('.'), program.stat(ROOT));
        is(program.statPath('folder').filetype, Filetype.DIRECTORY);
        ok(program.statPath('folder').ino !== stat.ino);
        is(program.statPath('folder').dev, stat.dev);
      }),
    );

    test.row(
      'wasi.path_filestat_set_times',
      'only the times that the flags name are set, on the link or on its target',
      withProgram(program => {
        furnished(program);
        const before = program.statPath('file');
        program.do('path_filestat_set_times', ROOT, 0, 'to-file', 11n, 22n, 5);
        equal([program.statPath('to-file').atim, program.statPath('to-file').mtim], [11n, 22n]);
        is(program.statPath('file').mtim, before.mtim);
        program.do('path_filestat_set_times', ROOT, 1, 'to-file', 33n, 44n, 4);
        equal([program.statPath('file').atim, program.statPath('file').mtim], [before.atim, 44n]);
        program.do('path_filestat_set_times', ROOT, 0, 'file', 1n, 1n, 2 | 8);
        const now = program.guest.clock.nowNs(0);
        equal([program.statPath('file').atim, program.statPath('file').mtim], [now, now]);
        is(program.call('path_filestat_set_times', ROOT, 0, 'file', 5n, 5n, 4 | 8), 'EINVAL');
        is(program.statPath('file').mtim, now);
      }),
    );

    test.row(
      'wasi.path_rename',
      'entries move between folders, and open files and folders stay open',
      withProgram(program => {
        furnished(program);
        const fd = program.openFile('file');
        program.do('path_rename', ROOT, 'file', program.openFolder('folder'), 'moved');
        is(program.read(fd), 'hello');
        is(program.readFile('folder/moved'), 'hello');
        equal(program.list('folder'), ['inner', 'moved']);
        program.do('path_rename', ROOT, 'folder', ROOT, 'empty');
        is(program.readFile('empty/moved'), 'hello');
      }),
    );

    test.row(
      'wasi.path_open',
      'a path cannot lead out of any open folder',
      withProgram(program => {
        furnished(program);
        const folder = program.openFolder('folder');
        is(typeof program.tryOpen('inner', { at: folder }), 'number');
        for (const path of ['..', '../file', '../folder/inner', './../file'])
          is(program.tryOpen(path, { at: folder }), 'EPERM', path);
        program.do('path_symlink', '../file', folder, 'back');
        is(program.tryOpen('back', { at: folder, follow: true }), 'EPERM');
        is(program.readFile('folder/back', true), 'hello');
      }),
    );

    const needs: readonly [right: keyof typeof Rights, call: WasiFunctionName, ...args: Argument[]][] = [
      ['PATH_CREATE_DIRECTORY', 'path_create_directory', ROOT, 'new'],
      ['PATH_FILESTAT_GET', 'path_filestat_get', ROOT, 0, 'file', 256],
      ['PATH_FILESTAT_SET_TIMES', 'path_filestat_set_times', ROOT, 0, 'file', 1n, 1n, 5],
      ['PATH_LINK_SOURCE', 'path_link', ROOT, 0, 'file', ROOT, 'new'],
      ['PATH_LINK_TARGET', 'path_link', ROOT, 0, 'file', ROOT, 'new'],
      ['PATH_OPEN', 'path_open', ROOT, 0, 'file', 0, 0n, 0n, 0, 256],
      ['PATH_CREATE_FILE', 'path_open', ROOT, 0, 'new', CREAT, 0n, 0n, 0, 256],
      ['PATH_FILESTAT_SET_SIZE', 'path_open', ROOT, 0, 'file', TRUNC, 0n, 0n, 0, 256],
      ['PATH_READLINK', 'path_readlink', ROOT, 'to-file', 1024, 10, 256],
      ['PATH_REMOVE_DIRECTORY', 'path_remove_directory', ROOT, 'empty'],
      ['PATH_RENAME_SOURCE', 'path_rename', ROOT, 'file', ROOT, 'new'],
      ['PATH_RENAME_TARGET', 'path_rename', ROOT, 'file', ROOT, 'new'],
      ['PATH_SYMLINK', 'path_symlink', 'x', ROOT, 'new'],
      ['PATH_UNLINK_FILE', 'path_unlink_file', ROOT, 'file'],
    ];
    test.row(
      'wasi.path_open',
      'a program that may cut the file through the new descriptor may also cut it when it opens the file',
      withProgram(program => {
        program.makeFile('file', 'hello');
        const { base, inheriting } = program.fdstat(ROOT);
        program.do('fd_fdstat_set_rights', ROOT, base & ~Rights.PATH_FILESTAT_SET_SIZE, inheriting);
        for (const rights of [Rights.FD_WRITE, Rights.FD_FILESTAT_SET_SIZE])
          is(program.tryOpen('file', { oflags: TRUNC, rights }), 'ENOTCAPABLE');
        is(program.readFile('file'), 'hello');
        program.open('file', { oflags: TRUNC, rights: Rights.FD_WRITE | Rights.FD_FILESTAT_SET_SIZE });
        is(program.readFile('file'), '');
      }),
    );

    for (const [right, call, ...args] of needs)
      test.row(
        [`wasi.${call}`, 'wasi.fd_fdstat_set_rights'],
        `without ${right} is ENOTCAPABLE, and nothing happens`,
        withProgram(program => {
          furnished(program);
          const { base, inheriting } = program.fdstat(ROOT);
          const before = program.list();
          // A second descriptor keeps the rights that the checks below need.
          const kept = program.openFolder('.');
          program.do('fd_fdstat_set_rights', ROOT, base & ~Rights[right], inheriting);
          is(program.call(call, ...args), 'ENOTCAPABLE');
          program.do('fd_renumber', kept, ROOT);
          equal(program.list(), before);
          is(program.readFile('file'), 'hello');
        }),
      );
  });
}
