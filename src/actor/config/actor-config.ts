import {
  anArray,
  aRecord,
  aText,
  expected,
  isPlain,
  type Kind,
  kind,
  type OptionTable,
  orNull,
  readArgument,
  readOptions,
  refuseExtra,
} from '../../../wasi/options.ts';
import { ActorError, readForeign, refuseOption } from '../errors.ts';
import { Float } from '../float.ts';
import { getOwn, isObject, isWellFormed, type JsonObject } from '../json/value.ts';
import { copyJson } from '../json/writer.ts';
import { isI64 } from '../message/types.ts';

/** The node that a plugin runs for, as the plugin reads it from `context.config`. */
export interface ActorConfig {
  node_id: string;
  component: string;
  /** Values of environment variables that were resolved for the node. */
  resolved_env: { [name: string]: string };
  /** The node's own settings: any JSON object. */
  config: JsonObject;
  namespace: string | null;
}

/** An `ActorConfig` as users pass it: every key may be missing; `node_id` and `resolved_env` may also be in camelCase. */
export interface ActorConfigInput extends Partial<ActorConfig> {
  nodeId?: string;
  resolvedEnv?: { [name: string]: string };
}

const what = 'actorConfig';
const aNode = { ...aText, default: 'actor', grants: 'this name' };
// Both SDKs refuse the whole context for one value that is not a string.
const resolvedEnv = { ...aRecord(aText), default: 'empty', grants: 'these variables' };

export const ACTOR_CONFIG_KEYS: OptionTable<ActorConfigInput> = {
  of: 'actorConfig of ScriptActor.create',
  rows: {
    node_id: aNode,
    nodeId: { ...aNode, sameAs: 'node_id' },
    component: aNode,
    resolved_env: resolvedEnv,
    resolvedEnv: { ...resolvedEnv, sameAs: 'resolved_env' },
    config: { ...kind<JsonObject>('a JSON object', isPlain), default: 'empty', grants: 'these settings' },
    namespace: {
      ...kind<string | null>('a string or null', value => value === null || typeof value === 'string'),
      default: 'null',
      grants: 'this name',
    },
  },
};

/**
 * @param nodeConfig Replaces `input.config`; only one of the two may be given
 * @throws {ActorError} INVALID_CONFIG for an unknown key, a wrong type, or both configs; JSON_VALUE, JSON_DEPTH for
 * values that JSON cannot carry
 */
export function readActorConfig(input?: ActorConfigInput, nodeConfig?: JsonObject): ActorConfig {
  const given = readOptions(ACTOR_CONFIG_KEYS, input, what, refuseOption);
  if (given.config !== undefined && nodeConfig !== undefined)
    refuseOption(`both config and ${what}.config are given; keep one`);
  const { nodeId = 'actor', component = 'actor', resolvedEnv = {}, namespace = null } = given;
  const { node_id = nodeId, resolved_env = resolvedEnv, config = nodeConfig ?? {} } = given;
  const whole = { node_id, component, resolved_env, config, namespace };
  return readForeign(what, () => copyJson(whole, [what]), 'JSON_VALUE') as unknown as ActorConfig;
}

/** Makes a function that reads one value of a config. */
const reader =
  <T>(read: (config: ActorConfig, key: string) => T) =>
  (config: ActorConfig, key: string): T =>
    readForeign('ActorConfig', () =>
      read(config, readArgument(aText, key, 'ActorConfig: key', refuseOption)),
    );

/** Reads a config as upstream's helpers do: each returns null for a missing key and for a value of another type. */
export const ActorConfig = {
  /** Returns a string of the config. */
  getString: reader<string | null>(({ config }, key) => {
    const value = getOwn(config, key);
    return typeof value === 'string' ? value : null;
  }),
  /** Returns any number of the config, as a float. */
  getNumber: reader<number | null>(({ config }, key) => {
    const value = getOwn(config, key);
    const isNumber = typeof value === 'number' || typeof value === 'bigint' || value instanceof Float;
    return isNumber ? Number(value) : null;
  }),
  /** Returns an integer of 64 bits; null for `3.0`, which is a float. */
  getInteger: reader<number | bigint | null>(({ config }, key) => {
    const value = getOwn(config, key);
    return isI64(value) ? value : null;
  }),
  getBool: reader<boolean | null>(({ config }, key) => {
    const value = getOwn(config, key);
    return typeof value === 'boolean' ? value : null;
  }),
  /** Returns a resolved environment variable. */
  getEnv: reader<string | null>(({ resolved_env }, name) => {
    const value = getOwn(resolved_env, name);
    return typeof value === 'string' ? value : null;
  }),
  /** Returns a string of the config, else the resolved environment variable of that name. */
  getConfigOrEnv: (config: ActorConfig, key: string): string | null =>
    ActorConfig.getString(config, key) ?? ActorConfig.getEnv(config, key),
  /** Returns the config of a node of a graph. */
  fromNode: configOfNode,
} as const;

/** A node of a Reflow graph. Its other keys are ignored. */
export interface GraphNode {
  id: string;
  component: string;
  metadata?: JsonObject | null | undefined;
  readonly [other: string]: unknown;
}

export interface NodeOptions {
  /** Environment variables that `env_vars` can be resolved from. Default: empty, not those of the process. */
  environment?: { readonly [name: string]: string | undefined } | undefined;
  /** The names that `env_vars` may ask for. All other variables count as not set. Default: all are allowed. */
  allowedEnv?: readonly string[] | undefined;
  namespace?: string | null | undefined;
}

const someVariables = aRecord(
  kind<string | undefined>('a string', value => value === undefined || typeof value === 'string'),
);
/** Returns the object itself, not a copy: on Windows `process.env` finds names in upper and lower case, a copy does not. */
const anEnvironment: Kind<Record<string, string | undefined>> = {
  ...someVariables,
  check: (value, where, refuse) => {
    someVariables.check(value, where, refuse);
    return value as Record<string, string | undefined>;
  },
};

/** Rows that `ScriptActor.create` has too. */
export const NODE_ROWS = {
  environment: {
    ...anEnvironment,
    default: 'empty',
    grants: 'of these variables, those that env_vars of the node names',
  },
  allowedEnv: {
    ...anArray(aText),
    default: 'all',
    grants: 'of environment, variables with these names only',
  },
};

export const NODE_OPTIONS: OptionTable<NodeOptions> = {
  of: 'ActorConfig.fromNode(node, options)',
  rows: { ...NODE_ROWS, namespace: { ...orNull(aText), default: 'null', grants: 'this name' } },
};

/**
 * Returns the config of a node: a copy of its metadata, to which the variables of `metadata.env_vars` are added as strings.
 * `env_vars` maps a variable to `required`, to `optional:<default>`, or to any other string when it may be missing.
 * @throws {ActorError} INVALID_CONFIG; ENV_MISSING for a required variable that is not set; JSON_VALUE, JSON_DEPTH
 */
function configOfNode(node: GraphNode, options?: NodeOptions): ActorConfig;
function configOfNode(node: GraphNode, given?: NodeOptions, ...extra: unknown[]): ActorConfig {
  refuseExtra(extra, 'fromNode', refuseOption);
  const options = readOptions(NODE_OPTIONS, given, 'fromNode', refuseOption);
  return readForeign('fromNode', () => readNode(node, options));
}

function readNode(node: GraphNode, options: NodeOptions): ActorConfig {
  if (!isObject(node)) refuseOption(expected('an object', node, 'node'));
  const { id, component, metadata = null } = node;
  if (typeof id !== 'string') refuseOption(expected('a string', id, 'node.id'));
  if (typeof component !== 'string') refuseOption(expected('a string', component, 'node.component'));
  if (metadata !== null && !isObject(metadata))
    refuseOption(expected('an object or null', metadata, 'node.metadata'));
  const config = copyJson(metadata ?? {}, ['node', 'metadata']) as JsonObject;
  const resolved = new Map<string, string>();
  const requirements = getOwn(config, 'env_vars');
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

/** Returns the value of a variable. A variable whose value is an empty string counts as set. */
function resolve(name: string, requirement: string, options: NodeOptions): string | undefined {
  const { environment = {}, allowedEnv } = options;
  const isAllowed = allowedEnv?.includes(name) ?? true;
  const value = isAllowed ? getOwn(environment, name) : undefined;
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
