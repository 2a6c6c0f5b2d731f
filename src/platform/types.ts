import type { Clock, Fs, Random } from '../../wasi/index.ts';

/** What the core needs of the runtime it is on. Handed in by the entries; nothing is looked up. */
export interface Platform {
  clock: Clock;
  random: Random;
  /** Reads a whole file. Left out where there are none. */
  readFile?(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /** A folder of the host and what is in it. Throws when there is none. Left out where there are no folders. */
  hostFolder?(path: string): Fs;
  fetch: typeof globalThis.fetch;
  /** Carries a value along through callbacks and awaits. Left out where the runtime has no such thing. */
  asyncContext?: AsyncContext;
  /** Keeps the request that is being answered alive until `work` settles. Left out where requests do not end pending work. */
  keepAlive?(work: Promise<unknown>): void;
  /** `WebAssembly.compile`, off the calling thread. */
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module>;
  /** Compiles while the bytes arrive. Left out where the runtime cannot. */
  compileStreaming?(response: Response): Promise<WebAssembly.Module>;
  sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  /** Whether plugin output is printed where the option does not say. Left out: no. */
  printsWasiOutput?(): boolean;
  /** Why no worker can be had here and what would change that; null where one can. */
  lacksWorkers(): string | null;
  /** Why a worker cannot be ended while a plugin never returns from a loop; null where it can. */
  lacksForce(): string | null;
  /** A thread that runs the entry for workers. `args` are the caller's for it, where the runtime takes any. */
  startWorker(events: WorkerEvents, args: Readonly<Record<string, unknown>>): WorkerHandle;
  /** Where plugin output goes that the caller asked to see. */
  print: { out(line: string): void; err(line: string): void };
}

/** The other end of a `WorkerPort`. Messages are values for the structured clone, and arrive in order. */
export interface WorkerHandle {
  post(message: unknown): void;
  /** Whether the process must not end while the worker lives. At first it may. */
  keepAlive(isNeeded: boolean): void;
  /** Ends it by force, whatever it does. No event comes after it. */
  terminate(): void;
}

export interface WorkerEvents {
  onMessage(message: unknown): void;
  /** It could not be started, or died. Nothing comes after it. */
  onDeath(reason: string): void;
}

/** What the entry for workers has of its creator. */
export interface WorkerPort {
  post(message: unknown): void;
  onMessage(receive: (message: unknown) => void): void;
}

export interface AsyncContext {
  run<T>(value: unknown, fn: () => T): T;
  /** What `run` was given around the code that is running, or undefined. */
  current(): unknown;
}
