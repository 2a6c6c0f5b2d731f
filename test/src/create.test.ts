import { WASM_MAGIC } from '../../abi/encode.ts';
import { createPlugin as createIn } from '../../src/create.ts';
import { compilesBytes } from '../../src/engine/features.ts';
import { parseManifest } from '../../src/given/manifest.ts';
import type { Manifest, ManifestLike, PluginOptions } from '../../src/node.ts';
import { createPlugin } from '../../src/node.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { MemoryFs } from '../../wasi/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';

const WASM = buildModule({ functions: [{ name: 'nothing', body: [] }] });
const WASM_BASE64 = btoa(String.fromCharCode(...WASM));
const WASM_URL = `data:application/wasm;base64,${WASM_BASE64}`;
const ENV = 'extism:host/env';
const importing = (
  module: string,
  name: string,
  params: ('i32' | 'i64')[] = [],
  results: ('i32' | 'i64')[] = [],
) => buildModule({ imports: [{ module, name, params, results }], memoryPages: 1 });
const later = <T>(value: T): Promise<T> => new Promise(resolve => setTimeout(resolve, 0, value));
/** A promise that is rejected, and counts as handled. */
const offline = () => {
  const promise = Promise.reject(new Error('offline'));
  promise.catch(() => {});
  return promise;
};
const start = (name: string, body: string[]) => buildModule({ functions: [{ name, body }] });

/** Everything here is wrong on purpose, so the types are not asked. */
interface BadInput {
  code: string;
  message: string | RegExp;
  manifest?: unknown;
  options?: unknown;
  row?: string;
}

/** The engine's reason stands behind the text, where the engine compiles bytes. */
const REASON = compilesBytes() ? /not a valid module: \S/ : /not a valid module$/;
const LIMITED = { memory: { max_pages: 9 } };
/** An object as file system keeps the plugin on this thread, where checks in its code keep the time limit. */
const METERED = { timeoutMs: 60_000, preopens: { '/': new MemoryFs() } };

const badInputs: BadInput[] = [
  { code: 'INVALID_MANIFEST', manifest: undefined, message: 'got undefined' },
  { code: 'INVALID_MANIFEST', manifest: 7, message: 'got a number' },
  { code: 'INVALID_MANIFEST', manifest: [], message: 'got an empty array' },
  {
    code: 'INVALID_MANIFEST',
    manifest: {},
    message: 'manifest.wasm: expected an array with one or more modules',
  },
  { code: 'INVALID_MANIFEST', manifest: { wasm: [] }, message: 'manifest.wasm' },
  { code: 'INVALID_MANIFEST', manifest: '{"wasm": [', message: 'not JSON' },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: ['x.wasm'] },
    message: 'manifest.wasm[0]: expected a plain object',
  },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{}] },
    message: 'exactly one of data, path, url, response, module',
  },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ data: WASM, path: 'x' }] },
    message: 'got data and path',
  },
  { code: 'INVALID_MANIFEST', manifest: { wasm: [{ data: 5 }] }, message: 'manifest.wasm[0].data' },
  { code: 'INVALID_MANIFEST', manifest: { wasm: [{ data: 'n0t*base64' }] }, message: 'expected base64' },
  { code: 'INVALID_MANIFEST', manifest: { wasm: [{ path: 5 }] }, message: 'manifest.wasm[0].path' },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ module: WASM }] },
    message: 'expected a WebAssembly.Module',
  },
  { code: 'INVALID_MANIFEST', manifest: { wasm: [{ data: WASM, nmae: 'x' }] }, message: 'wasm[0].nmae' },
  { code: 'INVALID_MANIFEST', manifest: { wasm: [{ data: WASM, name: 5 }] }, message: 'wasm[0].name' },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ data: WASM, hash: 'abc' }] },
    message: '64 hexadecimal digits',
  },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ module: new WebAssembly.Module(WASM), hash: '0'.repeat(64) }] },
    message: 'wasm[0].hash: the bytes of a compiled module cannot be read',
  },
  { code: 'INVALID_MANIFEST', manifest: { wasm: [{ data: WASM }], confg: {} }, message: 'manifest.confg' },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ data: WASM }], config: { a: 1 } },
    message: 'manifest.config["a"]',
  },
  { code: 'INVALID_MANIFEST', manifest: { wasm: [{ data: WASM }], config: 'a' }, message: 'manifest.config' },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ data: WASM }], allowedHosts: [], allowed_hosts: [] },
    message: 'expected this or "allowedHosts", not both',
  },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ data: WASM }], allowedHosts: [1] },
    message: 'allowedHosts[0]',
  },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ data: WASM }], allowedHosts: 'x' },
    message: 'allowedHosts',
  },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ data: WASM }], memory: { maxPages: -1 } },
    message: 'memory.maxPages: expected a whole number of pages, 0 or more, got a negative number',
  },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ data: WASM }], memory: { pages: 1 } },
    message: 'memory.pages',
  },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ data: WASM }, { data: WASM }] },
    message: 'wasm[1].name: expected one module named "main" or not at all, unlike manifest.wasm[0]',
  },
  {
    code: 'INVALID_MANIFEST',
    manifest: {
      wasm: [
        { data: WASM, name: 'a' },
        { data: WASM, name: 'a' },
        { data: WASM, name: 'b' },
      ],
    },
    message: 'wasm[1].name: expected a name of its own, unlike manifest.wasm[0], got a string',
  },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ url: 'x:y' }] },
    message: 'wasm[0].url: expected an absolute URL',
  },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ url: WASM_URL, headers: { a: 1 } }] },
    message: 'wasm[0].headers["a"]',
  },
  { code: 'INVALID_MANIFEST', manifest: { wasm: [{ url: WASM_URL, method: 1 }] }, message: 'wasm[0].method' },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ data: WASM, method: 'GET' }] },
    message: 'wasm[0].method: expected beside "data"',
  },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ response: WASM }] },
    message: 'wasm[0].response: expected a Response',
  },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ response: later(WASM) }] },
    message: 'wasm[0].response: expected a Response, got an object of class Uint8Array',
  },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ data: later('n0t*base64') }] },
    message: 'wasm[0].data: expected base64',
  },
  { code: 'INVALID_MANIFEST', manifest: { wasm: [{ path: later('x') }] }, message: 'wasm[0].path' },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ module: later(new WebAssembly.Module(WASM)), hash: '0'.repeat(64) }] },
    message: 'wasm[0].hash: the bytes of a compiled module cannot be read',
  },
  {
    code: 'SOURCE_UNAVAILABLE',
    manifest: { wasm: [{ response: offline() }] },
    message: 'manifest.wasm[0].response: offline',
  },
  {
    code: 'INVALID_MANIFEST',
    manifest: new Response('{"wasm":', { headers: { 'content-type': 'application/json' } }),
    message: 'not JSON',
  },
  {
    code: 'INVALID_WASM',
    manifest: new Response('<html>', { headers: { 'content-type': 'application/wasm' } }),
    message: '3c 68 74 6d',
  },
  { code: 'SOURCE_UNAVAILABLE', manifest: new Response('gone', { status: 404 }), message: 'HTTP status 404' },
  {
    code: 'SOURCE_UNAVAILABLE',
    manifest: 'https://plugins.invalid/x.wasm',
    options: { fetch: () => Promise.reject(new Error('no route', { cause: new Error('no such host') })) },
    message: 'https://plugins.invalid/x.wasm: no route: no such host',
  },
  {
    code: 'SOURCE_UNAVAILABLE',
    manifest: 'https://user:password@plugins.invalid/x.wasm',
    options: { fetch: (url: URL) => Promise.reject(new Error(`no route to ${url.href}`)) },
    message: 'https://plugins.invalid/x.wasm: no route to https://plugins.invalid/x.wasm',
  },
  {
    code: 'SOURCE_UNAVAILABLE',
    manifest: 'https://plugins.invalid/x.wasm?token=secret',
    options: { fetch: (url: URL) => Promise.reject(new Error(`no route to ${url.href}`)) },
    message: 'https://plugins.invalid/x.wasm?...: no route to https://plugins.invalid/x.wasm?...',
  },
  {
    code: 'INVALID_MANIFEST',
    manifest: { wasm: [{ data: WASM }], timeout_ms: 0 },
    row: 'abi.manifest-time-zero',
    message: 'manifest.timeout_ms: expected a whole number of milliseconds, 1 or more, got 0',
  },
  {
    code: 'UNSUPPORTED',
    manifest: { wasm: [{ module: new WebAssembly.Module(WASM) }], memory: { max_pages: 1 } },
    message:
      'memory.max_pages cannot be honoured: module "main" came compiled, and only its bytes can be changed; leave it out',
  },
  { code: 'INVALID_OPTION', options: { timeoutMs: 2 ** 53 }, message: 'option.timeoutMs' },
  { code: 'INVALID_OPTION', options: { runInWorker: 1 as never }, message: 'option.runInWorker' },
  {
    code: 'INVALID_OPTION',
    options: { allowedSchemes: ['https', 'ftp' as never] },
    message: 'option.allowedSchemes[1]: expected one of http, https, got a string',
  },
  {
    code: 'INVALID_OPTION',
    options: { allowPrivateAddresses: 'no' as never },
    message: 'option.allowPrivateAddresses: expected true or false',
  },
  { code: 'INVALID_OPTION', options: 'fast', message: 'option: expected a plain object' },
  { code: 'INVALID_OPTION', options: { useWASI: true }, message: 'option.useWASI' },
  { code: 'INVALID_OPTION', options: { use_wasi: true }, message: 'option.use_wasi' },
  { code: 'INVALID_OPTION', options: { useWasi: 1 }, message: 'true or false' },
  {
    code: 'INVALID_OPTION',
    options: { logLevel: 'loud' },
    message: 'one of trace, debug, info, warn, error, silent',
  },
  { code: 'INVALID_OPTION', options: { logger: { info: 1 as never } }, message: 'option.logger.info' },
  {
    code: 'INVALID_OPTION',
    options: { logger: 'console' as never },
    message: 'option.logger: expected an object',
  },
  { code: 'INVALID_OPTION', options: { kernel: 'fast' }, message: 'one of reference, accessors' },
  { code: 'INVALID_OPTION', options: { accessors: WASM }, message: 'option.accessors' },
  { code: 'INVALID_OPTION', options: { vars: { a: 1 } }, message: 'option.vars["a"]' },
  { code: 'INVALID_OPTION', options: { vars: { a: null } }, message: 'option.vars["a"]' },
  {
    code: 'VAR_LIMIT',
    options: { vars: { a: '1234', b: '12345' }, memory: { maxVarBytes: 10 } },
    message: 'option.vars: Variable store is full: var "b"',
  },
  {
    code: 'VARS_DISABLED',
    options: { vars: { a: '' }, memory: { maxVarBytes: 0 } },
    message: 'option.vars: Vars are disabled',
  },
  {
    code: 'INVALID_OPTION',
    options: { functions: { ns: { f: 1 } } },
    message: 'option.functions["ns"]["f"]',
  },
  { code: 'INVALID_OPTION', options: { functions: { ns: null } }, message: 'option.functions["ns"]' },
  { code: 'INVALID_OPTION', options: { stdout: 'file' }, message: 'option.stdout' },
  { code: 'SOURCE_UNAVAILABLE', manifest: 'no/such/file.wasm', message: 'no/such/file.wasm' },
  {
    code: 'HASH_MISMATCH',
    manifest: { wasm: [{ data: WASM, hash: '0'.repeat(64) }] },
    message: 'expected the SHA-256 000',
  },
  { code: 'INVALID_WASM', manifest: new Uint8Array(0), message: 'got 0 bytes' },
  { code: 'INVALID_WASM', manifest: new TextEncoder().encode('<html>'), message: '3c 68 74 6d' },
  { code: 'INVALID_WASM', manifest: WASM.slice(0, -1), message: REASON },
  // Both are rewritten.
  { code: 'INVALID_WASM', manifest: { wasm: [{ data: WASM.slice(0, -1) }], ...LIMITED }, message: REASON },
  { code: 'INVALID_WASM', manifest: WASM.slice(0, -1), options: METERED, message: REASON },
  ...[{}, LIMITED].map(rest => ({
    code: 'INVALID_WASM',
    manifest: { wasm: [{ data: Uint8Array.from([...WASM_MAGIC, 13, 0, 1, 0]) }], ...rest },
    message: 'module "main": it is a component (WASI 0.2 or later), not a core module',
  })),
  { code: 'INVALID_WASM', manifest: WASM.slice(0, 6), message: 'not a valid module' },
  {
    code: 'UNRESOLVED_IMPORTS',
    manifest: importing('extism:host/user', 'kv_read'),
    message: 'functions["extism:host/user"].kv_read',
  },
  { code: 'UNRESOLVED_IMPORTS', manifest: importing(ENV, 'teleport'), message: 'newer PDK' },
  {
    code: 'UNRESOLVED_IMPORTS',
    manifest: importing('wasi_snapshot_preview1', 'fd_fly'),
    message: 'no such function in WASI',
  },
  {
    code: 'UNRESOLVED_IMPORTS',
    manifest: importing('wasi_snapshot_preview1', 'sched_yield', [], ['i32']),
    options: { useWasi: false },
    message: 'useWasi: false',
  },
  {
    code: 'UNRESOLVED_IMPORTS',
    manifest: importing('wasi_unstable', 'fd_write'),
    message: 'before preview 1',
  },
  { code: 'UNRESOLVED_IMPORTS', manifest: importing('wasi', 'thread-spawn'), message: 'threads of WASI' },
  { code: 'UNRESOLVED_IMPORTS', manifest: importing('wasix_32v1', 'proc_fork'), message: 'WASIX' },
  {
    code: 'UNRESOLVED_IMPORTS',
    manifest: importing('wasi_snapshot_preview2', 'x'),
    message: 'the WASI of components',
  },
  { code: 'UNRESOLVED_IMPORTS', manifest: importing('env', 'extism_alloc'), message: 'pre-1.0 PDK' },
  { code: 'UNRESOLVED_IMPORTS', manifest: importing('wbg', '__wbindgen_throw'), message: 'wasm-bindgen' },
  {
    code: 'UNRESOLVED_IMPORTS',
    manifest: importing('toString', 'constructor'),
    options: { functions: {} },
    message: 'toString.constructor',
  },
  {
    code: 'IMPORT_TYPE_MISMATCH',
    manifest: importing(ENV, 'alloc', ['i32'], ['i32']),
    message: '(i32) -> (i32), but it is (i64) -> (i64)',
  },
  {
    code: 'IMPORT_TYPE_MISMATCH',
    manifest: new WebAssembly.Module(importing(ENV, 'load_u8', ['i32'], ['i32'])),
    options: { kernel: 'accessors' },
    message: 'load_u8',
  },
  { code: 'INIT_FAILED', manifest: start('_initialize', ['unreachable']), message: 'unreachable' },
  { code: 'INIT_FAILED', manifest: start('__wasm_call_ctors', ['unreachable']), message: 'unreachable' },
];

suite('create', test => {
  for (const [index, { code, message, options, ...rest }] of badInputs.entries()) {
    const manifest = 'manifest' in rest ? rest.manifest : WASM;
    test.row(
      [`error.${code}`, ...(rest.row ? [rest.row] : [])],
      `bad input ${index}: ${message}`,
      async () => {
        const error = await raises(() => createPlugin(manifest as ManifestLike, options as PluginOptions), {
          code,
          message: code === 'INIT_FAILED' ? /unreachable/i : message,
        });
        is(error.name, 'CreateError');
      },
    );
  }

  test.row('error.UNRESOLVED_IMPORTS', 'one error lists every import', async () => {
    const imports = ['a', 'b', 'c'].map(name => ({ module: 'host', name }));
    await raises(() => createPlugin(buildModule({ imports })), {
      message: /host\.a:.*\n.*host\.b:.*\n.*host\.c:/,
    });
  });

  const hash = async () => {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', WASM));
    return Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('');
  };
  const padded = new Uint8Array(WASM.length + 20).fill(0xee);
  padded.set(WASM, 7);
  const view = padded.subarray(7, 7 + WASM.length);
  const sources: [name: string, manifest: () => unknown][] = [
    ['bytes', () => WASM],
    ['a view with an offset', () => view],
    ['an ArrayBuffer', () => WASM.buffer],
    ['a WebAssembly.Module', () => new WebAssembly.Module(WASM)],
    ['a promise of bytes', () => Promise.resolve(WASM)],
    ['a manifest with bytes', () => ({ wasm: [{ data: WASM }] })],
    [
      'a manifest with a module and a name',
      () => ({ wasm: [{ module: new WebAssembly.Module(WASM), name: 'x' }] }),
    ],
    ['a manifest with base64', () => ({ wasm: [{ data: WASM_BASE64 }] })],
    ['JSON text', () => `  {"wasm": [{"data": "${WASM_BASE64}"}], "config": {}, "allowed_hosts": null}`],
    ['a manifest with its hash', async () => ({ wasm: [{ data: WASM, hash: await hash() }] })],
    ['a view with the hash of its part', async () => ({ wasm: [{ data: view, hash: await hash() }] })],
    ['a URL', () => new URL(WASM_URL)],
    ['a URL as text', () => WASM_URL],
    ['a URL of bytes without a type', () => `data:;base64,${WASM_BASE64}`],
    [
      'a URL of a manifest',
      () => `data:application/json,${encodeURIComponent(`{"wasm":[{"data":"${WASM_BASE64}"}]}`)}`,
    ],
    ['a manifest with a URL and its hash', async () => ({ wasm: [{ url: WASM_URL, hash: await hash() }] })],
    ['a Response', () => new Response(WASM)],
    [
      'a Response of the wasm type',
      () => new Response(WASM, { headers: { 'content-type': 'application/wasm' } }),
    ],
    ['a manifest with a Response', () => ({ wasm: [{ response: new Response(WASM), name: undefined }] })],
    ['a promise of a Response in a manifest', () => ({ wasm: [{ response: later(new Response(WASM)) }] })],
    [
      'a promise of bytes in a manifest, with its hash',
      async () => ({ wasm: [{ data: later(WASM), hash: await hash() }] }),
    ],
    ['a promise of base64 in a manifest', () => ({ wasm: [{ data: later(WASM_BASE64) }] })],
    ['a promise of a module in a manifest', () => ({ wasm: [{ module: WebAssembly.compile(WASM) }] })],
    ['a hash in upper case', async () => ({ wasm: [{ data: WASM, hash: (await hash()).toUpperCase() }] })],
  ];
  for (const [name, manifest] of sources) {
    test(`takes ${name}`, async () => {
      const plugin = await createPlugin((await manifest()) as ManifestLike);
      is(await plugin.functionExists('nothing'), true);
      is(await plugin.call('nothing'), null);
    });
  }

  const BASE = 'https://a.test/dir/page.html?q';
  const PAGE = {
    ...webPlatform,
    baseUrl: () => BASE,
    fetch: async (url: URL | RequestInfo) =>
      /manifest$/.test(String(url))
        ? Response.json({ wasm: [{ url: '/p.wasm' }] })
        : /p\.wasm$/.test(String(url))
          ? new Response(WASM)
          : new Response(null, { status: 404 }),
  };
  const urls: [text: string, url: string | null][] = [
    ['/assets/p.wasm', 'https://a.test/assets/p.wasm'],
    ['p.wasm', 'https://a.test/dir/p.wasm'],
    ['../p.wasm', 'https://a.test/p.wasm'],
    ['//b.test/p.wasm', 'https://b.test/p.wasm'],
    ['http://b.test/p.wasm', 'http://b.test/p.wasm'],
    ['C:\\p.wasm', null],
    ['x:p.wasm', null],
  ];
  for (const [text, url] of urls)
    test(`in a page ${text} leads to ${url ?? 'a path'}`, async () => {
      for (const given of [text, { wasm: [{ path: text }] }]) {
        const { source } = parseManifest(given, BASE).modules[0]!;
        is('url' in source ? source.url.href : null, url);
        is('path' in parseManifest(given).modules[0]!.source, !/^http/.test(text));
        if (url) await (await createIn(PAGE, given)).close();
        else
          await raises(() => createIn(PAGE, given), { code: 'SOURCE_UNAVAILABLE', message: 'has no files' });
      }
      const given = { wasm: [{ url: text }] };
      if (url) await (await createIn(PAGE, given)).close();
      else
        await raises(() => createIn(PAGE, given), { code: 'INVALID_MANIFEST', message: 'an absolute URL' });
    });

  test('in a page a relative URL may lead to a manifest', async () => {
    await (await createIn(PAGE, '/manifest')).close();
  });

  const unchecked: [name: string, options: PluginOptions, refused: string | null][] = [
    ['where the platform has no look-up', {}, 'this platform cannot look up hosts'],
    ['with the option fetch', { fetch: async () => new Response() }, 'option.fetch looks up hosts itself'],
    ['where no host is allowed', { allowedHosts: [] }, null],
    ['where private addresses are allowed', { allowPrivateAddresses: true }, null],
  ];
  for (const [name, options, refused] of unchecked)
    test.row('error.UNSUPPORTED', `allowPrivateAddresses: false ${name}`, async () => {
      const all = { allowedHosts: ['*'], allowPrivateAddresses: false, ...options };
      const message = `allowPrivateAddresses: false cannot be honoured: ${refused}`;
      if (refused) await raises(() => createIn(webPlatform, WASM, all), { code: 'UNSUPPORTED', message });
      else await (await createIn(webPlatform, WASM, all)).close();
    });

  test('without crypto.subtle only a hash is refused', async () => {
    const withoutHash = { ...webPlatform, sha256: () => Promise.reject(new Error('no crypto.subtle here')) };
    const plugin = await createIn(
      withoutHash,
      buildModule({ memoryPages: 1, functions: [{ name: 'nothing', body: [] }] }),
      {
        memory: { max_pages: 3 },
      },
    );
    equal(
      plugin.report.modules[0]!.transforms.map(({ name, before, after }) => [name, before, after]),
      [['cap-memory', null, null]],
    );
    await plugin.close();
    const hashed = { wasm: [{ data: WASM, hash: await hash() }] };
    await raises(() => createIn(withoutHash, hashed), {
      code: 'UNSUPPORTED',
      message: 'no crypto.subtle here',
    });
  });

  for (const limit of [2 ** 31 - 1, 2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER])
    test.row(
      'abi.manifest-time-long',
      `a time limit of ${limit} ms does not end a call at once`,
      async () => {
        const plugin = await createPlugin(WASM, { timeoutMs: limit });
        is(await plugin.call('nothing'), null);
        await plugin.close();
      },
    );

  type Form = (bytes: Uint8Array<ArrayBuffer>, sha256: string) => ManifestLike;
  const forms: [name: string, form: Form][] = [
    ['bytes', bytes => bytes],
    ['a view', bytes => new DataView(bytes.buffer) as unknown as Uint8Array],
    ['a buffer', bytes => bytes.buffer],
    ['a module with a hash', (data, hash) => ({ wasm: [{ data, hash }] })],
    [
      'the second of two modules',
      (data, hash) => ({
        wasm: [
          { name: 'lib', url: WASM_URL },
          { data, hash },
        ],
      }),
    ],
  ];
  for (const [name, form] of forms) {
    test(`${name}: changes by the caller after the call have no effect`, async () => {
      const sha256 = await hash();
      const bytes = WASM.slice();
      const creating = createPlugin(form(bytes, sha256));
      bytes.fill(0);
      const plugin = await creating;
      is(await plugin.call('nothing'), null);
    });
  }

  test('a parsed manifest has the bytes of the caller: parsing copies and keeps nothing', () => {
    const bytes = WASM.slice();
    for (const input of [bytes, bytes.buffer, { wasm: [{ data: bytes }] }]) {
      const { source } = parseManifest(input).modules[0]!;
      ok('bytes' in source && source.bytes.buffer === bytes.buffer);
    }
  });

  test('a URL of a manifest item is fetched with its method and headers, by the fetch option', async () => {
    const requests: unknown[] = [];
    const fetch = async (url: URL, init: RequestInit) => {
      requests.push([url.href, init]);
      return new Response(WASM);
    };
    const manifest = {
      wasm: [{ url: 'https://plugins.invalid/a.wasm', method: 'POST', headers: { token: 'x' } }],
    };
    await createPlugin(manifest, { fetch: fetch as typeof globalThis.fetch });
    equal(requests, [['https://plugins.invalid/a.wasm', { method: 'POST', headers: { token: 'x' } }]]);
  });

  test('several plugins can be created at once', async () => {
    const plugins = await Promise.all(
      Array.from({ length: 20 }, (_, index) => createPlugin(index % 2 ? WASM : WASM_URL)),
    );
    for (const plugin of plugins) is(await plugin.call('nothing'), null);
  });

  test.row('error.ZERO_LIMIT', 'a limit of 0 is reported in camel case, and not in snake case', async () => {
    const told: string[] = [];
    const onDiagnostic = ({ code, message }: { code: string; message: string }) =>
      told.push(`${code} ${message}`);
    const manifest: Manifest = {
      wasm: [{ data: WASM }],
      memory: { max_var_bytes: 0, maxHttpResponseBytes: 0 },
    };
    await createPlugin(manifest, { onDiagnostic });
    equal(told, [
      'ZERO_LIMIT manifest.memory.maxHttpResponseBytes is 0, which allows nothing here; leave it out for the default',
    ]);
    await raises(() => createPlugin(WASM, { memory: { maxVarBytes: 0 }, strict: true }), {
      code: 'ZERO_LIMIT',
    });
  });

  const spelled: [key: string, manifest: object][] = [
    ['config', { config: { a: 'b' } }],
    ['allowed_hosts', { allowed_hosts: ['example.org'] }],
    ['allowedHosts', { allowedHosts: ['example.org'] }],
    ['memory.max_pages', { memory: { max_pages: 20 } }],
    ['memory.maxPages', { memory: { maxPages: 20 } }],
    ['memory.max_var_bytes', { memory: { max_var_bytes: 20 } }],
    ['memory.maxVarBytes', { memory: { maxVarBytes: 20 } }],
    ['memory.max_http_response_bytes', { memory: { max_http_response_bytes: 20 } }],
    ['memory.maxHttpResponseBytes', { memory: { maxHttpResponseBytes: 20 } }],
    [
      'null for every key',
      { config: null, allowed_hosts: null, allowed_paths: null, memory: null, timeout_ms: null },
    ],
  ];
  for (const [key, manifest] of spelled) {
    test(`takes ${key} from an object, from JSON text and as an option`, async () => {
      const wasm = [{ data: WASM_BASE64 }];
      await createPlugin({ ...manifest, wasm });
      await createPlugin(JSON.stringify({ ...manifest, wasm }));
      await createPlugin(WASM, manifest);
    });
  }

  test('options win over the manifest', async () => {
    const lines: string[] = [];
    const plugin = await createPlugin(
      { wasm: [{ data: WASM }], memory: { max_var_bytes: 1, maxPages: 1 } } as ManifestLike,
      { memory: { maxVarBytes: 2 }, kernel: 'reference', debug: line => lines.push(line) },
    );
    is(plugin.report.kernel, 'reference');
    equal(
      lines.map(line => line.split(':')[0]),
      ['source', 'link', 'instance'],
    );
    ok(lines[0]?.includes(`${WASM.length} bytes`));
  });
});
