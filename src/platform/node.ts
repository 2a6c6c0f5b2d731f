import { lazily } from '../../abi/lazily.ts';
import { attempt } from '../errors.ts';
import { MAX_TIMER_MS } from '../units.ts';
import { asyncHooks, fs, url } from './node-builtin.ts';
import { debugLog, printsWasiOutput } from './node-env.ts';
import { nodeFolder } from './node-files.ts';
import { nodeFetch } from './node-http.ts';
import { watchNodeFile } from './node-watch.ts';
import { loadNodeWorker, startNodeWorker } from './node-worker.ts';
import { isFileUrl } from './paths.ts';
import { reasonOf } from './system-error.ts';
import type { Platform } from './types.ts';
import { webBasis } from './web.ts';

/**
 * Prevents a deadlock of Node 20. When a compilation is the only pending work, it blocks its main thread until all background
 * work is done, and some of that work may wait for the main thread to collect garbage. With a timer pending, Node waits in
 * its event loop instead.
 */
function keepAlive<T>(work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => {}, MAX_TIMER_MS);
  return work.finally(() => clearTimeout(timer));
}

const { compile, compileStreaming } = webBasis;
const storage = lazily(() => new (asyncHooks().AsyncLocalStorage)<unknown>());

const toPath = (path: string): string => (isFileUrl(path) ? url().fileURLToPath(path) : path);

const ignore = (): void => {};

function writeSync(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += fs().writeSync(file, bytes, at);
}

/** Ignores that a reader closed its pipe, as `head` does. So does `console.log`. */
function writeBytes(to: 'stdout' | 'stderr', bytes: Uint8Array): void {
  // On Bun `console.log` writes at once: a queue would change the order, and a program that ends would lose it.
  if ('Bun' in globalThis) return void attempt(() => writeSync(to === 'stdout' ? 1 : 2, bytes), undefined);
  const stream = process[to];
  stream.write(bytes.slice(), error => {
    // Once, and only one: the program's own writes keep their errors.
    if (error) stream.off('error', ignore).once('error', ignore);
  });
}

/** The platform for Node, Deno and Bun: web standards, files and threads. */
export const nodePlatform: Platform = {
  ...webBasis,
  compile: bytes => keepAlive(compile(bytes)),
  ...(compileStreaming && { compileStreaming: response => keepAlive(compileStreaming(response)) }),
  asyncContext: { run: (value, fn) => storage().run(value, fn), current: () => storage().getStore() },
  baseUrl: () => undefined,
  publicFetch: () => nodeFetch(),
  hostFolder: nodeFolder,
  watchFile: (path, onChange) => watchNodeFile(toPath(path), onChange),
  print: { ...webBasis.print, bytes: writeBytes },
  printsWasiOutput,
  debugLog,
  lacksWorkers: () =>
    globalThis.process?.permission?.has('worker') === false
      ? 'Node runs with --permission and without --allow-worker'
      : null,
  lacksForce: () => {
    const [name] = ['Bun', 'Deno'].filter(each => each in globalThis);
    return name ? `${name} cannot end a worker that is in a loop` : null;
  },
  loadWorker: loadNodeWorker,
  startWorker: startNodeWorker,
  readFile: async path => {
    try {
      return new Uint8Array(await fs().promises.readFile(toPath(path)));
    } catch (cause) {
      throw new Error(reasonOf(cause), { cause });
    }
  },
};
