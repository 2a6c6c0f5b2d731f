import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { inFolder, plugboard } from './spawn.ts';

const VOWELS = host().path('fixtures/vowels/vowels.wasm');
const COUNTER = host().path('fixtures/rust-counter/rust_counter.wasm');
const call = ['call', VOWELS, 'count_vowels', '--input', 'Hello', '--config', 'vowels=aeiou'];

const formats: { file: string; args?: string[]; holds: RegExp }[] = [
  { file: 'a.jsonl', holds: /^\{"type":"trace","plugin":1,.*\n(\{.*\}\n){9,}$/ },
  { file: 'a', holds: /^\{"type":"trace"/ },
  { file: 'a.txt', holds: /env\.config_get\(key=\d+ \[6 bytes\]\) = \d+ \[5 bytes\] <[\d.]+ ms>\n/ },
  { file: 'a.json', holds: /^\[\n\{"ph":"M","name":"process_name"/ },
  { file: 'a.json', args: ['--trace-format', 'text'], holds: /count_vowels\(\[5 bytes\]\) \{\n/ },
  {
    file: 'a.txt',
    args: ['--trace-values', 'all'],
    holds: /config_get\(key=\d+ "vowels" \[6 bytes\]\) = \d+ "aeiou"/,
  },
  {
    file: 'a.txt',
    args: ['--trace-values', 'keyed'],
    holds: /config_get\(key=\d+ #[0-9a-f]{32} \[6 bytes\]\)/,
  },
];

const wrong: { args: string[]; message: RegExp; file?: boolean }[] = [
  { args: ['--trace-format', 'text'], message: /--trace-format is for --trace; give both/ },
  {
    args: ['--trace', 'a', '--trace-format', 'xml'],
    message: /--trace-format: expected one of jsonl, text, chrome/,
  },
  {
    args: ['--trace', 'a', '--trace-values', 'some'],
    message: /--trace-values: expected one of none, keyed, all/,
  },
];

suite('plugboard call and run --trace', test => {
  for (const { file, args = [], holds } of formats) {
    test(`${[file, ...args].join(' ')}: the file has the calls in its format`, () =>
      inFolder(async folder => {
        const { stdout, code } = await plugboard(folder, [...call, '--trace', file, ...args]);
        is(code, 0);
        match(stdout, /"count": ?2/);
        match(readFileSync(join(folder, file), 'utf8'), holds);
      }));
  }

  for (const { args, message } of wrong) {
    test(`${args.join(' ')}: is wrong use, and writes no file`, () =>
      inFolder(async folder => {
        const { stderr, code } = await plugboard(folder, [...call, ...args]);
        is(code, 2);
        match(stderr, message);
        ok(!existsSync(join(folder, 'a')));
      }));
  }

  test('the file of the plugin is not overwritten', () =>
    inFolder(async folder => {
      const path = join(folder, 'plugin.wasm');
      writeFileSync(path, readFileSync(VOWELS));
      const { code, stderr } = await plugboard(folder, ['call', path, 'count_vowels', '--trace', path]);
      is(code, 2);
      match(stderr, /are the same file/);
      equal(readFileSync(path), readFileSync(VOWELS));
    }));

  test('a call that fails has its trace', () =>
    inFolder(async folder => {
      const args = ['call', VOWELS, 'fail', '--input', 'x', '--trace', 'a.txt'];
      is((await plugboard(folder, args)).code, 1);
      match(readFileSync(join(folder, 'a.txt'), 'utf8'), /\} ! PLUGIN_ERROR </);
    }));

  test('run follows the plugin of the actor', () =>
    inFolder(async folder => {
      const stdin = '{"increment":{"type":"Flow"}}\n';
      is((await plugboard(folder, ['run', COUNTER, '--trace', 'a.txt'], { stdin })).code, 0);
      match(readFileSync(join(folder, 'a.txt'), 'utf8'), / process\(\[\d+ bytes\]\) \{\n/);
    }));
});
