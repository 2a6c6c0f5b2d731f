import { Message } from '../../src/actor/index.ts';
import { type ComponentFunction, Network, type NetworkHappened } from '../../src/network/index.ts';
import { equal } from '../helpers/assert.ts';
import { Random } from '../helpers/random.ts';

// Random networks against a model. A node sends by a pattern: its nth call sends to the ports that the pattern has at n. So the
// number of packets of each edge does not depend on the order in which nodes work, and a simple model can count it.

const MOST_CALLS = 1500;
const ENDLESS_MS = 20_000;

interface ModelNode {
  readonly id: string;
  /** For the nth call the ports that it sends to. After `!` the call fails. */
  readonly pattern: readonly (readonly string[])[];
  readonly isJoin: boolean;
}
interface ModelEdge {
  readonly from: string;
  readonly port: string;
  readonly to: string;
  /** The port at its end, which no other edge has. */
  readonly at: string;
}
interface Shape {
  readonly nodes: readonly ModelNode[];
  readonly edges: readonly ModelEdge[];
  /** Node → number of packets from outside, at its port `go`. */
  readonly sends: ReadonlyMap<string, number>;
  /** Nodes with an initial packet, at their port `init`. */
  readonly initial: readonly string[];
}

function randomShape(random: Random, hasCycles: boolean): Shape {
  const ids = 'abcdefghijkl'.slice(0, 1 + random.below(12)).split('');
  const edges: ModelEdge[] = [];
  const add = (from: string, port: string, to: string) =>
    edges.push({ from, port, to, at: `p${edges.length}` });
  for (const [index, from] of ids.entries()) {
    const later = ids.slice(index + 1);
    if (later.length > 0) {
      for (let left = random.below(3); left > 0; left--)
        add(from, random.pick(['x', 'y']), random.pick(later));
      if (random.below(5) === 0) add(from, 'error', random.pick(later));
    }
    if (hasCycles && random.below(4) === 0) add(from, 'back', random.pick(ids.slice(0, index + 1)));
  }
  const nodes = ids.map(id => ({
    id,
    isJoin: random.below(4) === 0,
    pattern: Array.from({ length: 1 + random.below(5) }, () => [
      ...['x', 'y', 'out'].filter(() => random.below(2) === 0),
      ...(random.below(4) === 0 ? ['back'] : []),
      ...(random.below(8) === 0 ? ['!'] : []),
    ]),
  }));
  const some = (odds: number) => ids.filter((_, index) => index === 0 || random.below(odds) === 0);
  const sends = new Map(some(4).map(id => [id, random.below(40)]));
  return { nodes, edges, sends, initial: some(6) };
}

const portsOf = ({ edges, sends, initial }: Shape, id: string): string[] => [
  ...edges.filter(({ to }) => to === id).map(({ at }) => at),
  ...(sends.has(id) ? ['go'] : []),
  ...(initial.includes(id) ? ['init'] : []),
];

const edgeId = ({ from, port, to, at }: ModelEdge) => `${from}.${port} -> ${to}.${at}`;

/** Returns the number of packets of each edge and each port `out`, and of dead letters; undefined if there are too many. */
function simulate(shape: Shape): Map<string, number> | undefined {
  const counts = new Map<string, number>();
  const add = (key: string, more = 1) => counts.set(key, (counts.get(key) ?? 0) + more);
  const queue = [
    ...shape.initial.map(to => ({ to, at: 'init' })),
    ...[...shape.sends].flatMap(([to, packets]) => Array.from({ length: packets }, () => ({ to, at: 'go' }))),
  ];
  const calls = new Map<string, number>();
  const held = new Map(shape.nodes.map(({ id }) => [id, new Map(portsOf(shape, id).map(port => [port, 0]))]));
  for (const { to, at } of queue) {
    const { id, pattern, isJoin } = shape.nodes.find(node => node.id === to)!;
    const ports = held.get(id)!;
    if (isJoin) {
      ports.set(at, ports.get(at)! + 1);
      if ([...ports.values()].includes(0)) continue;
      for (const [port, packets] of ports) ports.set(port, packets - 1);
    }
    const nth = calls.get(id) ?? 0;
    calls.set(id, nth + 1);
    if (nth > MOST_CALLS || queue.length > MOST_CALLS) return undefined;
    for (const sign of pattern[nth % pattern.length]!) {
      const port = sign === '!' ? 'error' : sign;
      if (port === 'out') add(`out ${id}`);
      const own = shape.edges.filter(edge => edge.from === id && edge.port === port);
      for (const edge of own) {
        add(edgeId(edge));
        queue.push(edge);
      }
      if (port === 'error' && own.length === 0) add('dead', isJoin ? ports.size : 1);
    }
  }
  return counts;
}

/** Runs one random network. @throws with the seed */
export async function checkNetwork(seed: number): Promise<void> {
  const random = new Random(seed);
  let shape = randomShape(random, random.below(2) === 0);
  let expected = simulate(shape);
  for (; !expected; expected = simulate(shape)) shape = randomShape(random, false);
  try {
    await run(shape, expected, random);
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  }
}

async function run(shape: Shape, expected: ReadonlyMap<string, number>, random: Random): Promise<void> {
  /** The packets of each edge, as they were sent and as they came. */
  const sent = new Map<string, string[]>();
  const came = new Map<string, string[]>();
  const log = (to: Map<string, string[]>, key: string, packet: string) =>
    to.set(key, [...(to.get(key) ?? []), packet]);

  const component = ({ id, pattern }: ModelNode): ComponentFunction => {
    let calls = 0;
    return async (packet, { send }) => {
      for (const [port, { data }] of Object.entries(packet)) {
        const edge = shape.edges.find(({ to, at }) => to === id && at === port);
        if (edge && edge.port !== 'error') log(came, edgeId(edge), data as string);
      }
      // Some calls take a few turns.
      for (let turns = random.below(4); turns > 0; turns--) await Promise.resolve();
      const nth = calls++;
      for (const sign of pattern[nth % pattern.length]!) {
        if (sign === '!') throw new Error(`${id} fails`);
        const name = `${id}${nth}${sign}`;
        for (const edge of shape.edges.filter(({ from, port }) => from === id && port === sign))
          log(sent, edgeId(edge), name);
        send({ [sign]: Message.string(name) });
      }
    };
  };
  const end = (nodeId: string, portId: string) => ({ nodeId, portId });
  const graph = {
    properties: { name: 'random' },
    processes: Object.fromEntries(
      shape.nodes.map(({ id, isJoin }) => [id, { component: id, metadata: { await_all_inports: isJoin } }]),
    ),
    connections: [
      ...shape.edges.map(({ from, port, to, at }) => ({ from: end(from, port), to: end(to, at) })),
      ...shape.initial.map(id => ({ to: end(id, 'init'), data: `initial ${id}` })),
    ],
    inports: Object.fromEntries([...shape.sends.keys()].map(id => [id, end(id, 'go')])),
    outports: Object.fromEntries(shape.nodes.map(({ id }) => [id, end(id, 'out')])),
  };
  const events: NetworkHappened[] = [];
  const network = await Network.create(graph, {
    components: Object.fromEntries(shape.nodes.map(node => [node.id, component(node)])),
    capacity: 1 + random.below(5),
    onEvent: event => void events.push(event),
  });
  const got = new Map<string, number>();
  const readers = Object.entries(network.outports).map(async ([id, port]) => {
    for await (const { type } of port) if (type === 'String') got.set(id, (got.get(id) ?? 0) + 1);
  });
  network.start();
  const senders = [...shape.sends].map(async ([id, packets]) => {
    for (let n = 0; n < packets; n++) await network.inports[id]!.send(Message.string(`go ${n}`));
  });
  await inTime(Promise.all([...senders, drained(network, senders)]));
  await inTime(network.stop());
  await Promise.all(readers);

  const numbers = new Map(expected);
  for (const edge of shape.edges) {
    const id = edgeId(edge);
    if (edge.port === 'error') continue;
    equal((sent.get(id) ?? []).length, numbers.get(id) ?? 0, `packets of ${id}`);
    // A join may leave the last packets of a port unread.
    const read = came.get(id) ?? [];
    equal(read, (sent.get(id) ?? []).slice(0, read.length), `order of ${id}`);
    const { isJoin } = shape.nodes.find(node => node.id === edge.to)!;
    if (!isJoin) equal(read.length, numbers.get(id) ?? 0, `packets read of ${id}`);
  }
  for (const { id } of shape.nodes)
    equal(got.get(id) ?? 0, numbers.get(`out ${id}`) ?? 0, `packets out of ${id}`);
  equal(events.filter(({ type }) => type === 'dead').length, numbers.get('dead') ?? 0, 'dead letters');
}

/** Drains again and again until all senders are done: a drain lets full joins take more. */
async function drained(network: Network, senders: readonly Promise<void>[]): Promise<void> {
  let isSending = true;
  const done = Promise.all(senders).then(() => {
    isSending = false;
  });
  while (isSending) await Promise.race([network.drain(), done]);
  await network.drain();
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('a deadlock: the network does not drain')), ENDLESS_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
