import { type ActorOptions, ExtismEngine, Message, type Packet, ScriptActor } from '../../src/actor/index.ts';
import type { JsonObject, JsonValue } from '../../src/actor/json/value.ts';
import type { CallContext } from '../../src/host/context.ts';
import { msgpack } from '../../src/msgpack/index.ts';
import { answering } from '../actor/answering.ts';
import { bytesEqual, equal, is, ok, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

const source = (name: string) => host().readBytes(`fixtures/rust-${name}/rust_${name}.wasm`);
const keeper = (options?: ActorOptions) =>
  ScriptActor.create({ source: source('msgpack') }, { codec: msgpack, stderr: () => {}, ...options });
const stateOf = (value: JsonValue): Packet => ({ 'do:state': Message.any(value) });

suite('actors that speak MessagePack', test => {
  test('bytes stay bytes, also inside other data and in the state', async () => {
    const bytes = Uint8Array.of(0, 255);
    const actor = await keeper({ strict: true });
    const [answer] = await actor.process({
      stream: Message.stream(bytes),
      any: Message.any({ deep: [bytes] }),
      ...stateOf({ kept: bytes }),
    });
    bytesEqual(answer!.stream!.data as Uint8Array, bytes);
    bytesEqual((answer!.any!.data as { deep: Uint8Array[] }).deep[0]!, bytes);
    // This call fails if the plugin gets an array of numbers instead of bytes as its state.
    await actor.process({ in: Message.flow() });
    bytesEqual(actor.state.kept as Uint8Array, bytes);
    await actor.stop();
  });

  test('messages of several packets are joined with awaitAllInports', async () => {
    const actor = await keeper({ awaitAllInports: true });
    actor.start();
    await actor.inports.send({ in: Message.integer(2 ** 40) });
    for await (const packet of actor.outports) {
      equal(packet, { in: Message.integer(2 ** 40) });
      break;
    }
    await actor.stop();
  });

  test('the codec is not used for a plugin whose metadata names no encoding', async () => {
    const engine = await ExtismEngine.create({ source: await source('keeper') }, { codec: msgpack });
    is(engine.codec.encoding, 'json');
    await engine.close();
  });

  const refused: [name: string, codec: unknown, code: string, message: RegExp][] = [
    [
      'without a codec',
      undefined,
      'INVALID_METADATA',
      /exchanges "msgpack", and the option codec is not given/,
    ],
    [
      'with the codec of another encoding',
      { ...msgpack, encoding: 'cbor' },
      'INVALID_METADATA',
      /the option codec is for "cbor"/,
    ],
    [
      'with a value that is not a codec',
      { encoding: 'msgpack' },
      'INVALID_CONFIG',
      /^option\.codec: expected msgpack of plugboard/,
    ],
  ];
  for (const [name, codec, code, message] of refused) {
    test(`the plugin is refused ${name}`, async () => {
      await raises(() => keeper({ codec: codec as ActorOptions['codec'] }), { code, message });
    });
  }

  const results: [name: string, packet: Packet, message: RegExp][] = [
    [
      'a struct as an array',
      { 'do:unnamed': Message.flow() },
      /missing outputs, got an array.*use to_vec_named/,
    ],
    [
      'bytes that are cut off',
      { 'do:junk': Message.stream(Uint8Array.of(0x81)) },
      /expected 1 bytes .* at byte 1/,
    ],
    ['no bytes', { 'do:junk': Message.stream(new Uint8Array(0)) }, /Invalid ActorResult: it is not valid/],
  ];
  for (const [name, packet, message] of results) {
    test(`${name} fails the call with INVALID_RESULT, and the actor goes on`, async () => {
      const actor = await keeper();
      await raises(() => actor.process(packet), { code: 'INVALID_RESULT', message });
      equal(await actor.process({ in: Message.flow() }), [{ in: Message.flow() }]);
      await actor.stop();
    });
  }

  test('an integer beyond 64 bits is refused with its path, and a payload over the limit with its size', async () => {
    const actor = await keeper({ limits: { inputBytes: 1000 } });
    await raises(() => actor.process({ in: Message.any({ n: 2n ** 64n }) }), {
      code: 'JSON_VALUE',
      message: /^payload\.in\.data\.n: an integer beyond 64 bits/,
    });
    await raises(() => actor.process({ in: Message.stream(new Uint8Array(1000)) }), {
      code: 'INPUT_LIMIT',
      message: /^payload: 1,0\d\d bytes, over the limit/,
    });
    await actor.stop();
  });

  test('a state that MessagePack cannot carry fails its call, and the next one works', async () => {
    // The plugin can set it, since host functions exchange JSON, whose integers may be longer than 64 bits.
    const values = [2n ** 64n, 1];
    const wasm = answering(
      { process: 'x', get_metadata: '{"component":"X","encoding":"msgpack"}' },
      { process: ['set'] },
    );
    const set = (context: CallContext) => {
      context
        .hostContext<{ state: { set(key: string, value: JsonValue): void } }>()
        .state.set('n', values.shift()!);
    };
    const codec = { ...msgpack, read: () => ({ outputs: {} }) };
    const actor = await ScriptActor.create(
      { source: wasm },
      { codec, state: { kept: 1 }, functions: { 'extism:host/user': { set } }, stderr: () => {} },
    );
    await raises(() => actor.process({}), {
      code: 'JSON_VALUE',
      message: 'state.n: an integer beyond 64 bits cannot be carried',
    });
    equal(actor.state, { kept: 1 } as JsonObject);
    equal(await actor.process({}), []);
    equal(actor.state, { kept: 1, n: 1 } as JsonObject);
    await actor.stop();
  });

  test('a value of a state is written and measured once, by the call that changed it', async () => {
    const written: string[] = [];
    const codec = {
      ...msgpack,
      write(value: unknown, path: readonly string[]) {
        written.push(path.join('.'));
        return msgpack.write(value, path);
      },
    };
    const actor = await keeper({ codec, state: { kept: new Uint8Array(80) }, limits: { stateBytes: 100 } });
    const states = () => written.splice(0).filter(path => path.startsWith('state.')).length;
    is(states(), 1);
    await actor.process(stateOf({ n: 1 }));
    is(states(), 1);
    await actor.process({ in: Message.flow() });
    is(states(), 0);
    await raises(() => actor.process(stateOf({ kept: new Uint8Array(100) })), {
      code: 'STATE_TOO_LARGE',
      message: 'state: 108 bytes, over the limit of 100 (limits.stateBytes)',
    });
    equal(actor.state, { n: 1 } as JsonObject);
    await actor.stop();
  });

  test('a reload with a module of another encoding is refused, and the old module goes on', async () => {
    const actor = await keeper({ state: { n: 1 } });
    await raises(async () => actor.reload(await source('keeper')), {
      code: 'INVALID_METADATA',
      message: /the encoding is json, but messages wait in msgpack/,
    });
    equal(await actor.process({ in: Message.integer(1) }), [{ in: Message.integer(1) }]);
    equal(actor.state, { n: 1 } as JsonObject);
    await actor.reload(await source('msgpack'));
    ok((await actor.metadata()).encoding === 'msgpack');
    await actor.stop();
  });
});
