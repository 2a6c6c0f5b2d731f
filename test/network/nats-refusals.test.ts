import { Message } from '../../src/actor/index.ts';
import { makers } from '../../src/network/engine/lasting.ts';
import { type Component, Network } from '../../src/network/index.ts';
import { JetStream } from '../../src/network/nats/jet-stream.ts';
import { makeNatsEngine } from '../../src/network/nats/nats-engine.ts';
import { ObjectStore } from '../../src/network/nats/object-store.ts';
import { readNetwork } from '../../src/network/nats/report.ts';
import { equal, is, match, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { FakeNats, fakeClient } from './fake-nats.ts';
import { seamsOf, settingsOf } from './nats-engines.ts';

const KIB = 1024;
const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
const load = async () => fakeClient;
const graph = (name: string) => ({
  properties: { name },
  processes: { a: { component: 'A' } },
  connections: [],
  inports: { go: { nodeId: 'a', portId: 'in' } },
  outports: { end: { nodeId: 'a', portId: 'out' } },
});
/** Sends as many characters as the message says. */
const Long: Component = packet => ({ out: Message.string('x'.repeat(packet.in!.data as number)) });
const bytesOf = (message: object) => new TextEncoder().encode(JSON.stringify(message));
const signal = new AbortController().signal;

suite('refusals of NATS', test => {
  const fake = new FakeNats();
  const warnings: string[] = [];
  const start = async (name: string, more = {}) => {
    const engine = { flush: async () => {}, lastId: () => undefined };
    const settings = settingsOf({
      exposed: true,
      onWarning: (message: string) => void warnings.push(message),
      ...more,
    });
    const connection = fake.connect();
    makers.set(engine, bounds =>
      makeNatsEngine(connection, settings, bounds, seamsOf({ client: fakeClient })),
    );
    const network = await Network.create(graph(name), { components: { A: Long }, engine });
    network.start();
    return { network, connection };
  };
  const send = (name: string, data: number) =>
    fake.publish(`pb.${name}.in.go`, bytesOf({ type: 'Integer', data }));
  const lengthsOf = async (name: string, count: number) => {
    const left = () => fake.streams.get(`PB_${name}_OUT`)?.messages ?? [];
    while (left().length < count) await wait(5);
    return left().map(
      ({ data }) => (JSON.parse(new TextDecoder().decode(data)) as { data: string }).data.length,
    );
  };
  const silences = () => warnings.filter(warning => warning.includes('does not answer'));

  for (const spread of [false, true])
    test(`a message that is too large for the server becomes a dead letter, and those behind it leave${spread ? ', spread' : ''}`, async () => {
      const name = `large${spread}`;
      fake.maxPayload = 8 * KIB;
      const { network, connection } = await start(name, { spread });
      for (const length of [1, 9 * KIB, 2]) send(name, length);
      equal(await lengthsOf(name, 2), [1, 2]);
      const [letter] = await network.deadLetters();
      equal([letter!.node, letter!.port, letter!.code], ['', 'end', 'STEP_TOO_LARGE']);
      match(
        letter!.error,
        /^NATS: pb\.large\w+\.out\.end: expected a message of at most 8192 bytes with its headers, got 9\d{3}; send less at once, or raise max_payload of the nats-server$/,
      );
      is((letter!.message.data as string).length, 9 * KIB);
      is(await network.redrive(letter!), false);
      // The letter lasts, and the message does not come again.
      await network.stop({ drain: false });
      await connection.close();
      const next = await start(name, { spread });
      send(name, 3);
      equal(await lengthsOf(name, 3), [1, 2, 3]);
      is((await next.network.deadLetters()).length, 1);
      const dead = await (await readNetwork(fake.connect(), name, load))!.dead();
      equal(
        dead.map(({ port, code }) => [port, code]),
        [['end', 'STEP_TOO_LARGE']],
      );
      await next.network.stop();
      equal(silences(), []);
    });

  test('a message that waits when its network is started again with a smaller limit becomes a dead letter', async () => {
    const name = 'smaller';
    fake.maxPayload = 8 * KIB;
    const first = await start(name);
    send(name, 1);
    await lengthsOf(name, 1);
    // Nothing leaves until the process has died.
    const request = first.connection.request.bind(first.connection);
    first.connection.request = (subject, ...given) =>
      subject.startsWith('pb.smaller.out.') ? new Promise(() => {}) : request(subject, ...given);
    send(name, 5 * KIB);
    const isKept = () =>
      fake.streams
        .get(`PB_${name}_LOG`)!
        .messages.some(({ data }) => new TextDecoder().decode(data).includes('x'.repeat(5 * KIB)));
    while (!isKept()) await wait(5);
    await first.connection.close();
    void first.network.stop({ drain: false }).catch(() => {});
    fake.streams.get(`KV_PB_${name}_LEASE`)!.messages = [];
    fake.maxPayload = 4 * KIB;
    const next = await start(name);
    send(name, 2);
    equal(await lengthsOf(name, 2), [1, 2]);
    equal(
      (await next.network.deadLetters()).map(({ code }) => code),
      ['STEP_TOO_LARGE'],
    );
    await next.network.stop();
  });

  test('send of a spread network rejects a message that is too large, and takes the next one', async () => {
    fake.maxPayload = 8 * KIB;
    const { network } = await start('sent', { spread: true });
    const { send } = network.inports.go!;
    await raises(() => send(Message.string('x'.repeat(9 * KIB))), {
      code: 'STEP_TOO_LARGE',
      message: /^NATS: pb\.sent\.in\.go: expected a message of at most 8192 bytes/,
    });
    await send(Message.integer(4));
    equal(await lengthsOf('sent', 1), [4]);
    await network.stop();
    equal(silences(), []);
  });

  test('the size of a message with its headers is the one that the client counts', async () => {
    const jetStream = await JetStream.on(fake.connect(), signal, () => {}, load);
    await jetStream.ensureStream('SIZES', { subjects: ['sizes'] });
    fake.maxPayload = 100;
    for (const [headers, bytes] of [
      [{}, 100],
      [{ a: undefined }, 100],
      [{ 'Pb-Number': '3' }, 74],
    ] as const) {
      await jetStream.publish('sizes', 'x'.repeat(bytes), headers);
      await raises(() => jetStream.publish('sizes', 'x'.repeat(bytes + 1), headers), {
        code: 'STEP_TOO_LARGE',
      });
    }
    fake.maxPayload = 2 ** 20;
  });

  test('an object goes through a server that takes small messages', async () => {
    fake.maxPayload = KIB;
    const jetStream = await JetStream.on(fake.connect(), signal, () => {}, load);
    const store = new ObjectStore(jetStream, 'small', {});
    const bytes = Uint8Array.from({ length: 10 }, (_, index) => index);
    const name = await store.put(bytes);
    equal(await store.get(name), bytes);
    is(fake.streams.get('OBJ_small')!.messages.length, bytes.length + 1, 'a chunk for each byte');
    fake.maxPayload = 2 ** 20;
  });

  test('a request that the client refuses is not asked again', async () => {
    const told: string[] = [];
    const jetStream = await JetStream.on(fake.connect(), signal, message => void told.push(message), load);
    await raises(() => jetStream.publish('a b', '', {}), {
      code: 'STATE_STORE_FAILED',
      message: "NATS: the client refuses a b: illegal subject: 'a b'",
    });
    equal(told, []);
  });

  test('a request without an answer is warned of, also while others have answers', async () => {
    const told: string[] = [];
    const jetStream = await JetStream.on(fake.connect(), signal, message => void told.push(message), load);
    await jetStream.ensureStream('ANSWERS', { subjects: ['answers'] });
    const lost = jetStream.publish('nobody', '', {}).catch(() => {});
    while (told.length === 0) {
      await jetStream.publish('answers', '', {});
      await wait(20);
    }
    match(told[0]!, /^NATS: JetStream does not answer nobody: /);
    fake.streams.get('ANSWERS')!.config.subjects = ['answers', 'nobody'];
    await lost;
    is(told.length, 1);
  });

  test('an error of JetStream has a code, and names its stream', async () => {
    const jetStream = await JetStream.on(fake.connect(), signal, () => {}, load);
    await raises(() => jetStream.purge('PB_gone_LOG', 'pb.gone.log', 1), {
      code: 'STATE_STORE_FAILED',
      message: 'NATS: STREAM.PURGE.PB_gone_LOG: stream not found (JetStream error 10059)',
    });
  });

  const subjects: readonly [own: string[] | undefined, wanted: string, isTaken: boolean, more?: object][] = [
    [['pb.x.in.>'], 'pb.x.in.*', true],
    [['pb.>'], 'pb.x.log', true],
    [['pb.*.log'], 'pb.x.log', true],
    [['other', 'pb.x.log'], 'pb.x.log', true],
    [['other.x'], 'pb.x.log', false],
    [['pb.x.log.>'], 'pb.x.log', false],
    [['pb.x.in.*'], 'pb.x.in.>', true],
    [['pb.x.in.a', 'pb.x.in.b'], 'pb.x.in.*', true],
    [['pb.y.in.a'], 'pb.x.in.*', false],
    [['pb.x'], 'pb.x.log', false],
    [undefined, 'pb.x.log', false],
    [undefined, 'pb.x.in.*', true, { mirror: { name: 'ELSEWHERE' } }],
  ];
  for (const [own, wanted, isTaken, more] of subjects)
    test(`a stream with ${own?.join(' ')}${more ? ' that is a mirror' : ''} is ${isTaken ? 'used' : 'refused'} for ${wanted}`, async () => {
      const jetStream = await JetStream.on(fake.connect(), signal, () => {}, load);
      fake.streams.set('OWN', {
        config: { num_replicas: 1, subjects: own!, ...more },
        messages: [],
        last: 0,
      });
      const ensuring = () => jetStream.ensureStream('OWN', { subjects: [wanted] });
      if (isTaken) is((await ensuring()).num_replicas, 1);
      else
        await raises(ensuring, {
          code: 'STATE_STORE_FAILED',
          message: `NATS: stream OWN: expected the subject ${wanted}, got ${own?.join(', ') ?? 'none'}; change its subjects, remove the stream, or give the network another name`,
        });
    });

  for (const name of ['nothing', 'a b', 'a.b', 'a/b', 'a\tb', 'a\n', '', '*', '>', 'é', 'x'.repeat(65)])
    test(`a server has no network ${JSON.stringify(name)}`, async () => {
      is(await readNetwork(fake.connect(), name, load), undefined);
    });

  test('a server that does not answer is an error for those who look at a network', async () => {
    fake.unavailable = 1000;
    await raises(() => readNetwork(fake.connect(), 'visits', load), {
      code: 'STATE_STORE_FAILED',
      message:
        /^NATS: JetStream does not answer \$JS\.API\.STREAM\.MSG\.GET\.KV_PB_visits_LEASE: timeout; the server needs JetStream/,
    });
    fake.unavailable = 0;
  });
});
