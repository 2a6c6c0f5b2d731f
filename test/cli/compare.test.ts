import { readFileSync, writeFileSync } from 'node:fs';
import { rowsAbout } from '../../src/cli/conformance/differences.ts';
import type { CaseFile } from '../../src/conformance/case.ts';
import { equal, is, match } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { inFolder, plugboard } from './spawn.ts';

/** A host that answers each call with a part of its own. */
const player = (part: string): string => `
const tell = message => process.stdout.write(JSON.stringify(message) + '\\n');
tell({ protocol: 1, host: 'player', version: '1', capabilities: [] });
require('node:readline').createInterface({ input: process.stdin }).on('line', line => {
  const message = JSON.parse(line);
  if (message.open) return ${part};
  if (!message.call) return tell({ ok: true });
  const data = Buffer.from(message.call.input, 'base64');
  if (message.call.function === 'throws') return tell({ output: null, error: { name: 'failed', message: 'no' } });
  if (message.call.function === 'ends') return process.exit(3);
  tell({ output: data.toString('base64'), error: null });
});`;
const FINE = 'tell({ ok: true })';

suite('plugboard compare', test => {
  const compare = (files: Record<string, string>, args: readonly string[], part = FINE) =>
    inFolder(place => {
      for (const [name, text] of Object.entries({ 'host.cjs': player(part), ...files }))
        writeFileSync(`${place}/${name}`, text);
      const command = `${process.execPath} host.cjs`;
      const cases = host().path('fixtures');
      return plugboard(place, ['compare', '--cases', cases, '--host', command, ...args]);
    });
  const wasm = () => host().path('fixtures/c-pdk/c_pdk.wasm');
  const kvStore = () => host().path('fixtures/kv-store/kv_store.wasm');

  test('equal calls are told, and the exit code is 0', async () => {
    const { code, stdout } = await compare({}, [wasm(), 'echo', '--input', 'Ada']);
    equal([code, stdout], [0, 'player 1: 0 of 1 calls differ from plugboard\n']);
  });

  test('calls come from a file, and each difference has its call and rows', async () => {
    const calls = JSON.stringify([
      { function: 'echo', input: { text: 'a' } },
      { function: 'throws' },
      { function: 'ends' },
      { function: 'echo' },
    ]);
    const { code, stdout } = await compare({ 'calls.json': calls }, [
      wasm(),
      '--calls',
      'calls.json',
      '--json',
    ]);
    is(code, 1);
    const { hosts } = JSON.parse(stdout) as {
      hosts: { differences: { call: number; function: string; text: string }[] }[];
    };
    equal(
      hosts[0]!.differences.map(({ call, function: name }) => [call, name]),
      [[3, 'ends']],
    );
    match(hosts[0]!.differences[0]!.text, /the host ended with code 3/);
  });

  test('a recording is a file of calls, unless a secret stands in an input', async () => {
    const recorded = await inFolder(async place => {
      const calls = ['call', wasm(), 'echo', '--input', 'Ada', '--record', 'r.json'];
      is((await plugboard(place, calls)).code, 0);
      return readFileSync(`${place}/r.json`, 'utf8');
    });
    const args = [wasm(), '--calls', 'r.json'];
    const { code, stdout } = await compare({ 'r.json': recorded }, args);
    equal([code, stdout], [0, 'player 1: 0 of 1 calls differ from plugboard\n']);
    const hidden = recorded.replace(/("input":\s*\{\s*"text":\s*"Ada")/, '$1, "hidden": true');
    match(
      (await compare({ 'r.json': hidden }, args)).stderr,
      /FILE: r\.json: a secret stands in the input of calls\[\d\]/,
    );
  });

  test('a plugin that only plugboard can make is a difference', async () => {
    const refusal = `tell({ refused: { name: 'refused', message: 'not here' } })`;
    const { code, stdout } = await compare({}, [wasm(), 'echo'], refusal);
    is(code, 1);
    match(stdout, /the plugin cannot be made: not here/);
  });

  test('calls of host functions are compared, and --stub gives their result', async () => {
    const stub = 'extism:host/user.kv_read=abcd';
    const { stdout } = await compare({}, [kvStore(), 'count_vowels', '--stub', stub, '-i', 'hello']);
    match(stdout, /calls of host functions: expected \[\{"function":"kv_read"/);
  });

  const wrong: [name: string, args: () => string[], stderr: RegExp][] = [
    ['neither a function nor a file of calls', () => [wasm()], /USAGE: expected FUNCTION or --calls/],
    [
      'a stub for a function that is not imported',
      () => [kvStore(), 'count_vowels', '--stub', 'x.y=1'],
      /USAGE: --stub: expected one of extism:host\/user\.kv_/,
    ],
    [
      'calls in another form',
      () => [wasm(), '--calls', 'bad.json'],
      /FILE: bad\.json: expected \[\{"function"/,
    ],
    [
      'a manifest with a URL',
      () => ['--manifest', 'url.json', 'f'],
      /FILE: url\.json: expected modules with a "path"/,
    ],
    ['a host that does not start', () => [wasm(), 'echo', '--host', './none'], /FILE: --host \.\/none: /],
  ];
  for (const [name, args, stderr] of wrong)
    test(`refuses ${name}`, async () => {
      const files = { 'bad.json': '[{"function": 1}]', 'url.json': '{"wasm": [{"url": "http://h/x.wasm"}]}' };
      const done = await compare(files, args());
      is(done.code, 2);
      match(done.stderr, stderr);
    });

  test('rows of known differences come first, and only of functions that the call used', () => {
    const call = { function: 'f', output: { text: '' } };
    const alternatives = [{ row: 'abi.other', output: { text: 'x' } }];
    const file = {
      cases: [
        { id: 'a', rows: ['env.alloc'], calls: [{ ...call, alternatives }] },
        { id: 'b', rows: ['env.alloc'], calls: [call] },
        { id: 'c', rows: ['env.free'], calls: [call] },
      ],
    } as unknown as CaseFile;
    const known = { xfail: { b: { row: 'abi.known' }, c: { row: 'abi.unused' } }, skip: {} };
    const used = new Set(['env.alloc']);
    equal(rowsAbout('output: expected "", got "x"', [file], known, used), ['abi.known', 'abi.other']);
    equal(rowsAbout('logs: expected []', [file], known, used), []);
  });
});
