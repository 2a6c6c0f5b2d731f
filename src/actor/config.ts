import { ActorError, describe } from './errors.ts';
import { copyJson, formatPath, isObject, type JsonObject } from './json.ts';
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

/** What a plugin is told about the node that it runs for: `context.config`. */
export interface ActorConfig {
  node_id: string;
  component: string;
  /** Values of environment variables that were resolved for the node. */
  resolved_env: { [name: string]: string };
  /** The node's own settings: any JSON object. */
  config: JsonObject;
  namespace: string | null;
}

/** An `ActorConfig` as the user gives it: any part, `node_id` and `resolved_env` also in camelCase. */
export interface ActorConfigInput extends Partial<ActorConfig> {
  nodeId?: string;
  resolvedEnv?: { [name: string]: string };
}

/**
 * @param nodeConfig Another place to give `config`
 * @throws {ActorError} INVALID_CONFIG for an unknown key, a wrong type, or both configs; JSON_VALUE, JSON_DEPTH for
 * what is not JSON
 */
export function readActorConfig(input: ActorConfigInput = {}, nodeConfig?: JsonObject): ActorConfig {
  const what = 'actorConfig';
  const given = readKeys(what, input, ['node_id', 'component', 'resolved_env', 'config', 'namespace']);
  if (given.config !== undefined && nodeConfig !== undefined) {
    throw new ActorError('INVALID_CONFIG', `both config and ${what}.config are given; keep one`);
  }
  const { node_id = 'actor', component = 'actor', resolved_env = {}, namespace = null } = given;
  const config = given.config ?? nodeConfig ?? {};
  if (typeof node_id !== 'string') throw wrong(`${what}.node_id`, 'a string', node_id);
  if (typeof component !== 'string') throw wrong(`${what}.component`, 'a string', component);
  if (namespace !== null && typeof namespace !== 'string') {
    throw wrong(`${what}.namespace`, 'a string or null', namespace);
  }
  if (!isObject(resolved_env))
    throw wrong(`${what}.resolved_env`, 'an object of name → string', resolved_env);
  for (const [name, value] of Object.entries(resolved_env)) {
    // Both SDKs refuse the whole context for one value that is not a string.
    if (typeof value !== 'string') throw wrong(formatPath([what, 'resolved_env', name]), 'a string', value);
  }
  if (!isObject(config)) throw wrong(`${what}.config`, 'a JSON object', config);
  const checked = { node_id, component, resolved_env, config, namespace };
  return copyJson(checked, [what]) as unknown as ActorConfig;
}

function oneOf<T extends string>(where: string, value: unknown, names: { readonly [Name in T]: Name }): T {
  const known: T[] = Object.values(names);
  const name = known.find(name => name === value);
  if (name === undefined) throw wrong(where, `one of ${known.join(', ')}`, value);
  return name;
}

const wrong = (where: string, expected: string, got: unknown) =>
  new ActorError('INVALID_CONFIG', `${where}: expected ${expected}, got ${describe(got)}`);
