import { Message } from '../../src/actor/index.ts';
import { makers } from '../../src/network/engine/lasting.ts';
import { Network } from '../../src/network/index.ts';
import { TestEngine } from '../network/nats-engines.ts';
import { KILL_GRAPH } from './kill-graph.ts';
import { loadClient } from './server.ts';

// A worker of the kill suite: `node worker.js PORT NAME [unchecked]`. Says when it runs the network, and why it has ended.

const [port, name, mode] = process.argv.slice(2);
const client = await loadClient();
const options = {
  servers: `127.0.0.1:${port}`,
  maxReconnectAttempts: -1,
  reconnectTimeWait: 100,
  waitOnFirstConnect: true,
};
const connection = await client.connect(options);
const engine = { flush: async () => {}, lastId: () => undefined };
makers.set(
  engine,
  bounds =>
    new TestEngine(
      { client, connect: async () => connection },
      connection,
      { name, exposed: true },
      bounds,
      mode === 'unchecked',
    ),
);

/** Counts its packets in its state, and sends each count with the value that came. */
const Count = (packet: { in?: Message }, { state }: { state: Map<string, unknown> }) => {
  const count = Number(state.get('count') ?? 0) + 1;
  state.set('count', count);
  const value = (packet.in!.data as { value?: number }).value ?? packet.in!.data;
  return { out: Message.object({ count, value: Number(value) }) };
};

try {
  const network = await Network.create(KILL_GRAPH, { components: { Count }, engine });
  network.start();
  console.log('active');
  for await (const _ of network.outports.first!) {
    // The messages go to the server. The loop ends with the failure of the network.
  }
} catch (error) {
  console.log(`ended: ${(error as Error).message}`);
}
process.exit(3);
