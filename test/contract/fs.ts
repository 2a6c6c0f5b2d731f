import {
  Errno,
  errnoName,
  Filetype,
  type Fs,
  type FsDirectory,
  type FsFile,
  type FsOpening,
  type FsStat,
  type FsTimes,
} from '../../wasi/index.ts';
import { bytesEqual, equal, is, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { utf8 } from '../wasi/guest.ts';

/** Calls `body` with a new, empty file system and removes it afterwards. */
export type WithFs = (body: (fs: Fs) => void) => void;

const MAKE: FsOpening = { read: true, write: true, create: true, exclusive: false, truncate: false };
const READ: FsOpening = { read: true, write: false, create: false, exclusive: false, truncate: false };

/** Returns the result of a call. Throws if it is an errno. */
function good<T>(answer: T | number): T {
  if (typeof answer === 'number') throw new Error(`answered ${errnoName(answer)}`);
  return answer;
}

const succeeds = (answer: number) => is(errnoName(answer), 'ESUCCESS');
const fails = (answer: unknown, errno: keyof typeof Errno) =>
  is(typeof answer === 'number' ? errnoName(answer) : 'an object', errno);
const textOf = (file: FsFile, offset = 0) => {
  const into = new Uint8Array(64);
  return String.fromCharCode(...into.subarray(0, file.read(into, offset)));
};

function makeFile(directory: FsDirectory, name: string, text = ''): FsFile {
  const file = good(directory.openFile(name, MAKE));
  if (text) is(file.write(Uint8Array.from(utf8(text)), 0), utf8(text).length);
  return file;
}

function makeFolder(directory: FsDirectory, name: string): FsDirectory {
  succeeds(directory.makeDirectory(name));
  return good(directory.openDirectory(name));
}

const readText = (directory: FsDirectory, name: string): string => {
  const file = good(directory.openFile(name, READ));
  const text = textOf(file);
  file.close();
  return text;
};

const identity = ({ dev, ino }: FsStat) => `${dev}:${ino}`;
const identityOf = (directory: FsDirectory, name: string) => identity(good(directory.lookup(name)));

/** The behaviour that every file system must have. */
export function fsContract(name: string, withFs: WithFs): void {
  suite(name, test => {
    const on = (title: string, body: (root: FsDirectory) => void) =>
      test(title, () => withFs(fs => body(fs.root)));

    on('a new file system is empty', root => {
      equal(good(root.list()), []);
      is(good(root.stat()).filetype, Filetype.DIRECTORY);
      fails(root.lookup('a'), 'ENOENT');
      fails(root.openDirectory('a'), 'ENOENT');
      fails(root.openFile('a', READ), 'ENOENT');
      fails(root.readLink('a'), 'ENOENT');
      fails(root.removeDirectory('a'), 'ENOENT');
      fails(root.unlink('a'), 'ENOENT');
      fails(root.rename('a', root, 'b'), 'ENOENT');
      fails(root.link('a', root, 'b'), 'ENOENT');
      fails(root.setTimesOf('a', { mtimNs: 1n }), 'ENOENT');
    });

    on('reads and writes at offsets, and a gap reads as zeros', root => {
      const file = makeFile(root, 'a', 'hello');
      is(file.read(new Uint8Array(3), 5), 0);
      is(file.read(new Uint8Array(3), 1000), 0);
      is(textOf(file, 3), 'lo');
      is(file.write(Uint8Array.of(1, 2), 8), 2);
      const into = new Uint8Array(10);
      is(file.read(into, 0), 10);
      bytesEqual(into, [...utf8('hello'), 0, 0, 0, 1, 2]);
      is(file.write(Uint8Array.of(3), 'end'), 1);
      is(file.write(new Uint8Array(0), 50), 0);
      is(good(file.stat()).sizeBytes, 11n);
      file.close();
    });

    on('setSize cuts and extends', root => {
      const file = makeFile(root, 'a', 'hello');
      succeeds(file.setSize(2));
      succeeds(file.setSize(4));
      const into = new Uint8Array(10);
      is(file.read(into, 0), 4);
      bytesEqual(into.subarray(0, 4), [...utf8('he'), 0, 0]);
      succeeds(file.sync(true));
      succeeds(file.sync(false));
      file.close();
      file.close();
    });

    on('a file opened without a right to read or write refuses the operation', root => {
      makeFile(root, 'a', 'hello').close();
      const reading = good(root.openFile('a', READ));
      is(reading.write(Uint8Array.of(1), 0), -Errno.EBADF);
      fails(reading.setSize(0), 'EINVAL');
      const writing = good(root.openFile('a', { ...READ, read: false, write: true }));
      is(writing.read(new Uint8Array(1), 0), -Errno.EBADF);
      const neither = good(root.openFile('a', { ...READ, read: false, truncate: true }));
      is(neither.write(Uint8Array.of(1), 0), -Errno.EBADF);
      is(good(reading.stat()).sizeBytes, 0n);
      for (const file of [reading, writing, neither]) file.close();
    });

    for (const read of [true, false])
      on(
        `exclusive refuses a name that is taken, opened ${read ? 'for reading' : 'without read and write'}`,
        root => {
          const opening = { read, write: false, create: true, exclusive: true, truncate: false };
          good(root.openFile('a', opening)).close();
          fails(root.openFile('a', opening), 'EEXIST');
          succeeds(root.symlink('link', 'nowhere'));
          fails(root.openFile('link', opening), 'EEXIST');
          succeeds(root.makeDirectory('folder'));
          fails(root.openFile('folder', opening), 'EEXIST');
          good(root.openFile('a', { ...opening, exclusive: false })).close();
        },
      );

    on('no call follows a link or makes a file through it', root => {
      makeFile(root, 'a').close();
      makeFolder(root, 'folder');
      for (const [link, target] of [
        ['file-link', 'a'],
        ['folder-link', 'folder'],
        ['dangling', 'nowhere'],
        ['loop', 'loop'],
      ] as const) {
        succeeds(root.symlink(link, target));
        is(good(root.lookup(link)).filetype, Filetype.SYMBOLIC_LINK);
        is(good(root.lookup(link)).sizeBytes, BigInt(target.length));
        is(root.readLink(link), target);
        fails(root.openFile(link, MAKE), 'ELOOP');
        fails(root.openDirectory(link), 'ENOTDIR');
        fails(root.removeDirectory(link), 'ENOTDIR');
        fails(root.makeDirectory(link), 'EEXIST');
        fails(root.symlink(link, 'b'), 'EEXIST');
        succeeds(root.unlink(link));
      }
      fails(root.lookup('nowhere'), 'ENOENT');
      equal([...good(root.list())].sort(), ['a', 'folder']);
    });

    on('calls for files refuse folders, and calls for folders refuse files', root => {
      makeFolder(root, 'folder');
      makeFile(root, 'file').close();
      fails(root.openFile('folder', READ), 'EISDIR');
      fails(root.openDirectory('file'), 'ENOTDIR');
      fails(root.unlink('folder'), 'EISDIR');
      fails(root.removeDirectory('file'), 'ENOTDIR');
      fails(root.makeDirectory('file'), 'EEXIST');
      fails(root.readLink('file'), 'EINVAL');
      fails(root.readLink('folder'), 'EINVAL');
      equal([...good(root.list())].sort(), ['file', 'folder']);
    });

    on('only empty folders can be removed', root => {
      const folder = makeFolder(root, 'folder');
      makeFile(folder, 'a').close();
      fails(root.removeDirectory('folder'), 'ENOTEMPTY');
      succeeds(folder.unlink('a'));
      succeeds(root.removeDirectory('folder'));
      fails(folder.openFile('b', MAKE), 'ENOENT');
      fails(folder.makeDirectory('b'), 'ENOENT');
      for (const answer of [folder.stat(), folder.list(), folder.sync(), folder.setTimes({ mtimNs: 1n })])
        fails(answer, 'ENOENT');
    });

    on(
      'an open folder stays usable when it is renamed, and differs from a new folder of its old name',
      root => {
        const old = makeFolder(makeFolder(root, 'above'), 'folder');
        makeFile(old, 'first').close();
        makeFolder(root, 'other').makeDirectory('folder');
        succeeds(root.rename('above', root, 'moved'));
        equal(good(old.list()), ['first']);
        succeeds(root.rename('other', root, 'above'));
        makeFile(old, 'second').close();
        equal([...good(old.list())].sort(), ['first', 'second']);
        const again = good(good(root.openDirectory('above')).openDirectory('folder'));
        equal(good(again.list()), []);
        succeeds(old.unlink('first'));
        succeeds(old.unlink('second'));
        succeeds(good(root.openDirectory('moved')).removeDirectory('folder'));
        fails(old.openFile('third', MAKE), 'ENOENT');
        equal(good(again.list()), []);
      },
    );

    on('an open file stays usable after its name is removed', root => {
      const file = makeFile(root, 'a', 'hello');
      succeeds(root.unlink('a'));
      is(textOf(file), 'hello');
      is(good(file.stat()).nlink, 0n);
      makeFile(root, 'a', 'other').close();
      is(textOf(file), 'hello');
      file.close();
    });

    on('hard links are the same file', root => {
      const folder = makeFolder(root, 'folder');
      const file = makeFile(root, 'a', 'one');
      succeeds(root.link('a', folder, 'b'));
      is(identityOf(root, 'a'), identityOf(folder, 'b'));
      is(identity(good(file.stat())), identityOf(root, 'a'));
      is(good(root.lookup('a')).nlink, 2n);
      file.write(Uint8Array.from(utf8('two')), 0);
      is(readText(folder, 'b'), 'two');
      fails(root.link('a', folder, 'b'), 'EEXIST');
      fails(root.link('a', root, 'a'), 'EEXIST');
      fails(root.link('folder', root, 'c'), 'EPERM');
      succeeds(root.unlink('a'));
      is(readText(folder, 'b'), 'two');
      file.close();
    });

    on('a symbolic link can get a hard link, also when it dangles', root => {
      succeeds(root.symlink('a', 'nowhere'));
      succeeds(root.link('a', root, 'b'));
      is(root.readLink('b'), 'nowhere');
    });

    on('a file can be renamed over a file', root => {
      const folder = makeFolder(root, 'folder');
      makeFile(root, 'a', 'one').close();
      const replaced = makeFile(folder, 'b', 'two');
      const before = identityOf(root, 'a');
      succeeds(root.rename('a', folder, 'b'));
      fails(root.lookup('a'), 'ENOENT');
      is(identityOf(folder, 'b'), before);
      is(readText(folder, 'b'), 'one');
      is(textOf(replaced), 'two');
      is(good(folder.lookup('b')).nlink, 1n);
      replaced.close();
      succeeds(folder.rename('b', folder, 'b'));
      is(readText(folder, 'b'), 'one');
    });

    on('rename moves a link itself, and replaces a link', root => {
      makeFile(root, 'a', 'one').close();
      succeeds(root.symlink('link', 'a'));
      succeeds(root.rename('link', root, 'moved'));
      is(root.readLink('moved'), 'a');
      makeFile(root, 'b', 'two').close();
      succeeds(root.rename('b', root, 'moved'));
      is(readText(root, 'moved'), 'two');
      is(readText(root, 'a'), 'one');
    });

    on('a folder can be renamed over an empty folder only', root => {
      const one = makeFolder(root, 'one');
      makeFile(one, 'a', 'x').close();
      const two = makeFolder(root, 'two');
      makeFile(two, 'b').close();
      makeFile(root, 'file').close();
      fails(root.rename('one', root, 'two'), 'ENOTEMPTY');
      fails(root.rename('one', root, 'file'), 'ENOTDIR');
      fails(root.rename('file', root, 'one'), 'EISDIR');
      for (const inside of ['new', 'a']) fails(root.rename('one', one, inside), 'EINVAL');
      succeeds(two.unlink('b'));
      succeeds(root.rename('one', root, 'two'));
      is(readText(good(root.openDirectory('two')), 'a'), 'x');
      equal([...good(root.list())].sort(), ['file', 'two']);
    });

    on('a folder cannot be moved into itself at any depth, also after it was moved', root => {
      const deep = makeFolder(makeFolder(makeFolder(root, 'a'), 'b'), 'c');
      makeFile(deep, 'file', 'x').close();
      fails(root.rename('a', deep, 'new'), 'EINVAL');
      makeFolder(root, 'other');
      succeeds(root.rename('a', good(root.openDirectory('other')), 'a'));
      const moved = ['other', 'a', 'b', 'c'].reduce((at, name) => good(at.openDirectory(name)), root);
      fails(root.rename('other', moved, 'new'), 'EINVAL');
      equal(good(moved.list()), ['file']);
    });

    on('refuses to link and rename into another file system', root =>
      withFs(other => {
        makeFile(root, 'a', 'one').close();
        fails(root.link('a', other.root, 'a'), 'EXDEV');
        fails(root.rename('a', other.root, 'a'), 'EXDEV');
        equal(good(other.root.list()), []);
        is(readText(root, 'a'), 'one');
      }),
    );

    const NS = 1_700_000_000_123_456_789n;
    const both: FsTimes = { atimNs: NS, mtimNs: NS + 1n };
    const timed: {
      title: string;
      make(root: FsDirectory): [stat: () => FsStat | number, set: (t: FsTimes) => number];
    }[] = [
      {
        title: 'an open file',
        make: root => {
          const file = makeFile(root, 'a', 'x');
          return [() => file.stat(), times => file.setTimes(times)];
        },
      },
      {
        title: 'a file by name',
        make: root => {
          makeFile(root, 'a').close();
          return [() => root.lookup('a'), times => root.setTimesOf('a', times)];
        },
      },
      {
        title: 'a link itself',
        make: root => {
          makeFile(root, 'a').close();
          succeeds(root.symlink('link', 'a'));
          return [() => root.lookup('link'), times => root.setTimesOf('link', times)];
        },
      },
      { title: 'a folder', make: root => [() => root.stat(), times => root.setTimes(times)] },
      {
        title: 'a folder by name',
        make: root => {
          makeFolder(root, 'folder');
          return [() => root.lookup('folder'), times => root.setTimesOf('folder', times)];
        },
      },
    ];
    for (const { title, make } of timed)
      on(`times of ${title} read back to the nanosecond, and one alone leaves the other`, root => {
        const [stat, set] = make(root);
        const first = good(stat());
        ok(first.mtimNs > 1_500_000_000_000_000_000n);
        succeeds(set({ mtimNs: first.mtimNs - 100n }));
        is(good(stat()).mtimNs, first.mtimNs - 100n);
        is(good(stat()).atimNs, first.atimNs);
        succeeds(set({ atimNs: NS + 7n }));
        is(good(stat()).atimNs, NS + 7n);
        is(good(stat()).mtimNs, first.mtimNs - 100n);
        succeeds(set(both));
        is(good(stat()).atimNs, NS);
        is(good(stat()).mtimNs, NS + 1n);
        succeeds(set({}));
        is(good(stat()).mtimNs, NS + 1n);
        succeeds(set({ atimNs: 0n, mtimNs: 0n }));
        is(good(stat()).mtimNs, 0n);
      });

    on('times of a link are not those of its target', root => {
      makeFile(root, 'a').close();
      const before = good(root.lookup('a'));
      succeeds(root.symlink('link', 'a'));
      succeeds(root.setTimesOf('link', both));
      is(good(root.lookup('a')).mtimNs, before.mtimNs);
    });

    on('a write forgets the time that was set', root => {
      const file = makeFile(root, 'a', 'x');
      succeeds(file.setTimes(both));
      file.write(Uint8Array.of(1), 0);
      ok(good(file.stat()).mtimNs > NS + 1_000_000_000n);
      file.close();
    });

    on('names are only names', root => {
      for (const odd of ['ü', '\ufeffbom', '...', ' ', 'a\nb', '__proto__', 'constructor', '🙂']) {
        makeFile(root, odd, odd.length > 1 ? 'x' : 'y').close();
        ok(good(root.list()).includes(odd), JSON.stringify(odd));
        succeeds(root.unlink(odd));
      }
      fails(root.lookup('toString'), 'ENOENT');
    });

    on('list has each of many entries once', root => {
      for (let index = 0; index < 300; index++) makeFile(root, `file${index}`).close();
      is(new Set(good(root.list())).size, 300);
      is(new Set(good(root.list()).map(entry => identityOf(root, entry))).size, 300);
      is(good(root.list()).length, 300);
    });
  });
}
