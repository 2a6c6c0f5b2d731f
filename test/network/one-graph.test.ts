import { Message } from '../../src/actor/index.ts';
import { Network } from '../../src/network/index.ts';
import { equal } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { ONE_FIXTURES, ONE_GRAPH, ONE_INPUT, ONE_OUTPUT, ONE_STATES } from './one-graph.ts';

suite('one graph', test => {
  test('gives in one process the packets and states that it gives on NATS and on workerd', async () => {
    const components = Object.fromEntries(
      Object.entries(ONE_FIXTURES).map(([name, fixture]) => [
        name,
        { source: host().readBytes(`fixtures/${fixture}/${fixture.replace('-', '_')}.wasm`) },
      ]),
    );
    const network = await Network.create(ONE_GRAPH, { components });
    const output: { [port: string]: unknown[] } = {};
    const reading = Object.keys(network.outports).map(async port => {
      const read: unknown[] = [];
      output[port] = read;
      for await (const { data } of network.outports[port]!) read.push(data);
    });
    network.start();
    for (const port of ONE_INPUT) await network.inports[port]!.send(Message.flow());
    await network.drain();
    const { nodes } = network.snapshot();
    await network.stop();
    await Promise.all(reading);
    equal(output, ONE_OUTPUT);
    equal(Object.fromEntries(Object.entries(nodes).map(([id, { state }]) => [id, state])), ONE_STATES);
  });
});
