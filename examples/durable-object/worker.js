import { DurableObject } from 'cloudflare:workers';
import accessors from 'plugboard/abi/accessors.wasm';
import { durableNetwork } from 'plugboard/durable-object';
import counter from './rust_counter.wasm';

const graph = {
  properties: { name: 'visits' },
  processes: { count: { component: 'Counter' } },
  connections: [],
  inports: { visit: { nodeId: 'count', portId: 'increment' } },
  outports: { count: { nodeId: 'count', portId: 'count' } },
};
const network = { components: { Counter: { source: counter } }, actors: { accessors } };

/** An object for each visitor. Each message goes on to the one object that counts all. */
export class Visitor extends durableNetwork(DurableObject, graph, {
  network,
  forward: { count: { binding: 'TOTAL', name: 'all', port: 'visit' } },
}) {}
export class Total extends durableNetwork(DurableObject, graph, { network }) {}

export default {
  async fetch({ url }, { VISITOR, TOTAL }) {
    const { pathname, searchParams } = new URL(url);
    if (pathname === '/total') {
      const total = TOTAL.get(TOTAL.idFromName('all'));
      return Response.json(await total.read('count', Number(searchParams.get('after'))));
    }
    const visitor = VISITOR.get(VISITOR.idFromName(pathname));
    const { packets } = await visitor.call({ visit: { type: 'Flow' } });
    return Response.json(packets[0].count.data);
  },
};
