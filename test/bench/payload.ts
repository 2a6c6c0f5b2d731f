import { createPlugin, type Plugin } from '../../src/node.ts';
import { nodeHost } from '../helpers/node.ts';
import { type Measurement, measure } from './measure.ts';

// How long do payloads take on their way through a plugin, and how long does making a plugin take? Prints JSON.

interface Peer {
  call(name: string, input: Uint8Array): Promise<unknown>;
  close(): Promise<void>;
}
type CreatePeer = (manifest: { wasm: { data: Uint8Array }[] }, options: object) => Promise<Peer>;
const peerModule = new URL('../../../test/bench/peer.mjs', import.meta.url).href;
const { createPlugin: createPeer } = (await import(peerModule)) as { createPlugin: CreatePeer };

const PAYLOADS = [
  { name: '16 B', bytes: 16, runs: 2000 },
  { name: '64 KiB', bytes: 65_536, runs: 20 },
  { name: '1 MiB', bytes: 1_048_576, runs: 2 },
];
const EFFORT = { rounds: 15, warmUp: 5 };

// Does not grow its memory on every call, unlike the usual echo plugin, which would measure memory.grow instead.
const payloadPlugin = nodeHost.readBytes('fixtures/bench/bench.wasm');
const realPlugin = nodeHost.readBytes('fixtures/rust-pdk/rust_pdk.wasm');
const userFunctions = { 'extism:host/user': { shout: () => 0n, notify: () => {} } };
const peerOptions = { useWasi: false, functions: userFunctions };

// Node 20 may never end where nothing but the peer's compilation is left to wait for: see docs/RATIONALE.md.
const keepAlive = setInterval(() => {}, 1000);

const measurements: Measurement[] = [];
for (const fn of ['echo', 'consume']) {
  for (const { name, bytes, runs } of PAYLOADS) {
    // New plugins for each, because JSC keeps few memories fast.
    const input = new Uint8Array(bytes).fill(97);
    const accessors: Plugin = await createPlugin(payloadPlugin, { kernel: 'accessors' });
    const reference: Plugin = await createPlugin(payloadPlugin, { kernel: 'reference' });
    const peer = await createPeer({ wasm: [{ data: payloadPlugin }] }, peerOptions);
    const subjects = [
      { name: 'accessors', run: () => accessors.call(fn, input) },
      { name: 'reference', run: () => reference.call(fn, input) },
      { name: 'js-sdk', run: () => peer.call(fn, input) },
    ];
    measurements.push(await measure(`${fn} ${name}`, subjects, { ...EFFORT, runs }));
    await Promise.all([accessors, reference, peer].map(plugin => plugin.close()));
  }
}

const ours = (kernel: 'accessors' | 'reference') => async () =>
  (await createPlugin({ wasm: [{ data: realPlugin }] }, { kernel, functions: userFunctions })).close();
const creation = [
  { name: 'accessors', run: ours('accessors') },
  { name: 'reference', run: ours('reference') },
  {
    name: 'js-sdk',
    run: async () => (await createPeer({ wasm: [{ data: realPlugin }] }, peerOptions)).close(),
  },
];
measurements.push(await measure('create and close, Rust plugin', creation, { ...EFFORT, runs: 5 }));

clearInterval(keepAlive);
console.log(JSON.stringify({ runtime: nodeHost.runtime, measurements }));
