import { webClock, webRandom } from '../../wasi/index.ts';
import type { Platform } from './types.ts';
import { findAsyncContext, findKeepAlive, type Scope } from './web-context.ts';
import { lacksWebWorkers, startWebWorker } from './web-worker.ts';

const asyncContext = findAsyncContext(globalThis as Scope);
const keepAlive = findKeepAlive(globalThis as Scope);

/** The platform for browsers and edge workers, made of web standards only. The other platforms extend it. */
export const webPlatform: Platform = {
  clock: webClock(),
  random: webRandom(),
  // Not `fetch` itself: browsers refuse it as the method of another object.
  fetch: (input, init) => globalThis.fetch(input, init),
  ...(asyncContext && { asyncContext }),
  ...(keepAlive && { keepAlive }),
  compile: bytes => WebAssembly.compile(bytes),
  ...(typeof globalThis.WebAssembly?.compileStreaming === 'function' && {
    compileStreaming: response => WebAssembly.compileStreaming(response),
  }),
  sha256: async bytes => {
    if (!globalThis.crypto?.subtle) {
      throw new Error('no crypto.subtle here: browsers offer it on https and localhost only');
    }
    return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  },
  lacksWorkers: lacksWebWorkers,
  lacksForce: () => null,
  startWorker: startWebWorker,
  print: { out: line => console.log(line), err: line => console.error(line) },
};
