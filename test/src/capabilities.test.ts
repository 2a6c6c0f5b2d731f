import { CAPABILITIES, createPlugin, PlugboardError, type PluginOptions } from '../../src/node.ts';
import { is } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

const path = 'fixtures/bench/bench.wasm';
const wasm = () => host().module?.(path) ?? host().readBytes(path);

/** The isolation of a plugin with these options, or null where the platform does not offer it. */
async function isolation(options: PluginOptions): Promise<string | null> {
  try {
    const plugin = await createPlugin(wasm(), options);
    await plugin.close();
    return plugin.report.isolation;
  } catch (error) {
    if (error instanceof PlugboardError && error.code === 'UNSUPPORTED') return null;
    throw error;
  }
}

const isBrowser = 'document' in globalThis;
const hasFiles = () => /^(node|deno|bun) /.test(host().runtime);

suite('capabilities', test => {
  const rows: [name: keyof typeof CAPABILITIES, observe: () => boolean | Promise<boolean>][] = [
    ['supportsJSPromiseInterface', () => 'Suspending' in WebAssembly],
    ['manifestSupportsPaths', hasFiles],
    ['fsAccess', hasFiles],
    ['crossOriginChecksEnforced', () => isBrowser],
    ['hasWorkerCapability', async () => (await isolation({ runInWorker: true })) === 'worker'],
    ['supportsWasiPreview1', () => true],
    ['supportsTimeouts', async () => (await isolation({ timeoutMs: 60_000 })) !== null],
  ];
  for (const [name, observe] of rows) {
    test(`${name} equals the observed value`, async () => is(CAPABILITIES[name], await observe()));
  }

  test('allowSharedBufferCodec and extismStdoutEnvVarSet are right', () => {
    const decode = () => new TextDecoder().decode(new Uint8Array(new SharedArrayBuffer(2)));
    if (CAPABILITIES.allowSharedBufferCodec) is(decode(), '\0\0');
    is(CAPABILITIES.extismStdoutEnvVarSet, false);
  });
});
