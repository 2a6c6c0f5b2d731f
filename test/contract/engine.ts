import { type JsonValue, Message } from '../../src/actor/index.ts';
import type { Delivery, Engine, NodeRecord, NodeSession, NodeStep } from '../../src/network/engine/engine.ts';
import { Network, type Plan } from '../../src/network/index.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import type { Test } from '../helpers/suite.ts';

// The contract of engines. Each engine runs these tests unchanged, with its own way to crash.

export interface EngineOptions {
  capacity?: number;
  cycleCapacity?: number;
  maxStepBytes?: number;
}

export interface EngineHarness {
  create(plan: Plan, options?: EngineOptions): Promise<Engine>;
  /** Ends the process that has the sessions, and returns an engine over the same packets and records. */
  crash(engine: Engine, plan: Plan): Promise<Engine>;
}

/** Makes the plan of edges such as `a.out -> b.in`, `> go -> a.in`, `b.out -> end >` and `7 -> a.in`. */
export function planOf(...lines: string[]): Plan {
  const split = lines.map(line => line.split(' -> ') as [string, string]);
  const isNode = (text: string) => text.includes('.');
  const nodes = new Set(
    split
      .flat()
      .filter(isNode)
      .map(text => text.split('.')[0]!),
  );
  const end = (text: string) => {
    const [nodeId, portId] = text.split('.');
    return { nodeId, portId };
  };
  const ports = (rows: [name: string, text: string][]) =>
    Object.fromEntries(rows.map(([name, text]) => [name.replace(/[> ]/g, ''), end(text)]));
  const connections = split.flatMap(([from, to]): object[] => {
    if (isNode(from) && isNode(to)) return [{ from: end(from), to: end(to) }];
    return /^\d/.test(from) ? [{ to: end(to), data: Number(from) }] : [];
  });
  return Network.plan({
    properties: { name: 'contract' },
    processes: Object.fromEntries([...nodes].map(id => [id, { component: 'X' }])),
    connections,
    inports: ports(split.filter(([from]) => from.startsWith('>'))),
    outports: ports(split.filter(([, to]) => to.endsWith('>')).map(([from, to]) => [to, from])),
  });
}

const NONE = { causes: [], hops: 0 };
const sent = (port: string, ...values: number[]) =>
  values.map(value => ({ port, message: Message.integer(value), trace: NONE }));
const numbers = (deliveries: readonly Delivery[]) => deliveries.map(({ message }) => message.data as number);

/** The entries of the state of a record. */
function stateOf({ state }: NodeRecord): [string, JsonValue][] {
  return [...(state instanceof Map ? state : state.state)];
}

/** A step that has read these deliveries. */
export const stepOf = (read: readonly Delivery[], more: Partial<NodeStep> = {}): NodeStep => ({
  read,
  state: undefined,
  sent: [],
  dead: [],
  ...more,
});

/** Takes until there are this many. */
export async function takeAll(session: NodeSession, count: number): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  while (taken.length < count) taken.push(...(await session.take(count - taken.length)));
  return taken;
}

/** Whether a promise stays unsettled while other work is done. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  await new Promise(resolve => setTimeout(resolve, 1));
  return !settled;
}

async function read(engine: Engine, port: string, count: number): Promise<number[]> {
  const found: Delivery[] = [];
  for await (const delivery of engine.receive(port)) if (found.push(delivery) === count) break;
  return numbers(found);
}

export function engineContract(test: Test, { create, crash }: EngineHarness): void {
  const using =
    (plan: Plan, options: EngineOptions | undefined, body: (engine: Engine) => Promise<void>) => async () => {
      const engine = await create(plan, options);
      await body(engine);
      await engine.close();
    };
  const fan = planOf('> go -> a.in', 'a.out -> b.in', 'a.out -> c.in', 'b.out -> c.in', 'c.out -> end >');

  test(
    'packets of one step come to every edge of their port, in order',
    using(fan, {}, async engine => {
      const [a, b, c] = await Promise.all(['a', 'b', 'c'].map(node => engine.own({ node })));
      await engine.send('go', Message.integer(0));
      await a!.commit(stepOf(await a!.take(1), { sent: sent('out', 1, 2, 3) }));
      equal(numbers(await takeAll(b!, 3)), [1, 2, 3]);
      const atC = await takeAll(c!, 3);
      equal(numbers(atC), [1, 2, 3]);
      equal(
        atC.map(({ source, position, port }) => `${source} ${position} ${port}`),
        [1, 2, 3].map(position => `a.out -> c.in ${position} in`),
      );
    }),
  );

  test(
    'a port without an edge takes packets, and they go nowhere',
    using(fan, {}, async engine => {
      const a = await engine.own({ node: 'a' });
      await a.commit(stepOf([], { sent: sent('none', 1) }));
    }),
  );

  test(
    'packets of several sources keep the order of each source',
    using(fan, {}, async engine => {
      const [a, b, c] = await Promise.all(['a', 'b', 'c'].map(node => engine.own({ node })));
      await a!.commit(stepOf([], { sent: sent('out', 1) }));
      await b!.commit(stepOf([], { sent: sent('out', 10, 11) }));
      await a!.commit(stepOf([], { sent: sent('out', 2) }));
      const taken = await takeAll(c!, 4);
      const of = (start: string) => numbers(taken.filter(({ source }) => source.startsWith(start)));
      equal(
        [of('a'), of('b')],
        [
          [1, 2],
          [10, 11],
        ],
      );
    }),
  );

  test(
    'a session begins without a record, and the record is all that the latest step left',
    using(fan, {}, async engine => {
      const a = await engine.own({ node: 'a' });
      is(a.record, undefined);
      await engine.send('go', Message.integer(1));
      const state = new Map<string, JsonValue>([
        ['n', 9_007_199_254_740_993n],
        ['__proto__', [1.5, null]],
      ]);
      await a.commit(stepOf(await a.take(1), { state }));
      const again = await engine.own({ node: 'a' });
      equal(again.record?.positions, { '> go': 1 });
      equal(stateOf(again.record!), [...state]);
      await again.commit(stepOf([]));
      equal((await engine.own({ node: 'a' })).record?.positions, { '> go': 1 });
    }),
  );

  test(
    'packets that were taken and not committed come again, in order, to the next session',
    using(fan, {}, async engine => {
      const a = await engine.own({ node: 'a' });
      for (const n of [1, 2, 3, 4, 5]) await engine.send('go', Message.integer(n));
      const taken = await takeAll(a, 4);
      await a.commit(stepOf(taken.slice(0, 2)));
      const again = await engine.own({ node: 'a' });
      equal(numbers(await takeAll(again, 3)), [3, 4, 5]);
    }),
  );

  test(
    'the sources of a step are committed apart from each other, as a join needs it',
    using(planOf('> x -> j.x', '> y -> j.y'), {}, async engine => {
      const j = await engine.own({ node: 'j' });
      for (const n of [1, 2]) await engine.send('x', Message.integer(n));
      await engine.send('y', Message.integer(10));
      const taken = await takeAll(j, 3);
      await j.commit(
        stepOf([taken.find(({ port }) => port === 'x')!, taken.find(({ port }) => port === 'y')!]),
      );
      equal(numbers(await takeAll(await engine.own({ node: 'j' }), 1)), [2]);
    }),
  );

  test(
    'a session that another one has replaced can neither take nor commit, and changes nothing',
    using(fan, {}, async engine => {
      const a = await engine.own({ node: 'a' });
      await engine.send('go', Message.integer(1));
      const taken = await a.take(1);
      const waiting = a.take(1);
      const again = await engine.own({ node: 'a' });
      await raises(() => waiting, { code: 'NODE_FENCED' });
      ok(a.lost.aborted);
      await raises(() => a.commit(stepOf(taken, { sent: sent('out', 1) })), { code: 'NODE_FENCED' });
      await raises(() => a.take(1), { code: 'NODE_FENCED' });
      is(again.record, undefined);
      equal(numbers(await again.take(9)), [1]);
      const b = await engine.own({ node: 'b' });
      ok(await isPending(b.take(1).catch(() => {})), 'no packet of the fenced step came');
    }),
  );

  test(
    'a session that is closed gives its node back, and does not count as lost',
    using(fan, {}, async engine => {
      const a = await engine.own({ node: 'a' });
      await engine.send('go', Message.integer(1));
      await a.take(1);
      await a.close();
      is(a.lost.aborted, false);
      equal(numbers(await (await engine.own({ node: 'a' })).take(1)), [1]);
    }),
  );

  const withInitial = planOf('7 -> a.limit', '8 -> a.limit', '> go -> a.in', 'a.out -> end >');
  test('initial packets come before all others, once, also after a crash', async () => {
    let engine = await create(withInitial);
    await engine.send('go', Message.integer(1));
    engine = await crash(engine, withInitial);
    let a = await engine.own({ node: 'a' });
    const taken = await takeAll(a, 3);
    equal(
      taken.map(({ port, message }) => `${port} ${message.data}`),
      ['limit 7', 'limit 8', 'in 1'],
    );
    await a.commit(stepOf(taken.slice(0, 1)));
    engine = await crash(engine, withInitial);
    a = await engine.own({ node: 'a' });
    equal(numbers(await takeAll(a, 2)), [8, 1]);
    await engine.close();
  });

  const POINTS: readonly [
    name: string,
    committed: boolean,
    act: (a: NodeSession, taken: Delivery[]) => unknown,
  ][] = [
    ['after take', false, () => {}],
    [
      'after commit',
      true,
      (a, taken) => a.commit(stepOf(taken, { state: new Map([['n', 1]]), sent: sent('out', 5) })),
    ],
    [
      'after a commit that was refused',
      false,
      (a, taken) =>
        raises(
          () =>
            a.commit(stepOf(taken, { state: new Map([['n', 1]]), sent: sent('out', ...Array(50).fill(5)) })),
          {
            code: 'STEP_TOO_LARGE',
          },
        ),
    ],
    [
      'after a commit was given up',
      false,
      (a, taken) =>
        raises(
          () => a.commit(stepOf(taken, { sent: sent('out', 5) }), AbortSignal.abort(new Error('enough'))),
          {
            message: 'enough',
          },
        ),
    ],
  ];
  for (const [name, committed, act] of POINTS) {
    test(`a crash ${name} leaves all of the step or nothing`, async () => {
      const plan = planOf('> go -> a.in', 'a.out -> b.in');
      let engine = await create(plan, { maxStepBytes: 500 });
      const before = await engine.own({ node: 'a' });
      await engine.send('go', Message.integer(1));
      await engine.send('go', Message.integer(2));
      await act(before, await takeAll(before, 1));
      engine = await crash(engine, plan);
      const [a, b] = [await engine.own({ node: 'a' }), await engine.own({ node: 'b' })];
      equal(numbers(await takeAll(a, committed ? 1 : 2)), committed ? [2] : [1, 2]);
      equal(a.record?.positions, committed ? { '> go': 1 } : undefined);
      if (committed) equal(numbers(await takeAll(b, 1)), [5]);
      else ok(await isPending(b.take(1).catch(() => {})));
      await engine.close();
    });
  }

  test('a commit waits while an edge is full, until packets of it are committed, not only taken', async () => {
    const plan = planOf('a.out -> b.in');
    const engine = await create(plan, { capacity: 2 });
    const [a, b] = [await engine.own({ node: 'a' }), await engine.own({ node: 'b' })];
    for (const n of [1, 2]) await a.commit(stepOf([], { sent: sent('out', n) }));
    const third = a.commit(stepOf([], { sent: sent('out', 3) }));
    ok(await isPending(third));
    const taken = await takeAll(b, 2);
    ok(await isPending(third), 'taken packets still take room');
    await b.commit(stepOf(taken.slice(0, 1)));
    await third;
    equal(numbers(await takeAll(b, 1)), [3]);
    await engine.close();
  });

  test('a commit that waits ends with its signal, or when its session is replaced, and nothing of it is kept', async () => {
    const plan = planOf('a.out -> b.in', 'a.out -> c.in');
    const engine = await create(plan, { capacity: 1 });
    const [a, b] = [await engine.own({ node: 'a' }), await engine.own({ node: 'b' })];
    await a.commit(stepOf([], { sent: sent('out', 1) }));
    const controller = new AbortController();
    const given = a.commit(stepOf([], { sent: sent('out', 2) }), controller.signal);
    ok(await isPending(given));
    controller.abort(new Error('enough'));
    await raises(() => given, { message: 'enough' });
    const fenced = a.commit(stepOf([], { sent: sent('out', 3) }));
    fenced.catch(() => {});
    const again = await engine.own({ node: 'a' });
    await raises(() => fenced, { code: 'NODE_FENCED' });
    const c = await engine.own({ node: 'c' });
    for (const session of [b, c]) await session.commit(stepOf(await takeAll(session, 1)));
    await again.commit(stepOf([], { sent: sent('out', 4) }));
    for (const session of [b, c]) equal(numbers(await takeAll(session, 1)), [4]);
    await engine.close();
  });

  test('senders from outside wait for room, in order, and each may give up', async () => {
    const plan = planOf('> go -> a.in');
    const engine = await create(plan, { capacity: 1 });
    const a = await engine.own({ node: 'a' });
    await engine.send('go', Message.integer(1));
    const controller = new AbortController();
    const given = engine.send('go', Message.integer(2), { signal: controller.signal });
    given.catch(() => {});
    const others = [3, 4, 5].map(n => engine.send('go', Message.integer(n)));
    ok(await isPending(Promise.race([given, ...others])));
    controller.abort(new Error('enough'));
    await raises(() => given, { message: 'enough' });
    for (const n of [1, 3, 4, 5]) {
      const taken = await takeAll(a, 1);
      equal(numbers(taken), [n]);
      await a.commit(stepOf(taken));
    }
    await Promise.all(others);
    await engine.close();
  });

  test('a sender inside a cycle does not wait, and an overflow names the way and keeps nothing', async () => {
    const plan = planOf('a.out -> b.in', 'b.out -> a.in');
    const engine = await create(plan, { capacity: 1, cycleCapacity: 4 });
    const [a, b] = [await engine.own({ node: 'a' }), await engine.own({ node: 'b' })];
    await a.commit(stepOf([], { sent: sent('out', 1, 2, 3, 4) }));
    const error = await raises(
      () => a.commit(stepOf([], { state: new Map([['n', 1]]), sent: sent('out', 5) })),
      {
        code: 'NETWORK_OVERFLOW',
      },
    );
    match(error.message, /a -> b -> a/);
    equal(stateOf((await engine.own({ node: 'a' })).record!), []);
    const taken = await takeAll(b, 4);
    equal(numbers(taken), [1, 2, 3, 4]);
    await b.commit(stepOf(taken, { sent: sent('out', 9) }));
    await engine.close();
  });

  test('a node that fills one port of a join before it feeds the other does not wait for ever', async () => {
    const plan = planOf('a.x -> j.x', 'a.y -> m.in', 'm.out -> j.y');
    const engine = await create(plan, { capacity: 2 });
    const [a, m, j] = await Promise.all(['a', 'm', 'j'].map(node => engine.own({ node })));
    const atJ = takeAll(j!, 5);
    const atM = m!.take(1);
    for (const n of [1, 2, 3, 4]) await a!.commit(stepOf([], { sent: sent('x', n) }));
    await a!.commit(stepOf([], { sent: sent('y', 5) }));
    await m!.commit(stepOf(await atM, { sent: sent('out', 6) }));
    equal(numbers(await atJ), [1, 2, 3, 4, 6]);
    await engine.close();
  });

  test(
    'of two packets with one id, one is kept',
    using(fan, {}, async engine => {
      const a = await engine.own({ node: 'a' });
      for (const [id, n] of [
        ['1', 1],
        ['1', 2],
        ['2', 3],
      ] as const)
        await engine.send('go', Message.integer(n), { id });
      equal(numbers(await takeAll(a, 2)), [1, 3]);
    }),
  );

  test(
    'the packets of a port of the network go to one reader each, in order, and wait while it is full',
    using(fan, { capacity: 2 }, async engine => {
      const c = await engine.own({ node: 'c' });
      await c.commit(stepOf([], { sent: sent('out', 1, 2) }));
      const third = c.commit(stepOf([], { sent: sent('out', 3) }));
      ok(await isPending(third));
      equal(await read(engine, 'end', 1), [1]);
      await third;
      equal(await read(engine, 'end', 2), [2, 3]);
    }),
  );

  test(
    'a take that waits ends with its signal, and the next one works',
    using(fan, {}, async engine => {
      const a = await engine.own({ node: 'a' });
      const controller = new AbortController();
      const waiting = a.take(1, controller.signal);
      controller.abort(new Error('enough'));
      await raises(() => waiting, { message: 'enough' });
      await engine.send('go', Message.integer(1));
      equal(numbers(await a.take(1)), [1]);
    }),
  );

  test('after close, takes and readers end, and everything else is refused', async () => {
    const engine = await create(fan);
    const a = await engine.own({ node: 'a' });
    const waiting = a.take(1);
    const reading = read(engine, 'end', 1);
    await engine.close();
    equal([await waiting, await reading], [[], []]);
    await raises(() => engine.send('go', Message.integer(1)), { code: 'NETWORK_STOPPED' });
    await raises(() => a.commit(stepOf([])), { code: 'NETWORK_STOPPED' });
    await raises(() => engine.own({ node: 'a' }), { code: 'NETWORK_STOPPED' });
  });

  test(
    'dead letters of a step are kept with it',
    using(fan, {}, async engine => {
      const a = await engine.own({ node: 'a' });
      const letter = {
        node: 'a',
        port: 'in',
        message: Message.integer(1),
        code: 'TRAP',
        error: 'unreachable',
        packet: { in: Message.integer(1) },
        read: [{ source: 'x.out -> a.in', position: 1, port: 'in' }],
      };
      await a.commit(stepOf([], { dead: [letter] }));
      equal(await engine.dead(), [letter]);
    }),
  );

  test('a dead letter is sent again with all its messages, once, and is a letter no more', async () => {
    const join = planOf('> go -> a.in', 'a.out -> b.in', 'a.more -> b.more');
    let engine = await create(join);
    const a = await engine.own({ node: 'a' });
    await a.commit(stepOf([], { sent: [...sent('out', 1), ...sent('more', 2)] }));
    const b = await engine.own({ node: 'b' });
    const read = await takeAll(b, 2);
    const packet = Object.fromEntries(read.map(({ port, message }) => [port, message]));
    const letters = read.map(({ port, message }) => ({
      ...{ node: 'b', port, message, code: 'TRAP', error: 'unreachable', packet },
      read: read.map(({ source, position, port }) => ({ source, position, port })),
    }));
    await b.commit(stepOf(read, { dead: letters }));
    const { source, position } = read[0]!;
    const step = { node: 'b', source, position };
    equal(await Promise.all([engine.redrive(step), engine.redrive(step)]), [true, false]);
    equal(await engine.dead(), []);
    const again = await takeAll(b, 2);
    equal(
      again.map(({ port, message }) => [port, message]),
      read.map(({ port, message }) => [port, message]),
    );
    engine = await crash(engine, join);
    equal(await engine.dead(), []);
    const after = await engine.own({ node: 'b' });
    const kept = await takeAll(after, 2);
    equal(kept, again);
    // The positions of the way go on, in this process and after it.
    await after.commit(stepOf(kept, { dead: letters }));
    is(await engine.redrive(step), true);
    engine = await crash(engine, join);
    const last = await engine.own({ node: 'b' });
    const third = await takeAll(last, 2);
    equal(numbers(third), [1, 2]);
    equal(
      third.map(({ position }) => position),
      again.map(({ position }) => position + 1),
    );
    is(await engine.redrive(step), false);
    await engine.close();
  });

  test('a packet that is sent to a port of a node comes once, after the initial ones, also after crashes', async () => {
    let engine = await create(withInitial, { capacity: 2 });
    const to = { node: 'a', port: 'limit' };
    for (const n of [9, 10]) await engine.sendTo(to, Message.integer(n));
    const controller = new AbortController();
    const waiting = engine.sendTo(to, Message.integer(11), { signal: controller.signal });
    ok(await isPending(waiting), 'it waits while the way is full');
    controller.abort(new Error('enough'));
    await raises(() => waiting, { message: 'enough' });
    engine = await crash(engine, withInitial);
    let a = await engine.own({ node: 'a' });
    const taken = await takeAll(a, 4);
    equal(
      taken.map(({ port, message }) => `${port} ${message.data}`),
      ['limit 7', 'limit 8', 'limit 9', 'limit 10'],
    );
    await a.commit(stepOf(taken.slice(0, 3)));
    engine = await crash(engine, withInitial);
    a = await engine.own({ node: 'a' });
    await engine.sendTo(to, Message.integer(12));
    const left = await takeAll(a, 2);
    equal(numbers(left), [10, 12]);
    equal(left[1]!.position, left[0]!.position + 1);
    await engine.close();
    await raises(() => engine.sendTo(to, Message.integer(13)), { code: 'NETWORK_STOPPED' });
  });

  test(
    'nodes and ports that the plan does not have are refused',
    using(fan, {}, async engine => {
      await raises(() => engine.own({ node: 'x' }), { code: 'UNKNOWN_PORT' });
      await raises(() => engine.own({ node: 'a', key: 'k' }), { message: /does not divide nodes/ });
      await raises(() => engine.send('x', Message.flow()), { code: 'UNKNOWN_PORT' });
      await raises(() => engine.sendTo({ node: 'a', port: 'x' }, Message.flow()), { code: 'UNKNOWN_PORT' });
      await raises(() => engine.sendTo({ node: 'x', port: 'in' }, Message.flow()), { code: 'UNKNOWN_PORT' });
      await raises(() => engine.receive('x'), { code: 'UNKNOWN_PORT' });
    }),
  );
}
