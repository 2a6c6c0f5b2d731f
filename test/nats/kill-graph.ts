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
