import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { nodeFolder, toErrno } from '../../src/platform/node-files.ts';
import { Errno, errnoName, Filetype, MemoryFs, Rights } from '../../wasi/index.ts';
import { compiledCalls } from '../contract/compiled-calls.ts';
import { sameToPrograms } from '../contract/differential.ts';
import { escapesContract } from '../contract/escapes.ts';
import { fsContract, type WithFs } from '../contract/fs.ts';
import { readOnlyContract } from '../contract/read-only.ts';
import { realPrograms } from '../contract/real-programs.ts';
import { devicesContract } from '../contract/wasi-devices.ts';
import { filesContract } from '../contract/wasi-files.ts';
import { foldersContract } from '../contract/wasi-folders.ts';
import { pathsContract } from '../contract/wasi-paths.ts';
import { rightsContract } from '../contract/wasi-rights.ts';
import { holesContract, sizesContract } from '../contract/wasi-sizes.ts';
import { zigFiles } from '../contract/zig-files.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { inFolder, insideFolder } from './folders.ts';
import { CREAT, Program, ROOT } from './program.ts';

const onHost: WithFs = body => inFolder(path => body(nodeFolder(path)));

fsContract('wasi/folder of the host', onHost);
filesContract('wasi/files of the host', onHost);
foldersContract('wasi/listings of the host', onHost);
pathsContract('wasi/paths of the host', onHost);
rightsContract('wasi/rights on folders of the host', onHost);
sizesContract('wasi/sizes on folders of the host', onHost);
holesContract('wasi/holes on folders of the host', onHost);
zigFiles('wasi/a program in Zig, on folders of the host', onHost);
if (existsSync('/dev/zero')) devicesContract('wasi/devices of the host', body => body(nodeFolder('/dev')));

escapesContract('wasi/escapes from folders of the host', insideFolder(nodeFolder));

readOnlyContract('wasi/read-only folders of the host', onHost);

compiledCalls('wasi/programs in C, Rust and Go, on folders of the host', body =>
  inFolder(folder => body(nodeFolder(folder))),
);

realPrograms('wasi/real programs on folders of the host', (files, body) =>
  inFolder(async folder => {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
    const list = () =>
      Object.fromEntries(
        readdirSync(folder)
          .sort()
          .map(name => [name, new Uint8Array(readFileSync(join(folder, name)))]),
      );
    await body({ fs: nodeFolder(folder), list });
  }),
);

suite('wasi/node-files', test => {
  test('random programs get the same results in a folder of the host and in memory', () => {
    const seed = Date.now() >>> 0;
    for (let round = 0; round < 40; round++)
      inFolder(folder => {
        const [one, two] = [new MemoryFs(), nodeFolder(folder)].map(fs => new Program({ '/': fs }));
        sameToPrograms(seed + round, 150, one!, two!);
        two!.guest.wasi.close();
      });
  });

  for (const [title, path] of [
    ['a path that does not exist', 'none'],
    ['a file', 'file'],
    ['a path with NUL', 'a\0b'],
  ] as const)
    test(`refuses ${title}`, () =>
      inFolder(async folder => {
        writeFileSync(join(folder, 'file'), '');
        const expected = { code: 'WASI_INVALID_PREOPEN', message: 'a folder' };
        await raises(() => nodeFolder(join(folder, path)), expected);
      }));

  test('a folder that is given by a link stays the folder that the link leads to at creation', () =>
    inFolder(folder => {
      mkdirSync(join(folder, 'one'));
      mkdirSync(join(folder, 'two'));
      symlinkSync('one', join(folder, 'link'));
      const program = new Program({ '/': nodeFolder(join(folder, 'link')) });
      rmSync(join(folder, 'link'));
      symlinkSync('two', join(folder, 'link'));
      program.makeFile('file', 'x');
      is(readFileSync(join(folder, 'one/file'), 'utf8'), 'x');
    }));

  test('programs see files of the host as they are, and the host sees files that a program makes', () =>
    inFolder(folder => {
      writeFileSync(join(folder, 'host'), 'from the host');
      const program = new Program({ '/': nodeFolder(folder) });
      is(program.readFile('host'), 'from the host');
      program.makeFile('made', 'by the program');
      is(readFileSync(join(folder, 'made'), 'utf8'), 'by the program');
      const [ours, theirs] = [program.statPath('host'), lstatSync(join(folder, 'host'), { bigint: true })];
      is(ours.ino, theirs.ino);
      is(ours.size, theirs.size);
    }));

  test('absolute links that the host made are not followed', () =>
    inFolder(folder => {
      mkdirSync(join(folder, 'inside'));
      writeFileSync(join(folder, 'inside/file'), 'x');
      symlinkSync(join(folder, 'inside/file'), join(folder, 'inside/absolute'));
      const program = new Program({ '/': nodeFolder(join(folder, 'inside')) });
      is(program.tryOpen('absolute', { follow: true }), 'EPERM');
      is(program.readLink('absolute'), join(folder, 'inside/file'));
    }));

  for (const [error, errno] of [
    [Object.assign(new Error('EFBIG: file too large'), { code: 'EFBIG' }), Errno.EFBIG],
    // Deno 2.9 gives this error no code, like other errors that it does not know.
    [new Error('File too large (os error 27)'), Errno.EFBIG],
    [new Error('No space left on device (os error 28)'), Errno.ENOSPC],
    [new Error('Something new (os error 9999)'), Errno.EIO],
    [Object.assign(new Error('out of range'), { code: 'ERR_OUT_OF_RANGE' }), Errno.EIO],
    [Object.assign(new Error('not granted'), { name: 'NotCapable' }), Errno.EACCES],
  ] as const)
    test(`"${error.message}" of the host is ${errnoName(errno)}`, () => is(toErrno(error), errno));

  test('an error that does not come from the host is thrown again', async () => {
    const mistake = new TypeError('a mistake');
    is(await raises(() => toErrno(mistake), {}), mistake);
  });

  test('every device of the host but two is seen, but not opened', () => {
    if (!existsSync('/dev/zero')) return;
    const program = new Program({ '/': nodeFolder('/dev') });
    const devices: number[] = [Filetype.CHARACTER_DEVICE, Filetype.BLOCK_DEVICE];
    let count = 0;
    for (const { name, filetype } of program.listFrom(ROOT, 0n).entries) {
      if (!devices.includes(filetype) || name === 'null' || name === 'zero') continue;
      for (const rights of [0n, Rights.FD_READ, Rights.FD_WRITE])
        is(program.tryOpen(name, { rights }), 'ENOTSUP', name);
      count++;
    }
    ok(count > 0);
    equal(program.guest.diagnostics, []);
  });

  test('pipes are seen, but not opened, which would wait', () =>
    inFolder(folder => {
      const { status } = spawnSync('mkfifo', [join(folder, 'pipe')]);
      if (status !== 0) return;
      const program = new Program({ '/': nodeFolder(folder) });
      for (const rights of [Rights.FD_READ, Rights.FD_WRITE])
        is(program.tryOpen('pipe', { rights }), 'ENOTSUP');
      is(program.statPath('pipe').filetype, 0);
      program.do('path_unlink_file', ROOT, 'pipe');
    }));

  test('a folder that was moved away is ENOENT, also after another folder or a link has taken its place', () =>
    inFolder(folder => {
      mkdirSync(join(folder, 'inside'));
      const program = new Program({ '/': nodeFolder(join(folder, 'inside')) });
      renameSync(join(folder, 'inside'), join(folder, 'moved'));
      is(program.call('fd_filestat_get', ROOT, 256), 'ENOENT');
      mkdirSync(join(folder, 'inside'));
      is(program.tryOpen('file', { oflags: CREAT }), 'ENOENT');
      renameSync(join(folder, 'moved'), join(folder, 'gone'));
      rmSync(join(folder, 'inside'), { recursive: true });
      symlinkSync('gone', join(folder, 'inside'));
      is(program.tryOpen('file', { oflags: CREAT }), 'ENOENT');
    }));

  test('no file of the host is left open', () =>
    inFolder(folder => {
      const program = new Program({ '/': nodeFolder(folder) });
      const open = () => (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0);
      const before = open();
      for (let index = 0; index < 50; index++) program.openFile(`file${index}`);
      ok(open() === 0 || open() >= before + 50);
      program.guest.wasi.close();
      is(open(), before);
    }));
});
