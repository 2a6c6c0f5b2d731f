import type { Platform } from '../platform/types.ts';
import { Turns, type Watch } from '../run/turns.ts';
import type { Later } from '../values/later.ts';
import type { ExtismEngine } from './engine/engine.ts';
import type { Inbox } from './inbox.ts';
import { aborted } from './mailbox.ts';
import type { Packet } from './message/message.ts';
import { ProcessError } from './process-error.ts';

/**
 * Runs the tasks of one actor one after the other. A task may wait for a host function that itself waits for a later task.
 * Such a deadlock ends after `queueTimeoutMs`, as for calls of one plugin.
 */
export class ActorTurns {
  readonly #turns: Turns;
  readonly #engine: () => ExtismEngine;

  /** @param engine Returns the engine of the running task */
  constructor(engine: () => ExtismEngine, keepAlive: Platform['keepAlive']) {
    this.#engine = engine;
    this.#turns = new Turns(keepAlive);
  }

  get isIdle(): boolean {
    return this.#turns.isIdle;
  }

  /** Resolves when no task runs or waits. */
  whenIdle(): Promise<void> {
    return this.#turns.whenIdle();
  }

  /**
   * Runs a task after the tasks before it, and at once if there is none. Returns a promise only if the task waits or has to.
   * @throws {ProcessError} ABORTED or QUEUE_TIMEOUT when its wait ends before its turn
   */
  take<T>(what: string, task: () => Later<T>, signal?: AbortSignal): Later<T> {
    return this.#turns.isFree ? this.#turns.begin(task) : this.#turns.run(task, this.#watch(what, signal));
  }

  #watch(what: string, signal: AbortSignal | undefined): Watch {
    return leave => {
      const fail = (error: Error) => leave(new ProcessError(error, []));
      const onAbort = () => fail(aborted(what, signal!));
      signal?.addEventListener('abort', onAbort);
      const unbound = this.#engine().calls.boundWait(what, fail);
      return () => {
        signal?.removeEventListener('abort', onAbort);
        unbound();
      };
    };
  }

  /** Waits for work that itself waits for tasks. If this wait ends early, the work goes on. */
  bound<T>(what: string, work: Promise<T>): Promise<T> {
    if (!this.#engine().calls.mayWaitForThis()) return work;
    const waiting = new Promise<T>((resolve, reject) => {
      const unbound = this.#engine().calls.boundWait(what, reject);
      work.finally(unbound).then(resolve, reject);
    });
    // No unhandled rejection when a host function stops its actor without waiting for the promise.
    waiting.catch(() => {});
    return waiting;
  }

  /** Sends to an inbox. A full inbox may have no room before the running task has ended, so this wait is bounded too. */
  async send(inbox: Inbox, packet: Packet, signal: AbortSignal | undefined): Promise<void> {
    if (!this.#engine().calls.mayWaitForThis()) return inbox.send(packet, signal);
    const bound = new AbortController();
    const unbound = this.#engine().calls.boundWait('inports', error => bound.abort(error));
    try {
      await inbox.send(packet, signal ? AbortSignal.any([signal, bound.signal]) : bound.signal);
    } catch (error) {
      throw bound.signal.aborted ? bound.signal.reason : error;
    } finally {
      unbound();
    }
  }
}
