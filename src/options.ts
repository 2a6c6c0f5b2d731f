import type { AbiDiagnostic, KernelTier, LogLevel, MessageLevel } from '../abi/index.ts';
import type { Preopen, WasiDiagnostic } from '../wasi/index.ts';
import type { HostFunctions } from './host-function.ts';

/** Something wrong that is tolerated, as data. */
export type Diagnostic = AbiDiagnostic | WasiDiagnostic | { code: string; message: string };

/** Receives log messages of plugins. `console` is one. */
export type Logger = { readonly [Level in MessageLevel]?: ((message: string) => void) | undefined };

/** The standard `fetch`. */
export type Fetch = typeof globalThis.fetch;

/** What a plugin reads with `config_get`. */
export type PluginConfig = Readonly<Record<string, string>>;

export interface MemoryOptions {
  /** Pages (64 KiB) of kernel memory that the blocks of one call may take up. Default: no limit below 4 GiB. */
  maxPages?: number | null | undefined;
  /**
   * Pages by which the plugin's memories and the kernel's may grow, together; the memory of the main module may not
   * start with more. What Extism's native runtime means by it.
   */
  max_pages?: number | null | undefined;
  /** Bytes of variables, keys included. Default 1 MiB; 0 allows none. */
  maxVarBytes?: number | null | undefined;
  max_var_bytes?: number | null | undefined;
  /** Bytes of one HTTP response. */
  maxHttpResponseBytes?: number | null | undefined;
  max_http_response_bytes?: number | null | undefined;
}

/**
 * What manifests and options have in common. Options win. Keys in snake case mean what the Extism manifest means, those
 * in camel case what the official JS SDK means; one key may not be given in both.
 */
export interface ManifestOptions {
  config?: PluginConfig | null | undefined;
  allowedHosts?: readonly string[] | null | undefined;
  allowed_hosts?: readonly string[] | null | undefined;
  /** Guest path → host path. */
  allowedPaths?: Readonly<Record<string, string>> | null | undefined;
  /** Host path, perhaps with `ro:` before it → guest path. */
  allowed_paths?: Readonly<Record<string, string>> | null | undefined;
  memory?: MemoryOptions | null | undefined;
  /**
   * Ends a call, or the start functions, after this many ms, whatever the plugin does: it runs in a worker then, or with
   * checks that are added to its code. UNSUPPORTED where neither is possible.
   */
  timeoutMs?: number | null | undefined;
  timeout_ms?: number | null | undefined;
}

/** Options of `createPlugin`. The names and meanings are the official JS SDK's as far as it has them. */
export interface PluginOptions extends ManifestOptions {
  /**
   * Ends the wait of a call after this many ms, if it was made while an async host function of the running call was pending
   * and that host function has not returned since: they may wait for each other. Calls that come from no host function wait
   * without limit where the runtime knows so: Node, Deno, Bun, workerd. Default: 30 s.
   */
  queueTimeoutMs?: number | null | undefined;
  /** WASI preview 1: on when the module imports it; `false` refuses such modules. */
  useWasi?: boolean | undefined;
  /** Prints the plugin's stdout and stderr on the host's. Default: whether the variable EXTISM_ENABLE_WASI_OUTPUT is set. */
  enableWasiOutput?: boolean | undefined;
  /** Where log messages go; those of a level for which it has no function, nowhere. Default: the console. */
  logger?: Logger | undefined;
  /** The lowest level that is logged. Default `silent`. */
  logLevel?: LogLevel | undefined;
  /** Functions that the plugin may import, by namespace and name. */
  functions?: HostFunctions | undefined;
  /** What a manifest's URLs are fetched with. Default: the platform's own. */
  fetch?: Fetch | undefined;
  allowHttpResponseHeaders?: boolean | undefined;
  /** What `http_request` may send with, also after a redirect. Default: both. */
  allowedSchemes?: readonly ('http' | 'https')[] | undefined;
  /**
   * Whether `http_request` may be sent to an address outside the public internet, also after a redirect: `127.0.0.1`,
   * `10.0.0.1`, `[fe80::1]`, `localhost` … A name is not looked up, and may lead there all the same. Default: yes.
   */
  allowPrivateAddresses?: boolean | undefined;
  /** Runs the plugin in a worker of its own. Default: only where it must wait and the engine cannot suspend it. */
  runInWorker?: boolean | undefined;
  /** Of the official JS SDK; the memory shared with a worker grows as it is needed, so that it changes nothing here. */
  sharedArrayBufferSize?: number | undefined;
  /** Options for the worker's thread on runtimes that have `node:worker_threads`. */
  nodeWorkerArgs?: Readonly<Record<string, unknown>> | undefined;

  /** Folders in memory, or of any other kind, by the path at which the plugin sees them. See `MemoryFs` of plugboard/wasi. */
  preopens?: Readonly<Record<string, Preopen>> | undefined;
  /** How the kernel's loads and stores are provided. Default: `accessors` where the platform compiles bytes. */
  kernel?: KernelTier | undefined;
  /** The compiled accessor module, for platforms that compile no bytes. */
  accessors?: WebAssembly.Module | undefined;
  /** Gets each line of the plugin's stdout, without its end. */
  stdout?: ((line: string) => void) | undefined;
  stderr?: ((line: string) => void) | undefined;
  /** Gets what is wrong and tolerated. */
  onDiagnostic?: ((diagnostic: Diagnostic) => void) | undefined;
  /** Makes diagnostics of the kernel errors. */
  strict?: boolean | undefined;
  /** The host's own debug log: one line for each step from the source to the result of a call. */
  debug?: ((line: string) => void) | undefined;
}
