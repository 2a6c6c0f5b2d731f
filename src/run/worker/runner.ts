import {
  compileAccessors,
  createSharedBacking,
  type EnvFunctionName,
  LOG_LEVELS,
  type SharedBacking,
} from '../../../abi/index.ts';
import { messageOf, PlugboardError } from '../../errors.ts';
import type { Settings } from '../../given/settings.ts';
import { type WaitingHostCall, wrapAsyncHostFunction } from '../../host/function.ts';
import type { ImportCall, ImportListener, ImportOutcome } from '../../host/listener.ts';
import type { OutsideEntry } from '../../host/outside.ts';
import type { Tap } from '../../host/tap.ts';
import type { Execution } from '../../link/execution.ts';
import type { LinkedModule, LinkPlan } from '../../link/plan.ts';
import { MAIN } from '../../module/source.ts';
import type { Platform } from '../../platform/types.ts';
import type { Runner, RunnerExport } from '../runner.ts';
import type { Reply } from './answer.ts';
import {
  type Answers,
  type Finished,
  fromPlain,
  type Order,
  type PlainOutcome,
  type Request,
} from './protocol.ts';
import { makeRoom } from './room.ts';
import { collectInKept, Thread, workerFailed } from './thread.ts';

/** The side of the caller's thread. */
export interface WorkerHost {
  platform: Platform;
  settings: Settings;
  tap: Tap<Settings> | undefined;
  /** Imports of the reference kernel, with an `http_request` that returns a promise. */
  kernelImports: Readonly<Record<EnvFunctionName, Served>>;
  hostCall: WaitingHostCall;
}

/**
 * A function that the caller's thread runs for the worker. If it throws and the call has been stopped, the plugin's code
 * is stopped too. If it throws otherwise, the request fails in the worker.
 */
type Served = (...args: never[]) => unknown;

/**
 * Runs the plugin in a worker, which can be ended by force. The worker runs the kernel's loads and stores itself, on memory
 * that both threads share. For any other import it waits until the caller's thread has run it.
 * RATIONALE: how-does-a-plugin-in-a-worker-reach-its-host
 */
export class WorkerRunner implements Runner {
  readonly #execution: Execution;
  readonly #host: WorkerHost;
  readonly #plan: LinkPlan;
  readonly #served: ReadonlyMap<number | string, Served>;
  #thread: Thread | null = null;
  /** Result of the last order that succeeded; null while there are no instances. */
  #ready: Finished | null = null;
  #pages = 0;
  #growth: readonly number[] = [];
  #fuelUsed = 0;
  /** Gets the outcome of the import in which the plugin is, if the listener wants it. */
  #heard: ReturnType<ImportListener>;
  module: string = MAIN;
  readonly main = null;

  constructor(execution: Execution, host: WorkerHost) {
    this.#execution = execution;
    this.#host = host;
    const { plan, kernel, stdout, stderr, onDiagnostic, listener } = execution;
    const served = new Map<number | string, Served>(Object.entries(host.kernelImports));
    this.#plan = numberImports(plan, host.hostCall, served);
    this.#served = served
      .set('stdout', (bytes: Uint8Array) => stdout.write(bytes))
      .set('stderr', (bytes: Uint8Array) => stderr.write(bytes))
      .set('diagnostic', onDiagnostic)
      .set('makeRoom', makeRoom)
      .set('outside', host.tap?.replayed?.indexOf ?? ((entry: OutsideEntry) => host.tap!.note(entry)))
      .set('import', (call: ImportCall) => {
        this.#heard = listener!(call);
        // The worker gets this reason instead of the answer, and does not run the function.
        if (kernel.ended) this.#tellOutcome({ error: kernel.ended });
      })
      .set('outcome', (outcome: PlainOutcome) => {
        // If this thread has stopped the call, the worker does not know the reason.
        const reason = kernel.ended;
        this.#tellOutcome('error' in outcome ? { error: reason ?? fromPlain(outcome.error) } : outcome);
      });
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
    const { limits, tier, kernel } = this.#execution;
    const { platform, settings, tap } = this.#host;
    const { nodeWorkerArgs, maxKernelBytes, kernelLimitedBy, strict, mounts } = settings;
    const backing = await sharedBacking(platform);
    // New memory, because an ended worker may still write to its old memory.
    kernel.memory.moveTo(backing);
    kernel.begin();
    const serve = (request: Request) => this.#serve(request);
    this.#thread = new Thread({ platform, args: nodeWorkerArgs, memory: kernel.memory, serve });
    await this.#thread.run({
      kind: 'setup',
      plan: this.#plan,
      limits,
      tier,
      accessors: tier === 'accessors' ? compileAccessors('shared') : null,
      backing,
      answers: this.#thread.answer.buffer,
      maxKernelBytes,
      kernelLimitedBy,
      strict,
      mounts,
      listens: this.#execution.listener !== undefined,
      records: tap !== undefined,
      replayed: tap?.replayed?.folders ?? null,
    });
  }

  async start(): Promise<void> {
    this.#ready = null;
    // The worker may have died since `prepare` was called for this call.
    await this.#host.hostCall.race(this.prepare());
    await this.#run(this.#thread!, { kind: 'start', answers: this.#answers() });
  }

  find(name: string): RunnerExport {
    return {
      parameters: this.#ready!.exports.get(name)!,
      call: () => this.#run(this.#thread!, { kind: 'call', name, answers: this.#answers() }),
    };
  }

  pages(): number {
    return this.#ready === null ? 0 : this.#pages;
  }

  growth(): readonly number[] {
    return this.#growth;
  }

  takeFuel(): number {
    return this.#fuelUsed;
  }

  restore(): boolean {
    return false;
  }

  readonly whyNotFresh = 'it runs in a worker';

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
    const dropped = thread?.isIdle ? await thread.run({ kind: 'drop' }).catch(() => null) : null;
    // A worker that could not close its files is ended, which closes them.
    thread?.release(dropped?.thrown === null ? this.#host.settings.keptWorkers : 0);
  }

  #answers(): Answers {
    return this.#host.tap?.replayed?.answers() ?? [];
  }

  async #run(thread: Thread, order: Order): Promise<unknown> {
    const { kernel } = this.#execution;
    this.#shareLogLevel(thread);
    this.#fuelUsed = 0;
    let finished: Finished;
    try {
      finished = await this.#host.hostCall.race(thread.run(order));
    } catch (error) {
      // A stopped worker cannot tell the outcome of the import in which it waited.
      this.#tellOutcome({ error });
      throw error;
    }
    this.module = finished.module;
    this.#pages = finished.pages;
    this.#growth = finished.growth;
    this.#fuelUsed = finished.fuelUsed;
    if (finished.reason) kernel.markEnded(fromPlain(finished.reason));
    if (finished.thrown) throw fromPlain(finished.thrown);
    this.#ready = finished;
    return finished.result;
  }

  #tellOutcome(outcome: ImportOutcome): void {
    const heard = this.#heard;
    this.#heard = undefined;
    heard?.(outcome);
  }

  /** Copies the log level to the worker. Called again after each request, because a host function may have changed it. */
  #shareLogLevel({ answer }: Thread): void {
    answer.logLevel = LOG_LEVELS[this.#execution.kernel.logLevel];
  }

  async #serve({ to, args }: Request): Promise<{ reply: Reply; results?: unknown }> {
    const { kernel } = this.#execution;
    try {
      const results = await this.#served.get(to)!(...(args as never[]));
      if (this.#thread) this.#shareLogLevel(this.#thread);
      return { reply: kernel.ended ? 'stopped' : 'ok', results };
    } catch {
      return { reply: kernel.ended ? 'stopped' : 'failed' };
    }
  }
}

/** Returns a new shared memory. If the engine has no room for it, the kept workers make some. */
async function sharedBacking(platform: Platform): Promise<SharedBacking> {
  try {
    return createSharedBacking();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    await collectInKept(platform);
    return createSharedBacking();
  }
}

/** Returns the plan for the worker: each host function is replaced by a number, under which `served` holds it. */
function numberImports(
  plan: LinkPlan,
  hostCall: WaitingHostCall,
  served: Map<number | string, Served>,
): LinkPlan {
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
