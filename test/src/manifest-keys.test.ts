import { type CallError, createPlugin, type Manifest } from '../../src/node.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';

const ENV = 'extism:host/env';
/** `config` returns the length of the value of config key ""; `alloc` takes 128 KiB. */
const WASM = buildModule({
  imports: [
    { module: ENV, name: 'config_get', params: ['i64'], results: ['i64'] },
    { module: ENV, name: 'length', params: ['i64'], results: ['i64'] },
    { module: ENV, name: 'alloc', params: ['i64'], results: ['i64'] },
  ],
  functions: [
    { name: 'config', results: ['i32'], body: ['i64.const 0', 'call 0', 'call 1', 'i32.wrap_i64'] },
    { name: 'alloc', body: ['i64.const 131072', 'call 2', 'drop'] },
  ],
});
const BASE64 = btoa(String.fromCharCode(...WASM));
const wasm = [{ data: WASM }];
const configLength = async (plugin: Awaited<ReturnType<typeof createPlugin>>) =>
  plugin.call('config').then(
    () => 0,
    (error: CallError) => error.exitCode,
  );
const hashOf = async (bytes: Uint8Array<ArrayBuffer>) =>
  Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), byte =>
    byte.toString(16).padStart(2, '0'),
  ).join('');

suite('manifest keys', test => {
  test.row('abi.manifest-unknown', 'an unknown key is refused by name, at every level', async () => {
    const unknown: [manifest: object, message: string][] = [
      [{ wasm, confg: {} }, 'manifest.confg'],
      [{ wasm, memory: { pages: 1 } }, 'manifest.memory.pages'],
      [{ wasm: [{ data: WASM, nmae: 'x' }] }, 'manifest.wasm[0].nmae'],
    ];
    for (const [manifest, message] of unknown) {
      await raises(() => createPlugin(manifest as Manifest), { code: 'INVALID_MANIFEST', message });
      const asText = JSON.stringify(manifest).replaceAll(JSON.stringify(WASM), `"${BASE64}"`);
      await raises(() => createPlugin(asText), { code: 'INVALID_MANIFEST', message });
    }
  });

  test.row(
    ['abi.manifest-camel', 'abi.manifest-snake'],
    'both spellings are accepted, in objects and text, but not for one key',
    async () => {
      for (const memory of [{ max_var_bytes: 1 }, { maxVarBytes: 1 }]) {
        await createPlugin({ wasm, memory });
        await createPlugin(JSON.stringify({ wasm: [{ data: BASE64 }], memory }));
      }
      const both = { max_var_bytes: 1, maxVarBytes: 1 };
      await raises(() => createPlugin({ wasm, memory: both }), { message: 'not both' });
      await raises(() => createPlugin({ wasm, allowed_hosts: [], allowedHosts: [] }), {
        message: 'not both',
      });
    },
  );

  test.row('abi.manifest-null', 'null counts as left out', async () => {
    const nothing = {
      config: null,
      allowed_hosts: null,
      allowed_paths: null,
      memory: null,
      timeout_ms: null,
    };
    const plugin = await createPlugin({ ...nothing, wasm });
    is(await configLength(plugin), 0);
    await createPlugin({ wasm, memory: { max_pages: null, max_var_bytes: null } });
  });

  test.row(
    'abi.manifest-maxpages',
    'memory.maxPages limits blocks, and a call over the limit fails',
    async () => {
      is(await (await createPlugin({ wasm, memory: { maxPages: 2 } })).call('alloc'), null);
      const plugin = await createPlugin({ wasm, memory: { maxPages: 1 } });
      await raises(() => plugin.call('alloc'), { code: 'MEMORY_LIMIT', message: 'limit of 65536 bytes' });
    },
  );

  test.row('abi.manifest-zero', 'a limit of 0 in camel case allows no byte, and is reported', async () => {
    const told: string[] = [];
    const plugin = await createPlugin(
      { wasm, memory: { maxPages: 0 } },
      { onDiagnostic: ({ code }) => told.push(code) },
    );
    await raises(() => plugin.call('alloc'), { code: 'MEMORY_LIMIT' });
    equal(told, ['ZERO_LIMIT']);
  });

  test.row('abi.manifest-data', 'data is bytes, or base64', async () => {
    for (const data of [WASM, WASM.buffer, BASE64]) await createPlugin({ wasm: [{ data }] });
  });

  test.row('abi.manifest-url', 'a url is fetched with its method and headers', async () => {
    const asked: unknown[] = [];
    const fetch = async (url: URL, init: RequestInit) => {
      asked.push([url.href, init]);
      return new Response(WASM);
    };
    const module = { url: 'https://plugins.invalid/a.wasm', method: 'POST', headers: { token: 'x' } };
    await createPlugin({ wasm: [module] }, { fetch: fetch as typeof globalThis.fetch });
    equal(asked, [[module.url, { method: module.method, headers: module.headers }]]);
  });

  test.row(
    'abi.manifest-hash',
    'a hash is compared with the bytes of the view, in upper or lower case',
    async () => {
      const padded = new Uint8Array(WASM.length + 9);
      padded.set(WASM, 4);
      const data = padded.subarray(4, 4 + WASM.length);
      const hash = await hashOf(WASM);
      for (const each of [hash, hash.toUpperCase()]) await createPlugin({ wasm: [{ data, hash: each }] });
      const whole = await hashOf(padded);
      await raises(() => createPlugin({ wasm: [{ data, hash: whole }] }), { code: 'HASH_MISMATCH' });
    },
  );

  test.row('abi.manifest-options', 'an option replaces the key of the manifest', async () => {
    const plugin = await createPlugin({ wasm, config: { '': 'four' } }, { config: { '': 'seven..' } });
    is(await configLength(plugin), 7);
    is(await configLength(await createPlugin({ wasm, config: { '': 'four' } })), 4);
  });
});
