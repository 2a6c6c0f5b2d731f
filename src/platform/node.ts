import { AsyncLocalStorage } from 'node:async_hooks';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { nodeFolder } from './node-files.ts';
import { startNodeWorker } from './node-worker.ts';
import type { Platform } from './types.ts';
import { webPlatform } from './web.ts';

/** Longer than any compilation. */
const KEEP_ALIVE_MS = 2 ** 31 - 1;

/**
 * Where only a compilation is left to wait for, Node 20 blocks its main thread until all background work is done, and
 * some of that may be waiting for the main thread to collect garbage. A timer makes it wait in its event loop instead.
 */
function keepAlive<T>(work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => {}, KEEP_ALIVE_MS);
  return work.finally(() => clearTimeout(timer));
}

const { compile, compileStreaming } = webPlatform;
const storage = new AsyncLocalStorage<unknown>();

/** The variable of the other Extism hosts. Deno may not be allowed to read it. */
function printsWasiOutput(): boolean {
  try {
    return Boolean(process.env.EXTISM_ENABLE_WASI_OUTPUT);
  } catch {
    return false;
  }
}

/** Node, Deno and Bun: web standards and files. */
export const nodePlatform: Platform = {
  ...webPlatform,
  compile: bytes => keepAlive(compile(bytes)),
  ...(compileStreaming && { compileStreaming: response => keepAlive(compileStreaming(response)) }),
  asyncContext: { run: (value, fn) => storage.run(value, fn), current: () => storage.getStore() },
  hostFolder: nodeFolder,
  printsWasiOutput,
  lacksWorkers: () => null,
  lacksForce: () => {
    const [name] = ['Bun', 'Deno'].filter(each => each in globalThis);
    return name ? `${name} cannot end a worker that is in a loop` : null;
  },
  startWorker: startNodeWorker,
  readFile: async path =>
    new Uint8Array(await readFile(path.startsWith('file://') ? fileURLToPath(path) : path)),
};
