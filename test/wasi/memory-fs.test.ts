import {
  Errno,
  Fdflags,
  type MemoryChanges,
  type MemoryFiles,
  MemoryFs,
  MemoryLink,
  nullFile,
  zeroFile,
} from '../../wasi/index.ts';
import { escapesContract } from '../contract/escapes.ts';
import { fsContract, type WithFs } from '../contract/fs.ts';
import { readOnlyContract } from '../contract/read-only.ts';
import { devicesContract } from '../contract/wasi-devices.ts';
import { filesContract } from '../contract/wasi-files.ts';
import { foldersContract } from '../contract/wasi-folders.ts';
import { pathsContract } from '../contract/wasi-paths.ts';
import { rightsContract } from '../contract/wasi-rights.ts';
import { holesContract, sizesContract } from '../contract/wasi-sizes.ts';
import { zigFiles } from '../contract/zig-files.ts';
import { bytesEqual, equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { utf8 } from './guest.ts';
import { Program, ROOT } from './program.ts';
import { surrounded } from './surrounded.ts';

const inMemory: WithFs = body => body(new MemoryFs());

fsContract('wasi/file system in memory', inMemory);
filesContract('wasi/files in memory', inMemory);
foldersContract('wasi/listings in memory', inMemory);
pathsContract('wasi/paths in memory', inMemory);
rightsContract('wasi/rights in memory', inMemory);
sizesContract('wasi/sizes in memory', inMemory);
holesContract('wasi/holes in memory', inMemory);
zigFiles('wasi/a program in Zig, in memory', inMemory);
devicesContract('wasi/devices in memory', body => body(new MemoryFs({ null: nullFile, zero: zeroFile })));

escapesContract('wasi/escapes from memory', body => {
  const { inside, around } = surrounded(
    new MemoryFs({ inside: {}, outside: { secret: 'secret', empty: {} } }),
  );
  body({ fs: { root: inside }, around });
});

readOnlyContract('wasi/read-only files in memory', inMemory);

suite('wasi/memory-fs', test => {
  test('a MemoryFs is made from bytes, text and folders, and returns copies of them', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const fs = new MemoryFs({
      bytes,
      text: 'häy',
      folder: { inner: { deep: '' } },
      empty: {},
      ['__proto__']: 'x',
    });
    bytes.fill(9);
    const program = new Program({ '/': fs });
    is(program.readFile('text'), 'häy');
    is(program.statPath('folder/inner/deep').size, 0n);
    program.makeFile('folder/made', 'new');
    program.do('path_link', ROOT, 0, 'text', ROOT, 'second');
    program.do('path_symlink', 'text', ROOT, 'link');
    const snapshot = fs.snapshot();
    equal(Object.keys(snapshot).sort(), ['__proto__', 'bytes', 'empty', 'folder', 'link', 'second', 'text']);
    equal(snapshot.link, new MemoryLink('text'));
    bytesEqual(snapshot.bytes as Uint8Array, [1, 2, 3]);
    const folder = snapshot.folder as MemoryFiles;
    bytesEqual(folder.made as Uint8Array, utf8('new'));
    (folder.made as Uint8Array).fill(0);
    is(program.readFile('folder/made'), 'new');
    equal(new MemoryFs(snapshot).snapshot(), snapshot);
  });

  test('changes() lists the entries that programs changed, and no others', () => {
    const files = {
      ...{ kept: 'k', written: 'old', gone: 'g', moved: 'm', same: new MemoryLink('kept') },
      ...{
        quiet: { inner: { file: 'f' } },
        folder: { deep: { file: 'f', other: 'o' } },
        left: { file: 'f' },
      },
    };
    const fs = new MemoryFs(files);
    equal(fs.changes(), Object.create(null));
    const program = new Program({ '/': fs });
    is(fs.root.readLink('same'), 'kept');
    program.do('fd_close', program.open('same', { follow: true }));
    program.makeFile('written', 'new');
    program.do('path_unlink_file', ROOT, 'gone');
    program.do('path_rename', ROOT, 'moved', ROOT, 'here');
    program.do('path_unlink_file', ROOT, 'folder/deep/file');
    program.do('path_symlink', '../kept', ROOT, 'folder/link');
    program.do('path_create_directory', ROOT, 'new');
    program.do('path_rename', ROOT, 'left', ROOT, 'new/right');
    const changes = fs.changes();
    const plain = (value: unknown): unknown =>
      value instanceof Uint8Array
        ? new TextDecoder().decode(value)
        : value instanceof MemoryLink || value === null
          ? value
          : Object.fromEntries(Object.entries(value as object).map(([name, each]) => [name, plain(each)]));
    equal(plain(changes), {
      ...{ written: 'new', gone: null, moved: null, left: null, here: 'm' },
      ...{ folder: { link: new MemoryLink('../kept'), deep: { file: null } }, new: { right: { file: 'f' } } },
    });
    (changes.written as Uint8Array).fill(0);
    is(program.readFile('written'), 'new');
  });

  test('a folder that took the place of another is compared with it', () => {
    const fs = new MemoryFs({ folder: { old: 'o', both: 'b' }, file: 'f', empty: {} });
    const program = new Program({ '/': fs });
    for (const path of ['folder/old', 'folder/both', 'file']) program.do('path_unlink_file', ROOT, path);
    for (const path of ['folder', 'empty']) program.do('path_remove_directory', ROOT, path);
    for (const path of ['folder', 'empty', 'file']) program.do('path_create_directory', ROOT, path);
    program.makeFile('folder/both', 'b');
    const { folder, file, ...others } = fs.changes() as { folder: MemoryChanges; file: MemoryChanges };
    equal([folder.old, Object.keys(folder).sort()], [null, ['both', 'old']]);
    bytesEqual(folder.both as Uint8Array, utf8('b'));
    equal([Object.keys(file), Object.keys(others)], [[], []]);
  });

  test('a file that was cut, or replaced by another of the same bytes, is changed; one whose times were set is not', () => {
    const fs = new MemoryFs({ cut: 'abc', replaced: 'abc', touched: 'abc' });
    const program = new Program({ '/': fs });
    program.do('fd_filestat_set_size', program.openFile('cut'), 3n);
    program.do('path_unlink_file', ROOT, 'replaced');
    program.makeFile('replaced', 'abc');
    program.do('path_filestat_set_times', ROOT, 0, 'touched', 1n, 1n, 5);
    equal(Object.keys(fs.changes()).sort(), ['cut', 'replaced']);
  });

  test('snapshot and changes work for folders nested deeper than the call stack allows', () => {
    const fs = new MemoryFs();
    let at = fs.root;
    for (let depth = 0; depth < 30_000; depth++) {
      at.makeDirectory('d');
      const next = at.openDirectory('d');
      if (typeof next !== 'number') at = next;
    }
    let depth = 0;
    for (let folder = fs.snapshot(); folder.d; folder = folder.d as MemoryFiles) depth++;
    is(depth, 30_000);
    depth = 0;
    for (let folder = fs.changes(); folder.d; folder = folder.d as MemoryChanges) depth++;
    is(depth, 30_000);
  });

  for (const [title, files] of [
    ['an empty name', { '': 'x' }],
    ['.', { '.': 'x' }],
    ['..', { a: { '..': 'x' } }],
    ['a path', { 'a/b': 'x' }],
    ['NUL', { 'a\0': 'x' }],
    ['a number', { a: 5 }],
    ['a text in place of files', 'x'],
    ['a list in place of files', []],
    ['null', { a: null }],
    ['a link to nothing', { a: new MemoryLink('') }],
    ['a link to NUL', { a: new MemoryLink('a\0') }],
    ['a link to a number', { a: new MemoryLink(5 as never) }],
  ] as const)
    test(`refuses ${title}`, async () => {
      await raises(() => new MemoryFs(files as unknown as MemoryFiles), { code: 'WASI_INVALID_FILES' });
    });

  for (const options of [{ quotaBytes: -1 }, { quotaBytes: 0.5 }, { maxNodes: Number.NaN }])
    test(`refuses ${JSON.stringify(options)}`, async () => {
      await raises(() => new MemoryFs({}, options), { code: 'WASI_INVALID_LIMIT' });
    });

  test('refuses files beyond its limits', async () => {
    await raises(() => new MemoryFs({ a: 'xyz' }, { quotaBytes: 2 }), { code: 'WASI_INVALID_FILES' });
    await raises(() => new MemoryFs({ a: '', b: {} }, { maxNodes: 2 }), { code: 'WASI_INVALID_FILES' });
    is(new MemoryFs({ a: 'xyz' }, { quotaBytes: 3, maxNodes: 2 }).usedBytes, 3);
    is(new MemoryFs({ null: nullFile }, { quotaBytes: 0 }).usedBytes, 0);
  });

  test('every byte counts against the quota, and a file without names and descriptors no longer counts', () => {
    const fs = new MemoryFs({}, { quotaBytes: 10 });
    const program = new Program({ '/': fs });
    const fd = program.openFile('file');
    is(program.write(fd, '12345678'), 8);
    is(program.pwrite(fd, 'xyz', 8n), 'ENOSPC');
    is(program.call('fd_allocate', fd, 0n, 11n), 'ENOSPC');
    is(program.call('fd_allocate', fd, 0n, 2n ** 43n), 'ENOSPC');
    is(program.call('path_symlink', 'abc', ROOT, 'link'), 'ENOSPC');
    is(program.stat(fd).size, 8n);
    program.do('path_symlink', 'ab', ROOT, 'link');
    is(fs.usedBytes, 10);
    program.do('path_unlink_file', ROOT, 'link');
    program.do('path_link', ROOT, 0, 'file', ROOT, 'second');
    program.do('path_unlink_file', ROOT, 'file');
    is(fs.usedBytes, 8);
    program.do('path_unlink_file', ROOT, 'second');
    is(fs.usedBytes, 8);
    is(program.pread(fd, 0n), '12345678');
    program.do('fd_close', fd);
    is(fs.usedBytes, 0);
  });

  const FAR = 2n ** 32n;
  test('holes do not count against the quota; bytes behind them and reserved room do', () => {
    const fs = new MemoryFs({}, { quotaBytes: 100_000 });
    const program = new Program({ '/': fs });
    const fd = program.openFile('file');
    program.write(fd, 'hello');
    for (const size of [FAR, 2n ** 40n, 2n ** 44n - 4096n]) {
      program.do('fd_filestat_set_size', fd, size);
      is(fs.usedBytes, 5);
    }
    is(program.pwrite(fd, 'x', FAR), 'ESUCCESS');
    is(fs.usedBytes, 5 + 1024 + 1);
    // The zeros before a byte count, from the start of its page.
    is(program.pwrite(fd, 'x', FAR + 65_535n), 'ESUCCESS');
    is(fs.usedBytes, 5 + 1024 + 65_536);
    is(program.pwrite(fd, 'x', FAR + 2n * 65_536n - 1n), 'ENOSPC');
    is(program.call('fd_allocate', fd, 2n * FAR, 40_000n), 'ENOSPC');
    is(fs.usedBytes, 5 + 1024 + 65_536);
    program.do('fd_allocate', fd, 2n * FAR, 30_000n);
    is(fs.usedBytes, 5 + 1024 + 65_536 + 1024 + 30_000);
    is(program.pwrite(fd, 'in the room that is reserved', 2n * FAR), 'ESUCCESS');
    program.do('fd_filestat_set_size', fd, FAR + 10n);
    is(fs.usedBytes, 5 + 1024 + 10);
    program.do('fd_filestat_set_size', fd, 0n);
    is(fs.usedBytes, 0);
  });

  test('a file without holes counts to the last byte, however it is written', () => {
    const bytes = 200_000;
    for (const step of [977, 4096, 65_536, 150_000]) {
      const fs = new MemoryFs({}, { quotaBytes: bytes });
      const file = fs.root.openFile('file', {
        read: true,
        write: true,
        create: true,
        exclusive: true,
        truncate: false,
      });
      if (typeof file === 'number') throw new Error('not made');
      const written = Uint8Array.from({ length: bytes }, (_, at) => at % 251);
      for (let at = 0; at < bytes; at += step) file.write(written.subarray(at, at + step), at);
      is(fs.usedBytes, bytes);
      is(file.write(Uint8Array.of(1), 'end'), -Errno.ENOSPC);
      const read = new Uint8Array(bytes);
      is(file.read(read, 0), bytes);
      bytesEqual(read, written);
      bytesEqual(fs.snapshot().file as Uint8Array, written);
      is(new MemoryFs({ file: written }, { quotaBytes: bytes }).usedBytes, bytes);
    }
  });

  test('appending does not make a file longer than the largest file', () => {
    const program = new Program({ '/': new MemoryFs() });
    const fd = program.openFile('file', { fdflags: Fdflags.APPEND });
    program.do('fd_filestat_set_size', fd, 2n ** 44n - 4097n);
    is(program.write(fd, 'x'), 1);
    is(program.transfer('fd_write', fd), 'EFBIG');
    is(program.stat(fd).size, 2n ** 44n - 4096n);
  });

  for (const [title, make] of [
    [
      'of terabytes',
      (program: Program) => program.do('fd_filestat_set_size', program.openFile('file'), 2n ** 43n),
    ],
    [
      'that are small, but many',
      (program: Program) => {
        for (let index = 0; index < 11; index++)
          program.do('fd_filestat_set_size', program.openFile(`file${index}`), 100n);
      },
    ],
  ] as const)
    test(`does not copy files ${title}, whose holes make them longer than the quota`, async () => {
      const fs = new MemoryFs({}, { quotaBytes: 1000 });
      make(new Program({ '/': fs }));
      for (const copy of [() => fs.snapshot(), () => fs.changes()])
        await raises(copy, { code: 'WASI_TOO_LARGE', message: 'quotaBytes, 1000' });
      is(fs.usedBytes, 0);
    });

  test('path_link looks for the source before the target', () => {
    const program = new Program({ '/': new MemoryFs({ file: '' }) });
    is(program.call('path_link', ROOT, 0, 'missing', ROOT, 'file'), 'ENOENT');
    is(program.call('path_link', ROOT, 0, 'file', ROOT, 'file'), 'EEXIST');
  });

  test('a file with many names is copied once', () => {
    const fs = new MemoryFs({ file: 'x'.repeat(900) }, { quotaBytes: 1000 });
    const program = new Program({ '/': fs });
    for (let index = 0; index < 100; index++) program.do('path_link', ROOT, 0, 'file', ROOT, `link${index}`);
    const snapshot = fs.snapshot();
    is(Object.keys(snapshot).length, 101);
    is(snapshot.link99, snapshot.file);
  });

  test('devices can be given, copied, moved and removed like files', () => {
    const fs = new MemoryFs({ dev: { null: nullFile, zero: zeroFile } });
    const program = new Program({ '/': fs });
    program.write(program.openFile('dev/null'), 'x'.repeat(1000));
    is(fs.usedBytes, 0);
    equal(fs.changes(), Object.create(null));
    equal(fs.snapshot(), new MemoryFs(fs.snapshot()).snapshot());
    is((fs.snapshot().dev as MemoryFiles).zero, zeroFile);
    program.do('path_rename', ROOT, 'dev/null', ROOT, 'here');
    program.do('path_unlink_file', ROOT, 'dev/zero');
    program.do('path_filestat_set_times', ROOT, 0, 'here', 1n, 2n, 5);
    is(program.statPath('here').mtim, 2n);
    const { here, dev } = fs.changes();
    is(here, nullFile);
    equal({ ...(dev as MemoryChanges) }, { null: null, zero: null });
  });

  test('file times come from the nowNs of the embedder', () => {
    let now = 5n;
    const fs = new MemoryFs({ file: 'x' }, { nowNs: () => now });
    const program = new Program({ '/': fs });
    const { atim, mtim, ctim } = program.statPath('file');
    equal([atim, mtim, ctim], [5n, 5n, 5n]);
    now = 7n;
    program.write(program.openFile('file'), 'y');
    equal([program.statPath('file').mtim, program.statPath('file').ctim], [7n, 7n]);
  });

  for (const [title, ...call] of [
    ['a new folder', 'path_create_directory', ROOT, 'new'],
    ['a new link', 'path_symlink', 'file', ROOT, 'new'],
    ['a second name', 'path_link', ROOT, 0, 'file', ROOT, 'new'],
    ['a file that is moved into it', 'path_rename', ROOT, 'below/inner', ROOT, 'new'],
    ['a file that is moved out of it', 'path_rename', ROOT, 'file', ROOT, 'below/new'],
    ['a removed file', 'path_unlink_file', ROOT, 'file'],
    ['a removed folder', 'path_remove_directory', ROOT, 'empty'],
  ] as const)
    test(`${title} changes the times of the folder`, () => {
      let now = 5n;
      const fs = new MemoryFs({ file: '', below: { inner: '' }, empty: {} }, { nowNs: () => now });
      const program = new Program({ '/': fs });
      now = 7n;
      program.do(...(call as unknown as Parameters<typeof program.do>));
      const { atim, mtim, ctim } = program.stat(ROOT);
      equal([atim, mtim, ctim], [5n, 7n, 7n]);
    });

  test('two programs see each other’s files only if they are given the same', () => {
    const shared = new MemoryFs();
    const one = new Program({ '/': shared, '/own': new MemoryFs() });
    const two = new Program({ '/': shared, '/own': new MemoryFs() });
    one.makeFile('shared', 'x');
    one.makeFile('mine', 'x', 4);
    is(two.readFile('shared'), 'x');
    is(two.tryOpen('mine', { at: 4 }), 'ENOENT');
    const fd = one.openFile('shared');
    is(two.call('fd_fdstat_get', fd, 256), 'EBADF');
    is(one.call('path_link', 4, 0, 'mine', ROOT, 'mine'), 'EXDEV');
  });

  test.row('wasi.fd_renumber', 'the file that is overwritten is closed', () => {
    const fs = new MemoryFs({ one: 'x', two: 'y' });
    const program = new Program({ '/': fs });
    const [one, two] = ['one', 'two'].map(name => program.openFile(name));
    program.do('path_unlink_file', ROOT, 'two');
    is(fs.usedBytes, 2);
    program.do('fd_renumber', one!, two!);
    is(fs.usedBytes, 1);
  });

  for (const [flag, dataOnly] of [
    [Fdflags.SYNC, [false]],
    [Fdflags.DSYNC, [true]],
    [Fdflags.RSYNC, [true]],
    [0, []],
  ] as const)
    test.row(['wasi.fd_write', 'wasi.fd_pwrite'], `with flag ${flag} each write is synchronised`, () => {
      const fs = new MemoryFs();
      const synced: boolean[] = [];
      const open = fs.root.openFile.bind(fs.root);
      fs.root.openFile = (name, opening) => {
        const file = open(name, opening);
        if (typeof file !== 'number') file.sync = only => synced.push(only) - synced.length;
        return file;
      };
      const program = new Program({ '/': fs });
      const fd = program.openFile('file', { fdflags: flag });
      program.write(fd, 'x');
      is(program.pwrite(fd, 'y', 1n), 'ESUCCESS');
      equal(synced, [...dataOnly, ...dataOnly]);
    });
});
