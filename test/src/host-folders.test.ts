import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CallError, createPlugin, type ManifestOptions, type PluginOptions } from '../../src/node.ts';
import { Errno } from '../../wasi/index.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';
import { fileOpener } from './file-opener.ts';

/** Creates the file `b` in its first folder, and returns the errno. */
const MAKES_FILE = buildModule({
  imports: [
    {
      module: 'wasi_snapshot_preview1',
      name: 'path_open',
      params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i64', 'i64', 'i32', 'i32'],
      results: ['i32'],
    },
  ],
  memoryPages: 1,
  functions: [
    {
      name: 'run',
      results: ['i32'],
      body: [
        // The name at 0; O_CREAT; the right fd_write.
        ...['i32.const 0', 'i32.const 98', 'i32.store8 0'],
        ...['i32.const 3', 'i32.const 0', 'i32.const 0', 'i32.const 1', 'i32.const 1'],
        ...['i64.const 64', 'i64.const 0', 'i32.const 0', 'i32.const 8', 'call 0'],
      ],
    },
  ],
});

/** Runs `body` on a new folder with one file, removed afterwards. */
async function withFolder(body: (path: string) => Promise<void>): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'plugboard-folder-'));
  try {
    writeFileSync(join(path, 'a.txt'), 'from the host');
    await body(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

suite('folders of the host', test => {
  const spellings: [name: string, options: (path: string) => ManifestOptions, isReadOnly: boolean][] = [
    ['allowedPaths, guest to host', path => ({ allowedPaths: { '/mnt': path } }), false],
    ['allowedPaths, read-only', path => ({ allowedPaths: { '/mnt': `ro:${path}` } }), true],
    ['allowed_paths, host to guest', path => ({ allowed_paths: { [path]: '/mnt' } }), false],
    ['allowed_paths, read-only', path => ({ allowed_paths: { [`ro:${path}`]: '/mnt' } }), true],
  ];
  for (const [name, options, isReadOnly] of spellings) {
    test.row('abi.manifest-paths', name, () =>
      withFolder(async path => {
        const opener = await fileOpener(options(path));
        equal([await opener.open('a.txt'), await opener.read()], [0, 'from the host']);
        is(await opener.open('b.txt', { write: true }), isReadOnly ? Errno.EROFS : 0);
        if (!isReadOnly) {
          is(await opener.write('from the plugin'), 0);
          is(readFileSync(join(path, 'b.txt'), 'utf8'), 'from the plugin');
        }
        await opener.plugin.close();
      }),
    );
  }

  for (const [name, options, isReadOnly] of spellings) {
    test(`${name}, in a worker`, () =>
      withFolder(async path => {
        const plugin = await createPlugin(MAKES_FILE, { ...options(path), runInWorker: true });
        const errno = await plugin.call('run').then(
          () => 0,
          (error: CallError) => error.exitCode,
        );
        is(errno, isReadOnly ? Errno.EROFS : 0);
        equal(readdirSync(path).sort(), isReadOnly ? ['a.txt'] : ['a.txt', 'b']);
        await plugin.close();
      }));
  }

  const lost: [name: string, options: (path: string) => PluginOptions, message: string][] = [
    [
      'a missing folder',
      path => ({ allowedPaths: { '/mnt': `${path}/lost` } }),
      'allowedPaths: expected a folder, but PATH/lost does not exist',
    ],
    [
      'a file',
      path => ({ allowed_paths: { [`${path}/a.txt`]: '/mnt' } }),
      'allowed_paths: expected a folder, but PATH/a.txt is a file',
    ],
  ];
  for (const [name, options, message] of lost) {
    test.row('error.FOLDER_UNAVAILABLE', `${name} in place of a folder is named with the option`, () =>
      withFolder(async path => {
        const error = (await raises(() => fileOpener(options(path)), {
          code: 'FOLDER_UNAVAILABLE',
        })) as Error;
        const shown = error.message.replaceAll('"', '').replaceAll('\\\\', '\\');
        is(shown.replace(path, 'PATH'), `${message}; give a folder that exists and may be read`);
      }),
    );
  }
});
