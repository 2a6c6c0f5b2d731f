import { jspi } from '../../src/jspi.ts';
import { createPlugin, type HostFunction, hostFunction, type PluginOptions, values } from '../../src/node.ts';
import { buildModule, op } from '../helpers/build-module.ts';
import { runWorkload, type Subject, type Workload } from './measure.ts';

// How long does it take a plugin to call its host, on the same thread, suspended, and from a worker; and to make one in a worker?

interface Peer {
  call(name: string): Promise<unknown>;
  close(): Promise<void>;
}
type CreatePeer = (manifest: { wasm: { data: Uint8Array }[] }, options: object) => Promise<Peer>;
const peerModule = new URL('../../../test/bench/peer.mjs', import.meta.url).href;
const { createPlugin: createPeer } = (await import(peerModule)) as { createPlugin: CreatePeer };

/** Host calls of one call, so that its own cost is little. */
const CALLS = 100;
const USER = 'extism:host/user';
const plugin = buildModule({
  imports: [{ module: USER, name: 'ping', results: ['i64'] }],
  functions: [
    { name: 'run', body: Array.from({ length: CALLS }, () => [op.call, 0, op.drop]).flat() },
    { name: 'none', body: [] },
  ],
});
const manifest = { wasm: [{ data: plugin }] };
const ping = () => 1n;
const pingLater = async () => 1n;
const later = hostFunction({ result: values.i64, isAsync: true }, pingLater as () => never);

async function subjects(ours: PluginOptions, ofPeer: object): Promise<Subject[]> {
  const own = await createPlugin(manifest, ours);
  const peer = await createPeer(manifest, { useWasi: false, ...ofPeer });
  return [
    { name: 'plugboard', run: () => own.call('run') },
    { name: 'js-sdk', run: () => peer.call('run') },
  ];
}

const inWorker = { runInWorker: true };
const functions = (fn: HostFunction) => ({ functions: { [USER]: { ping: fn } } });

/** The official SDK suspends no plugin where it was asked for a host function that waits: it runs it in a worker. */
const suspended: Workload[] = jspi
  ? [
      {
        name: `${CALLS} async host calls, suspended`,
        runs: 20,
        make: () => subjects(functions(later), functions(pingLater)),
      },
    ]
  : [];

await runWorkload([
  {
    name: `${CALLS} host calls`,
    runs: 1000,
    make: () => subjects(functions(ping), functions(ping)),
  },
  ...suspended,
  {
    name: `${CALLS} host calls from a worker`,
    runs: 2,
    make: () => subjects({ ...functions(ping), ...inWorker }, { ...functions(ping), ...inWorker }),
  },
  {
    name: `${CALLS} async host calls from a worker`,
    runs: 2,
    make: () => subjects({ ...functions(later), ...inWorker }, { ...functions(pingLater), ...inWorker }),
  },
  {
    name: 'create in a worker, call and close',
    runs: 2,
    async make() {
      const run =
        (create: () => Promise<Peer>): (() => Promise<void>) =>
        async () => {
          const made = await create();
          await made.call('none');
          await made.close();
        };
      const ours = { ...functions(ping), ...inWorker };
      return [
        { name: 'plugboard', run: run(() => createPlugin(manifest, ours)) },
        { name: 'js-sdk', run: run(() => createPeer(manifest, { useWasi: false, ...ours })) },
      ];
    },
  },
]);
