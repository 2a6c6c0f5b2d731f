import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { inFolder, plugboard } from './spawn.ts';

const VOWELS = host().path('fixtures/vowels/vowels.wasm');
const CALL = ['call', VOWELS, 'count_vowels', '--input', 'Hello', '--config', 'vowels=aeiou'];

/** A plugin that frees a block twice. */
const TWICE = buildModule({
  imports: [
    { module: 'extism:host/env', name: 'alloc', params: ['i64'], results: ['i64'] },
    { module: 'extism:host/env', name: 'free', params: ['i64'] },
  ],
  functions: [
    {
      name: 'run',
      locals: ['i64'],
      body: ['i64.const 8', 'call alloc', 'local.tee 0', 'call free', 'local.get 0', 'call free'],
    },
  ],
});

const wrong: { args: string[]; message: RegExp }[] = [
  { args: ['a.jsonl', VOWELS], message: /a\.jsonl is a trace, which takes no / },
  { args: ['a.jsonl', '--link', VOWELS], message: /takes no --link/ },
  { args: ['a.jsonl', '--manifest'], message: /takes no --manifest/ },
  { args: ['a.jsonl', '--html', 'a.jsonl'], message: /are the same file/ },
  { args: ['a.jsonl', '--html', 'b.html', '--json'], message: /keep one/ },
  { args: ['a.jsonl', '--format', 'sarif'], message: /--format is for --lint/ },
];

/** Traces a call in a new folder. */
const traced = (use: (folder: string) => Promise<void>, call = CALL) =>
  inFolder(async folder => {
    writeFileSync(join(folder, 'twice.wasm'), TWICE);
    is((await plugboard(folder, [...call, '--trace', 'a.jsonl'])).code, 0);
    await use(folder);
  });

suite('plugboard inspect of a trace', test => {
  test('tells the powers that were used, and findings', () =>
    traced(async folder => {
      const { stdout, code } = await plugboard(folder, ['inspect', 'a.jsonl']);
      is(code, 0);
      match(stdout, /^a\.jsonl: \d+ events of 1 plugin\n\nIt did:\n {2}calls {8}2 with starts/);
      match(stdout, /\n {2}config {5}reads config values by name: config_get × 1\n/);
      match(stdout, /\na\.jsonl: 0 findings\n$/);
      const report = JSON.parse((await plugboard(folder, ['inspect', 'a.jsonl', '--json'])).stdout) as {
        calls: number;
        findings: unknown[];
      };
      equal([report.calls, report.findings], [2, []]);
    }));

  test('--lint prints findings in each format, and ends with 1 for an error', () =>
    traced(
      async folder => {
        const lint = (...args: string[]) => plugboard(folder, ['inspect', 'a.jsonl', '--lint', ...args]);
        const text = await lint();
        is(text.code, 1);
        match(
          text.stdout,
          /double-free {2}error: run: the block of 8 bytes at \d+ is freed twice\. Repair: /,
        );
        const [finding] = JSON.parse((await lint('--format', 'json')).stdout) as { event: number }[];
        const line = readFileSync(join(folder, 'a.jsonl'), 'utf8').split('\n')[finding!.event - 1];
        match(line!, /"name":"free"/);
        match((await lint('--format', 'sarif')).stdout, /"ruleId": "double-free"/);
      },
      ['call', 'twice.wasm', 'run'],
    ));

  test('--lint ends with 0 without findings', () =>
    traced(async folder => {
      const { stdout, code } = await plugboard(folder, ['inspect', 'a.jsonl', '--lint']);
      equal([stdout, code], ['a.jsonl: no findings\n', 0]);
    }));

  test('--html writes the timeline', () =>
    traced(async folder => {
      is((await plugboard(folder, ['inspect', 'a.jsonl', '--html', 'a.html'])).code, 0);
      match(readFileSync(join(folder, 'a.html'), 'utf8'), /<h2 id="calls">Calls<\/h2>/);
    }));

  test('a damaged trace is INVALID_TRACE, with the line', () =>
    traced(async folder => {
      const path = join(folder, 'a.jsonl');
      writeFileSync(path, readFileSync(path, 'utf8').replace('"type":"call"', '"type":"cull"'));
      const { stderr, code } = await plugboard(folder, ['inspect', 'a.jsonl']);
      ok(code !== 0);
      match(stderr, /INVALID_TRACE: trace: event 2: /);
    }));

  for (const { args, message } of wrong) {
    test(`${args.map(arg => (arg === VOWELS ? 'vowels.wasm' : arg)).join(' ')}: is wrong use`, () =>
      traced(async folder => {
        const { stderr, code } = await plugboard(folder, ['inspect', ...args]);
        is(code, 2);
        match(stderr, message);
      }));
  }
});

suite('plugboard call and run --html', test => {
  test('the page has the report of the plugin and the timeline, also of a call that fails', () =>
    inFolder(async folder => {
      const fail = ['call', VOWELS, 'fail', '--input', 'x', '--trace', 'a.txt', '--html', 'a.html'];
      is((await plugboard(folder, fail)).code, 1);
      const page = readFileSync(join(folder, 'a.html'), 'utf8');
      for (const id of ['did', 'calls', 'powers', 'reach']) ok(page.includes(`<h2 id="${id}">`), id);
      match(page, /PLUGIN_ERROR/);
    }));

  test('run has a page too', () =>
    inFolder(async folder => {
      const stdin = '{"increment":{"type":"Flow"}}\n';
      const counter = host().path('fixtures/rust-counter/rust_counter.wasm');
      const args = ['run', counter, '--trace', 'a.jsonl', '--html', 'a.html'];
      is((await plugboard(folder, args, { stdin })).code, 0);
      match(readFileSync(join(folder, 'a.html'), 'utf8'), /<code>process<\/code>/);
    }));

  test('--html without --trace, and a file that is used twice, are wrong use', () =>
    inFolder(async folder => {
      const alone = await plugboard(folder, [...CALL, '--html', 'a.html']);
      is(alone.code, 2);
      match(alone.stderr, /--html is for --trace; give both/);
      const twice = await plugboard(folder, [...CALL, '--trace', 'a', '--html', 'a']);
      is(twice.code, 2);
      match(twice.stderr, /are the same file/);
    }));
});
