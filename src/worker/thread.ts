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
    const onMessage = (message: unknown) => this.#receive(message as Request | Ended);
    try {
      this.#handle = platform.startWorker({ onMessage, onDeath: reason => this.terminate(reason) }, args);
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
      this.#handle.keepAlive(true);
      this.#memory.handOver();
      this.#handle.post(order);
    });
  }

  /** Ends the worker, whatever it does; an order that it carries out fails. */
  terminate(reason = 'it was ended'): void {
    if (this.#isDead) return;
    this.#isDead = true;
    const running = this.#running;
    this.#running = null;
    running?.reject(workerFailed(reason));
    // Not every engine wakes what waits for shared memory.
    this.answer.give('ended');
    this.#handle.keepAlive(false);
    this.#handle.terminate();
  }

  #receive(message: Request | Ended): void {
    if (this.#isDead) return;
    this.#memory.takeOver();
    if (message.kind === 'request') {
      void this.#serveRequest(message);
      return;
    }
    const { resolve } = this.#running!;
    this.#running = null;
    this.#handle.keepAlive(false);
    resolve(message);
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
