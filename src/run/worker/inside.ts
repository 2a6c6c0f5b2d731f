import { Kernel, kernelImports, LOG_LEVELS, type MessageLevel } from '../../../abi/index.ts';
import type { Preopen } from '../../../wasi/index.ts';
import { messageOf, PlugboardError } from '../../errors.ts';
import { type Instances, instantiate } from '../../link/instance.ts';
import type { Link } from '../../link/plan.ts';
import { MAIN } from '../../module/source.ts';
import type { Platform, WorkerPort } from '../../platform/types.ts';
import { type Ask, makeAsk } from '../../wasm/ask.ts';
import { Answer } from './answer.ts';
import { type Ended, type Order, type Request, type Setup, toPlain } from './protocol.ts';

/** Kernel functions whose state is on the caller's thread: config, variables, HTTP, log level and the error text. */
const ON_CALLERS_THREAD = [
  ...['config_get', 'var_get', 'var_set', 'http_request', 'http_status_code', 'http_headers'],
  ...['error_set', 'error_get', 'reset', 'get_log_level'],
] as const;
/** Log functions: the logger lives on the caller's thread. */
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

/** The reason recorded here when the caller's thread has ended the call. The real reason stays on that thread. */
const ENDED_THERE = new PlugboardError('CALL_OVER', "the call was ended on the caller's thread");

type Imports = Readonly<Record<string, WebAssembly.ImportValue>>;

/** The functions of the runtime that the worker uses. All of them are loaded before a plugin can run. */
type InnerPlatform = Pick<Platform, 'clock' | 'random' | 'hostFolder'>;

/** Carries out the orders that come through `port`. Called by the entry file of the worker. */
export function serveOrders(platform: InnerPlatform, port: WorkerPort): void {
  let plugin: WorkerPlugin | undefined;
  port.onMessage(message => {
    const order = message as Order;
    if (order.kind === 'setup') plugin = new WorkerPlugin(platform, port, order);
    plugin!.carryOut(order);
  });
}

/** The worker's half of a plugin: its instances, and the kernel functions that need only the shared memory. */
class WorkerPlugin {
  readonly #platform: InnerPlatform;
  readonly #port: WorkerPort;
  readonly #setup: Setup;
  readonly #kernel: Kernel;
  readonly #imports: Imports;
  readonly #answer: Answer;
  readonly #ask: Ask | null;
  #instances: Instances | null = null;
  #module: string = MAIN;

  constructor(platform: InnerPlatform, port: WorkerPort, setup: Setup) {
    this.#platform = platform;
    this.#port = port;
    this.#setup = setup;
    this.#answer = new Answer(setup.answers);
    this.#ask = setup.isMetered ? makeAsk(() => this.#answer.isLast) : null;
    this.#kernel = new Kernel({
      backing: setup.backing,
      maxBytes: setup.maxKernelBytes,
      maxVarBytes: 0,
      strict: setup.strict,
      onDiagnostic: diagnostic => this.#request('diagnostic', [diagnostic]),
    });
    const { imports } = kernelImports(this.#kernel, {
      tier: setup.tier,
      accessors: setup.accessors ?? undefined,
    });
    const remote = ON_CALLERS_THREAD.map(name => [name, this.#remoteImport(name)] as const);
    const logs = LEVELS.map(level => [`log_${level}`, this.#logImport(level)] as const);
    this.#imports = { ...imports, ...Object.fromEntries([...remote, ...logs]) };
  }

  carryOut(order: Order): void {
    const kernel = this.#kernel;
    let result: unknown;
    let thrown: unknown = null;
    kernel.join();
    try {
      if (order.kind === 'call') result = this.#call(order.name);
      else {
        this.#instances?.close();
        this.#instances = null;
      }
      if (order.kind === 'start') this.#start();
    } catch (error) {
      thrown = error ?? new Error(String(error));
    }
    const reason = kernel.ended === ENDED_THERE ? null : kernel.ended;
    kernel.memory.handOver();
    this.#port.post({
      kind: 'ended',
      result: typeof result === 'number' || result === undefined ? result : String(result),
      thrown: thrown === null ? null : toPlain(thrown),
      reason: reason && toPlain(reason),
      growth: this.#instances?.growth() ?? [],
      module: this.#module,
      exports: this.#exports(),
    } satisfies Ended);
  }

  #start(): void {
    const { plan } = this.#setup;
    const sink = (to: 'stdout' | 'stderr') => ({
      isTerminal: true,
      write: (bytes: Uint8Array) => void this.#request(to, [bytes.slice()]),
    });
    const steps = instantiate({
      plan,
      kernel: this.#kernel,
      kernelImports: this.#imports,
      hostImport: link => this.#hostImport(link),
      platform: this.#platform,
      folders: this.#openFolders(),
      stdout: sink('stdout'),
      stderr: sink('stderr'),
      onDiagnostic: diagnostic => void this.#request('diagnostic', [diagnostic]),
      suspends: false,
      ask: this.#ask,
      tracksGrowth: this.#setup.tracksGrowth,
      onModule: name => {
        this.#module = name;
      },
    });
    let step = steps.next();
    for (; !step.done; step = steps.next()) step.value.fn(...step.value.args);
    this.#instances = step.value;
  }

  #call(name: string): unknown {
    return (this.#instances!.main.exports[name] as () => unknown)();
  }

  #exports(): Map<string, number> {
    const exports = Object.entries(this.#instances?.main.exports ?? {});
    return new Map(
      exports.flatMap(([name, value]) => (typeof value === 'function' ? [[name, value.length]] : [])),
    );
  }

  #hostImport({ provider, namespace, name }: Link): WebAssembly.ImportValue {
    if (provider.kind !== 'remote')
      throw new Error(`BUG: ${namespace}.${name} is not served by the caller's thread`);
    return this.#remoteImport(provider.index);
  }

  #remoteImport(to: number | string): (...args: unknown[]) => unknown {
    return (...args) => {
      this.#kernel.check();
      return this.#request(to, args);
    };
  }

  /** Checks the log level here, because plugins log many unwanted messages and a request for each would be slow. */
  #logImport(level: MessageLevel): (handle: unknown) => unknown {
    const log = this.#remoteImport(`log_${level}`);
    return handle => {
      this.#kernel.check();
      if (LOG_LEVELS[level] >= this.#answer.logLevel) log(handle);
    };
  }

  /**
   * Sends a request to the caller's thread and waits for its answer.
   * @throws the reason for which the call was ended, or an error if the request failed on that thread
   */
  #request(to: number | string, args: unknown[]): unknown {
    const kernel = this.#kernel;
    kernel.memory.handOver();
    this.#answer.expect();
    try {
      this.#port.post({ kind: 'request', to, args } satisfies Request);
    } catch (error) {
      const message = `an argument cannot be passed to the caller's thread: ${messageOf(error)}`;
      return kernel.stop(new PlugboardError('HOST_FUNCTION_FAILED', message, { cause: error }));
    }
    const outcome = this.#answer.wait();
    kernel.memory.takeOver();
    if (outcome === 'ended') return kernel.stop(ENDED_THERE);
    if (outcome === 'failed') throw new Error(`${to} failed on the caller's thread`);
    return this.#answer.results;
  }

  #openFolders(): Record<string, Preopen> {
    const folders = this.#setup.mounts.map(({ guest, host, readOnly }): [string, Preopen] => [
      guest,
      { fs: this.#platform.hostFolder!(host), readOnly },
    ]);
    return Object.fromEntries(folders);
  }
}
