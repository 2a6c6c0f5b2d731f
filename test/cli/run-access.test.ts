import { equal, match } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

const ENV = 'extism:host/env';
const WASI = 'wasi_snapshot_preview1';

/** A request in JSON, in four words of eight bytes. */
const request = new TextEncoder().encode('{"url":"http://plugin.invalid/"}');
const words = [...new BigInt64Array(request.buffer)];

/** Each export may be an entry point. It returns an error number; or 0 and no result, which is refused. */
const actor = buildModule({
  imports: [
    { module: ENV, name: 'alloc', params: ['i64'], results: ['i64'] },
    { module: ENV, name: 'store_u64', params: ['i64', 'i64'] },
    { module: ENV, name: 'http_request', params: ['i64', 'i64'], results: ['i64'] },
    { module: WASI, name: 'fd_prestat_get', params: ['i32', 'i32'], results: ['i32'] },
  ],
  functions: [
    { name: 'folder', results: ['i32'], body: ['i32.const 3', 'i32.const 0', 'call 3'] },
    { name: 'grow', results: ['i32'], body: ['i32.const 3', 'memory.grow'] },
    { name: 'forever', body: ['loop', 'br 0', 'end'] },
    {
      name: 'fetch',
      locals: ['i64'],
      body: [
        ...[`i64.const ${request.length}`, 'call 0', 'local.set 0'],
        ...words.flatMap((word, index) => [
          ...['local.get 0', `i64.const ${index * 8}`, 'i64.add'],
          ...[`i64.const ${word}`, 'call 1'],
        ]),
        ...['local.get 0', 'i64.const 0', 'call 2', 'drop'],
      ],
    },
  ],
  memoryPages: 2,
});

const node = (metadata: object) => JSON.stringify({ id: 'n', component: 'N', metadata });

const files: Record<string, string | Uint8Array> = {
  'actor.wasm': actor,
  'limited.json': node({ timeout_ms: 50 }),
  'small.json': node({ memory_limit_mb: 4 }),
};

/** The entry point and options; stderr. */
const cases: [args: string[], stderr: RegExp, code?: number][] = [
  [['folder'], /NONZERO_RESULT: .*: 8\n$/],
  [['folder', '--allow-path', '.:/data'], /INVALID_RESULT: /],
  [['folder', '--allow-path', 'ro:.:/data'], /INVALID_RESULT: /],
  [['folder', '--allow-path', 'lost'], /FOLDER_UNAVAILABLE: .*lost/, 2],
  [['grow'], /NONZERO_RESULT: .*: 2\n$/],
  [['grow', '--memory-max', '3'], /NONZERO_RESULT: .*: 2\n$/],
  [['grow', '--memory-max', '2'], /NONZERO_RESULT: .*: -1\n$/],
  [['grow', '--memory-max', '0'], /NONZERO_RESULT: .*: 2\n$/],
  [['grow', '--memory-max', '1'], /MEMORY_LIMIT: .* 2 pages, over the limit of 1 /],
  [['forever', '--timeout', '50'], /TIMEOUT: .*50 ms/],
  [['forever', '--node', 'limited.json'], /TIMEOUT: .*50 ms/],
  [['fetch', '--events', 'no/events'], /FILE: no\/events: there is no folder no; make it first\n$/, 2],
  [['fetch'], /HTTP_NOT_ENABLED: /],
  [['fetch', '--allow-host', 'a.invalid', '--allow-host', 'b.*'], /HTTP_DENIED: .*"a\.invalid", "b\.\*"/],
  [
    ['grow', '--node', 'limited.json', '--timeout', '9'],
    /USAGE: both --timeout and timeout_ms in the metadata of --node are given; keep one\n$/,
    2,
  ],
  [['grow', '--node', 'limited.json', '--timeout', '0'], /NONZERO_RESULT: .*: 2\n$/],
  [
    ['grow', '--node', 'small.json', '--memory-max', '9'],
    /USAGE: both --memory-max and memory_limit_mb in the metadata of --node are given; keep one\n$/,
    2,
  ],
];

suite('cli run: access', test => {
  if (typeof host().list !== 'function') {
    test.skip('all of it', 'this runtime starts no programs');
    return;
  }

  for (const [args, stderr, code = 1] of cases) {
    test(`plugboard run actor.wasm --entry-point ${args.join(' ')}`, async () => {
      const { writeFileSync } = await import('node:fs');
      const { inFolder, plugboard } = await import('./spawn.ts');
      await inFolder(async folder => {
        for (const [path, content] of Object.entries(files)) writeFileSync(`${folder}/${path}`, content);
        const all = ['run', 'actor.wasm', '--entry-point', ...args];
        const result = await plugboard(folder, all, { stdin: '{"in":{"type":"Flow"}}\n' });
        match(result.stderr, stderr);
        equal({ stdout: result.stdout, code: result.code }, { stdout: '', code });
      });
    });
  }
});
