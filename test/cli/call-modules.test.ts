import { is, match } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

/** A file that is missing, in a folder that Deno may read. */
const LOST = `file://${host().path('lost.wasm')}`;

/** A library whose `answer` is this number. */
const library = (answer: number) =>
  buildModule({ functions: [{ name: 'answer', results: ['i32'], body: [`i32.const ${answer}`] }] });

/** `run` returns the number of `lib`; `grow` returns 3 if its memory of 2 pages grew by 3, else 0. */
const app = buildModule({
  imports: [{ module: 'lib', name: 'answer', results: ['i32'] }],
  functions: [
    { name: 'run', results: ['i32'], body: ['call 0'] },
    {
      name: 'grow',
      results: ['i32'],
      body: ['i32.const 3', 'memory.grow', 'i32.const 1', 'i32.add'],
    },
  ],
  memoryPages: 2,
});

/** `run` logs its input as an error and fails. */
const sad = buildModule({
  imports: [
    { module: 'extism:host/env', name: 'input_offset', results: ['i64'] },
    { module: 'extism:host/env', name: 'log_error', params: ['i64'] },
  ],
  functions: [{ name: 'run', results: ['i32'], body: ['call 0', 'call 1', 'i32.const 1'] }],
});

/** `run` returns the log level. */
const level = buildModule({
  imports: [{ module: 'extism:host/env', name: 'get_log_level', results: ['i32'] }],
  functions: [{ name: 'run', results: ['i32'], body: ['call 0'] }],
});

/** `run` returns the sum of its integer imports; `text` the length of the block whose handle `shop.price` returns. */
const hosted = buildModule({
  imports: [
    { module: 'shop', name: 'price', params: ['i32'], results: ['i64'] },
    { module: 'shop', name: 'log', params: ['i64'] },
    { module: 'shop', name: 'tax', results: ['f64'] },
    { module: 'shop', name: 'both', results: ['i32', 'i64'] },
    { module: 'shop/v1.2', name: 'stock.all', results: ['i32'] },
    { module: 'extism:host/env', name: 'length', params: ['i64'], results: ['i64'] },
  ],
  functions: [
    {
      name: 'run',
      results: ['i32'],
      body: [
        ...['i64.const 1', 'call 1', 'call 2', 'drop', 'call 3', 'drop', 'call 4', 'i32.add'],
        ...['i32.const 1', 'call 0', 'i32.wrap_i64', 'i32.add'],
      ],
    },
    { name: 'text', results: ['i32'], body: ['i32.const 1', 'call 0', 'call 5', 'i32.wrap_i64'] },
  ],
});
const stubs = (...texts: string[]) => texts.flatMap(text => ['--stub', text]);
const others = stubs('shop.log', 'shop.tax', 'shop.both');

const files: Record<string, string | Uint8Array> = {
  'app.wasm': app,
  'hosted.wasm': hosted,
  'level.wasm': level,
  'sad.wasm': sad,
  'lib.wasm': library(0),
  'seven.wasm': library(7),
  'folder/lib.wasm': library(5),
  'app.json': JSON.stringify({ wasm: [{ path: 'app.wasm' }] }),
  'both.json': JSON.stringify({
    wasm: [{ path: 'folder/lib.wasm', name: 'lib' }, { path: 'app.wasm' }],
  }),
  'folder/both.json': JSON.stringify({
    wasm: [{ path: 'seven.wasm', name: 'lib' }, { path: 'app.wasm' }],
  }),
  'data.json': JSON.stringify({
    wasm: [{ data: Buffer.from(library(3)).toString('base64'), name: 'lib' }, { path: 'app.wasm' }],
  }),
  'limited.json': JSON.stringify({ wasm: [{ path: 'app.wasm' }], memory: { max_pages: 1 } }),
  'lost.json': JSON.stringify({ wasm: [{ path: 'lost.wasm' }] }),
  'odd.json': JSON.stringify({ wasm: [{ path: 'app.wasm' }], max_pages: 1 }),
  'app.toml': '[[wasm]]\npath = "app.wasm"\n',
};

const dataUrl = `data:application/wasm;base64,${Buffer.from(library(4)).toString('base64')}`;
const answered = (code: number) => ({
  code,
  stderr: `plugboard: NONZERO_RESULT: Returned non-zero exit code: ${code}\n`,
});

interface Case {
  args: string[];
  stdout?: string;
  /** Default: nothing. */
  stderr?: string | RegExp;
  code?: number;
}

const cases: Case[] = [
  { args: ['app.wasm', 'run', '--link', 'lib.wasm'], stdout: '\n' },
  { args: ['app.wasm', 'run', '--link', 'lib=seven.wasm'], ...answered(7) },
  {
    args: ['app.wasm', 'run', '--link', 'main=lib.wasm'],
    code: 2,
    stderr: /^plugboard: USAGE: --link: main is the name of PLUGIN\.wasm itself; give the module another one/,
  },
  { args: ['app.wasm', 'run', '--link', 'folder/lib.wasm'], ...answered(5) },
  { args: ['app.wasm', 'run', '--link', `lib=${dataUrl}`], ...answered(4) },
  { args: [dataUrl, 'answer'], ...answered(4) },
  {
    args: ['sad.wasm', 'run', '-i', 'no bread'],
    ...answered(1),
    stderr: `error: no bread\n${answered(1).stderr}`,
  },
  { args: ['sad.wasm', 'run', '-i', 'no bread', '-q'], ...answered(1) },
  { args: ['level.wasm', 'run'], ...answered(4) },
  { args: ['level.wasm', 'run', '-vv', '-v'], ...answered(1) },
  { args: ['level.wasm', 'run', '-vvvv'], stdout: '\n' },
  { args: ['level.wasm', 'run', '-vvvvv'], stdout: '\n' },
  {
    args: ['app.wasm', 'run'],
    stderr: /^plugboard: UNRESOLVED_IMPORTS: module "main": nothing provides\n.*lib.*answer/,
    code: 1,
  },
  {
    args: ['app.wasm', 'run', '--link', 'math=lib.wasm'],
    stderr: /^plugboard: UNRESOLVED_IMPORTS: /,
    code: 1,
  },
  {
    args: ['app.wasm', 'run', '--link', 'lib.wasm', '--link', 'lib=seven.wasm'],
    stderr: /^plugboard: INVALID_MANIFEST: manifest\.wasm\[1\]\.name: .*\n$/,
    code: 2,
  },
  {
    args: ['app.wasm', 'run', '--link', 'lib=lost.wasm'],
    stderr: 'plugboard: FILE: lost.wasm: there is no such file\n',
    code: 2,
  },

  { args: ['hosted.wasm', 'run', ...others, ...stubs('shop.price', 'shop/v1.2.stock.all')], stdout: '\n' },
  {
    args: ['hosted.wasm', 'run', ...others, ...stubs('shop.price=5', 'shop/v1.2.stock.all=2')],
    ...answered(7),
  },
  {
    args: [
      'hosted.wasm',
      'run',
      ...others,
      ...stubs('shop.price=5', 'shop.price=-1', 'shop/v1.2.stock.all=2'),
    ],
    ...answered(1),
  },
  {
    args: ['hosted.wasm', 'text', ...others, ...stubs('shop.price=a=é', 'shop/v1.2.stock.all')],
    ...answered(4),
  },
  {
    args: [
      'hosted.wasm',
      'text',
      ...others,
      ...stubs('shop.price=', 'shop/v1.2.stock.all'),
      '--timeout',
      '9999',
    ],
    stdout: '\n',
  },
  {
    args: ['hosted.wasm', 'run', ...others, ...stubs('shop.price')],
    stderr:
      /^plugboard: UNRESOLVED_IMPORTS: .*\n.* shop\/v1\.2\.stock\.all: .*\n.* --stub NAMESPACE\.NAME .*\n$/,
    code: 1,
  },

  {
    args: [LOST, 'run'],
    stderr: `plugboard: SOURCE_UNAVAILABLE: ${LOST}: there is no such file\n`,
    code: 1,
  },
  { args: ['folder', 'run'], stderr: /^plugboard: FILE: folder: expected a file, got a folder\n$/, code: 2 },

  { args: ['both.json', 'run', '-m'], ...answered(5) },
  // Paths in a manifest start from the folder where the command runs, not from the folder of the manifest.
  { args: ['folder/both.json', 'run', '--manifest'], ...answered(7) },
  { args: ['data.json', 'run', '--manifest'], ...answered(3) },
  { args: ['app.json', 'run', '--manifest', '--link', 'lib=seven.wasm'], ...answered(7) },
  {
    args: ['lost.json', 'run', '--manifest'],
    stderr: 'plugboard: SOURCE_UNAVAILABLE: lost.wasm: there is no such file\n',
    code: 1,
  },
  {
    args: ['odd.json', 'run', '--manifest'],
    stderr: /^plugboard: INVALID_MANIFEST: manifest\.max_pages: .*\n$/,
    code: 2,
  },
  {
    args: ['app.toml', 'run', '--manifest'],
    stderr:
      'plugboard: FILE: app.toml: a manifest is JSON here, TOML is not read: the file is not valid JSON: ' +
      'expected a value, got "w" at byte 2\n',
    code: 2,
  },
  {
    args: ['app.wasm', 'run', '--manifest'],
    stderr: /^plugboard: FILE: app\.wasm: a manifest is JSON here/,
    code: 2,
  },
  {
    args: ['app.json', 'run'],
    stderr: /^plugboard: INVALID_WASM: /,
    code: 1,
  },

  { args: ['app.wasm', 'grow', '--link', 'lib.wasm', '--memory-max', '3'], ...answered(3) },
  { args: ['app.wasm', 'grow', '--link', 'lib.wasm', '--memory-max', '2'], stdout: '\n' },
  { args: ['app.wasm', 'grow', '--link', 'lib.wasm', '--memory-max', '0'], ...answered(3) },
  {
    args: ['app.wasm', 'run', '--link', 'lib.wasm', '--memory-max', '1'],
    stderr: /^plugboard: MEMORY_LIMIT: module "main": its memory starts with 2 pages, over the limit of 1 /,
    code: 1,
  },
  {
    args: ['limited.json', 'run', '--manifest', '--link', 'lib.wasm'],
    stderr: /^plugboard: MEMORY_LIMIT: /,
    code: 1,
  },
  { args: ['limited.json', 'run', '--manifest', '--link', 'lib.wasm', '--memory-max', '9'], stdout: '\n' },
];

suite('cli call: modules', test => {
  if (typeof host().list !== 'function') {
    test.skip('all of it', 'this runtime starts no programs');
    return;
  }

  for (const { args, stdout = '', stderr = '', code = 0 } of cases) {
    test(`plugboard call ${args.map(arg => arg.slice(0, 40)).join(' ')}`, async () => {
      const { mkdirSync, writeFileSync } = await import('node:fs');
      const { inFolder, plugboard } = await import('./spawn.ts');
      await inFolder(async folder => {
        mkdirSync(`${folder}/folder`);
        for (const [path, content] of Object.entries(files)) writeFileSync(`${folder}/${path}`, content);
        const result = await plugboard(folder, ['call', ...args]);
        if (typeof stderr === 'string') is(result.stderr, stderr);
        else match(result.stderr, stderr);
        is(result.stdout, stdout);
        is(result.code, code);
      });
    });
  }
});
