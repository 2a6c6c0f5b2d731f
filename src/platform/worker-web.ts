import { serveOrders } from '../worker/inside.ts';
import { webPlatform } from './web.ts';
import { webPort } from './web-worker.ts';

// The entry of workers in browsers.
serveOrders(webPlatform, webPort);
