import { MemoryFs } from '../../wasi/index.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { CREAT, Program, ROOT } from './program.ts';

suite('wasi/limits of files in memory', test => {
  test('the default quota is 64 MiB, and the default of maxNodes 65,536', async () => {
    const fs = new MemoryFs();
    const program = new Program({ '/': fs });
    const fd = program.openFile('file');
    is(program.call('fd_allocate', fd, 0n, 2n ** 26n + 1n), 'ENOSPC');
    program.do('fd_allocate', fd, 0n, 2n ** 26n);
    is(fs.usedBytes, 2 ** 26);
    // The root counts too.
    const files = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [at, '']));
    await raises(() => new MemoryFs(files(65_536)), { code: 'WASI_INVALID_FILES' });
    is(new MemoryFs(files(65_535)).usedBytes, 0);
  });

  test('files, folders and links count against maxNodes', () => {
    const fs = new MemoryFs({}, { maxNodes: 3 });
    const program = new Program({ '/': fs });
    program.do('path_create_directory', ROOT, 'folder');
    program.makeFile('file');
    is(program.tryOpen('other', { oflags: CREAT }), 'ENOSPC');
    is(program.call('path_create_directory', ROOT, 'other'), 'ENOSPC');
    is(program.call('path_symlink', 'x', ROOT, 'other'), 'ENOSPC');
    program.do('path_link', ROOT, 0, 'file', ROOT, 'second');
    program.do('path_remove_directory', ROOT, 'folder');
    program.makeFile('other', 'x');
    program.do('path_rename', ROOT, 'other', ROOT, 'file');
    is(program.call('path_create_directory', ROOT, 'more'), 'ENOSPC');
  });

  test('a file or folder that a rename replaces no longer counts', () => {
    const fs = new MemoryFs({ a: 'xx', b: 'yyy', one: {}, two: {} }, { maxNodes: 5, quotaBytes: 5 });
    const program = new Program({ '/': fs });
    is(program.tryOpen('c', { oflags: CREAT }), 'ENOSPC');
    const replaced = program.openFile('b');
    program.do('path_rename', ROOT, 'a', ROOT, 'b');
    equal([program.stat(replaced).nlink, program.statPath('b').nlink, fs.usedBytes], [0n, 1n, 5]);
    program.do('fd_close', replaced);
    is(fs.usedBytes, 2);
    program.do('path_rename', ROOT, 'one', ROOT, 'two');
    is(program.stat(ROOT).nlink, 3n);
    for (const name of ['c', 'd']) program.do('path_create_directory', ROOT, name);
    is(program.call('path_create_directory', ROOT, 'e'), 'ENOSPC');
    is(program.stat(ROOT).nlink, 5n);
  });
});
