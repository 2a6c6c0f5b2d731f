import type { KernelTier, LogLevel } from '../../abi/index.ts';
import type { Preopen } from '../../wasi/index.ts';
import { readOptions } from '../../wasi/options.ts';
import { HTTP_SCHEMES } from '../host/allowed-hosts.ts';
import type { HostFunctions } from '../host/function.ts';
import { coded } from '../host/function.ts';
import type { Trace } from '../host/listener.ts';
import type { Recorder } from '../host/tap.ts';
import { LIMITS } from '../limits.ts';
import type { Fetch } from '../platform/types.ts';
import { PAGE_BYTES } from '../units.ts';
import { revealed } from '../values/secret.ts';
import type { HostBudgets } from './budgets.ts';
import { PLUGIN_OPTIONS, refuseOption } from './option-keys.ts';
import type { Diagnostic, Logger, ManifestOptions, MemoryOptions, PluginOptions } from './options.ts';

/** A folder of the host, and the path under which the plugin sees it. */
export interface Mount {
  /** As the caller spelled it. */
  option: 'allowedPaths' | 'allowed_paths';
  guest: string;
  host: string;
  readOnly: boolean;
}

/** Manifest and options, checked and complete. */
export type Settings = Readonly<{
  config: ReadonlyMap<string, string>;
  /** Values of `config` that were made by `secret`. */
  secrets: readonly string[];
  allowedHosts: readonly string[];
  allowedSchemes: readonly string[];
  allowsPrivateAddresses: boolean;
  mounts: readonly Mount[];
  preopens: Readonly<Record<string, Preopen>>;
  maxKernelBytes: number | undefined;
  /** The option that sets `maxKernelBytes`. */
  kernelLimitedBy: 'memory.maxPages' | 'limits.memoryPages';
  /** Pages by which all memories may grow together. */
  maxGrowthPages: number | undefined;
  maxVarBytes: number;
  maxHttpResponseBytes: number;
  exposesHttpHeaders: boolean;
  fetch: Fetch | undefined;
  /** Time limit of one call, or of the start functions. */
  timeoutMs: number | undefined;
  timeoutBy: 'checks' | 'worker' | undefined;
  queueTimeoutMs: number;
  runInWorker: boolean;
  /** Null if no call has a budget. */
  budgets: HostBudgets | null;
  /** Units of fuel for one call. */
  fuel: number | undefined;
  /** Pages of all memories, tables and globals together. */
  memoryPages: number | undefined;
  /** Whether each call begins with the state after initialisation. */
  fresh: boolean;
  nodeWorkerArgs: Readonly<Record<string, unknown>>;
  /** The plugin's worker is kept after `close` if fewer are. */
  keptWorkers: number;
  useWasi: boolean;
  /** Undefined: the platform decides. */
  enableWasiOutput: boolean | undefined;
  logger: Logger;
  logLevel: LogLevel;
  /** Variables at creation, copied. */
  vars: ReadonlyMap<string, string | Uint8Array>;
  functions: HostFunctions;
  kernel: KernelTier | undefined;
  accessors: WebAssembly.Module | undefined;
  stdout: ((line: string) => void) | undefined;
  stderr: ((line: string) => void) | undefined;
  onDiagnostic: ((diagnostic: Diagnostic) => void) | undefined;
  strict: boolean;
  /** Limits of 0 in the spelling of the official JS SDK, where 0 means "no limit". */
  zeroLimits: readonly string[];
  debug: ((line: string) => void) | undefined;
  trace: Trace | null | undefined;
  record: Recorder | null | undefined;
}>;

/**
 * Keys that the user gave in a manifest or as options, checked. Both spellings of a key have the same name here, and missing
 * keys are left out. Keys that manifests do not have are inherited from the options.
 */
export interface Given extends Omit<PluginOptions, keyof ManifestOptions> {
  config?: Record<string, string>;
  secrets?: readonly string[];
  allowedHosts?: readonly string[];
  mounts?: Mount[];
  timeoutMs?: number;
  memory: { maxPages?: number; maxGrowthPages?: number; maxVarBytes?: number; maxHttpResponseBytes?: number };
  zeroLimits: string[];
}

/** Limits for which 0 means "no limit" in the official JS SDK. Here 0 allows nothing. */
const ZERO_IS_OPEN_ELSEWHERE = ['maxPages', 'maxVarBytes', 'maxHttpResponseBytes'] as const;

/** @param where name of the manifest or options in messages */
export function readShared(read: ManifestOptions, where: string): Given {
  const { memory, allowedHosts = read.allowed_hosts, timeoutMs = read.timeout_ms } = read;
  const { allowedPaths, allowed_paths } = read;
  const mounts = allowedPaths
    ? Object.entries(allowedPaths).map(([guest, host]) => mount('allowedPaths', host, guest))
    : allowed_paths &&
      Object.entries(allowed_paths).map(([host, guest]) => mount('allowed_paths', host, guest));
  const limits: MemoryOptions = memory ?? {};
  const entries = read.config && Object.entries(read.config);
  const config = entries && Object.fromEntries(entries.map(([key, value]) => [key, revealed(value)]));
  const secrets = entries?.flatMap(([, value]) => (typeof value === 'string' ? [] : [revealed(value)]));
  const { maxPages, max_pages, maxVarBytes = limits.max_var_bytes } = limits;
  const { maxHttpResponseBytes = limits.max_http_response_bytes } = limits;
  return {
    ...present({ config, secrets, allowedHosts, mounts, timeoutMs }),
    memory: present({ maxPages, maxGrowthPages: max_pages, maxVarBytes, maxHttpResponseBytes }),
    zeroLimits: ZERO_IS_OPEN_ELSEWHERE.filter(key => limits[key] === 0).map(key => `${where}.memory.${key}`),
  };
}

const mount = (option: Mount['option'], path: string, guest: string): Mount => ({
  option,
  guest,
  host: path.replace(/^ro:/, ''),
  readOnly: path.startsWith('ro:'),
});

/** Removes missing keys. Otherwise a missing option would replace the same key of the manifest. */
const present = <T extends object>(keys: T) =>
  Object.fromEntries(Object.entries(keys).filter(([, value]) => value != null)) as {
    [Key in keyof T]?: NonNullable<T[Key]>;
  };

/** @throws {CreateError} INVALID_OPTION */
export function readPluginOptions(options: unknown): Given {
  const read = readOptions(PLUGIN_OPTIONS, options, 'option', refuseOption);
  const own: Omit<PluginOptions, keyof ManifestOptions> = read;
  return { ...own, ...readShared(read, 'option') };
}

/** Lays keys over others: a key of `above` replaces the same key of `below`, and those in `memory` each on its own. */
export const overlay = (below: Given, above: Given): Given => ({
  ...below,
  ...above,
  memory: { ...below.memory, ...above.memory },
  zeroLimits: [...above.zeroLimits, ...below.zeroLimits],
});

/** Combines options, manifest and defaults: an option wins over the manifest, the manifest over the default. */
export function toSettings(manifest: Given, options: Given): Settings {
  const given = overlay(manifest, options);
  const { memory, zeroLimits } = given;
  const { fuel, memoryPages, ...budgets } = given.limits ?? {};
  return Object.freeze({
    // A Map, because a plain object also has inherited keys.
    config: new Map(Object.entries(given.config ?? {})),
    secrets: given.secrets ?? [],
    allowedHosts: given.allowedHosts ?? [],
    allowedSchemes: given.allowedSchemes ?? HTTP_SCHEMES,
    allowsPrivateAddresses: given.allowPrivateAddresses ?? true,
    mounts: given.mounts ?? [],
    preopens: given.preopens ?? {},
    maxKernelBytes: kernelBytes(memory),
    kernelLimitedBy: 'memory.maxPages' as const,
    maxGrowthPages: memory.maxGrowthPages,
    maxVarBytes: memory.maxVarBytes ?? LIMITS.varBytes.default,
    maxHttpResponseBytes: memory.maxHttpResponseBytes ?? LIMITS.httpResponseBytes.default,
    exposesHttpHeaders: given.allowHttpResponseHeaders ?? false,
    fetch: given.fetch,
    timeoutMs: given.timeoutMs,
    timeoutBy: given.timeoutBy,
    queueTimeoutMs: given.queueTimeoutMs ?? LIMITS.queueMs.default,
    runInWorker: given.runInWorker ?? false,
    budgets: Object.keys(budgets).length > 0 ? budgets : null,
    fuel,
    memoryPages,
    fresh: given.isolation === 'fresh',
    nodeWorkerArgs: given.nodeWorkerArgs ?? {},
    keptWorkers: given.workers?.keep ?? 0,
    useWasi: given.useWasi ?? true,
    enableWasiOutput: given.enableWasiOutput,
    logger: given.logger ?? console,
    logLevel: given.logLevel ?? 'silent',
    vars: new Map(Object.entries(given.vars ?? {})),
    functions: given.functions ?? {},
    kernel: given.kernel,
    accessors: given.accessors,
    stdout: given.stdout,
    stderr: given.stderr,
    onDiagnostic: given.onDiagnostic && coded('option.onDiagnostic', given.onDiagnostic),
    strict: given.strict ?? false,
    zeroLimits,
    debug: given.debug && coded('option.debug', given.debug),
    trace: given.trace,
    record: given.record,
  });
}

/** Returns the limit of the kernel memory. As in the native runtime, `memory.max_pages` does not count the first page. */
function kernelBytes({ maxPages, maxGrowthPages }: Given['memory']): number | undefined {
  const limits = [maxPages, maxGrowthPages === undefined ? undefined : maxGrowthPages + 1];
  const given = limits.filter(pages => pages !== undefined);
  return given.length === 0 ? undefined : Math.min(...given) * PAGE_BYTES;
}
