import { encodeModule } from '../../abi/encode.ts';
import {
  type ActorOptions,
  type CallError,
  Float,
  type JsonObject,
  type JsonValue,
  Message,
  type Packet,
  ProcessError,
  readJson,
  ScriptActor,
  type StateStore,
  writeJson,
} from '../../src/actor/index.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';

/** fixtures/rust-keeper returns the messages that it gets; ports that start with `do:` make it act besides. */
const source = () => host().readBytes('fixtures/rust-keeper/rust_keeper.wasm');
const keeper = (options?: ActorOptions) =>
  ScriptActor.create({ source: source() }, { stderr: () => {}, ...options });

const settle = () => new Promise(resolve => setTimeout(resolve, 5));

async function failure(
  call: Promise<unknown>,
  code: string,
  message: string | RegExp,
): Promise<ProcessError> {
  const error = await raises(() => call, { code, message });
  ok(error instanceof ProcessError, String(error));
  return error as ProcessError;
}

suite('actor: messages', test => {
  const big = 2n ** 53n + 1n;
  const messages: Message[] = [
    Message.flow(),
    Message.event({ name: 'tick' }),
    Message.boolean(true),
    Message.integer(1),
    Message.integer(big),
    Message.integer(2n ** 63n - 1n),
    Message.integer(-(2n ** 63n)),
    Message.float(1),
    Message.float(-0),
    Message.float(1.5),
    Message.float(1e300),
    Message.float(5e-324),
    Message.string('flow 🦀 \u0000'),
    Message.object({ whole: 1, float: new Float(1), big, ['__proto__']: { a: null } }),
    Message.array([1, new Float(1), big, [], {}]),
    Message.stream(Uint8Array.of(0, 127, 255)),
    Message.optional(),
    Message.optional([true]),
    Message.any({ deep: [[[]]] }),
    Message.error('only a message'),
  ];

  test('every type survives a Rust plugin', async () => {
    const actor = await keeper({ strict: true });
    for (const [index, message] of messages.entries()) {
      equal(await actor.process({ in: message }), [{ in: message }], `${index}: ${message.type}`);
    }
    const all = Object.fromEntries(messages.map((message, index) => [`port ${index}`, message]));
    equal(await actor.process(all), [all]);
    await actor.stop();
  });

  test.row('upstream.2', 'every type as the Rust library writes it, Flow and none without data', async () => {
    const actor = await keeper({ strict: true });
    equal(await actor.process({ 'do:every_type': Message.flow() }), [
      {
        flow: Message.flow(),
        event: Message.event({ name: 'tick' }),
        boolean: Message.boolean(true),
        integer: Message.integer(-(2n ** 63n)),
        float: Message.float(1),
        string: Message.string('text 🦀'),
        object: Message.object({ whole: 1, float: new Float(1) }),
        array: Message.array([1, 'two', null]),
        stream: Message.stream(Uint8Array.of(0, 127, 255)),
        some: Message.optional(7),
        none: Message.optional(),
        any: Message.any([1.5, [true]]),
        error: Message.error('only a message'),
      },
    ]);
    await actor.stop();
  });

  test('packets sent during the call come first, in order, as plain JSON', async () => {
    const actor = await keeper();
    const sent = [
      { a: 1, b: 'flow', c: null },
      {},
      { n: new Float(2), o: { type: 'Integer', data: 4 }, l: [1] },
    ];
    equal(await actor.process({ 'do:send': Message.array(sent), in: Message.flow() }), [
      { a: Message.integer(1), b: Message.string('flow'), c: Message.optional() },
      {},
      { n: Message.float(2), o: Message.object({ type: 'Integer', data: 4 }), l: Message.array([1]) },
      { in: Message.flow() },
    ]);
    await actor.stop();
  });

  test('an empty result is sent as a packet only with emitEmptyResults', async () => {
    const silent = await keeper();
    equal(await silent.process({}), []);
    await silent.stop();
    const talkative = await keeper({ emitEmptyResults: true });
    equal(await talkative.process({}), [{}]);
    await talkative.stop();
  });

  test('a wrong payload is refused before the call, and the next call works', async () => {
    const actor = await keeper();
    const wrong = (data: JsonValue) => ({ x: Message.any(data) });
    await raises(() => actor.process(wrong(Number.NaN)), {
      code: 'JSON_VALUE',
      message: 'payload.x.data: NaN is not JSON',
    });
    await raises(() => actor.process(wrong([{ y: -1 / 0 }])), {
      code: 'JSON_VALUE',
      message: 'payload.x.data[0].y: -Inf',
    });
    await raises(() => actor.process({ x: 5 } as unknown as Packet), {
      code: 'INVALID_MESSAGE',
      message: 'payload.x',
    });
    equal(await actor.process({ in: Message.flow() }), [{ in: Message.flow() }]);
    await actor.stop();
  });

  test.row('limit.depth', 'the deepest payload reaches the plugin, and a deeper one is refused', async () => {
    const actor = await keeper();
    const nested = (depth: number) => ({ in: Message.any(readJson('['.repeat(depth) + ']'.repeat(depth))) });
    equal(await actor.process(nested(124)), [nested(124)]);
    await raises(() => actor.process(nested(125)), { code: 'JSON_DEPTH', message: 'payload.in.data[0]' });
    await actor.stop();
  });

  test('a packet that is changed after process was called is processed unchanged', async () => {
    const actor = await keeper();
    const list = [1];
    const call = actor.process({ in: Message.array(list) });
    list.push(2);
    equal(await call, [{ in: Message.array([1]) }]);
    await actor.stop();
  });
});

suite('actor: state', test => {
  const numbers = { big: 9007199254740993n, float: new Float(1), whole: 1, max: 2n ** 63n - 1n, half: 0.5 };

  test.row('upstream.9', 'numbers come back from a Rust plugin unchanged', async () => {
    const actor = await keeper({ state: numbers });
    await actor.process({ in: Message.flow() });
    await actor.process({ in: Message.flow() });
    equal(actor.state, numbers);
    is(
      writeJson(actor.state),
      '{"big":9007199254740993,"float":1.0,"half":0.5,"max":9223372036854775807,"whole":1}',
    );
    await actor.stop();
  });

  test('host functions change the state at once, and read their own writes', async () => {
    const actor = await keeper({ state: { old: 1 } });
    const set = Message.object({ ...numbers, nothing: null });
    equal(await actor.process({ 'do:set': set, 'do:get': Message.string('big') }), [
      { got: Message.optional(9007199254740993n) },
    ]);
    equal(actor.state, { old: 1, ...numbers, nothing: null });
    for (const [key, value] of [
      ['float', new Float(1)],
      ['nothing', null],
      ['missing', null],
      ['toString', null],
    ] as const) {
      equal(await actor.process({ 'do:get': Message.string(key) }), [{ got: Message.optional(value) }], key);
    }
    await actor.stop();
  });

  test('keys such as __proto__ are plain keys', async () => {
    const actor = await keeper();
    const keys = ['__proto__', 'constructor', 'toString', ''];
    const entries = Object.fromEntries(keys.map((key, index) => [key, index]));
    await actor.process({ 'do:set': Message.object(entries) });
    equal(Object.entries(actor.state).sort(), Object.entries(entries).sort());
    for (const [index, key] of keys.entries()) {
      equal(await actor.process({ 'do:get': Message.string(key) }), [{ got: Message.optional(index) }], key);
    }
    equal(Object.keys(actor.state).sort(), [...keys].sort());
    is(Object.getPrototypeOf(actor.state), Object.prototype);
    await actor.stop();
  });

  const returned: [value: JsonValue, state: JsonObject][] = [
    [{ only: 'this' }, { only: 'this' }],
    [{}, {}],
    [null, { old: 1 }],
    [[1], { old: 1 }],
    ['text', { old: 1 }],
    [new Float(1), { old: 1 }],
  ];
  for (const [value, state] of returned) {
    const text = writeJson(value);
    test(`${text} returned as the state leaves ${writeJson(state)}`, async () => {
      const codes: string[] = [];
      const actor = await keeper({ state: { old: 1 }, onDiagnostic: ({ code }) => codes.push(code) });
      await actor.process({ 'do:state': Message.any(value) });
      equal(actor.state, state);
      equal(codes, value === null || text.startsWith('{') ? [] : ['STATE_IGNORED']);
      await actor.stop();
    });
  }

  test('strict refuses a returned state that is otherwise ignored', async () => {
    const actor = await keeper({ state: { old: 1 }, strict: true });
    await failure(
      actor.process({ 'do:state': Message.any(1) }),
      'STATE_IGNORED',
      'state: expected an object or null',
    );
    equal(actor.state, { old: 1 });
    await actor.stop();
  });

  test('keys that are set before a failure stay', async () => {
    const actor = await keeper();
    const set = { 'do:set': Message.object({ a: 1 }) };
    await failure(actor.process({ ...set, 'do:fail': Message.string('x') }), 'PLUGIN_ERROR', 'x');
    equal(actor.state, { a: 1 });
    await failure(
      actor.process({ 'do:set': Message.object({ b: 2 }), 'do:panic': Message.flow() }),
      'TRAP',
      'trap',
    );
    equal(actor.state, { a: 1, b: 2 });
    await actor.stop();
  });

  test('two actors share nothing', async () => {
    const state = { list: [1] };
    const [one, two] = [await keeper({ state }), await keeper({ state })];
    await one.process({ 'do:set': Message.object({ a: 1 }) });
    equal(one.state, { list: [1], a: 1 });
    equal(two.state, { list: [1] });
    (two.state.list as number[]).push(2);
    equal(two.state, { list: [1] });
    await Promise.all([one.stop(), two.stop()]);
  });

  test('a store loads before each call and commits after it, one call at a time', async () => {
    const log: string[] = [];
    let kept: JsonObject = { n: 0 };
    const store: StateStore = {
      load: async () => {
        log.push('load');
        await settle();
        return new Map(Object.entries(kept));
      },
      commit: async state => {
        await settle();
        kept = Object.fromEntries(state);
        log.push(`commit ${writeJson(kept)}`);
      },
    };
    const actor = await keeper({ state: store });
    await Promise.all([1, 2].map(n => actor.process({ 'do:set': Message.object({ n }) })));
    equal(log, ['load', 'load', 'commit {"n":1}', 'load', 'commit {"n":2}']);
    kept = { changed: 'elsewhere' };
    equal(await actor.process({ 'do:get': Message.string('changed') }), [
      { got: Message.optional('elsewhere') },
    ]);
    await actor.stop();
  });

  test.row(
    'error.STATE_STORE_FAILED',
    'a store that fails fails the call, and the next call works',
    async () => {
      let broken = '';
      const state: StateStore = {
        load: () => {
          if (broken === 'load') throw new Error('no disk');
          return new Map();
        },
        commit: async () => {
          if (broken === 'commit') throw new Error('disk full');
        },
      };
      const actor = await keeper({ state });
      const send = { 'do:send': Message.array([{ a: 1 }]) };
      broken = 'load';
      await failure(actor.process({}), 'STATE_STORE_FAILED', 'the state store failed to load: no disk');
      broken = 'commit';
      const error = await failure(actor.process(send), 'STATE_STORE_FAILED', 'failed to commit: disk full');
      equal(error.packets, [{ a: Message.integer(1) }]);
      broken = '';
      equal(await actor.process({ in: Message.flow() }), [{ in: Message.flow() }]);
      await actor.stop();

      broken = 'load';
      await raises(() => keeper({ state }), { code: 'STATE_STORE_FAILED', message: 'no disk' });
    },
  );

  test('any sequence of calls leaves the state of a model', async () => {
    const firstSeed = Date.now() & 0xffff_ffff;
    const keys = ['a', 'b', '__proto__', ''];
    const actor = await keeper();
    let model: JsonObject = {};
    for (let seed = firstSeed; seed < firstSeed + 150; seed++) {
      const random = new Random(seed);
      const entries = Object.fromEntries(
        Array.from({ length: random.below(3) }, () => [random.pick(keys), random.below(9) - 0.5]),
      );
      const fails = random.below(4) === 0;
      const payload: { [port: string]: Message } = fails ? { 'do:fail': Message.string('x') } : {};
      if (random.below(2)) {
        payload['do:set'] = Message.object(entries);
        model = Object.fromEntries([...Object.entries(model), ...Object.entries(entries)]);
      } else {
        payload['do:state'] = Message.any(entries);
        if (!fails) model = entries;
      }
      await actor.process(payload).catch(error => is(error.code, 'PLUGIN_ERROR'));
      const sorted = (state: JsonObject) => Object.entries(state).sort();
      equal(sorted(actor.state), sorted(model), `seed ${seed}`);
    }
    await actor.stop();
  });
});

suite('actor: creation and config', test => {
  const EMPTY = encodeModule({});

  const refused: [name: string, create: () => Promise<unknown>, code: string, message: string][] = [
    ['no wasm', () => ScriptActor.create({ source: Uint8Array.of(1, 2, 3) }), 'INVALID_WASM', ''],
    ['truncated wasm', () => ScriptActor.create({ source: source().subarray(0, 1000) }), 'INVALID_WASM', ''],
    [
      'no entry point',
      () => ScriptActor.create({ source: EMPTY }),
      'FUNCTION_NOT_FOUND',
      'process (exported functions: none)',
    ],
    [
      'another entry point',
      () => ScriptActor.create({ source: source(), entryPoint: 'run' }),
      'FUNCTION_NOT_FOUND',
      'Function not found: run (exported functions: ',
    ],
    ['an unknown option', () => keeper({ colour: 'red' } as ActorOptions), 'INVALID_OPTION', 'colour'],
    [
      'no capacity',
      () => keeper({ capacity: 0 }),
      'INVALID_CONFIG',
      'capacity: expected a whole number of packets',
    ],
    ['a state that is not JSON', () => keeper({ state: { a: Number.NaN } }), 'JSON_VALUE', 'state.a: NaN'],
    ['a config that is not JSON', () => keeper({ config: { a: Number.NaN } }), 'JSON_VALUE', 'config.a: NaN'],
    ['config twice', () => keeper({ config: {}, actorConfig: { config: {} } }), 'INVALID_CONFIG', 'keep one'],
  ];
  for (const [name, create, code, message] of refused) {
    test.row(`error.${code}`, `${name} is refused`, async () => {
      await raises(create, { code, message });
    });
  }

  test("the plugin's own getters read the config", async () => {
    const config = { big: 9007199254740993n, float: new Float(3), text: 'hello', own: 'config' };
    const actor = await keeper({
      actorConfig: {
        node_id: 'n',
        component: 'c',
        resolved_env: { HOME: '/', own: 'env' },
        namespace: 'space',
      },
      config,
    });
    const read = async (key: string) =>
      (await actor.process({ 'do:config': Message.string(key) }))[0]?.config?.data;
    const none = { string: null, number: null, integer: null, bool: null, env: null, config_or_env: null };
    equal(await read('big'), { ...none, number: new Float(9007199254740992), integer: 9007199254740993n });
    equal(await read('float'), { ...none, number: new Float(3) });
    equal(await read('text'), { ...none, string: 'hello', config_or_env: 'hello' });
    equal(await read('HOME'), { ...none, env: '/', config_or_env: '/' });
    equal(await read('own'), { ...none, string: 'config', env: 'env', config_or_env: 'config' });
    equal(await read('toString'), none);
    await actor.stop();
  });

  test("metadata returns the output of the plugin's get_metadata", async () => {
    const actor = await keeper();
    const port = (description: string, required: boolean) => [
      { name: 'in', description, port_type: 'Any', required },
    ];
    equal(await actor.metadata(), {
      component: 'Keeper',
      description: 'Gives back its messages and its state',
      inports: port('Any message', true),
      outports: port('The same message', false),
      config_schema: null,
    });
    await actor.stop();
  });

  test('a plugin without a valid result fails its call with INVALID_RESULT', async () => {
    const actor = await ScriptActor.create({ source: source(), entry_point: 'get_metadata' });
    await failure(actor.process({}), 'INVALID_RESULT', 'Invalid ActorResult: missing outputs');
    await actor.stop();
  });
});

suite('actor: answers of plugins', test => {
  /** The output of fixtures/rust-pdk is the return value of a host function. */
  const answering = (answers: string[]) =>
    ScriptActor.create(
      { source: host().readBytes('fixtures/rust-pdk/rust_pdk.wasm'), entryPoint: 'call_host' },
      {
        state: { old: 1 },
        functions: {
          'extism:host/user': { notify: () => {}, shout: context => context.store(answers.shift() ?? '') },
        },
      },
    );
  const fine = '{"outputs":{"n":{"type":"Integer","data":1}},"state":{"new":1.0}}';

  const refused: [answer: string, message: string][] = [
    ['', 'Invalid ActorResult: it is not valid JSON: expected a value, got the end of the text at byte 0'],
    ['0 0', 'Invalid ActorResult: it is not valid JSON: expected the end of the text, got "0" at byte 2'],
    [
      '{"outputs":{"n":NaN}}',
      'Invalid ActorResult: it is not valid JSON: expected a value, got "N" at byte 16',
    ],
    ['{"outputs":null}', 'Invalid ActorResult: missing outputs'],
    ['"@"', 'Failed to decode base64 string: unexpected "@" at character 0'],
    [`{"outputs":${'['.repeat(10_000)}`, 'nested deeper than 127'],
  ];
  for (const [answer, message] of refused) {
    test(`${answer.slice(0, 30) || 'nothing'} fails the call, and the next call works`, async () => {
      const actor = await answering([answer, fine]);
      await failure(actor.process({}), 'INVALID_RESULT', message);
      equal(actor.state, { old: 1 });
      equal(await actor.process({}), [{ n: Message.integer(1) }]);
      equal(actor.state, { new: new Float(1) });
      await actor.stop();
    });
  }

  test('a result may be a string with the base64 of a result', async () => {
    const actor = await answering([JSON.stringify(btoa(fine))]);
    equal(await actor.process({}), [{ n: Message.integer(1) }]);
    equal(actor.state, { new: new Float(1) });
    await actor.stop();
  });

  test('an error text comes with the number that the plugin returned', async () => {
    const source = host().readBytes('fixtures/rust-pdk/rust_pdk.wasm');
    const functions = { 'extism:host/user': { notify: () => {}, shout: () => 0n } };
    const actor = await ScriptActor.create({ source, entryPoint: 'fail_with_code' }, { functions });
    const error = await failure(actor.process({}), 'PLUGIN_ERROR', '{"payload":{},');
    is((error.cause as CallError).exitCode, 42);
    await actor.stop();
  });
});

suite('actor: failures', test => {
  test("the plugin's own error text is the message, and the next call works", async () => {
    const actor = await keeper();
    const error = await failure(
      actor.process({
        'do:send': Message.array([{ a: 1 }, { b: 2 }]),
        'do:fail': Message.string('out of ink'),
      }),
      'PLUGIN_ERROR',
      /^Actor processing error: .*out of ink/,
    );
    equal(error.packets, [{ a: Message.integer(1) }, { b: Message.integer(2) }]);
    equal(await actor.process({ in: Message.flow() }), [{ in: Message.flow() }]);
    await actor.stop();
  });

  test('a panic is a trap, and the next call works', async () => {
    const actor = await keeper({ state: { a: 1 } });
    const error = await failure(actor.process({ 'do:panic': Message.flow() }), 'TRAP', 'the plugin trapped');
    equal(error.packets, []);
    is((error.cause as { code?: string }).code, 'TRAP');
    equal(await actor.process({ in: Message.flow() }), [{ in: Message.flow() }]);
    equal(actor.state, { a: 1 });
    await actor.stop();
  });

  test.row('error.CALLBACK_FAILED', 'a callback that throws fails the call and loses no packet', async () => {
    const actor = await keeper({
      onDiagnostic: () => {
        throw new TypeError('in the callback');
      },
    });
    const call = actor.process({ 'do:send': Message.array([{ a: 1 }]), 'do:state': Message.any(1) });
    const error = await failure(call, 'CALLBACK_FAILED', 'in the callback');
    equal(error.packets, [{ a: Message.integer(1) }]);
    await actor.stop();
  });

  test('calls made at once run one after the other', async () => {
    const actor = await keeper();
    const calls = Array.from({ length: 20 }, (_, n) => actor.process({ n: Message.integer(n) }));
    equal(
      await Promise.all(calls),
      Array.from({ length: 20 }, (_, n) => [{ n: Message.integer(n) }]),
    );
    await actor.stop();
  });
});

suite('actor: the loop', test => {
  const numbered = (n: number): Packet => ({ n: Message.integer(n) });
  const collect = async (actor: ScriptActor) => {
    const packets: Packet[] = [];
    for await (const packet of actor.outports) packets.push(packet);
    return packets;
  };

  test('packets sent before the start and until the stop are processed in order', async () => {
    const actor = await keeper();
    await actor.inports.send(numbered(0));
    actor.start();
    actor.start();
    const packets = collect(actor);
    for (let n = 1; n < 50; n++) await actor.inports.send(numbered(n));
    await actor.stop();
    equal(
      await packets,
      Array.from({ length: 50 }, (_, n) => numbered(n)),
    );
  });

  test('a failure becomes a packet after the packets of its call, and the loop goes on', async () => {
    const actor = await keeper();
    actor.start();
    await actor.inports.send({
      'do:send': Message.array([{ a: 1 }]),
      'do:fail': Message.string('out of ink'),
    });
    await actor.inports.send({ 'do:panic': Message.flow() });
    await actor.inports.send(numbered(1));
    await actor.stop();
    const [sent, failed, trapped, last, ...rest] = await collect(actor);
    equal(sent, { a: Message.integer(1) });
    is(failed?.error?.type, 'Error');
    match(String(failed?.error?.data), /^Actor processing error: .*out of ink/);
    match(String(trapped?.error?.data), /trap/);
    equal([last, ...rest], [numbered(1)]);
  });

  test('the sender of a wrong packet gets the error', async () => {
    const actor = await keeper();
    actor.start();
    const send = actor.inports.send({ x: { type: 'Float', data: Number.NaN } });
    await raises(() => send, { code: 'JSON_VALUE', message: 'payload.x.data: NaN is not JSON' });
    await actor.stop();
    equal(await collect(actor), []);
  });

  test.row(
    'limit.capacity',
    'senders wait while nobody reads, and stop lets everything through',
    async () => {
      const actor = await keeper({ capacity: 2 });
      actor.start();
      let sent = 0;
      const sends = Array.from({ length: 20 }, (_, n) => actor.inports.send(numbered(n)).then(() => sent++));
      for (let turn = 0; turn < 20; turn++) await settle();
      // Two wait in the outports, one before them, two in the inports.
      is(sent, 5);
      const refused = Promise.allSettled(sends);
      await actor.stop();
      is((await refused).filter(({ status }) => status === 'rejected').length, 15);
      equal(await collect(actor), [0, 1, 2, 3, 4].map(numbered));
    },
  );

  test('two readers share the packets: none twice, none lost', async () => {
    const actor = await keeper({ capacity: 3 });
    actor.start();
    const readers = [collect(actor), collect(actor)];
    for (let n = 0; n < 40; n++) await actor.inports.send(numbered(n));
    await actor.stop();
    const [one = [], two = []] = await Promise.all(readers);
    ok(one.length > 0 && two.length > 0, `${one.length} and ${two.length}`);
    const numbers = [...one, ...two].map(packet => packet.n?.data as number).sort((a, b) => a - b);
    equal(numbers, [...Array(40).keys()]);
  });

  test('a reader that breaks off leaves the other packets to the next reader', async () => {
    const actor = await keeper();
    actor.start();
    for (let n = 0; n < 3; n++) await actor.inports.send(numbered(n));
    for await (const packet of actor.outports) {
      equal(packet, numbered(0));
      break;
    }
    await actor.stop();
    equal(await collect(actor), [1, 2].map(numbered));
  });

  test('process and the loop take turns, and each gets its own packets', async () => {
    const actor = await keeper();
    actor.start();
    await actor.inports.send(numbered(1));
    const direct = actor.process(numbered(2));
    await actor.inports.send(numbered(3));
    equal(await direct, [numbered(2)]);
    await actor.stop();
    equal(await collect(actor), [1, 3].map(numbered));
  });

  test('stop in the middle of calls finishes them', async () => {
    const actor = await keeper();
    actor.start();
    const call = actor.process({ 'do:set': Message.object({ a: 1 }) });
    await actor.inports.send(numbered(1));
    const stopped = actor.stop();
    await raises(() => actor.process({}), { code: 'ACTOR_STOPPED', message: 'the actor was stopped' });
    equal(await call, []);
    await stopped;
    equal(await collect(actor), [numbered(1)]);
    equal(actor.state, { a: 1 });
  });

  test.row('error.ACTOR_STOPPED', 'after stop all methods are refused, except stop itself', async () => {
    const actor = await keeper();
    await actor.inports.send(numbered(1));
    await actor.stop();
    await actor.stop();
    await raises(() => actor.inports.send(numbered(2)), {
      code: 'ACTOR_STOPPED',
      message: 'inports: the actor was stopped',
    });
    await raises(() => actor.process(numbered(2)), { code: 'ACTOR_STOPPED' });
    await raises(() => actor.metadata(), { code: 'ACTOR_STOPPED' });
    await raises(() => actor.start(), { code: 'ACTOR_STOPPED' });
    // The packet sent above is dropped: the actor was never started.
    equal(await collect(actor), []);
  });
});
