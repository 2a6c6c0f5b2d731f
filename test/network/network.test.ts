import { Message, type Packet } from '../../src/actor/index.ts';
import {
  type ComponentContext,
  type ComponentFunction,
  Network,
  type NetworkHappened,
} from '../../src/network/index.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { compilations } from '../helpers/compilations.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { WORKSPACE } from './graphs.ts';
import { createNetwork as create, end, graphOf, int } from './make-network.ts';
import { checkNetwork } from './random-network.ts';

const SEEDS = host().thorough ? 1000 : 200;

const read = (name: string) => host().readBytes(`fixtures/${name.replace('_', '-')}/${name}.wasm`);
/** Reads all messages of a port until the network is stopped. */
async function all(network: Network, port = 'end'): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { data } of network.outports[port]!) found.push(data);
  return found;
}

const rename =
  (from: string, to: string, change: (value: number) => number = value => value): ComponentFunction =>
  packet =>
    packet[from] ? { [to]: int(change(packet[from].data as number)) } : undefined;
const double = rename('in', 'out', value => value * 2);
const failing: ComponentFunction = () => {
  throw new Error('no ink');
};
/** Fails for odd numbers. */
const picky: ComponentFunction = packet => {
  if ((packet.in!.data as number) % 2) throw new Error(`odd: ${packet.in!.data}`);
  return { out: packet.in! };
};

suite('network', test => {
  test.row(
    'upstream.13',
    'a packet goes through modules, functions and classes, and state stays in each node',
    async () => {
      class Adder {
        readonly inports = ['in'];
        readonly outports = ['out'];
        run({ input, state, send }: ComponentContext) {
          const sum = ((state.get('sum') as number | undefined) ?? 0) + Number(input.in!.data);
          state.set('sum', sum);
          send({ out: int(sum) });
        }
      }
      const lines = ['> go -> a.increment', 'a.count -> b.in', 'b.out -> c.in', 'c.out -> end >'];
      const network = await create(lines, { a: { source: read('rust_counter') }, b: double, c: Adder });
      const results = [];
      for (let n = 0; n < 3; n++) results.push((await network.call({ go: Message.flow() })).packets);
      equal(
        results,
        [2, 6, 12].map(value => [{ end: int(value) }]),
      );
      equal(
        Object.entries(network.snapshot().nodes).map(([id, { state, steps }]) => [id, state, steps]),
        [
          ['a', { count: 3 }, 3],
          ['b', {}, 3],
          ['c', { sum: 12 }, 3],
        ],
      );
      await network.stop();
    },
  );

  test('three actors in Rust, Go and TypeScript give the same packets everywhere', async () => {
    const lines = ['> go -> rust.in', 'rust.in -> go.in', 'go.in -> ts.in', 'ts.out -> end >'];
    const components = {
      rust: { source: read('rust_keeper') },
      go: { source: read('go_keeper') },
      ts: ((packet: Packet) => ({ out: packet.in! })) as ComponentFunction,
    };
    const network = await create(lines, components, { actors: { stderr: () => {} } });
    const messages = [
      Message.flow(),
      int(7),
      Message.float(0.5),
      Message.string('text 🦀'),
      Message.boolean(true),
      Message.object({ a: [1, null, 'x'] }),
      Message.array([1, 'two']),
    ];
    const results = [];
    for (const go of messages) results.push(...(await network.call({ go })).packets);
    equal(JSON.stringify(results), THROUGH_THREE);
    await network.stop();
  });

  test('a port with two edges sends to both, and a node with two edges reads both', async () => {
    const lines = [
      '> go -> a.in',
      'a.out -> b.in',
      'a.out -> c.in',
      'b.out -> d.in',
      'c.out -> d.in',
      'd.out -> end >',
    ];
    const network = await create(lines, {
      a: double,
      b: double,
      c: rename('in', 'out'),
      d: rename('in', 'out'),
    });
    const { packets } = await network.call({ go: int(1) });
    equal(packets.map(({ end }) => end!.data).sort(), [2, 4]);
    await network.stop();
  });

  test('initial packets come once, before all others', async () => {
    const seen: unknown[] = [];
    const a: ComponentFunction = packet => void seen.push(...Object.values(packet).map(({ data }) => data));
    const connections = [
      { to: end('a.limit'), data: 10 },
      { to: end('a.limit'), data: { deep: [1.5] } },
    ];
    const network = await create(['> go -> a.in'], { a }, {}, { connections });
    await network.inports.go!.send(int(1));
    network.start();
    network.start();
    await network.drain();
    equal(seen, [10, { deep: [1.5] }, 1]);
    await network.stop();
  });

  test('a node that awaits all inports makes one call of a message of each connected port', async () => {
    const calls: string[] = [];
    const j: ComponentFunction = ({ x, y }) => {
      calls.push(`${x?.data} ${y?.data}`);
      return { out: int(Number(x!.data) + Number(y!.data)) };
    };
    const processes = { j: { component: 'j', metadata: { await_all_inports: true } } };
    const lines = ['> x -> j.x', '> y -> j.y', 'j.out -> end >'];
    const network = await create(lines, { j }, {}, { processes });
    equal(await network.call({ x: int(1) }), { packets: [], traceparents: [], waiting: { j: { x: 1 } } });
    equal(await network.call({ x: int(2), y: int(10) }), {
      packets: [{ end: int(11) }],
      traceparents: [undefined],
      waiting: { j: { x: 1 } },
    });
    equal((await network.call({ y: int(20) })).packets, [{ end: int(22) }]);
    equal(calls, ['1 10', '2 20']);
    await network.stop();
  });

  test('calls at once each get the packets that they caused, and other senders get theirs from the outport', async () => {
    const lines = ['> go -> a.in', 'a.out -> b.in', 'b.out -> end >'];
    const slow: ComponentFunction = async packet => {
      for (let turn = Number(packet.in!.data) % 3; turn > 0; turn--) await Promise.resolve();
      return { out: packet.in! };
    };
    const network = await create(lines, { a: slow, b: slow });
    const outside = all(network);
    const calls = Array.from({ length: 50 }, async (_, n) => {
      if (n % 5 === 0) await network.inports.go!.send(int(1000 + n));
      equal((await network.call({ go: int(n) })).packets, [{ end: int(n) }]);
    });
    await Promise.all(calls);
    await network.stop();
    equal(
      (await outside).sort(),
      Array.from({ length: 10 }, (_, n) => 1000 + 5 * n),
    );
  });

  test('ends a call although its packet causes none', async () => {
    const network = await create(['> go -> a.in'], { a: () => {} });
    equal(await network.call({ go: int(1) }), { packets: [], traceparents: [], waiting: {} });
    equal(await network.call({}), { packets: [], traceparents: [], waiting: {} });
    await network.stop();
  });

  test('a subgraph runs in its place', async () => {
    const sub = graphOf(['> in -> a.in', 'a.out -> b.in', 'b.out -> out >']);
    const network = await create(['> go -> s.in', 's.out -> end >'], {
      s: { graph: sub },
      a: double,
      b: double,
    });
    equal((await network.call({ go: int(1) })).packets, [{ end: int(4) }]);
    equal(Object.keys(network.snapshot().nodes), ['s/a', 's/b']);
    await network.stop();
  });

  test('the six graphs of a workspace run as one network', async () => {
    // One of them sends back and asks for a reading, so that all edges between the graphs are used.
    const label: ComponentFunction = ({ Input }) => (Input ? { Output: Input, Rejected: Input } : undefined);
    const collect: ComponentFunction = ({ ExternalInput: asked }) => ({
      Ask: asked!,
      Output: asked!,
      Board: asked!,
    });
    const compare: ComponentFunction = ({ Input }) => ({ Alarms: Input! });
    const alarm: ComponentFunction = ({ Input }) => ({ Slower: Input! });
    // Asked for metrics, or told to go slower, a node sends nothing.
    const stage: ComponentFunction = ({ Input, Config }) => {
      const message = Input ?? Config;
      return message && { Output: message };
    };
    const files = Object.values(WORKSPACE);
    const names = files
      .flatMap(({ processes }) => Object.values(processes))
      .map(({ component }) => component);
    const own = { LabelActor: label, CollectActor: collect, CompareActor: compare, AlarmActor: alarm };
    const components = { ...Object.fromEntries(names.map(name => [name, stage])), ...own };
    const network = await Network.create(files, { components });
    const portsOf = async (port: string) =>
      (await network.call({ [port]: int(1) })).packets.map(packet => Object.keys(packet)[0]);
    equal(await portsOf('mill/intake/scale'), [
      'mill/intake/grain',
      'mill/grinding/flour',
      'mill/packing/bags',
    ]);
    equal(await portsOf('watch/readings'), ['watch/board']);
    equal(await portsOf('clocks/printer/lines'), ['clocks/printer/printed']);
    const { nodes } = network.snapshot();
    const steps = Object.entries(nodes).map(([node, { steps }]) => `${node} ${steps}`);
    equal(steps.sort(), [
      'clocks/printer/print 1',
      'clocks/ticker/tick 0',
      'mill/grinding/crush 1',
      'mill/grinding/grind 3',
      'mill/intake/sieve 1',
      'mill/intake/weigh 3',
      'mill/packing/fill 1',
      'mill/packing/label 2',
      'watch/alarm 1',
      'watch/collect 1',
      'watch/compare 1',
    ]);
    await network.stop();
  });

  for (const [name, file] of Object.entries(WORKSPACE)) {
    test(`the file ${name} runs with stand-ins for its components`, async () => {
      const passing: ComponentFunction = packet => ({ Output: Object.values(packet)[0]!, Board: int(1) });
      const components = Object.fromEntries(
        Object.values(file.processes).map(({ component }) => [component, passing]),
      );
      const network = await Network.create(file, { components });
      const [port] = Object.keys(network.inports);
      if (port) is((await network.call({ [port]: int(1) })).packets.length, 1);
      await network.stop();
    });
  }
});

suite('classes of a network', test => {
  const processes = {
    x: { component: 'C', metadata: { rules: [1], out: 'p' } },
    y: { component: 'C', metadata: { rules: [2], out: 'q' } },
  };
  const lines = ['> go -> x.in', 'x.p -> y.in', 'y.q -> end >'];

  test('each node has one instance, made with its metadata, which may name the ports', async () => {
    const made: unknown[] = [];
    class C {
      readonly outports: string[];
      readonly #rules: unknown[];
      constructor({ rules, out }: { rules: unknown[]; out: string }) {
        made.push(...rules.map(rule => rule));
        this.#rules = rules;
        this.outports = [out];
      }
      run({ input }: ComponentContext) {
        return { [this.outports[0]!]: int(Number(input.in!.data) + Number(this.#rules[0])) };
      }
    }
    const network = await create(lines, { C: C as never }, {}, { processes });
    equal((await network.call({ go: int(0) })).packets, [{ end: int(3) }]);
    equal(made, [1, 2]);
    await network.stop();
    await raises(() => create(['> go -> x.in', 'x.q -> y.in'], { C: C as never }, {}, { processes }), {
      code: 'INVALID_GRAPH',
      message: /component "C" has no outport "q"/,
    });
  });

  test('run may be a field of the class', async () => {
    class C {
      run = ({ input }: ComponentContext) => ({ p: input.in!, q: input.in! });
    }
    const network = await create(lines, { C }, {}, { processes });
    equal((await network.call({ go: int(5) })).packets, [{ end: int(5) }]);
    await network.stop();
  });

  test('an option of the component that says whether it joins has priority over metadata', async () => {
    const processes = { a: { component: 'a', metadata: { await_all_inports: true } } };
    for (const awaitAllInports of [true, false, undefined]) {
      const network = await create(
        ['> x -> a.increment', '> y -> a.decrement', 'a.count -> end >'],
        { a: { source: read('rust_counter'), awaitAllInports } },
        { actors: { stderr: () => {} } },
        { processes },
      );
      const { packets } = await network.call({ x: Message.flow() });
      is(packets.length, awaitAllInports === false ? 1 : 0);
      await network.stop();
    }
  });

  test('a network of many joins is made about as fast as one without joins', async () => {
    const ids = Array.from({ length: 5000 }, (_, at) => `n${at}`);
    const ports = ['a', 'b', 'c'];
    const lines = ids.slice(1).flatMap((id, at) => ports.map(port => `${ids[at]}.${port} -> ${id}.${port}`));
    const timeOf = async (await_all_inports: boolean) => {
      const nodes = ids.map(id => [id, { component: 'C', metadata: { await_all_inports } }] as const);
      const before = performance.now();
      const C: ComponentFunction = packet => packet;
      const network = await create(lines, { C }, {}, { processes: Object.fromEntries(nodes) });
      const time = performance.now() - before;
      await network.stop();
      return time;
    };
    const plain = await timeOf(false);
    const joined = await timeOf(true);
    ok(joined < 3 * plain + 500, `${joined} ms, without joins ${plain} ms`);
  });
});

suite('errors in a network', test => {
  const lines = ['> go -> a.in', 'a.out -> end >'];

  test('go along the edge from the port error, and the network goes on', async () => {
    const network = await create(
      [...lines, 'a.error -> h.in', 'h.out -> errors >'],
      { a: picky, h: rename('in', 'out') },
      {
        components: {},
      },
    );
    await network.stop();
    const handled: ComponentFunction = ({ in: error }) => ({ out: error! });
    const again = await create([...lines, 'a.error -> h.in', 'h.out -> errors >'], { a: picky, h: handled });
    const results = [];
    for (const n of [1, 2, 3]) results.push(...(await again.call({ go: int(n) })).packets);
    equal(results, [
      { errors: Message.error('odd: 1') },
      { end: int(2) },
      { errors: Message.error('odd: 3') },
    ]);
    is(again.snapshot().nodes.a!.failures, 2);
    await again.stop();
  });

  test('go to the port error of the graph, else to the dead letters and an event', async () => {
    const exposing = await create([...lines, 'b.error -> error >', '> b -> b.in'], {
      a: failing,
      b: failing,
    });
    equal((await exposing.call({ go: int(1) })).packets, [{ error: Message.error('no ink') }]);
    await exposing.stop();
    const events: NetworkHappened[] = [];
    const network = await create(lines, { a: failing }, { onEvent: event => void events.push(event) });
    equal((await network.call({ go: int(1) })).packets, []);
    const [letter] = await network.deadLetters();
    equal([letter!.node, letter!.error], ['a', 'no ink']);
    const { type, atMs, network: name, ...rest } = events.find(event => event.type === 'dead')!;
    equal([type, name, rest], ['dead', 'test', letter]);
    ok(atMs > 0);
    await network.stop();
  });

  test('an error packet that a component sends is not lost either', async () => {
    const a: ComponentFunction = () => ({ error: Message.error('out of paper') });
    const network = await create(lines, { a });
    await network.call({ go: int(1) });
    equal(
      (await network.deadLetters()).map(({ error }) => error),
      ['out of paper'],
    );
    await network.stop();
  });

  test('of a function keep its state from before the call, and the packets that it sent before', async () => {
    const a: ComponentFunction = (_, { state, send }) => {
      state.set('n', 1);
      send({ out: int(5) });
      throw new Error('late');
    };
    const network = await create(lines, { a });
    equal((await network.call({ go: int(1) })).packets, [{ end: int(5) }]);
    equal(network.snapshot().nodes.a!.state, {});
    await network.stop();
  });

  const wrong: [name: string, result: unknown, message: RegExp][] = [
    ['a packet that is not one', 5, /^result: expected an object of port → message, got 5$/],
    [
      'a message that is not one',
      { out: 5 },
      /^result\.out: expected a message such as Message\.integer\(5\)/,
    ],
    [
      'data of another type',
      { out: { type: 'Integer', data: 'x' } },
      /^result\.out\.data: expected an integer/,
    ],
    ['a map', new Map([['out', int(1)]]), /^result: .* got an object of class Map$/],
    ['a date', new Date(), /^result: .* got an object of class Date$/],
    ['a generator', (function* () {})(), /^result: .* got an object of class Generator$/],
    ['data that JSON cannot carry', { out: { type: 'Any', data: [() => {}] } }, /^result\.out\.data\[0\]/],
  ];
  for (const [name, result, message] of wrong) {
    test(`${name} from a function is an error with its path`, async () => {
      const network = await create(lines, { a: (() => result) as ComponentFunction });
      await network.call({ go: int(1) });
      const [letter] = await network.deadLetters();
      match(letter!.error, message);
      await network.stop();
    });
  }

  test('objects of any realm and without a prototype are packets', async () => {
    const bare = Object.assign(Object.create(null), { out: int(1) }) as Packet;
    class Own {
      out = int(2);
    }
    for (const [result, n] of [
      [bare, 1],
      [new Own() as unknown as Packet, 2],
    ] as const) {
      const network = await create(lines, { a: () => result });
      equal((await network.call({ go: int(0) })).packets, [{ end: int(n) }]);
      await network.stop();
    }
  });

  test('a packet that a component sends after its call is refused', async () => {
    const late: unknown[] = [];
    let send: ComponentContext['send'] = () => {};
    const network = await create(lines, {
      a: (_, context) => {
        send = context.send;
      },
    });
    await network.call({ go: int(1) });
    try {
      send({ out: int(2) });
    } catch (error) {
      late.push((error as { code: string }).code);
    }
    equal(late, ['CALL_OVER']);
    await network.stop();
  });

  test('a reader, caller or listener that changes a message changes it for nobody else', async () => {
    const spoil = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const inner of Object.values(value)) spoil(inner);
      if (Array.isArray(value)) value.push(9);
      else if (!Object.isFrozen(value)) Object.assign(value, { type: 'String', data: 'spoilt' });
    };
    let isOut = true;
    const seen: unknown[] = [];
    const network = await create(['> go -> a.in', 'a.out -> end >', 'a.out -> b.in'], {
      a: packet => ({ out: packet.in! }),
      b: ({ in: message }) => {
        seen.push(message!.data);
        if (isOut) throw new Error('no ink');
      },
    });
    network.subscribe(event => spoil({ ...event }), { packets: true });
    const given = () => Message.array([1, [2]]);
    const reading = (async () => {
      for await (const message of network.outports.end!) spoil(message);
    })();
    await network.inports.go!.send(given());
    spoil(await network.call({ go: given() }));
    spoil(await network.call({ go: int(3) }));
    await network.drain();
    const letters = await network.deadLetters();
    equal(
      letters.map(({ message, packet }) => [message, packet.in]),
      [given(), given(), int(3)].map(message => [message, message]),
    );
    const steps = letters.map(letter => structuredClone(letter));
    spoil(letters);
    isOut = false;
    for (const step of steps) is(await network.redrive(step), true);
    await network.stop();
    await reading;
    equal(seen, [[1, [2]], [1, [2]], 3, [1, [2]], [1, [2]], 3]);
  });

  test('a component that changes a message changes it for nobody else', async () => {
    const a: ComponentFunction = packet => ({ out: packet.in! });
    const spoil: ComponentFunction = packet => {
      (packet.in!.data as number[]).push(9);
    };
    const network = await create(['> go -> a.in', 'a.out -> s.in', 'a.out -> b.in', 'b.out -> end >'], {
      a,
      s: spoil,
      b: packet => ({ out: packet.in! }),
    });
    const given = [1];
    equal((await network.call({ go: Message.array(given) })).packets, [{ end: Message.array([1]) }]);
    equal(given, [1]);
    await network.stop();
  });
});

suite('bounds of a network', test => {
  test.row('upstream.20', 'senders wait end to end while a slow node works', async () => {
    let release = () => {};
    const gate = new Promise<void>(resolve => {
      release = resolve;
    });
    const slow: ComponentFunction = async packet => {
      await gate;
      return { out: packet.in! };
    };
    const lines = ['> go -> a.in', 'a.out -> b.in', 'b.out -> end >'];
    const network = await create(lines, { a: rename('in', 'out'), b: slow }, { capacity: 2 });
    network.start();
    let sent = 0;
    const sending = (async () => {
      for (; sent < 100; sent++) await network.inports.go!.send(int(sent));
    })();
    await new Promise(resolve => setTimeout(resolve, 20));
    ok(sent <= 8, `${sent} were sent`);
    const { edges } = network.snapshot();
    ok(Object.values(edges).every(({ packets }) => packets <= 2));
    const reading = all(network);
    release();
    await sending;
    await network.stop();
    equal(
      await reading,
      Array.from({ length: 100 }, (_, n) => n),
    );
  });

  test('bytes are bounded too', async () => {
    const network = await create(['> go -> a.in'], { a: () => {} }, { capacityBytes: 1000 });
    const big = Message.string('x'.repeat(600));
    await network.inports.go!.send(big);
    await network.inports.go!.send(big);
    const third = network.inports.go!.send(big, { signal: AbortSignal.abort('enough') });
    await raises(() => third, { code: 'ABORTED' });
    is(network.snapshot().edges['> go']!.packets, 2);
    await network.stop({ drain: false });
  });

  test('the capacity of a connection has priority', async () => {
    const more = {
      connections: [{ from: end('a.out'), to: end('b.in'), metadata: { capacity: 3 } }],
      processes: { a: { component: 'a' }, b: { component: 'b' } },
    };
    const never: ComponentFunction = () => new Promise<undefined>(() => {});
    const network = await create(['> go -> a.in'], { a: double, b: never }, {}, more);
    network.start();
    for (let n = 0; n < 20; n++) await network.inports.go!.send(int(n));
    await new Promise(resolve => setTimeout(resolve, 10));
    is(network.snapshot().edges['a.out -> b.in']!.packets, 3);
    await network.stop({ drain: false });
    is(network.phase, 'stopped');
  });

  test('a cycle that ends by itself drains, with the smallest capacity', async () => {
    const a: ComponentFunction = packet => {
      const n = Number(Object.values(packet)[0]!.data);
      return n > 0 ? [{ out: int(n - 1) }, { end: int(n) }] : [{ end: int(0) }];
    };
    const lines = ['> go -> a.in', 'a.out -> b.in', 'b.out -> a.back', 'a.end -> end >'];
    const network = await create(lines, { a, b: rename('in', 'out') }, { capacity: 1 });
    const { packets } = await network.call({ go: int(50) });
    is(packets.length, 51);
    await network.stop();
  });

  test.row(
    'error.NETWORK_OVERFLOW',
    'a cycle that grows ends the network, and the error names its way',
    async () => {
      const twice: ComponentFunction = packet => [{ out: Object.values(packet)[0]! }, { out: int(1) }];
      const lines = ['> go -> a.in', 'a.out -> b.in', 'b.out -> a.back', 'a.end -> end >'];
      const network = await create(lines, { a: twice, b: twice }, { cycleCapacity: 100 });
      const reading = all(network);
      const error = await raises(() => network.call({ go: int(1) }), { code: 'NETWORK_STOPPED' });
      match(
        error.message,
        /the cycle (a -> b -> a|b -> a -> b): \d+ packets wait at .*, over the limit of 100 packets/,
      );
      is((error.cause as { code?: string }).code, 'NETWORK_OVERFLOW');
      await raises(() => reading, { code: 'NETWORK_STOPPED' });
      await raises(() => network.inports.go!.send(int(1)), { code: 'NETWORK_STOPPED' });
      await network.stop();
      is(network.phase, 'stopped');
    },
  );
});

suite('life of a network', test => {
  const lines = ['> go -> a.in', 'a.out -> end >'];

  test.row(
    'error.NETWORK_STOPPED',
    'a network has its phases, and is refused once it has stopped',
    async () => {
      const phases: string[] = [];
      const network = await create(
        lines,
        { a: double },
        {
          onEvent: event => event.type === 'phase' && phases.push(event.phase),
        },
      );
      is(network.phase, 'created');
      network.start();
      await network.stop();
      equal(phases, ['running', 'stopping', 'stopped']);
      await raises(() => network.start(), { code: 'NETWORK_STOPPED' });
      await raises(() => network.call({}), { code: 'NETWORK_STOPPED' });
      await network.stop();
    },
  );

  test('stop processes the packets that are queued; without drain it drops them', async () => {
    for (const drain of [true, false]) {
      let seen = 0;
      const network = await create(lines, { a: () => void seen++ });
      for (let n = 0; n < 10; n++) await network.inports.go!.send(int(n));
      network.start();
      await network.stop({ drain });
      is(seen > 1, drain);
    }
  });

  test('a signal stops it at once, also while a function runs that never ends', async () => {
    const controller = new AbortController();
    let isAborted = false;
    const a: ComponentFunction = (_, { signal }) =>
      new Promise<undefined>(() => signal.addEventListener('abort', () => (isAborted = true)));
    const network = await create(lines, { a }, { signal: controller.signal });
    const call = network.call({ go: int(1) });
    call.catch(() => {});
    await new Promise(resolve => setTimeout(resolve, 5));
    controller.abort();
    await raises(() => call, { code: 'NETWORK_STOPPED' });
    await network.stop();
    ok(isAborted);
  });

  test('a signal of a call ends its wait, not the work', async () => {
    let release = () => {};
    const gate = new Promise<void>(resolve => {
      release = resolve;
    });
    const a: ComponentFunction = async packet => {
      await gate;
      return { out: packet.in! };
    };
    const network = await create(lines, { a });
    const controller = new AbortController();
    const call = network.call({ go: int(1) }, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await raises(() => call, { code: 'ABORTED' });
    release();
    equal((await network.call({ go: int(2) })).packets, [{ end: int(2) }]);
    is(network.snapshot().nodes.a!.steps, 2);
    await network.stop();
  });

  test('a module is compiled once for all its nodes', async () => {
    // The same module with a custom section more, so that no other test has compiled it.
    const source = Uint8Array.from([...read('rust_counter'), 0, 2, 1, 0x7a]);
    const ids = Array.from({ length: 20 }, (_, at) => `n${at}`);
    const lines = ids.slice(1).map((id, at) => `${ids[at]}.count -> ${id}.increment`);
    const processes = Object.fromEntries(ids.map(id => [id, { component: 'C' }]));
    const work = async () => (await create(lines, { C: { source } }, {}, { processes })).stop();
    is(await compilations(work), 1);
  });

  test('reload replaces the module in all nodes of a component, and states stay', async () => {
    const processes = { a: { component: 'C' }, b: { component: 'C' } };
    const network = await create(
      ['> a -> a.increment', '> b -> b.increment', 'a.count -> x >', 'b.count -> y >'],
      { C: { source: read('rust_counter') } },
      { actors: { stderr: () => {} } },
      { processes },
    );
    await network.call({ a: Message.flow(), b: Message.flow() });
    // The same module with a custom section more, so that its bytes differ.
    await network.reload('C', Uint8Array.from([...read('rust_counter'), 0, 2, 1, 0x61]));
    const { packets } = await network.call({ a: Message.flow(), b: Message.flow() });
    equal(packets.map(packet => Object.values(packet)[0]!.data).sort(), [2, 2]);
    await raises(() => network.reload('C', new Uint8Array([0])), { code: 'INVALID_WASM' });
    await raises(() => network.reload('C', read('go_counter')), {
      code: 'INVALID_GRAPH',
      message: /component "C" has no (in|out)port "(increment|count)"/,
    });
    const message = /^reload: no node runs a module "D"; there are "C"$/;
    await raises(() => network.reload('D', read('go_counter')), { code: 'UNKNOWN_COMPONENT', message });
    equal((await network.call({ a: Message.flow() })).packets, [{ x: int(3) }]);
    await network.stop();
  });

  test('a port is a web stream too', async () => {
    const network = await create(lines, { a: double });
    network.start();
    const writer = network.inports.go!.writable().getWriter();
    for (const n of [1, 2, 3]) await writer.write(int(n));
    await writer.close();
    const stopping = network.stop();
    const found: unknown[] = [];
    const reader = network.outports.end!.readable().getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) found.push(next.value.data);
    await stopping;
    equal(found, [2, 4, 6]);
  });

  test('a reader of a port that waits can leave at once, and loses no message', async () => {
    const network = await create(lines, { a: double });
    network.start();
    const reader = network.outports.end!.readable().getReader();
    const reading = reader.read();
    await reader.cancel();
    is((await reading).done, true);
    const iterator = network.outports.end![Symbol.asyncIterator]();
    const next = iterator.next();
    equal(await iterator.return!(), { done: true, value: undefined });
    is((await next).done, true);
    const found = all(network);
    for (const n of [1, 2]) await network.inports.go!.send(int(n));
    await network.stop();
    equal(await found, [2, 4]);
  });

  test('a pipe of a port that waits can be aborted, and loses no message', async () => {
    const network = await create(lines, { a: double });
    network.start();
    const abort = new AbortController();
    const piping = network.outports.end!.readable().pipeTo(new WritableStream(), { signal: abort.signal });
    abort.abort();
    await piping.catch(() => {});
    const found = all(network);
    for (const n of [1, 2]) await network.inports.go!.send(int(n));
    await network.stop();
    equal(await found, [2, 4]);
  });

  test('a message that comes while its reader leaves goes to the next one', async () => {
    const network = await create(lines, { a: double });
    const iterator = network.outports.end![Symbol.asyncIterator]();
    const next = iterator.next();
    network.subscribe(({ type }) => type === 'step' && queueMicrotask(() => void iterator.return!()));
    await network.inports.go!.send(int(1));
    await network.stop();
    equal([...(await all(network)), ...((await next).done ? [] : [2])], [2]);
  });

  test('stop processes the packets of a network that was not started, and no initial ones without such packets', async () => {
    for (const [sent, expected] of [
      [[], []],
      [
        [1, 2],
        [9, 1, 2],
      ],
    ] as const) {
      const seen: unknown[] = [];
      const network = await create(
        ['> go -> a.in'],
        { a: packet => void seen.push(Number(packet.in!.data)) },
        {},
        { connections: [{ to: end('a.in'), data: 9 }] },
      );
      for (const n of sent) await network.inports.go!.send(int(n));
      await network.stop();
      equal(seen, expected);
    }
  });

  test('drain rejects when packets that it waits for are dropped, with the reason of the signal as its cause', async () => {
    for (const isSignal of [true, false]) {
      const controller = new AbortController();
      const reason = new Error('enough');
      const network = await create(
        lines,
        { a: () => new Promise<undefined>(() => {}) },
        { signal: controller.signal },
      );
      for (let n = 0; n < 10; n++) await network.inports.go!.send(int(n));
      const draining = network.drain();
      draining.catch(() => {});
      await new Promise(resolve => setTimeout(resolve, 5));
      if (isSignal) controller.abort(reason);
      else await network.stop({ drain: false });
      for (const wait of [() => draining, () => network.drain(), () => network.call({ go: int(1) })]) {
        const error = await raises(wait, { code: 'NETWORK_STOPPED' });
        is(error.cause, isSignal ? reason : undefined);
      }
    }
    const idle = await create(lines, { a: double });
    await idle.drain();
    await idle.stop({ drain: false });
    await idle.drain();
  });

  test('of two reloads the later one counts, and none takes effect in a network that has stopped', async () => {
    const source = read('rust_counter');
    const variant = (last: number, bytes = 0) =>
      Uint8Array.from([...source, 0, ...leb(bytes + 2), 1, last, ...new Uint8Array(bytes)]);
    const leb = (value: number) => [
      (value & 0x7f) | 0x80,
      ((value >> 7) & 0x7f) | 0x80,
      (value >> 14) & 0x7f,
    ];
    const network = await create(
      ['> go -> a.increment'],
      { a: { source } },
      { actors: { stderr: () => {} } },
    );
    const events: string[] = [];
    network.subscribe(event => {
      if (event.type === 'reloaded') events.push('reloaded');
      if (event.type === 'phase') events.push(event.phase);
    });
    const order: number[] = [];
    await Promise.all([
      network.reload('a', variant(0x61, 1_500_000)).then(() => order.push(1)),
      network.reload('a', variant(0x62)).then(() => order.push(2)),
    ]);
    equal(order, [1, 2]);
    const late = network.reload('a', variant(0x63));
    late.catch(() => {});
    await network.stop();
    await raises(() => late, { code: 'NETWORK_STOPPED' });
    equal(events, ['reloaded', 'reloaded', 'stopping', 'stopped']);
  });

  test('a listener that throws disturbs nothing, and can leave', async () => {
    const network = await create(lines, { a: double });
    let calls = 0;
    const leave = network.subscribe(() => {
      calls++;
      throw new Error('listener');
    });
    await network.call({ go: int(1) });
    leave();
    const before = calls;
    await network.call({ go: int(2) });
    is(calls, before);
    await network.stop();
  });
});

suite('refusals of a network', test => {
  const lines = ['> go -> a.in', 'a.out -> end >'];
  test('a wrong key in actors is named with its place', async () => {
    const actors = { isolation: 'fresh' } as object;
    await raises(() => create(lines, { a: double }, { actors }), {
      code: 'INVALID_OPTION',
      message: /^Network: actors\.isolation: /,
    });
  });

  const refused: [name: string, components: unknown, code: string, message: RegExp][] = [
    [
      'a component that is missing',
      { b: double },
      'UNKNOWN_COMPONENT',
      /^node "a": no component "a" is given; there are "b"$/,
    ],
    ['a component of no kind', { a: {} }, 'INVALID_CONFIG', /components\.a\.source/],
    ['a misspelt key of a component', { a: { source: 1, entrypoint: 'x' } }, 'INVALID_CONFIG', /entryPoint/],
    ['a module that is not one', { a: { source: new Uint8Array(3) } }, 'INVALID_WASM', /./],
    [
      'a port that a module does not have',
      { a: { source: 'counter' } },
      'INVALID_GRAPH',
      /has no inport "in"/,
    ],
    [
      'a class without run',
      { a: class {} },
      'INVALID_CONFIG',
      /^node "a": components\.a: expected a class with a method run$/,
    ],
    [
      'a class whose inports are not names',
      {
        a: class {
          inports = [5];
          run() {}
        },
      },
      'INVALID_CONFIG',
      /inports/,
    ],
    [
      'a class that throws',
      {
        a: class {
          constructor() {
            throw new Error('no');
          }
          run() {}
        },
      },
      'INVALID_CONFIG',
      /^node "a": components\.a: its constructor threw no$/,
    ],
    [
      'a port that a class does not have',
      {
        a: class {
          inports = ['x'];
          run() {}
        },
      },
      'INVALID_GRAPH',
      /has no inport "in"/,
    ],
  ];
  for (const [name, given, code, message] of refused) {
    test(name, async () => {
      const components = Object.fromEntries(
        Object.entries(given as object).map(([key, value]) => [
          key,
          value?.source === 'counter' ? { source: read('rust_counter') } : value,
        ]),
      );
      const error = await raises(() => create(lines, components), { message });
      ok(error.code === code || code === 'INVALID_WASM', error.code);
    });
  }

  test.row('error.UNKNOWN_COMPONENT', 'a component that is missing is named', async () => {
    await raises(() => create(lines, {}), { code: 'UNKNOWN_COMPONENT', message: /there are none$/ });
  });

  test('a call of a port that does not exist names the ports', async () => {
    const network = await create(lines, { a: double });
    await raises(() => network.call({ stop: int(1) }), {
      code: 'UNKNOWN_PORT',
      message: 'call: the network has no inport "stop"; there are "go"',
    });
    await raises(() => network.call({ go: 5 } as never), { code: 'INVALID_MESSAGE' });
    await raises(() => network.inports.go!.send(5 as never), {
      code: 'INVALID_MESSAGE',
      message: /^message: expected a message/,
    });
    await network.stop();
  });

  test('when one module cannot be made, no actor of the others is left open', async () => {
    await raises(
      () =>
        create(['> go -> a.increment', 'a.count -> b.in'], {
          a: { source: read('rust_counter') },
          b: { source: new Uint8Array(1) },
        }),
      {},
    );
  });
});

suite('random networks', test => {
  test('send the same packets as a model, in order on each edge, drain, and never deadlock', async () => {
    const first = Date.now() & 0xffff_ffff;
    for (let seed = first; seed < first + SEEDS; seed++) await checkNetwork(seed);
  });
});

const THROUGH_THREE =
  '[{"end":{"type":"Flow","data":null}},{"end":{"type":"Integer","data":7}},{"end":{"type":"Float","data":0.5}},' +
  '{"end":{"type":"String","data":"text 🦀"}},{"end":{"type":"Boolean","data":true}},' +
  '{"end":{"type":"Object","data":{"a":[1,null,"x"]}}},{"end":{"type":"Array","data":[1,"two"]}}]';
