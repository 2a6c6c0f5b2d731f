import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { inFolder, plugboard } from './spawn.ts';

const VOWELS = host().path('fixtures/vowels/vowels.wasm');
const COUNTER = host().path('fixtures/rust-counter/rust_counter.wasm');
const call = ['call', VOWELS, 'count_vowels', '--input', 'Hello'];
const fail = ['call', VOWELS, 'fail', '--input', 'a reason'];

const wrong: { args: string[]; message: RegExp }[] = [
  { args: [...call, '--record', 'a', '--record-on-failure', 'b'], message: /keep one/ },
  { args: ['replay'], message: /FILE is missing/ },
  { args: ['replay', 'missing.pbrec'], message: /missing\.pbrec/ },
  { args: ['replay', VOWELS, '--verify', 'all'], message: /--verify: expected one of outcome, memory/ },
  {
    args: ['replay', VOWELS, '--emit-test', 'a', '--runner', 'jest'],
    message: /--runner: expected one of node, vitest/,
  },
  { args: ['replay', VOWELS, '--runner', 'vitest'], message: /--runner is for --emit-test; give both/ },
];

suite('plugboard call and run --record, and replay', test => {
  test('a recorded call replays to the same outcome, and with another build it tells the difference', () =>
    inFolder(async folder => {
      is((await plugboard(folder, [...call, '--loop', '2', '--record', 'a.pbrec'])).code, 0);
      const same = await plugboard(folder, ['replay', 'a.pbrec']);
      is(same.code, 0);
      match(same.stdout, /2 count_vowels: \d+ bytes\n3 count_vowels: \d+ bytes\nthe same: 3 of 3 calls/);
      writeFileSync(join(folder, 'b.wasm'), buildModule({ functions: [{ name: 'count_vowels', body: [] }] }));
      const other = await plugboard(folder, ['replay', 'a.pbrec', '--wasm', 'b.wasm']);
      is(other.code, 1);
      match(
        other.stdout,
        /call 2, count_vowels: output differ\n {2}recorded \d+ bytes .*\n {2}now {6}null\n/,
      );
      match(other.stdout, /\nnot the same\n$/);
    }));

  test('--record-on-failure writes a file for a call that fails, and no file for one that works', () =>
    inFolder(async folder => {
      is((await plugboard(folder, [...call, '--record-on-failure', 'a.pbrec'])).code, 0);
      ok(!existsSync(join(folder, 'a.pbrec')));
      is((await plugboard(folder, [...fail, '--record-on-failure', 'a.pbrec'])).code, 1);
      const { stdout, code } = await plugboard(folder, ['replay', 'a.pbrec', '--verify', 'memory']);
      is(code, 0);
      match(stdout, /2 fail: PLUGIN_ERROR: a reason\nthe same: 2 of 2 calls/);
    }));

  test('a file that cannot be written is refused before the plugin runs', () =>
    inFolder(async folder => {
      mkdirSync(join(folder, 'made'));
      const rows: [path: string, message: RegExp][] = [
        [join('lost', 'a.pbrec'), /FILE: lost.a\.pbrec: there is no folder lost; make it first/],
        ['made', /FILE: made: expected a file, got a folder/],
      ];
      for (const [path, message] of rows)
        for (const option of ['--record', '--record-on-failure']) {
          const { stdout, stderr, code } = await plugboard(folder, [...call, option, path]);
          equal([stdout, code], ['', 2]);
          match(stderr, message);
        }
    }));

  test('without a call no recording is written, and a line says so', () =>
    inFolder(async folder => {
      const { stderr, code } = await plugboard(folder, ['call', VOWELS, 'nope', '--record', 'a.pbrec']);
      is(code, 1);
      match(stderr, /recording: a\.pbrec is not written: no call was made\n/);
      match(stderr, /FUNCTION_NOT_FOUND/);
      ok(!existsSync(join(folder, 'a.pbrec')));
    }));

  test('--emit-test writes a test, replaces one that it wrote, and no other file', () =>
    inFolder(async folder => {
      await plugboard(folder, [...call, '--record', 'a.pbrec']);
      const emit = ['replay', 'a.pbrec', '--emit-test', 'a.test.mjs'];
      is((await plugboard(folder, emit)).code, 0);
      is((await plugboard(folder, [...emit, '--runner', 'vitest'])).code, 0);
      match(readFileSync(join(folder, 'a.test.mjs'), 'utf8'), /from 'vitest'/);
      writeFileSync(join(folder, 'a.test.mjs'), 'mine');
      is((await plugboard(folder, emit)).code, 2);
      is(readFileSync(join(folder, 'a.test.mjs'), 'utf8'), 'mine');
    }));

  test('a recorded actor replays', () =>
    inFolder(async folder => {
      const stdin = '{"increment":{"type":"Flow"}}\n';
      const run = await plugboard(folder, ['run', COUNTER, '--record', 'a.pbrec'], { stdin });
      ok(existsSync(join(folder, 'a.pbrec')), run.stderr);
      const { stdout, code } = await plugboard(folder, ['replay', 'a.pbrec']);
      is(code, 0, stdout);
    }));

  test('a build with other imports, and a file that is not a recording, are refused with their names', () =>
    inFolder(async folder => {
      await plugboard(folder, [...call, '--record', 'a.pbrec']);
      const other = host().path('fixtures/kv-store/kv_store.wasm');
      const build = await plugboard(folder, ['replay', 'a.pbrec', '--wasm', other]);
      match(
        build.stderr,
        /INVALID_OPTION: replay: wasm: nothing in the recording answers the imports .*kv_read/,
      );
      ok(!/--stub|option functions/.test(build.stderr), build.stderr);
      writeFileSync(join(folder, 'empty'), '');
      for (const file of [VOWELS, 'empty']) {
        const { stderr, code } = await plugboard(folder, ['replay', file]);
        is(code, 1);
        ok(stderr.includes(`INVALID_RECORDING: ${file}: recording: expected JSON of a recording: `), stderr);
      }
    }));

  for (const { args, message } of wrong) {
    test(`${args.slice(args[0] === 'call' ? 5 : 0).join(' ')}: is wrong use`, () =>
      inFolder(async folder => {
        const { stderr, code } = await plugboard(folder, args);
        is(code, 2);
        match(stderr, message);
      }));
  }
});
