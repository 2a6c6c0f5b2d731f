import { Message } from '../../src/actor/index.ts';
import { brief, briefPackets } from '../../src/page/brief.ts';
import { readMessageText } from '../../src/page/by-hand.ts';
import { Frames } from '../../src/page/frames.ts';
import { layOut, type Place } from '../../src/page/layout.ts';
import { activityOf, EMPTY, type Frame, MOST_ERRORS, type Picture, reduce } from '../../src/page/picture.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { createNetwork, end, int } from '../network/make-network.ts';

const LINES = ['> go -> a.in', 'a.out -> b.in', 'b.out -> end >'];
const echo = (packet: { in?: Message }) => ({ out: packet.in! });
const create = (b: (packet: { in?: Message }) => unknown) =>
  createNetwork(LINES, { a: echo, b: b as typeof echo });

/** Returns the picture after the frame that a page gets first. */
const begin = (frames: Frames): Picture => reduce(EMPTY, JSON.parse(JSON.stringify(frames.first())) as Frame);
const goOn = (picture: Picture, frames: Frames): Picture => {
  const frame = frames.next();
  return frame ? reduce(picture, JSON.parse(JSON.stringify(frame)) as Frame) : picture;
};

suite('picture of a network', test => {
  test('it has the nodes, the ports of the network, and all edges between them', async () => {
    const network = await create(echo);
    const { drawing } = begin(new Frames(network));
    equal(
      drawing!.nodes.map(({ id, kind, inports, outports }) => [id, kind, inports, outports]),
      [
        ['a', 'node', ['in'], ['out']],
        ['b', 'node', ['in'], ['out']],
        ['> go', 'inport', [], ['']],
        ['end >', 'outport', [''], []],
      ],
    );
    equal(
      drawing!.edges.map(({ id }) => id),
      ['> go', 'a.out -> b.in', 'b.out > end'],
    );
    await network.stop();
  });

  test('ports that only the component names are drawn too', async () => {
    class Class {
      readonly inports = ['in', 'other'];
      readonly outports = ['out', 'log'];
      run() {}
    }
    const network = await createNetwork(LINES, { a: Class, b: echo });
    const [a] = begin(new Frames(network)).drawing!.nodes;
    equal(
      [a!.inports, a!.outports],
      [
        ['in', 'other'],
        ['out', 'log'],
      ],
    );
    await network.stop();
  });

  test('initial packets have the JSON that sends them once more, unless it is too long for a page', async () => {
    const long = 'x'.repeat(5000);
    const network = await createNetwork(
      LINES,
      { a: echo, b: echo },
      {},
      {
        connections: [
          { from: end('a.out'), to: end('b.in') },
          { to: end('b.in'), data: { type: 'Flow' } },
          { to: end('a.factor'), data: 0.5 },
          { to: end('a.in'), data: long },
        ],
      },
    );
    const { nodes, initial } = begin(new Frames(network)).drawing!;
    equal(nodes[0]!.inports, ['in', 'factor']);
    equal(initial, [
      { node: 'b', port: 'in', text: '{"type":"Object","data":{"type":"Flow"}}' },
      { node: 'a', port: 'factor', text: '{"type":"Float","data":0.5}' },
      { node: 'a', port: 'in', text: '' },
    ]);
    equal(
      initial.slice(0, 2).map(({ text }) => readMessageText(text)),
      [{ type: 'Flow' }, 0.5].map(data => Message.from(data)),
    );
    await network.stop();
  });

  test('events of the network change counts, packets, states and errors', async () => {
    const network = await create(packet => {
      if (packet.in!.data === 2) throw new Error('no twos');
      return { out: packet.in! };
    });
    const frames = new Frames(network);
    let picture = begin(frames);
    is(picture.phase, 'created');
    await network.call({ go: int(1) });
    picture = goOn(picture, frames);
    const { steps, input, output, error } = picture.nodes.get('b')!;
    equal([steps, input, output, error], [1, 'in: Integer 1', 'out: Integer 1', '']);
    equal(
      [...picture.edges.values()].map(({ id, sent, packets }) => [id, sent, packets]),
      [
        ['> go', 1, 0],
        ['a.out -> b.in', 1, 0],
        ['b.out > end', 1, 0],
      ],
    );
    await network.call({ go: int(2) });
    picture = goOn(picture, frames);
    const failed = picture.nodes.get('b')!;
    is(failed.failures, 1);
    ok(failed.error.includes('no twos'), failed.error);
    is(activityOf(picture, failed), 'failed');
    ok(picture.errors.length > 0 && picture.errors.every(({ node }) => node === 'b'));
    await network.call({ go: int(3) });
    picture = goOn(picture, frames);
    is(picture.nodes.get('b')!.error, '', 'the next step was a success');
    is(picture.nodes.get('b')!.failures, 1);
    await network.stop();
    is(goOn(picture, frames).phase, 'stopped');
  });

  test('a page that comes late sees the same as one that saw all frames', async () => {
    const network = await create(() => {
      throw new Error('always');
    });
    const frames = new Frames(network);
    let picture = begin(frames);
    for (let round = 0; round < 2 * MOST_ERRORS; round++) {
      await network.call({ go: int(round) });
      picture = goOn(picture, frames);
    }
    equal(begin(frames), picture);
    is(picture.errors.length, MOST_ERRORS);
    await network.stop();
  });

  test('a network without changes makes no frames, and only changed nodes are in a frame', async () => {
    const network = await create(() => undefined);
    const frames = new Frames(network);
    frames.next();
    is(frames.next(), undefined);
    network.start();
    is(frames.next()!.nodes.length, 0);
    await network.call({ go: int(1) });
    await network.stop();
    equal(
      frames.next()!.nodes.map(({ id }) => id),
      ['a', 'b'],
    );
    frames.close();
  });

  test('a lost connection keeps the picture', () => {
    const picture: Picture = { ...EMPTY, phase: 'running', isLive: true };
    equal(reduce(picture, 'lost'), { ...picture, isLive: false });
  });

  test('a network that is too large is drawn in part, and says so', async () => {
    const nodes = Array.from({ length: 600 }, (_, index) => `n${index}`);
    const lines = nodes.slice(1).map((node, index) => `${nodes[index]}.out -> ${node}.in`);
    const network = await createNetwork(lines, Object.fromEntries(nodes.map(node => [node, echo])));
    const frames = new Frames(network);
    const { drawing, nodes: views } = begin(frames);
    equal([drawing!.nodes.length, views.size, drawing!.left], [500, 500, 200]);
    await network.stop();
  });
});

suite('pause of a network', test => {
  test('no node begins a step while it is paused; each step lets one node go', async () => {
    const network = await create(echo);
    const frames = new Frames(network);
    network.pace.pause();
    network.start();
    const called = network.call({ go: int(7) });
    const turn = () => new Promise(resolve => setTimeout(resolve));
    await turn();
    let picture = begin(frames);
    is(picture.isPaused, true);
    const steps = () => ['a', 'b'].map(node => picture.nodes.get(node)!.steps);
    equal(steps(), [0, 0]);
    is(activityOf(picture, picture.nodes.get('a')!), 'paused');
    is(picture.edges.get('> go')!.packets, 1, 'the packet waits on its edge');
    for (const expected of [
      [1, 0],
      [1, 1],
    ]) {
      network.pace.step();
      await turn();
      picture = goOn(picture, frames);
      equal(steps(), expected);
    }
    const { packets } = await called;
    equal(packets, [{ end: int(7) }]);
    await network.stop();
  });

  test('`resume` and `stop` let all nodes go', async () => {
    for (const end of ['resume', 'stop'] as const) {
      const network = await create(echo);
      network.pace.pause();
      const called = network.call({ go: int(1) });
      await new Promise(resolve => setTimeout(resolve));
      if (end === 'resume') network.pace.resume();
      else await network.stop();
      is((await called).packets.length, 1);
      await network.stop();
      network.pace.pause();
      is(network.pace.isPaused, false);
    }
  });

  test('a network that is dropped while it is paused makes no step more', async () => {
    let calls = 0;
    const network = await create(packet => {
      calls++;
      return echo(packet);
    });
    network.pace.pause();
    await network.inports.go!.send(int(1));
    network.start();
    network.pace.step();
    await new Promise(resolve => setTimeout(resolve));
    await network.stop({ drain: false });
    is(calls, 0);
  });
});

suite('layout of a picture', test => {
  const node = (id: string, ports = 1) => ({
    id,
    kind: 'node' as const,
    component: 'C',
    inports: Array.from({ length: ports }, (_, port) => `p${port}`),
    outports: Array.from({ length: ports }, (_, port) => `p${port}`),
  });
  const edge = (from: string, to: string, port = 'p0') => ({
    id: `${from} ${to} ${port}`,
    from: { node: from, port },
    to: { node: to, port },
    isFallback: false,
  });
  const graphs: Readonly<Record<string, readonly [string, string][]>> = {
    'a chain': [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'd'],
    ],
    'a long edge': [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'd'],
      ['a', 'd'],
    ],
    'a diamond': [
      ['a', 'b'],
      ['a', 'c'],
      ['b', 'd'],
      ['c', 'd'],
    ],
    'a cycle': [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
      ['c', 'd'],
    ],
    'a node that sends to itself': [
      ['a', 'a'],
      ['a', 'b'],
      ['c', 'd'],
    ],
    'no edges': [],
  };
  const overlap = (one: Place, other: Place) =>
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height;

  for (const [name, ways] of Object.entries(graphs))
    test(`${name}: nodes stand apart, edges lead from port to port inside the drawing`, () => {
      const nodes = ['a', 'b', 'c', 'd'].map((id, index) => node(id, index + 1));
      const edges = ways.map(([from, to]) => edge(from, to));
      const layout = layOut({ nodes, edges });
      const places = [...layout.nodes.values()];
      is(places.length, 4);
      places.forEach((one, index) => {
        ok(
          one.x >= 0 &&
            one.x + one.width <= layout.width &&
            one.y >= 0 &&
            one.y + one.height <= layout.height,
        );
        for (const other of places.slice(index + 1)) ok(!overlap(one, other), `${name}: an overlap`);
      });
      for (const { id, from, to } of edges) {
        const points = layout.edges.get(id)!;
        const [begin, end] = [layout.nodes.get(from.node)!, layout.nodes.get(to.node)!];
        is(points[0]!.x, begin.x + begin.width);
        is(points.at(-1)!.x, end.x);
        ok(points.every(({ x, y }) => x >= 0 && x <= layout.width && y >= 0 && y <= layout.height));
      }
    });

  test('edges of a graph without cycles lead to the right, past the nodes between', () => {
    const nodes = ['a', 'b', 'c', 'd'].map(id => node(id));
    const layout = layOut({ nodes, edges: graphs['a long edge']!.map(([from, to]) => edge(from, to)) });
    const points = layout.edges.get('a d p0')!;
    is(points.length, 4);
    ok(points.every(({ x }, index) => index === 0 || x > points[index - 1]!.x));
    for (const { x, y } of points.slice(1, -1))
      for (const place of layout.nodes.values()) ok(!overlap(place, { x, y, width: 0, height: 0 }));
  });
});

suite('texts of a picture', test => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  for (const [name, value, expected] of [
    [
      'numbers stay exact',
      { a: 1, b: 2n ** 62n, c: [true, null] },
      '{"a":1,"b":4611686018427387904,"c":[true,null]}',
    ],
    ['a map is an object', new Map([['n', [[], {}]]]), '{"n":[[],{}]}'],
    ['bytes are counted', new Uint8Array(5), '(5 bytes)'],
    ['a long text is cut', 'x'.repeat(1 << 20), `"${'x'.repeat(49)}…`],
    ['a long list is cut', Array(1 << 20).fill(7), `[${'7,'.repeat(24)}7…`],
    ['a value without an end is cut', cyclic, `${'['.repeat(50)}…`],
    ['line feeds are escaped', 'a\nb', '"a\\nb"'],
  ] as const)
    test(name, () => is(brief(value, 50), expected));

  test('packets are listed by port and type, the first four of them', () => {
    const packet = { out: Message.flow(), count: int(5) };
    is(briefPackets([packet]), 'out: Flow, count: Integer 5');
    is(
      briefPackets(Array(6).fill({ out: Message.flow() })),
      'out: Flow | out: Flow | out: Flow | out: Flow | and 2 more',
    );
  });
});
