import { aFunction, aText, readArgument, readOptions, refuseExtra } from '../../wasi/options.ts';
import { CallError } from '../call-error.ts';
import type { CompiledPlugin } from '../create/compiled.ts';
import { CreateError, excerpt, PlugboardError } from '../errors.ts';
import type { PluginOptions } from '../given/options.ts';
import { hostFailure } from '../host/function.ts';
import { LIMITS } from '../limits.ts';
import type { Plugin } from '../plugin.ts';
import { leaveOnAbort, refuseIfAborted } from '../run/interrupt.ts';
import { copyInput, type PluginInput } from '../values/input.ts';
import type { PluginOutput } from '../values/output.ts';
import {
  POOL_OPTIONS,
  type PoolOptions,
  readCompiled,
  readUseOptions,
  refuse,
  type UseOptions,
} from './options.ts';
import { Waiting } from './waiting.ts';

/** Numbers of a pool: the first five are of now, the others since it was made. */
export interface PoolStats {
  /** All plugins, with those that are being made or closed. Never more than `max`. */
  plugins: number;
  /** Plugins that are in use. */
  inUse: number;
  /** Plugins that are kept for their key. */
  idle: number;
  /** Uses that wait. */
  waiting: number;
  /** Keys with a use that runs or waits. */
  keys: number;
  /** Plugins that were made. */
  made: number;
  /** Uses that got a plugin which had served their key before. */
  reused: number;
  /** Idle plugins that were closed to make room for another key. */
  evicted: number;
  /** Plugins that were closed because a call had ended their instance: by a trap, a time limit, a signal. */
  sick: number;
  /** Uses that were refused with POOL_FULL. */
  refused: number;
}

/** A plugin of the pool, and the key that it serves. */
interface Member {
  readonly plugin: Plugin;
  readonly key: string;
  readonly compiled: CompiledPlugin;
}

/** A use that waits. */
interface Request {
  readonly key: string;
  grant: () => void;
  reject: (error: Error) => void;
}

/**
 * Plugins of one compiled plugin, shared between keys such as tenants. A plugin serves one key, and an idle one makes room for
 * another key. Uses of a key run in order; keys take turns.
 * @example
 * ```js
 * import { compilePlugin } from 'plugboard';
 * import { PluginPool } from 'plugboard/pool';
 * const compiled = await compilePlugin(import.meta.resolve('plugboard/examples/vowels.wasm'));
 * const pool = new PluginPool(compiled, { max: 2, optionsOf: tenant => ({ config: { vowels: tenant } }) });
 * const outputs = await Promise.all(['a', 'e', 'i'].map(tenant => pool.call(tenant, 'count_vowels', 'a e e i')));
 * console.log(outputs.map(output => output.json().count)); // [ 1, 2, 1 ]
 * await pool.drain();
 * ```
 */
export class PluginPool {
  #compiled: CompiledPlugin;
  readonly #max: number;
  readonly #maxIdle: number;
  readonly #maxWaiting: number;
  readonly #maxWaitingPerKey: number;
  readonly #perKey: number;
  readonly #optionsOf: PoolOptions['optionsOf'];
  readonly #waiting = new Waiting<Request>();
  /** Uses that run, by key. */
  readonly #running = new Map<string, number>();
  #inUse = 0;
  /** Plugins, including those that are being made or closed. Never more than `max`. */
  #plugins = 0;
  /** In the order in which they became idle. */
  readonly #idle: Member[] = [];
  readonly #making = new Set<{ compiled: CompiledPlugin }>();
  readonly #used = new Set<Member>();
  readonly #closing = new Set<Promise<void>>();
  #changed: (() => void)[] = [];
  /** Whether new uses are refused. */
  #isClosed = false;
  /** Whether those that run are to end. */
  #isEnded = false;
  readonly #counts = { made: 0, reused: 0, evicted: 0, sick: 0, refused: 0 };

  /** @throws {CallError} INVALID_OPTION */
  constructor(compiled: CompiledPlugin, options?: PoolOptions);
  constructor(compiled: CompiledPlugin, options?: PoolOptions, ...extra: unknown[]) {
    refuseExtra(extra, 'PluginPool', refuse);
    const read = readOptions(POOL_OPTIONS, options ?? undefined, 'PluginPool', refuse);
    this.#compiled = readCompiled(compiled, 'PluginPool: compiled');
    this.#max = read.max ?? LIMITS.poolPlugins.default;
    this.#maxIdle = read.idle ?? this.#max;
    this.#maxWaiting = read.queue ?? LIMITS.poolQueue.default;
    this.#maxWaitingPerKey = read.queuePerKey ?? LIMITS.poolQueuePerKey.default;
    this.#perKey = read.perKey ?? 1;
    this.#optionsOf = read.optionsOf;
  }

  /**
   * Calls an export of a plugin of the key, as `plugin.call` does.
   * @throws {PlugboardError} as `use` and `plugin.call`
   */
  call<T = unknown>(
    key: string,
    name: string,
    input?: PluginInput,
    hostContext?: T,
    options?: UseOptions,
  ): Promise<PluginOutput | null>;
  async call(
    key: string,
    name: string,
    input?: PluginInput,
    hostContext?: unknown,
    options?: UseOptions,
    ...extra: unknown[]
  ): Promise<PluginOutput | null> {
    refuseExtra(extra, 'pool.call', refuse);
    readArgument(aText, name, 'pool.call: name', refuse);
    const { isolation, signal } = readUseOptions(options, 'pool.call');
    const given = copyInput(input, CallError);
    const work = (plugin: Plugin) => plugin.call(name, given, hostContext, { signal });
    return this.use(key, work, { isolation, signal });
  }

  /**
   * Lends a plugin of the key to `work` until the promise of `work` is settled. Do not use the plugin later: it is closed, or serves
   * the next use. Waits for its turn if the key has a use already, or if all plugins are in use.
   * @throws {PlugboardError} POOL_FULL, CLOSED, ABORTED; CreateError for a plugin that cannot be made; and errors of `work`
   */
  use<T>(key: string, work: (plugin: Plugin) => T | PromiseLike<T>, options?: UseOptions): Promise<T>;
  async use<T>(
    key: string,
    work: (plugin: Plugin) => T | PromiseLike<T>,
    options?: UseOptions,
    ...extra: unknown[]
  ): Promise<T> {
    refuseExtra(extra, 'pool.use', refuse);
    readArgument(aText, key, 'pool.use: key', refuse);
    readArgument(aFunction, work, 'pool.use: work', refuse);
    const { isolation = 'shared', signal } = readUseOptions(options, 'pool.use');
    await this.#enter(key, signal);
    let member: Member | undefined;
    try {
      member = await this.#obtain(key, isolation);
      if (this.#isEnded) throw closed(nameOf(key));
      if (signal) refuseIfAborted(nameOf(key), signal);
      return await work(member.plugin);
    } finally {
      if (member) this.#giveBack(member, isolation);
      this.#leave(key);
    }
  }

  stats(): PoolStats;
  stats(...extra: unknown[]): PoolStats {
    refuseExtra(extra, 'pool.stats', refuse);
    const [plugins, inUse] = [this.#plugins, this.#used.size];
    const [idle, waiting] = [this.#idle.length, this.#waiting.size];
    const keys = new Set([...this.#running.keys(), ...this.#waiting.keys()]).size;
    return { plugins, inUse, idle, waiting, keys, ...this.#counts };
  }

  /**
   * Makes all later plugins of another compiled plugin. Uses that run go on, and their plugins are closed after them. Resolves
   * when the last plugin of the one before is closed.
   * @throws {CallError} CLOSED, INVALID_OPTION
   */
  reload(compiled: CompiledPlugin): Promise<void>;
  async reload(compiled: CompiledPlugin, ...extra: unknown[]): Promise<void> {
    refuseExtra(extra, 'pool.reload', refuse);
    const next = readCompiled(compiled, 'pool.reload: compiled');
    if (this.#isClosed) throw closed('pool.reload');
    const old = this.#compiled;
    this.#compiled = next;
    const isOld = (plugin: { compiled: CompiledPlugin }) => plugin.compiled === old && old !== this.#compiled;
    const closing = this.#idle.filter(isOld).map(member => this.#retire(member));
    await this.#until('pool.reload', () => ![...this.#used, ...this.#making].some(isOld));
    await Promise.all(closing);
  }

  /** Closes the pool for new uses, waits for those that run or wait, and then closes all plugins. */
  drain(): Promise<void>;
  async drain(...extra: unknown[]): Promise<void> {
    refuseExtra(extra, 'pool.drain', refuse);
    this.#isClosed = true;
    await this.#until('pool.drain', () => this.#inUse === 0 && this.#waiting.size === 0);
    await this.#closeAll();
  }

  /** Ends the pool. Uses that wait, and running calls, fail with CLOSED. Resolves when all plugins are closed. */
  close(): Promise<void>;
  async close(...extra: unknown[]): Promise<void> {
    refuseExtra(extra, 'pool.close', refuse);
    this.#isClosed = true;
    this.#isEnded = true;
    for (const request of this.#waiting.takeAll()) request.reject(closed('a use that waits'));
    await Promise.all([...this.#used].map(({ plugin }) => plugin.close()));
    await this.#closeAll();
  }

  /** Resolves when the use has its turn. */
  async #enter(key: string, signal: AbortSignal | undefined): Promise<void> {
    const what = nameOf(key);
    if (this.#isClosed) throw closed(what);
    if (signal) refuseIfAborted(what, signal);
    if (this.#inUse < this.#max && this.#mayRun(key)) return this.#begin(key);
    this.#refuseIfFull(key);
    let unwatch = () => {};
    let unbound = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        const request: Request = { grant: resolve, reject, key };
        this.#waiting.add(key, request);
        const leave = (error: CallError) => {
          if (this.#waiting.remove(key, request)) reject(error);
        };
        if (signal) unwatch = leaveOnAbort(signal, what, leave);
        unbound = this.#boundWait(what, leave);
      });
    } finally {
      unwatch();
      unbound();
    }
  }

  /**
   * Limits a wait for uses that run: a host function of one of them may have asked, and wait for the answer. Returns a function that
   * ends the watch.
   */
  #boundWait(what: string, leave: (error: CallError) => void): () => void {
    const ends = [...this.#used].map(({ plugin }) => plugin.calls.boundWait(what, leave));
    return () => {
      for (const end of ends) end();
    };
  }

  readonly #mayRun = (key: string): boolean => (this.#running.get(key) ?? 0) < this.#perKey;

  #begin(key: string): void {
    this.#inUse++;
    this.#running.set(key, (this.#running.get(key) ?? 0) + 1);
  }

  #refuseIfFull(key: string): void {
    const [all, own] = [this.#waiting.size, this.#waiting.of(key)];
    if (all < this.#maxWaiting && own < this.#maxWaitingPerKey) return;
    this.#counts.refused++;
    const full =
      own >= this.#maxWaitingPerKey
        ? `${own} uses of this key wait, as many as queuePerKey allows`
        : `${all} uses wait, as many as queue allows`;
    throw new PlugboardError('POOL_FULL', `${nameOf(key)}: ${full}; try again later, or raise it or max`);
  }

  /** Ends a use, and lets others begin. */
  #leave(key: string): void {
    this.#inUse--;
    const others = this.#running.get(key)! - 1;
    if (others > 0) this.#running.set(key, others);
    else this.#running.delete(key);
    while (this.#inUse < this.#max) {
      const next = this.#waiting.take(this.#mayRun);
      if (!next) break;
      this.#begin(next.key);
      next.grant();
    }
    this.#tell();
  }

  async #obtain(key: string, isolation: UseOptions['isolation']): Promise<Member> {
    const at = this.#idle.findLastIndex(member => member.key === key && isKept(member, isolation));
    if (at >= 0) {
      this.#counts.reused++;
      const [member] = this.#idle.splice(at, 1);
      this.#used.add(member!);
      if (isolation === 'fresh') member!.plugin.renew();
      return member!;
    }
    while (this.#plugins >= this.#max) {
      // There is an idle plugin, or one that is being closed: at most `max` uses run, this one included.
      const oldest = this.#idle.shift();
      if (oldest) {
        this.#counts.evicted++;
        void this.#retire(oldest);
      }
      await Promise.race(this.#closing);
    }
    this.#plugins++;
    const compiled = this.#compiled;
    const making = { compiled };
    this.#making.add(making);
    try {
      const plugin = await this.#make(compiled, key);
      this.#counts.made++;
      const member = { plugin, key, compiled };
      this.#used.add(member);
      return member;
    } catch (error) {
      this.#plugins--;
      throw error;
    } finally {
      this.#making.delete(making);
    }
  }

  async #make(compiled: CompiledPlugin, key: string): Promise<Plugin> {
    if (!this.#optionsOf) return compiled.instantiate();
    const of = `option.optionsOf(${JSON.stringify(excerpt(key, 100))})`;
    let options: PluginOptions | undefined;
    try {
      options = (await this.#optionsOf(key)) ?? undefined;
    } catch (error) {
      throw hostFailure(of, error);
    }
    try {
      return await compiled.instantiate(options);
    } catch (error) {
      if (!(error instanceof CreateError && error.code === 'INVALID_OPTION')) throw error;
      throw new CreateError(error.code, `${of} returned: ${error.message}`, { cause: error });
    }
  }

  #giveBack(member: Member, isolation: UseOptions['isolation']): void {
    this.#used.delete(member);
    const { plugin, compiled } = member;
    if (plugin.isSick) this.#counts.sick++;
    const isCurrent = compiled === this.#compiled && !this.#isEnded;
    if (isCurrent && plugin.isReusable && isKept(member, isolation)) this.#idle.push(member);
    else void this.#retire(member);
    if (this.#idle.length > this.#maxIdle) void this.#retire(this.#idle.shift()!);
  }

  /** Closes a plugin. Its room is free when it is closed. */
  #retire(member: Member): Promise<void> {
    const at = this.#idle.indexOf(member);
    if (at >= 0) this.#idle.splice(at, 1);
    const closing = member.plugin.close().finally(() => {
      this.#plugins--;
      this.#closing.delete(closing);
      this.#tell();
    });
    this.#closing.add(closing);
    return closing;
  }

  async #closeAll(): Promise<void> {
    for (const member of [...this.#idle]) void this.#retire(member);
    await this.#until('pool.close', () => this.#plugins === 0);
  }

  async #until(what: string, isTrue: () => boolean): Promise<void> {
    let unbound = () => {};
    const bound = new Promise<never>((_, reject) => {
      unbound = this.#boundWait(what, reject);
    });
    try {
      while (!isTrue())
        await Promise.race([bound, new Promise<void>(resolve => this.#changed.push(resolve))]);
    } finally {
      unbound();
    }
  }

  #tell(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }
}

/** Whether a plugin may serve its key again after, or in, a use of this isolation. With `fresh` each of its calls begins with the first state. */
const isKept = ({ plugin }: Member, isolation: UseOptions['isolation']): boolean =>
  isolation === 'shared' || (isolation === 'fresh' && plugin.report.fresh?.inPlace === true);

const nameOf = (key: string): string => `pool, key ${JSON.stringify(excerpt(key, 100))}`;

const closed = (what: string): CallError =>
  new CallError('CLOSED', `${what}: the pool was closed; make a new one`);
