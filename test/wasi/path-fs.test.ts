import { MAX_FILE_BYTES } from '../../wasi/embedder.ts';
import { pathFs } from '../../wasi/files/path-fs.ts';
import type { PathFile, PathHost } from '../../wasi/files/path-host.ts';
import {
  Filetype,
  type FsDirectory,
  type FsFile,
  type FsStat,
  MemoryFs,
  MemoryLink,
} from '../../wasi/index.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { memoryHost } from './memory-host.ts';
import { Program, ROOT } from './program.ts';

const ENOENT = 44;
const EINVAL = 28;
const EACCES = 2;
const EFBIG = 22;
const EEXIST = 20;
const EISDIR = 31;
const ELOOP = 32;
const EPERM = 63;

function good<T>(answer: T | number): T {
  if (typeof answer === 'number') throw new Error(`errno ${answer}`);
  return answer;
}
const ENOTDIR = 54;

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
  const fs = good(pathFs(host as PathHost));
  const program = new Program({ '/': fs });
  looks.length = 0;
  return { fs, program, looks };
}

/** A host with an entry of each kind. */
function furnished(): PathHost {
  const files = { file: '', folder: {}, link: new MemoryLink('file') };
  return memoryHost('/host', new MemoryFs(files));
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
  const fs = good(pathFs(host as PathHost));
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

  const MAKE = { read: true, write: true, create: true, exclusive: false, truncate: false };
  const onFile = (call: (file: FsFile) => unknown) => (root: FsDirectory) => {
    const file = root.openFile('file', MAKE);
    return typeof file === 'number' ? file : call(file);
  };
  for (const [index, [method, call]] of (
    [
      ['look', root => root.stat()],
      ['look', root => root.lookup('file')],
      ['look', root => root.openDirectory('folder')],
      ['look', root => root.openFile('file', MAKE)],
      ['look', root => root.removeDirectory('folder')],
      ['look', root => root.unlink('file')],
      ['look', root => root.readLink('link')],
      ['look', root => root.rename('file', root, 'new')],
      ['look', root => root.link('file', root, 'new')],
      ['look', root => root.setTimes({})],
      ['look', root => root.setTimesOf('file', {})],
      ['look', root => root.makeDirectory('new')],
      ['look', root => root.symlink('new', 'target')],
      ['look', root => root.lookupAll!(['file'])],
      ['list', root => root.list()],
      ['openFile', root => root.openFile('file', MAKE)],
      ['openFile', root => root.openFile('new', MAKE)],
      ['readLink', root => root.readLink('link')],
      ['makeDirectory', root => root.makeDirectory('new')],
      ['removeDirectory', root => root.removeDirectory('folder')],
      ['unlink', root => root.unlink('file')],
      ['symlink', root => root.symlink('new', 'target')],
      ['link', root => root.link('file', root, 'new')],
      ['rename', root => root.rename('file', root, 'new')],
      ['setTimes', root => root.setTimes({})],
      ['setTimes', root => root.setTimesOf('file', {})],
      ['syncDirectory', root => root.sync()],
    ] satisfies [keyof PathHost, (root: FsDirectory) => unknown][]
  ).entries())
    test(`${index}: the errno of a host's ${method} is the result`, () => {
      const host = furnished();
      const fs = good(pathFs(host));
      const working = call(fs.root);
      ok(typeof working !== 'number' || working === 0, `errno ${working}`);
      const broken = furnished();
      const other = good(pathFs(broken));
      Object.assign(broken, { [method]: () => EACCES });
      equal([call(other.root)].flat(), [EACCES]);
    });

  for (const [index, [method, call, errno]] of (
    [
      ['stat', file => file.stat(), EACCES],
      ['stat', file => file.write(new Uint8Array(1), 'end'), -EACCES],
      ['stat', file => file.allocate!(0, 1), EACCES],
      ['stat', file => file.setTimes({}), EACCES],
      ['read', file => file.read(new Uint8Array(1), 0), EACCES],
      ['write', file => file.write(new Uint8Array(1), 0), EACCES],
      ['write', file => file.write(new Uint8Array(1), 'end'), EACCES],
      ['setSize', file => file.setSize(1), EACCES],
      ['setSize', file => file.allocate!(0, 9), EACCES],
      ['setTimes', file => file.setTimes({}), EACCES],
      ['sync', file => file.sync(true), EACCES],
    ] satisfies [keyof PathFile, (file: FsFile) => unknown, number][]
  ).entries())
    test(`${index}: the errno of a host file's ${method} is the result`, () => {
      const host = furnished();
      const fs = pathFs({
        ...host,
        openFile: (...args) => {
          const file = host.openFile(...args);
          return typeof file === 'number' ? file : { ...file, [method]: () => EACCES };
        },
      });
      if (typeof fs === 'number') throw new Error(`errno ${fs}`);
      is(onFile(call)(fs.root), errno);
    });

  for (const [sizeBytes, count] of [
    [MAX_FILE_BYTES - 1, 1],
    [MAX_FILE_BYTES, -EFBIG],
  ] as const)
    test(`appending a byte to a file of ${sizeBytes} bytes returns ${count}`, () => {
      const host = furnished();
      const openFile: PathHost['openFile'] = (...args) => {
        const file = host.openFile(...args);
        const stat = host.look(args[0]);
        if (typeof file === 'number' || typeof stat === 'number') return EACCES;
        return { ...file, stat: () => ({ ...stat, sizeBytes: BigInt(sizeBytes) }), write: () => 1 };
      };
      const fs = good(pathFs({ ...host, openFile }));
      is(onFile(file => file.write(new Uint8Array(1), 'end'))(fs.root), count);
    });

  test('an open folder is found at a path that another folder has left', () => {
    const { root } = movable().fs;
    const folder = good(root.openDirectory('moved'));
    for (const [from, to] of [
      ['a', 'b'],
      ['moved', 'a'],
      ['a', 'c'],
      ['b', 'a'],
    ] as const) {
      is(root.rename(from, root, to), 0);
      is(typeof folder.stat(), 'object', `after ${from} was renamed to ${to}`);
    }
  });

  for (const [index, [method, call, errno]] of (
    [
      ['openFile', root => root.openFile('folder', MAKE), EISDIR],
      ['openFile', root => root.openFile('link', MAKE), ELOOP],
      ['openFile', root => root.openFile('file', { ...MAKE, exclusive: true }), EEXIST],
      ['openFile', root => root.openFile('new', { ...MAKE, create: false }), ENOENT],
      ['readLink', root => root.readLink('file'), EINVAL],
      ['readLink', root => root.readLink('folder'), EINVAL],
      ['unlink', root => root.unlink('folder'), EISDIR],
      ['link', root => root.link('folder', root, 'new'), EPERM],
      ['link', root => root.link('file', root, 'link'), EEXIST],
      ['rename', root => root.rename('file', root, 'folder'), EISDIR],
      ['rename', root => root.rename('folder', root, 'file'), ENOTDIR],
      ['rename', root => root.rename('folder', good(root.openDirectory('folder')), 'new'), EINVAL],
    ] satisfies [keyof PathHost, (root: FsDirectory) => unknown, number][]
  ).entries())
    test(`${index}: errno ${errno} is found without a call of the host's ${method}`, () => {
      const host = furnished();
      Object.assign(host, { [method]: () => EACCES });
      is(call(good(pathFs(host)).root), errno);
    });

  test('a root that is missing, or is not a folder, is an errno', () => {
    is(pathFs({ ...furnished(), root: '/host/missing' }), ENOENT);
    is(pathFs({ ...furnished(), root: '/host/file' }), ENOTDIR);
  });

  test('a name that is not the name of an entry is EINVAL without a check', () => {
    const { fs, looks } = watched();
    equal(fs.root.lookupAll?.(['..', 'a/b', '', '.']), [EINVAL, EINVAL, EINVAL, EINVAL]);
    equal(looks, ['/root']);
  });
});
