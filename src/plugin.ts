import { CallError, INITIALISATION, notPrepared, pluginClosed, reentrant } from './call-error.ts';
import { CreateError, excerpt, isCreateErrorCode, type PlugboardError } from './errors.ts';
import {
  type CallOptions,
  type ResetOptions,
  readCallOptions,
  readResetOptions,
  refuseArguments,
  refuseName,
} from './given/call-options.ts';
import type { Settings } from './given/settings.ts';
import type { Execution } from './link/execution.ts';
import { type CallSite, checkSignature, notFound, notStarted, type Outcome, runCall } from './run/call.ts';
import type { Deadline } from './run/deadline.ts';
import { describeCall, describeInstance, describeOutcome } from './run/debug-log.ts';
import type { Fresh } from './run/fresh.ts';
import type { HostCalls } from './run/host-calls.ts';
import { leaveOnAbort, refuseIfAborted, stopInTime } from './run/interrupt.ts';
import type { ChosenMode } from './run/mode.ts';
import type { PluginMemory, PluginReport } from './run/report.ts';
import type { Runner } from './run/runner.ts';
import type { Turns } from './run/turns.ts';
import { type PluginParts, presetVars } from './setup.ts';
import { PAGE_BYTES } from './units.ts';
import { copyInput, type PluginInput, readInput } from './values/input.ts';
import { after, type Later } from './values/later.ts';
import { PluginOutput } from './values/output.ts';
import { readOnly } from './values/read-only.ts';

/** A plugin and its current instance. Made by `createPlugin`. */
export class Plugin {
  readonly report: PluginReport;
  readonly #settings: Settings;
  readonly #execution: Execution;
  readonly #mode: ChosenMode['mode'];
  readonly #syncRefusal: ChosenMode['syncRefusal'];
  readonly #site: CallSite;
  readonly #calls: HostCalls;
  readonly #deadline: Deadline | null;
  readonly #runner: Runner;
  readonly #turns: Turns;
  /** Null unless each call begins with the state after initialisation. */
  readonly #fresh: Fresh | null;
  /** Exports of the current instance that were called before, by name. */
  readonly #callables = new Map<string, () => unknown>();
  #closed = false;
  #isSick = false;
  /** The most pages before the current instance. */
  #peakPages = 0;

  /** @internal Use `createPlugin`. */
  constructor(parts: PluginParts) {
    this.report = parts.report;
    this.#settings = parts.settings;
    this.#execution = parts.execution;
    this.#mode = parts.mode;
    this.#syncRefusal = parts.syncRefusal;
    this.#site = parts.site;
    this.#calls = parts.site.calls;
    this.#deadline = parts.deadline;
    this.#runner = parts.runner;
    this.#turns = parts.turns;
    this.#fresh = parts.fresh;
  }

  /**
   * Calls an export and resolves to its output. Calls run one after the other, in the order in which they were made.
   * @returns the output that the plugin set, or null if it set none
   * @throws {CallError} as a rejection. The next call works again
   * @example
   * ```js
   * import { createPlugin } from 'plugboard';
   * const plugin = await createPlugin(import.meta.resolve('plugboard/examples/vowels.wasm'));
   * const output = await plugin.call('count_vowels', 'Hello');
   * console.log(output.json().count); // 2
   * await plugin.call('fail', 'a reason').catch(error => console.log(error.code, error.message)); // PLUGIN_ERROR a reason
   * await plugin.close();
   * ```
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
    return this.callLater(name, input, hostContext, signal);
  }

  /** @internal As `call`, but without a promise in the mode that never waits. There `lends` leaves the output in the kernel memory. */
  callLater(
    name: string,
    input: PluginInput,
    hostContext: unknown,
    signal?: AbortSignal,
    lends = false,
  ): Later<PluginOutput | null> {
    if (signal) refuseIfAborted(name, signal);
    if (this.#isUnusable()) throw this.#unusable(`calling "${name}"`);
    // The callback `debug` may make the next call before the output is read.
    this.#site.outputs.lends = lends && this.#mode === 'inline' && !this.#settings.debug;
    if (this.#mode === 'inline') return this.callSync(name, input, hostContext);
    const copy = copyInput(input, CallError);
    const work = () => this.#callExport(name, copy, hostContext);
    return this.#whenReady(`calling "${name}"`, work, name, signal);
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
    if (this.#syncRefusal) {
      const { code, why } = this.#syncRefusal;
      throw new CallError(code, `callSync of "${name}": this plugin ${why}; use call`);
    }
    this.#makeReady();
    return this.#callExport(name, input, hostContext) as PluginOutput | null;
  }

  /** Whether the plugin exports a function of this name. */
  functionExists(name: string): Promise<boolean>;
  async functionExists(name: string, ...extra: unknown[]): Promise<boolean> {
    refuseArguments('functionExists', extra);
    return this.#execution.plan.main.exportKinds.get(name) === 'function';
  }

  getExports(): Promise<WebAssembly.ModuleExportDescriptor[]>;
  async getExports(...extra: unknown[]): Promise<WebAssembly.ModuleExportDescriptor[]> {
    refuseArguments('getExports', extra);
    return this.#execution.plan.main.exports.map(item => ({ ...item }));
  }

  getImports(): Promise<WebAssembly.ModuleImportDescriptor[]>;
  async getImports(...extra: unknown[]): Promise<WebAssembly.ModuleImportDescriptor[]> {
    refuseArguments('getImports', extra);
    return this.#execution.plan.main.imports.map(item => ({ ...item }));
  }

  /** Returns the instance of the main module that the next call will use. @throws {CallError} CLOSED; UNSUPPORTED in a worker */
  getInstance(): Promise<WebAssembly.Instance>;
  async getInstance(...extra: unknown[]): Promise<WebAssembly.Instance> {
    refuseArguments('getInstance', extra);
    const what = 'getting the instance';
    if (this.#isUnusable()) throw this.#unusable(what);
    if (this.#mode === 'worker')
      throw new CallError('UNSUPPORTED', `${what}: it is in a worker; leave out the options that need one`);
    this.#site.tap?.untold('get-instance');
    const handOut = () => {
      this.#fresh?.use();
      return this.#runner.main!;
    };
    if (this.#mode === 'suspending') return this.#whenReady(what, handOut);
    this.#makeReady();
    return handOut();
  }

  /** Returns copies of the plugin's variables, by name. `setVar` changes one. */
  get vars(): ReadonlyMap<string, Uint8Array> {
    return readOnly(this.#execution.kernel.vars.snapshot(), 'plugin.vars is a copy; use plugin.setVar');
  }

  /** Returns a copy of a variable, or null if it is not set. */
  getVar(name: string): PluginOutput | null;
  getVar(name: string, ...extra: unknown[]): PluginOutput | null {
    if (typeof name !== 'string') refuseName(name, 'getVar');
    refuseArguments('getVar', extra);
    const value = this.#execution.kernel.vars.get(name);
    return value ? new PluginOutput(value.buffer) : null;
  }

  /**
   * Sets a variable to a copy of `value`, text as UTF-8; null deletes it. Works between calls, and during one.
   * @throws {PlugboardError} CLOSED, VAR_LIMIT, VARS_DISABLED, INVALID_INPUT, TEXT_TOO_LONG; nothing has changed then
   */
  setVar(name: string, value: string | Uint8Array | null): void;
  setVar(name: string, value: string | Uint8Array | null, ...extra: unknown[]): void {
    if (typeof name !== 'string') refuseName(name, 'setVar');
    refuseArguments('setVar', extra);
    if (this.#closed) throw this.#unusable(`setting the variable "${excerpt(name)}"`);
    this.#site.tap?.untold('set-var');
    this.#fresh?.use();
    const { vars } = this.#execution.kernel;
    if (value === null) vars.delete(name);
    else vars.set(name, readInput(value, CallError));
  }

  /** The memory that the plugin takes now, and its high-water mark. */
  get memory(): PluginMemory {
    const pluginPages = this.#runner.pages();
    const kernelPages = this.#execution.kernel.memory.sizeBytes / PAGE_BYTES;
    return { pluginPages, kernelPages, peakPages: Math.max(this.#peakPages, pluginPages + kernelPages) };
  }

  /** Units of fuel that the last call has used, or the start functions; null for modules that do not count it. */
  get fuelUsed(): number | null {
    return this.#site.fuelUsed;
  }

  /** Whether a call is running. */
  isActive(): boolean {
    return this.#calls.isActive;
  }

  /**
   * Clears the kernel memory. With `vars`, puts the variables back to those of the option `vars`.
   * @returns false if it did nothing, because a call was running or the plugin is closed
   */
  reset(options?: ResetOptions): Promise<boolean>;
  async reset(options?: ResetOptions, ...extra: unknown[]): Promise<boolean> {
    refuseArguments('reset', extra);
    const { vars = false } = readResetOptions(options);
    if (this.isActive() || this.#closed) return false;
    this.#execution.kernel.begin();
    if (vars) presetVars(this.#execution.kernel, this.#settings);
    return true;
  }

  /** Ends the plugin and releases its memory. A running call fails with CLOSED. A second `close` has no further effect. */
  close(): Promise<void>;
  async close(...extra: unknown[]): Promise<void> {
    refuseArguments('close', extra);
    this.#closed = true;
    if (this.isActive())
      this.#calls.interrupt(new CallError('CLOSED', 'the plugin was closed during the call'));
    this.#dropInstance();
    await this.#turns.whenIdle();
    await this.#runner.close();
    this.#execution.kernel.close(this.#unusable('asking the host'));
  }

  /** @internal Makes the first instance, so that creation fails for a plugin that cannot start. */
  async initialise(): Promise<void> {
    try {
      await this.#runner.prepare();
      await this.#bound(INITIALISATION, undefined, async () => this.#makeReady());
    } catch (error) {
      await this.#runner.close();
      const { code, message, cause } = error as CallError;
      throw new CreateError(isCreateErrorCode(code) ? code : 'INIT_FAILED', message, { cause });
    }
  }

  /**
   * Runs `work` when it has its turn and an instance is ready. The wait ends when the signal fires, or when it may be one for
   * itself. It does not count for the time limit. @param name how messages of the work itself begin
   */
  #whenReady<T>(what: string, work: () => Later<T>, name = what, signal?: AbortSignal): Promise<T> {
    const run = async () => {
      await this.#prepare(what);
      return this.#bound(name, signal, async () => {
        if (this.#closed) throw this.#unusable(what);
        await this.#makeReady();
        if (this.#closed) throw this.#unusable(what);
        if (signal) refuseIfAborted(name, signal);
        return work();
      });
    };
    return this.#turns.run(run, leave => {
      const unsign = signal && leaveOnAbort(signal, what, leave);
      const unbound = this.#calls.boundWait(what, leave);
      return () => {
        unsign?.();
        unbound();
      };
    }) as Promise<T>;
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
    const { timeoutMs } = this.#execution.limits;
    return stopInTime({ what, signal, timeoutMs }, reason => this.#calls.interrupt(reason), work);
  }

  /** @internal Whether a call has ended an instance, as a trap does. Pools use both. */
  get isSick(): boolean {
    return this.#isSick;
  }

  /** @internal Whether the plugin can serve others: it is well, and no call runs or waits. */
  get isReusable(): boolean {
    return !this.#isSick && !this.#closed && !this.isActive() && this.#turns.isIdle;
  }

  /** @internal For queues of pools and actors, in which a call may wait for itself. */
  get calls(): HostCalls {
    return this.#calls;
  }

  /** Internal, like `calls`: the error for an export that is missing. */
  notFound(name: string): CallError {
    return notFound(name, this.#execution.plan.main);
  }

  /** @internal With `isolation: 'fresh'`, puts back the state after initialisation. Pools call it before a use. */
  renew(): void {
    if (this.#fresh?.renew() === false) this.#dropInstance();
  }

  /** Starts the time limit, and makes an instance if there is none. */
  #makeReady(): Later<void> {
    this.#deadline?.start();
    this.renew();
    if (this.#runner.isReady) return;
    this.#dropInstance();
    const outcome = runCall(this.#site, INITIALISATION, () => this.#runner.start());
    return after(this.#calls.waits, outcome, this.#checkStarted);
  }

  /** Calls an export of the current instance. */
  #callExport(name: string, input: PluginInput, hostContext: unknown): Later<PluginOutput | null> {
    const fn = this.#callable(name);
    const given = readInput(input, CallError);
    this.#fresh?.use();
    this.#settings.debug?.(describeCall(name, given));
    const outcome = runCall(this.#site, name, fn, given, hostContext);
    return after(this.#calls.waits, outcome, this.#conclude);
  }

  readonly #checkStarted = ({ error }: Outcome): void => {
    const { strict, onDiagnostic } = this.#settings;
    const { module, isReady } = this.#runner;
    if (error?.code === 'PLUGIN_ERROR' && isReady && !strict) {
      const message = `module "${module}": a start function set the error text "${excerpt(error.message)}"`;
      onDiagnostic?.({ code: 'INIT_ERROR', message });
    } else if (error || !isReady) {
      // proc_exit(0) is a success for a call, but an instance that has exited cannot serve calls.
      const failed = notStarted(this.#site, module, error);
      this.#isSick = true;
      this.#dropInstance();
      throw failed;
    }
    this.#fresh?.keep();
    this.#settings.debug?.(describeInstance(this.#execution.plan, this.report.kernel));
  };

  /** Returns an export of the current instance and checks its type. @throws {CallError} FUNCTION_NOT_FOUND, BAD_SIGNATURE */
  #callable(name: string): () => unknown {
    const known = this.#callables.get(name);
    if (known) return known;
    const { exportKinds, signatures } = this.#execution.plan.main;
    if (exportKinds.get(name) !== 'function') throw this.notFound(name);
    const found = this.#runner.find(name);
    checkSignature(name, found.parameters, signatures?.exports.get(name));
    this.#callables.set(name, found.call);
    return found.call;
  }

  /** Not a closure for each call: see `runWaiting`. */
  readonly #conclude = (outcome: Outcome): PluginOutput | null => {
    // A command is over when `_start` returns, so its instance cannot be used again.
    if (outcome.dropInstance || outcome.name === '_start') this.#dropInstance();
    if (outcome.dropInstance) this.#isSick = true;
    this.#settings.debug?.(describeOutcome(outcome));
    if (outcome.error) throw outcome.error;
    return outcome.output;
  };

  #dropInstance(): void {
    // JSC would keep a memory longer that was measured.
    if (!this.#closed) this.#peakPages = this.memory.peakPages;
    this.#runner.drop();
    this.#callables.clear();
  }

  #isUnusable(): boolean {
    return this.#closed || this.#calls.isInside();
  }

  #unusable(what: string): CallError {
    return this.#closed ? pluginClosed(what) : reentrant(what);
  }
}
