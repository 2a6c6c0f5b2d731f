import {
  type ActorOptions,
  type JsonObject,
  Message,
  type Packet,
  ScriptActor,
} from '../../src/actor/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { answering, METADATA, metadataOf, RESULT } from './answering.ts';

/** Returns an actor that sends its input, so that tests see the payload and the config. */
const echo = (metadata: string, options: ActorOptions = {}) =>
  ScriptActor.create(
    { source: answering({ process: RESULT, get_metadata: metadata }, { process: ['echo'] }) },
    { stderr: () => {}, ...options },
  );
const part = (packet: Packet | undefined, name: string) => Message.toPlain(packet![name]!) as JsonObject;
const numbers = (packet: Packet | undefined) =>
  Object.fromEntries(
    Object.entries(part(packet, 'payload')).map(([port, message]) => [port, (message as JsonObject).data]),
  );
const n = (value: number) => Message.integer(value);
const collect = async (actor: ScriptActor) => {
  const packets: Packet[] = [];
  for await (const packet of actor.outports) packets.push(packet);
  return packets;
};

suite('awaitAllInports', test => {
  const create = (options?: ActorOptions) =>
    echo(metadataOf(['a', 'b']), { awaitAllInports: true, ...options });

  test.row('upstream.15', 'a call begins when there is a message for each port', async () => {
    const actor = await create();
    actor.start();
    await actor.inports.send({ a: n(1) });
    await actor.inports.send({ a: n(2) });
    await actor.drain();
    await actor.inports.send({ b: n(10) });
    await actor.inports.send({ a: n(3), b: n(20) });
    await actor.inports.send({});
    await actor.stop();
    equal((await collect(actor)).map(numbers), [
      { a: 1, b: 10 },
      { a: 2, b: 20 },
    ]);
  });

  test('a sender to a port whose queue is full waits, and senders to other ports do not', async () => {
    const actor = await create({ capacity: 1 });
    actor.start();
    let sent = 0;
    // The actor has taken one message, one waits in the queue, the third sender waits for room.
    const ahead = [1, 2, 3].map(value => actor.inports.send({ a: n(value) }).then(() => sent++));
    await actor.inports.send({ b: n(10) });
    await ahead[1];
    is(sent, 2);
    const packets = collect(actor);
    await actor.inports.send({ b: n(20) });
    await Promise.all(ahead);
    await actor.inports.send({ b: n(30) });
    await actor.stop();
    equal((await packets).map(numbers), [
      { a: 1, b: 10 },
      { a: 2, b: 20 },
      { a: 3, b: 30 },
    ]);
  });

  test.row('error.UNKNOWN_PORT', 'a packet with an unknown port is refused as a whole', async () => {
    const actor = await create();
    actor.start();
    await raises(() => actor.inports.send({ a: n(1), c: n(1) }), {
      code: 'UNKNOWN_PORT',
      message: 'payload: expected one of the inports a, b, for all of which is waited, got "c"',
    });
    await raises(() => actor.inports.send({ b: n(1), a: { type: 'Float', data: Number.NaN } }), {
      code: 'JSON_VALUE',
    });
    const boom = new Error('boom');
    const hostile = (): never => {
      throw boom;
    };
    const deep = [Object.defineProperty({}, 'x', { get: hostile, enumerable: true })];
    for (const packet of [
      Object.defineProperty({ b: n(1) }, 'a', { get: hostile, enumerable: true }),
      { b: n(1), a: Object.defineProperty({ type: 'Any' }, 'data', { get: hostile }) },
      { b: n(1), a: { type: 'Any', data: deep } },
    ] as Packet[]) {
      await raises(() => actor.inports.send(packet), { code: 'INVALID_MESSAGE', cause: boom });
    }
    await actor.inports.send({ a: n(5), b: n(6) });
    await actor.stop();
    equal((await collect(actor)).map(numbers), [{ a: 5, b: 6 }]);
  });

  test.row('error.MISSING_PORT', 'process refuses a payload that lacks an inport', async () => {
    const actor = await create();
    await raises(() => actor.process({ a: n(1) }), {
      code: 'MISSING_PORT',
      message: 'payload: no message for the inport b',
    });
    equal(numbers((await actor.process({ a: n(1), b: n(2) }))[0]), { a: 1, b: 2 });
    await actor.stop();
  });

  test('a plugin that names no inports is refused', async () => {
    for (const options of [{ awaitAllInports: true }, { requirePorts: true }]) {
      await raises(() => echo(METADATA, options), { code: 'UNSUPPORTED', message: 'which inports it has' });
    }
  });
});

suite('requirePorts', test => {
  test.row(
    ['upstream.15', 'error.MISSING_PORT'],
    'a payload without a required port is refused',
    async () => {
      const actor = await echo(metadataOf(['a!', 'b', 'toString!']), { requirePorts: true });
      const expected = { code: 'MISSING_PORT', message: 'payload: no message for the inport a, toString' };
      await raises(() => actor.process({ b: n(1) }), expected);
      await raises(() => actor.inports.send({ b: n(1) }), expected);
      is((await actor.process({ a: n(1), toString: n(2) } as never)).length, 1);
      await actor.stop();
      const lenient = await echo(metadataOf(['a!']));
      is((await lenient.process({})).length, 1);
      await lenient.stop();
    },
  );
});

suite('config_schema', test => {
  const schema = {
    type: 'object',
    properties: {
      factor: { type: 'number', default: 2.5 },
      name: { default: 'x' },
      other: { type: 'string' },
    },
  };
  const metadata = metadataOf(['in'], schema);

  test.row('upstream.15', 'a validator gets config and schema as plain JSON', async () => {
    const seen: unknown[] = [];
    const config = { whole: 1, big: 2n ** 53n };
    const actor = await echo(metadata, { config, validate: (...given) => void seen.push(...given) });
    equal(seen, [{ whole: 1, big: 2 ** 53 }, schema]);
    await actor.stop();
    let asked = 0;
    const without = await echo(METADATA, { validate: () => ++asked });
    is(asked, 0);
    await without.stop();
  });

  const accepted: unknown[] = [undefined, null, true, [], Promise.resolve(true)];
  for (const [index, answer] of accepted.entries()) {
    test(`answer ${index} accepts`, async () => {
      const actor = await echo(metadata, { validate: () => answer });
      await actor.stop();
    });
  }
  const refused: [answer: () => unknown, message: string][] = [
    [() => false, ': validate answered false'],
    [() => 'too big', ': too big'],
    [() => ['one', { path: '/a' }], ': one; {"path":"/a"}'],
    [async () => 'later', ': later'],
    [() => 5, ': 5'],
    [
      () => {
        throw new Error('thrown');
      },
      ': thrown',
    ],
  ];
  for (const [answer, message] of refused) {
    test(`refused${message}`, async () => {
      await raises(() => echo(metadata, { validate: answer }), {
        code: 'INVALID_CONFIG',
        message: `config does not fit the plugin's config_schema${message}`,
      });
    });
  }

  test.row('upstream.15', 'with configDefaults, missing keys get their defaults', async () => {
    const config = { name: 'own', more: 1 };
    const configOf = async (options: ActorOptions) => {
      const actor = await echo(metadata, { config, ...options });
      const [packet] = await actor.process({});
      await actor.stop();
      return part(packet, 'config').config;
    };
    equal(await configOf({}), config);
    equal(await configOf({ configDefaults: true }), { ...config, factor: 2.5 });
    ok(!('factor' in config));
  });
});
