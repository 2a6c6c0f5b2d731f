import { Message } from '../../src/actor/index.ts';
import type { Component, ComponentFunction, Network, NetworkOptions } from '../../src/network/index.ts';
import { answering, METADATA, RESULT } from '../actor/answering.ts';
import { equal, is } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { createNetwork, int } from './make-network.ts';

const read = (name: string) => host().readBytes(`fixtures/${name.replace('_', '-')}/${name}.wasm`);
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);
const pass: ComponentFunction = packet => ({ out: Object.values(packet)[0]! });
const faulty = (step: string): Component => ({
  source: answering({ process: RESULT, get_metadata: METADATA }, { process: [step] }),
});

/** Reads all integers of a port until the network is stopped. */
async function all(network: Network, port: string): Promise<number[]> {
  const found: number[] = [];
  for await (const { data } of network.outports[port]!) found.push(data as number);
  return found;
}

const FLOOD = 3000;

interface Row {
  readonly component: Component;
  readonly messages: number;
  /** The code of the dead letter of each message. */
  readonly code?: string;
  readonly actors?: NetworkOptions['actors'];
  /** All that leaves the faulty node. */
  readonly sent?: readonly number[];
}

const ROWS: Readonly<Record<string, Row>> = {
  'that traps': { component: faulty('trap'), messages: 30, code: 'TRAP' },
  'that loops': { component: faulty('loop'), messages: 5, code: 'TIMEOUT', actors: { timeoutMs: 20 } },
  'that sends more than an edge holds': {
    component: packet => Array.from({ length: FLOOD }, () => ({ out: packet.in! })),
    messages: 5,
    sent: upTo(5).flatMap(n => Array.from({ length: FLOOD }, () => n)),
  },
};

suite('a node of a network', test => {
  const edges = (port: string, out: string) => [
    ...['> go -> a.in', `a.out -> x.${port}`, 'a.out -> b.in', `x.${out} -> sink.in`],
    ...['sink.out -> x >', 'b.out -> end >'],
  ];

  for (const [name, { component, messages, code, actors, sent = [] }] of Object.entries(ROWS))
    test(`${name} loses and doubles nothing on other edges`, async () => {
      const network = await createNetwork(
        edges('in', 'out'),
        { a: pass, b: pass, x: component, sink: pass },
        { actors: { ...actors, stderr: () => {} } },
      );
      const reading = Promise.all([all(network, 'end'), all(network, 'x')]);
      network.start();
      for (const n of upTo(messages)) await network.inports.go!.send(int(n));
      await network.stop();
      equal(await reading, [upTo(messages), sent]);
      const letters = await network.deadLetters();
      equal(
        letters.map(letter => [letter.code, letter.message]),
        code === undefined ? [] : upTo(messages).map(n => [code, int(n)]),
      );
    });

  test('whose module is reloaded in the middle loses and doubles nothing, here and on other edges', async () => {
    const source = read('rust_counter');
    const network = await createNetwork(
      edges('increment', 'count'),
      { a: pass, b: pass, x: { source }, sink: pass },
      { actors: { stderr: () => {} } },
    );
    const reading = Promise.all([all(network, 'end'), all(network, 'x')]);
    network.start();
    let reloads = 0;
    const reloading = (async () => {
      // The same module with a custom section more, so that its bytes differ.
      for (; reloads < 5; reloads++)
        await network.reload('x', Uint8Array.from([...source, 0, 2, 1, 0x61 + reloads]));
    })();
    for (const n of upTo(2000)) await network.inports.go!.send(int(n));
    await reloading;
    await network.inports.go!.send(Message.integer(2001));
    await network.stop();
    is(reloads, 5);
    equal(await reading, [upTo(2001), upTo(2001)]);
    equal(network.snapshot().nodes.x!.state, { count: 2001 });
  });
});
