import type { Clock, Fs, Random } from '../../wasi/index.ts';

/** The standard `fetch`. */
export type Fetch = typeof globalThis.fetch;

/** The members of a `Response` to a plugin's request that are read. */
export type HttpAnswer = Pick<Response, 'status' | 'headers' | 'body' | 'type'>;

export type PublicFetch = (url: URL, init: RequestInit) => Promise<HttpAnswer>;

/** Functions of the runtime that the core uses. The entries pass them in; the core does not detect the runtime. @experimental */
export interface Platform {
  clock: Clock;
  random: Random;
  /** Reads a whole file. Left out where the runtime has no files. */
  readFile?(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Calls `onChange` after each change of a file, once it is written whole. Returns a function that ends the watching. Left out
   * where the runtime has no files.
   */
  watchFile?(path: string, onChange: () => void): () => void;
  /** Opens a folder of the host. Throws if it does not exist. Left out where the runtime has no folders. */
  hostFolder?(path: string): Fs;
  fetch: typeof globalThis.fetch;
  /**
   * Returns a function that sends a request as `fetch` does, but only to the public internet, and follows no redirect. Left out
   * where the runtime does not tell the address of a name.
   */
  publicFetch?(): PublicFetch;
  /** The URL that relative URLs of this page or its worker start from. Undefined outside browsers. */
  baseUrl?(): string | undefined;
  /** Carries a value along through callbacks and awaits. Left out where the runtime has no async contexts. */
  asyncContext?: AsyncContext | undefined;
  /** Keeps the current HTTP request alive until `work` settles. Left out where the end of a request does not end work. */
  keepAlive?: ((work: Promise<unknown>) => void) | undefined;
  /** Compiles bytes on a background thread, as `WebAssembly.compile` does. */
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module>;
  /** Compiles while the bytes arrive. Left out where the runtime cannot. */
  compileStreaming?(response: Response): Promise<WebAssembly.Module>;
  sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  /** Whether plugin output is printed when the option is left out. Missing means no. */
  printsWasiOutput?(): boolean;
  /** Returns the receiver of the host's debug log when the option is left out. Missing, or without a result: it is dropped. */
  debugLog?(print: (line: string) => void): ((line: string) => void) | undefined;
  /** Why workers cannot be used here, and how to change that; null where they can. */
  lacksWorkers(): string | null;
  /** Why a worker cannot be ended while a plugin runs an endless loop; null where it can. */
  lacksForce(): string | null;
  /** Loads the code that `startWorker` needs. Called when a plugin is created, so that later calls read no file. */
  loadWorker?(): Promise<void>;
  /** Starts a thread that runs the worker entry. `args` come from the option `nodeWorkerArgs`; only Node-like runtimes use it. */
  startWorker(events: WorkerEvents, args: Readonly<Record<string, unknown>>): WorkerHandle;
  /** Prints plugin output, if the caller asked for it, and the host's messages. */
  print: Print;
}

interface Print {
  out(line: string): void;
  err(line: string): void;
  /** Writes a copy of plugin output as it is. Left out where the runtime prints lines only. */
  bytes?(to: 'stdout' | 'stderr', bytes: Uint8Array): void;
}

/** The other end of a `WorkerPort`. Messages are values for the structured clone, and arrive in order. */
export interface WorkerHandle {
  post(message: unknown): void;
  /** With true, the process does not end while the worker lives. Before the first call it may end. */
  keepAlive(isNeeded: boolean): void;
  /** Ends the worker by force, even while it runs code. No event comes afterwards. */
  terminate(): void;
}

export interface WorkerEvents {
  onMessage(message: unknown): void;
  /** Called when the worker could not be started, or died. No event comes afterwards. */
  onDeath(reason: string): void;
}

/** The worker's connection to the thread that started it. */
export interface WorkerPort {
  post(message: unknown): void;
  onMessage(receive: (message: unknown) => void): void;
}

export interface AsyncContext {
  run<T>(value: unknown, fn: () => T): T;
  /** Returns the value of the innermost `run` around the running code, or undefined. */
  current(): unknown;
}
