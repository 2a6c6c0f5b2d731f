import { Message, type Packet, readPacket, ScriptActor } from '../../src/actor/node.ts';
import type { Delivery } from '../../src/network/engine/engine.ts';
import { NetworkEvents } from '../../src/network/network-events.ts';
import { Network, type NetworkOptions } from '../../src/network/node.ts';
import { Tracing } from '../../src/network/tracing.ts';
import { config, createLoop, plugin, state, textOf } from './js-sdk-loop.ts';
import { type Run, runWorkload, type Subject, type Workload } from './measure.ts';

// How long does a message take through a chain of nodes? Compared are the same actors in a network, called one after the other by
// `process()`, and wired by hand over the official JS SDK. All keep a state. A run is one message through the whole chain; where nodes
// are made, it is the making and ending of a chain.

const text = textOf(120);
const packet: Packet = readPacket(text);

/** A chain of nodes. `send` puts a message through it. */
interface Chain {
  send: Run;
  /** Puts messages in together, and waits for all. */
  stream?(messages: number): Promise<unknown>;
  end(): Promise<unknown>;
}

async function createNetwork(nodes: number, options: NetworkOptions = {}): Promise<Chain> {
  const id = (index: number) => `n${index}`;
  const end = (index: number) => ({ nodeId: id(index), portId: 'in' });
  const indexes = Array.from({ length: nodes }, (_, index) => index);
  const graph = {
    properties: { name: 'chain' },
    processes: Object.fromEntries(
      indexes.map(index => [id(index), { component: 'Keeper', metadata: config }]),
    ),
    connections: indexes.slice(1).map(index => ({ from: end(index - 1), to: end(index) })),
    inports: { go: end(0) },
    outports: { end: end(nodes - 1) },
  };
  const network = await Network.create(graph, {
    components: { Keeper: { source: plugin } },
    actors: { stderr: () => {} },
    ...options,
  });
  const message = packet.in!;
  const reader = network.outports.end![Symbol.asyncIterator]();
  network.start();
  const stream = async (messages: number) => {
    for (let left = messages; left > 0; left--) await network.inports.go!.send(message);
    for (let left = messages; left > 0; left--) await reader.next();
  };
  // Both make the state that the others begin with.
  await network.call({ go: Message.object(state) });
  return { send: () => network.call({ go: message }), stream, end: () => network.stop({ drain: false }) };
}

/** Calls one after the other, each with the packet of the one before. */
async function createCalls<P, Node extends { process(packet: P): Promise<P[]> }>(
  nodes: number,
  create: () => Promise<Node>,
  end: (node: Node) => Promise<unknown>,
  first: P,
): Promise<Chain> {
  const all = await Promise.all(Array.from({ length: nodes }, create));
  const send = async () => {
    let packet = first;
    for (const actor of all) [packet] = (await actor.process(packet)) as [P];
    return packet;
  };
  return { send, end: () => Promise.all(all.map(end)) };
}

const createActor = () => ScriptActor.create({ source: plugin }, { config, state, stderr: () => {} });
const CHAINS: readonly [name: string, create: (nodes: number) => Promise<Chain>][] = [
  ['network', nodes => createNetwork(nodes)],
  ['process()', nodes => createCalls(nodes, createActor, actor => actor.stop(), packet)],
  ['js-sdk', nodes => createCalls(nodes, createLoop, loop => loop.close(), JSON.parse(text) as object)],
];

function workload(name: string, nodes: number, messages = 1): Workload {
  const subjects = CHAINS.map(([name, create]): Subject => {
    const make = async () => {
      const beforeBytes = process.memoryUsage().rss;
      const { send, stream } = await create(nodes);
      await send();
      const memoryKib = (process.memoryUsage().rss - beforeBytes) / nodes / 1024;
      const all = async () => {
        for (let left = messages; left > 0; left--) await send();
      };
      const run = messages === 1 ? send : stream ? () => stream(messages) : all;
      return nodes > 3 ? { run, memoryKib } : run;
    };
    return { name, make };
  });
  return { name, subjects };
}

/** Makes chains, one after the other. */
function making(name: string, nodes: number): Workload {
  const subjects = CHAINS.map(([name, create]): Subject => {
    const run = async () => (await create(nodes)).end();
    return { name, make: async () => run };
  });
  return { name, subjects };
}

const HOPS = 1000;
const delivery: Delivery = {
  source: 'edge',
  position: 1,
  port: 'in',
  message: packet.in!,
  trace: { causes: [], hops: 1 },
};

/** A chain that nobody listens to, one with a listener, and the look for listeners of a thousand hops alone. */
const listening: Workload = {
  name: `chain of 3 with listeners, and ${HOPS} looks for one`,
  subjects: [
    { name: 'no listener', make: async () => (await createNetwork(3)).send },
    { name: 'one listener', make: async () => (await createNetwork(3, { onEvent: () => {} })).send },
    {
      name: `${HOPS} looks`,
      make: async () => {
        const events = new NetworkEvents('bench', () => {});
        let heard = 0;
        return async () => {
          for (let left = HOPS; left > 0; left--) if (Tracing.begin([delivery], events.isHeard)) heard++;
          return heard;
        };
      },
    },
  ],
};

await runWorkload([
  workload('chain of 3', 3),
  workload('chain of 3, 100 messages at once', 3, 100),
  workload('chain of 10', 10),
  workload('chain of 100', 100),
  workload('chain of 1,000', 1000),
  making('100 nodes made', 100),
  listening,
]);
