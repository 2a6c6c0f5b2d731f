import { endWithParent } from './child.ts';
import { makeOneNetwork } from './one-graph.ts';
import { connectOptions, loadClient } from './server.ts';

// A worker of one-graph.ts: `node one-worker.js PORTS`. Ends in peace by SIGTERM.

endWithParent();
const [ports] = process.argv.slice(2);
const client = await loadClient();
const connection = await client.connect(connectOptions(ports!));
const network = await makeOneNetwork({ client, connect: async () => connection }, connection);
network.start();
process.once('SIGTERM', () => void network.stop().then(() => process.exit(0)));
