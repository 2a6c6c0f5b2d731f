import type { KernelMemory } from '../../abi/index.ts';
import { PlugboardError } from '../errors.ts';
import type { Platform, WorkerHandle } from '../platform/types.ts';
import { Answer, type Outcome } from './answer.ts';
import type { Ended, Order, Request } from './protocol.ts';

export interface ThreadOptions {
  platform: Platform;
  /** Options of the runtime for its workers. */
  args: Readonly<Record<string, unknown>>;
  /** This thread's side of the memory in the setup. */
  memory: KernelMemory;
  serve: (request: Request) => Promise<{ outcome: Outcome; results?: unknown }>;
}

/** Those that carry out an order: whoever awaits it may be reachable from nowhere else. */
const working = new Set<Thread>();

/**
 * A worker lives until it is ended: also that of a plugin which nobody closes and nobody can reach any more. Made with the
 * first worker, since runtimes without workers may not have the class.
 */
let unreachable: FinalizationRegistry<WorkerHandle> | undefined;
const makeRegistry = () =>
  new FinalizationRegistry<WorkerHandle>(handle => handle.post({ kind: 'drop' } satisfies Order));

/** One worker, as the caller's thread has it: carries out one order at a time, the setup first, and is served meanwhile. */
export class Thread {
  readonly #handle: WorkerHandle;
  readonly #memory: KernelMemory;
  readonly #serve: ThreadOptions['serve'];
  /** Goes into the setup. */
  readonly answer = new Answer();
  #running: { resolve: (ended: Ended) => void; reject: (error: Error) => void } | null = null;
  #isDead = false;

  /** @throws {PlugboardError} WORKER_FAILED */
  constructor({ platform, args, memory, serve }: ThreadOptions) {
    this.#memory = memory;
    this.#serve = serve;
    // A live worker keeps its listeners, which would keep the plugin wherever a host function refers to it.
    const self = new WeakRef(this);
    try {
      const handle = platform.startWorker(
        {
          onMessage: message => {
            const thread = self.deref();
            if (thread) thread.#receive(message as Request | Ended);
            // It has closed its files.
            else handle.terminate();
          },
          onDeath: reason => self.deref()?.terminate(reason),
        },
        args,
      );
      this.#handle = handle;
      unreachable ??= makeRegistry();
      unreachable.register(this, handle, this);
    } catch (error) {
      throw workerFailed((error as Error).message);
    }
  }

  /** Whether it can be given an order: it lives, and does nothing. */
  get isIdle(): boolean {
    return !this.#isDead && this.#running === null;
  }

  /** @throws {PlugboardError} WORKER_FAILED as a rejection when the worker dies */
  run(order: Order): Promise<Ended> {
    if (!this.isIdle) throw new Error('BUG: the worker is busy or dead');
    return new Promise((resolve, reject) => {
      this.#running = { resolve, reject };
      working.add(this);
      this.#handle.keepAlive(true);
      this.#memory.handOver();
      this.#handle.post(order);
    });
  }

  /** Ends the worker, whatever it does; an order that it carries out fails. */
  terminate(reason = 'it was ended'): void {
    if (this.#isDead) return;
    this.#isDead = true;
    unreachable?.unregister(this);
    this.#settle()?.reject(workerFailed(reason));
    // Not every engine wakes what waits for shared memory, or ends what runs.
    this.answer.giveLast();
    this.#handle.keepAlive(false);
    this.#handle.terminate();
  }

  #receive(message: Request | Ended): void {
    this.#memory.takeOver();
    if (message.kind === 'request') {
      void this.#serveRequest(message);
      return;
    }
    this.#handle.keepAlive(false);
    this.#settle()!.resolve(message);
  }

  /** The order is over. */
  #settle(): { resolve: (ended: Ended) => void; reject: (error: Error) => void } | null {
    const running = this.#running;
    this.#running = null;
    working.delete(this);
    return running;
  }

  async #serveRequest(request: Request): Promise<void> {
    const { outcome, results } = await this.#serve(request);
    if (this.#isDead) return;
    this.#memory.handOver();
    this.answer.give(outcome, results);
  }
}

/** @param reason why it died, or could not be started */
export const workerFailed = (reason: string): PlugboardError =>
  new PlugboardError('WORKER_FAILED', `the plugin's worker died, or could not be started: ${reason}`);
