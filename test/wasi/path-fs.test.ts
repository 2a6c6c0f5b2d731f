import { pathFs } from '../../wasi/files/path-fs.ts';
import type { PathFile, PathHost } from '../../wasi/files/path-host.ts';
import { Filetype, type FsDirectory, type FsStat } from '../../wasi/index.ts';
import { equal, is } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { Program, ROOT } from './program.ts';

const ENOENT = 44;
const EINVAL = 28;

/** A host with a file and two folders that records each path passed to `look`. */
function watched() {
  const looks: string[] = [];
  const folders = ['/root', '/root/folder', '/root/other'];
  const files = ['/root/file', '/root/folder/inner'];
  const look = (path: string): FsStat | number => {
    looks.push(path);
    const at = [...folders, ...files].indexOf(path);
    if (at < 0) return ENOENT;
    const filetype = at < folders.length ? Filetype.DIRECTORY : Filetype.REGULAR_FILE;
    const [ino, time] = [BigInt(at + 1), 0n];
    return { filetype, dev: 1n, ino, nlink: 1n, sizeBytes: 0n, atimNs: time, mtimNs: time, ctimNs: time };
  };
  const file: Partial<PathFile> = { close() {} };
  const host: Partial<PathHost> = {
    root: '/root',
    isName: name => !name.includes('/'),
    look,
    list: () => ['file', 'folder'],
    openFile: () => file as PathFile,
    // A removed folder stays visible, like a new folder that got the same inode at once.
    removeDirectory: () => 0,
    rename: () => 0,
  };
  const fs = pathFs(host as PathHost);
  if (typeof fs === 'number') throw new Error(`errno ${fs}`);
  const program = new Program({ '/': fs });
  looks.length = 0;
  return { fs, program, looks };
}

/** A host with folders that really move. */
function movable() {
  const folders = new Map(
    ['/root', '/root/a', '/root/moved'].map((path, index) => [path, BigInt(index + 1)]),
  );
  const move: string[] = [];
  const look = (path: string): FsStat | number => {
    const ino = folders.get(path);
    if (ino === undefined) return ENOENT;
    const times = { atimNs: 0n, mtimNs: 0n, ctimNs: 0n };
    return { filetype: Filetype.DIRECTORY, dev: 1n, ino, nlink: 1n, sizeBytes: 0n, ...times };
  };
  const host: Partial<PathHost> = {
    root: '/root',
    isName: () => true,
    look,
    rename(from, to) {
      move.push(`${from} ${to}`);
      folders.set(to, folders.get(from)!);
      folders.delete(from);
      return 0;
    },
  };
  const fs = pathFs(host as PathHost);
  if (typeof fs === 'number') throw new Error(`errno ${fs}`);
  return { fs, move };
}

suite('wasi/path-fs', test => {
  for (const { title, run, expected } of [
    {
      title: 'path_filestat_get of a file',
      run: (program: Program) => program.do('path_filestat_get', ROOT, 0, 'file', 1024),
      expected: ['/root', '/root/file'],
    },
    {
      title: 'path_open of a file',
      run: (program: Program) => void program.open('file'),
      expected: ['/root', '/root/file'],
    },
    {
      title: 'path_open of a folder',
      run: (program: Program) => void program.open('folder'),
      expected: ['/root', '/root/folder'],
    },
    {
      title: 'path_open of a file in a folder',
      run: (program: Program) => void program.open('folder/inner'),
      expected: ['/root', '/root/folder', '/root/folder/inner'],
    },
    {
      title: 'fd_readdir',
      run: (program: Program) => program.do('fd_readdir', ROOT, 1024, 1000, 0n, 256),
      // `/root` is checked for the list, for "." and "..", and once for all entries.
      expected: ['/root', '/root', '/root', '/root/file', '/root/folder'],
    },
    {
      title: 'fd_readdir with room for the first entry only',
      run: (program: Program) => program.do('fd_readdir', ROOT, 1024, 28, 2n, 256),
      expected: ['/root', '/root', '/root/file'],
    },
  ])
    test(`${title} makes no unnecessary checks of a path`, () => {
      const { program, looks } = watched();
      run(program);
      equal(looks, expected);
    });

  test('a path that one call has checked is checked again in the next call', () => {
    const { program, looks } = watched();
    for (let round = 0; round < 3; round++) program.open('file');
    is(looks.length, 6);
  });

  for (const { title, remove, isGone } of [
    { title: 'removed', remove: ['path_remove_directory', ROOT, 'folder'], isGone: true },
    { title: 'replaced', remove: ['path_rename', ROOT, 'other', ROOT, 'folder'], isGone: true },
    { title: 'renamed to itself', remove: ['path_rename', ROOT, 'folder', ROOT, 'folder'], isGone: false },
  ] as const)
    test(`an open folder that is ${title} is ${isGone ? 'gone, also when a new folder has its inode' : 'still there'}`, () => {
      const { program } = watched();
      const fd = program.openFolder('folder');
      const [call, ...args] = remove;
      program.do(call, ...args);
      is(program.call('fd_filestat_get', fd, 1024), isGone ? 'ENOENT' : 'ESUCCESS');
      const again = program.openFolder('folder');
      is(program.call('fd_filestat_get', again, 1024), 'ESUCCESS');
    });

  test('an open folder is found after more renames than are remembered, if it was opened later than the first ones', () => {
    const { fs, move } = movable();
    const { root } = fs;
    const swap = (times: number) => {
      for (let turn = 0; turn < times; turn++)
        is(root.rename(turn % 2 ? 'b' : 'a', root, turn % 2 ? 'a' : 'b'), 0);
    };
    const isFound = (folder: FsDirectory | number) =>
      typeof folder !== 'number' && typeof folder.stat() !== 'number';
    const early = root.openDirectory('moved');
    swap(1000);
    const late = root.openDirectory('moved');
    swap(1000);
    is(root.rename('moved', root, 'there'), 0);
    equal(move.slice(-1), ['/root/moved /root/there']);
    equal([isFound(late), isFound(early)], [true, true], 'both renames of the folder are remembered');
    swap(1024);
    equal([isFound(late), isFound(early)], [true, true], 'both have followed already');
    is(root.rename('there', root, 'moved'), 0);
    swap(1024);
    equal([isFound(late), isFound(early)], [false, false], 'their rename is forgotten');
  });

  test('a name that is not the name of an entry is EINVAL without a check', () => {
    const { fs, looks } = watched();
    equal(fs.root.lookupAll?.(['..', 'a/b', '', '.']), [EINVAL, EINVAL, EINVAL, EINVAL]);
    equal(looks, ['/root']);
  });
});
