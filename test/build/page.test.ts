import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { is, ok } from '../helpers/assert.ts';
import { host, readText } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { readChapters } from '../package/guide.ts';
import { inProject } from './project.ts';

/** Commands of the page, and the files of this repository that they run. */
const COMMANDS = {
  plugboard: 'dist/src/cli/main.js',
  tsc: 'node_modules/typescript/bin/tsc',
};

suite('docs/TYPES.md', test => {
  test('has files and commands that print its texts, in one folder and in its order', () =>
    inProject(
      async folder => {
        for (const name of ['vowels.xtp.yaml', 'app.js', 'package.json']) rmSync(join(folder, name));
        const bin = join(folder, 'node_modules/.bin');
        mkdirSync(bin);
        symlinkSync(process.execPath, join(bin, 'node'));
        const env = {
          ...process.env,
          NO_COLOR: '1',
          PATH: [bin, dirname('/bin/sh'), process.env.PATH].join(delimiter),
        };
        let compared = 0;
        for (const { title, files, commands } of readChapters(readText('docs/TYPES.md'))) {
          for (const { path, text } of files) writeFileSync(join(folder, path), text);
          for (const { lines, prints } of commands) {
            // The package is linked into the folder, and no command may reach the network.
            const script = lines
              .filter(line => line !== 'npm install plugboard')
              .map(line =>
                line.replace(
                  /^npx (\w+)/,
                  (_, name: keyof typeof COMMANDS) => `node ${host().path(COMMANDS[name])}`,
                ),
              )
              .join('\n');
            const { stdout, stderr, status } = spawnSync('/bin/sh', ['-e', '-c', script], {
              cwd: folder,
              env,
              encoding: 'utf8',
            });
            is(status, 0, `${title}\n${script}\n${stdout}${stderr}`);
            is(stdout, prints ?? '', `${title}\n${script}\n${stderr}`);
            if (prints !== undefined) compared++;
          }
        }
        ok(compared >= 6, `only ${compared} texts are compared`);
      },
      ['esbuild'],
    ));
});
