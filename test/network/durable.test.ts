import { type JsonValue, Message, readPacket, writePacket } from '../../src/actor/index.ts';
import { durableNetwork } from '../../src/network/durable-object/index.ts';
import { Outbox } from '../../src/network/durable-object/outbox.ts';
import { SQL, Tables } from '../../src/network/durable-object/tables.ts';
import type { Component } from '../../src/network/index.ts';
import { engineContract, planOf, stepOf, takeAll } from '../contract/engine.ts';
import { equal, is, match, ok, raises, throws } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';
import { DurableEngines, FakeNamespace, FakeStorage } from './durable-objects.ts';
import { checkSchedule } from './engine-model.ts';

const SEEDS = host().thorough ? 100 : 30;
const TRACE = { causes: [], hops: 0 };
const line = planOf('> go -> a.in', 'a.out -> b.in', 'b.out -> end >');
const sent = (port: string, message: Message) => [{ port, message, trace: TRACE }];
const wait = (ms = 1) => new Promise(resolve => setTimeout(resolve, ms));
async function until(isDone: () => unknown): Promise<void> {
  for (let turn = 0; turn < 2000; turn++) {
    if (await isDone()) return;
    await wait(5);
  }
  throw new Error('it did not come so far');
}

const graph = (name = 'n') => ({
  properties: { name },
  processes: { a: { component: 'X' } },
  inports: { go: { nodeId: 'a', portId: 'in' } },
  outports: { end: { nodeId: 'a', portId: 'out' } },
});
const Pass: Component = packet => ({ out: packet.in! });
/** Counts its packets in its state, and sends each count. */
const Count: Component = (_, { state }) => {
  const count = Number(state.get('count') ?? 0) + 1;
  state.set('count', count);
  return { out: Message.integer(count) };
};
const item = (seq: number, data: JsonValue = seq): [number, string] => [
  seq,
  writePacket({ go: Message.any(data) }),
];
const items = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => item(from + at));
const dataOf = (read: readonly (readonly [number, string, ...unknown[]])[]) =>
  read.map(([, packet]) => readPacket(packet).end!.data);
const range = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

suite('engine on Durable Objects', test => {
  const engines = new DurableEngines();
  engineContract(test, {
    create: (plan, options = {}) => engines.create(plan, options),
    crash: (engine, plan) => engines.crash(engine, plan),
  });

  test('random schedules of take, commit, fence and crash lose and double nothing', async () => {
    const first = Date.now() & 0xffff_ffff;
    for (let seed = first; seed < first + SEEDS; seed++) await checkSchedule(seed, engines);
  });

  test('the log begins anew with a snapshot, so that it stays small, and values stay below the limit of the platform', async () => {
    let engine = await engines.create(line);
    const a = await engine.own({ node: 'a' });
    const state = new Map<string, JsonValue>([['text', 'x'.repeat(1_500_000)]]);
    for (let n = 1; n <= 10; n++) {
      state.set('n', n);
      await a.commit(
        stepOf([], { state: new Map(state), sent: n > 8 ? sent('out', Message.integer(n)) : [] }),
      );
    }
    const { log } = engines.storageOf(engine) as FakeStorage;
    const sizes = log.map(({ bytes }) => (bytes as ArrayBuffer).byteLength);
    ok(sizes.reduce((sum, size) => sum + size, 0) < 8_000_000);
    ok(Math.max(...sizes) <= 2 ** 20);
    engine = await engines.crash(engine, line);
    const again = await engine.own({ node: 'a' });
    equal(new Map(again.record!.state as Map<string, JsonValue>).get('n'), 10);
    const b = await engine.own({ node: 'b' });
    equal(
      (await takeAll(b, 2)).map(({ message }) => message.data),
      [9, 10],
    );
    await engine.close();
  });

  test('after 64 commits the next one waits for the disk, so that a long turn is not lost as a whole', async () => {
    const engine = await engines.create(line);
    const storage = engines.storageOf(engine);
    let [syncs, isSafe] = [0, () => {}];
    storage.sync = () => {
      syncs++;
      return new Promise(resolve => {
        isSafe = resolve;
      });
    };
    const a = await engine.own({ node: 'a' });
    for (let n = 0; n <= 64; n++) await a.commit(stepOf([]));
    is(syncs, 0);
    const next = a.commit(stepOf([]));
    await wait();
    equal([syncs, engine.commits.kept], [1, 65]);
    isSafe();
    await next;
    equal([syncs, engine.commits.kept], [1, 66]);
    await engine.close();
  });

  test('a write that fails ends the engine, and the next one has all that was kept', async () => {
    let engine = await engines.create(line);
    await engine.send('go', Message.integer(1));
    const storage = engines.storageOf(engine) as FakeStorage;
    storage.failure = new Error('the disk is full');
    await raises(() => engine.send('go', Message.integer(2)), { message: 'the disk is full' });
    await raises(() => engine.send('go', Message.integer(3)), {
      code: 'STATE_STORE_FAILED',
      message: /disk is full/,
    });
    engine = await engines.crash(engine, line);
    const a = await engine.own({ node: 'a' });
    equal(
      (await a.take(9)).map(({ message }) => message.data),
      [1],
    );
    await engine.close();
  });

  test.row(
    'limit.outboxPackets',
    'a target with too many packets makes the network wait, until some are gone',
    async () => {
      const storage = new FakeStorage();
      const tables = new Tables(storage);
      for (const n of [1, 2, 3]) tables.put('"end"', `{"end":${n}}`, undefined);
      const { exec } = storage.sql;
      storage.sql.exec = (query, ...given) =>
        query === SQL.sizes ? [{ target: '"end"', packets: 100_000, characters: 9 }] : exec(query, ...given);
      const outbox = new Outbox(tables, {}, () => {});
      is(outbox.room('"other"'), undefined);
      const waiting = outbox.room('"end"');
      ok(waiting);
      equal(
        outbox.read('end', 1, 9).map(({ seq }) => seq),
        [2, 3],
      );
      await waiting;
      is(outbox.room('"end"'), undefined);
    },
  );

  test('a step that ends process after process is begun five times more, and then not again', async () => {
    let engine = await engines.create(line);
    await engine.send('go', Message.integer(1));
    is(engine.begin('a'), undefined);
    for (let attempt = 1; attempt <= 5; attempt++) {
      engine = await engines.crash(engine, line);
      (await engine.begin('a')!)();
      is(engine.begin('b'), undefined, 'no packet waits at b');
    }
    engine = await engines.crash(engine, line);
    await raises(() => engine.begin('a')!, { code: 'TOO_MANY_ATTEMPTS' });
    const a = await engine.own({ node: 'a' });
    await a.commit(stepOf(await a.take(1)));
    (await engine.begin('a')!)();
    is(engine.begin('a'), undefined);
    await engine.close();
  });
});

suite('network in a Durable Object', test => {
  test('a call returns the packets that it caused, and states outlive the process', async () => {
    const space = new FakeNamespace(graph(), { network: { components: { X: Count } } });
    for (let n = 1; n <= 3; n++) {
      const object = await space.object('one');
      equal((await object.call({ go: Message.flow() })).packets, [{ end: Message.integer(n) }]);
      space.kill('one');
    }
    const other = await space.object('two');
    equal((await other.call({ go: Message.flow() })).packets, [{ end: Message.integer(1) }]);
    const { nodes, outbox } = await other.status();
    equal([nodes.a!.state, outbox], [{ count: 1 }, {}]);
    equal(await other.read('end'), []);
  });

  test('results are plain, because RPC sends no instances of classes', async () => {
    const Floats: Component = (_, { state }) => {
      state.set('n', { list: [1.5] });
      return { out: Message.array([JSON.parse('1.5'), new Uint8Array([1])] as never) };
    };
    const object = await new FakeNamespace(graph(), { network: { components: { X: Floats } } }).object('o');
    const { packets } = await object.call({ go: Message.float(2) });
    equal(structuredClone(packets), packets);
  });

  test('packets of a source are taken once, in order, each source for itself, also after the process has died', async () => {
    const space = new FakeNamespace(graph(), { network: { components: { X: Pass } } });
    let object = await space.object('o');
    is(await object.deliver('s', items(1, 5)), 5);
    is(await object.deliver('s', items(3, 7)), 5);
    space.kill('o');
    object = await space.object('o');
    is(await object.deliver('s', items(1, 9)), 9);
    is(await object.deliver('t', [item(4, 104), item(9, 109)]), 2);
    const all = await Promise.all([object.deliver('s', items(8, 20)), object.deliver('s', items(8, 20))]);
    equal(all, [13, 13]);
    await until(async () => (await object.read('end')).length === 22);
    const data = dataOf(await object.read('end'));
    equal(
      data.filter(n => Number(n) < 100),
      range(20),
    );
    equal(
      data.filter(n => Number(n) > 100),
      [104, 109],
    );
  });

  test.row('limit.leavingBytes', 'a message that is too large to leave becomes a dead letter', async () => {
    const Long: Component = ({ in: message }) => ({
      out: Message.string('\u0001'.repeat(Number(message!.data))),
    });
    const object = await new FakeNamespace(graph(), { network: { components: { X: Long } } }).object('o');
    await object.deliver('s', [item(1, 333_000), item(2, 334_000), item(3, 1)]);
    await until(async () => (await object.read('end')).length === 2);
    const [letter, ...more] = await object.deadLetters();
    equal([letter!.code, letter!.message.data, more.length], ['STEP_TOO_LARGE', 334_000, 0]);
    match(letter!.error, /over the limit of 2,000,000/);
  });

  test('packets with an id are taken once', async () => {
    const space = new FakeNamespace(graph(), { network: { components: { X: Pass } } });
    for (const id of ['a', 'a', 'b']) {
      await (await space.object('o')).accept({ go: Message.string(id) }, id);
      space.kill('o');
    }
    const object = await space.object('o');
    await until(async () => (await object.read('end')).length === 2);
    equal(dataOf(await object.read('end')), ['a', 'b']);
  });

  test('readers get messages again until they name the number of the last, and no message twice after that', async () => {
    const space = new FakeNamespace(graph(), { network: { components: { X: Pass } } });
    let object = await space.object('o');
    await object.deliver('s', items(1, 250));
    await until(async () => (await object.read('end', 0, 1000)).length === 250);
    const first = await object.read('end', 0, 3);
    equal(dataOf(first), [1, 2, 3]);
    equal(await object.read('end', 0, 3), first);
    space.kill('o');
    object = await space.object('o');
    const next = await object.read('end', first[2]![0]);
    equal([next.length, dataOf(next)[0]], [100, 4]);
    equal(await object.read('end', 0, 1), next.slice(0, 1));
    await object.read('end', 1_000_000);
    equal([(await object.read('end')).length, space.storageOf('o').outbox.length], [0, 0]);
  });

  test('deliver takes as many packets as there is room for, and the rest when there is room again', async () => {
    let free = () => {};
    const stopped = new Promise<void>(resolve => {
      free = resolve;
    });
    const Slow: Component = async packet => {
      await stopped;
      return { out: packet.in! };
    };
    const options = { network: { components: { X: Slow }, capacity: 10 } };
    const object = await new FakeNamespace(graph(), options).object('o');
    is(await object.deliver('s', items(1, 64)), 10);
    is(await object.deliver('s', items(1, 64)), 10);
    is(await object.deliver('t', items(1, 3)), 0);
    free();
    await until(async () => (await object.deliver('s', items(1, 64))) === 64);
    await until(async () => (await object.read('end')).length === 64);
    equal(dataOf(await object.read('end')), range(64));
  });

  test('a packet that nobody can read becomes a dead letter, and does not stop those after it', async () => {
    const object = await new FakeNamespace(graph(), { network: { components: { X: Pass } } }).object('o');
    const wrong = ['{', '[]', '{}', '{"go":1}', '{"none":{"type":"Flow"}}', '{"go":{"type":"Flow"},"b":1}'];
    const given = wrong.map((packet, at): [number, string] => [at + 1, packet]);
    is(await object.deliver('s', [...given, item(7)]), 7);
    is(await object.deliver('s', given), 6);
    await until(async () => (await object.read('end')).length === 1);
    const letters = await object.deadLetters();
    equal(
      letters.map(({ message }) => message.data),
      wrong,
    );
    equal(
      letters.map(({ code }) => code),
      [
        'JSON_SYNTAX',
        'INVALID_MESSAGE',
        'INVALID_MESSAGE',
        'MESSAGE_SKIPPED',
        'UNKNOWN_PORT',
        'INVALID_MESSAGE',
      ],
    );
  });

  const HOSTILE: readonly [string, RegExp, (object: never) => unknown][] = [
    ['a source that is not a string', /deliver: source/, (o: Rpc) => o.deliver(1, [])],
    ['items that are not an array', /deliver: items/, (o: Rpc) => o.deliver('s', 'x')],
    ['an item without a packet', /items\[0\]: expected \[number, JSON\]/, (o: Rpc) => o.deliver('s', [[1]])],
    ['a number below 1', /items\[1\]\[0\]/, (o: Rpc) => o.deliver('s', [item(1), [0, '{}']])],
    ['a number that is not whole', /items\[0\]\[0\]/, (o: Rpc) => o.deliver('s', [[1.5, '{}']])],
    ['a packet that is not an object', /packet/, (o: Rpc) => o.call(5)],
    ['a port that is not there', /no inport "x"/, (o: Rpc) => o.call({ x: Message.flow() })],
    ['an id that is not a string', /accept: id/, (o: Rpc) => o.accept({}, 5)],
    ['an outport that is not there', /no outport "x"/, (o: Rpc) => o.read('x')],
    ['a number of messages below 1', /read: most/, (o: Rpc) => o.read('end', 0, 0)],
    ['a negative number of the last message', /read: after/, (o: Rpc) => o.read('end', -1)],
  ];
  interface Rpc {
    deliver(...given: unknown[]): unknown;
    call(...given: unknown[]): unknown;
    accept(...given: unknown[]): unknown;
    read(...given: unknown[]): unknown;
  }
  for (const [name, message, act] of HOSTILE)
    test(`${name} is refused, and the object goes on`, async () => {
      const space = new FakeNamespace(graph(), { network: { components: { X: Pass } } });
      const object = await space.object('o');
      await raises(() => act(object as never), { message });
      is(await object.deliver('s', [item(1)]), 1);
      equal(space.aborted, []);
    });

  test('an alarm is set while work is left, sooner when work comes, and seldom while nothing moves', async () => {
    const space = new FakeNamespace(graph(), {
      network: { components: { X: () => new Promise<never>(() => {}) } },
    });
    const object = await space.object('o');
    const storage = space.storageOf('o');
    is(storage.alarmMs, null);
    await object.deliver('s', [item(1)]);
    const inMs = () =>
      storage.alarmMs === null ? null : Math.round((storage.alarmMs - Date.now()) / 1000) * 1000;
    equal(inMs(), 5000);
    const delays: (number | null)[] = [];
    for (let ring = 0; ring < 9; ring++) {
      storage.alarmMs = null;
      await object.alarm();
      delays.push(inMs());
    }
    equal(delays, [5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
    await object.deliver('s', [item(2)]);
    equal(inMs(), 5000);
  });

  test('no alarm is set when nothing can be done, as for a message that waits at a join', async () => {
    const join = {
      ...graph(),
      processes: { a: { component: 'X', metadata: { await_all_inports: true } } },
      inports: { go: { nodeId: 'a', portId: 'in' }, other: { nodeId: 'a', portId: 'other' } },
    };
    const space = new FakeNamespace(join, { network: { components: { X: Pass } } });
    await (await space.object('o')).deliver('s', [item(1)]);
    space.kill('o');
    const storage = space.storageOf('o');
    const object = await space.object('o');
    await wait(5);
    storage.alarmMs = null;
    await object.alarm();
    is(storage.alarmMs, null);
  });

  test('work of a process that has died goes on with its alarm alone', async () => {
    let isStopped = true;
    const Once: Component = packet => (isStopped ? new Promise<never>(() => {}) : { out: packet.in! });
    const space = new FakeNamespace(graph(), { network: { components: { X: Once } } });
    await (await space.object('o')).deliver('s', items(1, 20));
    isStopped = false;
    space.kill('o');
    ok(space.storageOf('o').alarmMs !== null);
    await (await space.object('o')).alarm();
    await until(() => space.storageOf('o').outbox.length === 20);
  });

  test('a network that fails ends its object, which begins anew from its storage', async () => {
    const cycle = {
      ...graph(),
      connections: [{ from: { nodeId: 'a', portId: 'again' }, to: { nodeId: 'a', portId: 'in' } }],
    };
    let copies = 3;
    const Copies: Component = packet => [...Array(copies)].map(() => ({ again: packet.in! }));
    const network = { components: { X: Copies }, cycleCapacity: 20 };
    const space = new FakeNamespace(cycle, { network });
    await (await space.object('o')).deliver('s', [item(1)]);
    await until(() => space.aborted.length > 0);
    match(space.aborted[0]!, /NETWORK_OVERFLOW|cycle/);
    copies = 0;
    const object = await space.object('o');
    await until(async () => (await object.status()).nodes.a!.steps > 10);
    is(space.aborted.length, 1);
  });

  test('a wrong graph or option is refused where the class is made, and a wrong way where the object is made', async () => {
    class Base {}
    for (const Other of [5, null, () => {}, {}])
      throws(() => durableNetwork(Other as never, graph()), /expected the class DurableObject/);
    throws(() => durableNetwork(Base, { properties: {} }), /name/);
    throws(() => durableNetwork(Base, graph(), { network: { capacity: -1 } }), /capacity/);
    const engine = { engine: {} } as never;
    throws(() => durableNetwork(Base, graph(), { network: engine }), /engine/);
    throws(() => durableNetwork(Base, graph(), { forward: { end: { binding: 'B' } as never } }), /port/);
    const forward = { none: { binding: 'B', name: 'x', port: 'go' } };
    const space = new FakeNamespace(graph(), { network: { components: { X: Pass } }, forward });
    await raises(() => space.object('o'), { message: /forward: the network has no outport "none"/ });
  });
});

suite('networks in several Durable Objects', test => {
  /** A network whose messages go to another one. */
  function pair(random: Random | undefined, name?: (message: Message) => string) {
    const env: Record<string, FakeNamespace> = {};
    const forward = { end: { binding: 'BACK', port: 'go', ...(name && { name }) } };
    const front = new FakeNamespace(graph('front'), { network: { components: { X: Pass } }, forward }, env);
    const back = new FakeNamespace(graph('back'), { network: { components: { X: Pass } } });
    env.BACK = back;
    // Each failure in a row doubles the pause before the next delivery.
    let inARow = 0;
    const mayFail = () => {
      if (!random || inARow === 3 || random.below(4) > 0) return;
      inARow++;
      throw new Error('the network is down');
    };
    back.before = mayFail;
    back.after = () => {
      mayFail();
      inARow = 0;
    };
    return { front, back };
  }

  test('messages go to the other object once, in order, while both die at random and deliveries fail before and after', async () => {
    const random = new Random(Date.now() & 0xffff_ffff);
    const { front, back } = pair(random);
    const COUNT = 400;
    for (let seq = 1; seq <= COUNT; ) {
      const upTo = Math.min(COUNT, seq + random.below(20));
      try {
        const from = Math.max(1, seq - random.below(5));
        const taken = await (await front.object('o')).deliver('s', items(from, upTo));
        seq = from + taken;
      } catch {
        // The object has died meanwhile.
      }
      if (random.below(8) === 0) front.kill('o');
      if (random.below(8) === 0) back.kill('o');
      await wait();
    }
    const read = async () => (await back.object('o')).read('end', 0, 1000);
    const isThere = until(async () => {
      await front.object('o');
      return (await read()).length >= COUNT;
    });
    await isThere.catch(async (cause: unknown) => {
      const states = [await (await front.object('o')).status(), await (await back.object('o')).status()];
      const has = `${(await read()).length} of ${COUNT}`;
      throw new Error(`seed ${random.seed}: ${has}: ${JSON.stringify(states)}`, { cause });
    });
    equal(dataOf(await read()), range(COUNT), `seed ${random.seed}`);
    await until(() => front.storageOf('o').outbox.length === 0);
  });

  test('a target that fails or is full holds no other', async () => {
    const { front, back } = pair(undefined, message => (Number(message.data) % 2 === 0 ? 'even' : 'odd'));
    let isDown = true;
    back.before = name => {
      if (isDown && name === 'odd') throw new Error('odd is down');
    };
    const object = await front.object('o');
    is(await object.deliver('s', items(1, 200)), 200);
    const even = await back.object('even');
    await until(async () => (await even.read('end', 0, 1000)).length === 100);
    const { outbox } = await object.status();
    const [[target, waiting] = []] = Object.entries(outbox);
    equal([target, waiting!.packets, waiting!.error], ['["BACK","odd","go"]', 100, 'odd is down']);
    ok(waiting!.failures > 0);
    isDown = false;
    await until(async () => (await (await back.object('odd')).read('end', 0, 1000)).length === 100);
    equal((await object.status()).outbox, {});
  });

  test('a name that cannot be found makes a dead letter, and messages after it go on', async () => {
    const { front, back } = pair(undefined, message => {
      if (message.data === 2) throw new Error('no name');
      return message.data === 3 ? (5 as never) : 'x';
    });
    const object = await front.object('o');
    await object.deliver('s', items(1, 4));
    await until(async () => (await (await back.object('x')).read('end')).length === 2);
    equal(
      (await object.deadLetters()).map(({ port, message }) => [port, message.data]),
      [
        ['end', 2],
        ['end', 3],
      ],
    );
  });

  test('a call gets the messages that go on to another object, too', async () => {
    const { front, back } = pair(undefined);
    const { packets } = await (await front.object('o')).call({ go: Message.integer(1) });
    equal(packets, [{ end: Message.integer(1) }]);
    await until(async () => (await (await back.object('o')).read('end')).length === 1);
  });

  test('an answer that is not a number of packets counts as a failure', async () => {
    let answer = 65;
    const BACK = { idFromName: () => 0, get: () => ({ deliver: async () => answer }) };
    const env: Record<string, unknown> = { BACK };
    const forward = { end: { binding: 'BACK', port: 'go' }, none: { binding: 'NONE', port: 'go' } };
    const two = { ...graph(), outports: { ...graph().outports, none: { nodeId: 'a', portId: 'out' } } };
    const space = new FakeNamespace(two, { network: { components: { X: Pass } }, forward }, env);
    const object = await space.object('o');
    await object.deliver('s', [item(1)]);
    await until(async () =>
      Object.values((await object.status()).outbox).every(({ failures }) => failures > 0),
    );
    const errors = Object.values((await object.status()).outbox).map(({ error }) => error);
    match(errors[0]!, /expected a number of packets from 0 to 1, got 65/);
    match(errors[1]!, /env has no Durable Object binding "NONE"/);
    // Full, which is not a failure.
    answer = 0;
    env.NONE = BACK;
    await until(async () =>
      Object.values((await object.status()).outbox).every(({ failures }) => failures === 0),
    );
    is(Object.keys((await object.status()).outbox).length, 2);
    answer = 1;
    await until(async () => Object.keys((await object.status()).outbox).length === 0);
  });
});
