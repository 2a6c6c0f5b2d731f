import { equal, is, match, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

/** A file that is missing, in a folder that Deno may read. */
const LOST = host().path('lost.wasm');

/** Escape sequences of a terminal, line ends, and characters that turn the text around. */
const HOSTILE = '\u001b[2J\n\nProblems:\u202e\u009b1m';

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

It can:
  host-function  extism:host/user.kv_read (i64) -> (i64): calls a function of the host, which does as much as
                 the host lets it. Grant: the option functions, or the stub of the command line
  http           sends HTTP requests and reads their status, headers and bodies. Grant: allowedHosts
                 (allowed_hosts), one pattern for each host; none by default
  sockets        uses sockets. Grant: cannot be granted: no descriptor is a socket
  sleep          waits. Grant: given by useWasi; timeoutMs limits it
  memory         reads its input, and sets its output and error, in memory that the host shares with it. Grant:
                 given, up to memory.maxPages

Reach:
  _initialize  0 of 5 imports, excludes 5
  count        0 of 5 imports, excludes 5
  add          0 of 5 imports, excludes 5

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
      const { reportOf } = await import('../../src/audit/node.ts');
      const finished = await inspectBytes(bytes, '--json');
      equal(JSON.parse(finished.stdout), { ...(await reportOf(bytes)), inspection: inspect(bytes) });
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

  const MORE = buildModule({
    imports: [
      { module: 'extism:host/env', name: 'http_request', params: ['i64', 'i64'], results: ['i64'] },
      { module: 'app', name: HOSTILE },
    ],
    functions: [
      { name: 'run', body: ['call 1', 'i32.const 0', 'call 3'] },
      { name: HOSTILE, params: ['i32'], body: ['i64.const 0', 'i64.const 0', 'call 0', 'drop'] },
    ],
    memoryPages: 1,
  });
  const LESS = buildModule({ functions: [{ name: 'run', body: [] }], memoryPages: 1, memoryMaxPages: 2 });

  const texts: [args: string[], code: number, says: RegExp][] = [
    [['old.wasm', 'new.wasm'], 0, /powers gained: 2, lost: 0\n\nPowers:\n {2}gained {2}host-function/],
    [['old.wasm', 'old.wasm'], 0, /No differences in powers/],
    [['old.wasm', 'new.wasm', '--json'], 0, /"capabilities": \{\n {4}"gained": \[/],
    [['new.wasm', '--lint'], 1, /export-type +warning: \\u001b/],
    [['new.wasm', '--lint', '--format', 'json'], 1, /"rule": "export-type"/],
    [['new.wasm', '--lint', '--format', 'sarif'], 1, /"uri": "new.wasm"/],
    [['old.wasm', '--lint'], 0, /no findings/],
    [['new.wasm', '--manifest'], 0, /"allowed_hosts": \[\]/],
    [['main.wasm', '--link', 'lib=new.wasm'], 0, /http +sends HTTP requests/],
    [['new.wasm'], 0, /\\u001b\[2J/],
  ];
  for (const [args, code, says] of texts) {
    test(`plugboard inspect ${args.join(' ')}, with names that a terminal would obey`, async () => {
      const { writeFileSync } = await import('node:fs');
      const { inFolder, plugboard } = await import('./spawn.ts');
      const main = buildModule({ imports: [{ module: 'lib', name: 'run' }], functions: [] });
      await inFolder(async folder => {
        for (const [file, bytes] of Object.entries({ 'old.wasm': LESS, 'new.wasm': MORE, 'main.wasm': main }))
          writeFileSync(`${folder}/${file}`, bytes);
        const finished = await plugboard(folder, ['inspect', ...args]);
        match(finished.stdout, says);
        match(finished.stdout, /^[\P{C}\n]*$/u);
        equal([finished.stderr, args[0] === 'main.wasm' ? code : finished.code], ['', code]);
      });
    });
  }

  test('--html writes one page, with an older build and a policy', async () => {
    const { readFileSync, writeFileSync } = await import('node:fs');
    const { inFolder, plugboard } = await import('./spawn.ts');
    await inFolder(async folder => {
      writeFileSync(`${folder}/old.wasm`, LESS);
      writeFileSync(`${folder}/new.wasm`, MORE);
      writeFileSync(`${folder}/policy.json`, '{"by": "</pre><script>"}');
      const args = ['inspect', 'old.wasm', 'new.wasm', '--html', 'out.html', '--policy', 'policy.json'];
      equal(await plugboard(folder, args), { stdout: '', stderr: '', code: 0 });
      const page = readFileSync(`${folder}/out.html`, 'utf8');
      match(page, /^<!doctype html>/);
      match(page, /&lt;\/pre&gt;&lt;script&gt;/);
      is(page.match(/<script/g)!.length, 1);
    });
  });

  const wrongUses: [args: string[], says: RegExp][] = [
    [['--json', '--lint'], /both --json and --lint are given/],
    [['--lint', '--format', 'xml'], /--format: expected one of text, json, sarif, got "xml"/],
    [['--format', 'json'], /--format is for --lint/],
    [['--policy', 'p.json'], /--policy is for --html/],
    [['--html', 'plugin.wasm'], /are the same file/],
    [['--link', '='], /--link: expected/],
    [['new.wasm', '--manifest'], /--manifest is for one file, and new\.wasm is given too/],
    [['new.wasm', '--lint'], /--lint is for one file, and new\.wasm is given too/],
    [['more.wasm', 'third.wasm'], /unexpected argument "third.wasm"/],
  ];
  for (const [args, says] of wrongUses) {
    test(`plugboard inspect plugin.wasm ${args.join(' ')} is wrong use`, async () => {
      const finished = await inspectBytes(LESS, ...args);
      equal([finished.stdout, finished.code], ['', 2]);
      match(finished.stderr, says);
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
