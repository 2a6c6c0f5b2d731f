import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ManifestOptions } from '../../src/node.ts';
import { Errno } from '../../wasi/index.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { fileOpener } from './file-opener.ts';

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

  test.row(
    'error.FOLDER_UNAVAILABLE',
    'a folder that is not there is a creation error that names it',
    async () => {
      await raises(() => fileOpener({ allowedPaths: { '/mnt': '/no/such/folder' } }), {
        code: 'FOLDER_UNAVAILABLE',
        message: '"/no/such/folder" cannot be opened',
      });
    },
  );
});
