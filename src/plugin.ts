import { type EnvImports, Kernel, type KernelTier, kernelImports } from '../abi/index.ts';
import { LineSink } from '../wasi/index.ts';
import { CallError, checkSignature, type Outcome, runCall } from './call.ts';
import { CallContext } from './call-context.ts';
import { CreateError, type HostErrorCode } from './errors.ts';
import { limitGrowth } from './growth.ts';
import { hostFailure, isStackOverflow, isThenable } from './host-function.ts';
import { type Instances, instantiate, lacksMemory } from './instance.ts';
import { LIMITS } from './limits.ts';
import { type LinkPlan, planLinks } from './link.ts';
import { MAIN, type ManifestLike, type ManifestModule, parseManifest, remoteManifest } from './manifest.ts';
import { compileModule, type PluginModule, type Transform } from './module.ts';
import type { Diagnostic, Fetch, PluginOptions } from './options.ts';
import { OutputCopier, type PluginOutput } from './output.ts';
import type { Platform } from './platform/types.ts';
import { readOptions, type Settings, settle } from './settings.ts';
import { fetchManifest, loadSource } from './source.ts';

const encoder = new TextEncoder();

/** Text is passed as UTF-8. Null and undefined are an empty input. */
export type PluginInput = string | Uint8Array | ArrayBuffer | null | undefined;

/** How a plugin runs. */
export interface PluginReport {
  kernel: KernelTier;
  isolation: 'inline';
  wasi: boolean;
  /** The hash of the main module that was checked, null when none was asked for. */
  sha256: string | null;
  /** In the order of the manifest. */
  modules: readonly { name: string; sha256: string | null; transforms: readonly Transform[] }[];
}

/**
 * Creates a plugin, initialised and ready for calls.
 * @throws {CreateError} for anything wrong with manifest, options, bytes or imports, and when initialisation fails
 */
export async function createPlugin(
  platform: Platform,
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  options?: PluginOptions,
): Promise<Plugin> {
  // Not simply `await manifest`: bytes must be copied before the caller can go on and change them.
  const given = isThenable(manifest) ? await manifest : manifest;
  const own = readOptions(options);
  const fetch = own.fetch ?? platform.fetch;
  const remote = remoteManifest(given);
  const parsed = parseManifest(remote ? await fetchManifest(remote, fetch) : given);
  const settings = settle(parsed.options, own);
  if (settings.mounts.length > 0) {
    const paths = settings.mounts.map(({ host }) => host).join(', ');
    throw new CreateError(
      'UNSUPPORTED',
      `allowed_paths: plugins get no files, but ${paths} is given; pass what the plugin needs as input`,
    );
  }
  const modules = await Promise.all(
    parsed.modules.map(module => loadModule(platform, fetch, module, settings)),
  );
  const plan = planLinks(modules, settings);
  settings.debug?.(`link: ${describeLinks(plan)}`);
  for (const where of settings.zeroLimits) {
    const message = `${where} is 0, which allows nothing here; leave it out for the default`;
    if (settings.strict) throw new CreateError('ZERO_LIMIT', message);
    settings.onDiagnostic?.({ code: 'ZERO_LIMIT', message });
  }
  const plugin = new Plugin(platform, settings, plan);
  plugin.initialise();
  return plugin;
}

async function loadModule(
  platform: Platform,
  fetch: Fetch,
  item: ManifestModule,
  { debug, maxGrowthPages }: Settings,
): Promise<PluginModule> {
  const source = await loadSource(platform, fetch, item);
  const module = await compileModule(platform, item.name, source, { maxGrowthPages });
  const size = 'bytes' in source ? `${source.bytes.length} bytes` : 'compiled';
  debug?.(`source: module "${item.name}", ${size}${module.sha256 ? `, SHA-256 ${module.sha256}` : ''}`);
  return module;
}

/** A plugin and the instance that runs it. Made by `createPlugin`. */
export class Plugin {
  readonly report: PluginReport;
  readonly #platform: Platform;
  readonly #settings: Settings;
  readonly #plan: LinkPlan;
  readonly #kernel: Kernel;
  readonly #imports: EnvImports;
  readonly #context: CallContext;
  readonly #outputs: OutputCopier;
  readonly #stdout: LineSink;
  readonly #stderr: LineSink;
  #instances: Instances | null = null;
  /** The module that is being instantiated. */
  #initialising: string = MAIN;
  /** Exports of this instance that were called before. */
  readonly #callables = new Map<string, () => unknown>();
  #hostContext: unknown;
  #active = false;
  #closed = false;

  /** Internal: use `createPlugin`. */
  constructor(platform: Platform, settings: Settings, plan: LinkPlan) {
    this.#platform = platform;
    this.#settings = settings;
    this.#plan = plan;
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
    const { tier, imports } = connect(this.#kernel, settings);
    this.#imports = imports;
    this.#context = new CallContext(this.#kernel, () => this.#hostContext);
    const sink = (name: 'stdout' | 'stderr', print: (line: string) => void) =>
      lineSink(line => {
        try {
          settings[name]?.(line);
        } catch (error) {
          // Not thrown: to WASI, that would be an error of the device, which programs may ignore.
          this.#kernel.markEnded(hostFailure(`option.${name}`, error));
        }
        if (settings.enableWasiOutput) print(line);
      });
    this.#stdout = sink('stdout', platform.print.out);
    this.#stderr = sink('stderr', platform.print.err);
    this.report = Object.freeze({
      kernel: tier,
      isolation: 'inline',
      wasi: modules.some(({ links }) => links.some(({ provider }) => provider.kind === 'wasi')),
      sha256: plan.main.sha256,
      modules: modules.map(({ name, sha256, transforms }) => ({ name, sha256, transforms })),
    });
  }

  /**
   * Calls an export. Calls run one after the other, in the order in which they were made.
   * @returns what the plugin set as output, or null when it set none
   * @throws {CallError} as a rejection; the next call works again
   */
  async call(name: string, input?: PluginInput, hostContext?: unknown): Promise<PluginOutput | null> {
    return this.callSync(name, input, hostContext);
  }

  /** The same as `call`, at once. @throws {CallError} */
  callSync(name: string, input?: PluginInput, hostContext?: unknown): PluginOutput | null {
    this.#refuseIfUnusable(`calling "${name}"`);
    const fn = this.#callable(name);
    const bytes = toBytes(input);
    this.#settings.debug?.(`call: ${name}, input ${bytes.length} bytes`);
    this.#hostContext = hostContext;
    const outcome = this.#run(name, fn, bytes);
    this.#hostContext = undefined;
    // A command has ended when its _start returns.
    if (outcome.dropInstance || name === '_start') this.#dropInstance();
    this.#settings.debug?.(describeOutcome(name, outcome));
    if (outcome.error) throw outcome.error;
    return outcome.output;
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

  /** The instance that the next call will use. @throws {CallError} CLOSED */
  async getInstance(): Promise<WebAssembly.Instance> {
    this.#refuseIfUnusable('getting the instance');
    return this.#useInstance();
  }

  /** Copies of the plugin's variables, by name. */
  get vars(): ReadonlyMap<string, Uint8Array> {
    return this.#kernel.vars.snapshot();
  }

  /** Whether a call is running, which only a host function can see. */
  isActive(): boolean {
    return this.#active;
  }

  /**
   * Clears the kernel memory and, with `vars`, the variables.
   * @returns false, having done nothing, during a call
   */
  async reset({ vars = false }: { vars?: boolean } = {}): Promise<boolean> {
    if (this.#active || this.#closed) return false;
    this.#kernel.begin();
    if (vars) this.#kernel.vars.clear();
    return true;
  }

  /** Ends the plugin; a call that is running fails. Closing twice is fine. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#active)
      this.#kernel.markEnded(new CallError('CLOSED', 'the plugin was closed during the call'));
    this.#dropInstance();
  }

  /** Internal: makes the first instance, so that a plugin that cannot start fails at creation. */
  initialise(): void {
    try {
      this.#useInstance();
    } catch (error) {
      const { code, message, cause } = error as CallError;
      throw new CreateError(code as HostErrorCode, message, { cause });
    }
  }

  #useInstance(): WebAssembly.Instance {
    if (this.#instances) return this.#instances.main;
    let instances: Instances | null = null;
    const { error } = this.#run('initialisation', () => {
      instances = instantiate({
        plan: this.#plan,
        kernel: this.#kernel,
        kernelImports: this.#imports,
        context: this.#context,
        platform: this.#platform,
        stdout: this.#stdout,
        stderr: this.#stderr,
        onDiagnostic: diagnostic => tell(this.#kernel, this.#settings, diagnostic),
        onModule: name => {
          this.#initialising = name;
        },
      });
    });
    // proc_exit(0) is a call's success, but an instance that has ended cannot serve.
    if (error || !instances) {
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
    return (instances as Instances).main;
  }

  /** An export of the current instance, checked. @throws {CallError} FUNCTION_NOT_FOUND, BAD_SIGNATURE */
  #callable(name: string): () => unknown {
    const instance = this.#useInstance();
    const known = this.#callables.get(name);
    if (known) return known;
    const { exports } = instance;
    const fn = Object.hasOwn(exports, name) ? exports[name] : undefined;
    if (typeof fn !== 'function') throw this.#notFound(name);
    checkSignature(name, fn.length, this.#plan.main.signatures?.exports.get(name));
    this.#callables.set(name, fn as () => unknown);
    return fn as () => unknown;
  }

  #run(name: string, body: () => unknown, input?: Uint8Array): Outcome {
    this.#active = true;
    try {
      const kernel = this.#kernel;
      const outcome = runCall({
        kernel,
        outputs: this.#outputs,
        name,
        input,
        body: () => {
          const result = body();
          // Here, so that what a receiver of lines throws still fails the call.
          this.#flush();
          return result;
        },
        stderr: () => this.#lastErrorLines(),
      });
      const { maxGrowthPages } = this.#settings;
      if (maxGrowthPages === undefined) return outcome;
      return limitGrowth(name, outcome, maxGrowthPages, kernel, this.#instances?.memories ?? []);
    } finally {
      this.#active = false;
      this.#flush();
    }
  }

  /** Hands on lines that the plugin did not end. */
  #flush(): void {
    if (!this.report.wasi) return;
    this.#stdout.flush();
    this.#stderr.flush();
  }

  #lastErrorLines(): readonly string[] {
    // A panic message may end without a newline.
    this.#stderr.flush();
    return this.#stderr.lines;
  }

  #dropInstance(): void {
    this.#instances = null;
    this.#callables.clear();
  }

  #refuseIfUnusable(what: string): void {
    if (this.#closed) throw new CallError('CLOSED', `${what}: the plugin was closed; create a new one`);
    if (this.#active) {
      throw new CallError(
        'REENTRANT_CALL',
        `${what}: the plugin is in a call, made by one of its own host functions`,
      );
    }
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

function createKernel(settings: Settings): Kernel {
  const kernel: Kernel = new Kernel({
    maxBytes: settings.maxKernelBytes,
    maxVarBytes: settings.maxVarBytes,
    config: settings.config,
    logLevel: settings.logLevel,
    onLog: (level, text) => orStop(kernel, `option.logger.${level}`, () => settings.logger[level](text)),
    onDiagnostic: diagnostic => tell(kernel, settings, diagnostic),
    strict: settings.strict,
  });
  return kernel;
}

/** What a callback throws, which may be anything, ends the call. */
function orStop(kernel: Kernel, what: string, callback: () => void): void {
  try {
    callback();
  } catch (error) {
    kernel.stop(isStackOverflow(error) ? (error as Error) : hostFailure(what, error));
  }
}

const tell = (kernel: Kernel, settings: Settings, diagnostic: Diagnostic) =>
  orStop(kernel, 'option.onDiagnostic', () => settings.onDiagnostic?.(diagnostic));

function connect(kernel: Kernel, { kernel: tier, accessors }: Settings) {
  try {
    return kernelImports(kernel, { tier, accessors });
  } catch (error) {
    throw new CreateError('UNSUPPORTED', `option.kernel: ${(error as Error).message}`, { cause: error });
  }
}

function lineSink(onLine: (line: string) => void): LineSink {
  return new LineSink({
    onLine,
    maxLineBytes: LIMITS.stdioLineBytes.default,
    keepLines: LIMITS.stdioLines.default,
    keepBytes: LIMITS.stdioBytes.default,
  });
}

function toBytes(input: unknown): Uint8Array {
  if (input === undefined || input === null) return new Uint8Array(0);
  if (typeof input === 'string') return encoder.encode(input);
  // Of a class of its own, such as Buffer, it might answer anything as its length.
  if (ArrayBuffer.isView(input) && Object.getPrototypeOf(input) === Uint8Array.prototype)
    return input as Uint8Array;
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  throw new CallError(
    'INVALID_INPUT',
    `input: expected a string or a Uint8Array, got ${typeof input}; encode it first`,
  );
}

function describeLinks({ modules }: LinkPlan): string {
  const links = [...modules.values()].flatMap(module => module.links);
  const kinds = [...new Set(links.map(({ provider }) => provider.kind))];
  const counts = kinds.map(
    kind => `${links.filter(({ provider }) => provider.kind === kind).length} from ${kind}`,
  );
  return `${modules.size} modules, ${links.length} imports${counts.length ? `, ${counts.join(', ')}` : ''}`;
}

function describeOutcome(name: string, { output, error }: Outcome): string {
  if (error) return `call: ${name} failed, ${error.code}: ${error.message}`;
  return `call: ${name} done, ${output ? `output ${output.byteLength} bytes` : 'no output'}`;
}
