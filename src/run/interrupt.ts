import type { Clock } from '../../wasi/index.ts';
import { CallError } from '../call-error.ts';
import { messageOf, type PlugboardError } from '../errors.ts';
import { MAX_TIMER_MS, NS_PER_MS } from '../units.ts';

/** Called with the reason when a wait of a suspended call is interrupted. */
type Waiting = (error: unknown) => void;

/** Ends a suspended call: its imports stop waiting. */
export class Interrupt {
  /** Made when `signal` is read first. */
  #controller: AbortController | undefined;
  #reason: PlugboardError | undefined;
  /** The first wait is kept outside the set: there is almost always only one, and a set would be slower. */
  #first: Waiting | null = null;
  readonly #others = new Set<Waiting>();

  /** Fires with the interrupt. For work that can be cancelled, such as a request. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  fire(reason: PlugboardError): void {
    this.#reason ??= reason;
    for (const waiting of this.#first ? [this.#first, ...this.#others] : [...this.#others]) waiting(reason);
    this.#controller?.abort(reason);
  }

  /** Registers `waiting`, to be called when the interrupt fires. Calls it at once if it has fired. */
  join(waiting: Waiting): void {
    if (this.#first) this.#others.add(waiting);
    else this.#first = waiting;
    if (this.#reason) waiting(this.#reason);
  }

  /** Unregisters `waiting`. Returns whether it was registered. */
  leave(waiting: Waiting): boolean {
    if (this.#first !== waiting) return this.#others.delete(waiting);
    this.#first = null;
    return true;
  }

  /**
   * Waits for `work`, or until the interrupt fires. Resolves to `done(value)` if `work` resolves, and to `failed(error)` if it
   * rejects or the interrupt fires before. Rejects with an error that `done` or `failed` throws.
   */
  wait<T, R>(work: PromiseLike<T>, done: (value: T) => R, failed: (error: unknown) => R): Promise<R> {
    // Not Promise.race with one promise for all waits: that promise would keep the results of all waits until the call ends.
    return new Promise((resolve, reject) => {
      const waiting: Waiting = error => {
        if (!this.leave(waiting)) return;
        try {
          resolve(failed(error));
        } catch (thrown) {
          reject(thrown);
        }
      };
      this.join(waiting);
      // Handles rejections also after the wait was interrupted: an unhandled rejection ends the process.
      work.then(value => {
        if (!this.leave(waiting)) return;
        try {
          resolve(done(value));
        } catch (thrown) {
          reject(thrown);
        }
      }, waiting);
    });
  }
}

/** Calls `fn` after `ms`, which may be longer than a timer of the engine takes. Returns a function that cancels it. */
export function startTimer(ms: number, fn: () => void): () => void {
  const waitMs = Math.min(ms, MAX_TIMER_MS);
  let cancel = () => clearTimeout(timer);
  const timer = setTimeout(() => {
    if (waitMs === ms) fn();
    else cancel = startTimer(ms - waitMs, fn);
  }, waitMs);
  return () => cancel();
}

/** Returns a clock whose sleep suspends the plugin and leaves the thread free. The sleep ends when `signal` fires. */
export const suspendingClock = (clock: Clock, signal: () => AbortSignal | undefined): Clock => ({
  ...clock,
  sleepNs: ns =>
    new Promise(resolve => {
      const call = signal();
      const wake = () => {
        stopTimer();
        // Removed, because one call may sleep many times.
        call?.removeEventListener('abort', wake);
        resolve();
      };
      const stopTimer = startTimer(Math.ceil(Number(ns) / NS_PER_MS), wake);
      call?.addEventListener('abort', wake);
    }),
});

export const timedOut = (timeoutMs: number) =>
  new CallError('TIMEOUT', `the plugin took longer than ${timeoutMs} ms (timeoutMs)`);

export const aborted = ({ reason }: AbortSignal, of = '') =>
  new CallError('ABORTED', `${of}the call was aborted: ${messageOf(reason)}`, { cause: reason });

/** @throws {CallError} ABORTED */
export function refuseIfAborted(name: string, signal: AbortSignal): void {
  if (signal.aborted) throw aborted(signal, `${name}: `);
}

/** Runs `work`. Calls `stop` if its time is over, or the signal fires, before it ends. */
export async function stopInTime<T>(
  {
    what,
    signal,
    timeoutMs,
  }: { what: string; signal?: AbortSignal | undefined; timeoutMs?: number | undefined },
  stop: (reason: CallError) => void,
  work: () => Promise<T>,
): Promise<T> {
  if (signal) refuseIfAborted(what, signal);
  const stopTimer = timeoutMs === undefined ? null : startTimer(timeoutMs, () => stop(timedOut(timeoutMs)));
  const abort = () => stop(aborted(signal!));
  signal?.addEventListener('abort', abort);
  try {
    return await work();
  } finally {
    stopTimer?.();
    signal?.removeEventListener('abort', abort);
  }
}

/** Calls `leave` when the signal fires. Returns a function that removes the listener. */
export function leaveOnAbort(
  signal: AbortSignal,
  what: string,
  leave: (error: CallError) => void,
): () => void {
  const onAbort = () => leave(aborted(signal, `${what}: `));
  signal.addEventListener('abort', onAbort);
  return () => signal.removeEventListener('abort', onAbort);
}

export const waitedTooLong = (what: string, queueTimeoutMs: number) =>
  new CallError(
    'QUEUE_TIMEOUT',
    `${what}: waited ${queueTimeoutMs} ms (queueTimeoutMs) while a host function of the running call did not return. If that ` +
      'host function waits for this call, they wait for each other: make the call after it has returned, or use a second ' +
      'plugin. Else raise queueTimeoutMs',
  );
