import { createPlugin } from '../../src/node.ts';
import { Errno, MemoryFs } from '../../wasi/index.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';
import { fileOpener } from './file-opener.ts';

suite('files', test => {
  test.row(
    'security.no-system-access',
    'files of a folder in memory are read and written, and files outside are refused',
    async () => {
      const fs = new MemoryFs({ 'a.txt': 'hello' });
      const opener = await fileOpener({ preopens: { '/': fs } });
      equal([await opener.open('a.txt'), await opener.read()], [0, 'hello']);
      equal([await opener.open('b.txt', { write: true }), await opener.write('new')], [0, 0]);
      equal(fs.snapshot()['b.txt'], new TextEncoder().encode('new'));
      is(await opener.open('c.txt'), Errno.ENOENT);
      is(await opener.open('../a.txt'), Errno.EPERM);
    },
  );

  test('files of a read-only folder cannot be changed', async () => {
    const fs = new MemoryFs({ 'a.txt': 'hello' });
    const opener = await fileOpener({ preopens: { '/': { fs, readOnly: true } } });
    equal([await opener.open('a.txt'), await opener.read()], [0, 'hello']);
    is(await opener.open('b.txt', { write: true }), Errno.EROFS);
  });

  test('without a folder no file can be opened', async () => {
    is(await (await fileOpener({})).open('a.txt'), Errno.EBADF);
  });

  test('open files are closed with the instance, and the next instance has the folder', async () => {
    let open = 0;
    const memory = new MemoryFs({ 'a.txt': 'hello' });
    const { root } = memory;
    const counting = Object.create(root) as typeof root;
    counting.openFile = (name, opening) => {
      const file = root.openFile(name, opening);
      if (typeof file === 'number') return file;
      open++;
      const wrapped = Object.create(file) as typeof file;
      for (const method of ['stat', 'read', 'write', 'setSize', 'setTimes', 'sync'] as const) {
        Object.assign(wrapped, { [method]: (file[method] as (...args: unknown[]) => unknown).bind(file) });
      }
      wrapped.close = () => {
        open--;
        file.close();
      };
      return wrapped;
    };
    for (const method of ['stat', 'list', 'lookup', 'openDirectory', 'readLink'] as const) {
      Object.assign(counting, { [method]: (root[method] as (...args: unknown[]) => unknown).bind(root) });
    }
    const opener = await fileOpener({ preopens: { '/': { root: counting } } });
    equal([await opener.open('a.txt'), open], [0, 1]);
    await raises(() => opener.plugin.call('trap'), { code: 'TRAP' });
    is(open, 0);
    equal([await opener.open('a.txt'), await opener.read(), open], [0, 'hello', 1]);
    await opener.plugin.close();
    is(open, 0);
  });

  test('two folders at one path are refused', async () => {
    const wasm = buildModule({ functions: [{ name: 'f', body: [] }] });
    for (const [name, options] of Object.entries({
      allowedPaths: { allowedPaths: { '/': '.' } },
      allowed_paths: { allowed_paths: { '.': '/' } },
    })) {
      const creating = () => createPlugin(wasm, { preopens: { '/': new MemoryFs() }, ...options });
      // Runtimes without folders of a host say that instead.
      const message = new RegExp(`^${name}: (two folders at "/"|this platform has no folders)`);
      await raises(creating, { message });
    }
  });

  test('a value that is not a folder is refused by name', async () => {
    const preopens = { '/data': 'text' } as never;
    const wasm = buildModule({ functions: [{ name: 'f', body: [] }] });
    await raises(() => createPlugin(wasm, { preopens }), {
      code: 'INVALID_OPTION',
      message: 'option.preopens["/data"]',
    });
  });
});
