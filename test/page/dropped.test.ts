import { type JsonObject, Message } from '../../src/actor/index.ts';
import { Network } from '../../src/network/network.ts';
import { readMessageText, sendByHand } from '../../src/page/by-hand.ts';
import { type DroppedFiles, readDropped, setUp } from '../../src/page/dropped.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { createNetwork, end, int } from '../network/make-network.ts';

const WASM = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const bytesOf = (value: unknown) =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const filesOf = (files: Record<string, unknown>): DroppedFiles =>
  new Map(
    Object.entries(files).map(([name, value]) => [name, value === WASM ? WASM : bytesOf(value)] as const),
  );
const graphOf = (...components: string[]) => ({
  properties: { name: 'g' },
  processes: Object.fromEntries(components.map((component, index) => [`n${index}`, { component }])),
});
const NONE: ReadonlyMap<string, string> = new Map();

suite('files that are dropped on the page of a network', test => {
  for (const [name, files, expected] of [
    ['a module has the name of its component', { 'g.json': graphOf('A'), 'A.wasm': WASM }, { A: 'A.wasm' }],
    [
      'case and punctuation of a file name do not count',
      {
        'g.json': graphOf('RustCounter', 'text/Upper Case'),
        'rust_counter.wasm': WASM,
        'upper-case.wasm': WASM,
      },
      { RustCounter: 'rust_counter.wasm', 'text/Upper Case': 'upper-case.wasm' },
    ],
    [
      'one module serves the one component',
      { 'g.json': graphOf('A'), 'other.wasm': WASM },
      { A: 'other.wasm' },
    ],
    [
      'of two components that are left, none is guessed',
      { 'g.json': graphOf('A', 'B'), 'other.wasm': WASM },
      { A: undefined, B: undefined },
    ],
    [
      'a graph serves a component too',
      { 'g.json': graphOf('Inner'), 'inner.json': graphOf('A'), 'A.wasm': WASM },
      { Inner: 'inner.json', A: 'A.wasm' },
    ],
    [
      'a graph does not serve a component of its own',
      { 'a.json': graphOf('A'), 'x.wasm': WASM, 'y.wasm': WASM },
      { A: undefined },
    ],
    ['a node of Reflow’s form has its path', { 'g.json': graphOf('ExtismActor'), 'a.wasm': WASM }, {}],
    [
      'a component named as a member of Object',
      { 'g.json': graphOf('constructor') },
      { constructor: undefined },
    ],
    [
      'a file with the name of a module is one, so that its bytes are refused',
      { 'g.json': graphOf('Count'), 'Count.wasm': 'not wasm', 'x.WASM': '' },
      { Count: 'Count.wasm' },
    ],
    ['a wrong graph has no components', { 'g.json': [1], 'h.json': { processes: [{ component: 1 }] } }, {}],
  ] as const)
    test(name, () => {
      const { needs } = setUp(filesOf(files), NONE, NONE);
      equal(
        needs.map(({ component, file }) => [component, file]),
        Object.entries(expected),
      );
    });

  test('a person chooses another file, or none', () => {
    const files = filesOf({ 'g.json': graphOf('A', 'B'), 'A.wasm': WASM, 'B.wasm': WASM });
    const chosen = new Map([
      ['A', 'B.wasm'],
      ['B', ''],
    ]);
    const { needs, components } = setUp(files, chosen, NONE);
    equal(
      needs.map(({ file }) => file),
      ['B.wasm', undefined],
    );
    equal(Object.keys(components), ['A']);
  });

  test('graphs that serve no component are the network, in the order of the files', () => {
    const files = filesOf({ 'b.json': graphOf('Inner'), 'inner.json': graphOf(), 'a.json': graphOf() });
    const { graphs, components } = setUp(files, NONE, NONE);
    equal(graphs, [bytesOf(graphOf('Inner')), bytesOf(graphOf())]);
    equal(components, { Inner: { graph: bytesOf(graphOf()) } });
  });

  const PACKETS = {
    ...graphOf('A'),
    connections: [
      { from: { nodeId: 'n0', portId: 'out' }, to: { nodeId: 'n0', portId: 'in' }, data: null },
      { to: { nodeId: 'n0', portId: 'limit' }, data: 5 },
      { to: { node_id: 'n0', port_id: 'name' }, data: { text: 'x' } },
    ],
  };

  test('initial packets are shown with their numbers exact, and changed in the graph', () => {
    const text = JSON.stringify(PACKETS).replace(':5}', ':9007199254740993}');
    const files = filesOf({ 'g.json': text });
    equal(setUp(files, NONE, NONE).initial, [
      { id: 'g.json connections[1]', to: 'n0.limit', text: '9007199254740993' },
      { id: 'g.json connections[2]', to: 'n0.name', text: '{"text":"x"}' },
    ]);
    const edits = new Map([['g.json connections[1]', '[1, 2]']]);
    const { graphs, initial } = setUp(files, NONE, edits);
    is(initial[0]!.text, '[1, 2]');
    const { connections } = graphs[0] as { connections: JsonObject[] };
    equal(connections.slice(1), [{ ...PACKETS.connections[1], data: [1, 2] }, PACKETS.connections[2]]);
  });

  test('a key that stands twice in a graph is refused, also where an initial packet is edited', async () => {
    const text = JSON.stringify(PACKETS).replace('"n0":', '"n0":{"component":"B"},"n0":');
    const refused = {
      code: 'INVALID_GRAPH',
      message: /processes\.n0: expected this key once, got it twice$/,
    };
    const make = (edits: ReadonlyMap<string, string>) =>
      Network.create(setUp(filesOf({ 'g.json': text }), NONE, edits).graphs);
    await raises(() => make(NONE), refused);
    await raises(async () => make(new Map([['g.json connections[1]', '6']])), refused);
  });

  test('bytes with the name of a module are refused as the other page refuses them', async () => {
    const files = filesOf({ 'g.json': graphOf('Count'), 'Count.wasm': 'nope' });
    const { graphs, components } = setUp(files, NONE, NONE);
    await raises(() => Network.create(graphs, { components }), {
      code: 'INVALID_WASM',
      message: 'expected wasm, which starts with 00 61 73 6d, got 4 bytes',
    });
  });

  test('text that is not JSON is refused with its place', async () => {
    const syntax = (message: string) => ({ code: 'JSON_SYNTAX', message });
    await raises(() => setUp(filesOf({ 'g.json': '{' }), NONE, NONE), syntax('g.json'));
    const edits = new Map([['g.json connections[1]', 'x']]);
    const place = syntax('g.json connections[1]');
    await raises(() => setUp(filesOf({ 'g.json': PACKETS }), NONE, edits), place);
  });

  test('the module of a path is the file of that name', async () => {
    const files = filesOf({ 'a.wasm': WASM });
    for (const path of ['a.wasm', './a.wasm', 'modules/a.wasm', 'C:\\modules\\a.wasm'])
      is(await readDropped(files, path), WASM);
    await raises(() => readDropped(files, '../b.wasm'), { message: 'no file "b.wasm"' });
  });
});

suite('a message that a person sends', test => {
  for (const [text, expected] of [
    ['{"type":"Flow"}', Message.flow()],
    ['{"type":"Integer","data":9007199254740993}', Message.integer(9007199254740993n)],
    ['5', int(5)],
    ['"text"', Message.string('text')],
    ['{"type":"Pear"}', Message.object({ type: 'Pear' })],
    ['{"a":[1]}', Message.object({ a: [1] })],
    ['null', Message.optional()],
  ] as const)
    test(`${text} is a message`, () => equal(readMessageText(text), expected));

  for (const [text, code, message] of [
    ['', 'JSON_SYNTAX', /^the message is not valid JSON: /],
    ['{"type":"Integer"}', 'MESSAGE_SKIPPED', /^message: Integer without data$/],
    [
      '{"type":"Integer","data":"x"}',
      'MESSAGE_DEFAULTED',
      /^message\.data: expected an integer .*, got "x"$/,
    ],
  ] as const)
    test(`${JSON.stringify(text)} is refused`, async () => {
      await raises(() => readMessageText(text), { code, message });
    });

  test('it goes to the port that is named', async () => {
    const network = await createNetwork(['> go -> a.in', 'a.out -> end >'], {
      a: ({ in: message }) => ({ out: message! }),
    });
    network.start();
    await sendByHand(network, { port: 'go' }, '7');
    await raises(() => sendByHand(network, { port: 'constructor' }, '7'), { code: 'UNKNOWN_PORT' });
    await network.stop();
    const seen: Message[] = [];
    for await (const message of network.outports.end!) seen.push(message);
    equal(seen, [int(7)]);
  });

  test('to the port of an initial packet it is one more packet, and no other port of a node takes any', async () => {
    const network = await createNetwork(
      ['> go -> a.in', 'a.out -> b.in', 'b.out -> end >'],
      { a: ({ in: message }) => ({ out: message! }), b: ({ in: message }) => ({ out: message! }) },
      {},
      {
        connections: [
          { to: end('b.in'), data: 40 },
          { from: end('a.out'), to: end('b.in') },
        ],
      },
    );
    await sendByHand(network, { node: 'b', port: 'in' }, '{"type":"Integer","data":41}');
    const refusals = [
      [{ node: 'a', port: 'in' }, '7', 'UNKNOWN_PORT'],
      [{ node: 'b', port: 'constructor' }, '7', 'UNKNOWN_PORT'],
      [{ node: 'b', port: 'in' }, '{"type":"Integer","data":"x"}', 'MESSAGE_DEFAULTED'],
    ] as const;
    for (const [to, text, code] of refusals) await raises(() => sendByHand(network, to, text), { code });
    network.start();
    await network.drain();
    await sendByHand(network, { node: 'b', port: 'in' }, '42');
    await network.stop();
    const seen: Message[] = [];
    for await (const message of network.outports.end!) seen.push(message);
    equal(seen, [int(40), int(41), int(42)]);
    await raises(() => sendByHand(network, { node: 'b', port: 'in' }, '43'), { code: 'NETWORK_STOPPED' });
  });
});
