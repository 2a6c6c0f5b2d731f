import {
  aCount,
  aFunction,
  aSignal,
  having,
  type OptionTable,
  oneOf,
  type Refuse,
  readArgument,
  readOptions,
} from '../../wasi/options.ts';
import { CallError } from '../call-error.ts';
import type { CompiledPlugin } from '../create/compiled.ts';
import type { PluginOptions } from '../given/options.ts';
import { LIMITS } from '../limits.ts';

export interface PoolOptions {
  /** The most plugins at one time, idle ones included. Default: 10. */
  max?: number | undefined;
  /** The most plugins that are kept while nobody uses them. Default: `max`. */
  idle?: number | undefined;
  /** The most uses that wait, of all keys together. One more is refused with POOL_FULL. Default: 10,000. */
  queue?: number | undefined;
  /** The most uses of one key that wait, so that one tenant cannot fill the queue. Default: 1,000. */
  queuePerKey?: number | undefined;
  /** The most uses of one key at one time. With more than 1, uses of a key begin in order, and may end in another. Default: 1. */
  perKey?: number | undefined;
  /**
   * Returns the options of `instantiate` for a key: config, variables, host functions, policy, limits. Called for each new plugin.
   */
  optionsOf?:
    | ((key: string) => PluginOptions | undefined | PromiseLike<PluginOptions | undefined>)
    | undefined;
}

export interface UseOptions {
  /**
   * `shared`: a plugin that served this key before may serve it again, with its memory and variables. `new`: a new plugin, for
   * this use alone. `fresh`: one that served this key before, with its state put back as after its start functions, if the compiled plugin has
   * `isolation: 'fresh'` and that is exact in place; else a new one. A plugin never serves two keys. Default: `shared`.
   */
  isolation?: 'shared' | 'fresh' | 'new' | undefined;
  /** Takes a use out of the queue; `call` also passes it to the call of the plugin. */
  signal?: AbortSignal | undefined;
}

export const POOL_OPTIONS: OptionTable<PoolOptions> = {
  of: 'new PluginPool(compiled, options)',
  nullIsLeftOut: true,
  rows: {
    max: { ...aCount('plugins', 1), default: `${LIMITS.poolPlugins.default}` },
    idle: { ...aCount('plugins'), default: 'max' },
    queue: { ...aCount('uses'), default: `${LIMITS.poolQueue.default}` },
    queuePerKey: { ...aCount('uses'), default: `${LIMITS.poolQueuePerKey.default}` },
    perKey: { ...aCount('uses', 1), default: '1' },
    optionsOf: { ...aFunction, default: 'the options of compilePlugin' },
  },
};

export const USE_OPTIONS: OptionTable<UseOptions> = {
  of: 'pool.use(key, work, options) and pool.call(key, name, input, hostContext, options)',
  nullIsLeftOut: true,
  rows: {
    isolation: { ...oneOf(['shared', 'fresh', 'new']), default: 'shared' },
    signal: { ...aSignal, default: 'none' },
  },
};

export const refuse: Refuse = (message, _code, options) => {
  throw new CallError('INVALID_OPTION', message, options);
};

const aCompiledPlugin = having<CompiledPlugin>('a CompiledPlugin, made by compilePlugin', 'instantiate');

/** @throws {CallError} INVALID_OPTION */
export const readCompiled = (compiled: unknown, where: string): CompiledPlugin =>
  readArgument(aCompiledPlugin, compiled, where, refuse);

/** @throws {CallError} INVALID_OPTION */
export const readUseOptions = (options: unknown, where: string): UseOptions =>
  readOptions(USE_OPTIONS, options ?? undefined, where, refuse);
