import { webClock, webRandom } from '../../wasi/index.ts';
import type { Platform } from './types.ts';
import { findAsyncContext, findBaseUrl, findKeepAlive, type Scope } from './web-context.ts';
import { lacksWebWorkers, startWebWorker } from './web-worker.ts';

/** Web standards only. The platforms extend it. */
export const webBasis: Platform = {
  clock: webClock(),
  random: webRandom(),
  // Not `fetch` itself: browsers refuse it as the method of another object.
  fetch: (input, init) => globalThis.fetch(input, init),
  baseUrl: () => findBaseUrl(globalThis as Scope),
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

let asyncContext: ReturnType<typeof findAsyncContext> | null = null;
let keepAlive: ReturnType<typeof findKeepAlive> | null = null;

/** The platform for browsers and edge workers. Parts that few of them have are looked for when first needed. */
export const webPlatform: Platform = {
  ...webBasis,
  get asyncContext() {
    if (asyncContext === null) asyncContext = findAsyncContext(globalThis as Scope);
    return asyncContext;
  },
  get keepAlive() {
    if (keepAlive === null) keepAlive = findKeepAlive(globalThis as Scope);
    return keepAlive;
  },
};
