import type { EnvImports, Kernel, KernelTier } from '../abi/index.ts';
import type { LineSink, Preopen } from '../wasi/index.ts';
import { type Call, CallError, checkSignature, type Outcome, runCall, runSuspending } from './call.ts';
import { describeLinks, describeOutcome } from './debug-log.ts';
import type { HostErrorCode } from './error-codes.ts';
import { CreateError } from './errors.ts';
import { limitGrowth } from './growth.ts';
import { HostCalls } from './host-calls.ts';
import { httpSender } from './http.ts';
import { toBytes } from './input.ts';
import { type InstanceParts, type Instances, instantiate, lacksMemory } from './instance.ts';
import { jspi } from './jspi.ts';
import type { LinkPlan } from './link.ts';
import { MAIN } from './manifest.ts';
import type { Mode } from './mode.ts';
import type { Transform } from './module.ts';
import { OutputCopier, type PluginOutput } from './output.ts';
import type { Platform } from './platform/types.ts';
import type { Settings } from './settings.ts';
import { connect, createKernel, lineSink, tell } from './setup.ts';

/** Text is passed as UTF-8. Null and undefined are an empty input. */
export type PluginInput = string | Uint8Array | ArrayBuffer | null | undefined;

export interface CallOptions {
  /** Ends the call while the plugin is suspended, or before it begins. Code that runs on this thread cannot be stopped. */
  signal?: AbortSignal | undefined;
}

/** How a plugin runs. */
export interface PluginReport {
  kernel: KernelTier;
  isolation: Mode;
  wasi: boolean;
  /** The hash of the main module that was checked, null when none was asked for. */
  sha256: string | null;
  /** In the order of the manifest. */
  modules: readonly { name: string; sha256: string | null; transforms: readonly Transform[] }[];
}

/** A plugin and the instance that runs it. Made by `createPlugin`. */
export class Plugin {
  readonly report: PluginReport;
  readonly #platform: Platform;
  readonly #settings: Settings;
  readonly #plan: LinkPlan;
  readonly #mode: Mode;
  readonly #folders: Readonly<Record<string, Preopen>>;
  readonly #kernel: Kernel;
  readonly #imports: EnvImports;
  readonly #outputs: OutputCopier;
  readonly #hostCalls: HostCalls;
  readonly #stdout: LineSink;
  readonly #stderr: LineSink;
  /** Hands on lines that the plugin did not end. Null for one without WASI. */
  readonly #flush: (() => void) | null;
  #instances: Instances | null = null;
  /** The module that is being instantiated. */
  #initialising: string = MAIN;
  /** Exports of this instance that were called before. */
  readonly #callables = new Map<string, () => unknown>();
  /** Settles when the last call that was made has ended. */
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** Internal: use `createPlugin`. */
  constructor(
    platform: Platform,
    settings: Settings,
    plan: LinkPlan,
    mode: Mode,
    folders: Readonly<Record<string, Preopen>>,
  ) {
    this.#platform = platform;
    this.#settings = settings;
    this.#plan = plan;
    this.#mode = mode;
    this.#folders = folders;
    const modules = [...plan.modules.values()];
    const lacking = modules.find(lacksMemory);
    if (lacking) {
      throw new CreateError(
        'INVALID_WASM',
        `module "${lacking.name}": it imports WASI but exports no memory named "memory"`,
      );
    }
    this.#kernel = createKernel(settings);
    this.#outputs = new OutputCopier(this.#kernel.memory);
    this.#hostCalls = new HostCalls(this.#kernel, platform.asyncContext);
    const { tier, imports } = connect(this.#kernel, settings);
    this.#imports = imports;
    const prints = settings.enableWasiOutput ?? platform.printsWasiOutput?.() ?? false;
    this.#stdout = lineSink(this.#kernel, 'stdout', settings, prints ? platform.print.out : null);
    this.#stderr = lineSink(this.#kernel, 'stderr', settings, prints ? platform.print.err : null);
    this.report = Object.freeze({
      kernel: tier,
      isolation: mode,
      wasi: modules.some(({ links }) => links.some(({ provider }) => provider.kind === 'wasi')),
      sha256: plan.main.sha256,
      modules: modules.map(({ name, sha256, transforms }) => ({ name, sha256, transforms })),
    });
    this.#flush = this.report.wasi
      ? () => [this.#stdout, this.#stderr].forEach(sink => void sink.flush())
      : null;
    settings.debug?.(`link: ${describeLinks(plan)}, ${mode}`);
  }

  /**
   * Calls an export. Calls run one after the other, in the order in which they were made.
   * @returns what the plugin set as output, or null when it set none
   * @throws {CallError} as a rejection; the next call works again
   */
  async call(
    name: string,
    input?: PluginInput,
    hostContext?: unknown,
    options?: CallOptions,
  ): Promise<PluginOutput | null> {
    const signal = options?.signal;
    if (signal) refuseIfAborted(name, signal);
    if (this.#mode === 'inline') return this.callSync(name, input, hostContext);
    this.#refuseIfUnusable(`calling "${name}"`);
    // A copy, since the caller may go on with its bytes before it is this call's turn.
    const bytes = toBytes(input).slice();
    return this.#inTurn(() => this.#callSuspending(name, bytes, hostContext, signal));
  }

  /** The same as `call`, at once. @throws {CallError}; HOST_FUNCTION_ASYNC for a plugin that has to wait for its imports */
  callSync(name: string, input?: PluginInput, hostContext?: unknown): PluginOutput | null {
    this.#refuseIfUnusable(`calling "${name}"`);
    if (this.#mode !== 'inline') {
      throw new CallError(
        'HOST_FUNCTION_ASYNC',
        `callSync of "${name}": this plugin has async host functions or HTTP; use call`,
      );
    }
    const fn = this.#callable(this.#useInstance(), name);
    const bytes = toBytes(input);
    this.#settings.debug?.(`call: ${name}, input ${bytes.length} bytes`);
    return this.#conclude(name, this.#run(name, fn, bytes, hostContext));
  }

  /** Whether the plugin exports a function of this name. */
  async functionExists(name: string): Promise<boolean> {
    return this.#plan.main.exportKinds.get(name) === 'function';
  }

  async getExports(): Promise<WebAssembly.ModuleExportDescriptor[]> {
    return this.#plan.main.exports.map(item => ({ ...item }));
  }

  async getImports(): Promise<WebAssembly.ModuleImportDescriptor[]> {
    return this.#plan.main.imports.map(item => ({ ...item }));
  }

  /** The instance of the main module that the next call will use. @throws {CallError} CLOSED */
  async getInstance(): Promise<WebAssembly.Instance> {
    this.#refuseIfUnusable('getting the instance');
    return this.#mode === 'inline' ? this.#useInstance() : this.#inTurn(() => this.#useSuspendingInstance());
  }

  /** Copies of the plugin's variables, by name. */
  get vars(): ReadonlyMap<string, Uint8Array> {
    return this.#kernel.vars.snapshot();
  }

  /** Whether a call is running. */
  isActive(): boolean {
    return this.#hostCalls.isActive;
  }

  /**
   * Clears the kernel memory and, with `vars`, the variables.
   * @returns false, having done nothing, during a call
   */
  async reset({ vars = false }: { vars?: boolean } = {}): Promise<boolean> {
    if (this.isActive() || this.#closed) return false;
    this.#kernel.begin();
    if (vars) this.#kernel.vars.clear();
    return true;
  }

  /** Ends the plugin; a call that is running fails. Closing twice is fine. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#hostCalls.interrupt(new CallError('CLOSED', 'the plugin was closed during the call'));
    this.#dropInstance();
    await this.#queue;
  }

  /** Internal: makes the first instance, so that a plugin that cannot start fails at creation. */
  async initialise(): Promise<void> {
    try {
      if (this.#mode === 'inline') this.#useInstance();
      else await this.#useSuspendingInstance();
    } catch (error) {
      const { code, message, cause } = error as CallError;
      throw new CreateError(code as HostErrorCode, message, { cause });
    }
  }

  async #callSuspending(
    name: string,
    bytes: Uint8Array,
    hostContext: unknown,
    signal: AbortSignal | undefined,
  ): Promise<PluginOutput | null> {
    this.#refuseIfClosed(`calling "${name}"`);
    if (signal) refuseIfAborted(name, signal);
    const fn = this.#callable(await this.#useSuspendingInstance(), name);
    this.#settings.debug?.(`call: ${name}, input ${bytes.length} bytes`);
    const abort = () => this.#hostCalls.interrupt(aborted(name, signal!));
    signal?.addEventListener('abort', abort);
    try {
      return this.#conclude(name, await this.#runSuspending(name, fn, bytes, hostContext));
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(run);
    this.#queue = turn.catch(() => {});
    return turn;
  }

  #useInstance(): WebAssembly.Instance {
    if (this.#instances) return this.#instances.main;
    let instances: Instances | null = null;
    const outcome = this.#run('initialisation', () => {
      const steps = instantiate(this.#parts());
      let step = steps.next();
      for (; !step.done; step = steps.next()) step.value.fn(...step.value.args);
      instances = step.value;
    });
    return this.#keepInstances(instances, outcome);
  }

  async #useSuspendingInstance(): Promise<WebAssembly.Instance> {
    if (this.#instances) return this.#instances.main;
    let instances: Instances | null = null;
    const outcome = await this.#runSuspending('initialisation', async () => {
      const steps = instantiate(this.#parts());
      let step = steps.next();
      for (; !step.done; step = steps.next()) await jspi!.promising(step.value.fn)(...step.value.args);
      instances = step.value;
    });
    return this.#keepInstances(instances, outcome);
  }

  #parts(): InstanceParts {
    const { allowedHosts, maxHttpResponseBytes, fetch = this.#platform.fetch } = this.#settings;
    const rules = { fetch, allowedHosts, maxResponseBytes: maxHttpResponseBytes };
    return {
      plan: this.#plan,
      kernel: this.#kernel,
      kernelImports: this.#imports,
      hostCall: this.#hostCalls,
      sendHttp:
        this.#mode === 'suspending' && allowedHosts.length > 0
          ? httpSender(rules, () => this.#hostCalls.signal)
          : null,
      platform: this.#platform,
      folders: this.#folders,
      stdout: this.#stdout,
      stderr: this.#stderr,
      onDiagnostic: diagnostic => tell(this.#kernel, this.#settings, diagnostic),
      onModule: name => {
        this.#initialising = name;
      },
    };
  }

  #keepInstances(instances: Instances | null, { error }: Outcome): WebAssembly.Instance {
    const { strict, onDiagnostic } = this.#settings;
    if (error?.code === 'PLUGIN_ERROR' && instances && !strict) {
      const message = `module "${this.#initialising}": a start function set the error text "${error.message}"`;
      onDiagnostic?.({ code: 'INIT_ERROR', message });
    } else if (error || !instances) {
      // proc_exit(0) is a call's success, but an instance that has ended cannot serve.
      const reason = error ?? this.#kernel.ended;
      const code = error?.code === 'IMPORT_TYPE_MISMATCH' ? error.code : 'INIT_FAILED';
      throw new CallError(code, `module "${this.#initialising}": ${reason?.message}`, {
        cause: reason,
        stderr: this.#lastErrorLines(),
      });
    }
    const names = [...this.#plan.modules.keys()].map(name => `"${name}"`).join(', ');
    this.#settings.debug?.(`instance: modules ${names}, ${this.report.kernel} kernel`);
    this.#instances = instances;
    return instances.main;
  }

  /** An export of the current instance, checked. @throws {CallError} FUNCTION_NOT_FOUND, BAD_SIGNATURE */
  #callable({ exports }: WebAssembly.Instance, name: string): () => unknown {
    const known = this.#callables.get(name);
    if (known) return known;
    const fn = Object.hasOwn(exports, name) ? exports[name] : undefined;
    if (typeof fn !== 'function') throw this.#notFound(name);
    checkSignature(name, fn.length, this.#plan.main.signatures?.exports.get(name));
    const callable = this.#mode === 'inline' ? (fn as () => unknown) : jspi!.promising(fn as () => unknown);
    this.#callables.set(name, callable);
    return callable;
  }

  #run(name: string, body: () => unknown, input?: Uint8Array, hostContext?: unknown): Outcome {
    this.#hostCalls.begin(hostContext);
    try {
      return this.#limit(name, runCall(this.#describeCall(name, body, input)));
    } finally {
      this.#leaveCall();
    }
  }

  async #runSuspending(
    name: string,
    body: () => unknown,
    input?: Uint8Array,
    hostContext?: unknown,
  ): Promise<Outcome> {
    this.#hostCalls.beginSuspending(hostContext);
    try {
      return this.#limit(name, await runSuspending(this.#describeCall(name, body, input)));
    } finally {
      this.#leaveCall();
    }
  }

  #describeCall(name: string, body: () => unknown, input: Uint8Array | undefined): Call {
    return {
      kernel: this.#kernel,
      outputs: this.#outputs,
      name,
      input,
      body,
      flush: this.#flush,
      stderr: () => this.#lastErrorLines(),
    };
  }

  #limit(name: string, outcome: Outcome): Outcome {
    const { maxGrowthPages } = this.#settings;
    if (maxGrowthPages === undefined) return outcome;
    return limitGrowth(name, outcome, maxGrowthPages, this.#kernel, this.#instances?.memories ?? []);
  }

  #leaveCall(): void {
    this.#hostCalls.end();
    this.#flush?.();
  }

  #conclude(name: string, outcome: Outcome): PluginOutput | null {
    // A command has ended when its _start returns.
    if (outcome.dropInstance || name === '_start') this.#dropInstance();
    this.#settings.debug?.(describeOutcome(name, outcome));
    if (outcome.error) throw outcome.error;
    return outcome.output;
  }

  #lastErrorLines(): readonly string[] {
    // A panic message may end without a newline.
    this.#stderr.flush();
    return this.#stderr.lines;
  }

  #dropInstance(): void {
    this.#instances?.close();
    this.#instances = null;
    this.#callables.clear();
  }

  #refuseIfUnusable(what: string): void {
    this.#refuseIfClosed(what);
    if (this.#hostCalls.isInside()) {
      throw new CallError(
        'REENTRANT_CALL',
        `${what}: the plugin is in a call, made by one of its own host functions`,
      );
    }
  }

  #refuseIfClosed(what: string): void {
    if (this.#closed) throw new CallError('CLOSED', `${what}: the plugin was closed; create a new one`);
  }

  #notFound(name: string): CallError {
    const functions = this.#plan.main.exports
      .filter(({ kind }) => kind === 'function')
      .map(item => item.name);
    return new CallError(
      'FUNCTION_NOT_FOUND',
      `Function not found: ${name} (exported functions: ${functions.join(', ') || 'none'})`,
    );
  }
}

const aborted = (name: string, { reason }: AbortSignal) =>
  new CallError(
    'ABORTED',
    `${name}: the call was aborted: ${reason instanceof Error ? reason.message : String(reason)}`,
    {
      cause: reason,
    },
  );

function refuseIfAborted(name: string, signal: AbortSignal): void {
  if (signal.aborted) throw aborted(name, signal);
}
