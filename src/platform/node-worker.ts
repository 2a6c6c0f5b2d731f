import { isError } from '../../wasi/brands.ts';
import { workerThreads } from './node-builtin.ts';
import type { WorkerEvents, WorkerHandle, WorkerPort } from './types.ts';

let code: string;

export async function loadNodeWorker(): Promise<void> {
  code = (await import('./node-worker-code.ts')).workerCode;
}

/**
 * Starts the worker entry in a thread that does not keep the process alive. `args` are options of `node:worker_threads`. The
 * code comes as text and not as a file, which bundlers would have to find and put in its place.
 */
export function startNodeWorker(
  { onMessage, onDeath }: WorkerEvents,
  args: Readonly<Record<string, unknown>>,
): WorkerHandle {
  const { Worker } = workerThreads();
  // Not the flags of this process: Node refuses some of them for workers, and this code needs none.
  const worker = new Worker(code, { execArgv: [], ...args, eval: true });
  worker.unref();
  worker.on('message', onMessage);
  worker.on('messageerror', error => onDeath(error.message));
  worker.on('error', (error: unknown) => onDeath(isError(error) ? error.message : String(error)));
  worker.on('exit', code => onDeath(`it ended with code ${code}`));
  return {
    post: message => worker.postMessage(message),
    keepAlive: isNeeded => (isNeeded ? worker.ref() : worker.unref()),
    terminate: () => {
      worker.removeAllListeners();
      // Errors thrown while the worker ends are ignored.
      worker.on('error', () => {});
      void worker.terminate();
    },
  };
}

/** Port to the caller's thread, for use in the worker. */
export const nodePort: WorkerPort = {
  post: message => workerThreads().parentPort!.postMessage(message),
  onMessage: receive => workerThreads().parentPort!.on('message', receive),
};
