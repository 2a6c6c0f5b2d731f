import { type EnvImports, Kernel, type KernelTier, kernelImports } from '../abi/index.ts';
import { LineSink } from '../wasi/index.ts';
import { CallError, checkSignature, type Outcome, runCall } from './call.ts';
import { CallContext } from './call-context.ts';
import { CreateError, type HostErrorCode } from './errors.ts';
import { isThenable } from './host-function.ts';
import { instantiate, lacksMemory } from './instance.ts';
import { LIMITS } from './limits.ts';
import { type Link, planLinks } from './link.ts';
import { type ManifestLike, parseManifest, remoteManifest } from './manifest.ts';
import { compileModule, type PluginModule } from './module.ts';
import { OutputCopier, type PluginOutput } from './output.ts';
import type { Platform } from './platform/types.ts';
import { type Diagnostic, type PluginOptions, readOptions, type Settings, settle } from './settings.ts';
import { fetchManifest, loadSource } from './source.ts';

const encoder = new TextEncoder();

/** Text is passed as UTF-8. Null and undefined are an empty input. */
export type PluginInput = string | Uint8Array | ArrayBuffer | null | undefined;

/** How a plugin runs. */
export interface PluginReport {
  kernel: KernelTier;
  isolation: 'inline';
  wasi: boolean;
  /** The hash that was checked, null when none was asked for. */
  sha256: string | null;
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
  const source = await loadSource(platform, fetch, parsed.module);
  const sha256 = 'sha256' in source ? source.sha256 : null;
  settings.debug?.(
    `source: module "${parsed.module.name}", ${'bytes' in source ? `${source.bytes.length} bytes` : 'compiled'}${sha256 ? `, SHA-256 ${sha256}` : ''}`,
  );
  const module = await compileModule(platform, parsed.module.name, source);
  const links = planLinks(module, settings);
  settings.debug?.(`link: ${describeLinks(links)}`);
  const plugin = new Plugin(platform, settings, module, links, sha256);
  plugin.initialise();
  return plugin;
}

/** A plugin and the instance that runs it. Made by `createPlugin`. */
export class Plugin {
  readonly report: PluginReport;
  readonly #platform: Platform;
  readonly #settings: Settings;
  readonly #module: PluginModule;
  readonly #links: readonly Link[];
  readonly #kernel: Kernel;
  readonly #imports: EnvImports;
  readonly #context: CallContext;
  readonly #outputs: OutputCopier;
  readonly #stdout: LineSink;
  readonly #stderr: LineSink;
  #instance: WebAssembly.Instance | null = null;
  /** Exports of this instance that were called before. */
  readonly #callables = new Map<string, () => unknown>();
  #hostContext: unknown;
  #active = false;
  #closed = false;

  /** Internal: use `createPlugin`. */
  constructor(
    platform: Platform,
    settings: Settings,
    module: PluginModule,
    links: readonly Link[],
    sha256: string | null,
  ) {
    this.#platform = platform;
    this.#settings = settings;
    this.#module = module;
    this.#links = links;
    if (lacksMemory(module, links)) {
      throw new CreateError(
        'INVALID_WASM',
        `module "${module.name}": it imports WASI but exports no memory named "memory"`,
      );
    }
    this.#kernel = createKernel(settings);
    this.#outputs = new OutputCopier(this.#kernel.memory);
    const { tier, imports } = connect(this.#kernel, settings);
    this.#imports = imports;
    this.#context = new CallContext(this.#kernel, () => this.#hostContext);
    this.#stdout = lineSink(settings.stdout, settings.enableWasiOutput ? platform.print.out : undefined);
    this.#stderr = lineSink(settings.stderr, settings.enableWasiOutput ? platform.print.err : undefined);
    const wasi = links.some(({ provider }) => provider.kind === 'wasi');
    this.report = Object.freeze({ kernel: tier, isolation: 'inline', wasi, sha256 });
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
    return this.#module.exports.some(item => item.kind === 'function' && item.name === name);
  }

  async getExports(): Promise<WebAssembly.ModuleExportDescriptor[]> {
    return this.#module.exports.map(item => ({ ...item }));
  }

  async getImports(): Promise<WebAssembly.ModuleImportDescriptor[]> {
    return this.#module.imports.map(item => ({ ...item }));
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
    if (this.#instance) return this.#instance;
    let instance: WebAssembly.Instance | null = null;
    const { error } = this.#run('initialisation', () => {
      instance = instantiate({
        plugin: this.#module,
        links: this.#links,
        kernel: this.#kernel,
        kernelImports: this.#imports,
        context: this.#context,
        platform: this.#platform,
        stdout: this.#stdout,
        stderr: this.#stderr,
        onDiagnostic: diagnostic => this.#settings.onDiagnostic?.(diagnostic),
      });
    });
    // proc_exit(0) is a call's success, but an instance that has ended cannot serve.
    if (error || !instance) {
      const reason = error ?? this.#kernel.ended;
      const code = error?.code === 'IMPORT_TYPE_MISMATCH' ? error.code : 'INIT_FAILED';
      throw new CallError(code, `module "${this.#module.name}": ${reason?.message}`, {
        cause: reason,
        stderr: this.#lastErrorLines(),
      });
    }
    this.#settings.debug?.(`instance: module "${this.#module.name}", ${this.report.kernel} kernel`);
    this.#instance = instance;
    return instance;
  }

  /** An export of the current instance, checked. @throws {CallError} FUNCTION_NOT_FOUND, BAD_SIGNATURE */
  #callable(name: string): () => unknown {
    const instance = this.#useInstance();
    const known = this.#callables.get(name);
    if (known) return known;
    const { exports } = instance;
    const fn = Object.hasOwn(exports, name) ? exports[name] : undefined;
    if (typeof fn !== 'function') throw this.#notFound(name);
    checkSignature(name, fn.length, this.#module.signatures?.exports.get(name));
    this.#callables.set(name, fn as () => unknown);
    return fn as () => unknown;
  }

  #run(name: string, body: () => unknown, input?: Uint8Array): Outcome {
    this.#active = true;
    try {
      return runCall({
        kernel: this.#kernel,
        outputs: this.#outputs,
        name,
        input,
        body,
        stderr: () => this.#lastErrorLines(),
      });
    } finally {
      this.#active = false;
      if (this.report.wasi) {
        this.#stdout.flush();
        this.#stderr.flush();
      }
    }
  }

  #lastErrorLines(): readonly string[] {
    // A panic message may end without a newline.
    this.#stderr.flush();
    return this.#stderr.lines;
  }

  #dropInstance(): void {
    this.#instance = null;
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
    const functions = this.#module.exports.filter(({ kind }) => kind === 'function').map(item => item.name);
    return new CallError(
      'FUNCTION_NOT_FOUND',
      `Function not found: ${name} (exported functions: ${functions.join(', ') || 'none'})`,
    );
  }
}

function createKernel(settings: Settings): Kernel {
  return new Kernel({
    ...(settings.maxKernelBytes !== undefined && { maxBytes: settings.maxKernelBytes }),
    maxVarBytes: settings.maxVarBytes,
    config: settings.config,
    logLevel: settings.logLevel,
    onLog: (level, text) => settings.logger[level](text),
    onDiagnostic: (diagnostic: Diagnostic) => settings.onDiagnostic?.(diagnostic),
    strict: settings.strict,
  });
}

function connect(kernel: Kernel, { kernel: tier, accessors }: Settings) {
  try {
    return kernelImports(kernel, { tier, accessors });
  } catch (error) {
    throw new CreateError('UNSUPPORTED', `option.kernel: ${(error as Error).message}`, { cause: error });
  }
}

function lineSink(...receivers: (((line: string) => void) | undefined)[]): LineSink {
  return new LineSink({
    onLine: line => {
      for (const receive of receivers) receive?.(line);
    },
    maxLineBytes: LIMITS.stdioLineBytes.default,
    keepLines: LIMITS.stdioLines.default,
    keepBytes: LIMITS.stdioBytes.default,
  });
}

function toBytes(input: unknown): Uint8Array {
  if (input === undefined || input === null) return new Uint8Array(0);
  if (typeof input === 'string') return encoder.encode(input);
  if (input instanceof Uint8Array) return input;
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  throw new CallError(
    'INVALID_INPUT',
    `input: expected a string or a Uint8Array, got ${typeof input}; encode it first`,
  );
}

function describeLinks(links: readonly Link[]): string {
  const kinds = [...new Set(links.map(({ provider }) => provider.kind))];
  const counts = kinds.map(
    kind => `${links.filter(({ provider }) => provider.kind === kind).length} from ${kind}`,
  );
  return `${links.length} imports${counts.length ? `, ${counts.join(', ')}` : ''}`;
}

function describeOutcome(name: string, { output, error }: Outcome): string {
  if (error) return `call: ${name} failed, ${error.code}: ${error.message}`;
  return `call: ${name} done, ${output ? `output ${output.byteLength} bytes` : 'no output'}`;
}
