import { Errno, type FsDirectory, type FsFile, MemoryFs, readOnlyFs, zeroFile } from '../../wasi/index.ts';
import { is } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const READ = { read: true, write: false, create: false, exclusive: false, truncate: false };

function good<T>(answer: T | number): T {
  if (typeof answer === 'number') throw new Error(`errno ${answer}`);
  return answer;
}

const folderRows: readonly (readonly [keyof FsDirectory, (root: FsDirectory) => unknown, errno?: number])[] =
  [
    ['setTimes', root => root.setTimes({ mtimNs: 1n })],
    ['setTimesOf', root => root.setTimesOf('file', { mtimNs: 1n })],
    ['makeDirectory', root => root.makeDirectory('new')],
    ['removeDirectory', root => root.removeDirectory('folder')],
    ['unlink', root => root.unlink('file')],
    ['symlink', root => root.symlink('new', 'file')],
    ['link', root => root.link('file', root, 'new')],
    ['rename', root => root.rename('file', root, 'new')],
    ['openFile', root => root.openFile('file', { ...READ, write: true })],
    ['openFile', root => root.openFile('file', { ...READ, truncate: true })],
    ['openFile', root => root.openFile('new', { ...READ, create: true })],
    ['openFile', root => root.openFile('new', READ), Errno.ENOENT],
    ['openFile', root => root.openFile('file', { ...READ, create: true, exclusive: true }), Errno.EEXIST],
    ['openFile', root => root.openFile('folder', READ), Errno.EISDIR],
    ['sync', root => root.sync(), Errno.ESUCCESS],
  ];

const fileRows: readonly (readonly [keyof FsFile, (file: FsFile) => unknown, errno?: number])[] = [
  ['write', file => file.write(Uint8Array.of(1), 0), -Errno.EROFS],
  ['setSize', file => file.setSize(0)],
  ['setTimes', file => file.setTimes({ mtimNs: 1n })],
  ['sync', file => file.sync(false), Errno.ESUCCESS],
  ['read', file => file.read(new Uint8Array(4), 0), 2],
];

suite('wasi/read-only-fs', test => {
  const make = () => new MemoryFs({ file: 'hi', folder: { inner: 'x' } });
  for (const [index, [method, call, answer = Errno.EROFS]] of folderRows.entries())
    test(`${index}: a folder's ${method} returns ${answer} and changes nothing`, () => {
      const fs = make();
      is(call(readOnlyFs(fs).root), answer);
      is(Object.keys(fs.changes()).length, 0);
    });

  for (const [index, [method, call, answer = Errno.EROFS]] of fileRows.entries())
    for (const create of [false, true])
      test(`${index}: ${method} of a file opened ${create ? 'with' : 'without'} create returns ${answer}`, () => {
        const fs = make();
        const file = good(readOnlyFs(fs).root.openFile('file', { ...READ, create }));
        is(call(file), answer);
        file.close();
        is(Object.keys(fs.changes()).length, 0);
      });

  test('a device takes writes, and its times cannot be changed', () => {
    const fs = new MemoryFs({ zero: zeroFile });
    const device = good(readOnlyFs(fs).root.openFile('zero', { ...READ, write: true }));
    is(device.write(Uint8Array.of(1), 0), 1);
    is(device.setTimes({ mtimNs: 5n }), Errno.EROFS);
    is(device.setSize(5), Errno.EINVAL);
  });

  test('a folder in it is read-only too', () => {
    const folder = good(readOnlyFs(make()).root.openDirectory('folder'));
    is(folder.unlink('inner'), Errno.EROFS);
    is(good(folder.stat()).filetype, 3);
  });
});
