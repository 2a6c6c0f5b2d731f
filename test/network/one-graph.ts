// One graph, its messages, and all that must come of them, wherever it runs: in one process, on workers with NATS, and in a Durable
// Object. test/network/one-graph.test.ts, test/nats/one-graph.ts and test/durable/target.ts run it.

const end = (nodeId: string, portId: string) => ({ nodeId, portId });
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

/** A fan-out, a fan-in, two languages, an initial packet, and a join of two inports. */
export const ONE_GRAPH = {
  properties: { name: 'one-graph' },
  processes: {
    a: { component: 'Counter' },
    b: { component: 'Keeper' },
    c: { component: 'Counter', metadata: { initial_value: 1000 } },
    d: { component: 'Double' },
    j: { component: 'Counter', metadata: { await_all_inports: true } },
  },
  connections: [
    { from: end('a', 'count'), to: end('b', 'in') },
    { from: end('a', 'count'), to: end('c', 'increment') },
    { from: end('a', 'count'), to: end('d', 'input') },
    { from: end('b', 'in'), to: end('c', 'increment') },
    { to: end('b', 'in'), data: true },
  ],
  inports: { go: end('a', 'increment'), left: end('j', 'increment'), right: end('j', 'decrement') },
  outports: { doubled: end('d', 'output'), last: end('c', 'count'), pairs: end('j', 'count') },
};

/** The fixtures of its components. */
export const ONE_FIXTURES = { Counter: 'rust-counter', Keeper: 'go-keeper', Double: 'rust-double' } as const;

const MESSAGES = 30;

/** The inports of its messages, each `{"type":"Flow"}`, in order. */
export const ONE_INPUT: readonly string[] = upTo(MESSAGES).flatMap(at => [
  'go',
  ...(at % 2 === 0 ? ['left'] : []),
  ...(at % 3 === 0 ? ['right'] : []),
]);

/** The integers that leave it, by outport, in order. */
export const ONE_OUTPUT = {
  doubled: upTo(MESSAGES).map(count => 2 * count),
  last: upTo(2 * MESSAGES + 1).map(count => 1000 + count),
  pairs: upTo(MESSAGES / 3),
} as const;

/** The states at the end. */
export const ONE_STATES = {
  a: { count: MESSAGES },
  b: {},
  c: { count: 1000 + 2 * MESSAGES + 1 },
  d: {},
  j: { count: MESSAGES / 3 },
} as const;
