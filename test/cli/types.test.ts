import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PluginTypes } from '../../src/types/index.ts';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { inFolder, plugboard } from './spawn.ts';

const SCHEMA = `version: v1-draft
exports:
  count_vowels: { input: { type: string, contentType: text/plain; charset=utf-8 } }
`;
const EVIL = '\u001b[2J*/ evil() /*';
const looping = buildModule({
  functions: [
    { name: 'process', body: [] },
    { name: 'get_metadata', body: ['loop', 'br 0', 'end'] },
  ],
  memoryPages: 1,
});

const inProject = (body: (folder: string) => Promise<void>) => () =>
  inFolder(async folder => {
    copyFileSync(host().path('fixtures/vowels/vowels.wasm'), join(folder, 'vowels.wasm'));
    copyFileSync(host().path('fixtures/rust-counter/rust_counter.wasm'), join(folder, 'counter.wasm'));
    await body(folder);
  });

suite('cli types', test => {
  test(
    'writes a module and its types beside the plugin',
    inProject(async folder => {
      const { stdout, stderr, code } = await plugboard(folder, ['types', 'counter.wasm']);
      equal(
        { stdout, stderr, code },
        { stdout: 'counter.wasm.d.mts\ncounter.wasm.mjs\n', stderr: '', code: 0 },
      );
      match(readFileSync(join(folder, 'counter.wasm.d.mts'), 'utf8'), /"increment"\?: Message<"Flow">/);
      match(
        readFileSync(join(folder, 'counter.wasm.mjs'), 'utf8'),
        /new URL\("\.\/counter\.wasm", import\.meta\.url\)/,
      );
      is((await plugboard(folder, ['types', 'counter.wasm'])).code, 0, 'a second time');
    }),
  );

  test(
    'takes the schema beside the plugin, or the one that is given',
    inProject(async folder => {
      writeFileSync(join(folder, 'vowels.xtp.yaml'), SCHEMA);
      writeFileSync(join(folder, 'other.json'), '{"version":"v0","exports":["fail"]}');
      const describe = async (...args: string[]) => {
        const { stdout } = await plugboard(folder, ['types', 'vowels.wasm', '--json', ...args]);
        return (JSON.parse(stdout) as PluginTypes).exports.map(
          ({ name, input }) => `${name} ${input?.encoding}`,
        );
      };
      equal(await describe(), ['count_vowels text']);
      equal(await describe('--schema', 'other.json'), ['fail unknown']);
      ok(!existsSync(join(folder, 'vowels.wasm.mjs')));
    }),
  );

  test(
    'writes to --out, from where the module finds the plugin',
    inProject(async folder => {
      const { code, stderr } = await plugboard(folder, ['types', 'vowels.wasm', '--out', 'a b.mjs']);
      is(code, 0, stderr);
      match(stderr, /^types: Only the names of the exports are known\./);
      ok(existsSync(join(folder, 'a b.d.mts')));
      const text = readFileSync(join(folder, 'a b.mjs'), 'utf8');
      const entry = pathToFileURL(host().path('dist/src/node.js')).href;
      writeFileSync(join(folder, 'linked.mjs'), text.replace("'plugboard'", JSON.stringify(entry)));
      const { create } = (await import(pathToFileURL(join(folder, 'linked.mjs')).href)) as {
        create(): Promise<{
          exports: Record<string, (input: string) => Promise<{ json(): unknown } | null>>;
          close(): Promise<void>;
        }>;
      };
      const { exports, close } = await create();
      equal((await exports.count_vowels!('hello'))?.json(), { count: 2, total: 2, vowels: 'aeiouAEIOU' });
      await close();
    }),
  );

  test(
    'writes the declaration of the import through a build plugin',
    inProject(async folder => {
      const { stdout } = await plugboard(folder, ['types', 'counter.wasm', '--ambient']);
      is(stdout, 'counter.wasm.plugboard.d.ts\n');
      const text = readFileSync(join(folder, 'counter.wasm.plugboard.d.ts'), 'utf8');
      match(text, /declare module "\*\/counter\.wasm\?plugboard"/);
    }),
  );

  test(
    'escapes names of a plugin on a terminal',
    inProject(async folder => {
      writeFileSync(join(folder, 'x.wasm'), buildModule({ functions: [{ name: EVIL, body: [] }] }));
      const { stdout } = await plugboard(folder, ['types', 'x.wasm', '--json']);
      match(stdout, /"name": "\\u001b\[2J\*\/ evil\(\) \/\*"/);
    }),
  );

  const refused: readonly [rule: string, args: string[], code: number, stderr: RegExp][] = [
    [
      'a file that plugboard has not printed',
      ['vowels.wasm', '--out', 'mine.js'],
      2,
      /^plugboard: FILE: mine\.js: expected a file that/,
    ],
    [
      'the plugin as the output',
      ['vowels.wasm', '--out', 'vowels.wasm'],
      2,
      /^plugboard: USAGE: --out: expected a path/,
    ],
    [
      'an output that is not JavaScript',
      ['vowels.wasm', '--out', 'x.ts'],
      2,
      /^plugboard: USAGE: --out: expected a path/,
    ],
    [
      'an output in a folder that is missing',
      ['vowels.wasm', '--out', 'lost/x.mjs'],
      2,
      /^plugboard: FILE: lost.x\.d\.mts/,
    ],
    ['a folder as the output', ['vowels.wasm', '--out', 'folder.js'], 2, /^plugboard: FILE: folder\.js/],
    ['a plugin that is missing', ['lost.wasm'], 2, /^plugboard: FILE: lost\.wasm/],
    ['a schema that is missing', ['vowels.wasm', '--schema', 'lost.yaml'], 2, /^plugboard: FILE: lost\.yaml/],
    ['a file that is not wasm', ['wrong.yaml'], 1, /^plugboard: INVALID_WASM: /],
    [
      'a wrong schema',
      ['vowels.wasm', '--schema', 'wrong.yaml'],
      1,
      /^plugboard: INVALID_SCHEMA: wrong\.yaml: #\/version/,
    ],
    [
      'a get_metadata that does not end',
      ['loop.wasm', '--timeout', '300'],
      1,
      /^plugboard: TIMEOUT: .*300 ms/,
    ],
  ];
  for (const [rule, args, code, stderr] of refused) {
    test(
      `refuses ${rule}, and writes nothing`,
      inProject(async folder => {
        writeFileSync(join(folder, 'mine.js'), '// mine');
        mkdirSync(join(folder, 'folder.js'));
        writeFileSync(join(folder, 'wrong.yaml'), 'version: v9');
        writeFileSync(join(folder, 'loop.wasm'), looping);
        const finished = await plugboard(folder, ['types', ...args]);
        is(finished.code, code, finished.stderr);
        match(finished.stderr, stderr);
        is(readFileSync(join(folder, 'mine.js'), 'utf8'), '// mine');
        ok(!existsSync(join(folder, 'mine.d.ts')));
        ok(!existsSync(join(folder, 'vowels.wasm.d.mts')));
      }),
    );
  }
});
