import type { Clock } from '../../wasi/index.ts';
import {
  aCount,
  aFlag,
  aFunction,
  anything,
  aSignal,
  isPlain,
  kind,
  type OptionTable,
  oneOf,
  orNull,
  readOptions,
} from '../../wasi/options.ts';
import type { Platform } from '../platform/types.ts';
import { webPlatform } from '../platform/web.ts';
import {
  ActorConfig,
  type ActorConfigInput,
  type GraphNode,
  NODE_ROWS,
  type NodeOptions,
  readActorConfig,
} from './actor-config.ts';
import { ENGINE_OPTIONS, type EngineOptions } from './engine-options.ts';
import { type Report, refuseOption } from './errors.ts';
import type { ActorListener } from './events.ts';
import type { JsonObject } from './json-value.ts';
import { ACTOR_LIMITS, readLimits } from './limits.ts';
import { isStateStore, MemoryState, STATE_POLICIES, type StatePolicy, type StateStore } from './state.ts';
import type { ConfigValidator } from './validation.ts';
import type { Wire } from './wire.ts';

/**
 * What an actor does after a call that failed: go on with the next message; stop, as upstream; or make the plugin anew,
 * with the state kept, and go on.
 */
export type ErrorPolicy = 'continue' | 'stop' | 'restart';

export type Isolation = 'inline' | 'fresh';

export interface ActorOptions
  extends Omit<EngineOptions, 'name'>,
    Pick<NodeOptions, 'environment' | 'allowedEnv'> {
  /** The node's own settings, which the plugin reads as `context.config.config`. */
  config?: JsonObject | undefined;
  /** What else a plugin is told about its node. Its `config` and the option above are the same thing: give one. */
  actorConfig?: ActorConfigInput | undefined;
  /**
   * The node of a graph, instead of both: its metadata is the config, with `env_vars` resolved from `environment`;
   * `memory_limit_mb` and `timeout_ms` in it are limits of the plugin.
   */
  node?: GraphNode | undefined;
  /** The state to start from, kept in memory; or a store that keeps it. Default: an empty state, kept in memory. */
  state?: JsonObject | StateStore | undefined;
  /** Default: `replace`, as upstream. */
  statePolicy?: StatePolicy | undefined;
  /** Packets that inports, and outports, hold before a sender waits. Default: 1024. */
  capacity?: number | undefined;
  /** Whether a result without any message is a packet too, as upstream. Default: no. */
  emitEmptyResults?: boolean | undefined;
  /** How messages go to the plugin. Default: `plain`. */
  wire?: Wire | undefined;
  /**
   * `inline`: one instance of the plugin serves all calls, until one traps. `fresh`: each call gets a plugin that was never
   * called, as upstream, and finds nothing but the state. Default: `inline`.
   */
  isolation?: Isolation | undefined;
  /** Default: `continue`. */
  errorPolicy?: ErrorPolicy | undefined;
  /** Calls that may fail in a row; at that many the actor stops. Default: 10 with `restart`, else no limit. */
  maxFailures?: number | undefined;
  /**
   * Whether a call begins only once there is a message for each of the plugin's inports. What still waits for others when
   * the actor is stopped is dropped. Default: no.
   */
  awaitAllInports?: boolean | undefined;
  /** Whether a payload must have a message for each inport that the plugin says is required. Default: no. */
  requirePorts?: boolean | undefined;
  /** Checks the config against the plugin's config_schema. */
  validate?: ConfigValidator | undefined;
  /** Whether the defaults of config_schema stand for keys of the config that are missing. Default: no. */
  configDefaults?: boolean | undefined;
  /** Stops the actor at once: the running call is aborted where it can be, and what waits is dropped. */
  signal?: AbortSignal | undefined;
  /** Gets all events, from the loading on. */
  onEvent?: ActorListener | undefined;
}

/** Options once checked. */
export interface ActorSettings {
  engineOptions: EngineOptions;
  config: ActorConfig;
  store: StateStore;
  statePolicy: StatePolicy;
  capacity: number;
  emitEmptyResults: boolean;
  wire: Wire;
  isolation: Isolation;
  /** Whether the plugin is made anew later. */
  isRenewed: boolean;
  errorPolicy: ErrorPolicy;
  maxFailures: number;
  awaitAllInports: boolean;
  requirePorts: boolean;
  validate: ConfigValidator | undefined;
  configDefaults: boolean;
  signal: AbortSignal | undefined;
  onEvent: ActorListener | undefined;
  inputBytes: number;
  clock: Clock;
  keepAlive: Platform['keepAlive'];
  /** Tells of what is tolerated even where `strict` is asked for. */
  tell: Report;
}

const { name: _, ...engineRows } = ENGINE_OPTIONS.rows;
const aJsonObject = kind<JsonObject>('a JSON object', isPlain);

export const ACTOR_OPTIONS: OptionTable<ActorOptions> = {
  of: 'ScriptActor.create(scriptConfig, options)',
  code: 'INVALID_OPTION',
  rows: {
    ...engineRows,
    ...NODE_ROWS,
    config: { ...aJsonObject, default: 'empty', grants: 'these settings, as context.config.config' },
    actorConfig: {
      ...anything,
      type: 'an object, see below',
      default: 'see below',
      grants: 'these settings',
    },
    node: {
      ...orNull(kind<GraphNode>('a node of a graph', isPlain)),
      default: 'none',
      grants: 'its metadata, and the variables of environment that its env_vars name',
    },
    state: {
      ...anything,
      type: 'a JSON object, or a StateStore',
      default: 'empty, in memory',
      grants: 'this state',
    },
    statePolicy: { ...oneOf(STATE_POLICIES), default: 'replace' },
    capacity: { ...orNull(aCount('packets', 1)), default: '1024' },
    emitEmptyResults: { ...aFlag, default: 'false' },
    wire: { ...oneOf(['plain', 'upstream']), default: 'plain' },
    isolation: { ...oneOf(['inline', 'fresh']), default: 'inline' },
    errorPolicy: { ...oneOf(['continue', 'stop', 'restart']), default: 'continue' },
    maxFailures: { ...aCount('failures', 1), default: '10 with restart, else no limit' },
    awaitAllInports: { ...aFlag, default: 'false' },
    requirePorts: { ...aFlag, default: 'false' },
    validate: { ...aFunction, default: 'none' },
    configDefaults: { ...aFlag, default: 'false' },
    signal: { ...orNull(aSignal), default: 'none' },
    onEvent: { ...aFunction, default: 'none' },
  },
  hints: ENGINE_OPTIONS.hints!,
};

/** @throws {ActorError} INVALID_CONFIG; {CreateError} INVALID_OPTION for a wrong value of an option of `createPlugin` */
export const readActorOptions = (options: unknown): ActorOptions =>
  readOptions(ACTOR_OPTIONS, options, 'option', refuseOption);

/** @throws {ActorError} INVALID_CONFIG, ENV_MISSING, JSON_VALUE, JSON_DEPTH; {CreateError} INVALID_OPTION */
export function readSettings(given: unknown): ActorSettings {
  const options = readActorOptions(given);
  const {
    config,
    actorConfig,
    node,
    environment,
    allowedEnv,
    state,
    statePolicy = 'replace',
    ...others
  } = options;
  const {
    capacity = ACTOR_LIMITS.capacity.default,
    emitEmptyResults = false,
    wire = 'plain',
    ...more
  } = others;
  const {
    isolation = 'inline',
    errorPolicy = 'continue',
    awaitAllInports = false,
    requirePorts = false,
    ...rest
  } = more;
  const { validate, configDefaults = false, signal, onEvent, maxFailures, ...engineOptions } = rest;
  if (node && (config || actorConfig))
    refuseOption(`node and ${config ? 'config' : 'actorConfig'}: both are given; keep one`);
  const settled = node
    ? ActorConfig.fromNode(node, { environment, allowedEnv })
    : readActorConfig(actorConfig, config);
  const isRestarted = errorPolicy === 'restart';
  return {
    engineOptions: { ...engineOptions, ...(node && nodeLimits(settled.config)), name: settled.node_id },
    config: settled,
    store: isStateStore(state) ? state : new MemoryState(state),
    statePolicy,
    capacity,
    emitEmptyResults,
    wire,
    isolation,
    isRenewed: isolation === 'fresh' || isRestarted,
    errorPolicy,
    maxFailures: maxFailures ?? (isRestarted ? ACTOR_LIMITS.failures.default : Number.POSITIVE_INFINITY),
    awaitAllInports,
    requirePorts,
    validate,
    configDefaults,
    signal,
    onEvent,
    inputBytes: readLimits(options.limits).inputBytes,
    clock: (options.platform ?? webPlatform).clock,
    keepAlive: (options.platform ?? webPlatform).keepAlive,
    tell: diagnostic => options.onDiagnostic?.(diagnostic),
  };
}

/** What a node's metadata says about its plugin, in the words of upstream's documentation. */
function nodeLimits(config: JsonObject): EngineOptions {
  const limit = (key: string) => (Object.hasOwn(config, key) ? (config[key] as number) : undefined);
  const [memoryLimitMb, timeoutMs] = [limit('memory_limit_mb'), limit('timeout_ms')];
  return {
    ...(memoryLimitMb !== undefined && { memoryLimitMb }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}
