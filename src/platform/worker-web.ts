import { webClock, webRandom } from '../../wasi/index.ts';
import { serveOrders } from '../run/worker/inside.ts';
import { webPort } from './web-worker.ts';

// Entry file of workers in browsers.
serveOrders({ clock: webClock(), random: webRandom() }, webPort);
