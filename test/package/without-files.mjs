// Runs in a project that has the package. Once plugins are created, their calls must not need the files of the package.
import assert from 'node:assert';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { createPlugin } from 'plugboard';
import { FileState, Message, ScriptActor } from 'plugboard/actor';

/** Exports `spin`, which never returns, and `fine`. */
const spinning = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 3, 2, 0, 0],
  ...[7, 15, 2, 4, 0x73, 0x70, 0x69, 0x6e, 0, 0, 4, 0x66, 0x69, 0x6e, 0x65, 0, 1],
  ...[10, 12, 2, 7, 0, 3, 0x40, 0x0c, 0, 0x0b, 0x0b, 2, 0, 0x0b],
]);
const httpOptions = { allowedHosts: ['a.test'], fetch: async () => new Response('hello') };
const httpGet = async plugin => {
  assert.strictEqual((await plugin.call('get', 'https://a.test/')).text(), 'hello');
};
const timesOut = async plugin => {
  for (let turn = 0; turn < 2; turn++) {
    // The call after it needs a new instance, where the plugin was in a worker a new worker.
    await assert.rejects(plugin.call('spin'), { code: 'TIMEOUT' });
    await plugin.call('fine');
  }
};

const rows = [
  [
    'WASI',
    await createPlugin('fixtures/c-pdk/c_pdk.wasm', { useWasi: true, allowedPaths: { '/data': 'fixtures' } }),
    async plugin => {
      await plugin.call('open_file', '/data/c-pdk/c_pdk.wasm');
      await plugin.reset();
      assert.strictEqual((await plugin.call('echo', 'hello')).text(), 'hello');
    },
  ],
  ['a time limit', await createPlugin(spinning, { timeoutMs: 200 }), timesOut],
  [
    'a memory limit',
    await createPlugin({ wasm: [{ data: spinning }], memory: { max_pages: 2 } }),
    plugin => plugin.call('fine'),
  ],
  ['HTTP', await createPlugin('fixtures/rust-http/rust_http.wasm', httpOptions), httpGet],
  [
    'HTTP in a worker',
    await createPlugin('fixtures/rust-http/rust_http.wasm', { ...httpOptions, runInWorker: true }),
    httpGet,
  ],
];
const source = readFileSync('fixtures/rust-counter/rust_counter.wasm');
const state = await FileState.open('without-files.json');
const actor = await ScriptActor.create({ source }, { config: { initial_value: 10 }, state });

renameSync('node_modules/plugboard', 'node_modules/away');
try {
  for (const [name, plugin, run] of rows) {
    await run(plugin).catch(cause => {
      throw new Error(`a plugin with ${name}`, { cause });
    });
    await plugin.close();
  }
  assert.strictEqual((await actor.process({ increment: Message.flow() }))[0].count.data, 11);
  await actor.stop();
} finally {
  renameSync('node_modules/away', 'node_modules/plugboard');
  rmSync('without-files.json', { force: true });
}
