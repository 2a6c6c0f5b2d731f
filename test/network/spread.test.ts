import { Message } from '../../src/actor/index.ts';
import { makers } from '../../src/network/engine/lasting.ts';
import { Network, type NetworkOptions } from '../../src/network/index.ts';
import { NatsEngine } from '../../src/network/nats/index.ts';
import { makeNatsEngine } from '../../src/network/nats/nats-engine.ts';
import { NatsLog } from '../../src/network/nats/nats-log.ts';
import type { NatsEngineOptions } from '../../src/network/nats/nats-options.ts';
import { ownersOf, partsOf } from '../../src/network/nats/parts.ts';
import { readNetwork } from '../../src/network/nats/report.ts';
import type { SpreadEngine } from '../../src/network/nats/spread-engine.ts';
import { planOf } from '../contract/engine.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';
import { KILL_GRAPH } from '../nats/kill-graph.ts';
import { type FakeConnection, FakeNats, fakeClient } from './fake-nats.ts';
import { seamsOf, settingsOf } from './nats-engines.ts';

const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
const integer = (value: number) => new TextEncoder().encode(`{"type":"Integer","data":${value}}`);

/** Counts its packets in its state, and sends each count with the number that came first. */
const Count = (packet: { in?: Message }, { state }: { state: Map<string, unknown> }) => {
  const count = Number(state.get('count') ?? 0) + 1;
  state.set('count', count);
  const { data } = packet.in!;
  const value = typeof data === 'number' ? data : (data as { value: number }).value;
  return { out: Message.object({ count, value }) };
};

suite('network spread over workers', test => {
  const PARTS: readonly [name: string, lines: string[], parts: string[]][] = [
    ['a line', ['a.out -> b.in', 'b.out -> c.in'], ['a', 'b', 'c']],
    ['a fan-out and a fan-in to one port', ['a.x -> b.in', 'a.x -> c.in', 'b.out -> c.in'], ['a', 'b', 'c']],
    ['a cycle', ['a.out -> b.in', 'b.out -> a.in', 'b.out -> c.in'], ['a b', 'c']],
    ['a node with an edge to itself', ['a.out -> a.in', 'a.out -> b.in'], ['a', 'b']],
    [
      'a fan-out and the join of its ways',
      ['x.out -> a.in', 'a.x -> j.x', 'a.y -> m.in', 'm.out -> j.y', 'j.out -> z.in'],
      ['x', 'a j m', 'z'],
    ],
    ['two edges from node to node', ['a.x -> b.x', 'a.y -> b.y', 'b.out -> c.in'], ['a b', 'c']],
    ['a join of two sources', ['s.out -> j.x', 't.out -> j.y'], ['s', 'j', 't']],
    [
      'two sources, each of which waits for the other at one of two joins',
      ['s.x -> j.x', 's.y -> k.y', 't.x -> j.y', 't.y -> k.x'],
      ['s j k t'],
    ],
    [
      'a join and a cycle that share a node',
      ['a.x -> j.x', 'a.y -> j.y', 'j.out -> b.in', 'b.out -> j.x'],
      ['a j b'],
    ],
  ];
  for (const [name, lines, parts] of PARTS)
    test(`the parts of ${name}`, () => {
      const found = partsOf(planOf(...lines)).map(part => part.plan.nodes.map(({ id }) => id).join(' '));
      equal(found, parts);
    });

  test('an outport with several nodes is in the part of the first, and the others lead there', () => {
    const plan = planOf('a.out -> b.in', 'a.err -> errors >', 'b.err -> end >');
    const both = { ...plan, outports: plan.outports.map(row => ({ ...row, name: 'errors' })) };
    const [a, b] = partsOf(both);
    equal([[...a!.outports], [...b!.outports]], [['errors'], []]);
    equal(
      [...a!.from].map(([part, ways]) => [part, ...ways]),
      [['b', 'b.err > errors']],
    );
    equal([[...a!.to], [...b!.to]], [['b'], ['a']]);
  });

  test('each part has one worker that can run it, no worker has more than its share, and few parts move', () => {
    const random = new Random(7);
    const parts = Array.from({ length: 40 }, (_, at) => `node${at}`);
    const workers = Array.from({ length: 8 }, () => `worker-${random.u32()}`);
    const aliveOf = (ids: readonly string[]) => new Map(ids.map(id => [id, null]));
    const all = ownersOf(parts, aliveOf(workers));
    for (const worker of workers) is([...all.values()].filter(owner => owner === worker).length, 5);
    const left = ownersOf(parts, aliveOf(workers.slice(1)));
    is(left.size, parts.length);
    for (const worker of workers.slice(1))
      ok([...left.values()].filter(owner => owner === worker).length <= 6);
    const moved = parts.filter(part => all.get(part) !== workers[0] && all.get(part) !== left.get(part));
    ok(moved.length < parts.length / 2, `${moved.length} parts moved`);
    // As many nodes as workers, where the share of all would change if it were rounded up.
    const [many, nodes] = [100, 100].map(count => Array.from({ length: count }, () => `id-${random.u32()}`));
    const before = ownersOf(nodes!, aliveOf(many!));
    const changes = many!.slice(0, 10).map(gone => {
      const after = ownersOf(nodes!, aliveOf(many!.filter(worker => worker !== gone)));
      return nodes!.filter(node => before.get(node) !== gone && before.get(node) !== after.get(node)).length;
    });
    const sum = changes.reduce((all, change) => all + change, 0);
    ok(sum < 200, `${sum} of 1,000 nodes moved`);
    const bound = new Map<string, readonly string[] | null>([
      ['x', ['node1']],
      ['y', ['node1', 'node2']],
    ]);
    const some = ownersOf(parts, bound);
    equal([some.get('node2'), some.get('node3'), some.size], ['y', undefined, 2]);
  });

  const fake = new FakeNats();
  const server = { client: fakeClient };
  let refused = 0;
  class ToldLog extends NatsLog {
    override append(...given: Parameters<NatsLog['append']>): Promise<number> {
      const appending = super.append(...given);
      appending.catch(() => {
        // Two workers that take a free log at once lose no commit.
        if (given[1].length > 0) refused++;
      });
      return appending;
    }
  }
  const opened: { network: Network; connection: FakeConnection }[] = [];
  const start = async (
    name: string,
    more: NatsEngineOptions = {},
    options: NetworkOptions = {},
    graph: typeof KILL_GRAPH = KILL_GRAPH,
  ) => {
    const connection = fake.connect();
    const lasting = { flush: async () => {}, lastId: () => undefined };
    let engine!: SpreadEngine;
    makers.set(lasting, bounds => {
      const seams = {
        ...seamsOf(server),
        makeLog: (...of: ConstructorParameters<typeof NatsLog>) => new ToldLog(...of),
      };
      engine = makeNatsEngine(
        connection,
        settingsOf({ name, spread: true, ...more }),
        bounds,
        seams,
      ) as SpreadEngine;
      return engine;
    });
    const network = await Network.create(graph, { components: { Count }, engine: lasting, ...options });
    network.start();
    const worker = { network, connection, engine };
    opened.push(worker);
    return worker;
  };
  type Worker = Awaited<ReturnType<typeof start>>;
  const nodesOf = ({ engine }: Worker) => engine.nodes.join(' ');
  const until = async (isThere: () => boolean, what: string) => {
    for (const endMs = Date.now() + 20_000; !isThere(); await wait(5))
      if (Date.now() > endMs) throw new Error(`${what} does not come`);
  };
  const spread = (...workers: Worker[]) =>
    until(
      () =>
        workers.every(({ engine }) => engine.nodes.length === 3 / workers.length) ||
        (workers.length === 2 &&
          workers
            .map(({ engine }) => engine.nodes.length)
            .sort()
            .join() === '1,2'),
      `the share of each of ${workers.length}`,
    );
  const outOf = (name: string, port: string) =>
    (fake.streams.get(`PB_${name}_OUT`)?.messages ?? [])
      .filter(({ subject }) => subject === `pb.${name}.out.${port}`)
      .map(
        ({ data }) =>
          (JSON.parse(new TextDecoder().decode(data)) as { data: { count: number; value: number } }).data,
      );
  const check = async (name: string, messages: number) => {
    await until(() => outOf(name, 'last').length >= 2 * messages, `the last of ${messages} messages`);
    equal(
      outOf(name, 'first').map(({ count, value }) => [count, value]),
      Array.from({ length: messages }, (_, at) => [at + 1, at + 1]),
    );
    equal(
      outOf(name, 'last').map(({ count }) => count),
      Array.from({ length: 2 * messages }, (_, at) => at + 1),
    );
  };
  const send = async (name: string, from: number, to: number) => {
    await until(() => fake.streams.has(`PB_${name}_IN`), 'the stream of messages');
    for (let value = from; value <= to; value++) {
      fake.publish(`pb.${name}.in.go`, integer(value));
      if (value % 50 === 0) await wait(1);
    }
  };
  const die = async ({ network, connection }: Worker) => {
    await connection.close();
    await network.stop({ drain: false }).catch(() => {});
  };

  test('nodes go to the workers that are there, in peace, and all messages pass once and in order', async () => {
    const name = 'spread';
    refused = 0;
    const first = await start(name);
    await spread(first);
    const sending = send(name, 1, 600);
    const second = await start(name);
    await spread(first, second);
    const third = await start(name);
    await spread(first, second, third);
    await second.network.stop();
    await spread(first, third);
    await sending;
    await check(name, 600);
    is(refused, 0);
    ok(nodesOf(first) !== nodesOf(third));
    await first.network.stop();
    await spread(third);
    await third.network.stop();
  });

  test('nodes of workers that die go to the others, and nothing is lost or doubled', async () => {
    const name = 'spread-kill';
    let [one, two] = [await start(name), await start(name)];
    await spread(one, two);
    const sending = send(name, 1, 600);
    for (let round = 0; round < 3; round++) {
      await wait(50);
      await die(one);
      [one, two] = [two, await start(name)];
      await spread(one, two);
    }
    await sending;
    await check(name, 600);
    const letters = await one.network.deadLetters();
    equal(letters, []);
    for (const worker of [one, two]) await worker.network.stop();
  });

  test('a worker runs the nodes that it may, and a node that no worker may run waits', async () => {
    const name = 'spread-nodes';
    const first = await start(name, { nodes: ['a'] });
    await until(() => nodesOf(first) === 'a', 'node a');
    await send(name, 1, 10);
    const second = await start(name, { nodes: ['b', 'c'] });
    await until(() => nodesOf(second) === 'b c', 'nodes b and c');
    await check(name, 10);
    for (const worker of [first, second]) await worker.network.stop();
  });

  test('a sender waits while its target, on another worker, has not read', async () => {
    const name = 'spread-full';
    const first = await start(name, { nodes: ['a'] }, { capacity: 10 });
    await until(() => nodesOf(first) === 'a', 'node a');
    await send(name, 1, 200);
    await wait(200);
    const { nodes, edges } = first.network.snapshot();
    ok(nodes.a!.steps <= 12, `${nodes.a!.steps} steps`);
    is(edges['a.out -> b.in']!.packets, 10);
    const second = await start(name, { nodes: ['b', 'c'] }, { capacity: 10 });
    await check(name, 200);
    await until(() => first.network.snapshot().edges['a.out -> b.in']!.packets === 0, 'room');
    for (const worker of [first, second]) await worker.network.stop();
  });

  test('errors of all parts leave at the one port for them, each once, also when workers die', async () => {
    const name = 'spread-errors';
    const outports = { ...KILL_GRAPH.outports, error: { nodeId: 'c', portId: 'error' } };
    const Failing = (packet: { in?: Message }, context: { state: Map<string, unknown> }) => {
      if (typeof packet.in!.data === 'number' && packet.in!.data % 10 === 0)
        throw new Error(`no ${packet.in!.data}`);
      return Count(packet, context);
    };
    const begin = () => start(name, {}, { components: { Count: Failing } }, { ...KILL_GRAPH, outports });
    let [one, two] = [await begin(), await begin()];
    await spread(one, two);
    const sending = send(name, 1, 300);
    for (let round = 0; round < 2; round++) {
      await wait(30);
      await die(one);
      [one, two] = [two, await begin()];
      await spread(one, two);
    }
    await sending;
    const errors = () =>
      (fake.streams.get(`PB_${name}_OUT`)?.messages ?? [])
        .filter(({ subject }) => subject === `pb.${name}.out.error`)
        .map(({ data }) => /no (\d+)/.exec(new TextDecoder().decode(data))?.[1]);
    await until(() => errors().length >= 30 && outOf(name, 'last').length >= 540, 'all');
    equal(
      errors(),
      Array.from({ length: 30 }, (_, at) => `${10 * (at + 1)}`),
    );
    equal(
      outOf(name, 'last').map(({ count }) => count),
      Array.from({ length: 540 }, (_, at) => at + 1),
    );
    for (const worker of [one, two]) await worker.network.stop();
  });

  test('calls that would need all nodes here are refused, and inports send to the subject of their port', async () => {
    const name = 'spread-calls';
    const worker = await start(name);
    await spread(worker);
    const { network } = worker;
    const refusal = { code: 'INVALID_CONFIG', message: /got a network whose nodes are spread over workers/ };
    await raises(() => network.call({ go: Message.integer(1) }), refusal);
    await raises(() => network.accept({ go: Message.integer(1) }, 'id'), refusal);
    await raises(() => network.drain(), refusal);
    for (let value = 1; value <= 3; value++) await network.inports.go!.send(Message.integer(value));
    await check(name, 3);
    await network.stop();
    await raises(() => network.inports.go!.send(Message.integer(1)), { code: 'NETWORK_STOPPED' });
  });

  test('a packet for a port of a node is taken by the worker that has the node, and refused by others', async () => {
    const name = 'spread-to';
    const workers = [await start(name), await start(name)];
    await spread(...workers);
    for (const { network, engine } of workers) {
      const sending = network.inport({ node: 'c', port: 'in' }).send(Message.integer(7));
      if (engine.nodes.includes('c')) await sending;
      else await raises(() => sending, { code: 'UNKNOWN_PORT', message: /"c" does not run in this worker/ });
    }
    await until(() => outOf(name, 'last').length > 0, 'the packet');
    equal(outOf(name, 'last'), [{ count: 1, value: 7 }]);
    for (const { network } of workers) await network.stop();
  });

  test('a network that was run by one worker is not spread, nor with other parts, since states would be lost', async () => {
    const one = async (spreads: boolean, graph: object) => {
      const lasting = { flush: async () => {}, lastId: () => undefined };
      makers.set(lasting, bounds =>
        makeNatsEngine(
          fake.connect(),
          settingsOf({ name: 'kept', spread: spreads }),
          bounds,
          seamsOf(server),
        ),
      );
      return Network.create(graph as typeof KILL_GRAPH, { components: { Count }, engine: lasting });
    };
    await (await one(true, KILL_GRAPH)).stop();
    await raises(() => one(false, KILL_GRAPH), {
      code: 'INVALID_STATE_FILE',
      message: /node "a" is kept with the part "a", and now belongs to the whole network/,
    });
    const back = { from: { nodeId: 'b', portId: 'out' }, to: { nodeId: 'a', portId: 'in' } };
    const cycle = { ...KILL_GRAPH, connections: [...KILL_GRAPH.connections, back] };
    await raises(() => one(true, cycle), {
      code: 'INVALID_STATE_FILE',
      message: /node "b" is kept with the part "b", and now belongs to the part "a"/,
    });
  });

  test('a network is seen from outside, and dead letters of its inports are sent again, each once', async () => {
    const name = 'spread-dead';
    let isBroken = true;
    const Broken = (packet: { in?: Message }, context: { state: Map<string, unknown> }) => {
      if (isBroken && packet.in!.data === 2) throw new Error('broken');
      return Count(packet, context);
    };
    const worker = await start(name, {}, { components: { Count: Broken } });
    await spread(worker);
    for (let value = 1; value <= 3; value++) await worker.network.inports.go!.send(Message.integer(value));
    await until(() => outOf(name, 'last').length >= 4, 'the messages before and after it');
    await worker.engine.flush();
    const load = async () => fakeClient;
    const report = (await readNetwork(fake.connect(), name, load))!;
    const { parts, waiting } = await report.status();
    equal(
      parts.map(part => part.nodes),
      [['a'], ['b'], ['c']],
    );
    const logOfC = fake.streams.get(`PB_${name}_LOG=c`)!;
    fake.streams.delete(`PB_${name}_LOG=c`);
    is((await report.status()).parts[2]!.worker, undefined, 'a log that is not there yet');
    is((await report.dead()).length, 1);
    fake.streams.set(`PB_${name}_LOG=c`, logOfC);
    is(new Set(parts.map(part => part.worker)).size, 1);
    ok(parts[0]!.worker !== undefined && waiting <= 3);
    const letters = await report.dead();
    equal(
      letters.map(({ node, message, read }) => [node, message.data, read[0]!.source]),
      [['a', 2, '> go']],
    );
    isBroken = false;
    for (let time = 0; time < 2; time++) equal(await report.redrive(letters), { sent: 1, left: new Map() });
    await until(() => outOf(name, 'last').length >= 6, 'the message that was sent again');
    await wait(50);
    equal(
      outOf(name, 'first').map(({ value }) => value),
      [1, 3, 2],
    );
    const [letter] = letters;
    const of = (node: string, source: string) => ({
      ...letter!,
      node,
      read: [{ source, position: 1, port: 'in' }],
    });
    const inside = of('b', 'a.out -> b.in');
    equal(await report.redrive([inside, of('', '@go'), of('', 'c.out > last'), inside]), {
      sent: 0,
      left: new Map([
        ['did not come from inports', 2],
        ['came to inports, and are not messages', 1],
        ['are larger than max_payload of the server', 1],
      ]),
    });
    fake.maxPayload = 50;
    const large = { sent: 0, left: new Map([['are larger than max_payload of the server', 1]]) };
    equal(await report.redrive(letters), large);
    fake.maxPayload = 2 ** 20;
    await worker.network.stop();
    const after = await report.status();
    equal(
      after.parts.map(part => part.worker),
      [undefined, undefined, undefined],
    );
  });

  test('nodes without spread, and nodes that are not there, are refused', async () => {
    const connection = fake.connect();
    await raises(() => new NatsEngine(connection, { nodes: ['a'] }), {
      code: 'INVALID_CONFIG',
      message: 'NatsEngine: nodes: expected it with spread, got it without',
    });
    const error = await raises(() => start('spread-unknown', { nodes: ['x'] }), { code: 'INVALID_CONFIG' });
    match(error.message, /nodes: there is no node "x"/);
  });

  test('all ends', async () => {
    for (const { network } of opened) await network.stop({ drain: false }).catch(() => {});
  });
});
