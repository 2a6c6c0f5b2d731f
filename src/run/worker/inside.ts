import {
  type EnvFunctionName,
  type EnvImports,
  type EnvNamesOn,
  envSignatures,
  Kernel,
  kernelImports,
  LOG_LEVELS,
  type MessageLevel,
} from '../../../abi/index.ts';
import { createWasi, type Preopen } from '../../../wasi/index.ts';
import { seeWasi } from '../../../wasi/seen.ts';
import { messageOf, PlugboardError } from '../../errors.ts';
import type { ImportCall, ImportOutcome } from '../../host/listener.ts';
import { type Outside, recordOutside, replayOutside } from '../../host/outside.ts';
import { Checks } from '../../link/checks.ts';
import type { Execution } from '../../link/execution.ts';
import { type Embedding, type Instances, instantiate } from '../../link/instance.ts';
import { hasChecks, type Link, modulesOf } from '../../link/plan.ts';
import { MAIN } from '../../module/source.ts';
import type { Platform, WorkerPort } from '../../platform/types.ts';
import { Fuel } from '../fuel.ts';
import { Answer } from './answer.ts';
import {
  type Answers,
  type Collected,
  type Finished,
  type Order,
  type PlainError,
  type Request,
  type Setup,
  toPlain,
} from './protocol.ts';
import { makeRoom } from './room.ts';

type LogName = `log_${MessageLevel}`;

/** Kernel functions that the caller's thread runs. */
const CALLERS = (Object.keys(envSignatures) as EnvFunctionName[]).filter(
  (name): name is EnvNamesOn<'caller'> => envSignatures[name][2] === 'caller',
);
const isLog = (name: EnvFunctionName): name is LogName => name.startsWith('log_');

/** The reason recorded here when the caller's thread has stopped the call. The real reason stays on that thread. */
const STOPPED_THERE = new PlugboardError('CALL_OVER', "the call was stopped on the caller's thread");

/** The functions of the runtime that the worker uses. All of them are loaded before a plugin can run. */
type InnerPlatform = Pick<Platform, 'clock' | 'random' | 'hostFolder'>;

/** Carries out the orders that come through `port`. Called by the entry file of the worker. */
export function serveOrders(platform: InnerPlatform, port: WorkerPort): void {
  let plugin: WorkerPlugin | undefined;
  port.onMessage(message => {
    const order = message as Order;
    if (order.kind === 'collect') return collect(port);
    if (order.kind === 'setup') plugin = new WorkerPlugin(platform, port, order);
    plugin!.carryOut(order);
    // The last order. The worker may be kept, and its memory must not be.
    if (order.kind === 'drop') plugin = undefined;
  });
}

function collect(port: WorkerPort): void {
  try {
    makeRoom();
  } catch {
    // The caller's thread tries to make its memory in any case, and its error says more.
  }
  port.post({ kind: 'collected' } satisfies Collected);
}

/** The worker's half of a plugin: its instances, and the kernel functions that need only the shared memory. */
class WorkerPlugin {
  readonly #platform: InnerPlatform;
  readonly #port: WorkerPort;
  readonly #setup: Setup;
  readonly #kernel: Kernel;
  readonly #imports: EnvImports;
  readonly #answer: Answer;
  readonly #checks: Checks | null;
  readonly #fuel: Fuel;
  #instances: Instances | null = null;
  #module: string = MAIN;
  #answers: Answers = [];

  constructor(platform: InnerPlatform, port: WorkerPort, setup: Setup) {
    this.#platform = platform;
    this.#port = port;
    this.#setup = setup;
    this.#answer = new Answer(setup.answers);
    this.#fuel = new Fuel(setup.limits.fuel);
    this.#checks = hasChecks(setup.plan) ? this.#makeChecks() : null;
    this.#kernel = new Kernel({
      backing: setup.backing,
      maxBytes: setup.maxKernelBytes,
      limitedBy: setup.kernelLimitedBy,
      maxVarBytes: 0,
      strict: setup.strict,
      onDiagnostic: diagnostic => this.#request('diagnostic', [diagnostic]),
    });
    const { tier, accessors } = setup;
    const own: EnvImports<EnvNamesOn<'plugin'>> = kernelImports(this.#kernel, {
      tier,
      accessors: accessors ?? undefined,
    }).imports;
    this.#imports = { ...own, ...this.#callersImports() };
  }

  #makeChecks(): Checks {
    const isOver = () => this.#answer.isLast;
    const checkpoint = () => {
      if (isOver()) this.#kernel.stop(STOPPED_THERE);
      this.#kernel.check();
    };
    return new Checks(isOver, checkpoint);
  }

  #callersImports(): EnvImports<EnvNamesOn<'caller'>> {
    const imports = CALLERS.map(name => [
      name,
      isLog(name) ? this.#logImport(name) : this.#remoteImport(name),
    ]);
    return Object.fromEntries(imports) as EnvImports<EnvNamesOn<'caller'>>;
  }

  carryOut(order: Order): void {
    const kernel = this.#kernel;
    let result: unknown;
    let thrown: unknown = null;
    kernel.join();
    try {
      if (order.kind === 'call') result = this.#call(order.name, order.answers);
      else {
        this.#instances?.close();
        this.#instances = null;
      }
      if (order.kind === 'start') this.#start(order.answers);
    } catch (error) {
      thrown = error ?? new Error(String(error));
    }
    const reason = kernel.ended === STOPPED_THERE ? null : kernel.ended;
    kernel.memory.handOver();
    this.#port.post({
      kind: 'finished',
      result: typeof result === 'number' || result === undefined ? result : String(result),
      thrown: thrown === null ? null : this.#toPlain(thrown),
      reason: reason && this.#toPlain(reason),
      pages: this.#instances?.pages() ?? 0,
      growth: this.#instances?.growth() ?? [],
      fuelUsed: this.#fuel.take(),
      module: this.#module,
      exports: this.#exports(),
    } satisfies Finished);
  }

  #toPlain(error: unknown): PlainError {
    return toPlain(error, modulesOf(this.#setup.plan));
  }

  #start(answers: Answers): void {
    this.#answers = answers;
    const sink = (to: 'stdout' | 'stderr') => ({
      isTerminal: true,
      write: (bytes: Uint8Array) => void this.#request(to, [bytes.slice()]),
    });
    const { plan, limits, tier } = this.#setup;
    const execution: Execution = {
      plan,
      limits,
      tier,
      kernel: this.#kernel,
      stdout: sink('stdout'),
      stderr: sink('stderr'),
      onDiagnostic: diagnostic => void this.#request('diagnostic', [diagnostic]),
      listener: this.#setup.listens ? call => this.#listen(call) : undefined,
    };
    const embedding: Embedding & { suspends: false } = {
      kernelImports: this.#imports,
      http: null,
      hostImport: link => this.#hostImport(link),
      wasi: this.#outside(),
      createWasi,
      seeWasi: this.#setup.listens ? seeWasi : null,
      suspends: false,
      checks: this.#checks,
      fuel: this.#fuel,
      makeRoom: () => this.#request('makeRoom', []),
      keepState: null,
    };
    this.#fuel.renew();
    this.#instances = instantiate(execution, embedding, name => {
      this.#module = name;
    });
  }

  #outside(): Outside {
    const { records, replayed } = this.#setup;
    if (replayed)
      return replayOutside(replayed, (...asked) => this.#answers[this.#request('outside', asked) as number]!);
    const { clock, random } = this.#platform;
    const outside = { clock, random, preopens: this.#openFolders() };
    return records ? recordOutside(outside, entry => void this.#request('outside', [entry])) : outside;
  }

  #call(name: string, answers: Answers): unknown {
    this.#answers = answers;
    this.#fuel.begin();
    return (this.#instances!.main.exports[name] as () => unknown)();
  }

  #exports(): Map<string, number> {
    const exports = Object.entries(this.#instances?.main.exports ?? {});
    return new Map(
      exports.flatMap(([name, value]) => (typeof value === 'function' ? [[name, value.length]] : [])),
    );
  }

  /** The import listener, which is on the caller's thread. */
  #listen(call: ImportCall): (outcome: ImportOutcome) => void {
    this.#request('import', [call]);
    return outcome => {
      const plain = 'error' in outcome ? { error: this.#toPlain(outcome.error) } : outcome;
      this.#request('outcome', [plain]);
    };
  }

  #hostImport({ provider, namespace, name }: Link): (...args: unknown[]) => unknown {
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
  #logImport(name: LogName): (handle: unknown) => unknown {
    const log = this.#remoteImport(name);
    const level = LOG_LEVELS[name.slice('log_'.length) as MessageLevel];
    return handle => {
      this.#kernel.check();
      if (level >= this.#answer.logLevel) log(handle);
    };
  }

  /**
   * Sends a request to the caller's thread and waits for its answer.
   * @throws the reason for which the call was stopped, or an error if the request failed on that thread
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
    const reply = this.#answer.wait();
    kernel.memory.takeOver();
    if (reply === 'stopped') return kernel.stop(STOPPED_THERE);
    if (reply === 'failed') throw new Error(`${to} failed on the caller's thread`);
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
