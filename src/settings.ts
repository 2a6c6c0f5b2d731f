import type { KernelTier, LogLevel } from '../abi/index.ts';
import type { Preopen } from '../wasi/index.ts';
import type { HostFunctions } from './host-function.ts';
import { HTTP_SCHEMES } from './http.ts';
import { LIMITS } from './limits.ts';
import { type Mount, OPTION_KEYS, readKeys, SHARED_KEYS } from './option-keys.ts';
import type { Diagnostic, Fetch, Logger, ManifestOptions, PluginOptions } from './options.ts';

/** Manifest and options, checked and complete. */
export type Settings = Readonly<{
  config: ReadonlyMap<string, string>;
  allowedHosts: readonly string[];
  allowedSchemes: readonly string[];
  allowsPrivateAddresses: boolean;
  mounts: readonly Mount[];
  preopens: Readonly<Record<string, Preopen>>;
  maxKernelBytes: number | undefined;
  /** Pages by which all memories may grow together. */
  maxGrowthPages: number | undefined;
  maxVarBytes: number;
  maxHttpResponseBytes: number;
  exposesHttpHeaders: boolean;
  fetch: Fetch | undefined;
  /** For one call, or for the start functions. */
  timeoutMs: number | undefined;
  queueTimeoutMs: number;
  runInWorker: boolean;
  nodeWorkerArgs: Readonly<Record<string, unknown>>;
  useWasi: boolean;
  /** Undefined: as the platform has it. */
  enableWasiOutput: boolean | undefined;
  logger: Logger;
  logLevel: LogLevel;
  functions: HostFunctions;
  kernel: KernelTier | undefined;
  accessors: WebAssembly.Module | undefined;
  stdout: ((line: string) => void) | undefined;
  stderr: ((line: string) => void) | undefined;
  onDiagnostic: ((diagnostic: Diagnostic) => void) | undefined;
  strict: boolean;
  /** Limits given as 0 in the spelling of the official JS SDK, which takes that for none. */
  zeroLimits: readonly string[];
  debug: ((line: string) => void) | undefined;
}>;

const PAGE_BYTES = 65_536;

/** What manifest or options gave, by the names that option-keys.ts has for it. */
export interface Given {
  config?: Record<string, string>;
  allowedHosts?: string[];
  mounts?: Mount[];
  timeoutMs?: number;
  memory?: {
    maxPages?: number;
    maxGrowthPages?: number;
    maxVarBytes?: number;
    maxHttpResponseBytes?: number;
    zeroLimits?: string[];
  };
}

/** What options have and manifests do not. */
type OwnOptions = Omit<PluginOptions, keyof ManifestOptions>;

/** The manifest's own options. @throws {CreateError} INVALID_MANIFEST, UNSUPPORTED */
export const readManifestOptions = (manifest: Record<string, unknown>): Given =>
  readKeys(SHARED_KEYS, manifest, 'manifest') as Given;

/** @throws {CreateError} INVALID_OPTION, UNSUPPORTED */
export const readOptions = (options: unknown = {}): Given & OwnOptions =>
  readKeys(OPTION_KEYS, options, 'option') as Given & OwnOptions;

/** Options over manifest over defaults. */
export function settle(manifest: Given, options: Given & OwnOptions): Settings {
  const given = { ...manifest, ...options };
  const memory = { ...manifest.memory, ...options.memory };
  return Object.freeze({
    // A Map, because a plain object also answers for the keys it inherits.
    config: new Map(Object.entries(given.config ?? {})),
    allowedHosts: given.allowedHosts ?? [],
    allowedSchemes: given.allowedSchemes ?? HTTP_SCHEMES,
    allowsPrivateAddresses: given.allowPrivateAddresses ?? true,
    mounts: given.mounts ?? [],
    preopens: given.preopens ?? {},
    maxKernelBytes: kernelBytes(memory),
    maxGrowthPages: memory.maxGrowthPages,
    maxVarBytes: memory.maxVarBytes ?? LIMITS.varBytes.default,
    maxHttpResponseBytes: memory.maxHttpResponseBytes ?? LIMITS.httpResponseBytes.default,
    exposesHttpHeaders: given.allowHttpResponseHeaders ?? false,
    fetch: given.fetch,
    timeoutMs: given.timeoutMs,
    queueTimeoutMs: given.queueTimeoutMs ?? LIMITS.queueMs.default,
    runInWorker: given.runInWorker ?? false,
    nodeWorkerArgs: given.nodeWorkerArgs ?? {},
    useWasi: given.useWasi ?? true,
    enableWasiOutput: given.enableWasiOutput,
    logger: given.logger ?? console,
    logLevel: given.logLevel ?? 'silent',
    functions: given.functions ?? {},
    kernel: given.kernel,
    accessors: given.accessors,
    stdout: given.stdout,
    stderr: given.stderr,
    onDiagnostic: given.onDiagnostic,
    strict: given.strict ?? false,
    zeroLimits: memory.zeroLimits ?? [],
    debug: given.debug,
  });
}

/** Natively, the growth that `memory.max_pages` limits comes on top of a first page. */
function kernelBytes({ maxPages, maxGrowthPages }: NonNullable<Given['memory']>): number | undefined {
  const limits = [maxPages, maxGrowthPages === undefined ? undefined : maxGrowthPages + 1];
  const given = limits.filter(pages => pages !== undefined);
  return given.length === 0 ? undefined : Math.min(...given) * PAGE_BYTES;
}
