import {
  type ActorEvent,
  type ActorOptions,
  Message,
  type Packet,
  type ProcessError,
  ScriptActor,
  type StateMap,
  type StatePolicy,
  type StateStore,
} from '../../src/actor/index.ts';
import type { JsonObject } from '../../src/actor/json/value.ts';
import { MemoryState } from '../../src/actor/state/state-store.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { answering, metadataOf, RESULT } from './answering.ts';

const source = () => host().readBytes('fixtures/rust-keeper/rust_keeper.wasm');
const keeper = (options?: ActorOptions) =>
  ScriptActor.create({ source: source() }, { stderr: () => {}, ...options });

const flow: Packet = { in: Message.flow() };
const set = (state: JsonObject): Packet => ({ 'do:set': Message.object(state) });
const returned = (state: JsonObject): Packet => ({ 'do:state': Message.any(state) });
const send: Packet = { 'do:send': Message.array([{ sent: 1 }]) };
const fail: Packet = { 'do:fail': Message.string('no bread') };
/** Returns a state of this many bytes as JSON. */
const sized = (bytes: number): JsonObject => ({ a: 'x'.repeat(bytes - '{"a":""}'.length) });

/** A store without copies: `load` returns the map that `commit` got. */
class SharedMap implements StateStore {
  map: StateMap = new Map();
  readonly commits: number[] = [];
  load(): StateMap {
    return this.map;
  }
  commit(state: StateMap): void {
    this.commits.push(state.size);
    this.map = state;
  }
}

suite('state over its limit', test => {
  const policies: StatePolicy[] = ['replace', 'merge', 'transactional'];
  const grown = sized(101);
  const ways: [name: string, packet: Packet, code: string][] = [
    ['set by a host function', set(grown), 'STATE_TOO_LARGE'],
    ['returned', returned(grown), 'STATE_TOO_LARGE'],
    ['set beside others', set({ b: 'x'.repeat(80) }), 'STATE_TOO_LARGE'],
    [
      'set in many keys',
      set(Object.fromEntries([...'abcdefghijklmno'].map(key => [key, 1]))),
      'STATE_TOO_LARGE',
    ],
    ['set by a call that fails', { ...set(grown), ...fail }, 'PLUGIN_ERROR'],
  ];
  for (const statePolicy of policies) {
    for (const [name, packet, code] of ways) {
      test.row(
        ['error.STATE_TOO_LARGE', 'limit.stateBytes'],
        `${statePolicy}, ${name}: the call fails, the state stays, the next call works`,
        async () => {
          const before = { kept: 'x'.repeat(20) };
          const state = new MemoryState(before);
          const actor = await keeper({ state, statePolicy, limits: { stateBytes: 100 } });
          const error = (await raises(() => actor.process({ ...send, ...packet }), { code })) as ProcessError;
          equal(error.packets, [{ sent: Message.integer(1) }]);
          equal([actor.state, state.snapshot()], [before, before]);
          equal(await actor.process(flow), [flow]);
          equal(await actor.process({}), []);
          await actor.process(returned({ new: 1 }));
          is(actor.state.new, 1);
          await actor.stop();
        },
      );
    }
  }

  test('a state of exactly the limit is kept, and bytes of UTF-8 are counted', async () => {
    const actor = await keeper({ limits: { stateBytes: 100 } });
    await actor.process(set(sized(100)));
    equal(actor.state, sized(100));
    await raises(() => actor.process(set({ a: 'é'.repeat(47) })), {
      code: 'STATE_TOO_LARGE',
      message:
        'state: 102 bytes, over the limit of 100 (limits.stateBytes); the state from before the call is kept',
    });
    await actor.process(set({ a: 'é'.repeat(46) }));
    equal(actor.state, { a: 'é'.repeat(46) });
    await actor.stop();
  });

  const rooms: [name: string, options: ActorOptions, roomBytes: number, option: string][] = [
    ['half of the input', { limits: { inputBytes: 1000 } }, 500, 'limits.stateBytes'],
    ['as much as is asked for', { limits: { inputBytes: 1000, stateBytes: 700 } }, 700, 'limits.stateBytes'],
    [
      'all of the input but an eighth, at most',
      { limits: { inputBytes: 1000, stateBytes: 1000 } },
      1000 - 125 - 121,
      'limits.inputBytes',
    ],
    [
      'the part of the input that the config leaves',
      { limits: { inputBytes: 1000 }, config: { long: 'x'.repeat(589) } },
      1000 - 125 - 121 - 598,
      'limits.inputBytes',
    ],
    ['the part of the output', { limits: { outputBytes: 800 } }, 700, 'limits.outputBytes'],
    ['a third of kernel memory', { memory: { maxPages: 1 } }, 21_845, 'memory.maxPages'],
  ];
  for (const [name, { config = {}, ...options }, roomBytes, option] of rooms) {
    test(`a state may take ${name}, and messages still work`, async () => {
      const actorConfig = { node_id: 'node', component: 'keeper', config };
      const open = (bytes: number) => keeper({ ...options, actorConfig, state: sized(bytes) });
      await raises(() => open(roomBytes + 1), {
        code: 'STATE_TOO_LARGE',
        message: `over the limit of ${roomBytes.toLocaleString('en-US')} (${option})`,
      });
      const actor = await open(roomBytes);
      equal(await actor.process({}), []);
      equal(await actor.process(flow), [flow]);
      await actor.stop();
    });
  }

  const options: [limits: object, message: string][] = [
    [
      { inputBytes: 99, stateBytes: 100 },
      'limits.stateBytes: expected at most limits.inputBytes (99 bytes), got 100',
    ],
    [
      { stateBytes: -1 },
      'limits.stateBytes: expected a whole number of bytes, 0 or more, got a negative number',
    ],
    [{ stateBytes: '100' }, 'limits.stateBytes: expected a whole number of bytes, 0 or more, got a string'],
  ];
  for (const [limits, message] of options) {
    test(`refused: ${message}`, async () => {
      await raises(() => keeper({ limits }), { code: 'INVALID_CONFIG', message });
    });
  }

  test('an empty state is always allowed, and a config that leaves no room is refused at once', async () => {
    const actor = await keeper({ limits: { stateBytes: 0 } });
    equal(await actor.process(flow), [flow]);
    await actor.stop();
    await raises(() => keeper({ limits: { inputBytes: 1000 }, config: { long: 'x'.repeat(1000) } }), {
      code: 'INPUT_LIMIT',
      message: /^config, with an empty payload and state: 1,1\d\d bytes, over the limit of 1,000/,
    });
  });

  test('a payload that does not fit beside the state fails, and the next one works', async () => {
    const actor = await keeper({ limits: { inputBytes: 1000 }, state: sized(500) });
    for (let time = 0; time < 2; time++) {
      await raises(() => actor.process({ in: Message.string('x'.repeat(600)) }), {
        code: 'INPUT_LIMIT',
        message: 'payload, config and state: 1,2',
      });
      equal(await actor.process(flow), [flow]);
    }
    await actor.stop();
  });

  test('a started actor sends an error packet and goes on, also with restart', async () => {
    for (const errorPolicy of ['continue', 'restart'] as const) {
      const actor = await keeper({ errorPolicy, limits: { stateBytes: 100 } });
      actor.start();
      for (const packet of [set({ a: 1 }), set(sized(101)), flow]) await actor.inports.send(packet);
      await actor.stop();
      const packets: Packet[] = [];
      for await (const packet of actor.outports) packets.push(packet);
      equal(
        packets.map(packet => Object.keys(packet)[0]),
        ['error', 'in'],
      );
      equal(actor.state, { a: 1 });
    }
  });

  test('a stored state that is too large fails the calls until the store has a smaller one', async () => {
    const store = new MemoryState({ a: 1 });
    const actor = await keeper({ state: store, limits: { stateBytes: 100 } });
    store.commit(new Map(Object.entries(sized(101))));
    for (let time = 0; time < 2; time++) {
      await raises(() => actor.process(flow), {
        code: 'STATE_TOO_LARGE',
        message:
          'the stored state: 101 bytes, over the limit of 100 (limits.stateBytes); raise the limit, or commit a smaller state to the store',
      });
    }
    await raises(() => keeper({ state: store, limits: { stateBytes: 100 } }), { code: 'STATE_TOO_LARGE' });
    store.commit(new Map());
    equal(await actor.process(flow), [flow]);
    await actor.stop();
  });

  test('a reload is refused when the config leaves too little room for the state', async () => {
    const module = (length: number) => {
      const schema = { properties: { long: { default: 'x'.repeat(length) } } };
      return answering({ process: RESULT, get_metadata: metadataOf(['in'], schema) });
    };
    const actor = await ScriptActor.create(
      { source: module(1) },
      { configDefaults: true, state: sized(400), limits: { inputBytes: 1000 }, stderr: () => {} },
    );
    await raises(() => actor.reload(module(400)), {
      code: 'STATE_TOO_LARGE',
      message: /^state: 400 bytes, over the limit of \d+ \(limits.inputBytes\); the module before goes on$/,
    });
    equal(await actor.process(flow), []);
    await actor.reload(module(10));
    equal(await actor.process(flow), []);
    await actor.stop();
  });

  test('events carry the size of the state', async () => {
    const events: ActorEvent[] = [];
    const actor = await keeper({ limits: { stateBytes: 100 }, state: { a: 'é' } });
    actor.subscribe(event => events.push(event));
    await actor.process(flow);
    await actor.process(set({ a: 'éé' }));
    await actor.process(set(sized(101))).catch(() => {});
    const sizes = events.flatMap(event => ('stateBytes' in event ? [[event.type, event.stateBytes]] : []));
    equal(sizes, [
      ['completed', 10],
      ['state-changed', 12],
      ['completed', 12],
      ['failed', 12],
    ]);
    await actor.stop();
  });

  test('keys of a failed call that cannot be kept are reported', async () => {
    const told: string[] = [];
    const onDiagnostic = ({ code, message }: { code: string; message: string }) =>
      void told.push(`${code}: ${message}`);
    const actor = await keeper({ limits: { stateBytes: 100 }, onDiagnostic });
    await raises(() => actor.process({ ...set(sized(101)), ...fail }), { code: 'PLUGIN_ERROR' });
    equal(told, [
      'STATE_WRITES_DISCARDED: the call failed, and its state is not kept: state: 101 bytes, over the limit of 100 ' +
        '(limits.stateBytes); the state from before the call is kept',
    ]);
    await actor.stop();
  });
});

suite('state between calls', test => {
  const stores: [name: string, store: () => StateStore][] = [
    ['a map of each call', () => new MemoryState({ n: 0 })],
    ['one map that calls work on', () => new SharedMap()],
  ];
  for (const [name, store] of stores) {
    test(`a plugin gets the latest state, with ${name}`, async () => {
      const state = store();
      const actor = await keeper({ state });
      for (const n of [1, 2, 2, 3]) {
        await actor.process(set({ n }));
        // The plugin returns the state of its context.
        equal(await actor.process(flow), [flow]);
        equal(actor.state, { n });
      }
      const changed = await state.load();
      await state.commit(new Map(changed).set('n', 9));
      await actor.process(flow);
      equal(actor.state, { n: 9 });
      await actor.stop();
    });
  }

  const loaded: [name: string, state: unknown, code: string, message: string][] = [
    ['nothing', undefined, 'STATE_STORE_FAILED', 'expected a Map of key → JSON value, got undefined'],
    ['an object', { a: 1 }, 'STATE_STORE_FAILED', 'expected a Map of key → JSON value, got an object'],
    ['NaN', new Map([['a', Number.NaN]]), 'JSON_VALUE', 'state.a: NaN is not JSON'],
    ['half a surrogate pair', new Map([['\ud800', 1]]), 'JSON_VALUE', 'half a surrogate pair'],
  ];
  for (const [name, wrong, code, message] of loaded) {
    test(`a store that loads ${name} is refused, and its calls fail until it loads a state`, async () => {
      let state: unknown = wrong;
      const store = { load: () => state, commit: () => {} } as StateStore;
      await raises(() => keeper({ state: store }), { code, message });
      state = new Map();
      const actor = await keeper({ state: store });
      state = wrong;
      await raises(() => actor.process(flow), { code, message });
      state = new Map();
      equal(await actor.process(flow), [flow]);
      await actor.stop();
    });
  }
});
