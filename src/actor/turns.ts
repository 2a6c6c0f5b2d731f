import type { Platform } from '../platform/types.ts';
import { Turns } from '../turns.ts';
import type { ExtismEngine } from './engine.ts';
import type { Inbox } from './inbox.ts';
import { aborted } from './mailbox.ts';
import type { Packet } from './message.ts';
import { ProcessError } from './process-error.ts';

/**
 * Runs the tasks of one actor one after the other. A host function of its plugin may wait for a later task, which waits
 * for the host function: such waits end after `queueTimeoutMs`, as those for a plugin do.
 */
export class ActorTurns {
  readonly #turns: Turns;
  readonly #engine: () => ExtismEngine;

  /** @param engine of the running task */
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

  /** Runs a task after those before it. @throws {ProcessError} ABORTED or QUEUE_TIMEOUT when it leaves the queue before */
  take<T>(what: string, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#turns.run(task, leave => {
      const fail = (error: Error) => leave(new ProcessError(error, []));
      const onAbort = () => fail(aborted(what, signal!));
      signal?.addEventListener('abort', onAbort);
      const unbound = this.#engine().boundWait(what, fail);
      return () => {
        signal?.removeEventListener('abort', onAbort);
        unbound();
      };
    });
  }

  /** Waits for `work`, which waits for tasks and goes on when this wait ends. */
  bound<T>(what: string, work: Promise<T>): Promise<T> {
    if (!this.#engine().mayWaitForItself) return work;
    const waiting = new Promise<T>((resolve, reject) => {
      const unbound = this.#engine().boundWait(what, reject);
      work.finally(unbound).then(resolve, reject);
    });
    // A host function may stop its actor and not wait for it.
    waiting.catch(() => {});
    return waiting;
  }

  /** Sends to an inbox that may be full until the running task has ended. */
  async send(inbox: Inbox, packet: Packet, signal: AbortSignal | undefined): Promise<void> {
    if (!this.#engine().mayWaitForItself) return inbox.send(packet, signal);
    const bound = new AbortController();
    const unbound = this.#engine().boundWait('inports', error => bound.abort(error));
    try {
      await inbox.send(packet, signal ? AbortSignal.any([signal, bound.signal]) : bound.signal);
    } catch (error) {
      throw bound.signal.aborted ? bound.signal.reason : error;
    } finally {
      unbound();
    }
  }
}
