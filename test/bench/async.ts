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

/** Host calls of one call, so that its own cost is little. Rounds of what is short are long enough for engines to be done with compiling. */
const CALLS = 100;
const USER = 'extism:host/user';
const repeated = (...body: number[]) => Array.from({ length: CALLS }, () => body).flat();
const plugin = buildModule({
  imports: [
    { module: USER, name: 'ping', results: ['i64'] },
    { module: USER, name: 'answer', params: ['i64'], results: ['i64'] },
    { module: 'extism:host/env', name: 'alloc', params: ['i64'], results: ['i64'] },
  ],
  functions: [
    { name: 'ping', body: repeated(op.call, 0, op.drop) },
    {
      name: 'answer',
      // A block of 32 bytes, kept in the global, for which the host answers another one.
      body: [
        ...[op.i64Const, 32, op.call, 2, 0xa7, op.globalSet, 0],
        ...repeated(op.globalGet, 0, op.i64Extend, op.call, 1, op.drop),
      ],
    },
    { name: 'none', body: [] },
  ],
  global: { name: 'block', value: 0 },
});
const manifest = { wasm: [{ data: plugin }] };
const ping = () => 1n;
const pingLater = async () => 1n;
const later = hostFunction({ result: values.i64, isAsync: true }, pingLater as () => never);

async function subjects(fn: string, ours: PluginOptions, ofPeer: object): Promise<Subject[]> {
  const own = await createPlugin(manifest, ours);
  return [
    { name: 'plugboard', run: () => own.call(fn) },
    ...(await ofPeerWhere(async () => {
      const peer = await createPeer(manifest, { useWasi: false, ...ofPeer });
      return () => peer.call(fn);
    })),
  ];
}

const isAlone = process.argv[3] === 'alone';

/** Nothing where the peer cannot do it: on Deno it starts no worker. */
async function ofPeerWhere(make: () => Promise<() => Promise<unknown>>): Promise<Subject[]> {
  if (isAlone) return [];
  try {
    return [{ name: 'js-sdk', run: await make() }];
  } catch {
    return [];
  }
}

const inWorker = { runInWorker: true };

interface Context {
  read(handle: bigint): { text(): string } | null;
  store(text: string): bigint;
}
const answer = ((context: Context, handle: bigint) =>
  context.store(context.read(handle)!.text().replace('\0', 'x'))) as unknown as HostFunction;
const functions = (ping: HostFunction) => ({ functions: { [USER]: { ping, answer } } });

/** The official SDK suspends no plugin where it was asked for a host function that waits: it runs it in a worker. */
const suspended: Workload[] = jspi
  ? [
      {
        name: `${CALLS} async host calls, suspended`,
        runs: 500,
        make: () => subjects('ping', functions(pingLater), functions(pingLater)),
      },
    ]
  : [];

await runWorkload([
  {
    name: `${CALLS} host calls`,
    runs: 10_000,
    make: () => subjects('ping', functions(ping), functions(ping)),
  },
  {
    name: `${CALLS} host calls, 32 B read and answered`,
    runs: 100,
    make: () => subjects('answer', functions(ping), functions(ping)),
  },
  ...suspended,
  {
    name: `${CALLS} host calls from a worker`,
    runs: 1,
    make: () => subjects('ping', { ...functions(ping), ...inWorker }, { ...functions(ping), ...inWorker }),
  },
  {
    name: `${CALLS} async host calls from a worker`,
    runs: 1,
    make: () =>
      subjects('ping', { ...functions(later), ...inWorker }, { ...functions(pingLater), ...inWorker }),
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
      const options = { ...functions(ping), ...inWorker };
      const ofPeer = run(() => createPeer(manifest, { useWasi: false, ...options }));
      return [
        { name: 'plugboard', run: run(() => createPlugin(manifest, options)) },
        ...(await ofPeerWhere(() => ofPeer().then(() => ofPeer))),
      ];
    },
  },
]);
