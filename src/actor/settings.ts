import type { Clock } from '../../wasi/index.ts';
import type { Platform } from '../platform/types.ts';
import { webPlatform } from '../platform/web.ts';
import {
  ActorConfig,
  type ActorConfigInput,
  type GraphNode,
  type NodeOptions,
  readActorConfig,
} from './actor-config.ts';
import type { EngineOptions } from './engine.ts';
import { ActorError, describe, type Report } from './errors.ts';
import type { ActorListener } from './events.ts';
import type { JsonObject } from './json-value.ts';
import { ACTOR_LIMITS, readCount, readLimits } from './limits.ts';
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

const ERROR_POLICIES: readonly ErrorPolicy[] = ['continue', 'stop', 'restart'];
const ISOLATIONS: readonly Isolation[] = ['inline', 'fresh'];
const WIRES: readonly Wire[] = ['plain', 'upstream'];

/** @throws {ActorError} INVALID_CONFIG, ENV_MISSING, JSON_VALUE, JSON_DEPTH */
export function readSettings(options: ActorOptions): ActorSettings {
  const { config, actorConfig, node, environment, allowedEnv, state, statePolicy, capacity, ...others } =
    options;
  const { emitEmptyResults, wire, errorPolicy, maxFailures, awaitAllInports, requirePorts, ...more } = others;
  const { validate, configDefaults, signal, onEvent, isolation, ...engineOptions } = more;
  if (node && (config || actorConfig)) {
    throw invalid(`node and ${config ? 'config' : 'actorConfig'}: both are given; keep one`);
  }
  const settled = node
    ? ActorConfig.fromNode(node, { environment, allowedEnv })
    : readActorConfig(actorConfig, config);
  const policy = oneOf('errorPolicy', errorPolicy, ERROR_POLICIES);
  const mostFailures = policy === 'restart' ? ACTOR_LIMITS.failures.default : Number.POSITIVE_INFINITY;
  return {
    engineOptions: { ...engineOptions, ...(node && nodeLimits(settled.config)), name: settled.node_id },
    config: settled,
    store: isStateStore(state) ? state : new MemoryState(state),
    statePolicy: oneOf('statePolicy', statePolicy, STATE_POLICIES),
    capacity: readCount('capacity', capacity ?? ACTOR_LIMITS.capacity.default, 'packets', 1),
    emitEmptyResults: flag('emitEmptyResults', emitEmptyResults),
    wire: oneOf('wire', wire, WIRES),
    isolation: oneOf('isolation', isolation, ISOLATIONS),
    isRenewed: isolation === 'fresh' || policy === 'restart',
    errorPolicy: policy,
    maxFailures:
      maxFailures === undefined ? mostFailures : readCount('maxFailures', maxFailures, 'failures', 1),
    awaitAllInports: flag('awaitAllInports', awaitAllInports),
    requirePorts: flag('requirePorts', requirePorts),
    validate: callback('validate', validate),
    configDefaults: flag('configDefaults', configDefaults),
    signal,
    onEvent: callback('onEvent', onEvent),
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

/** The first one is the default. */
function oneOf<T extends string>(where: string, value: unknown, names: readonly T[]): T {
  const name = value === undefined ? names[0] : names.find(name => name === value);
  if (name !== undefined) return name;
  throw invalid(`${where}: expected one of ${names.join(', ')}, got ${describe(value)}`);
}

function flag(where: string, value: unknown = false): boolean {
  if (typeof value === 'boolean') return value;
  throw invalid(`${where}: expected true or false, got ${describe(value)}`);
}

function callback<T>(where: string, value: T | undefined): T | undefined {
  if (value === undefined || typeof value === 'function') return value;
  throw invalid(`${where}: expected a function, got ${describe(value)}`);
}

const invalid = (message: string) => new ActorError('INVALID_CONFIG', message);
