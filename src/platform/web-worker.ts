import type { WorkerEvents, WorkerHandle, WorkerPort } from './types.ts';

export function lacksWebWorkers(): string | null {
  if (typeof Worker !== 'function') return 'this platform has no workers';
  if (globalThis.crossOriginIsolated) return null;
  return (
    'workers share memory only in pages that are cross-origin isolated: serve it with the headers ' +
    'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp'
  );
}

/** Starts the worker entry, a file beside this one. Bundlers that recognise `new Worker(new URL(…))` put it there. */
export function startWebWorker({ onMessage, onDeath }: WorkerEvents): WorkerHandle {
  const worker = new Worker(new URL('./worker-web.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }) => onMessage(data);
  worker.onmessageerror = () => onDeath('a message could not be read');
  worker.onerror = event => {
    event.preventDefault();
    onDeath(event.message || `${new URL('./worker-web.js', import.meta.url)} could not be loaded`);
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
