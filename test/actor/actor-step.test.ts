import {
  type ActorEvent,
  type ActorOptions,
  type ActorState,
  Message,
  type Packet,
  ProcessError,
  ScriptActor,
  type StateMap,
} from '../../src/actor/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';

const create = (
  options: ActorOptions = {},
  source = host().readBytes('fixtures/rust-keeper/rust_keeper.wasm'),
) => ScriptActor.create({ source }, { stderr: () => {}, ...options });
const set = (state: object) => ({ 'do:set': Message.object(state as never) });
const send = (...packets: object[]) => ({ 'do:send': Message.array(packets as never) });
const fail = { 'do:fail': Message.string('no ink') };

/** Counts its calls in a global, and fails with the count. Its state does not change. */
const counting = buildModule({
  global: { name: 'calls', value: 0 },
  functions: [
    {
      name: 'process',
      results: ['i32'],
      body: ['global.get 0', 'i32.const 1', 'i32.add', 'global.set 0', 'global.get 0'],
    },
  ],
});

suite('step of an actor', test => {
  test('has no effect on the store, the state, the ports and the listeners', async () => {
    const calls: string[] = [];
    const events: ActorEvent[] = [];
    const state = {
      load: () => new Map([['a', 1]]),
      commit: () => void calls.push('commit'),
    };
    const actor = await create({ state, onEvent: event => void events.push(event) });
    actor.start();
    events.length = 0;
    const step = await actor.step(new Map(), { ...set({ b: 2 }), ...send({ x: 1 }), in: Message.integer(3) });
    equal(step.packets, [{ x: Message.integer(1) }, { in: Message.integer(3) }]);
    equal([...step.state.state], [['b', 2]]);
    is(step.error, undefined);
    equal([calls, events, actor.state], [[], [], { a: 1 }]);
    await actor.stop();
    const sent: Packet[] = [];
    for await (const packet of actor.outports) sent.push(packet);
    equal(sent, []);
  });

  for (const statePolicy of ['replace', 'merge', 'transactional'] as const) {
    test(`in a row, steps leave the state, packets and errors of process with ${statePolicy}`, async () => {
      const [stepped, processed] = [await create({ statePolicy }), await create({ statePolicy })];
      let state: ActorState | StateMap = new Map();
      const firstSeed = Date.now() & 0xffff_ffff;
      for (let seed = firstSeed; seed < firstSeed + 60; seed++) {
        const random = new Random(seed);
        const some = () => ({ [random.pick(['a', 'b', '__proto__'])]: random.below(9) });
        const packet: Packet = {
          ...(random.below(2) && set(some())),
          ...(random.below(2) && send(some())),
          ...(random.below(3) === 0 && { 'do:state': Message.any(some()) }),
          ...(random.below(4) === 0 && fail),
        };
        const step = await stepped.step(state, packet);
        state = step.state;
        const outcome = await processed.process(packet).catch((error: ProcessError) => error);
        const failed = outcome instanceof ProcessError ? outcome : undefined;
        equal(step.packets, failed ? failed.packets : outcome, `seed ${seed}`);
        is(step.error?.message, failed?.message, `seed ${seed}`);
        equal(Object.fromEntries(step.state.state), processed.state, `seed ${seed}`);
      }
      equal(stepped.state, {});
      await Promise.all([stepped.stop(), processed.stop()]);
    });
  }

  test('that does not change the state returns the one that it got', async () => {
    const actor = await create();
    const { state } = await actor.step(new Map([['a', 1]]), {});
    is((await actor.step(state, {})).state, state);
    await actor.stop();
  });

  test('of the same state has the same outcome, however often it is made', async () => {
    const actor = await create();
    const { state } = await actor.step(new Map(), set({ n: 1 }));
    for (let count = 0; count < 3; count++) {
      const step = await actor.step(state, { ...set({ n: 2 }), ...fail });
      equal([...step.state.state], [['n', 2]]);
      is(step.error?.code, 'PLUGIN_ERROR');
    }
    await actor.stop();
  });

  test('does not stop an actor whose error policy is stop, and does not count as a failure', async () => {
    const actor = await create({ errorPolicy: 'stop', maxFailures: 1 });
    is((await actor.step(new Map(), fail)).error?.code, 'PLUGIN_ERROR');
    is(actor.phase, 'active');
    await actor.stop();
  });

  test('that was not committed leaves no trace after dropInstance', async () => {
    const actor = await create({}, counting);
    const counted = async () => (await actor.step(new Map(), {})).error?.message;
    const [first, second] = [await counted(), await counted()];
    ok(first !== second, first);
    await actor.dropInstance();
    is(await counted(), first);
    await actor.stop();
  });

  test('takes turns with process', async () => {
    const actor = await create();
    const order: string[] = [];
    await Promise.all([
      actor.process(set({ a: 1 })).then(() => order.push('process')),
      actor.step(new Map(), {}).then(() => order.push('step')),
      actor.process({}).then(() => order.push('process again')),
    ]);
    equal(order, ['process', 'step', 'process again']);
    await actor.stop();
  });

  const wrong: [name: string, state: unknown, packet: unknown, code: string, options?: ActorOptions][] = [
    ['a state that is not one', {}, {}, 'INVALID_CONFIG'],
    ['a state with a value that is not JSON', new Map([['a', () => {}]]), {}, 'JSON_VALUE'],
    [
      'a state over the limit',
      new Map([['a', 'x'.repeat(99)]]),
      {},
      'STATE_TOO_LARGE',
      { limits: { stateBytes: 90 } },
    ],
    ['a packet with a wrong message', new Map(), { in: 5 }, 'INVALID_MESSAGE'],
    ['a made-up state', { state: new Map(), part: '{}' }, {}, 'INVALID_CONFIG'],
  ];
  for (const [name, state, packet, code, options] of wrong) {
    test(`refuses ${name}, and the next step works`, async () => {
      const actor = await create(options);
      await raises(() => actor.step(state as StateMap, packet as Packet), { code });
      is((await actor.step(new Map(), {})).error, undefined);
      await actor.stop();
    });
  }

  test('and dropInstance are refused once the actor is stopped', async () => {
    const actor = await create();
    await actor.stop();
    await raises(() => actor.step(new Map(), {}), { code: 'ACTOR_STOPPED' });
    await raises(() => actor.dropInstance(), { code: 'ACTOR_STOPPED' });
  });

  test('whose signal has fired has the error ABORTED', async () => {
    const actor = await create();
    const error = await actor.step(new Map(), {}, { signal: AbortSignal.abort('enough') }).then(
      ({ error }) => error,
      (error: ProcessError) => error,
    );
    is(error?.code, 'ABORTED');
    await actor.stop();
  });
});
