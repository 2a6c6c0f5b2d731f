import {
  type ActorOptions,
  type JsonObject,
  type JsonValue,
  Message,
  type Packet,
  type ProcessError,
  ScriptActor,
  type StatePolicy,
} from '../../src/actor/index.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';
import { buildGuest, i64 } from '../src/guest.ts';
import { KEYS } from './random-message.ts';

const source = () => host().readBytes('fixtures/rust-keeper/rust_keeper.wasm');
const keeper = (options?: ActorOptions) =>
  ScriptActor.create({ source: source() }, { stderr: () => {}, ...options });
const numbered = (n: number): Packet => ({ n: Message.integer(n) });

suite('any sequence of calls', test => {
  for (const policy of ['replace', 'merge', 'transactional'] as StatePolicy[]) {
    test(`leaves the state of a model of ${policy}`, async () => {
      const actor = await keeper({ statePolicy: policy });
      const firstSeed = Date.now() & 0xffff_ffff;
      let model: Map<string, JsonValue> = new Map();
      for (let seed = firstSeed; seed < firstSeed + 120; seed++) {
        const random = new Random(seed);
        const some = () =>
          Object.fromEntries(Array.from({ length: random.below(3) }, () => [random.pick(KEYS), seed]));
        const [writes, returned] = [
          random.below(2) ? some() : undefined,
          random.below(2) ? some() : undefined,
        ];
        const fails = random.below(3) === 0;
        const next = new Map(model);
        for (const [key, value] of Object.entries(writes ?? {})) next.set(key, value);
        // The plugin returns the state of its context unless it is told to set keys.
        const answered = returned ?? (writes ? undefined : Object.fromEntries(model));
        if (!fails && answered) {
          if (policy !== 'merge') next.clear();
          for (const [key, value] of Object.entries(answered)) next.set(key, value);
        }
        if (!fails || policy !== 'transactional') model = next;
        await actor
          .process({
            ...(writes && { 'do:set': Message.object(writes) }),
            ...(returned && { 'do:state': Message.any(returned) }),
            ...(fails && { 'do:fail': Message.string('x') }),
          })
          .catch(error => is(error.code, 'PLUGIN_ERROR', error.message));
        equal(sorted(Object.entries(actor.state)), sorted([...model]), `seed ${seed}`);
      }
      await actor.stop();
    });
  }
});

const sorted = (entries: [string, JsonValue][]) => entries.sort(([one], [other]) => (one < other ? -1 : 1));

suite('a plugin that misbehaves', test => {
  test.row(
    ['upstream.3', 'upstream.4'],
    'loses no packet, doubles none, and other actors go on',
    async () => {
      const limits = { packets: 3, outputBytes: 5000 };
      const [actor, other] = [await keeper({ limits, capacity: 4 }), await keeper({ capacity: 4 })];
      const kinds: { packet: (n: number) => Packet; sends: number }[] = [
        { packet: numbered, sends: 0 },
        { packet: () => ({ 'do:panic': Message.flow() }), sends: 0 },
        { packet: () => ({ 'do:fail': Message.string('x') }), sends: 0 },
        // A flood: the allowed number of packets comes out before the error.
        { packet: () => ({ 'do:send': Message.array(Array(50).fill({ x: 1 })) }), sends: 3 },
        { packet: () => ({ big: Message.string('x'.repeat(6000)) }), sends: 0 },
        { packet: n => ({ 'do:send': Message.array([{ x: 1 }]), ...numbered(n) }), sends: 1 },
        { packet: () => ({ 'do:set': Message.object({ big: 'x'.repeat(6000) }) }), sends: 0 },
      ];
      const expected: (number | 'error' | 'x')[] = [];
      const feed = async () => {
        for (let n = 0; n < 140; n++) {
          const { packet, sends } = kinds[n % kinds.length]!;
          expected.push(...Array<'x'>(sends).fill('x'), n % 7 === 0 || n % 7 === 5 ? n : 'error');
          await actor.inports.send(packet(n));
          if (n % 50 === 25) await actor.reload(source());
        }
      };
      const feedOther = async () => {
        for (let n = 0; n < 140; n++) await other.inports.send(numbered(n));
      };
      const collect = async (from: ScriptActor) => {
        const seen: unknown[] = [];
        for await (const { n, x, error } of from.outports) seen.push(error ? 'error' : x ? 'x' : n?.data);
        return seen;
      };
      actor.start();
      other.start();
      const outputs = [collect(actor), collect(other)];
      await Promise.all([feed(), feedOther()]);
      await Promise.all([actor.stop(), other.stop()]);
      equal(await outputs[0], expected);
      equal(await outputs[1], [...Array(140).keys()]);
      equal(actor.state as JsonObject, {});
    },
  );

  test.row('upstream.5', 'by giving 100 MB is refused, and the next message is processed', async () => {
    const bytes = i64(100_000_000);
    // For a long input its output is empty: not a valid result, but within the limit.
    const isShort = ['input_length', ...i64(200), 'i64.lt_u', 'if'];
    const wasm = buildGuest({
      process: [...isShort, ...bytes, 'alloc', ...bytes, 'output_set', 'end'],
    });
    const actor = await ScriptActor.create({ source: wasm });
    const codeOf = (packet: Packet) => actor.process(packet).catch((error: ProcessError) => error.code);
    const long = { in: Message.string('x'.repeat(200)) };
    equal(
      [await codeOf({}), await codeOf(long), await codeOf({})],
      ['OUTPUT_LIMIT', 'INVALID_RESULT', 'OUTPUT_LIMIT'],
    );
    await actor.stop();
  });

  test.row('upstream.3', 'by exiting gets a new instance for the next call', async () => {
    const wasm = buildModule({
      imports: [{ module: 'wasi_snapshot_preview1', name: 'proc_exit', params: ['i32'] }],
      memoryPages: 1,
      functions: [{ name: 'process', body: ['i32.const 3', 'call 0'] }],
    });
    const actor = await ScriptActor.create({ source: wasm });
    for (let call = 0; call < 3; call++) await raises(() => actor.process({}), { code: 'EXIT' });
    await actor.stop();
  });
});
