import { webClock, webRandom } from '../../wasi/index.ts';
import { serveOrders } from '../run/worker/inside.ts';
import { nodeFolder } from './node-files.ts';
import { nodePort } from './node-worker.ts';

// Entry file of workers on Node, Deno and Bun.
serveOrders({ clock: webClock(), random: webRandom(), hostFolder: nodeFolder }, nodePort);
