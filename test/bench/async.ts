import { jspi } from '../../src/engine/jspi.ts';
import { createPlugin, type HostFunction, hostFunction, type PluginOptions, values } from '../../src/node.ts';
import { buildModule } from '../helpers/build-module.ts';
import { type Run, runWorkload, type Subject, type Workload } from './measure.ts';

// How long does a plugin take to call its host: on the same thread, suspended, and from a worker? How long does it take to
// create a plugin in a worker?

interface Peer {
  call(name: string): Promise<unknown>;
  close(): Promise<void>;
}
type CreatePeer = (manifest: { wasm: { data: Uint8Array }[] }, options: object) => Promise<Peer>;
const peerModule = new URL('../../../test/bench/peer.mjs', import.meta.url).href;
const { createPlugin: createPeer } = (await import(peerModule)) as { createPlugin: CreatePeer };

/** Host calls within one call, so that the cost of the call itself counts little. */
const CALLS = 100;
const USER = 'extism:host/user';
const repeated = (...body: string[]) => Array.from({ length: CALLS }, () => body).flat();
const plugin = buildModule({
  imports: [
    { module: USER, name: 'ping', results: ['i64'] },
    { module: USER, name: 'answer', params: ['i64'], results: ['i64'] },
    { module: 'extism:host/env', name: 'alloc', params: ['i64'], results: ['i64'] },
  ],
  functions: [
    { name: 'ping', body: repeated('call 0', 'drop') },
    {
      name: 'answer',
      // A block of 32 bytes, kept in the global, for which the host returns another one.
      body: [
        ...['i64.const 32', 'call 2', 'i32.wrap_i64', 'global.set 0'],
        ...repeated('global.get 0', 'i64.extend_i32_u', 'call 1', 'drop'),
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

const subjects = (fn: string, ours: PluginOptions, ofPeer: object): Subject[] => [
  {
    name: 'plugboard',
    make: async () => {
      const own = await createPlugin(manifest, ours);
      return () => own.call(fn);
    },
  },
  {
    name: 'js-sdk',
    make: () =>
      unlessItCannot(async () => {
        const peer = await createPeer(manifest, { useWasi: false, ...ofPeer });
        return () => peer.call(fn);
      }),
  },
];

/** Null on Deno, where the peer cannot start a worker. */
async function unlessItCannot(make: () => Promise<Run>): Promise<Run | null> {
  try {
    return await make();
  } catch {
    return null;
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

/** The official SDK cannot suspend a plugin for a host function that waits. It runs the plugin in a worker instead. */
const suspended: Workload[] = jspi
  ? [
      {
        name: `${CALLS} async host calls, suspended`,
        subjects: subjects('ping', functions(pingLater), functions(pingLater)),
      },
    ]
  : [];

const inWorkerOptions = { ...functions(ping), ...inWorker };
const useOnce =
  (create: () => Promise<Peer>): Run =>
  async () => {
    const made = await create();
    await made.call('none');
    await made.close();
  };

await runWorkload([
  {
    name: `${CALLS} host calls`,
    subjects: subjects('ping', functions(ping), functions(ping)),
  },
  {
    name: `${CALLS} host calls, 32 B read and answered`,
    subjects: subjects('answer', functions(ping), functions(ping)),
  },
  ...suspended,
  {
    name: `${CALLS} host calls from a worker`,
    subjects: subjects('ping', { ...functions(ping), ...inWorker }, { ...functions(ping), ...inWorker }),
  },
  {
    name: `${CALLS} async host calls from a worker`,
    subjects: subjects(
      'ping',
      { ...functions(later), ...inWorker },
      { ...functions(pingLater), ...inWorker },
    ),
  },
  {
    name: 'create in a worker, call and close',
    subjects: [
      { name: 'plugboard', make: async () => useOnce(() => createPlugin(manifest, inWorkerOptions)) },
      {
        name: 'js-sdk',
        make: () =>
          unlessItCannot(async () => {
            const run = useOnce(() => createPeer(manifest, { useWasi: false, ...inWorkerOptions }));
            await run();
            return run;
          }),
      },
    ],
  },
]);
