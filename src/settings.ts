import {
  type AbiDiagnostic,
  type KernelTier,
  LOG_LEVELS,
  type LogLevel,
  type MessageLevel,
} from '../abi/index.ts';
import type { WasiDiagnostic } from '../wasi/index.ts';
import { CreateError, describe } from './errors.ts';
import type { HostFunctions } from './host-function.ts';
import { LIMITS } from './limits.ts';

/** Something wrong that is tolerated, as data. */
export type Diagnostic = AbiDiagnostic | WasiDiagnostic | { code: string; message: string };

/** Receives log messages of plugins. `console` is one. */
export type Logger = Readonly<Record<MessageLevel, (message: string) => void>>;

/** The standard `fetch`. */
export type Fetch = typeof globalThis.fetch;

export interface MemoryOptions {
  /** Pages (64 KiB) of kernel memory that the blocks of one call may take up. Default: no limit below 4 GiB. */
  maxPages?: number | undefined;
  /** Bytes of variables, keys included. Default 1 MiB; 0 allows none. */
  maxVarBytes?: number | undefined;
  /** Bytes of one HTTP response. */
  maxHttpResponseBytes?: number | undefined;
}

/** What manifests and options have in common. Options win. */
export interface ManifestOptions {
  /** What the plugin reads with `config_get`. */
  config?: Readonly<Record<string, string>> | undefined;
  allowedHosts?: readonly string[] | null | undefined;
  allowedPaths?: Readonly<Record<string, string>> | null | undefined;
  memory?: MemoryOptions | undefined;
  timeoutMs?: number | null | undefined;
}

/** Options of `createPlugin`. The names and meanings are the official JS SDK's as far as it has them. */
export interface PluginOptions extends ManifestOptions {
  /** WASI preview 1: on when the module imports it; `false` refuses such modules. */
  useWasi?: boolean | undefined;
  /** Prints the plugin's stdout and stderr on the host's. */
  enableWasiOutput?: boolean | undefined;
  /** Where log messages go. Default: the console. */
  logger?: Logger | undefined;
  /** The lowest level that is logged. Default `silent`. */
  logLevel?: LogLevel | undefined;
  /** Functions that the plugin may import, by namespace and name. */
  functions?: HostFunctions | undefined;
  /** What a manifest's URLs are fetched with. Default: the platform's own. */
  fetch?: Fetch | undefined;
  allowHttpResponseHeaders?: boolean | undefined;
  runInWorker?: boolean | undefined;
  sharedArrayBufferSize?: number | undefined;
  nodeWorkerArgs?: Readonly<Record<string, unknown>> | undefined;

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

/** Manifest and options, checked and complete. */
export type Settings = Readonly<{
  config: ReadonlyMap<string, string>;
  allowedHosts: readonly string[];
  maxKernelBytes: number | undefined;
  maxVarBytes: number;
  useWasi: boolean;
  enableWasiOutput: boolean;
  logger: Logger;
  logLevel: LogLevel;
  functions: HostFunctions;
  kernel: KernelTier | undefined;
  accessors: WebAssembly.Module | undefined;
  stdout: ((line: string) => void) | undefined;
  stderr: ((line: string) => void) | undefined;
  onDiagnostic: ((diagnostic: Diagnostic) => void) | undefined;
  strict: boolean;
  debug: ((line: string) => void) | undefined;
}>;

const PAGE_BYTES = 65_536;

/** Reads one value or throws, naming where it stands. */
type Check<T> = (value: unknown, where: string) => T;

interface Key {
  /** The spelling in manifests of other SDKs. Undefined for what only options have. */
  snake?: string;
  check: Check<unknown>;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws {CreateError} INVALID_MANIFEST or INVALID_OPTION, after the first word of `where` */
export function refuse(where: string, expected: string, value: unknown): never {
  const code = where.startsWith('option') ? 'INVALID_OPTION' : 'INVALID_MANIFEST';
  throw new CreateError(code, `${where}: expected ${expected}, got ${describe(value)}`);
}

const aBoolean: Check<boolean> = (value, where) =>
  typeof value === 'boolean' ? value : refuse(where, 'true or false', value);
const aFunction: Check<unknown> = (value, where) =>
  typeof value === 'function' ? value : refuse(where, 'a function', value);
const aCount =
  (unit: string): Check<number> =>
  (value, where) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
      ? value
      : refuse(where, `a whole number of ${unit}, 0 or more`, value);
const anObject: Check<Record<string, unknown>> = (value, where) =>
  isObject(value) ? value : refuse(where, 'an object', value);
const oneOf =
  (...names: string[]): Check<string> =>
  (value, where) =>
    names.includes(value as string) ? (value as string) : refuse(where, `one of ${names.join(', ')}`, value);
export const texts: Check<Record<string, string>> = (value, where) => {
  for (const [key, text] of Object.entries(anObject(value, where))) {
    if (typeof text !== 'string') refuse(`${where}[${JSON.stringify(key)}]`, 'a string', text);
  }
  return value as Record<string, string>;
};
const textList: Check<string[]> = (value, where) => {
  if (!Array.isArray(value)) refuse(where, 'an array of strings', value);
  for (const [index, text] of value.entries()) {
    if (typeof text !== 'string') refuse(`${where}[${index}]`, 'a string', text);
  }
  return value;
};
const hostFunctions: Check<HostFunctions> = (value, where) => {
  for (const [namespace, functions] of Object.entries(anObject(value, where))) {
    for (const [name, fn] of Object.entries(anObject(functions, `${where}["${namespace}"]`))) {
      aFunction(fn, `${where}["${namespace}"].${name}`);
    }
  }
  return value as HostFunctions;
};
const aLogger: Check<Logger> = (value, where) => {
  for (const level of Object.keys(LOG_LEVELS).filter(level => level !== 'silent')) {
    aFunction((value as Record<string, unknown> | null)?.[level], `${where}.${level}`);
  }
  return value as Logger;
};
const unsupported =
  (instead: string): Check<never> =>
  (_, where) => {
    throw new CreateError('UNSUPPORTED', `${where}: not supported; ${instead}`);
  };
const emptyOr =
  (check: Check<never>): Check<unknown> =>
  (value, where) =>
    isObject(value) && Object.keys(value).length === 0 ? value : check(value, where);
const falseOr =
  (check: Check<never>): Check<false> =>
  (value, where) =>
    aBoolean(value, where) ? check(value, where) : false;

const MEMORY_KEYS: Record<string, Key> = {
  maxPages: { check: aCount('pages') },
  max_pages: {
    snake: 'max_pages',
    check: unsupported(
      'it also limits the memory of the plugin itself, which cannot be done here; memory.maxPages limits kernel memory',
    ),
  },
  maxVarBytes: { snake: 'max_var_bytes', check: aCount('bytes') },
  maxHttpResponseBytes: { snake: 'max_http_response_bytes', check: aCount('bytes') },
};

const noFiles = unsupported(
  'plugins get no files; give the plugin what it needs as input or through a host function',
);
const noTimeouts = unsupported(
  'a plugin that runs inline cannot be interrupted; run the host itself in a worker',
);

/** Every key of a manifest besides `wasm`, with its two spellings; also options. */
const SHARED_KEYS: Record<string, Key> = {
  config: { snake: 'config', check: texts },
  allowedHosts: { snake: 'allowed_hosts', check: textList },
  allowedPaths: { snake: 'allowed_paths', check: emptyOr(noFiles) },
  memory: {
    snake: 'memory',
    check: (value, where) => readKeys(MEMORY_KEYS, anObject(value, where), where, true),
  },
  timeoutMs: { snake: 'timeout_ms', check: noTimeouts },
};

const OPTION_KEYS: Record<string, Key> = {
  ...SHARED_KEYS,
  useWasi: { check: aBoolean },
  enableWasiOutput: { check: aBoolean },
  logger: { check: aLogger },
  logLevel: { check: oneOf(...Object.keys(LOG_LEVELS)) },
  functions: { check: hostFunctions },
  fetch: { check: aFunction },
  allowHttpResponseHeaders: { check: aBoolean },
  runInWorker: { check: falseOr(unsupported('plugins run inline; leave it out')) },
  sharedArrayBufferSize: { check: aCount('bytes') },
  nodeWorkerArgs: { check: anObject },
  kernel: { check: oneOf('reference', 'accessors') },
  accessors: {
    check: (value, where) =>
      value instanceof WebAssembly.Module ? value : refuse(where, 'a WebAssembly.Module', value),
  },
  stdout: { check: aFunction },
  stderr: { check: aFunction },
  onDiagnostic: { check: aFunction },
  strict: { check: aBoolean },
  debug: { check: aFunction },
};

/**
 * Checks every key of `object` against the table. Null and undefined count as left out.
 * @throws {CreateError} for an unknown key, both spellings of one, or a value that its check refuses
 */
function readKeys(keys: Record<string, Key>, object: Record<string, unknown>, where: string, snake: boolean) {
  const values: Record<string, unknown> = {};
  for (const [spelling, value] of Object.entries(object)) {
    const name = Object.hasOwn(keys, spelling)
      ? spelling
      : snake && Object.keys(keys).find(key => keys[key]?.snake === spelling);
    if (!name) refuse(`${where}.${spelling}`, `one of the keys ${Object.keys(keys).join(', ')}`, value);
    if (value === null || value === undefined) continue;
    if (Object.hasOwn(values, name)) {
      refuse(`${where}.${spelling}`, `one spelling of "${name}", not both`, value);
    }
    values[name] = keys[name]!.check(value, `${where}.${spelling}`);
  }
  return values;
}

/** The manifest's own options. @throws {CreateError} */
export const readManifestOptions = (manifest: Record<string, unknown>): ManifestOptions =>
  readKeys(SHARED_KEYS, manifest, 'manifest', true) as ManifestOptions;

/** @throws {CreateError} INVALID_OPTION, UNSUPPORTED */
export function readOptions(options: unknown = {}): PluginOptions {
  if (!isObject(options)) refuse('options', 'an object', options);
  return readKeys(OPTION_KEYS, options, 'option', false) as PluginOptions;
}

/** Options over manifest over defaults. */
export function settle(manifest: ManifestOptions, options: PluginOptions): Settings {
  const given = { ...manifest, ...options };
  const memory = { ...manifest.memory, ...options.memory };
  return Object.freeze({
    // A Map, because a plain object also answers for the keys it inherits.
    config: new Map(Object.entries(given.config ?? {})),
    allowedHosts: given.allowedHosts ?? [],
    maxKernelBytes: memory.maxPages === undefined ? undefined : memory.maxPages * PAGE_BYTES,
    maxVarBytes: memory.maxVarBytes ?? LIMITS.varBytes.default,
    useWasi: given.useWasi ?? true,
    enableWasiOutput: given.enableWasiOutput ?? false,
    logger: given.logger ?? console,
    logLevel: given.logLevel ?? 'silent',
    functions: given.functions ?? {},
    kernel: given.kernel,
    accessors: given.accessors,
    stdout: given.stdout,
    stderr: given.stderr,
    onDiagnostic: given.onDiagnostic,
    strict: given.strict ?? false,
    debug: given.debug,
  });
}
