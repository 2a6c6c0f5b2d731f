import { customSection } from '../../abi/encode.ts';
import { createPlugin, type Plugin } from '../../src/node.ts';
import { nodeHost } from '../helpers/node.ts';
import { runWorkload, type Subject, type Workload } from './measure.ts';

// How long do payloads take on their way through a plugin, and how long does making a plugin take?

interface Peer {
  call(name: string, input: Uint8Array): Promise<unknown>;
  close(): Promise<void>;
}
type CreatePeer = (manifest: { wasm: { data: Uint8Array }[] }, options: object) => Promise<Peer>;
const peerModule = new URL('../../../test/bench/peer.mjs', import.meta.url).href;
const { createPlugin: createPeer } = (await import(peerModule)) as { createPlugin: CreatePeer };

const PAYLOADS = [
  { name: '16 B', bytes: 16 },
  { name: '64 KiB', bytes: 65_536 },
  { name: '1 MiB', bytes: 1_048_576 },
];

// Does not grow its memory on every call. The usual echo plugin does, and would measure memory.grow instead.
const payloadPlugin = nodeHost.readBytes('fixtures/bench/bench.wasm');
const realPlugin = nodeHost.readBytes('fixtures/rust-pdk/rust_pdk.wasm');
const userFunctions = { 'extism:host/user': { shout: () => 0n, notify: () => {} } };
const peerOptions = { useWasi: false, functions: userFunctions };

const tiers = ['accessors', 'reference'] as const;

const payloads: Workload[] = ['echo', 'consume'].flatMap(fn =>
  PAYLOADS.map(({ name, bytes }) => {
    const input = new Uint8Array(bytes).fill(97);
    const ours = (kernel: (typeof tiers)[number]): Subject => ({
      name: kernel,
      make: async () => {
        const plugin: Plugin = await createPlugin(payloadPlugin, { kernel });
        return () => plugin.call(fn, input);
      },
    });
    const peer: Subject = {
      name: 'js-sdk',
      make: async () => {
        const plugin = await createPeer({ wasm: [{ data: payloadPlugin }] }, peerOptions);
        return () => plugin.call(fn, input);
      },
    };
    return { name: `${fn} ${name}`, subjects: [...tiers.map(ours), peer] };
  }),
);

/** Creates and closes a plugin from the result of `nextBytes`. */
function creation(nextBytes: () => Uint8Array): Subject[] {
  const manifest = () => ({ wasm: [{ data: nextBytes() }] });
  const ours = (kernel: (typeof tiers)[number]): Subject => ({
    name: kernel,
    make: async () => async () =>
      (await createPlugin(manifest(), { kernel, functions: userFunctions })).close(),
  });
  const peer = async () => (await createPeer(manifest(), peerOptions)).close();
  return [...tiers.map(ours), { name: 'js-sdk', make: async () => peer }];
}

const variant = Uint8Array.of(...realPlugin, ...customSection('n', [0, 0, 0, 0]));
const variantNumber = new DataView(variant.buffer, variant.length - 4);
let variants = 0;
/** The bytes of the plugin with a different custom section at the end each time, so they are never in a cache. */
function neverSeen(): Uint8Array {
  variantNumber.setUint32(0, variants++);
  return variant;
}

await runWorkload([
  ...payloads,
  { name: 'create and close, Rust plugin', subjects: creation(() => realPlugin) },
  { name: 'the same, other bytes each time', subjects: creation(neverSeen) },
]);
