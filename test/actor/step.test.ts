import { readSettings } from '../../src/actor/actor-settings.ts';
import {
  type ActorEvent,
  type ActorOptions,
  type JsonValue,
  Message,
  type Packet,
  ProcessError,
  ScriptActor,
  type StateMap,
  type StatePolicy,
  type StateStore,
} from '../../src/actor/index.ts';
import { LoadedPlugin } from '../../src/actor/loaded-plugin.ts';
import type { ActorState } from '../../src/actor/state/written-state.ts';
import { packetsOf, type Step } from '../../src/actor/step.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';
import { answering, METADATA } from './answering.ts';

const source = () => host().readBytes('fixtures/rust-keeper/rust_keeper.wasm');
const quiet = (options: ActorOptions = {}): ActorOptions => ({ stderr: () => {}, ...options });
const load = (options?: ActorOptions, wasm = source()) =>
  LoadedPlugin.load({ source: wasm }, readSettings(quiet(options)).settings);
const keeper = (options?: ActorOptions) => ScriptActor.create({ source: source() }, quiet(options));

const set = (state: object) => ({ 'do:set': Message.object(state as never) });
const send = (...packets: object[]) => ({ 'do:send': Message.array(packets as never) });
const fail = { 'do:fail': Message.string('no ink') };
const numbered = (n: number): Packet => ({ n: Message.integer(n) });
const policies: StatePolicy[] = ['replace', 'merge', 'transactional'];

/** A step as plain data. */
const shown = ({ state, sent, result, outputBytes, error }: Step) => ({
  state: state && [...state.state],
  part: state?.part,
  sent,
  result,
  outputBytes,
  error: error && [error.code, error.message],
});

suite('executing a message', test => {
  const payloads: [name: string, payload: Packet][] = [
    ['that sets keys', set({ b: 2, c: [1] })],
    ['that leaves the state as it is', numbered(1)],
    ['that replaces the state', { 'do:state': Message.any({ z: 0 }) }],
    ['that sends packets', { ...send({ x: 1 }, { y: 2 }), ...numbered(3) }],
    ['that fails after it set keys and sent packets', { ...set({ b: 2 }), ...send({ x: 1 }), ...fail }],
    ['that makes the state too large', set({ text: 'x'.repeat(500) })],
  ];
  for (const statePolicy of policies) {
    for (const [name, payload] of payloads) {
      test(`twice with the same state gives the same step, with ${statePolicy}: one ${name}`, async () => {
        const calls: string[] = [];
        const state: StateStore = {
          load: () => {
            calls.push('load');
            return new Map();
          },
          commit: () => void calls.push('commit'),
        };
        const events: ActorEvent[] = [];
        const onEvent = (event: ActorEvent) => void events.push(event);
        const plugin = await load({ statePolicy, state, onEvent, limits: { stateBytes: 300 } });
        const before = plugin.writeStored(new Map<string, JsonValue>([['a', 1]]));
        const part = plugin.payloadOf(payload);
        const [one, two] = [await plugin.execute(part, before), await plugin.execute(part, before)];
        equal(shown(one), shown(two));
        equal([...before.state], [['a', 1]]);
        is(before.part, '{"a":1}');
        equal([calls, events], [[], []]);
        await plugin.engine.close();
      });
    }
  }

  test('a step that leaves the state unchanged has the state that it began with', async () => {
    const plugin = await load();
    const before = plugin.writeStored(new Map([['a', 1]]));
    is((await plugin.execute(plugin.payloadOf(numbered(1)), before)).state, before);
    await plugin.engine.close();
  });

  const failures: [name: string, payload: Packet, options: ActorOptions, code: string, wasm?: Uint8Array][] =
    [
      ['the plugin fails', fail, {}, 'PLUGIN_ERROR'],
      [
        'the result is not one',
        {},
        {},
        'INVALID_RESULT',
        answering({ process: 'x', get_metadata: METADATA }),
      ],
      [
        'the plugin traps',
        {},
        {},
        'TRAP',
        answering({ process: 'x', get_metadata: METADATA }, { process: ['trap'] }),
      ],
      [
        'the state is too large',
        set({ a: 'x'.repeat(99) }),
        { limits: { stateBytes: 90 } },
        'STATE_TOO_LARGE',
      ],
      [
        'strict refuses the state',
        { ...set({ a: 1 }), 'do:state': Message.any({}) },
        { strict: true },
        'STATE_WRITES_DISCARDED',
      ],
      [
        'onDiagnostic throws after a failure',
        { ...set({ a: 'x'.repeat(99) }), ...fail },
        { limits: { stateBytes: 90 }, onDiagnostic: refuse },
        'CALLBACK_FAILED',
      ],
      [
        'onDiagnostic throws at a high memory, after a failure',
        {},
        {
          onDiagnostic: ({ code }) => {
            if (code === 'MEMORY_HIGH') refuse();
          },
        },
        'CALLBACK_FAILED',
        buildModule({
          memoryPages: 1,
          functions: [{ name: 'process', body: ['i32.const 2000', 'memory.grow 0', 'drop', 'unreachable'] }],
        }),
      ],
      ['onDiagnostic throws', { 'do:state': Message.any(7) }, { onDiagnostic: refuse }, 'CALLBACK_FAILED'],
    ];
  function refuse(): never {
    throw new Error('refused');
  }
  for (const [name, payload, options, code, wasm] of failures) {
    test(`a step does not reject when ${name}: the error is in it, and the next step works`, async () => {
      const plugin = await load(options, wasm as Uint8Array<ArrayBuffer> | undefined);
      const before = plugin.writeStored(new Map());
      const step = await plugin.execute(plugin.payloadOf({ ...send({ x: 1 }), ...payload }), before);
      is(step.error?.code, code);
      if (!wasm) equal(step.sent, [{ x: Message.integer(1) }]);
      ok(step.error instanceof ProcessError);
      is(step.result, undefined);
      if (!wasm) is((await plugin.execute(plugin.payloadOf(numbered(1)), before)).error, undefined);
      await plugin.engine.close();
    });
  }

  for (const statePolicy of policies) {
    test(`a map that its owner changes during a step is a copy there, with ${statePolicy}`, async () => {
      const map: StateMap = new Map([['a', 1]]);
      const wasm = answering(
        { process: '{"outputs":{},"state":{"a":1}}', get_metadata: METADATA },
        { process: ['hook'] },
      );
      const hook = () => void map.set('late', 2);
      const functions = { 'extism:host/user': { hook } };
      const actor = await ScriptActor.create({ source: wasm }, { statePolicy, functions });
      const { state } = await actor.step(map, {});
      equal([[...state.state], state.part], [[['a', 1]], '{"a":1}']);
      await actor.stop();
    });
  }

  test('a signal that has fired ends a step with ABORTED', async () => {
    const plugin = await load();
    const before = plugin.writeStored(new Map());
    const aborted = AbortSignal.abort(new Error('enough'));
    const step = await plugin.execute(plugin.payloadOf(set({ a: 1 })), before, aborted);
    equal([step.error?.code, step.sent, step.result], ['ABORTED', [], undefined]);
    await plugin.engine.close();
  });

  for (const statePolicy of policies) {
    test(`steps in a row leave the state and packets of an actor with ${statePolicy}`, async () => {
      const [plugin, actor] = [await load({ statePolicy }), await keeper({ statePolicy })];
      let kept = plugin.writeStored(new Map());
      const firstSeed = Date.now() & 0xffff_ffff;
      for (let seed = firstSeed; seed < firstSeed + 60; seed++) {
        const random = new Random(seed);
        const some = () => ({ [random.pick(['a', 'b', '__proto__'])]: random.below(9) });
        const payload: Packet = {
          ...(random.below(2) && set(some())),
          ...(random.below(2) && send(some())),
          ...(random.below(3) === 0 && { 'do:state': Message.any(some()) }),
          ...(random.below(4) === 0 && fail),
        };
        const step = await plugin.execute(plugin.payloadOf(payload), kept);
        kept = step.state ?? kept;
        const processed = await actor.process(payload).catch((error: ProcessError) => error);
        const isError = processed instanceof ProcessError;
        equal(packetsOf(step), isError ? processed.packets : processed, `seed ${seed}`);
        is(step.error?.message, isError ? processed.message : undefined, `seed ${seed}`);
        equal(Object.fromEntries(kept.state), actor.state, `seed ${seed}`);
      }
      await Promise.all([plugin.engine.close(), actor.stop()]);
    });
  }
});

/** A store whose commits can be made to fail. */
class Fallible implements StateStore {
  map: StateMap = new Map<string, JsonValue>([['a', 1]]);
  fails = false;
  load(): StateMap {
    return this.map;
  }
  commit(state: StateMap): void {
    if (this.fails) throw new Error('disk full');
    this.map = state;
  }
}

suite('committing a message', test => {
  test('a commit that fails keeps and sends nothing of the result, and the next call begins from the old state', async () => {
    const store = new Fallible();
    const actor = await keeper({ state: store });
    const events: string[] = [];
    actor.subscribe(({ type }) => void events.push(type));
    store.fails = true;
    const error = await raises(() => actor.process({ ...set({ b: 2 }), ...numbered(1) }), {
      code: 'STATE_STORE_FAILED',
      message: 'disk full',
    });
    equal((error as ProcessError).packets, []);
    equal(actor.state, { a: 1 });
    equal([...store.map], [['a', 1]]);
    equal(events, ['started', 'failed']);
    store.fails = false;
    equal(await actor.process(numbered(2)), [numbered(2)]);
    equal(actor.state, { a: 1 });
    await actor.stop();
  });

  test('with transactional, a call that fails leaves the map of the store as it was', async () => {
    const store = new Fallible();
    const actor = await keeper({ state: store, statePolicy: 'transactional' });
    await raises(() => actor.process({ ...set({ a: 9, b: 2 }), ...fail }), { code: 'PLUGIN_ERROR' });
    equal([...store.map], [['a', 1]]);
    await actor.stop();
  });

  test('a store may change a map that it loaded or was given, and the next call begins from the change', async () => {
    const store = new Fallible();
    const actor = await keeper({ state: store });
    for (const n of [1, 2, 3]) {
      await actor.process(set({ n }));
      store.map.set('a', 10 * n).set('own', n);
      // The plugin returns the state of its context.
      await actor.process(numbered(0));
      equal(actor.state, { a: 10 * n, own: n, n });
    }
    await actor.stop();
  });
});

/** The record of a node in a network: replaced as a whole, or not at all. */
interface NodeRecord {
  position: number;
  state: ActorState;
  out: readonly Packet[];
}

/** A node of a network, made of steps: position, state and packets are committed as one thing. */
class NodeSession {
  record: NodeRecord;
  isFenced = false;
  readonly #plugin: LoadedPlugin;

  constructor(plugin: LoadedPlugin) {
    this.#plugin = plugin;
    this.record = { position: 0, state: plugin.writeStored(new Map()), out: [] };
  }

  async take(deliveries: readonly Packet[]): Promise<void> {
    let { position, state, out } = this.record;
    for (const packet of deliveries.slice(position)) {
      const step = await this.#plugin.execute(this.#plugin.payloadOf(packet), state);
      position++;
      state = step.state ?? state;
      out = [...out, ...packetsOf(step), ...(step.error ? [{ error: Message.error(step.error.code) }] : [])];
    }
    if (this.isFenced) {
      await this.#plugin.engine.renew();
      throw new Error('fenced');
    }
    this.record = { position, state, out };
  }
}

suite('a node made of steps', test => {
  test('a batch that is fenced leaves the record as it was, and is executed again with the same outcome', async () => {
    const [plugin, other] = [await load(), await load()];
    const deliveries = [
      set({ n: 1 }),
      { ...send({ x: 1 }), ...numbered(2) },
      { ...set({ n: 3 }), ...fail },
      numbered(4),
    ];
    const session = new NodeSession(plugin);
    session.isFenced = true;
    const before = session.record;
    await raises(() => session.take(deliveries), { message: 'fenced' });
    is(session.record, before);
    session.isFenced = false;
    await session.take(deliveries);
    const control = new NodeSession(other);
    for (let count = 1; count <= deliveries.length; count++) await control.take(deliveries.slice(0, count));
    equal(session.record, control.record);
    equal(session.record.position, 4);
    equal([...session.record.state.state], [['n', 3]]);
    equal(
      session.record.out.map(packet => Object.keys(packet).join()),
      ['x', 'n', 'error', 'n'],
    );
    await Promise.all([plugin.engine.close(), other.engine.close()]);
  });
});
