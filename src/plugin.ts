import type { Kernel } from '../abi/index.ts';
import type { LineSink, Preopen } from '../wasi/index.ts';
import { CallError, notPrepared } from './call-error.ts';
import { isCreateErrorCode } from './error-codes.ts';
import { CreateError, excerpt, type PlugboardError } from './errors.ts';
import {
  type CallOptions,
  type ResetOptions,
  readCallOptions,
  readResetOptions,
  refuseArguments,
  refuseName,
} from './given/call-options.ts';
import type { Settings } from './given/settings.ts';
import type { LinkPlan } from './link/plan.ts';
import type { Platform } from './platform/types.ts';
import {
  type CallSite,
  checkSignature,
  isOwnToStart,
  notFound,
  type Outcome,
  runCall,
  runSuspending,
} from './run/call.ts';
import { Deadline } from './run/deadline.ts';
import { describeCall, describeInstance, describeLinks, describeOutcome } from './run/debug-log.ts';
import { limitGrowth } from './run/growth.ts';
import { HostCalls } from './run/host-calls.ts';
import { leaveOnAbort, refuseIfAborted, stopInTime } from './run/interrupt.ts';
import { type Mode, meters, notAtOnce } from './run/mode.ts';
import { type PluginReport, reportOn } from './run/report.ts';
import type { Runner } from './run/runner.ts';
import { Turns } from './run/turns.ts';
import { connect, createKernel, createRunner, lineSink } from './setup.ts';
import { type PluginInput, readInput } from './values/input.ts';
import { OutputCopier, type PluginOutput } from './values/output.ts';

/** A plugin and its current instance. Made by `createPlugin`. */
export class Plugin {
  readonly report: PluginReport;
  readonly #settings: Settings;
  readonly #plan: LinkPlan;
  readonly #mode: Mode;
  readonly #kernel: Kernel;
  readonly #hostCalls: HostCalls;
  readonly #stdout: LineSink;
  readonly #stderr: LineSink;
  readonly #site: CallSite;
  readonly #runner: Runner;
  /** Null unless the plugin is metered. */
  readonly #deadline: Deadline | null;
  /** Exports of the current instance that were called before, by name. */
  readonly #callables = new Map<string, () => unknown>();
  readonly #turns: Turns;
  #closed = false;

  /** Internal: use `createPlugin`. */
  constructor(
    platform: Platform,
    settings: Settings,
    plan: LinkPlan,
    mode: Mode,
    folders: Readonly<Record<string, Preopen>>,
  ) {
    this.#settings = settings;
    this.#plan = plan;
    this.#mode = mode;
    this.#turns = new Turns(platform.keepAlive);
    this.#kernel = createKernel(settings);
    const outputs = new OutputCopier(this.#kernel.memory);
    this.#hostCalls = new HostCalls(this.#kernel, outputs, mode, platform, settings);
    const { tier, imports } = connect(this.#kernel, mode, settings);
    const prints = settings.enableWasiOutput ?? platform.printsWasiOutput?.() ?? false;
    this.#stdout = lineSink(this.#kernel, 'stdout', settings, prints ? platform.print.out : null);
    this.#stderr = lineSink(this.#kernel, 'stderr', settings, prints ? platform.print.err : null);
    this.report = reportOn(plan, mode, tier);
    // A plugin with WASI may leave a line without its line end.
    const flush = () => [this.#stdout, this.#stderr].forEach(sink => void sink.flush());
    this.#site = {
      kernel: this.#kernel,
      outputs,
      flush: this.report.wasi ? flush : null,
      stderr: () => this.#lastErrorLines(),
    };
    settings.debug?.(`link: ${describeLinks(plan)}, ${mode}`);
    this.#deadline =
      meters(settings, platform) === null
        ? null
        : new Deadline(settings.timeoutMs!, this.#kernel, () => this.isActive());
    this.#runner = createRunner({
      ...{ mode, plan, settings, platform, folders, tier, imports, deadline: this.#deadline },
      ...{ kernel: this.#kernel, hostCalls: this.#hostCalls, stdout: this.#stdout, stderr: this.#stderr },
    });
  }

  /**
   * Calls an export and resolves to its output. Calls run one after the other, in the order in which they were made.
   * @returns the output that the plugin set, or null if it set none
   * @throws {CallError} as a rejection. The next call works again
   */
  call<T = unknown>(
    name: string,
    input?: PluginInput,
    hostContext?: T,
    options?: CallOptions,
  ): Promise<PluginOutput | null>;
  async call(
    name: string,
    input?: PluginInput,
    hostContext?: unknown,
    options?: CallOptions,
    ...extra: unknown[]
  ): Promise<PluginOutput | null> {
    if (typeof name !== 'string') refuseName(name);
    const signal = options == null ? undefined : readCallOptions(options).signal;
    if (extra.length > 0) refuseArguments('call', extra);
    if (signal) refuseIfAborted(name, signal);
    if (this.#mode === 'inline') return this.callSync(name, input, hostContext);
    if (this.#isUnusable()) throw this.#unusable(`calling "${name}"`);
    // Copied, because the caller may change its bytes before this call has its turn.
    const copy = readInput(input, CallError).slice();
    const work = () => this.#callAsync(name, copy, hostContext, signal);
    return this.#inTurn(`calling "${name}"`, work, signal);
  }

  /**
   * Calls an export and returns its output without a promise.
   * @throws {CallError} as `call`; HOST_FUNCTION_ASYNC or UNSUPPORTED for a plugin that has to wait or runs in a worker
   */
  callSync(name: string, input?: PluginInput, hostContext?: unknown): PluginOutput | null;
  callSync(
    name: string,
    input?: PluginInput,
    hostContext?: unknown,
    ...extra: unknown[]
  ): PluginOutput | null {
    if (typeof name !== 'string') refuseName(name);
    if (extra.length > 0) refuseArguments('callSync', extra);
    if (this.#isUnusable()) throw this.#unusable(`calling "${name}"`);
    if (this.#mode !== 'inline') throw notAtOnce(name, this.#mode, this.#plan, this.#settings);
    this.#makeReady();
    const fn = this.#callable(name);
    const given = readInput(input, CallError);
    this.#settings.debug?.(describeCall(name, given));
    return this.#conclude(name, this.#run(name, fn, given, hostContext));
  }

  /** Whether the plugin exports a function of this name. */
  functionExists(name: string): Promise<boolean>;
  async functionExists(name: string, ...extra: unknown[]): Promise<boolean> {
    refuseArguments('functionExists', extra);
    return this.#plan.main.exportKinds.get(name) === 'function';
  }

  getExports(): Promise<WebAssembly.ModuleExportDescriptor[]>;
  async getExports(...extra: unknown[]): Promise<WebAssembly.ModuleExportDescriptor[]> {
    refuseArguments('getExports', extra);
    return this.#plan.main.exports.map(item => ({ ...item }));
  }

  getImports(): Promise<WebAssembly.ModuleImportDescriptor[]>;
  async getImports(...extra: unknown[]): Promise<WebAssembly.ModuleImportDescriptor[]> {
    refuseArguments('getImports', extra);
    return this.#plan.main.imports.map(item => ({ ...item }));
  }

  /** Returns the instance of the main module that the next call will use. @throws {CallError} CLOSED; UNSUPPORTED in a worker */
  getInstance(): Promise<WebAssembly.Instance>;
  async getInstance(...extra: unknown[]): Promise<WebAssembly.Instance> {
    refuseArguments('getInstance', extra);
    if (this.#isUnusable()) throw this.#unusable('getting the instance');
    if (this.#mode === 'worker')
      throw new CallError(
        'UNSUPPORTED',
        'getting the instance: it is in a worker; leave out the options that need one',
      );
    if (this.#mode === 'inline') this.#makeReady();
    else await this.#inTurn('getting the instance', () => this.#makeReadyAsync());
    return this.#runner.main!;
  }

  /** Returns copies of the plugin's variables, by name. */
  get vars(): ReadonlyMap<string, Uint8Array> {
    return this.#kernel.vars.snapshot();
  }

  /** Whether a call is running. */
  isActive(): boolean {
    return this.#hostCalls.isActive;
  }

  /**
   * Clears the kernel memory and, with `vars`, the variables.
   * @returns false if it did nothing, because a call was running or the plugin is closed
   */
  reset(options?: ResetOptions): Promise<boolean>;
  async reset(options?: ResetOptions, ...extra: unknown[]): Promise<boolean> {
    refuseArguments('reset', extra);
    const { vars = false } = readResetOptions(options);
    if (this.isActive() || this.#closed) return false;
    this.#kernel.begin();
    if (vars) this.#kernel.vars.clear();
    return true;
  }

  /** Ends the plugin and releases its memory. A running call fails with CLOSED. A second `close` has no further effect. */
  close(): Promise<void>;
  async close(...extra: unknown[]): Promise<void> {
    refuseArguments('close', extra);
    this.#closed = true;
    if (this.isActive())
      this.#hostCalls.interrupt(new CallError('CLOSED', 'the plugin was closed during the call'));
    this.#dropInstance();
    await this.#turns.whenIdle();
    await this.#runner.close();
    this.#kernel.close(this.#unusable('asking the host'));
  }

  /** Internal: makes the first instance, so that creation fails for a plugin that cannot start. */
  async initialise(): Promise<void> {
    try {
      if (this.#mode === 'inline') this.#makeReady();
      else {
        await this.#runner.prepare();
        await this.#bound('initialisation', undefined, () => this.#makeReadyAsync());
      }
    } catch (error) {
      await this.#runner.close();
      const { code, message, cause } = error as CallError;
      throw new CreateError(isCreateErrorCode(code) ? code : 'INIT_FAILED', message, { cause });
    }
  }

  async #callAsync(
    name: string,
    input: string | Uint8Array,
    hostContext: unknown,
    signal: AbortSignal | undefined,
  ): Promise<PluginOutput | null> {
    await this.#prepare(`calling "${name}"`);
    return this.#bound(name, signal, async () => {
      await this.#makeReadyAsync();
      if (signal) refuseIfAborted(name, signal);
      const fn = this.#callable(name);
      this.#settings.debug?.(describeCall(name, input));
      return this.#conclude(name, await this.#runAsync(name, fn, input, hostContext));
    });
  }

  async #prepare(what: string): Promise<void> {
    if (this.#closed) throw this.#unusable(what);
    try {
      if (!this.#runner.isReady) await this.#runner.prepare();
    } catch (error) {
      throw this.#closed ? this.#unusable(what) : notPrepared(what, error as PlugboardError);
    }
    if (this.#closed) throw this.#unusable(what);
  }

  #bound<T>(what: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const { timeoutMs } = this.#settings;
    return stopInTime({ what, signal, timeoutMs }, reason => this.#hostCalls.interrupt(reason), work);
  }

  /** Runs `work` when it has its turn. The call leaves the queue when its signal fires, or when it may wait for itself. */
  #inTurn<T>(what: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#turns.run(work, leave => {
      const unsign = signal && leaveOnAbort(signal, what, leave);
      const unbound = this.boundWait(what, leave);
      return () => {
        unsign?.();
        unbound();
      };
    });
  }

  /** Internal, like `boundWait`: whether a wait of the current code may never end. Actors use both for their own queue. */
  get mayWaitForItself(): boolean {
    return this.#hostCalls.mayWaitForThis();
  }

  boundWait(what: string, leave: (error: CallError) => void): () => void {
    return this.#hostCalls.boundWait(what, leave);
  }

  /** Starts the time limit, and makes an instance if there is none. */
  #makeReady(): void {
    this.#deadline?.start();
    if (this.#runner.isReady) return;
    this.#dropInstance();
    this.#checkStarted(this.#run('initialisation', () => this.#runner.start()));
  }

  async #makeReadyAsync(): Promise<void> {
    this.#deadline?.start();
    if (this.#runner.isReady) return;
    this.#dropInstance();
    this.#checkStarted(await this.#runAsync('initialisation', () => this.#runner.start()));
  }

  #checkStarted({ error }: Outcome): void {
    const { strict, onDiagnostic } = this.#settings;
    const { module, isReady } = this.#runner;
    if (error?.code === 'PLUGIN_ERROR' && isReady && !strict) {
      const message = `module "${module}": a start function set the error text "${excerpt(error.message)}"`;
      onDiagnostic?.({ code: 'INIT_ERROR', message });
    } else if (error || !isReady) {
      // proc_exit(0) is a success for a call, but an instance that has exited cannot serve calls.
      const reason = error ?? this.#kernel.ended;
      const code = error && isOwnToStart(error.code) ? error.code : 'INIT_FAILED';
      this.#dropInstance();
      throw new CallError(code, `module "${module}": ${excerpt(reason?.message ?? '')}`, {
        cause: reason,
        stderr: this.#lastErrorLines(),
      });
    }
    this.#settings.debug?.(describeInstance(this.#plan, this.report.kernel));
  }

  /** Returns an export of the current instance and checks its type. @throws {CallError} FUNCTION_NOT_FOUND, BAD_SIGNATURE */
  #callable(name: string): () => unknown {
    const known = this.#callables.get(name);
    if (known) return known;
    const found = this.#runner.find(name);
    if (!found) throw notFound(name, this.#plan.main.exports);
    checkSignature(name, found.parameters, this.#plan.main.signatures?.exports.get(name));
    this.#callables.set(name, found.call);
    return found.call;
  }

  #run(name: string, body: () => unknown, input?: string | Uint8Array, hostContext?: unknown): Outcome {
    this.#hostCalls.begin(hostContext);
    try {
      return this.#limit(name, runCall(this.#site, name, body, input));
    } finally {
      this.#leaveCall();
    }
  }

  async #runAsync(
    name: string,
    body: () => unknown,
    input?: string | Uint8Array,
    hostContext?: unknown,
  ): Promise<Outcome> {
    this.#hostCalls.beginInterruptible(hostContext);
    try {
      return this.#limit(
        name,
        await this.#hostCalls.within(() => runSuspending(this.#site, name, body, input)),
      );
    } finally {
      this.#leaveCall();
    }
  }

  #limit(name: string, outcome: Outcome): Outcome {
    const { maxGrowthPages } = this.#settings;
    if (maxGrowthPages === undefined) return outcome;
    return limitGrowth(name, outcome, maxGrowthPages, this.#kernel, this.#runner.growth());
  }

  #leaveCall(): void {
    this.#hostCalls.end();
    this.#site.flush?.();
  }

  #conclude(name: string, outcome: Outcome): PluginOutput | null {
    // A command has ended when `_start` returns, so its instance cannot be used again.
    if (outcome.dropInstance || name === '_start') this.#dropInstance();
    this.#settings.debug?.(describeOutcome(name, outcome));
    if (outcome.error) throw outcome.error;
    return outcome.output;
  }

  #lastErrorLines(): readonly string[] {
    // Flushed, because a panic message may end without a newline.
    this.#stderr.flush();
    return this.#stderr.lines;
  }

  #dropInstance(): void {
    this.#runner.drop();
    this.#callables.clear();
  }

  #isUnusable(): boolean {
    return this.#closed || this.#hostCalls.isInside();
  }

  #unusable(what: string): CallError {
    if (this.#closed) return new CallError('CLOSED', `${what}: the plugin was closed; create a new one`);
    return new CallError(
      'REENTRANT_CALL',
      `${what}: the plugin is in a call, made by one of its own host functions`,
    );
  }
}
