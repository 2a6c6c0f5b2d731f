import type { AbiDiagnostic, KernelTier, LogLevel, MessageLevel } from '../../abi/index.ts';
import type { Preopen, WasiDiagnostic } from '../../wasi/index.ts';
import type { PlugboardErrorCode } from '../errors.ts';
import type { HostFunctions } from '../host/function.ts';
import type { Trace } from '../host/listener.ts';
import type { Recorder } from '../host/tap.ts';
import type { Fetch } from '../platform/types.ts';
import type { Secret } from '../values/secret.ts';
import type { Budgets } from './budgets.ts';
import type { PolicyEnvelope, PolicyFile, PolicyOptions } from './policy-types.ts';

/** A tolerated mistake, as data. */
export type Diagnostic = AbiDiagnostic | WasiDiagnostic | { code: PlugboardErrorCode; message: string };

/** Receives log messages of plugins: a function for each level. `console` is a logger. */
export type Logger = { readonly [Level in MessageLevel]?: ((message: string) => void) | undefined };

/** Values that a plugin reads with `config_get`, by key. */
export type PluginConfig = Readonly<Record<string, string | Secret>>;

export interface MemoryOptions {
  /** Pages (64 KiB) of kernel memory that the blocks of one call may take up. Default: no limit below 4 GiB. */
  maxPages?: number | null | undefined;
  /**
   * Pages (64 KiB) by which the plugin's memories and the kernel's may grow together. The main module's may not start with more.
   * Beside an exported memory others cannot grow; without one only the first can.
   */
  max_pages?: number | null | undefined;
  /** Total bytes of all variables, keys included. Default: 1 MiB; 0 allows no variables. */
  maxVarBytes?: number | null | undefined;
  max_var_bytes?: number | null | undefined;
  /** Bytes in the body of one HTTP response. Default: 50 MiB. */
  maxHttpResponseBytes?: number | null | undefined;
  max_http_response_bytes?: number | null | undefined;
}

/**
 * Keys of manifests and of options. An option wins over the same key of the manifest. Keys in snake case have the meaning of
 * the Extism manifest, keys in camel case the meaning of the official JS SDK. A key may be given in one spelling only.
 */
export interface ManifestOptions {
  /** Values that the plugin reads with `config_get`. */
  config?: PluginConfig | null | undefined;
  /** Hosts that `http_request` may reach, also after a redirect: names, in which `*`, `?` and `[…]` stand for other characters. */
  allowedHosts?: readonly string[] | null | undefined;
  allowed_hosts?: readonly string[] | null | undefined;
  /** Guest path → host path. */
  allowedPaths?: Readonly<Record<string, string>> | null | undefined;
  /** Host path, perhaps with `ro:` before it → guest path. */
  allowed_paths?: Readonly<Record<string, string>> | null | undefined;
  /** Limits of memory, variables and HTTP responses. */
  memory?: MemoryOptions | null | undefined;
  /**
   * Ends a call, or the start functions, after this many ms, even in an endless loop. The plugin then runs in a worker, or with
   * checks added to its code. UNSUPPORTED where neither is possible.
   */
  timeoutMs?: number | null | undefined;
  timeout_ms?: number | null | undefined;
}

/** How the workers of plugins are used again. */
export interface WorkerOptions {
  /**
   * After `close` the plugin's worker stays for a later plugin, if fewer than this number are kept. Starting a worker takes most
   * of the creation. A worker that was ended, or has `nodeWorkerArgs`, is not kept. Default: 0.
   */
  keep?: number | undefined;
}

/** Options of `createPlugin`. Options that the official JS SDK has too keep its names and meanings. */
export interface PluginOptions extends ManifestOptions {
  /**
   * Ends the wait of a queued call after this many ms, if the same async host function of the running call was pending all the
   * time: the two may wait for each other. On Node, Deno, Bun and workerd, calls made outside host functions wait without
   * limit. Default: 30 s.
   */
  queueTimeoutMs?: number | null | undefined;
  /** Provides WASI preview 1 to modules that import it. Default: true; `false` refuses such modules. */
  useWasi?: boolean | undefined;
  /** Prints the plugin's stdout and stderr on the host's; browsers and workerd print lines. Default: true if the variable EXTISM_ENABLE_WASI_OUTPUT is set. */
  enableWasiOutput?: boolean | undefined;
  /** Receives log messages. A message is dropped if the logger has no function for its level. Default: the console. */
  logger?: Logger | undefined;
  /** The lowest level that is logged. Default: `silent`. */
  logLevel?: LogLevel | undefined;
  /**
   * Variables that the plugin has from the start, by name; text is kept as UTF-8. They count for `memory.maxVarBytes`, and
   * `plugin.reset({ vars: true })` puts them back.
   */
  vars?: Readonly<Record<string, string | Uint8Array>> | undefined;
  /** Functions that the plugin may import, by namespace and name. */
  functions?: HostFunctions | undefined;
  /** Fetches manifests and modules by URL, and sends the plugin's HTTP requests. Default: the platform's `fetch`. */
  fetch?: Fetch | undefined;
  /** Shows the headers of HTTP responses to the plugin, by `http_headers`. Default: false. */
  allowHttpResponseHeaders?: boolean | undefined;
  /** The URL schemes that `http_request` may use, also after a redirect. Default: both. */
  allowedSchemes?: readonly ('http' | 'https')[] | undefined;
  /**
   * Whether `http_request` may reach an address outside the public internet, also after a redirect: `127.0.0.1`, `10.0.0.1`,
   * `[fe80::1]` … With false each name is looked up once, its addresses are checked, and the connection leads to one of them.
   * False is UNSUPPORTED where the platform has no look-up (browsers, workerd), and with the option `fetch`. Deno then needs
   * --allow-sys=ca and --allow-env=NODE_USE_SYSTEM_CA for https. Default: true.
   */
  allowPrivateAddresses?: boolean | undefined;
  /**
   * How `timeoutMs` is kept. `worker`: the plugin runs unchanged in a worker, which is ended. `checks`: its code gets checks and
   * runs on this thread; they cannot end a host function, one bulk instruction or one wait while it runs. Default: `worker` where
   * workers can be used.
   */
  timeoutBy?: 'checks' | 'worker' | undefined;
  /**
   * Runs the plugin in a worker of its own. Default: false; a worker is still used for `timeoutMs` without `timeoutBy: 'checks'`, and for a plugin that must
   * wait where the engine cannot suspend it.
   */
  runInWorker?: boolean | undefined;
  /**
   * `shared`: a call finds the memory and the variables as the call before has left them. `fresh`: each call begins as the first
   * one did, right after the start functions: memory and globals are put back in place where that is exact, else there is a new
   * instance. `report.fresh` says which. Not together with `record`. Default: `shared`.
   */
  isolation?: 'shared' | 'fresh' | undefined;
  /**
   * The most that one call may ask of the host: calls, requests, bytes. A call over a limit fails with BUDGET_EXCEEDED.
   * Default: no limits, and the plugin gets its imports uncounted.
   */
  limits?: Budgets | null | undefined;
  /**
   * The policy that modules, manifest and options must keep: JSON text, data, a signed envelope, or an object with these as
   * `source`. An access that it does not grant is an error at creation, POLICY_DENIED.
   */
  policy?: string | PolicyFile | PolicyEnvelope | PolicyOptions | null | undefined;
  /** Has no effect; accepted for the official JS SDK. Here the memory shared with a worker grows as needed. */
  sharedArrayBufferSize?: number | undefined;
  /** Options for the worker, on runtimes with `node:worker_threads`. */
  nodeWorkerArgs?: Readonly<Record<string, unknown>> | undefined;
  /** How workers are used again. Default: each ends with its plugin. */
  workers?: WorkerOptions | null | undefined;

  /** File systems, in memory or of another kind, by their path in the plugin. See `MemoryFs` of plugboard/wasi. */
  preopens?: Readonly<Record<string, Preopen>> | undefined;
  /**
   * Implementation of the kernel's loads and stores. Default: `accessors` (wasm) where the platform compiles bytes, else
   * `reference`.
   */
  kernel?: KernelTier | undefined;
  /** The compiled accessor module, for platforms that cannot compile bytes. */
  accessors?: WebAssembly.Module | undefined;
  /** Receives each line of the plugin's stdout, without the line end. */
  stdout?: ((line: string) => void) | undefined;
  /** Receives each line of the plugin's stderr. The last lines also go into the error of a call that traps. */
  stderr?: ((line: string) => void) | undefined;
  /** Receives tolerated mistakes. */
  onDiagnostic?: ((diagnostic: Diagnostic) => void) | undefined;
  /** Turns diagnostics of the kernel and of creation into errors. Default: false. */
  strict?: boolean | undefined;
  /**
   * Receives the host's own debug log: one line for each step from the source to the result of a call. Default: on Node, Deno
   * and Bun it is printed on stderr if the variable PLUGBOARD_LOG is `debug`, or RUST_LOG asks for debug lines of all targets or
   * of `reflow_script`.
   */
  debug?: ((line: string) => void) | undefined;
  /**
   * Gets an event for each call that the plugin makes of the host: `createTrace` of plugboard/audit makes one. Default: none,
   * and the plugin gets the functions of the host themselves. @experimental
   */
  trace?: Trace | null | undefined;
  /**
   * Keeps everything that comes into the plugin from outside: `createRecorder` of plugboard/audit makes it. Default: none.
   * @experimental
   */
  record?: Recorder | null | undefined;
}
