import { ActorError, describe } from './errors.ts';
import { readKeys } from './keys.ts';

/** Upstream's name for where a script runs. An Extism plugin always runs in this process. */
export const ScriptEnvironment = { SYSTEM: 'SYSTEM', BROWSER: 'BROWSER', REMOTE: 'REMOTE' } as const;
export type ScriptEnvironment = (typeof ScriptEnvironment)[keyof typeof ScriptEnvironment];

/** Upstream's name for what runs a script. */
export const ScriptRuntime = { Extism: 'Extism', JavaScript: 'JavaScript', Python: 'Python' } as const;
export type ScriptRuntime = (typeof ScriptRuntime)[keyof typeof ScriptRuntime];

/** Which plugin an actor runs, and how, in the words of Reflow. `entryPoint` may be spelled `entry_point`. */
export interface ScriptConfig {
  /** The plugin: its bytes (an array of numbers when the config came as JSON), or the module compiled from them. */
  source: Uint8Array | ArrayBuffer | readonly number[] | WebAssembly.Module;
  /** `SYSTEM` (default) and `BROWSER` both mean this process, whichever that is. `REMOTE` is refused. */
  environment?: ScriptEnvironment | undefined;
  /** `Extism`, the default, is the only one here. `JavaScript` and `Python` are refused. */
  runtime?: ScriptRuntime | undefined;
  /** The export that takes each message. Default: `process`. */
  entry_point?: string | undefined;
  entryPoint?: string | undefined;
  /** Packages for an interpreter to install. There is none, so only null and an empty list are accepted. */
  packages?: readonly string[] | null | undefined;
}

/** A `ScriptConfig` once checked. */
export interface Script {
  source: Uint8Array | WebAssembly.Module;
  entryPoint: string;
}

/**
 * @throws {ActorError} INVALID_CONFIG for an unknown key, a key in both spellings, or a value of the wrong type;
 * UNSUPPORTED for values that upstream knows and that mean nothing here
 */
export function readScriptConfig(input: ScriptConfig): Script {
  const what = 'ScriptConfig';
  const config = readKeys(what, input, ['environment', 'runtime', 'source', 'entry_point', 'packages']);

  const runtime = oneOf(`${what}.runtime`, config.runtime ?? ScriptRuntime.Extism, ScriptRuntime);
  if (runtime !== ScriptRuntime.Extism) {
    const message = `${what}.runtime: plugboard runs WebAssembly plugins only; expected Extism, got ${runtime}`;
    throw new ActorError('UNSUPPORTED', message);
  }

  const environment = oneOf(
    `${what}.environment`,
    config.environment ?? ScriptEnvironment.SYSTEM,
    ScriptEnvironment,
  );
  if (environment === ScriptEnvironment.REMOTE) {
    const message = `${what}.environment: plugins run in this process; expected SYSTEM or BROWSER, got REMOTE`;
    throw new ActorError('UNSUPPORTED', message);
  }

  const packages = config.packages ?? [];
  if (!Array.isArray(packages)) throw wrong(`${what}.packages`, 'a list of names or null', packages);
  if (packages.length > 0) {
    const message = `${what}.packages: nothing can be installed into a WebAssembly plugin; expected none, got ${packages.length}`;
    throw new ActorError('UNSUPPORTED', message);
  }

  const entryPoint = config.entry_point ?? 'process';
  if (typeof entryPoint !== 'string' || entryPoint === '') {
    throw wrong(`${what}.entry_point`, 'the name of an export', entryPoint);
  }
  return { source: readSource(`${what}.source`, config.source), entryPoint };
}

function readSource(where: string, source: unknown): Uint8Array | WebAssembly.Module {
  if (source instanceof Uint8Array || source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (Array.isArray(source)) {
    const wrongAt = source.findIndex(byte => !Number.isInteger(byte) || byte < 0 || byte > 255);
    if (wrongAt >= 0) throw wrong(`${where}[${wrongAt}]`, 'a byte (0 to 255)', source[wrongAt]);
    return Uint8Array.from(source);
  }
  throw wrong(
    where,
    'the bytes of a .wasm file (Uint8Array, ArrayBuffer, byte list) or a WebAssembly.Module',
    source,
  );
}

function oneOf<T extends string>(where: string, value: unknown, names: { readonly [Name in T]: Name }): T {
  const known: T[] = Object.values(names);
  const name = known.find(name => name === value);
  if (name === undefined) throw wrong(where, `one of ${known.join(', ')}`, value);
  return name;
}

export const wrong = (where: string, expected: string, got: unknown) =>
  new ActorError('INVALID_CONFIG', `${where}: expected ${expected}, got ${describe(got)}`);
