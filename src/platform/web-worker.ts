import type { WorkerEvents, WorkerHandle, WorkerPort } from './types.ts';

/** Undefined in CommonJS and classic scripts, whose bundles have no `import.meta`. */
const moduleUrl: string | undefined = import.meta.url;
/** Known only while a classic script runs for the first time. */
const script = globalThis.document?.currentScript;
const scriptUrl = script && 'src' in script ? script.src : undefined;

export function lacksWebWorkers(): string | null {
  if (typeof Worker !== 'function') return 'this platform has no workers';
  if (!moduleUrl && !scriptUrl) return 'this bundle does not know its own URL: bundle it as ES modules';
  if (globalThis.crossOriginIsolated) return null;
  return (
    'workers share memory only in pages that are cross-origin isolated: serve it with the headers ' +
    'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp'
  );
}

/** Starts the worker entry, a file beside this one. Bundlers that recognise `new Worker(new URL(…))` put it there. */
export function startWebWorker({ onMessage, onDeath }: WorkerEvents): WorkerHandle {
  const worker = moduleUrl
    ? new Worker(new URL('./worker-web.js', import.meta.url), { type: 'module' })
    : new Worker(new URL('./worker-web.js', scriptUrl), { type: 'module' });
  worker.onmessage = ({ data }) => onMessage(data);
  worker.onmessageerror = () => onDeath('a message could not be read');
  worker.onerror = event => {
    event.preventDefault();
    onDeath(event.message || `worker-web.js could not be loaded, beside ${moduleUrl ?? scriptUrl}`);
  };
  return {
    post: message => worker.postMessage(message),
    keepAlive: () => {},
    terminate: () => {
      worker.onmessage = worker.onmessageerror = worker.onerror = null;
      worker.terminate();
    },
  };
}

/** Port to the page, for use in the worker. */
export const webPort: WorkerPort = {
  post: message => globalThis.postMessage(message),
  onMessage: receive => {
    globalThis.onmessage = ({ data }) => receive(data);
  },
};
