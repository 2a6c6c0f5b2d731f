import type { Inspection } from '../../src/node.ts';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

/** A file that is missing, in a folder that Deno may read. */
const LOST = host().path('lost.wasm');

interface Case {
  name: string;
  bytes: Uint8Array;
  code: number;
  /** The whole report, without its last line end. */
  report: string;
}

const cases: Case[] = [
  {
    name: 'a plugin with all there is to tell',
    bytes: buildModule({
      imports: [
        { module: 'extism:host/env', name: 'input_length', results: ['i64'] },
        { module: 'extism:host/env', name: 'http_request', params: ['i64', 'i64'], results: ['i64'] },
        { module: 'wasi_snapshot_preview1', name: 'sched_yield', results: ['i32'] },
        { module: 'wasi_snapshot_preview1', name: 'sock_shutdown', params: ['i32', 'i32'], results: ['i32'] },
        { module: 'extism:host/user', name: 'kv_read', params: ['i64'], results: ['i64'] },
      ],
      functions: [
        { name: '_initialize', body: [] },
        { name: 'count', body: [] },
        { name: 'add', params: ['i32', 'i32'], body: [] },
      ],
      memoryPages: 2,
    }),
    code: 0,
    report: `plugin.wasm: 279 bytes
It would run here, given its host functions.

Needs:
  WASI preview 1  given
  HTTP            it imports http_request
  host functions  functions: {
                    ["extism:host/user"]: {
                      "kv_read"(context, arg0) { return 0n; }, // (i64) -> (i64)
                    },
                  }

Imports:
  Extism kernel   input_length, http_request
  WASI preview 1  sched_yield, sock_shutdown
  host functions  extism:host/user kv_read (i64) -> (i64)

Exports:
  to call    _initialize, count
  functions  add (i32, i32) -> ()
  memories   memory

Start:
  at creation  _initialize

Memory:
  pages  2 of 64 KiB at first, no maximum
`,
  },
  {
    name: 'names that a terminal would obey',
    bytes: buildModule({
      imports: [{ module: 'wbg', name: '\u001b[2J\n\nProblems:\u202e\u{e0001}' }],
      functions: [{ name: 'a\u009b1m b', body: [] }],
    }),
    code: 1,
    report: `plugin.wasm: 72 bytes
It would not run here.

Problems:
  WASM_BINDGEN  wbg.\\u001b[2J\\u000a\\u000aProblems:\\u202e\\udb40\\udc01: built with wasm-bindgen, for a JavaScript
                page; build without it, with an Extism PDK

Imports:
  never provided  wbg "\\u001b[2J\\n\\nProblems:\\u202e\\udb40\\udc01" () -> ()

Exports:
  to call  "a\\u009b1m b"
`,
  },
  {
    name: 'a page instead of a plugin',
    bytes: new TextEncoder().encode('<html>'),
    code: 1,
    report: `plugin.wasm: 6 bytes
It would not run here.

Problems:
  NOT_WASM  it is a page of HTML or XML; was the download answered with an error page?`,
  },
];

/** The report without its sections: their sizes are not tested here. */
const head = (report: string): string => report.split('\nSections:')[0]!.trimEnd();

suite('cli inspect', test => {
  if (typeof host().list !== 'function') {
    test.skip('all of it', 'this runtime starts no programs');
    return;
  }

  /** Runs `plugboard inspect` on these bytes. */
  const inspectBytes = async (bytes: Uint8Array, ...args: string[]) => {
    const { writeFileSync } = await import('node:fs');
    const { inFolder, plugboard } = await import('./spawn.ts');
    return inFolder(async folder => {
      writeFileSync(`${folder}/plugin.wasm`, bytes);
      return plugboard(folder, ['inspect', 'plugin.wasm', ...args]);
    });
  };

  for (const { name, bytes, code, report } of cases) {
    test(`reports ${name}`, async () => {
      const finished = await inspectBytes(bytes);
      is(head(finished.stdout), report.trimEnd());
      equal([finished.stderr, finished.code], ['', code]);
    });

    test(`reports ${name} as JSON`, async () => {
      const { inspect } = await import('../../src/node.ts');
      const finished = await inspectBytes(bytes, '--json');
      equal(JSON.parse(finished.stdout) as Inspection, inspect(bytes));
      match(finished.stdout, /^[\P{C}\n]*$/u);
      equal([finished.stderr, finished.code], ['', code]);
    });
  }

  test('reports a real plugin in lines that fit', async () => {
    const { stdout, stderr, code } = await inspectBytes(
      host().readBytes('fixtures/go-counter/go_counter.wasm'),
    );
    match(
      stdout,
      /^plugin\.wasm: 3,\d{3},\d{3} bytes\nIt would run here\. It is a Reflow actor: see plugboard run --help\.\n/,
    );
    match(stdout, /\n {2}code +2,\d{3},\d{3} bytes +6\d\.\d %\n/);
    match(stdout, /\n {2}language {2}Go go1\.\d+/);
    equal([stderr, code], ['', 0]);
    ok(
      stdout.split('\n').every(line => line.length <= 120),
      'lines that fit',
    );
  });

  const urls: [url: string, stderr: string, code: number][] = [
    [`data:application/wasm;base64,${Buffer.from(cases[0]!.bytes).toString('base64')}`, '', 0],
    [`data:,<html>`, '', 1],
    [`file://${LOST}`, `FILE: ${LOST}: there is no such file`, 2],
    ['data:application/wasm;base64,*', 'SOURCE_UNAVAILABLE: data:application/wasm;base64,*: ', 1],
  ];
  for (const [url, problem, code] of urls) {
    test(`plugboard inspect ${url.slice(0, 40)}`, async () => {
      const { inFolder, plugboard } = await import('./spawn.ts');
      const finished = await inFolder(folder => plugboard(folder, ['inspect', url]));
      is(finished.code, code);
      ok(finished.stderr.startsWith(problem && `plugboard: ${problem}`), finished.stderr);
      ok(problem !== '' || finished.stdout.startsWith(`${url}: `), finished.stdout);
    });
  }

  test('a file that is not there, and a wrong option, are wrong use', async () => {
    const { inFolder, plugboard } = await import('./spawn.ts');
    await inFolder(async folder => {
      const stderr = 'plugboard: FILE: x.wasm: there is no such file\n';
      equal(await plugboard(folder, ['inspect', 'x.wasm']), { stdout: '', stderr, code: 2 });
      const { code } = await plugboard(folder, ['inspect', 'x.wasm', '--yaml']);
      is(code, 2);
    });
  });
});
