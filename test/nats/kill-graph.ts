import { Message } from '../../src/actor/index.ts';
import type { ComponentFunction } from '../../src/network/index.ts';

const end = (nodeId: string, portId: string) => ({ nodeId, portId });

/** Fan-out of a to b and c, and fan-in of a and b to c. */
export const KILL_GRAPH = {
  properties: { name: 'kill' },
  processes: { a: { component: 'Count' }, b: { component: 'Count' }, c: { component: 'Count' } },
  connections: [
    { from: end('a', 'out'), to: end('b', 'in') },
    { from: end('a', 'out'), to: end('c', 'in') },
    { from: end('b', 'out'), to: end('c', 'in') },
  ],
  inports: { go: end('a', 'in') },
  outports: { first: end('a', 'out'), last: end('c', 'out') },
};

const ONE_NODE = {
  properties: { name: 'one' },
  processes: { a: { component: 'Count' } },
  inports: { go: end('a', 'in') },
  outports: { first: end('a', 'out') },
};

/** Times that a packet goes through a and b of the cycle. */
const ROUNDS = 4;

/** A cycle of a and b, which a packet leaves to c after its last round. An initial packet has the value 0. */
const CYCLE_GRAPH = {
  properties: { name: 'cycle' },
  processes: { a: { component: 'Count' }, b: { component: 'Turn' }, c: { component: 'Count' } },
  connections: [
    { to: end('a', 'in'), data: 0 },
    { from: end('a', 'out'), to: end('b', 'in') },
    { from: end('b', 'again'), to: end('a', 'in') },
    { from: end('b', 'out'), to: end('c', 'in') },
  ],
  inports: { go: end('a', 'in') },
  outports: { first: end('a', 'out'), last: end('c', 'out') },
};

/** A packet that a node has counted. */
export interface Counted {
  /** The number of packets that the node has counted. */
  readonly count: number;
  /** The number that was sent to the network. */
  readonly value: number;
  /** Nodes of the component `Count` that the packet has gone through. */
  readonly round: number;
}

const countIn = (state: Map<string, unknown>): number => {
  const count = Number(state.get('count') ?? 0) + 1;
  state.set('count', count);
  return count;
};

/** Counts its packets in its state, and sends each count with the value that came. */
const Count: ComponentFunction = (packet, { state }) => {
  const { data } = packet.in!;
  const { value = data, round = 0 } = Object(data) as { value?: unknown; round?: unknown };
  return { out: Message.object({ count: countIn(state), value: Number(value), round: Number(round) + 1 }) };
};

/** Counts its packets too. Sends a packet back until its last round. */
const Turn: ComponentFunction = (packet, { state }) => {
  countIn(state);
  const { round } = packet.in!.data as { round?: unknown };
  return { [Number(round) < ROUNDS ? 'again' : 'out']: packet.in! };
};

export const KILL_COMPONENTS = { Count, Turn };

/** The messages that must leave a port: so many, with the counts 1, 2, 3 and so on. */
export interface ExpectedPort {
  readonly port: string;
  readonly count: number;
  isRight(counted: Counted): boolean;
}

/** Whether the values of each round are 0, 1, 2 and so on. */
function areRoundsInOrder(): ExpectedPort['isRight'] {
  const next = new Map<number, number>();
  return ({ value, round }) => {
    const isNext = round <= ROUNDS && value === (next.get(round) ?? 0);
    next.set(round, value + 1);
    return isNext;
  };
}

const first = (count: number): ExpectedPort => ({
  port: 'first',
  count,
  isRight: counted => counted.value === counted.count,
});

/** The graphs of the kill suite, their parts when they are spread, and the messages that leave them for the numbers 1 to `messages`. */
export const KILL_GRAPHS = {
  one: { graph: ONE_NODE, parts: ['a'], expected: (messages: number): ExpectedPort[] => [first(messages)] },
  fan: {
    graph: KILL_GRAPH,
    parts: ['a', 'b', 'c'],
    expected: (messages: number): ExpectedPort[] => [
      first(messages),
      { port: 'last', count: 2 * messages, isRight: () => true },
    ],
  },
  cycle: {
    graph: CYCLE_GRAPH,
    parts: ['a', 'c'],
    expected: (messages: number): ExpectedPort[] => [
      { port: 'first', count: ROUNDS * (messages + 1), isRight: areRoundsInOrder() },
      { port: 'last', count: messages + 1, isRight: ({ count, value }) => value === count - 1 },
    ],
  },
};
export type KillGraphName = keyof typeof KILL_GRAPHS;
