import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JsonValue, Message, type Packet } from '../../src/actor/index.ts';
import type { Engine } from '../../src/network/engine/engine.ts';
import { JournalEngine, Network } from '../../src/network/node.ts';
import { crc32 } from '../../src/values/crc32.ts';
import { engineContract, planOf, stepOf, takeAll } from '../contract/engine.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { checkSchedule, withoutClock } from './engine-model.ts';
import { abandon, JournalFolders, journalsOf } from './journals.ts';
import { createNetwork, int } from './make-network.ts';

const SEEDS = host().thorough ? 30 : 10;
const TRACE = { causes: [], hops: 0 };
const line = planOf('> go -> a.in', 'a.out -> b.in', 'b.out -> end >');
const sent = (port: string, ...values: number[]) =>
  values.map(value => ({ port, message: Message.integer(value), trace: TRACE }));

suite('engine in journals', test => {
  const folders = new JournalFolders();
  engineContract(test, {
    create: (plan, options = {}) => folders.create(plan, options),
    crash: (engine, plan) => folders.crash(engine, plan),
  });

  test('random schedules of take, commit, fence, crash and power cut lose and double nothing', async () => {
    const first = Date.now() & 0xffff_ffff;
    await withoutClock(async () => {
      for (let seed = first; seed < first + SEEDS; seed++) await checkSchedule(seed, folders);
    });
  });

  test('messages and states of each type come back as they were', async () => {
    const messages = [
      Message.flow(),
      Message.boolean(true),
      Message.integer(2n ** 60n),
      Message.float(1),
      Message.string('a\nb\u2028'),
      Message.object({ bytes: new Uint8Array([1, 2]), list: [1.5, [null]] }),
      Message.array([1, 'x']),
      Message.stream(new Uint8Array([0, 255])),
      Message.any(JSON.parse('[[[[[[{"a":[]}]]]]]]') as JsonValue),
      Message.error('no'),
      Message.remoteReference({ network_id: 'n', actor_id: 'a', port: 'p' }),
    ];
    const engine = await folders.create(line);
    for (const message of messages) await engine.send('go', message);
    const a = await engine.own({ node: 'a' });
    const state = new Map<string, JsonValue>([
      ['__proto__', [2n ** 60n, new Uint8Array([7]), 1.5]],
      ['text', '\u0000'],
    ]);
    await a.commit(stepOf([], { state }));
    const next = await folders.crash(engine, line);
    const again = await next.own({ node: 'a' });
    equal(
      (await takeAll(again, messages.length)).map(({ message }) => message),
      messages,
    );
    const { record } = again;
    equal([...(record!.state as Map<string, JsonValue>)], [...state]);
    await next.close();
  });

  test('dead letters and the ids of packets come back', async () => {
    const engine = await folders.create(line);
    const message = Message.integer(1);
    const letter = {
      ...{ node: 'a', port: 'in', message, code: 'TRAP', error: 'unreachable' },
      packet: { in: message, other: Message.stream(new Uint8Array([1])) },
      read: [{ source: 'go', position: 1, port: 'in' }],
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      recording: '{"format":"plugboard-recording"}',
    };
    await (await engine.own({ node: 'a' })).commit(stepOf([], { dead: [letter] }));
    await engine.send('go', Message.integer(1), { id: '7' });
    const next = await folders.crash(engine, line);
    equal(await next.dead(), [letter]);
    is(await next.send('go', Message.integer(1), { id: '7' }), false);
    is(next.lastId('go'), '7');
    await next.close();
  });

  test('a packet that left the network comes again until its reader has used it', async () => {
    let engine = await folders.create(line);
    const b = await engine.own({ node: 'b' });
    await b.commit(stepOf([], { sent: sent('out', 1, 2, 3) }));
    const take = async (count: number) => {
      const reading = engine.receive('end')[Symbol.asyncIterator]();
      const found = [];
      while (found.length < count) found.push((await reading.next()).value!);
      return found;
    };
    const [one, two, three] = await take(3);
    // Used in another order: only those before which all are used do not come again.
    engine.done('end', one!);
    engine.done('end', three!);
    engine = await folders.crash(engine, line);
    equal(await take(2), [two, three]);
    await engine.close();
  });

  test('a journal is written anew when it has grown, and keeps packets that were not read', async () => {
    const plan = planOf('a.out -> b.in');
    let engine = await folders.create(plan, { capacity: 10 });
    const big = { port: 'out', message: Message.string('x'.repeat(2 ** 19)), trace: TRACE };
    let [a, b] = [await engine.own({ node: 'a' }), await engine.own({ node: 'b' })];
    let most = 0;
    for (let n = 1; n <= 60; n++) {
      await a.commit(stepOf([], { state: new Map([['n', n]]), sent: [big, ...sent('out', n)] }));
      if (n > 3) await b.commit(stepOf(await takeAll(b, 2)));
      for (const file of journalsOf(folders.folderOf(engine))) most = Math.max(most, statSync(file).size);
    }
    ok(most < 12 * 2 ** 20, `${most} bytes`);
    engine = await folders.crash(engine, plan);
    [a, b] = [await engine.own({ node: 'a' }), await engine.own({ node: 'b' })];
    equal(
      (await takeAll(b, 6)).filter((_, at) => at % 2).map(({ message }) => message.data),
      [58, 59, 60],
    );
    equal([...(a.record!.state as Map<string, JsonValue>)], [['n', 60]]);
    await engine.close();
  });

  test('a folder belongs to one process', async () => {
    const engine = await folders.create(line);
    const folder = folders.folderOf(engine);
    const message = /: this process \(\d+\) uses it; stop it first, or use another folder/;
    await raises(() => folders.open(folder, line), { code: 'STATE_STORE_FAILED', message });
    await engine.close();
    await (await folders.open(folder, line)).close();
    for (const [owner, problem] of [
      [{ pid: process.ppid, host: 'elsewhere' }, /process \d+ of elsewhere owns it, which cannot be seen/],
      [{}, /owner\.json does not name a process/],
    ] as const) {
      writeFileSync(join(folder, 'owner.json'), JSON.stringify(owner));
      await raises(() => folders.open(folder, line), { code: 'STATE_STORE_FAILED', message: problem });
    }
    rmSync(join(folder, 'owner.json'));
    await (await folders.open(folder, line)).close();
  });

  test('a process whose folder was taken over can neither commit nor send', async () => {
    const engine = await folders.create(line);
    const folder = folders.folderOf(engine);
    const a = await engine.own({ node: 'a' });
    await engine.send('go', Message.integer(1));
    abandon(folder);
    const next = await folders.open(folder, line);
    await raises(() => engine.send('go', Message.integer(2)), { code: 'NODE_FENCED' });
    await raises(() => a.commit(stepOf([], { sent: sent('out', 9) })), { code: 'NODE_FENCED' });
    ok(a.lost.aborted);
    await engine.close();
    const again = await next.own({ node: 'a' });
    equal(
      (await again.take(9)).map(({ message }) => message.data),
      [1],
    );
    await next.close();
  });

  /** Changes a line, and makes its checksum right. */
  const rewrite = (at: number, change: (line: Record<string, unknown>) => void) => (file: string) => {
    const text = readFileSync(file, 'utf8').split('\n');
    const line = JSON.parse(text[at]!.slice(9)) as Record<string, unknown>;
    change(line);
    const json = JSON.stringify(line);
    text[at] = `${crc32(new TextEncoder().encode(json))} ${json}`;
    writeFileSync(file, text.join('\n'));
  };
  const misshapen: readonly [at: number, key: string, value: unknown, message: RegExp][] = [
    [0, 'packets', 1e12, /packet 0: expected the key source/],
    [0, 'packets', -1, /its first line\.packets: expected a whole number/],
    [0, 'positions', 'go', /its first line\.positions: expected an object/],
    [0, 'ids', { go: 'x' }, /its first line\.ids: expected an array/],
    [0, 'epoch', '1', /its first line\.epoch: expected a whole number/],
    [0, 'more', 1, /its first line: expected no key "more"/],
    [1, 'read', { go: 'x' }, /a commit\.read: expected a whole number/],
    [1, 'state', { value: 7 }, /a commit\.state\.value: expected an object/],
    [1, 'sent', [{}], /a commit\.sent\[0\]: expected the key to/],
    [1, 'sent', [{ to: ['a'], message: { value: 1 }, trace: {} }], /\.trace: expected the key causes/],
    [1, 'dead', {}, /a commit\.dead: expected an array/],
    [1, 'id', ['go'], /a commit\.id: expected an array of 2/],
  ];

  const damage: readonly (readonly [name: string, act: (file: string) => void, message: RegExp])[] = [
    ['has other content', file => writeFileSync(file, 'notes'), /expected a journal of plugboard/],
    [
      'was damaged after it was on the disk',
      file => {
        const text = readFileSync(file, 'utf8').split('\n');
        text[1] = text[1]!.replace('commit', 'comnit');
        writeFileSync(file, text.join('\n'));
      },
      /a journal is damaged or missing/,
    ],
    ['is missing', file => rmSync(file), /a journal is damaged or missing/],
    ...misshapen.map(
      ([at, key, value, message]) =>
        [
          `has ${JSON.stringify(value)} as ${key} in line ${at}`,
          rewrite(at, line => {
            line[key] = value;
          }),
          message,
        ] as const,
    ),
  ];
  for (const [name, act, message] of damage) {
    test(`a folder of which a journal ${name} is refused`, async () => {
      const engine = await folders.create(line);
      const folder = folders.folderOf(engine);
      for (const n of [1, 2]) await engine.send('go', Message.integer(n));
      await engine.flush();
      const a = await engine.own({ node: 'a' });
      await a.commit(stepOf(await takeAll(a, 2), { sent: sent('out', 1) }));
      await engine.close();
      act(join(folder, 'outside.journal'));
      await raises(() => folders.open(folder, line), { code: 'INVALID_STATE_FILE', message });
      ok(!existsSync(join(folder, 'owner.json')), 'the folder was given back');
    });
  }

  test('a graph without an edge on which packets wait is refused', async () => {
    const engine = await folders.create(line);
    const folder = folders.folderOf(engine);
    await (await engine.own({ node: 'a' })).commit(stepOf([], { sent: sent('out', 1) }));
    await engine.close();
    const error = await raises(() => folders.open(folder, planOf('> go -> a.in')), {
      code: 'INVALID_STATE_FILE',
    });
    match(error.message, /packets wait at a\.out -> b\.in, which the graph does not have/);
    const more = await folders.open(
      folder,
      planOf('a.out -> b.in', 'a.out -> c.in', 'b.out -> end >', '> go -> a.in'),
    );
    equal(
      (await (await more.own({ node: 'b' })).take(9)).map(({ message: { data } }) => data),
      [1],
    );
    await more.close();
  });

  /** Takes the initial packets of nodes that come, and keeps that they were read. */
  const readInitial = async (engine: Engine, nodes: string) => {
    const came: unknown[] = [];
    for (const node of nodes) {
      const session = await engine.own({ node });
      const end = new AbortController();
      const taking = session.take(9, end.signal);
      end.abort();
      const taken = await taking.catch(() => []);
      came.push(...taken.map(({ port, message }) => `${node}.${port} ${message.data}`));
      await session.commit(stepOf(taken));
    }
    return came;
  };

  test('each initial packet comes once to its port, also after the graph has got others or another order', async () => {
    let engine = await folders.create(planOf('1 -> b.in', 'b.out -> a.in'));
    equal(await readInitial(engine, 'ab'), ['b.in 1']);
    for (const [lines, expected] of [
      [['2 -> a.in', '1 -> b.in'], ['a.in 2']],
      [['1 -> b.in', '2 -> a.in'], []],
      [
        ['3 -> a.x', '1 -> b.in', '4 -> b.in', '2 -> a.in'],
        ['a.x 3', 'b.in 4'],
      ],
    ] as const) {
      engine = await folders.crash(engine, planOf(...lines, 'b.out -> a.in'));
      equal(await readInitial(engine, 'ab'), expected);
    }
    await engine.close();
  });

  test('a journal that counts the initial packets of the whole graph goes on, and counts those of each port from then on', async () => {
    const plan = planOf('1 -> b.in', '2 -> a.in', '3 -> a.x', '4 -> b.in', 'b.out -> a.in');
    let engine = await folders.create(plan);
    for (const [node, position] of [
      ['a', 2],
      ['b', 4],
    ] as const)
      await (await engine.own({ node })).commit(stepOf([], { read: [{ source: 'initial', position }] }));
    engine = await folders.crash(engine, plan);
    equal(await readInitial(engine, 'b'), []);
    engine = await folders.crash(
      engine,
      planOf('5 -> a.y', '2 -> a.in', '3 -> a.x', '1 -> b.in', 'b.out -> a.in'),
    );
    equal(await readInitial(engine, 'ab'), ['a.y 5', 'a.x 3']);
    await engine.close();
  });

  test('after a reader has left, at most its last message comes again', async () => {
    const first = await folders.create(line);
    const folder = join(folders.folderOf(first), 'network');
    await first.close();
    const components = { a: (packet: Packet) => ({ out: packet.in! }) };
    const start = () =>
      createNetwork(['> go -> a.in', 'a.out -> end >'], components, { engine: new JournalEngine(folder) });
    const again = async (network: Network) => {
      const came: unknown[] = [];
      const reading = (async () => {
        for await (const { data } of network.outports.end!) came.push(data);
      })();
      await network.drain();
      await network.stop();
      await reading;
      return came;
    };
    let network = await start();
    network.start();
    for (let n = 1; n <= 5; n++) await network.inports.go!.send(int(n));
    const left: unknown[] = [];
    for await (const { data } of network.outports.end!) if (left.push(data) === 2) break;
    await network.stop();
    equal(left, [1, 2]);
    network = await start();
    equal(await again(network), [2, 3, 4, 5], 'the message at which the reader left, and later ones');
    network = await start();
    network.start();
    for (let n = 6; n <= 9; n++) await network.inports.go!.send(int(n));
    for await (const { data } of network.outports.end!) if (data === 6) break;
    equal(await again(network), [7, 8, 9]);
    equal(await again(await start()), [], 'later messages were used');
  });

  test('a network that was never started keeps packets for the next run, also when it is stopped', async () => {
    const first = await folders.create(line);
    const folder = join(folders.folderOf(first), 'network');
    await first.close();
    const start = (seen: unknown[]) =>
      createNetwork(
        ['> go -> a.in'],
        { a: packet => void seen.push(packet.in!.data) },
        {
          engine: new JournalEngine(folder),
        },
      );
    const seen: unknown[] = [];
    const network = await start(seen);
    await network.inports.go!.send(int(1));
    await network.stop();
    equal(seen, []);
    const next = await start(seen);
    await next.drain();
    await next.stop();
    equal(seen, [1]);
  });

  test('messages of a join that come again are one packet, also after a crash, and others keep their order', async () => {
    const plan = planOf('> x -> j.x', '> y -> j.y');
    let engine = await folders.create(plan);
    const trace = TRACE;
    let j = await engine.own({ node: 'j' });
    for (const port of ['x', 'y']) await engine.send(port, int(1));
    const read = await takeAll(j, 2);
    const packet = Object.fromEntries(read.map(({ port, message }) => [port, message]));
    const dead = read.map(({ port, message }) => ({
      ...{ node: 'j', port, message, packet, code: 'TRAP', error: 'no' },
      read: read.map(({ source, position, port }) => ({ source, position, port })),
    }));
    await j.commit(stepOf(read, { dead }));
    await engine.sendTo({ node: 'j', port: 'x' }, int(2), { trace });
    const { source, position } = read[0]!;
    is(await engine.redrive({ node: 'j', source, position }, trace), true);
    engine = await folders.crash(engine, plan);
    j = await engine.own({ node: 'j' });
    const [other, ...both] = await takeAll(j, 3);
    equal(
      both.map(({ port, message, trace: { together } }) => [port, message.data, together]),
      [
        ['x', 1, 2],
        ['y', 1, 2],
      ],
    );
    await j.commit(stepOf(both));
    engine = await folders.crash(engine, plan);
    equal(await takeAll(await engine.own({ node: 'j' }), 1), [other!]);
    await engine.close();
  });

  test('a network counts on after a crash, and accepts each packet once', async () => {
    const graph = {
      properties: { name: 'visits' },
      processes: { count: { component: 'Count' } },
      connections: [],
      inports: { visit: { nodeId: 'count', portId: 'visit' } },
      outports: { count: { nodeId: 'count', portId: 'count' } },
    };
    const start = async (folder: string) =>
      Network.create(graph, {
        components: {
          Count: (_, { state }) => {
            const count = Number(state.get('count') ?? 0) + 1;
            state.set('count', count);
            return { count: Message.integer(count) };
          },
        },
        engine: new JournalEngine(folder),
      });
    const first = await folders.create(line);
    const folder = join(folders.folderOf(first), 'network');
    await first.close();
    const network = await start(folder);
    for (const id of ['1', '2']) await (await network.accept({ visit: Message.flow() }, id)).done;
    abandon(folder);
    const again = await start(folder);
    for (const id of ['2', '3']) await (await again.accept({ visit: Message.flow() }, id)).done;
    const counts: unknown[] = [];
    for await (const { data } of again.outports.count!) if (counts.push(data) === 3) break;
    equal(counts, [1, 2, 3]);
    await again.stop();
    await network.stop({ drain: false });
    await raises(() => start(join(folder, 'outside.journal')), { code: 'STATE_STORE_FAILED' });
  });

  test('a network whose folder is removed says so', async () => {
    const first = await folders.create(line);
    const folder = join(folders.folderOf(first), 'network');
    await first.close();
    const engine = new JournalEngine(folder);
    const graph = {
      properties: { name: 'one' },
      processes: { a: { component: 'A' } },
      inports: { go: { nodeId: 'a', portId: 'in' } },
    };
    const network = await Network.create(graph, { components: { A: () => {} }, engine });
    network.start();
    rmSync(folder, { recursive: true });
    await raises(() => network.inports.go!.send(Message.flow()), {
      code: 'NODE_FENCED',
      message: /: the folder, or its owner\.json, was removed/,
    });
    await network.stop();
  });

  test('a network whose folder another process takes over ends with an error', async () => {
    const plan = planOf('> go -> a.in');
    const first = await folders.create(plan);
    const folder = join(folders.folderOf(first), 'network');
    await first.close();
    let go = () => {};
    const gate = new Promise<void>(resolve => {
      go = resolve;
    });
    const graph = {
      properties: { name: 'one' },
      processes: { a: { component: 'A' } },
      connections: [],
      inports: { go: { nodeId: 'a', portId: 'in' } },
    };
    const engine = new JournalEngine(folder);
    const network = await Network.create(graph, { components: { A: () => gate }, engine });
    const { done } = await network.accept({ go: Message.flow() }, '1');
    abandon(folder);
    const next = await folders.open(folder, plan);
    go();
    const error = await raises(() => done, { code: 'NETWORK_STOPPED' });
    match(error.message, /another process has taken the folder over/);
    await network.stop();
    await raises(() => Network.create(graph, { components: { A: () => {} }, engine }), {
      code: 'INVALID_CONFIG',
    });
    equal((await takeAll(await next.own({ node: 'a' }), 1)).length, 1);
    await next.close();
  });

  test('the folders are removed', () => folders.remove());
});
