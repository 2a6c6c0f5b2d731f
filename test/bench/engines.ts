import { pathToFileURL } from 'node:url';
import { Message } from '../../src/actor/node.ts';
import { type LastingEngine, makers } from '../../src/network/engine/lasting.ts';
import { Network } from '../../src/network/node.ts';
import { DurableServer } from '../durable/server.ts';
import { KILL_COMPONENTS, KILL_GRAPHS } from '../nats/kill-graph.ts';
import { findServer, loadClient, TestServer } from '../nats/server.ts';
import { type Connection, TestEngine } from '../network/nats-engines.ts';
import { installLocked, installRuntimes } from '../runtime/install.ts';
import { runWorkload, type Subject, type Workload } from './measure.ts';

// What does it cost to keep a network? One node counts its messages in its state, and sends each count on. A run puts messages in
// together, and ends when all have come out. The sender, the worker and the reader are one process; the server is another one.
// - "NATS": messages are sent in the process of the worker, and read there. Both are in the log.
// - "NATS, streams": messages come from a stream, and go to a stream, with a sender and a reader outside of the worker.
// - "by hand": the same streams with a consumer that acknowledges each message, and the state in a KV bucket. A worker that dies counts
//   some messages twice.
// - "synced": the server writes each message to the disk before it acknowledges it.

/** Puts messages with these numbers in, and resolves when as many have come out. */
type Through = (values: readonly number[]) => Promise<unknown>;
interface Way {
  through: Through;
  end(): Promise<unknown>;
}

const NAME = 'bench';
const SYNCED = 'sync_interval: always';
const { graph } = KILL_GRAPHS.one;
const bodyOf = (value: number) => `{"type":"Integer","data":${value}}`;

/** A network that is used in its own process. */
async function inProcess(engine?: LastingEngine): Promise<Way> {
  const network = await Network.create(graph, {
    components: KILL_COMPONENTS,
    ...(engine && { engine }),
  });
  const reader = network.outports.first![Symbol.asyncIterator]();
  network.start();
  const through: Through = async values => {
    const sending = Promise.all(values.map(value => network.inports.go!.send(Message.integer(value))));
    for (const _ of values) await reader.next();
    await sending;
  };
  return { through, end: () => network.stop({ drain: false }) };
}

async function startServer(isSynced: boolean): Promise<TestServer> {
  const program = findServer();
  if (!program) throw new Error('there is neither nats-server (NATS_SERVER, PATH) nor Go, which builds it');
  const server = new TestServer(program, await loadClient(), undefined, '', isSynced ? SYNCED : '');
  await server.start();
  return server;
}

async function makeEngine(server: TestServer, isExposed: boolean): Promise<LastingEngine> {
  const connection = await server.connect();
  const engine = { flush: async () => {}, lastId: () => undefined };
  const options = { name: NAME, leaseMs: 10_000, exposed: isExposed };
  makers.set(engine, bounds => new TestEngine(server, connection, options, bounds));
  return engine;
}

async function inWorker(isSynced: boolean): Promise<Way> {
  const server = await startServer(isSynced);
  const { through, end } = await inProcess(await makeEngine(server, false));
  return { through, end: () => end().finally(() => server.end()) };
}

interface JetStreamMessage {
  json(): unknown;
  ack(): void;
}
interface Consumer {
  consume(options?: { max_messages: number }): Promise<AsyncIterable<JetStreamMessage>>;
}
interface JetStreamPackages {
  jetstream(connection: Connection): {
    publish(subject: string, body: string): Promise<unknown>;
    consumers: { get(stream: string, name?: string): Promise<Consumer> };
  };
  jetstreamManager(connection: Connection): Promise<{
    streams: { add(config: object): Promise<unknown> };
    consumers: { add(stream: string, config: object): Promise<unknown> };
  }>;
  Kvm: new (
    connection: Connection,
  ) => { create(bucket: string): Promise<{ put(key: string, value: string): Promise<number> }> };
}

async function loadPackages(): Promise<JetStreamPackages> {
  const modules = installLocked('test/nats');
  const load = (name: string) => import(pathToFileURL(`${modules}/@nats-io/${name}/lib/mod.js`).href);
  return { ...(await load('jetstream')), ...(await load('kv')) } as JetStreamPackages;
}

/** A sender and a reader of two streams. */
async function makeStreams(
  { jetstream }: JetStreamPackages,
  connection: Connection,
  subject: string,
  output: string,
): Promise<Through> {
  const client = jetstream(connection);
  const reader = (await (await client.consumers.get(output)).consume())[Symbol.asyncIterator]();
  return async values => {
    const sending = Promise.all(values.map(value => client.publish(subject, bodyOf(value))));
    for (const _ of values) await reader.next();
    await sending;
  };
}

async function betweenStreams(isSynced: boolean): Promise<Way> {
  const server = await startServer(isSynced);
  const { end } = await inProcess(await makeEngine(server, true));
  const outside = await server.connect();
  const through = await makeStreams(await loadPackages(), outside, `pb.${NAME}.in.go`, `PB_${NAME}_OUT`);
  return { through, end: () => end().finally(() => server.end()) };
}

/** Messages that the server sends ahead. */
const AHEAD = 64;

async function byHand(isSynced: boolean): Promise<Way> {
  const server = await startServer(isSynced);
  const connection = await server.connect();
  const packages = await loadPackages();
  const { streams, consumers } = await packages.jetstreamManager(connection);
  await streams.add({ name: 'IN', subjects: ['hand.in'], retention: 'workqueue' });
  await streams.add({ name: 'OUT', subjects: ['hand.out'] });
  await consumers.add('IN', { durable_name: 'worker', ack_policy: 'explicit' });
  const bucket = await new packages.Kvm(connection).create('state');
  const client = packages.jetstream(connection);
  const work = async () => {
    let count = 0;
    const consumer = await client.consumers.get('IN', 'worker');
    for await (const message of await consumer.consume({ max_messages: AHEAD })) {
      const { data: value } = message.json() as { data: number };
      count++;
      await bucket.put('a', JSON.stringify({ count }));
      await client.publish('hand.out', JSON.stringify({ type: 'Object', data: { count, value } }));
      message.ack();
    }
  };
  // It ends with the connection.
  work().catch(() => {});
  const through = await makeStreams(packages, await server.connect(), 'hand.in', 'OUT');
  return { through, end: () => server.end() };
}

type Item = readonly [seq: number, packet: string];

/** A network in an object of workerd, to which messages come in one request for all, and from which they are read. */
async function inObject(): Promise<Way> {
  const server = new DurableServer(installRuntimes().workerd);
  await server.prepare();
  await server.start();
  const call = <T>(method: string, ...given: unknown[]) => server.call<T>('Back', NAME, method, ...given);
  let [sent, after] = [0, 0];
  const through: Through = async values => {
    let items = values.map((value): Item => [++sent, `{"first":${bodyOf(value)}}`]);
    while (items.length > 0) items = items.slice(await call<number>('deliver', NAME, items));
    for (let left = values.length; left > 0; ) {
      const read = await call<Item[]>('read', 'first', after, left);
      left -= read.length;
      after = read.at(-1)?.[0] ?? after;
    }
  };
  return { through, end: () => server.end() };
}

const WAYS: readonly [name: string, make: () => Promise<Way>][] = [
  ['in process', () => inProcess()],
  ['NATS', () => inWorker(false)],
  ['NATS, synced', () => inWorker(true)],
  ['NATS, streams', () => betweenStreams(false)],
  ['NATS, streams, synced', () => betweenStreams(true)],
  ['by hand', () => byHand(false)],
  ['by hand, synced', () => byHand(true)],
  ['Durable Object', inObject],
];

const workload = (name: string, messages: number): Workload => ({
  name,
  messages,
  hasSingleRuns: messages === 1,
  subjects: WAYS.map(([subject, make]): Subject => {
    return {
      name: subject,
      make: async () => {
        const { through, end } = await make();
        let next = 1;
        return { run: () => through(Array.from({ length: messages }, () => next++)), end };
      },
    };
  }),
});

await runWorkload([workload('one message', 1), workload('64 messages at once', 64)]);
