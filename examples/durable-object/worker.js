import { DurableObject } from 'cloudflare:workers';
import accessors from 'plugboard/abi/accessors.wasm';
import { durableNetwork } from 'plugboard/durable-object';
import counter from './rust_counter.wasm';

const graph = {
  properties: { name: 'visits' },
  processes: { count: { component: 'Counter' } },
  inports: { visit: { nodeId: 'count', portId: 'increment' } },
  outports: { count: { nodeId: 'count', portId: 'count' } },
};
const network = { components: { Counter: { source: counter } }, actors: { accessors } };

export class Visitor extends durableNetwork(DurableObject, graph, {
  network,
  forward: { count: { binding: 'TOTAL', name: 'all', port: 'visit' } },
}) {}
export class Total extends durableNetwork(DurableObject, graph, { network }) {}

export default {
  async fetch({ url }, { VISITOR, TOTAL }) {
    const { pathname } = new URL(url);
    if (pathname === '/total') return Response.json(await TOTAL.get(TOTAL.idFromName('all')).read('count'));
    const visitor = VISITOR.get(VISITOR.idFromName(pathname));
    const { packets } = await visitor.call({ visit: { type: 'Flow' } });
    return Response.json(packets[0].count.data);
  },
};
