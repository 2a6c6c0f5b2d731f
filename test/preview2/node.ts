import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fs, MemoryFs } from '../../wasi/index.ts';
import { type Preview2Preopens, preview2Preopens } from '../../wasi/preview2/index.ts';
import { sameToPrograms } from '../contract/differential.ts';
import { equal, is } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { inFolder, insideFolder } from '../wasi/folders.ts';
import { CREAT, Program } from '../wasi/program.ts';
import { allContracts } from './contracts.ts';

export interface NodeShim {
  createFilesystem(options: { preopens: Record<string, string> }): { preopens: Preview2Preopens };
}

/** Runs the contracts of file systems on those of the shim on Node. */
export function nodeContracts({ createFilesystem }: NodeShim): void {
  const open = (path: string): Fs =>
    preview2Preopens(createFilesystem({ preopens: { '/': path } }).preopens)['/']!;

  allContracts('on Node', body => inFolder(path => body(open(path))), insideFolder(open));

  suite('preview2/beside our own', test => {
    test('random programs get the same results on Node and in memory', () => {
      const seed = Date.now() >>> 0;
      for (let round = 0; round < 10; round++)
        inFolder(folder => {
          const [one, two] = [new MemoryFs(), open(folder)].map(fs => new Program({ '/': fs }));
          sameToPrograms(seed + round, 100, one!, two!);
          two!.guest.wasi.close();
        });
    });

    test('an open folder does not become the target of a link that takes its place', () =>
      inFolder(folder => {
        for (const name of ['inside', 'inside/opened', 'outside']) mkdirSync(join(folder, name));
        writeFileSync(join(folder, 'outside/secret'), 'secret');
        const program = new Program({ '/': open(join(folder, 'inside')) });
        const opened = program.openFolder('opened');
        renameSync(join(folder, 'inside/opened'), join(folder, 'inside/moved'));
        symlinkSync('../outside', join(folder, 'inside/opened'));
        is(program.tryOpen('secret', { at: opened }), 'ENOENT');
        is(program.tryOpen('made', { at: opened, oflags: CREAT }), 'ENOENT');
        equal(readdirSync(join(folder, 'outside')), ['secret']);
      }));
  });
}
