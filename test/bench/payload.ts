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
  { name: '16 B', bytes: 16, runs: 5000 },
  { name: '64 KiB', bytes: 65_536, runs: 100 },
  { name: '1 MiB', bytes: 1_048_576, runs: 10 },
];

// Does not grow its memory on every call, unlike the usual echo plugin, which would measure memory.grow instead.
const payloadPlugin = nodeHost.readBytes('fixtures/bench/bench.wasm');
const realPlugin = nodeHost.readBytes('fixtures/rust-pdk/rust_pdk.wasm');
const userFunctions = { 'extism:host/user': { shout: () => 0n, notify: () => {} } };
const peerOptions = { useWasi: false, functions: userFunctions };

const payloads: Workload[] = ['echo', 'consume'].flatMap(fn =>
  PAYLOADS.map(({ name, bytes, runs }) => ({
    name: `${fn} ${name}`,
    runs,
    make: async () => {
      const input = new Uint8Array(bytes).fill(97);
      const accessors: Plugin = await createPlugin(payloadPlugin, { kernel: 'accessors' });
      const reference: Plugin = await createPlugin(payloadPlugin, { kernel: 'reference' });
      const peer = await createPeer({ wasm: [{ data: payloadPlugin }] }, peerOptions);
      return [
        { name: 'accessors', run: () => accessors.call(fn, input) },
        { name: 'reference', run: () => reference.call(fn, input) },
        { name: 'js-sdk', run: () => peer.call(fn, input) },
      ];
    },
  })),
);

/** Creates and closes plugins of the bytes that `nextBytes` gives. */
const creation = (nextBytes: () => Uint8Array) => async (): Promise<Subject[]> => {
  const ours = (kernel: 'accessors' | 'reference') => async () =>
    (await createPlugin({ wasm: [{ data: nextBytes() }] }, { kernel, functions: userFunctions })).close();
  const peer = async () => (await createPeer({ wasm: [{ data: nextBytes() }] }, peerOptions)).close();
  return [
    { name: 'accessors', run: ours('accessors') },
    { name: 'reference', run: ours('reference') },
    { name: 'js-sdk', run: peer },
  ];
};

const variant = Uint8Array.of(...realPlugin, 0, 6, 1, 0x6e, 0, 0, 0, 0);
const variantNumber = new DataView(variant.buffer, variant.length - 4);
let variants = 0;
/** The same plugin with another custom section behind it each time. */
function neverSeen(): Uint8Array {
  variantNumber.setUint32(0, variants++);
  return variant;
}

await runWorkload([
  ...payloads,
  { name: 'create and close, Rust plugin', runs: 5, make: creation(() => realPlugin) },
  { name: 'the same, other bytes each time', runs: 5, make: creation(neverSeen) },
]);
