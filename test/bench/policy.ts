import { readFileSync } from 'node:fs';
import { type PolicyFile, reportOf } from '../../src/audit/node.ts';
import { createPlugin, type PluginOptions } from '../../src/node.ts';
import { nodeHost } from '../helpers/node.ts';
import { type Run, runWorkload, type Workload } from './measure.ts';

// What does a policy cost when a plugin is created? Its bytes are hashed, and its imports are compared with the grants. The bytes
// were compiled before, so that the engine's compiler does not hide the difference.

const PLUGINS: readonly [file: string, options: PluginOptions][] = [
  ['vowels/vowels.wasm', {}],
  ['rust-pdk/rust_pdk.wasm', { functions: { 'extism:host/user': { shout: () => 0n, notify: () => {} } } }],
  ['go-pdk/go_pdk.wasm', {}],
];

async function policyFor(bytes: Uint8Array<ArrayBuffer>): Promise<PolicyFile> {
  const { modules, capabilities } = await reportOf(bytes);
  const reason = 'a benchmark';
  const grants = capabilities.map(({ id, hostFunction }) =>
    hostFunction
      ? { namespace: hostFunction.namespace, function: hostFunction.name, reason }
      : { power: id, reason },
  );
  return {
    version: 1,
    plugins: [{ name: 'plugin', grants: [{ hash: modules[0]!.sha256!, reason }, ...grants] }],
  };
}

const creating =
  (bytes: Uint8Array<ArrayBuffer>, options: PluginOptions): Run =>
  async () =>
    (await createPlugin({ wasm: [{ data: bytes }] }, options)).close();

const workloads = PLUGINS.map(([file, options]): Workload => {
  const bytes = new Uint8Array(readFileSync(nodeHost.path(`fixtures/${file}`)));
  return {
    name: `create ${file.split('/')[0]}, ${(bytes.length / 1000).toFixed(0)} kB`,
    subjects: [
      {
        name: 'with a policy',
        make: async () => creating(bytes, { ...options, policy: JSON.stringify(await policyFor(bytes)) }),
      },
      { name: 'without', make: async () => creating(bytes, options) },
    ],
  };
});

await runWorkload(workloads);
