import { isArrayBuffer, isModule, isUint8Array, viewBytes } from '../../../wasi/brands.ts';
import {
  expected,
  type Kind,
  kind,
  type OptionTable,
  oneOf,
  orNull,
  readOptions,
} from '../../../wasi/options.ts';
import { ActorError, refuseOption } from '../errors.ts';

/** Upstream's name for where a script runs. An Extism plugin always runs in this process. */
export const ScriptEnvironment = { SYSTEM: 'SYSTEM', BROWSER: 'BROWSER', REMOTE: 'REMOTE' } as const;
export type ScriptEnvironment = (typeof ScriptEnvironment)[keyof typeof ScriptEnvironment];

/** Upstream's name for the language runtime of a script. */
export const ScriptRuntime = { Extism: 'Extism', JavaScript: 'JavaScript', Python: 'Python' } as const;
export type ScriptRuntime = (typeof ScriptRuntime)[keyof typeof ScriptRuntime];

/** The plugin that an actor runs, with the keys that Reflow uses. `entryPoint` may be spelled `entry_point`. */
export interface ScriptConfig {
  /** The plugin: its bytes (an array of numbers when the config came as JSON), or the module compiled from them. */
  source: Uint8Array | ArrayBuffer | readonly number[] | WebAssembly.Module;
  /** `SYSTEM` (default) and `BROWSER` both mean this process, also in a browser or on a server. `REMOTE` is refused. */
  environment?: ScriptEnvironment | undefined;
  /** Only `Extism`, the default, is supported. `JavaScript` and `Python` are refused. */
  runtime?: ScriptRuntime | undefined;
  /** The export that takes each message. Default: `process`. */
  entry_point?: string | undefined;
  entryPoint?: string | undefined;
  /** Packages for upstream's interpreters. Plugins have no interpreter, so only null and an empty list are accepted. */
  packages?: readonly string[] | null | undefined;
}

/** A `ScriptConfig` that was checked. */
export interface CheckedScript {
  source: Uint8Array | WebAssembly.Module;
  entryPoint: string;
}

const where = 'ScriptConfig';

const SOURCE_TYPE = 'the bytes of a .wasm file (Uint8Array, ArrayBuffer, byte list) or a WebAssembly.Module';

const aSource: Kind<CheckedScript['source']> = {
  type: SOURCE_TYPE,
  check: (source, where, refuse) => {
    // A detached array has length 0, and cannot be viewed.
    if (isUint8Array(source) || isArrayBuffer(source)) return viewBytes(source) ?? new Uint8Array(0);
    if (!Array.isArray(source))
      return isModule(source) ? source : refuse(expected(SOURCE_TYPE, source, where));
    const wrongAt = source.findIndex(byte => !Number.isInteger(byte) || byte < 0 || byte > 255);
    if (wrongAt >= 0) refuse(expected('a byte (0 to 255)', source[wrongAt], `${where}[${wrongAt}]`));
    return Uint8Array.from(source);
  },
};

const someNames: Kind<unknown[]> = {
  type: 'a list of names',
  check: (value, where, refuse) =>
    Array.isArray(value) ? [...value] : refuse(expected('a list of names', value, where)),
};

const anExport = kind<string>('the name of an export', value => typeof value === 'string' && value !== '');

export const SCRIPT_CONFIG_KEYS: OptionTable<ScriptConfig> = {
  of: 'ScriptConfig',
  rows: {
    environment: { ...orNull(oneOf(Object.values(ScriptEnvironment))), default: 'SYSTEM' },
    runtime: { ...orNull(oneOf(Object.values(ScriptRuntime))), default: 'Extism' },
    source: { ...aSource, default: 'none', required: true },
    entry_point: { ...orNull(anExport), default: 'process' },
    entryPoint: { ...orNull(anExport), default: 'process', sameAs: 'entry_point' },
    packages: {
      ...orNull(someNames),
      default: 'none; other lists are refused as UNSUPPORTED',
    },
  },
};

/**
 * @throws {ActorError} INVALID_CONFIG for an unknown key, a key in both spellings, or a value of the wrong type;
 * UNSUPPORTED for values that only upstream supports
 */
export function readScriptConfig(input: ScriptConfig): CheckedScript {
  const config = readOptions(SCRIPT_CONFIG_KEYS, input, where, refuseOption);
  const { runtime, environment, packages = [], entryPoint = 'process' } = config;
  if (runtime !== undefined && runtime !== ScriptRuntime.Extism) {
    const message = `${where}.runtime: plugboard runs WebAssembly plugins only; expected Extism, got ${runtime}`;
    throw new ActorError('UNSUPPORTED', message);
  }
  if (environment === ScriptEnvironment.REMOTE) {
    const message = `${where}.environment: plugins run in this process; expected SYSTEM or BROWSER, got REMOTE`;
    throw new ActorError('UNSUPPORTED', message);
  }
  if (packages && packages.length > 0) {
    const message = `${where}.packages: nothing can be installed into a WebAssembly plugin; expected none, got ${packages.length}`;
    throw new ActorError('UNSUPPORTED', message);
  }
  // The check has turned a list of numbers into bytes.
  return { source: config.source as CheckedScript['source'], entryPoint: config.entry_point ?? entryPoint };
}
