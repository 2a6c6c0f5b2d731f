import { wrong } from './config.ts';
import { ActorError } from './errors.ts';
import { Float } from './float.ts';
import { copyJson } from './json.ts';
import { formatPath, isObject, isWellFormed, type JsonObject, type JsonValue } from './json-value.ts';
import { readKeys } from './keys.ts';
import { isI64 } from './message-types.ts';

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

const own = (object: { readonly [key: string]: JsonValue }, key: string): JsonValue | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/** Reads a config as upstream's helpers do: each answers null for a missing key and for a value of another type. */
export const ActorConfig = {
  /** Texts only. */
  getString: ({ config }: ActorConfig, key: string): string | null => {
    const value = own(config, key);
    return typeof value === 'string' ? value : null;
  },
  /** Any number, as a float. */
  getNumber: ({ config }: ActorConfig, key: string): number | null => {
    const value = own(config, key);
    const isNumber = typeof value === 'number' || typeof value === 'bigint' || value instanceof Float;
    return isNumber ? Number(value) : null;
  },
  /** Integers of 64 bits only: `3.0` is none. */
  getInteger: ({ config }: ActorConfig, key: string): number | bigint | null => {
    const value = own(config, key);
    return isI64(value) ? value : null;
  },
  getBool: ({ config }: ActorConfig, key: string): boolean | null => {
    const value = own(config, key);
    return typeof value === 'boolean' ? value : null;
  },
  /** A resolved variable. */
  getEnv: ({ resolved_env }: ActorConfig, name: string): string | null =>
    (own(resolved_env, name) as string | undefined) ?? null,
  /** A text of the config, else a resolved variable. */
  getConfigOrEnv: (config: ActorConfig, key: string): string | null =>
    ActorConfig.getString(config, key) ?? ActorConfig.getEnv(config, key),
  /** The config of a node of a graph. */
  fromNode: configOfNode,
} as const;

/** A node of a Reflow graph. What else it has is of no concern here. */
export interface GraphNode {
  id: string;
  component: string;
  metadata?: JsonObject | null | undefined;
  readonly [other: string]: unknown;
}

export interface NodeOptions {
  /** The environment, of which nothing is known unless it is given. Default: empty. */
  environment?: { readonly [name: string]: string | undefined } | undefined;
  /** The names that `env_vars` may ask for. Any other counts as not set. Default: all. */
  allowedEnv?: readonly string[] | undefined;
  namespace?: string | null | undefined;
}

/**
 * The config of a node: a copy of its metadata, in which the variables that `metadata.env_vars` asks for stand as texts.
 * A requirement is `required`, `optional:<default>`, or anything else for a variable that may be missing.
 * @throws {ActorError} INVALID_CONFIG; ENV_MISSING for a required variable that is not set; JSON_VALUE, JSON_DEPTH
 */
function configOfNode(node: GraphNode, options: NodeOptions = {}): ActorConfig {
  if (!isObject(node)) throw wrong('node', 'an object', node);
  const { id, component, metadata = null } = node;
  if (typeof id !== 'string') throw wrong('node.id', 'a string', id);
  if (typeof component !== 'string') throw wrong('node.component', 'a string', component);
  if (metadata !== null && !isObject(metadata)) throw wrong('node.metadata', 'an object or null', metadata);
  const config = copyJson(metadata ?? {}, ['node', 'metadata']) as JsonObject;
  const resolved = new Map<string, string>();
  const requirements = own(config, 'env_vars');
  if (isObject(requirements) && !(requirements instanceof Float)) {
    for (const [name, requirement] of Object.entries(requirements)) {
      const value = resolve(name, typeof requirement === 'string' ? requirement : 'required', options);
      if (value !== undefined) resolved.set(name, value);
    }
  }
  const resolved_env = Object.fromEntries(resolved);
  return {
    node_id: id,
    component,
    resolved_env,
    config: Object.fromEntries([...Object.entries(config), ...resolved]),
    namespace: options.namespace ?? null,
  };
}

const OPTIONAL = 'optional:';

/** An empty text counts as set. */
function resolve(name: string, requirement: string, options: NodeOptions): string | undefined {
  const { environment = {}, allowedEnv } = options;
  const isAllowed = allowedEnv?.includes(name) ?? true;
  const value = isAllowed && Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (value !== undefined) {
    if (!isWellFormed(value)) {
      const message = `Invalid environment variable value for ${name}: Invalid UTF-8`;
      throw new ActorError('INVALID_CONFIG', message);
    }
    return value;
  }
  if (requirement.startsWith('required')) {
    const why = isAllowed ? '' : ' (not one of allowedEnv)';
    throw new ActorError('ENV_MISSING', `Missing required environment variable: ${name}${why}`);
  }
  return requirement.startsWith(OPTIONAL) ? requirement.slice(OPTIONAL.length) : undefined;
}
