import { MAX_FILE_BYTES } from '../../wasi/embedder.ts';
import {
  Errno,
  errnoName,
  type Fs,
  type FsDirectory,
  type FsFile,
  type FsOpening,
  type FsStat,
  Oflags,
  Rights,
} from '../../wasi/index.ts';
import { equal, is } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { Guest, utf8 } from './guest.ts';

// A file system of an embedder returns numbers: an errno where success is an object, text or 0, a negative errno where success is a
// count. The program gets each as an errno above 0.

const stat = (filetype: number): FsStat => ({
  ...{ filetype, dev: 1n, ino: 2n, nlink: 1n, sizeBytes: 4n },
  ...{ atimNs: 0n, mtimNs: 0n, ctimNs: 0n },
});

const goodFile: FsFile = {
  stat: () => stat(4),
  read: into => into.fill(7).length,
  write: bytes => bytes.length,
  setSize: () => 0,
  setTimes: () => 0,
  sync: () => 0,
  close() {},
};

const goodFolder: FsDirectory = {
  stat: () => stat(3),
  setTimes: () => 0,
  sync: () => 0,
  list: () => [],
  lookup: name => (name === 'f' ? stat(4) : name === 'd' ? stat(3) : name === 'l' ? stat(7) : Errno.ENOENT),
  openDirectory: () => goodFolder,
  openFile: () => goodFile,
  readLink: () => 'f',
  makeDirectory: () => 0,
  removeDirectory: () => 0,
  unlink: () => 0,
  symlink: () => 0,
  link: () => 0,
  rename: () => 0,
  setTimesOf: () => 0,
};

const [PATH, NEW, IOVS, BUFFER, OUT] = [0, 16, 32, 64, 512];
const [FOLDER, FILE] = [3, 4];
const ALL_RIGHTS = Object.values(Rights).reduce((bits, right) => bits | right);

function open(folder: Partial<FsDirectory>, file: Partial<FsFile>, flags = 0): Guest {
  const opened = { ...goodFile, ...file };
  const fs: Fs = { root: { ...goodFolder, openFile: () => opened, ...folder } };
  const guest = new Guest({ preopens: { '/': fs } });
  guest.place(PATH, utf8('f')).place(NEW, utf8('new')).place(IOVS, [BUFFER, 0, 0, 0, 4, 0, 0, 0]);
  guest.call('path_open', FOLDER, 0, PATH, 1, 0, ALL_RIGHTS, ALL_RIGHTS, flags, OUT);
  return guest;
}

type Call = Parameters<Guest['call']>;
const at = (name: string): [number, number] => [PATH, name.length];

/** A method of a folder, the call that reaches it, and the path that the call uses. */
const folderRows: readonly (readonly [keyof FsDirectory, string, Call])[] = [
  ['stat', '', ['fd_filestat_get', FOLDER, BUFFER]],
  ['stat', '.', ['path_filestat_get', FOLDER, 0, ...at('.'), BUFFER]],
  ['setTimes', '', ['fd_filestat_set_times', FOLDER, 0n, 0n, 1]],
  ['setTimes', '.', ['path_filestat_set_times', FOLDER, 0, ...at('.'), 0n, 0n, 1]],
  ['setTimesOf', 'f', ['path_filestat_set_times', FOLDER, 0, ...at('f'), 0n, 0n, 1]],
  ['sync', '', ['fd_sync', FOLDER]],
  ['sync', '', ['fd_datasync', FOLDER]],
  ['list', '', ['fd_readdir', FOLDER, BUFFER, 64, 0n, OUT]],
  ['lookup', 'f', ['path_filestat_get', FOLDER, 0, ...at('f'), BUFFER]],
  ['lookup', 'd/f', ['path_unlink_file', FOLDER, ...at('d/f')]],
  ['openDirectory', 'd', ['path_open', FOLDER, 0, ...at('d'), 0, 0n, 0n, 0, OUT]],
  ['openDirectory', 'd/f', ['path_unlink_file', FOLDER, ...at('d/f')]],
  ['openFile', 'f', ['path_open', FOLDER, 0, ...at('f'), 0, 0n, 0n, 0, OUT]],
  ['readLink', 'l', ['path_readlink', FOLDER, ...at('l'), BUFFER, 64, OUT]],
  ['readLink', 'l', ['path_filestat_get', FOLDER, 1, ...at('l'), BUFFER]],
  ['makeDirectory', 'a', ['path_create_directory', FOLDER, ...at('a')]],
  ['removeDirectory', 'd', ['path_remove_directory', FOLDER, ...at('d')]],
  ['unlink', 'f', ['path_unlink_file', FOLDER, ...at('f')]],
  ['symlink', 'f', ['path_symlink', ...at('f'), FOLDER, NEW, 3]],
  ['link', 'f', ['path_link', FOLDER, 0, ...at('f'), FOLDER, NEW, 3]],
  ['rename', 'f', ['path_rename', FOLDER, ...at('f'), FOLDER, NEW, 3]],
];

/** A method of a file, the call that reaches it, and the sign of its errnos. */
const fileRows: readonly (readonly [keyof FsFile, Call, sign?: -1])[] = [
  ['stat', ['fd_filestat_get', FILE, BUFFER]],
  ['stat', ['fd_seek', FILE, 0n, 2, OUT]],
  ['stat', ['fd_allocate', FILE, 0n, 1n]],
  ['setSize', ['fd_filestat_set_size', FILE, 1n]],
  ['setSize', ['fd_allocate', FILE, 0n, 9n]],
  ['allocate', ['fd_allocate', FILE, 0n, 1n]],
  ['setTimes', ['fd_filestat_set_times', FILE, 0n, 0n, 1]],
  ['sync', ['fd_sync', FILE]],
  ['sync', ['fd_datasync', FILE]],
  ['read', ['fd_read', FILE, IOVS, 1, OUT], -1],
  ['read', ['fd_pread', FILE, IOVS, 1, 0n, OUT], -1],
  ['write', ['fd_write', FILE, IOVS, 1, OUT], -1],
  ['write', ['fd_pwrite', FILE, IOVS, 1, 0n, OUT], -1],
];

/** 999 is not an errno of preview 1. It reaches the program as it is. */
const ERRNOS = [Errno.E2BIG, Errno.ENOTCAPABLE, 999];

suite('wasi/file systems of the embedder', test => {
  for (const [index, [method, path, [name, ...args]]] of folderRows.entries())
    test.row(`wasi.${name}`, `${index}: the errno of ${method} is the result of ${name}`, () => {
      is(
        open({}, {})
          .place(PATH, utf8(path))
          .call(name, ...args),
        Errno.ESUCCESS,
        `${name} without a failure`,
      );
      for (const errno of ERRNOS) {
        const guest = open({ [method]: () => errno }, {}).place(PATH, utf8(path));
        is(errnoName(guest.call(name, ...args)), errnoName(errno));
        equal(guest.diagnostics, []);
      }
    });

  for (const [index, [method, [name, ...args], sign = 1]] of fileRows.entries())
    test.row(`wasi.${name}`, `${index}: the errno of a file's ${method} is the result of ${name}`, () => {
      is(open({}, {}).call(name, ...args), Errno.ESUCCESS, `${name} without a failure`);
      for (const errno of ERRNOS) {
        const guest = open({}, { [method]: () => sign * errno });
        is(errnoName(guest.call(name, ...args)), errnoName(errno));
        equal(guest.diagnostics, []);
        guest.wasi.imports.fd_tell(FILE, BUFFER);
        is(guest.bytes[BUFFER], 0, 'the offset has not moved');
      }
    });

  for (const [name, ...args] of [
    ['fd_allocate', FILE, BigInt(MAX_FILE_BYTES) - 4n, 4n],
    ['fd_filestat_set_size', FILE, BigInt(MAX_FILE_BYTES)],
    ['fd_pwrite', FILE, IOVS, 1, BigInt(MAX_FILE_BYTES) - 4n, OUT],
  ] as Call[])
    test.row(
      `wasi.${name}`,
      'the largest file is possible; a byte more is EFBIG without a call of the file',
      () => {
        is(open({}, {}).call(name, ...args), Errno.ESUCCESS);
        const never = () => Errno.EIO;
        const guest = open({}, { allocate: never, setSize: never, write: () => -Errno.EIO });
        const at = args.findLastIndex(
          (arg, index) => typeof arg === 'bigint' && (name !== 'fd_allocate' || index === 1),
        );
        is(guest.call(name, ...args.with(at, (args[at] as bigint) + 1n)), Errno.EFBIG);
      },
    );

  for (const [right, read, write] of [
    ['FD_READ', true, false],
    ['FD_WRITE', false, true],
    ['FD_SEEK', false, false],
  ] as const)
    test.row('wasi.path_open', `${right} opens with read ${read} and write ${write}`, () => {
      let opening: FsOpening | undefined;
      const openFile: FsDirectory['openFile'] = (_, given) => {
        opening = given;
        return goodFile;
      };
      const guest = new Guest({ preopens: { '/': { root: { ...goodFolder, openFile } } } });
      guest.place(PATH, utf8('f'));
      is(guest.call('path_open', FOLDER, 0, PATH, 1, 0, Rights[right], 0n, 0, OUT), Errno.ESUCCESS);
      equal({ ...opening }, { read, write, create: false, exclusive: false, truncate: false });
    });

  test.row('wasi.fd_readdir', 'a name longer than names of hosts is listed whole', () => {
    const name = '€'.repeat(256);
    const guest = open({ list: () => [name], lookup: () => stat(4) }, {});
    const [listing, header] = [4096, 24];
    is(guest.call('fd_readdir', FOLDER, listing, 2000, 2n, OUT), Errno.ESUCCESS);
    const used = new DataView(guest.bytes.buffer).getUint32(OUT, true);
    is(new TextDecoder().decode(guest.bytes.slice(listing + header, listing + used)), name);
  });

  // The file systems of the package refuse these too; one of an embedder might replace the entry, or follow the link.
  for (const path of ['f', 'd', 'l', '.'])
    for (const [name, before, after] of [
      ['path_link', [FOLDER, 0, PATH, 1, FOLDER], []],
      ['path_symlink', [PATH, 1, FOLDER], []],
      ['path_create_directory', [FOLDER], []],
      ['path_open', [FOLDER, 0], [Oflags.CREAT | Oflags.EXCL, 0n, 0n, 0, OUT]],
    ] as const)
      test.row(`wasi.${name}`, `a new "${path}" is EEXIST without a call of the file system`, () => {
        const changed: string[] = [];
        const calls = ['link', 'symlink', 'makeDirectory', 'openFile'] as const;
        const recording = Object.fromEntries(calls.map(call => [call, () => changed.push(call)]));
        const fs: Fs = { root: { ...goodFolder, ...recording } };
        const guest = new Guest({ preopens: { '/': fs } }).place(PATH, utf8('f')).place(NEW, utf8(path));
        is(guest.call(name, ...before, NEW, path.length, ...after), Errno.EEXIST);
        equal(changed, []);
      });

  test.row('wasi.path_open', 'a link that is not followed is ELOOP without a call of openFile', () => {
    const guest = new Guest({
      preopens: { '/': { root: { ...goodFolder, openFile: () => Errno.EIO } } },
    });
    guest.place(PATH, utf8('l'));
    is(guest.call('path_open', FOLDER, 0, PATH, 1, 0, 0n, 0n, 0, OUT), Errno.ELOOP);
  });

  for (const path of ['a', 'a/'])
    test.row('wasi.path_open', `a missing "${path}" is ENOENT without a call of openFile`, () => {
      const fs: Fs = { root: { ...goodFolder, openFile: () => Errno.EIO } };
      const guest = new Guest({ preopens: { '/': fs } }).place(PATH, utf8(path));
      is(guest.call('path_open', FOLDER, 0, PATH, path.length, 0, 0n, 0n, 0, OUT), Errno.ENOENT);
    });

  for (const answer of [undefined, null, Number.NaN, 0.5, '0', true, {}, Promise.resolve(0)])
    test(`${String(answer)} (${typeof answer}) where an errno is expected is EIO and a diagnostic`, () => {
      const lie = () => answer as number;
      const calls: [Partial<FsDirectory>, Partial<FsFile>, Call][] = [
        [{ setTimes: lie }, {}, ['fd_filestat_set_times', FOLDER, 0n, 0n, 1]],
        [{ makeDirectory: lie }, {}, ['path_create_directory', FOLDER, ...at('a')]],
        [{ rename: lie }, {}, ['path_rename', FOLDER, ...at('f'), FOLDER, NEW, 3]],
        [{}, { setSize: lie }, ['fd_filestat_set_size', FILE, 1n]],
        [{}, { sync: lie }, ['fd_sync', FILE]],
      ];
      for (const [folder, file, [name, ...args]] of calls) {
        const guest = open(folder, file).place(PATH, utf8(folder.makeDirectory ? 'a' : 'f'));
        is(guest.call(name, ...args), Errno.EIO, name);
        equal(
          guest.diagnostics.map(({ code }) => code),
          ['WASI_HOST_ERROR'],
          name,
        );
      }
    });

  for (const [name, dataOnly] of [
    ['fd_sync', false],
    ['fd_datasync', true],
  ] as const)
    test.row(`wasi.${name}`, `${name} asks the file for its data${dataOnly ? ' only' : ' and times'}`, () => {
      const asked: boolean[] = [];
      const sync = (onlyData: boolean) => {
        asked.push(onlyData);
        return Errno.ESUCCESS;
      };
      is(open({}, { sync }).call(name, FILE), Errno.ESUCCESS);
      equal(asked, [dataOnly]);
    });

  test.row('wasi.fd_pread', 'beyond the largest file nothing is read, and the file is not asked', () => {
    const guest = open({}, { read: () => -Errno.EIO });
    is(guest.call('fd_pread', FILE, IOVS, 1, 1n << 60n, OUT), Errno.ESUCCESS);
    is(guest.bytes[OUT], 0);
  });

  test('a sync that fails after a write is the result of the write', () => {
    const SYNC = 16;
    const guest = open({}, { sync: () => Errno.EIO }, SYNC);
    is(guest.call('fd_write', FILE, IOVS, 1, OUT), Errno.EIO);
    guest.call('fd_tell', FILE, BUFFER);
    is(guest.bytes[BUFFER], 0);
  });

  test('a write of no byte is not synchronized', () => {
    const SYNC = 16;
    const guest = open({}, { write: () => 0, sync: () => Errno.EIO }, SYNC);
    is(guest.call('fd_write', FILE, IOVS, 1, OUT), Errno.ESUCCESS);
  });

  test('after a read of one piece, the errno of the next piece is dropped', () => {
    let reads = 0;
    const guest = open({}, { read: () => (reads++ === 0 ? 4 : -Errno.EIO) });
    guest.place(IOVS + 8, [BUFFER + 4, 0, 0, 0, 4, 0, 0, 0]);
    is(guest.call('fd_read', FILE, IOVS, 2, OUT), Errno.ESUCCESS);
    is(guest.bytes[OUT], 4);
  });
});
