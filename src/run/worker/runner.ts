import {
  compileAccessors,
  createSharedBacking,
  type EnvImports,
  type Kernel,
  type KernelTier,
  LOG_LEVELS,
} from '../../../abi/index.ts';
import type { LineSink } from '../../../wasi/index.ts';
import { messageOf, PlugboardError } from '../../errors.ts';
import type { Diagnostic } from '../../given/options.ts';
import type { Settings } from '../../given/settings.ts';
import { type HostCall, wrapAsyncHostFunction } from '../../host/function.ts';
import type { LinkedModule, LinkPlan } from '../../link/plan.ts';
import { MAIN } from '../../module/source.ts';
import type { Platform } from '../../platform/types.ts';
import type { AsyncImport } from '../host-imports.ts';
import type { Runner, RunnerExport } from '../runner.ts';
import type { Outcome } from './answer.ts';
import { type Ended, fromPlain, type Order, type Request } from './protocol.ts';
import { Thread, workerFailed } from './thread.ts';

export interface WorkerRunnerParts {
  platform: Platform;
  settings: Settings;
  plan: LinkPlan;
  kernel: Kernel;
  /** Imports of the reference kernel, with an `http_request` that returns a promise. */
  kernelImports: Readonly<Record<string, EnvImports[string] | AsyncImport>>;
  tier: KernelTier;
  /** Whether checks in the plugin's own code stop it, because the runtime cannot end a worker by force. */
  isMetered: boolean;
  hostCall: HostCall;
  stdout: LineSink;
  stderr: LineSink;
  onDiagnostic: (diagnostic: Diagnostic) => void;
}

/**
 * A function that the caller's thread runs for the worker. If it throws and the call has been ended, the plugin's call ends.
 * If it throws otherwise, the request fails in the worker.
 */
type Served = (...args: never[]) => unknown;

/**
 * Runs the plugin in a worker, which can be ended by force. The worker runs the kernel's loads and stores itself, on memory
 * that both threads share. For any other import it waits until the caller's thread has run it.
 * RATIONALE: how-does-a-plugin-in-a-worker-reach-its-host
 */
export class WorkerRunner implements Runner {
  readonly #parts: WorkerRunnerParts;
  readonly #plan: LinkPlan;
  readonly #served: ReadonlyMap<number | string, Served>;
  #thread: Thread | null = null;
  /** Result of the last order that succeeded; null while there are no instances. */
  #ready: Ended | null = null;
  #growth: readonly number[] = [];
  module: string = MAIN;
  readonly main = null;

  constructor(parts: WorkerRunnerParts) {
    this.#parts = parts;
    const served = new Map<number | string, Served>(Object.entries(parts.kernelImports));
    this.#plan = numberImports(parts.plan, parts.hostCall, served);
    this.#served = served
      .set('stdout', (bytes: Uint8Array) => parts.stdout.write(bytes))
      .set('stderr', (bytes: Uint8Array) => parts.stderr.write(bytes))
      .set('diagnostic', parts.onDiagnostic);
  }

  get isReady(): boolean {
    // The worker may have died since its last call.
    return this.#ready !== null && this.#thread?.isIdle === true;
  }

  async prepare(): Promise<void> {
    if (this.#thread?.isIdle) return;
    try {
      await this.#startThread();
    } catch (error) {
      this.#thread?.terminate();
      // One cause: the engine has no room for the shared memory.
      throw error instanceof PlugboardError ? error : workerFailed(messageOf(error));
    }
  }

  async #startThread(): Promise<void> {
    this.#ready = null;
    const { platform, settings, kernel, tier, isMetered } = this.#parts;
    const backing = createSharedBacking();
    // New memory, because an ended worker may still write to its old memory.
    kernel.memory.moveTo(backing);
    kernel.begin();
    const args = settings.nodeWorkerArgs;
    const serve = (request: Request) => this.#serve(request);
    this.#thread = new Thread({ platform, args, memory: kernel.memory, serve });
    await this.#thread.run({
      kind: 'setup',
      plan: this.#plan,
      tier,
      isMetered,
      tracksGrowth: settings.maxGrowthPages !== undefined,
      accessors: tier === 'accessors' ? compileAccessors('shared') : null,
      backing,
      answers: this.#thread.answer.buffer,
      maxKernelBytes: settings.maxKernelBytes,
      strict: settings.strict,
      mounts: settings.mounts,
    });
  }

  async start(): Promise<void> {
    this.#ready = null;
    // The worker may have died since `prepare` was called for this call.
    await this.#parts.hostCall.race(this.prepare());
    await this.#run(this.#thread!, { kind: 'start' });
  }

  find(name: string): RunnerExport | undefined {
    const parameters = this.#ready!.exports.get(name);
    if (parameters === undefined) return undefined;
    return { parameters, call: () => this.#run(this.#thread!, { kind: 'call', name }) };
  }

  growth(): readonly number[] {
    return this.#growth;
  }

  drop(): void {
    this.#ready = null;
    if (this.#thread?.isIdle) return;
    this.#thread?.terminate();
    this.#thread = null;
  }

  /** Sends `drop` first, which closes the plugin's files: not every runtime closes them when a worker ends. */
  async close(): Promise<void> {
    const thread = this.#thread;
    this.#ready = this.#thread = null;
    if (thread?.isIdle) await thread.run({ kind: 'drop' }).catch(() => {});
    thread?.terminate();
  }

  async #run(thread: Thread, order: Order): Promise<unknown> {
    const { kernel, hostCall } = this.#parts;
    this.#shareLogLevel(thread);
    const ended = await hostCall.race(thread.run(order));
    this.module = ended.module;
    this.#growth = ended.growth;
    if (ended.reason) kernel.markEnded(fromPlain(ended.reason));
    if (ended.thrown) throw fromPlain(ended.thrown);
    this.#ready = ended;
    return ended.result;
  }

  /** Copies the log level to the worker. Called again after each request, because a host function may have changed it. */
  #shareLogLevel({ answer }: Thread): void {
    answer.logLevel = LOG_LEVELS[this.#parts.kernel.logLevel];
  }

  async #serve({ to, args }: Request): Promise<{ outcome: Outcome; results?: unknown }> {
    const { kernel } = this.#parts;
    try {
      const results = await this.#served.get(to)!(...(args as never[]));
      if (this.#thread) this.#shareLogLevel(this.#thread);
      return { outcome: kernel.ended ? 'ended' : 'ok', results };
    } catch {
      return { outcome: kernel.ended ? 'ended' : 'failed' };
    }
  }
}

/** Returns the plan for the worker: each host function is replaced by a number, under which `served` holds it. */
function numberImports(plan: LinkPlan, hostCall: HostCall, served: Map<number | string, Served>): LinkPlan {
  let next = 0;
  const modules = [...plan.modules.values()].map((module): LinkedModule => {
    const links = module.links.map(link => {
      const { namespace, name, type, provider } = link;
      if (provider.kind !== 'host') return link;
      const index = next++;
      served.set(index, wrapAsyncHostFunction(`${namespace}.${name}`, provider.fn, type, hostCall));
      return { ...link, provider: { kind: 'remote', index } as const };
    });
    return { ...module, links };
  });
  const byName = new Map(modules.map(module => [module.name, module]));
  return { modules: byName, main: byName.get(MAIN)! };
}
