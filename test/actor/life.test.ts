import {
  type ActorEvent,
  type ActorOptions,
  Message,
  type Packet,
  ProcessError,
  ScriptActor,
  type StateStore,
} from '../../src/actor/index.ts';
import type { JsonValue } from '../../src/actor/json/value.ts';
import { jspi } from '../../src/engine/jspi.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { answering, METADATA, RESULT } from './answering.ts';

const source = () => host().readBytes('fixtures/rust-keeper/rust_keeper.wasm');
const keeper = (options?: ActorOptions) =>
  ScriptActor.create({ source: source() }, { stderr: () => {}, ...options });

const numbered = (n: number): Packet => ({ n: Message.integer(n) });
const failing = (text = 'x'): Packet => ({ 'do:fail': Message.string(text) });
const collect = async (actor: ScriptActor) => {
  const packets: Packet[] = [];
  for await (const packet of actor.outports) packets.push(packet);
  return packets;
};

/** A promise, and the function that resolves it. */
class Gate {
  open: () => void = () => {};
  readonly opened = new Promise<void>(resolve => {
    this.open = resolve;
  });
}

/** An actor that counts the instances of its plugin. */
async function counted(options: ActorOptions = {}, steps: Record<string, string[]> = {}, answer = RESULT) {
  const made = { instances: 0 };
  const wasm = answering(
    { process: answer, get_metadata: METADATA, _initialize: '' },
    { _initialize: ['made'], ...steps },
  );
  const functions = {
    ...options.functions,
    'extism:host/user': { ...options.functions?.['extism:host/user'], made: () => void made.instances++ },
  };
  const actor = await ScriptActor.create({ source: wasm }, { stderr: () => {}, ...options, functions });
  return { actor, made };
}

suite('actor life: phases', test => {
  const phasesOf = (events: readonly ActorEvent[]) =>
    events.flatMap(event => (event.type === 'phase' ? [event.phase] : []));

  test('the phases are loading, validation, initialization, active, cleanup, stopped', async () => {
    const events: ActorEvent[] = [];
    const actor = await keeper({ onEvent: event => events.push(event) });
    is(actor.phase, 'active');
    const stopping = actor.stop();
    is(actor.phase, 'cleanup');
    await stopping;
    is(actor.phase, 'stopped');
    equal(phasesOf(events), ['loading', 'validation', 'initialization', 'active', 'cleanup', 'stopped']);
  });

  test('a module that is refused ends the life in phase validation', async () => {
    const events: ActorEvent[] = [];
    const create = () =>
      ScriptActor.create({ source: Uint8Array.of(1) }, { onEvent: event => events.push(event) });
    await raises(create, { code: 'INVALID_WASM' });
    equal(phasesOf(events), ['loading', 'validation']);
  });

  test.row('upstream.3', 'one instance runs all calls, until a call traps', async () => {
    const { actor, made } = await counted({}, { process: [] });
    for (let call = 0; call < 5; call++) await actor.process({});
    is(made.instances, 1);
    await actor.stop();
    const trapping = await counted({}, { process: ['trap'] });
    await raises(() => trapping.actor.process({}), { code: 'TRAP' });
    await raises(() => trapping.actor.process({}), { code: 'TRAP' });
    is(trapping.made.instances, 2);
    await trapping.actor.stop();
  });

  test.row('upstream.3', 'with fresh, each call runs in a new instance', async () => {
    const { actor, made } = await counted({ isolation: 'fresh', state: { a: 1 } });
    for (let call = 0; call < 3; call++) await actor.process({});
    // Three instances for the calls, and one for get_metadata.
    is(made.instances, 4);
    equal(actor.state, { a: 1 });
    await actor.stop();
  });

  test('error.ABORTED: a stop ends a call whose new instance is being made', async () => {
    const { actor } = await counted({ isolation: 'fresh', state: { a: 1 } });
    const failed = raises(() => actor.process({}), { code: 'ABORTED' });
    for (let turn = 0; turn < 2; turn++) await null;
    await actor.stop({ drain: false });
    await failed;
    equal(actor.state, { a: 1 });
  });

  test('the commit of a store may return any value', async () => {
    let kept = new Map<string, JsonValue>();
    const commit = (state: typeof kept) => {
      kept = state;
      return state;
    };
    const store = { load: () => new Map(kept), commit: commit as unknown as StateStore['commit'] };
    const actor = await keeper({ state: store });
    await actor.process({ 'do:set': Message.object({ a: 1 }), ...numbered(1) });
    equal([...kept], [['a', 1]]);
    await actor.stop();
  });

  test('a new instance is made of the original bytes, even when the caller has changed them', async () => {
    for (const options of [{ isolation: 'fresh' }, { errorPolicy: 'restart' }] as const) {
      const bytes = source();
      const actor = await ScriptActor.create({ source: bytes }, { stderr: () => {}, ...options });
      bytes.fill(0);
      await raises(() => actor.process(failing()), { code: 'PLUGIN_ERROR' });
      equal(await actor.process(numbered(1)), [numbered(1)]);
      await actor.stop();
    }
  });

  test.row('upstream.14', 'an empty result is sent as a packet only with emitEmptyResults', async () => {
    const silent = await keeper();
    equal(await silent.process({}), []);
    const talkative = await keeper({ emitEmptyResults: true });
    equal(await talkative.process({}), [{}]);
    await Promise.all([silent.stop(), talkative.stop()]);
  });

  test.row('upstream.13', 'each actor has its own ports and state', async () => {
    const [one, two] = [await keeper(), await keeper()];
    one.start();
    two.start();
    await one.inports.send({ 'do:set': Message.object({ a: 1 }), ...numbered(1) });
    await two.inports.send(numbered(2));
    await Promise.all([one.stop(), two.stop()]);
    equal([await collect(one), await collect(two)], [[numbered(1)], [numbered(2)]]);
    equal([one.state, two.state], [{ a: 1 }, {}]);
  });
});

suite('actor life: error policy', test => {
  const run = async (options: ActorOptions, packets: Packet[]) => {
    const actor = await keeper(options);
    actor.start();
    for (const packet of packets) await actor.inports.send(packet).catch(() => {});
    await actor.drain();
    return actor;
  };
  const shown = (packets: readonly Packet[]) =>
    packets.map(({ n, error }) => (error ? 'error' : (n?.data as number)));

  test.row('upstream.4', 'continue: an error packet is sent, and the actor goes on', async () => {
    const actor = await run({}, [numbered(1), failing(), numbered(2)]);
    await actor.stop();
    equal(shown(await collect(actor)), [1, 'error', 2]);
  });

  test.row('upstream.4', 'stop: no packet follows the error, and senders get its message', async () => {
    const actor = await keeper({ errorPolicy: 'stop', state: { a: 1 } });
    await actor.inports.send(numbered(1));
    await actor.inports.send(failing('out of ink'));
    await actor.inports.send(numbered(2));
    actor.start();
    equal(shown(await collect(actor)), [1, 'error']);
    const error = await raises(() => actor.inports.send(numbered(3)), {
      code: 'ACTOR_STOPPED',
      message: /^inports: the actor has stopped after a failure: .*out of ink/,
    });
    is((error.cause as ProcessError).code, 'PLUGIN_ERROR');
    await raises(() => actor.process(numbered(3)), { code: 'ACTOR_STOPPED', message: 'out of ink' });
    await actor.stop();
    is(actor.phase, 'stopped');
    equal(actor.state, { a: 1 });
  });

  test('stop: calls that wait are refused', async () => {
    const actor = await keeper({ errorPolicy: 'stop' });
    const failed = actor.process(failing());
    const waiting = actor.process(numbered(1));
    await raises(() => failed, { code: 'PLUGIN_ERROR' });
    await raises(() => waiting, { code: 'ACTOR_STOPPED', message: 'after a failure' });
    await actor.stop();
  });

  test.row('upstream.4', 'restart: a new instance goes on with the old state', async () => {
    for (const [errorPolicy, instances] of [
      ['continue', 1],
      ['restart', 3],
    ] as const) {
      const { actor, made } = await counted({ errorPolicy, state: { a: 1 } }, {}, 'no result');
      for (let call = 0; call < 2; call++) await raises(() => actor.process({}), { code: 'INVALID_RESULT' });
      is(made.instances, instances, errorPolicy);
      equal(actor.state, { a: 1 });
      await actor.stop();
    }
  });

  test.row(
    ['limit.failures', 'upstream.4'],
    'restart: maxFailures failures in a row stop the actor, and a success resets the count',
    async () => {
      const actor = await keeper({ errorPolicy: 'restart', maxFailures: 2 });
      for (let round = 0; round < 3; round++) {
        await raises(() => actor.process(failing()), { code: 'PLUGIN_ERROR' });
        equal(await actor.process(numbered(round)), [numbered(round)]);
      }
      await raises(() => actor.process(failing('one')), { code: 'PLUGIN_ERROR' });
      await raises(() => actor.process(failing('two')), { code: 'PLUGIN_ERROR' });
      await raises(() => actor.process(numbered(1)), { code: 'ACTOR_STOPPED', message: 'two' });
      const lasting = await keeper({ errorPolicy: 'restart' });
      for (let call = 0; call < 10; call++)
        await raises(() => lasting.process(failing()), { code: 'PLUGIN_ERROR' });
      await raises(() => lasting.process(numbered(1)), { code: 'ACTOR_STOPPED' });
    },
  );

  test('restart: a plugin that cannot start again stops the actor', async () => {
    let starts = 0;
    const functions = {
      'extism:host/user': {
        check: () => {
          if (starts++ > 0) throw new Error('not again');
        },
      },
    };
    const { actor } = await counted(
      { errorPolicy: 'restart', functions },
      { _initialize: ['made', 'check'] },
      'no result',
    );
    await raises(() => actor.process({}), { code: 'INVALID_RESULT' });
    await raises(() => actor.process({}), { code: 'ACTOR_STOPPED', message: 'not again' });
  });

  test('the error for a wrong option names the option and the expected value', async () => {
    for (const [options, message] of [
      [{ errorPolicy: 'ignore' }, 'errorPolicy: expected one of continue, stop, restart, got a string'],
      [{ maxFailures: 0 }, 'maxFailures: expected a whole number of failures, 1 or more, got 0'],
      [{ statePolicy: 'keep' }, 'statePolicy: expected one of replace, merge, transactional, got a string'],
      [{ isolation: 'worker' }, 'isolation: expected one of inline, fresh, got a string'],
      [{ wire: 'binary' }, 'wire: expected one of plain, upstream, got a string'],
      [{ requirePorts: 1 }, 'requirePorts: expected true or false, got a number'],
      [{ onEvent: 1 }, 'onEvent: expected a function, got a number'],
      [{ node: { id: 'n', component: 'c' }, config: {} }, 'node and config: both are given; keep one'],
    ] as const) {
      await raises(() => keeper(options as unknown as ActorOptions), { code: 'INVALID_CONFIG', message });
    }
  });
});

suite('actor life: state policies', test => {
  const set = (entries: object) => ({ 'do:set': Message.object(entries as never) });
  const give = (state: object) => ({ 'do:state': Message.any(state as never) });

  test('merge keeps the keys that this call and earlier calls set', async () => {
    const actor = await keeper({ statePolicy: 'merge', state: { old: 1 } });
    await actor.process({ ...set({ a: 1 }), ...give({ b: 2 }) });
    equal(actor.state, { old: 1, a: 1, b: 2 });
    await raises(() => actor.process({ ...set({ c: 3 }), ...failing() }), { code: 'PLUGIN_ERROR' });
    equal(actor.state, { old: 1, a: 1, b: 2, c: 3 });
    await actor.stop();
  });

  test.row(
    'upstream.10',
    'replace loses the keys that the call set, and strict fails the call instead',
    async () => {
      const codes: string[] = [];
      const actor = await keeper({ state: { old: 1 }, onDiagnostic: ({ code }) => codes.push(code) });
      await actor.process({ ...set({ a: 1 }), ...give({ b: 2 }) });
      equal([actor.state, codes], [{ b: 2 }, ['STATE_WRITES_DISCARDED']]);
      await actor.stop();
      const strict = await keeper({ state: { old: 1 }, strict: true, statePolicy: 'transactional' });
      await raises(() => strict.process({ ...set({ a: 1 }), ...give({ b: 2 }) }), {
        code: 'STATE_WRITES_DISCARDED',
      });
      equal(strict.state, { old: 1 });
      await strict.stop();
    },
  );

  test.row('upstream.11', 'transactional: a call that fails does not change the state', async () => {
    const actor = await keeper({ statePolicy: 'transactional', state: { old: 1 } });
    await raises(() => actor.process({ ...set({ a: 1 }), ...failing() }), { code: 'PLUGIN_ERROR' });
    await raises(() => actor.process({ ...set({ a: 1 }), 'do:panic': Message.flow() }), { code: 'TRAP' });
    equal(actor.state, { old: 1 });
    equal(await actor.process({ 'do:get': Message.string('a') }), [{ got: Message.optional() }]);
    await actor.process(set({ b: 2 }));
    equal(actor.state, { old: 1, b: 2 });
    await actor.stop();
  });

  test.row(
    'upstream.12',
    'a stored null is a key of the state, but the plugin reads it like a missing key',
    async () => {
      const actor = await keeper();
      await actor.process(set({ nothing: null }));
      equal(actor.state, { nothing: null });
      for (const key of ['nothing', 'missing']) {
        equal(await actor.process({ 'do:get': Message.string(key) }), [{ got: Message.optional() }]);
      }
      await actor.stop();
    },
  );
});

suite('actor life: drain, stop and signals', test => {
  test.row('upstream.20', 'drain resolves when all packets that were sent are processed', async () => {
    const actor = await keeper({ capacity: 4 });
    await actor.drain();
    actor.start();
    const sends = Array.from({ length: 4 }, (_, n) => actor.inports.send(numbered(n)));
    await Promise.all(sends);
    const call = actor.process({ 'do:set': Message.object({ a: 1 }) });
    await actor.drain();
    equal(actor.state, { a: 1 });
    await call;
    is(actor.phase, 'active');
    await actor.inports.send(numbered(4));
    await actor.stop();
    equal(await collect(actor), [0, 1, 2, 3, 4].map(numbered));
    await actor.drain();
  });

  test.row('upstream.20', 'stop without drain drops the packets that wait', async () => {
    const actor = await keeper();
    for (let n = 0; n < 3; n++) await actor.inports.send(numbered(n));
    actor.start();
    await actor.stop({ drain: false });
    ok((await collect(actor)).length <= 1);
    is(actor.phase, 'stopped');
  });

  test('a stop that drains can be cut short by a stop without drain', async () => {
    const actor = await keeper({ state: { load: async () => new Map(), commit() {} } });
    const calls = [0, 1, 2].map(n => actor.process(numbered(n)));
    const draining = actor.stop();
    await actor.stop({ drain: false });
    await draining;
    const outcomes = await Promise.allSettled(calls);
    const reasons = outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
    ok(reasons.length >= 2 && reasons.every(code => code === 'ABORTED'), String(reasons));
  });

  test('a message of an actor that need not wait is processed before process returns', async () => {
    const actor = await keeper();
    const call = actor.process({ 'do:set': Message.object({ a: 1 }) });
    equal(actor.state, { a: 1 });
    const stopped = actor.stop({ drain: false });
    await call;
    await stopped;
  });

  test('a message that a listener or a host function sends to another actor is processed after the call', async () => {
    const seen: string[] = [];
    const calls: Promise<unknown>[] = [];
    const other = await keeper({ onEvent: ({ type }) => seen.push(`other ${type}`) });
    seen.length = 0;
    const send = () => void calls.push(other.process(numbered(1)));
    const actor = await ScriptActor.create(
      { source: answering({ process: RESULT, get_metadata: METADATA }, { process: ['hook'] }) },
      {
        functions: { 'extism:host/user': { hook: send } },
        onEvent: ({ type }) => {
          if (type === 'completed') send();
          if (type === 'completed' || type === 'started') seen.push(type);
        },
      },
    );
    await actor.process({});
    await Promise.all(calls);
    const processed = ['other started', 'other packet', 'other completed'];
    equal(seen, ['started', 'completed', ...processed, ...processed]);
    await Promise.all([actor.stop(), other.stop()]);
  });

  test.row('upstream.20', 'a signal ends the wait of its own sender only', async () => {
    const actor = await keeper({ capacity: 1 });
    await actor.inports.send(numbered(0));
    const controller = new AbortController();
    const waiting = actor.inports.send(numbered(1), { signal: controller.signal });
    const patient = actor.inports.send(numbered(2));
    controller.abort(new Error('no time'));
    await raises(() => waiting, { code: 'ABORTED', message: 'inports: aborted: no time' });
    await raises(() => actor.inports.send(numbered(3), { signal: controller.signal }), { code: 'ABORTED' });
    actor.start();
    await patient;
    await actor.stop();
    equal(await collect(actor), [0, 2].map(numbered));
  });

  test('a signal that has fired ends a call before it begins, and does not count as a failure', async () => {
    const actor = await keeper({ errorPolicy: 'stop' });
    const signal = AbortSignal.abort(new Error('no time'));
    const error = await raises(() => actor.process(numbered(1), { signal }), {
      code: 'ABORTED',
      message: 'no time',
    });
    ok(error instanceof ProcessError);
    equal(await actor.process(numbered(2)), [numbered(2)]);
    await actor.stop();
  });

  test("the actor's own signal stops it", async () => {
    const controller = new AbortController();
    const actor = await keeper({ signal: controller.signal });
    await actor.inports.send(numbered(1));
    controller.abort();
    await raises(() => actor.process(numbered(2)), { code: 'ACTOR_STOPPED' });
    await actor.stop();
    is(actor.phase, 'stopped');
    await raises(() => keeper({ signal: controller.signal }), { code: 'ABORTED' });
  });
});

suite(
  'actor life: async host functions',
  test => {
    const waiting = (wait: () => Promise<void>, options: ActorOptions = {}) =>
      counted(
        { ...options, functions: { 'extism:host/user': { wait: async () => wait() } } },
        { process: ['wait', 'echo'] },
      );

    test('are waited for, with the state and packets of their call', async () => {
      const gate = new Gate();
      const { actor } = await waiting(() => gate.opened, { state: { a: 1 } });
      const call = actor.process(numbered(7));
      gate.open();
      const [packet] = await call;
      equal(Message.toPlain(packet!.state!), { a: 1 });
      equal(Message.toPlain(packet!.payload!), { n: { type: 'Integer', data: 7 } });
      await actor.stop();
    });

    test.row(
      'upstream.20',
      'a signal aborts its own call only, and other calls and actors go on',
      async () => {
        const gates = [new Gate(), new Gate()];
        const actors = await Promise.all(gates.map(gate => waiting(() => gate.opened)));
        const [one, other] = actors.map(({ actor }) => actor) as [ScriptActor, ScriptActor];
        const controller = new AbortController();
        const cut = one.process({}, { signal: controller.signal });
        const behind = one.process({});
        const elsewhere = other.process({});
        await Promise.resolve();
        controller.abort(new Error('enough'));
        await raises(() => cut, { code: 'ABORTED', message: 'enough' });
        for (const gate of gates) gate.open();
        is((await behind).length, 1);
        is((await elsewhere).length, 1);
        await Promise.all([one.stop(), other.stop()]);
      },
    );

    test('stop without drain ends a call that waits for ever', async () => {
      const { actor } = await waiting(() => new Promise(() => {}));
      actor.start();
      const call = actor.process({});
      await actor.inports.send({});
      await Promise.resolve();
      const stopping = actor.stop({ drain: false });
      await raises(() => call, { code: 'ABORTED' });
      await stopping;
      is(actor.phase, 'stopped');
    });

    test('a call that is aborted leaves the state as its policy says', async () => {
      const controller = new AbortController();
      const { actor } = await waiting(
        () => {
          controller.abort(new Error('now'));
          return new Promise(() => {});
        },
        { state: { a: 1 } },
      );
      await raises(() => actor.process({}, { signal: controller.signal }), {
        code: 'ABORTED',
        message: 'now',
      });
      equal(actor.state, { a: 1 });
      await actor.stop();
    });
  },
  jspi ? null : 'this engine cannot suspend a plugin',
);

suite('actor life: reload', test => {
  const answer = (version: string, ports = '[]') =>
    answering({
      process: `{"outputs":{"version":{"type":"String","data":"${version}"}}}`,
      get_metadata: `{"component":"X","inports":${ports}}`,
      get_version: `"${version}"`,
    });

  test.row('upstream.23', 'the new module runs from the next message on, with the state', async () => {
    const actor = await keeper({ state: { a: 1 } });
    await actor.process({ 'do:set': Message.object({ b: 2 }) });
    const before = actor.process(numbered(1));
    await actor.reload(answer('2'));
    const after = actor.process(numbered(2));
    equal(await before, [numbered(1)]);
    equal(await after, [{ version: Message.string('2') }]);
    equal([actor.state, actor.version], [{ a: 1, b: 2 }, '2']);
    await actor.reload(source());
    equal(await actor.process(numbered(3)), [numbered(3)]);
    equal(actor.state, { a: 1, b: 2 });
    await actor.stop();
  });

  test('listeners hear of the new module before its first call begins', async () => {
    const types: string[] = [];
    const actor = await keeper();
    actor.subscribe(({ type }) => types.push(type));
    const reloading = actor.reload(answer('2'));
    const calls = Array.from({ length: 200 }, () =>
      actor.process({}).then(([packet]) => types.push(packet?.version ? 'new' : 'old')),
    );
    await Promise.all([reloading, ...calls]);
    await actor.process({});
    equal(types.slice(0, types.indexOf('reloaded')).includes('new'), false);
    await actor.stop();
  });

  test.row('upstream.23', 'after a refused module the old one goes on', async () => {
    const actor = await keeper({ state: { a: 1 } });
    for (const [wrong, code] of [
      [Uint8Array.of(1), 'INVALID_WASM'],
      [answering({ process: RESULT, get_metadata: '{}' }), 'INVALID_METADATA'],
      [answering({ other: RESULT }), 'FUNCTION_NOT_FOUND'],
    ] as const) {
      await raises(() => actor.reload(wrong), { code });
      equal(await actor.process(numbered(1)), [numbered(1)]);
    }
    equal(actor.state, { a: 1 });
    await actor.stop();
    await raises(() => actor.reload(source()), { code: 'ACTOR_STOPPED' });
  });

  test('no packet is lost or doubled when it is reloaded in the middle of a stream', async () => {
    const actor = await keeper({ capacity: 8 });
    actor.start();
    const packets = collect(actor);
    for (let n = 0; n < 60; n++) {
      await actor.inports.send(numbered(n));
      if (n % 20 === 10) await actor.reload(source());
    }
    await actor.stop();
    equal(
      await packets,
      Array.from({ length: 60 }, (_, n) => numbered(n)),
    );
  });

  test('after several reloads at once the module of the last call runs, although others take longer', async () => {
    const actor = await keeper();
    await Promise.all([actor.reload(source()), actor.reload(answer('1')), actor.reload(answer('2'))]);
    is(actor.version, '2');
    await actor.stop();
  });

  test('with awaitAllInports, a module with other inports is refused', async () => {
    const ports = (...names: string[]) => JSON.stringify(names.map(name => ({ name })));
    const create = (wasm: Uint8Array) =>
      ScriptActor.create({ source: wasm }, { awaitAllInports: true, stderr: () => {} });
    const actor = await create(answer('1', ports('a', 'b')));
    await actor.reload(answer('2', ports('b', 'a')));
    await raises(() => actor.reload(answer('3', ports('a', 'c'))), {
      code: 'INVALID_METADATA',
      message: 'the inports are a, c, but messages for a, b are waited for',
    });
    is(actor.version, '2');
    await actor.stop();
  });
});

suite('actor life: events', test => {
  test.row('upstream.19', 'tell of calls, packets, state and failures, with sizes', async () => {
    const events: ActorEvent[] = [];
    const actor = await keeper({ actorConfig: { node_id: 'n', component: 'c' }, state: { a: 1 } });
    const end = actor.subscribe(event => events.push(event));
    const send = { 'do:send': Message.array([{ x: 1 }]) };
    await actor.process({ ...send, 'do:set': Message.object({ a: 1, b: 2 }), ...numbered(1) });
    await raises(() => actor.process({ ...send, ...failing('no ink') }), { code: 'PLUGIN_ERROR' });
    await actor.reload(source());
    end();
    await actor.stop();
    const shown = events.map(({ atMs, actor, component, ...rest }) => {
      ok(Number.isSafeInteger(atMs) && atMs > 0);
      equal([actor, component], ['n', 'c']);
      const bytes = ['payloadBytes', 'outputBytes', 'stateBytes'];
      for (const key of ['durationMs', ...bytes, 'pluginPages', 'kernelPages', 'peakPages']) {
        const value = (rest as Record<string, unknown>)[key];
        if (value !== undefined) ok(typeof value === 'number' && value >= 0, key);
        delete (rest as Record<string, unknown>)[key];
      }
      return rest;
    });
    match((shown[7] as { message?: string }).message ?? '', 'no ink');
    delete (shown[7] as { message?: string }).message;
    equal(shown, [
      { type: 'started', call: 1, queueDepth: 0 },
      { type: 'state-changed', call: 1, keys: ['b'] },
      { type: 'packet', call: 1, ports: ['x'], isResult: false },
      { type: 'packet', call: 1, ports: ['n'], isResult: true },
      { type: 'completed', call: 1, packets: 2, queueDepth: 0 },
      { type: 'started', call: 2, queueDepth: 0 },
      { type: 'packet', call: 2, ports: ['x'], isResult: false },
      { type: 'failed', call: 2, code: 'PLUGIN_ERROR', packets: 1, failures: 1, queueDepth: 0 },
      { type: 'reloaded', version: null },
    ] as never);
    JSON.stringify(events);
  });

  test('a listener that comes while a call runs learns no time of it', async () => {
    const events: ActorEvent[] = [];
    const store = {
      load: () => {
        actor?.subscribe(event => events.push(event));
        return new Map();
      },
      commit: () => {},
    };
    let actor: ScriptActor | undefined;
    actor = await keeper({ state: store });
    await actor.process(numbered(1));
    await actor.stop();
    equal(
      events.flatMap(event => (event.type === 'completed' ? [event.durationMs] : [])),
      [0],
    );
  });

  test.row(
    'error.CALLBACK_FAILED',
    'the error of a listener becomes a diagnostic, and the call goes on',
    async () => {
      const codes: string[] = [];
      const actor = await keeper({ onDiagnostic: ({ code }) => codes.push(code), strict: false });
      actor.subscribe(() => {
        throw new Error('in the listener');
      });
      equal(await actor.process(numbered(1)), [numbered(1)]);
      ok(codes.length > 0 && codes.every(code => code === 'CALLBACK_FAILED'), String(codes));
      await actor.stop();
    },
  );
});
