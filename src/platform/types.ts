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
  /** `WebAssembly.compile`, off the calling thread. */
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module>;
  /** Compiles while the bytes arrive. Left out where the runtime cannot. */
  compileStreaming?(response: Response): Promise<WebAssembly.Module>;
  sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  /** Whether plugin output is printed where the option does not say. Left out: no. */
  printsWasiOutput?(): boolean;
  /** Where plugin output goes that the caller asked to see. */
  print: { out(line: string): void; err(line: string): void };
}

export interface AsyncContext {
  run<T>(value: unknown, fn: () => T): T;
  /** What `run` was given around the code that is running, or undefined. */
  current(): unknown;
}
