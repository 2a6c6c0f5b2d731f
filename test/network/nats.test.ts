import { type JsonValue, Message } from '../../src/actor/index.ts';
import type { Engine } from '../../src/network/engine/engine.ts';
import { makers } from '../../src/network/engine/lasting.ts';
import { type Component, Network } from '../../src/network/index.ts';
import { NatsEngine } from '../../src/network/nats/index.ts';
import { linesOf } from '../../src/network/nats/nats-log.ts';
import { engineContract, planOf, stepOf, takeAll } from '../contract/engine.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { ACTOR } from '../option-tables.ts';
import { checkSchedule } from './engine-model.ts';
import { FakeNats, fakeClient } from './fake-nats.ts';
import { NatsEngines, TestEngine } from './nats-engines.ts';

const SEEDS = host().thorough ? 30 : 10;
const TRACE = { causes: [], hops: 0 };
const KIB = 1024;
const line = planOf('> go -> a.in', 'a.out -> b.in', 'b.out -> end >');
const sent = (port: string, ...values: number[]) =>
  values.map(value => ({ port, message: Message.integer(value), trace: TRACE }));
const integer = (value: number) => new TextEncoder().encode(`{"type":"Integer","data":${value}}`);

suite('engine on NATS', test => {
  const fake = new FakeNats();
  const server = { client: fakeClient, connect: async () => fake.connect() };
  const engines = new NatsEngines(server);
  const messagesOf = (engine: Engine, stream: string) =>
    fake.streams.get(`PB_${engines.nameOf(engine)}_${stream}`)!.messages;

  engineContract(test, {
    create: (plan, options = {}) => engines.create(plan, options),
    crash: (engine, plan) => engines.crash(engine, plan),
  });

  test('random schedules of take, commit, fence and crash lose and double nothing', async () => {
    const first = Date.now() & 0xffff_ffff;
    for (let seed = first; seed < first + SEEDS; seed++) await checkSchedule(seed, engines);
  });

  test('commits that were not on the server when the process died are gone as a whole', async () => {
    let engine = await engines.create(line);
    await engine.send('go', Message.integer(1));
    const a = await engine.own({ node: 'a' });
    const state = new Map<string, JsonValue>([['n', 1]]);
    await a.commit(stepOf(await a.take(1), { state, sent: sent('out', 5) }));
    engine = await engines.kill(engine, line);
    const again = await engine.own({ node: 'a' });
    is(again.record?.positions['> go'], undefined);
    equal(
      (await again.take(9)).map(({ message }) => message.data),
      [1],
    );
    await engine.close();
  });

  test('a packet leaves the network only after its commit is on the server', async () => {
    const engine = await engines.create(line);
    const b = await engine.own({ node: 'b' });
    const before = messagesOf(engine, 'LOG').length;
    await b.commit(stepOf([], { sent: sent('out', 1) }));
    is(messagesOf(engine, 'LOG').length, before);
    await engine.receive('end')[Symbol.asyncIterator]().next();
    is(messagesOf(engine, 'LOG').length, before + 1);
    await engine.close();
  });

  test('commits of one moment go into one record', async () => {
    const engine = await engines.create(line);
    const a = await engine.own({ node: 'a' });
    const before = messagesOf(engine, 'LOG').length;
    for (let n = 0; n < 100; n++) await a.commit(stepOf([], { sent: sent('out', n) }));
    await engine.flush();
    ok(messagesOf(engine, 'LOG').length - before < 50);
    await engine.close();
  });

  test('a record whose answer is lost, or that the leader of a cluster cannot take yet, is kept once', async () => {
    const engine = await engines.create(line);
    fake.silent = 1;
    for (const n of [1, 2]) await engine.send('go', Message.integer(n));
    fake.unavailable = 1;
    fake.open = 2;
    await engine.send('go', Message.integer(3));
    const next = await engines.crash(engine, line);
    equal(
      (await takeAll(await next.own({ node: 'a' }), 3)).map(({ message }) => message.data),
      [1, 2, 3],
    );
    await next.close();
  });

  test('a record larger than a message is split, and counts as a whole', async () => {
    const engine = await engines.create(line);
    const big = Message.string('x'.repeat(3 * 1024 * KIB));
    await engine.send('go', big);
    const parts = messagesOf(engine, 'LOG').map(({ headers }) => headers.get('Pb-Part'));
    equal(parts.slice(-4), ['1/4', '2/4', '3/4', '4/4']);
    // A worker that dies between two parts.
    await engine.send('go', big);
    messagesOf(engine, 'LOG').pop();
    const next = await engines.crash(engine, line);
    const a = await next.own({ node: 'a' });
    equal(
      (await a.take(9)).map(({ message }) => message),
      [big],
    );
    await next.close();
  });

  test('the log is written anew when it has grown, and keeps packets that were not read', async () => {
    const plan = planOf('a.out -> b.in');
    let engine = await engines.create(plan, { capacity: 10 });
    const big = { port: 'out', message: Message.string('x'.repeat(512 * KIB)), trace: TRACE };
    let [a, b] = [await engine.own({ node: 'a' }), await engine.own({ node: 'b' })];
    let most = 0;
    for (let n = 1; n <= 60; n++) {
      await a.commit(stepOf([], { state: new Map([['n', n]]), sent: [big, ...sent('out', n)] }));
      if (n > 3) await b.commit(stepOf(await takeAll(b, 2)));
      await engine.flush();
      const bytes = messagesOf(engine, 'LOG').reduce((sum, { data }) => sum + data.length, 0);
      most = Math.max(most, bytes);
    }
    ok(most < 16 * 1024 * KIB, `${most} bytes`);
    engine = await engines.crash(engine, plan);
    [a, b] = [await engine.own({ node: 'a' }), await engine.own({ node: 'b' })];
    const left = await takeAll(b, 6);
    equal(
      left.filter((_, at) => at % 2).map(({ message }) => message.data),
      [58, 59, 60],
    );
    equal([...(a.record!.state as Map<string, JsonValue>)], [['n', 60]]);
    await engine.close();
  });

  /** Lets a second worker take over from one that does not know of it, and returns the packets of node `b` in the end. */
  const splitBrain = async (isUnchecked: boolean) => {
    const name = `split-${isUnchecked}`;
    const start = async () => {
      const engine = new TestEngine(server, fake.connect(), { name }, {}, isUnchecked);
      await engine.open(line);
      return engine;
    };
    const old = await start();
    await old.send('go', Message.integer(1));
    const a = await old.own({ node: 'a' });
    const taken = await a.take(1);
    await engines.endLease(name);
    const next = await start();
    const again = await next.own({ node: 'a' });
    await again.commit(stepOf(await again.take(1), { sent: sent('out', 10) }));
    await next.flush();
    const stale = a.commit(stepOf(taken, { sent: sent('out', 10) })).then(() => old.flush());
    const error = await stale.then(
      () => undefined,
      (cause: unknown) => cause as Error,
    );
    await next.connection.close();
    await engines.endLease(name);
    const last = await start();
    const count = (await (await last.own({ node: 'b' })).take(9)).length;
    for (const engine of [old, next, last]) await engine.close().catch(() => {});
    return { error, count, lost: a.lost.aborted };
  };

  test('a worker that was replaced can append nothing, and ends', async () => {
    const { error, count, lost } = await splitBrain(false);
    match(error!.message, /another worker has taken it over/);
    equal([count, lost], [1, true]);
  });

  test('a control that appends without comparing is seen to fail', async () => {
    const outcome = await splitBrain(true).catch((error: Error) => error);
    ok(outcome instanceof Error || outcome.count !== 1 || !outcome.error, 'all was exact');
  });

  test('a second worker waits until the first gives the network back, and its wait ends with its signal', async () => {
    const engine = await engines.create(line);
    const name = engines.nameOf(engine);
    await engine.send('go', Message.integer(1));
    const controller = new AbortController();
    const given = new TestEngine(server, fake.connect(), { name });
    const opening = given.open(line, controller.signal);
    controller.abort(new Error('enough'));
    await raises(() => opening, { message: 'enough' });
    const second = engines.open(name, line);
    await engine.close();
    const next = await second;
    is((await (await next.own({ node: 'a' })).take(1))[0]!.message.data, 1);
    await next.close();
  });

  test('a worker renews its key, and ends when another one has taken it for dead', async () => {
    const engine = await engines.create(line);
    const name = engines.nameOf(engine);
    const lease = fake.streams.get(`KV_PB_${name}_LEASE`)!;
    const key = () => lease.messages.find(({ subject }) => subject.includes('.worker.'))!;
    const first = key().sequence;
    is(key().headers.get('Nats-TTL'), '2000ms');
    const a = await engine.own({ node: 'a' });
    while (key().sequence === first) await new Promise(resolve => setTimeout(resolve, 20));
    fake.publish(`pb.${name}.log`, new Uint8Array(), new Map([['Pb-Writer', 'another']]));
    await engines.endLease(name);
    const lost = await a.take(1).then(
      () => undefined,
      (error: { code?: string }) => error.code,
    );
    is(lost, 'NODE_FENCED');
    await raises(() => engine.own({ node: 'a' }), {
      code: 'STATE_STORE_FAILED',
      message: /another worker has taken it over/,
    });
    await engine.close();
  });

  test.row('error.NATS_TOO_OLD', 'a server on which a lease has no end is refused', async () => {
    for (const [version, is] of [
      ['2.9.10', 'nats-server 2.9.10'],
      ['2.10.29', 'nats-server 2.10.29'],
      ['1.99.0', 'nats-server 1.99.0'],
    ] as const) {
      const engine = new NatsEngine(fake.connect(version), { name: 'old' });
      const create = () => Network.create(pass(), { components: { Pass }, engine });
      await raises(create, {
        code: 'NATS_TOO_OLD',
        message: `NatsEngine: expected nats-server 2.11 or later, got ${is}; a lease has no end there`,
      });
    }
  });

  test.row(
    'error.NATS_CLIENT_MISSING',
    'without the client, one sentence says which package to install',
    async () => {
      const engine = new NatsEngine(fake.connect(), { name: 'missing' });
      await raises(() => Network.create(pass(), { components: { Pass }, engine }), {
        code: 'NATS_CLIENT_MISSING',
        message: 'NatsEngine needs the package @nats-io/nats-core; run `npm install @nats-io/nats-core`',
      });
    },
  );

  test('a server that does not answer gives one warning, and is asked on', async () => {
    const warnings: string[] = [];
    const options = { name: 'silent', onWarning: (message: string) => void warnings.push(message) };
    const engine = new TestEngine(server, fake.connect(), options);
    fake.unavailable = 25;
    await engine.open(line);
    match(
      warnings[0]!,
      /JetStream does not answer \$JS\.API\.STREAM\.INFO\.KV_PB_silent_LEASE: timeout; the engine/,
    );
    is(warnings.length, 2);
    await engine.close();
  });

  test('a single server gives a warning, and a closed connection an error', async () => {
    const warnings: string[] = [];
    const options = { name: 'warned', onWarning: (message: string) => void warnings.push(message) };
    const engine = new TestEngine(server, fake.connect(), options);
    await engine.open(line);
    is(warnings.length, 1);
    match(warnings[0]!, /sync_interval: always/);
    await engine.connection.close();
    await raises(() => engine.send('go', Message.flow()), {
      code: 'STATE_STORE_FAILED',
      message: /connection is closed/,
    });
    await engine.close();
  });

  test.row(
    ['limit.attempts', 'error.TOO_MANY_ATTEMPTS'],
    'a step that ends process after process is begun five times more, and then not again',
    async () => {
      let engine = await engines.create(line);
      await engine.send('go', Message.integer(1));
      is(engine.begin('a'), undefined);
      for (let attempt = 1; attempt <= 5; attempt++) {
        engine = await engines.kill(engine, line);
        const end = await engine.begin('a')!;
        // The others wait until it is at its end, and then count for themselves.
        const other = engine.begin('b')!;
        end();
        (await other)();
        const b = await engine.own({ node: 'b' });
        await b.commit(stepOf([]));
        // Steps wait until the one before is safe, so that a death does not count for it.
        (await engine.begin('b')!)();
        is(engine.begin('b'), undefined);
      }
      engine = await engines.kill(engine, line);
      await raises(() => engine.begin('a')!, {
        code: 'TOO_MANY_ATTEMPTS',
        message: /5 processes in a row have died/,
      });
      const a = await engine.own({ node: 'a' });
      await a.commit(stepOf(await a.take(1)));
      (await engine.begin('a')!)();
      is(engine.begin('a'), undefined);
      engine = await engines.crash(engine, line);
      (await engine.begin('a')!)();
      // A worker that ends in peace leaves no doubt.
      const name = engines.nameOf(engine);
      await engine.close();
      engine = await engines.open(name, line);
      is(engine.begin('a'), undefined);
      await engine.close();
    },
  );

  test('a packet that ends process after process becomes a dead letter, and those after it go on', async () => {
    const name = 'poison';
    let deaths = 0;
    const Poison = (packet: { in?: Message }) => {
      if (packet.in!.data !== 13) return { out: packet.in! };
      deaths++;
      // The process is gone: the step never ends.
      return new Promise<never>(() => {});
    };
    const start = () => expose(name, {}, Poison);
    let { network, connection } = await start();
    for (const n of [12, 13, 14]) fake.publish(`pb.${name}.in.go`, integer(n));
    for (let run = 1; run <= 6; run++) {
      network.start();
      while (deaths < run) await new Promise(resolve => setTimeout(resolve, 5));
      await connection.close();
      void network.stop({ drain: false }).catch(() => {});
      await engines.endLease(name);
      ({ network, connection } = await start());
    }
    network.start();
    equal(await outOf(name, 2), [12, 14]);
    const [letter] = await network.deadLetters();
    equal([letter!.code, letter!.message.data, deaths], ['TOO_MANY_ATTEMPTS', 13, 6]);
    await network.stop();
  });

  const pass = (name = 'pass') => ({
    properties: { name },
    processes: { a: { component: 'Pass' } },
    connections: [],
    inports: { go: { nodeId: 'a', portId: 'in' } },
    outports: { end: { nodeId: 'a', portId: 'out' } },
  });
  const Pass = (packet: { in?: Message }) => ({ out: packet.in! });
  /** Runs a network whose ports are subjects. */
  const expose = async (name: string, bounds = {}, component: Component = Pass) => {
    const connection = fake.connect();
    const engine = { flush: async () => {}, lastId: () => undefined };
    makers.set(
      engine,
      given => new TestEngine(server, connection, { name, exposed: true }, { ...given, ...bounds }),
    );
    const network = await Network.create(pass(name), { components: { Pass: component }, engine });
    return { network, connection };
  };
  const outOf = async (name: string, count: number) => {
    const stream = fake.streams.get(`PB_${name}_OUT`)!;
    while (stream.messages.length < count) await new Promise(resolve => setTimeout(resolve, 5));
    return stream.messages.map(
      ({ data }) => (JSON.parse(new TextDecoder().decode(data)) as { data: unknown }).data,
    );
  };

  test('messages of subjects go through the network once, in order, also after its process has died', async () => {
    const name = 'exposed';
    const { network, connection } = await expose(name);
    const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    network.start();
    for (let n = 1; n <= 300; n++)
      fake.publish(`pb.${name}.in.go`, integer(n), new Map(n === 1 ? [['traceparent', PARENT]] : []));
    await outOf(name, 300);
    await connection.close();
    await network.stop({ drain: false }).catch(() => {});
    await engines.endLease(name);
    const again = await expose(name);
    for (let n = 301; n <= 400; n++) fake.publish(`pb.${name}.in.go`, integer(n));
    again.network.start();
    equal(
      await outOf(name, 400),
      Array.from({ length: 400 }, (_, at) => at + 1),
    );
    const [first] = fake.streams.get(`PB_${name}_OUT`)!.messages;
    match(first!.headers.get('traceparent')!, /^00-0af7651916cd43dd8448eb211c80319c-/);
    const { packets } = await again.network.call({ go: Message.integer(7) });
    equal(
      packets.map(({ end }) => end!.data),
      [7],
    );
    is((await outOf(name, 401)).length, 401);
    await again.network.stop();
    is(fake.streams.get(`PB_${name}_IN`)!.messages.length <= 400, true);
  });

  test('of two messages with one id, one goes on, and messages of the outside that were removed are not missed', async () => {
    const name = 'ids';
    const { network } = await expose(name);
    network.start();
    const id = (text: string) => new Map([['Nats-Msg-Id', text]]);
    for (const [n, text] of [
      [1, 'a'],
      [2, 'a'],
      [3, 'b'],
    ] as const)
      fake.publish(`pb.${name}.in.go`, integer(n), id(text));
    equal(await outOf(name, 2), [1, 3]);
    fake.streams.get(`PB_${name}_OUT`)!.messages = [];
    fake.publish(`pb.${name}.in.go`, integer(4), id('c'));
    equal(await outOf(name, 1), [4]);
    await network.stop();
  });

  test('after a message that could not be kept, none is kept, and all come again to the next worker', async () => {
    const name = 'gap';
    let engine = await engines.open(name, line, {}, { exposed: true });
    for (const n of [1, 2, 3]) fake.publish(`pb.${name}.in.go`, integer(n));
    const feeding = engine.feed(async (port, message, options) => {
      if (message.data === 2) throw new Error('lost');
      await engine.send(port, message, options);
    });
    await raises(() => feeding, { message: 'lost' });
    await engine.flush();
    engine = await engines.kill(engine, line, { exposed: true });
    const again = engine.feed(
      async (port, message, options) => void (await engine.send(port, message, options)),
    );
    const a = await engine.own({ node: 'a' });
    equal(
      (await takeAll(a, 3)).map(({ message }) => message.data),
      [1, 2, 3],
    );
    engine.halt();
    await again;
    await engine.close();
  });

  test('a message that is not one becomes a dead letter, and those after it go on', async () => {
    const name = 'wrong';
    const { network, connection } = await expose(name);
    network.start();
    fake.publish(`pb.${name}.in.go`, new TextEncoder().encode('{'));
    fake.publish(`pb.${name}.in.other`, integer(1));
    fake.publish(`pb.${name}.in.go`, integer(2));
    equal(await outOf(name, 1), [2]);
    await connection.close();
    await network.stop({ drain: false }).catch(() => {});
    await engines.endLease(name);
    const again = await expose(name);
    const [letter] = await again.network.deadLetters();
    equal([letter!.node, letter!.port, letter!.code], ['', 'go', 'JSON_SYNTAX']);
    await again.network.stop();
  });

  test('a message that was sent, but whose position was not kept, is not sent again', async () => {
    const name = 'sent';
    const { network, connection } = await expose(name);
    network.start();
    fake.publish(`pb.${name}.in.go`, integer(1));
    await outOf(name, 1);
    // Before the log has the position of the reader.
    await connection.close();
    await network.stop({ drain: false }).catch(() => {});
    await engines.endLease(name);
    const again = await expose(name);
    again.network.start();
    fake.publish(`pb.${name}.in.go`, integer(2));
    equal(await outOf(name, 2), [1, 2]);
    await again.network.stop();
  });

  test('a module without a time limit, or with one over half of the lease, is refused', async () => {
    const graph = (metadata = {}) => ({
      properties: { name: 'timed' },
      processes: { a: { component: 'X', metadata } },
      connections: [],
    });
    const create = (timeoutMs: number | undefined, metadata?: object) =>
      Network.create(graph(metadata), {
        components: { X: { source: ACTOR } },
        actors: { timeoutMs },
        engine: new NatsEngine(fake.connect(), { leaseMs: 4000 }),
      });
    const limit = 'Network: actors.timeoutMs of node "a": expected at most 2,000 ms, half of leaseMs, got ';
    await raises(() => create(undefined), { code: 'INVALID_CONFIG', message: `${limit}no limit` });
    await raises(() => create(2001), { code: 'INVALID_CONFIG', message: `${limit}2001` });
    await raises(() => create(1, { timeout_ms: 3000 }), { code: 'INVALID_CONFIG', message: `${limit}3000` });
    for (const [timeoutMs, metadata] of [
      [2000, {}],
      [9000, { timeout_ms: 1 }],
    ] as const)
      await raises(() => create(timeoutMs, metadata), { code: 'NATS_CLIENT_MISSING' });
    const inManifestSpelling = Network.create(graph(), {
      components: { X: { source: ACTOR } },
      actors: { timeout_ms: 2000 },
      engine: new NatsEngine(fake.connect(), { leaseMs: 4000 }),
    });
    await raises(() => inManifestSpelling, { code: 'NATS_CLIENT_MISSING' });
  });

  test('names and options that do not fit are refused', async () => {
    const connection = fake.connect();
    await raises(() => new NatsEngine({} as never), {
      code: 'INVALID_CONFIG',
      message: /a connection of NATS/,
    });
    await raises(() => new NatsEngine(connection, { leaseMs: 1000 }), {
      code: 'INVALID_CONFIG',
      message: /2000 or more/,
    });
    const create = (name: string, engine: NatsEngine) =>
      Network.create(pass(name), { components: { Pass }, engine });
    await raises(() => create('a b', new NatsEngine(connection)), {
      code: 'INVALID_CONFIG',
      message: /name: the graph has the name a b/,
    });
    const used = new NatsEngine(connection);
    await raises(() => create('used', used), { code: 'NATS_CLIENT_MISSING' });
    await raises(() => create('used', used), { code: 'INVALID_CONFIG', message: /make one for each/ });
  });

  test('a record without a line feed at its end is read', () => {
    const text = new TextDecoder();
    const lines = linesOf(new TextEncoder().encode('"a"\none\n"b"\ntwo'));
    equal(
      [...lines].map(([node, line]) => [node, text.decode(line)]),
      [
        ['"a"', 'one\n'],
        ['"b"', 'two'],
      ],
    );
  });

  test('the engines end', () => engines.end());
});
