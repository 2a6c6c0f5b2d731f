import { parentPort, Worker } from 'node:worker_threads';
import type { WorkerEvents, WorkerHandle, WorkerPort } from './types.ts';

/** Starts the entry in a thread that keeps no process alive, with `args` as options of `node:worker_threads`. */
export function startNodeWorker(
  { onMessage, onDeath }: WorkerEvents,
  args: Readonly<Record<string, unknown>>,
): WorkerHandle {
  // Not the flags of this process: some of them are refused for workers, and none is for this code.
  const worker = new Worker(new URL('./worker-node.js', import.meta.url), { execArgv: [], ...args });
  worker.unref();
  worker.on('message', onMessage);
  worker.on('messageerror', error => onDeath(error.message));
  worker.on('error', (error: unknown) => onDeath(error instanceof Error ? error.message : String(error)));
  worker.on('exit', code => onDeath(`it ended with code ${code}`));
  return {
    post: message => worker.postMessage(message),
    keepAlive: isNeeded => (isNeeded ? worker.ref() : worker.unref()),
    terminate: () => {
      worker.removeAllListeners();
      // What is thrown while it ends concerns nobody any more.
      worker.on('error', () => {});
      void worker.terminate();
    },
  };
}

/** In the worker. */
export const nodePort: WorkerPort = {
  post: message => parentPort!.postMessage(message),
  onMessage: receive => parentPort!.on('message', receive),
};
