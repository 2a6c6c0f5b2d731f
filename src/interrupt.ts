import type { Clock } from '../wasi/index.ts';
import { CallError } from './call.ts';
import type { PlugboardError } from './errors.ts';

/** Whoever waits for what a call is suspended for: told why it does not come. */
type Waiting = (error: unknown) => void;

/** Ends a call that is suspended: whatever its import waits for, it waits no longer. */
export class Interrupt {
  /** Made when it is asked for. */
  #controller: AbortController | undefined;
  #reason: PlugboardError | undefined;
  /** It is one almost always, which needs no set. */
  #first: Waiting | null = null;
  readonly #others = new Set<Waiting>();

  /** For what can be told to stop, such as a request. */
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

  /** Has `waiting` told when the interrupt is fired, at once if it was. */
  join(waiting: Waiting): void {
    if (this.#first) this.#others.add(waiting);
    else this.#first = waiting;
    if (this.#reason) waiting(this.#reason);
  }

  /** Whether it still waited. */
  leave(waiting: Waiting): boolean {
    if (this.#first !== waiting) return this.#others.delete(waiting);
    this.#first = null;
    return true;
  }

  /**
   * What `done` makes of what `work` settles to, or `failed` of why it rejects, or of the reason when the interrupt is fired
   * before. What they throw rejects.
   */
  wait<T, R>(work: PromiseLike<T>, done: (value: T) => R, failed: (error: unknown) => R): Promise<R> {
    // Not Promise.race with one promise for all: it would keep what each waited for until the call ends.
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
      // Also where nobody waits any more: what rejects must not go by unheard, which ends a process.
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

const NS_PER_MS = 1_000_000;
/** Of timers. Whoever sleeps longer is woken early. */
const LONGEST_MS = 2 ** 31 - 1;

/** A clock that lets the thread go on while a plugin sleeps, and wakes it when `signal` says that its call has ended. */
export const suspendingClock = (clock: Clock, signal: () => AbortSignal | undefined): Clock => ({
  ...clock,
  sleepNs: ns =>
    new Promise(resolve => {
      const call = signal();
      const wake = () => {
        clearTimeout(timer);
        // One call may sleep many times.
        call?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(Math.ceil(Number(ns) / NS_PER_MS), LONGEST_MS));
      call?.addEventListener('abort', wake);
    }),
});

export const timedOut = (timeoutMs: number) =>
  new CallError('TIMEOUT', `the plugin took longer than ${timeoutMs} ms (timeoutMs)`);

export const aborted = ({ reason }: AbortSignal, of = '') =>
  new CallError(
    'ABORTED',
    `${of}the call was aborted: ${reason instanceof Error ? reason.message : String(reason)}`,
    { cause: reason },
  );

/** @throws {CallError} ABORTED */
export function refuseIfAborted(name: string, signal: AbortSignal): void {
  if (signal.aborted) throw aborted(signal, `${name}: `);
}

/** Does `work`, and calls `stop` when its time is over or the signal fires before it ends. */
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
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => stop(timedOut(timeoutMs)), timeoutMs);
  const abort = () => stop(aborted(signal!));
  signal?.addEventListener('abort', abort);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** Returns a function that takes it back. */
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
