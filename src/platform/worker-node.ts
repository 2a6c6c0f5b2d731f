import { serveOrders } from '../worker/inside.ts';
import { nodePlatform } from './node.ts';
import { nodePort } from './node-worker.ts';

// The entry of workers on Node, Deno and Bun.
serveOrders(nodePlatform, nodePort);
