import type { KernelMemory } from '../../../abi/index.ts';
import { messageOf, PlugboardError } from '../../errors.ts';
import type { Platform, WorkerHandle } from '../../platform/types.ts';
import { Answer, type Reply } from './answer.ts';
import type { Finished, Order, Request } from './protocol.ts';

export interface ThreadOptions {
  platform: Platform;
  /** Options of the runtime for its workers. */
  args: Readonly<Record<string, unknown>>;
  /** Kernel memory of the caller's thread. The setup gives the worker the same memory. */
  memory: KernelMemory;
  serve: (request: Request) => Promise<{ reply: Reply; results?: unknown }>;
}

/** Threads that carry out an order. Keeps them alive: the code that awaits the order may be reachable only through them. */
const working = new Set<Thread>();

/**
 * Ends the workers of plugins that became unreachable without `close`: a worker lives until it is terminated. The registry
 * is made with the first worker, because runtimes without workers may not have the class.
 */
let unreachable: FinalizationRegistry<WorkerHandle> | undefined;
const makeRegistry = () =>
  new FinalizationRegistry<WorkerHandle>(handle => handle.post({ kind: 'drop' } satisfies Order));

/** A worker, and the thread that it serves: null while it is kept for a later plugin. */
interface Started {
  readonly handle: WorkerHandle;
  readonly platform: Platform;
  /** Weak: a live worker keeps its listeners. They would keep the plugin alive if a host function refers to it. */
  owner: WeakRef<Thread> | null;
  /** Set while the worker collects its memories. Called with whether it lives. */
  onCollected: ((lives: boolean) => void) | null;
}

/** Idle workers of plugins that were closed. All were started without options of the runtime. */
const kept: Started[] = [];

const isPlain = (args: ThreadOptions['args']): boolean => Object.keys(args).length === 0;

/** Takes a worker that was kept. */
function takeKept({ platform, args }: ThreadOptions): Started | undefined {
  const index = isPlain(args) ? kept.findLastIndex(started => started.platform === platform) : -1;
  return index === -1 ? undefined : kept.splice(index, 1)[0];
}

/**
 * Has the workers that are kept collect their unused memories. All threads of a process share its addresses, and a thread that
 * finds none left collects only its own memories.
 */
export async function collectInKept(platform: Platform): Promise<void> {
  const asked = kept.filter(started => started.platform === platform);
  await Promise.all(
    asked.map(async started => {
      // Nothing may take it before it has answered.
      kept.splice(kept.indexOf(started), 1);
      started.handle.keepAlive(true);
      started.handle.post({ kind: 'collect' } satisfies Order);
      const lives = await new Promise<boolean>(resolve => {
        started.onCollected = resolve;
      });
      started.onCollected = null;
      started.handle.keepAlive(false);
      if (lives) kept.push(started);
    }),
  );
}

/** The caller's side of one worker. Sends one order at a time, the setup first, and serves the worker's requests meanwhile. */
export class Thread {
  readonly #started: Started;
  readonly #mayBeKept: boolean;
  readonly #memory: KernelMemory;
  readonly #serve: ThreadOptions['serve'];
  /** Shared with the worker through the setup. */
  readonly answer = new Answer();
  #running: { resolve: (finished: Finished) => void; reject: (error: Error) => void } | null = null;
  #isDead = false;

  /** @throws {PlugboardError} WORKER_FAILED */
  constructor(options: ThreadOptions) {
    this.#memory = options.memory;
    this.#serve = options.serve;
    this.#mayBeKept = isPlain(options.args);
    try {
      this.#started = takeKept(options) ?? Thread.#start(options);
      this.#started.owner = new WeakRef(this);
      unreachable ??= makeRegistry();
      unreachable.register(this, this.#started.handle, this);
    } catch (error) {
      throw workerFailed(messageOf(error));
    }
  }

  static #start({ platform, args }: ThreadOptions): Started {
    const handle = platform.startWorker(
      {
        onMessage: message => {
          const thread = started.owner?.deref();
          if (started.onCollected) started.onCollected(true);
          else if (thread) thread.#receive(message as Request | Finished);
          // The answer to the `drop` of the registry: the worker has closed its files.
          else handle.terminate();
        },
        onDeath: reason => {
          if (kept.includes(started)) kept.splice(kept.indexOf(started), 1);
          started.onCollected?.(false);
          started.owner?.deref()?.terminate(reason);
        },
      },
      args,
    );
    const started: Started = { handle, platform, owner: null, onCollected: null };
    return started;
  }

  /** Whether the worker can take an order: it is alive and carries out none. */
  get isIdle(): boolean {
    return !this.#isDead && this.#running === null;
  }

  /** @throws {PlugboardError} WORKER_FAILED as a rejection when the worker dies */
  run(order: Order): Promise<Finished> {
    if (!this.isIdle) throw new Error('BUG: the worker is busy or dead');
    return new Promise((resolve, reject) => {
      this.#running = { resolve, reject };
      working.add(this);
      this.#started.handle.keepAlive(true);
      this.#memory.handOver();
      this.#started.handle.post(order);
    });
  }

  /** Ends the worker, even while it runs code. A running order is rejected with WORKER_FAILED. */
  terminate(reason = 'it was ended'): void {
    if (this.#isDead) return;
    this.#isDead = true;
    unreachable?.unregister(this);
    this.#settle()?.reject(workerFailed(reason));
    // Not every engine wakes a terminated worker that waits for shared memory, or stops its running code.
    this.answer.giveLast();
    this.#started.handle.keepAlive(false);
    this.#started.handle.terminate();
  }

  /** Ends an idle worker that has carried out `drop`, or keeps it for a later plugin if fewer than `most` are kept. */
  release(most: number): void {
    const same = kept.filter(({ platform }) => platform === this.#started.platform);
    if (!this.isIdle || !this.#mayBeKept || same.length >= most) {
      this.terminate();
      return;
    }
    this.#isDead = true;
    unreachable?.unregister(this);
    this.#started.owner = null;
    kept.push(this.#started);
  }

  #receive(message: Request | Finished): void {
    this.#memory.takeOver();
    if (message.kind === 'request') {
      void this.#serveRequest(message);
      return;
    }
    this.#started.handle.keepAlive(false);
    this.#settle()!.resolve(message);
  }

  /** Marks the order as over and returns its callbacks. */
  #settle(): { resolve: (finished: Finished) => void; reject: (error: Error) => void } | null {
    const running = this.#running;
    this.#running = null;
    working.delete(this);
    return running;
  }

  async #serveRequest(request: Request): Promise<void> {
    const { reply, results } = await this.#serve(request);
    if (this.#isDead) return;
    this.#memory.handOver();
    this.answer.give(reply, results);
  }
}

/** @param reason why the worker died, or could not be started */
export const workerFailed = (reason: string): PlugboardError =>
  new PlugboardError('WORKER_FAILED', `the plugin's worker died, or could not be started: ${reason}`);
