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
} from './config/actor-config.ts';
import type { ConfigValidator } from './engine/config-schema.ts';
import { ENGINE_OPTIONS, type EngineOptions } from './engine/engine-options.ts';
import { type Report, readForeign, refuseOption } from './errors.ts';
import type { ActorListener } from './events.ts';
import { getOwn, type JsonObject } from './json/value.ts';
import { ACTOR_LIMITS, readLimits } from './limits.ts';
import type { Wire } from './message/wire.ts';
import {
  isStateStore,
  MemoryState,
  STATE_POLICIES,
  type StateMap,
  type StatePolicy,
  type StateStore,
} from './state/state-store.ts';

/**
 * Action of an actor after a call that failed. `continue`: go on with the next message. `stop`: stop, as upstream does.
 * `restart`: replace the plugin by a new instance, keep the state, and go on.
 */
export type ErrorPolicy = 'continue' | 'stop' | 'restart';

export type Isolation = 'inline' | 'fresh';

export interface ActorOptions
  extends Omit<EngineOptions, 'name'>,
    Pick<NodeOptions, 'environment' | 'allowedEnv'> {
  /** The node's own settings, which the plugin reads as `context.config.config`. */
  config?: JsonObject | undefined;
  /** Id, component, variables and namespace of the node. It may have `config` too: give either that or the option above. */
  actorConfig?: ActorConfigInput | undefined;
  /**
   * The node of a graph, instead of `config` and `actorConfig`: its metadata is the config, with `env_vars` resolved from
   * `environment`; `memory_limit_mb` and `timeout_ms` in the metadata are limits of the plugin.
   */
  node?: GraphNode | undefined;
  /** The state to start from, kept in memory; or a store that keeps it. Default: an empty state, kept in memory. */
  state?: JsonObject | StateStore | undefined;
  /** How a state that the plugin returns is applied, and whether a failed call changes anything. Default: `replace`, as upstream. */
  statePolicy?: StatePolicy | undefined;
  /** Packets that inports, and outports, hold before a sender waits. Default: 1024. */
  capacity?: number | undefined;
  /** Whether a result without any message is sent as a packet, as upstream does. Default: no. */
  emitEmptyResults?: boolean | undefined;
  /** The form of messages to the plugin. Default: `plain`. */
  wire?: Wire | undefined;
  /**
   * `inline`: one instance of the plugin runs all calls, until a call traps. `fresh`: each call gets a new instance, as
   * upstream does; only the state passes from call to call. Default: `inline`.
   */
  isolation?: Isolation | undefined;
  /** How the actor goes on after a failed call. Default: `continue`. */
  errorPolicy?: ErrorPolicy | undefined;
  /** The actor stops after this many failed calls in a row. Default: 10 with `restart`, else no limit. */
  maxFailures?: number | undefined;
  /** Whether an error packet names the wasm functions in which the plugin trapped. The names depend on the engine. Default: no. */
  errorDetails?: boolean | undefined;
  /**
   * Whether a call begins only once there is a message for each of the plugin's inports. Messages that still wait for
   * messages of other inports when the actor is stopped are dropped. Default: no.
   */
  awaitAllInports?: boolean | undefined;
  /** Whether a payload must have a message for each inport that the plugin says is required. Default: no. */
  requirePorts?: boolean | undefined;
  /** Checks the config against the plugin's config_schema. */
  validate?: ConfigValidator | undefined;
  /** Whether missing keys of the config get the defaults of config_schema. Default: no. */
  configDefaults?: boolean | undefined;
  /** Stops the actor at once: the running call is aborted if it can be aborted, and packets that wait are dropped. */
  signal?: AbortSignal | undefined;
  /** Called with all events, from phase `loading` on. */
  onEvent?: ActorListener | undefined;
}

/** Options that were checked, with their defaults. */
export interface ActorSettings {
  engineOptions: EngineOptions;
  actorConfig: ActorConfig;
  /** The store of the caller; null when the actor alone keeps its state. */
  store: StateStore | null;
  statePolicy: StatePolicy;
  capacity: number;
  emitEmptyResults: boolean;
  wire: Wire;
  isolation: Isolation;
  errorPolicy: ErrorPolicy;
  maxFailures: number;
  errorDetails: boolean;
  awaitAllInports: boolean;
  requirePorts: boolean;
  validate: ConfigValidator | undefined;
  configDefaults: boolean;
  signal: AbortSignal | undefined;
  onEvent: ActorListener | undefined;
  inputBytes: number;
  clock: Clock;
  keepAlive: Platform['keepAlive'];
  /** Reports faults that are tolerated even with `strict`. */
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
    errorDetails: { ...aFlag, default: 'false' },
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

/**
 * Returns the settings, and the state to start from without a store. Apart, because an actor has its settings for its whole life.
 * @throws {ActorError} INVALID_CONFIG, ENV_MISSING, JSON_VALUE, JSON_DEPTH; {CreateError} INVALID_OPTION
 */
export function readSettings(given: unknown): { settings: ActorSettings; firstState: StateMap } {
  const options = readActorOptions(given);
  const {
    config,
    actorConfig,
    node,
    environment,
    allowedEnv,
    state,
    statePolicy = 'replace',
    capacity = ACTOR_LIMITS.capacity.default,
    emitEmptyResults = false,
    wire = 'plain',
    isolation = 'inline',
    errorPolicy = 'continue',
    errorDetails = false,
    awaitAllInports = false,
    requirePorts = false,
    validate,
    configDefaults = false,
    signal,
    onEvent,
    maxFailures,
    ...engineOptions
  } = options;
  if (node && (config || actorConfig))
    refuseOption(`node and ${config ? 'config' : 'actorConfig'}: both are given; keep one`);
  const settled = node
    ? ActorConfig.fromNode(node, { environment, allowedEnv })
    : readActorConfig(actorConfig, config);
  const store = readForeign('state', () => isStateStore(state)) ? (state as StateStore) : null;
  const firstState = new MemoryState(store ? {} : (state as JsonObject)).load();
  const isRestarted = errorPolicy === 'restart';
  const settings: ActorSettings = {
    engineOptions: { ...engineOptions, ...(node && nodeLimits(settled.config)), name: settled.node_id },
    actorConfig: settled,
    store,
    statePolicy,
    capacity,
    emitEmptyResults,
    wire,
    isolation,
    errorPolicy,
    maxFailures: maxFailures ?? (isRestarted ? ACTOR_LIMITS.failures.default : Number.POSITIVE_INFINITY),
    errorDetails,
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
  return { settings, firstState };
}

/** Returns the limits of the plugin in a node's metadata, under the keys of upstream's documentation. */
function nodeLimits(config: JsonObject): EngineOptions {
  const limit = (key: string) => getOwn(config, key) as number | undefined;
  const [memoryLimitMb, timeoutMs] = [limit('memory_limit_mb'), limit('timeout_ms')];
  return {
    ...(memoryLimitMb !== undefined && { memoryLimitMb }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}
