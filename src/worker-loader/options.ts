import { isArrayBuffer, isUint8Array } from '../../wasi/brands.ts';
import {
  aCount,
  aRecord,
  aText,
  having,
  type Kind,
  kind,
  type OptionTable,
  oneOf,
  type Refuse,
  readArgument,
  readOptions,
} from '../../wasi/options.ts';
import type { Budgets } from '../given/budgets.ts';
import { refuseOption } from '../given/option-keys.ts';
import { MOST_RPC_BYTES } from '../units.ts';

/** The limits of a plugin in a child isolate. */
export interface LoadedPluginLimits extends Pick<Budgets, 'memoryPages' | 'outputBytes'> {
  /** Units for each call, and for the start functions. It alone stops an endless loop. */
  fuel: number;
}

export interface LoadedPluginOptions {
  /** Whose plugin it is. Tenants never share an isolate. */
  tenant: string;
  /** Other bytes are refused with HASH_MISMATCH. */
  sha256: string;
  /** The most that one call may use. */
  limits: LoadedPluginLimits;
  /** Values that the plugin reads with `config_get`. Default: none. */
  config?: Readonly<Record<string, string>> | undefined;
  /** As in `createPlugin`. Default: `shared`. */
  isolation?: 'shared' | 'fresh' | undefined;
}

/** An object with bytes, such as a `Response`, or an object of R2. */
export interface BytesSource {
  arrayBuffer(): Promise<ArrayBuffer>;
}
type PluginBytes = Uint8Array | ArrayBuffer | BytesSource;
/**
 * The bytes of a plugin, or a function that fetches them. The function is called only where no isolate has the plugin already. Null:
 * there are none.
 */
export type PluginSource = PluginBytes | (() => PluginBytes | null | Promise<PluginBytes | null>);

/** The binding of the dynamic loader, as `plugboard` uses it. */
export interface WorkerLoader {
  get(id: string, code: () => Promise<WorkerCode>): { getEntrypoint(): unknown };
}

/** The code of a child isolate. https://developers.cloudflare.com/dynamic-workers/api-reference */
export interface WorkerCode {
  compatibilityDate: string;
  mainModule: string;
  modules: Record<string, string | { wasm: ArrayBuffer } | { json: unknown }>;
  /** Null: the isolate reaches no network. */
  globalOutbound: null;
}

export const LOADED_LIMITS: OptionTable<LoadedPluginLimits> = {
  of: 'limits of loadPlugin',
  rows: {
    fuel: { ...aCount('units', 1), default: 'none', required: true },
    memoryPages: { ...aCount('pages'), default: 'the limit of the platform' },
    outputBytes: { ...aCount('bytes', 0, MOST_RPC_BYTES), default: `${MOST_RPC_BYTES}` },
  },
};

const someLimits: Kind<LoadedPluginLimits> = {
  type: 'an object with fuel, see below',
  check: (value, where, refuse) => readOptions(LOADED_LIMITS, value, where, refuse),
};

const aTenant: Kind<string> = kind(
  'a text that is not empty',
  value => typeof value === 'string' && value !== '',
);
const aSha256: Kind<string> = kind(
  '64 hexadecimal digits in lower case',
  value => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
);

export const LOADED_OPTIONS: OptionTable<LoadedPluginOptions> = {
  of: 'loadPlugin(loader, source, options)',
  rows: {
    tenant: { ...aTenant, default: 'none', required: true },
    sha256: { ...aSha256, default: 'none', required: true },
    limits: { ...someLimits, default: 'none', required: true },
    config: { ...aRecord(aText), default: 'none' },
    isolation: { ...oneOf(['shared', 'fresh']), default: 'shared' },
  },
  hints: {
    functions: 'host functions cannot be called from another isolate',
    allowedHosts: 'the isolate reaches no network',
    allowed_hosts: 'the isolate reaches no network',
    timeoutMs: 'limits.fuel ends a call',
    timeout_ms: 'limits.fuel ends a call',
  },
};

/** @throws {CreateError} INVALID_OPTION */
export const readLoadedOptions = (options: unknown): LoadedPluginOptions =>
  readOptions(LOADED_OPTIONS, options, 'loadPlugin', refuseOption);

const aLoader = having<WorkerLoader>('the binding of a worker loader, such as env.LOADER', 'get');

/** @throws {CreateError} INVALID_OPTION */
export const readLoader = (loader: unknown): WorkerLoader =>
  readArgument(aLoader, loader, 'loadPlugin: loader', refuseOption);

const someBytes = having<BytesSource>('bytes, an object with arrayBuffer(), or a function', 'arrayBuffer');
const aSource: Kind<PluginSource> = {
  type: someBytes.type,
  check: (value, where, refuse: Refuse) => {
    if (isUint8Array(value)) return value.slice();
    if (isArrayBuffer(value)) return value.slice(0);
    return typeof value === 'function' ? (value as () => PluginBytes) : someBytes.check(value, where, refuse);
  },
};

/** Copies bytes, because the caller may change them later. @throws {CreateError} INVALID_OPTION */
export const readPluginSource = (source: unknown): PluginSource =>
  readArgument(aSource, source, 'loadPlugin: source', refuseOption);
