import { Message } from '../../src/actor/index.ts';
import { createTrace, lintTrace, type TraceEvent } from '../../src/audit/index.ts';
import type { ComponentFunction, Network, NetworkHappened } from '../../src/network/index.ts';
import { findChannel } from '../../src/platform/web-context.ts';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { host, readJson } from '../helpers/host.ts';
import { checkSchema, type Schema } from '../helpers/json-schema.ts';
import { suite } from '../helpers/suite.ts';
import { createNetwork, int } from './make-network.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SENDER = `00-${TRACE}-b7ad6b7169203331-01`;
const FORM = /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/;

type Step = NetworkHappened & { type: 'step' };
const stepsOf = (events: readonly NetworkHappened[]) =>
  events.filter((event): event is Step => event.type === 'step');

const pass: ComponentFunction = packet => ({ out: Object.values(packet)[0]! });
const failing: ComponentFunction = () => {
  throw new Error('no ink');
};
const CHAIN = ['> go -> a.in', 'a.out -> b.in', 'b.out -> end >'];

suite('tracing', test => {
  test('the header of a sender goes through each node, and a hop after the last one goes out', async () => {
    const seen: unknown[] = [];
    const watch: ComponentFunction = (packet, { traceparent }) => {
      seen.push(traceparent);
      return pass(packet, undefined as never);
    };
    const network = await createNetwork(CHAIN, { a: watch, b: watch });
    const { traceparents } = await network.call({ go: int(1) }, { traceparent: SENDER });
    const [a, b] = seen as [string, string];
    for (const header of [a, b]) ok(FORM.test(header) && header.slice(3, 35) === TRACE, header);
    is(new Set([SENDER, a, b]).size, 3);
    equal(traceparents, [b]);
    await network.stop();
  });

  test('without a listener, a packet without a trace gets none', async () => {
    const network = await createNetwork(CHAIN, { a: pass, b: pass });
    equal((await network.call({ go: int(1) })).traceparents, [undefined]);
    await network.stop();
  });

  test('a message read from an outport has its trace, and keeps its flag', async () => {
    const network = await createNetwork(CHAIN, { a: pass, b: pass });
    network.start();
    await network.inports.go!.send(int(1), { traceparent: SENDER.replace(/01$/, '00') });
    for await (const { message, traceparent } of network.outports.end!.traced()) {
      equal(message, int(1));
      match(traceparent!, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
      break;
    }
    await network.stop();
  });

  test('each hop is an event with its parents, its packets and its time', async () => {
    const events: NetworkHappened[] = [];
    const network = await createNetwork(
      CHAIN,
      { a: pass, b: pass },
      { onEvent: event => void events.push(event) },
    );
    await network.call({ go: int(1) });
    const [a, b] = stepsOf(events) as [Step, Step];
    equal(a.read, [{ source: '> go', position: 1, port: 'in' }]);
    equal([a.node, a.packets, a.code, a.parents], ['a', 1, null, []]);
    match(a.traceparent, FORM);
    equal(b.parents, [a.traceparent]);
    ok(b.durationMs >= 0 && b.startMs <= b.atMs);
    ok(!('input' in a));
    await network.stop();
  });

  test('the calls in the trace of a plugin have the header of their hop', async () => {
    const calls: TraceEvent[] = [];
    const events: NetworkHappened[] = [];
    const source = host().readBytes('fixtures/rust-counter/rust_counter.wasm');
    const trace = createTrace({ onEvent: event => void calls.push(event) });
    const network = await createNetwork(
      ['> go -> a.increment', 'a.count -> b.increment', 'b.count -> end >'],
      { a: { source }, b: { source } },
      { onEvent: event => void events.push(event), actors: { trace, stderr: () => {} } },
    );
    await network.call({ go: Message.flow() });
    await network.call({ go: Message.flow() }, { traceparent: SENDER });
    const hops = stepsOf(events).map(({ traceparent }) => traceparent);
    is(hops.length, 4);
    const processed = calls.flatMap(event =>
      event.type === 'call' && event.export === 'process' ? [event.traceparent] : [],
    );
    equal(processed, hops);
    const others = calls.filter(event => event.type === 'call' && event.export !== 'process');
    ok(others.length > 0 && others.every(event => !('traceparent' in event)));
    equal([trace.events, trace.failures], [calls.length, 0]);
    const schema = readJson('schemas/trace-1.json') as Schema;
    for (const event of calls) equal(checkSchema(JSON.parse(JSON.stringify(event)), schema, event.type), []);
    equal(lintTrace(calls), []);
    await network.stop();
  });

  test('a join has all its packets as parents, and a failed hop its code', async () => {
    const events: NetworkHappened[] = [];
    const lines = ['> go -> a.in', 'a.out -> b.in', '> other -> b.more'];
    const more = {
      processes: { a: { component: 'a' }, b: { component: 'b', metadata: { await_all_inports: true } } },
    };
    const onEvent = (event: NetworkHappened) => void events.push(event);
    const network = await createNetwork(lines, { a: pass, b: failing }, { onEvent }, more);
    await network.call({ go: int(1), other: int(2) }, { traceparent: SENDER });
    const [a, b] = stepsOf(events) as [Step, Step];
    equal(new Set(b.parents), new Set([a.traceparent, SENDER]));
    is(b.code, 'CALLBACK_FAILED');
    await network.stop();
  });

  const ignored = [
    '',
    'x',
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `ff-${TRACE}-b7ad6b7169203331-01`,
    `00-${TRACE.toUpperCase()}-b7ad6b7169203331-01`,
    `${SENDER}-more`,
  ];
  for (const traceparent of [...ignored, null]) {
    test(`the header ${JSON.stringify(traceparent)} is ignored`, async () => {
      const network = await createNetwork(CHAIN, { a: pass, b: pass });
      equal((await network.call({ go: int(1) }, { traceparent })).traceparents, [undefined]);
      await network.stop();
    });
  }

  test('a header of a later version is read without its further fields', async () => {
    const network = await createNetwork(CHAIN, { a: pass, b: pass });
    const { traceparents } = await network.call(
      { go: int(1) },
      { traceparent: `cc-${SENDER.slice(3)}-more` },
    );
    match(traceparents[0]!, new RegExp(`^00-${TRACE}-`));
    await network.stop();
  });

  test('subscribers of the diagnostics channel get the events, where the runtime has one', async () => {
    const name = 'plugboard:network';
    type Subscribable = {
      subscribe(listener: (event: unknown) => void): void;
      unsubscribe(listener: unknown): void;
    };
    const channel = findChannel(globalThis, name) as unknown as Subscribable | undefined;
    if (!channel) return;
    const types: unknown[] = [];
    const listener = (event: unknown) => void types.push((event as NetworkHappened).type);
    const network = await createNetwork(CHAIN, { a: pass, b: pass });
    channel.subscribe(listener);
    await network.call({ go: int(1) });
    channel.unsubscribe(listener);
    await network.stop();
    equal(types, ['phase', 'step', 'step']);
  });
});

suite('listeners of a network', test => {
  const listeners: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('bad listener');
      },
    ],
    ['rejects', () => Promise.reject(new Error('bad listener'))],
  ];
  for (const [how, listener] of listeners) {
    test(`a listener that ${how} ends nothing, and is reported`, async () => {
      const told: unknown[] = [];
      const options = {
        onEvent: listener as () => void,
        onDiagnostic: (diagnostic: unknown) => void told.push(diagnostic),
      };
      const network = await createNetwork(CHAIN, { a: pass, b: pass }, options);
      equal((await network.call({ go: int(1) })).packets, [{ end: int(1) }]);
      await network.stop();
      const message = 'a listener of events failed at step: bad listener';
      ok(told.some(given => JSON.stringify(given) === JSON.stringify({ code: 'CALLBACK_FAILED', message })));
    });
  }

  test('an onDiagnostic that throws ends nothing either', async () => {
    const fail = () => {
      throw new Error('no');
    };
    const network = await createNetwork(CHAIN, { a: pass, b: pass }, { onEvent: fail, onDiagnostic: fail });
    equal((await network.call({ go: int(1) })).packets, [{ end: int(1) }]);
    await network.stop();
  });

  test('a subscriber with packets gets those of each step', async () => {
    const events: NetworkHappened[] = [];
    const network = await createNetwork(CHAIN, { a: pass, b: pass });
    network.subscribe(event => void events.push(event), { packets: true });
    await network.call({ go: int(1) });
    const [a] = stepsOf(events);
    equal([a!.input, a!.output], [{ in: int(1) }, [{ out: int(1) }]]);
    await network.stop();
  });
});

suite('a dead letter', test => {
  const JOIN = { processes: { a: { component: 'a', metadata: { await_all_inports: true } } } };
  const lettersOf = async (network: Network) => {
    await network.call({ go: int(1), other: int(2) }, { traceparent: SENDER });
    const letters = await network.deadLetters();
    await network.stop();
    return letters;
  };

  test('names the node, the whole packet, its places and the error', async () => {
    const letters = await lettersOf(
      await createNetwork(['> go -> a.in', '> other -> a.more'], { a: failing }, {}, JOIN),
    );
    const read = [
      { source: '> go', position: 1, port: 'in' },
      { source: '> other', position: 1, port: 'more' },
    ];
    equal(
      letters.map(({ traceparent, ...letter }) => letter),
      [['in', int(1)] as const, ['more', int(2)] as const].map(([port, message]) => ({
        node: 'a',
        port,
        message,
        code: 'CALLBACK_FAILED',
        error: 'no ink',
        packet: { in: int(1), more: int(2) },
        read,
      })),
    );
    match(letters[0]!.traceparent!, new RegExp(`^00-${TRACE}-`));
  });

  test('of an error that a node sends has the packet that the node processed', async () => {
    const send: ComponentFunction = () => ({ error: Message.error('bad') });
    const [letter] = await lettersOf(
      await createNetwork(['> go -> a.in', '> other -> a.more'], { a: send }, {}, JOIN),
    );
    equal(
      [letter!.port, letter!.message, letter!.packet],
      ['error', Message.error('bad'), { in: int(1), more: int(2) }],
    );
    equal(letter!.read.length, 2);
  });
});
