import type { Clock } from '../wasi/index.ts';
import { CallError } from './call.ts';
import type { PlugboardError } from './errors.ts';

/** @param result what was waited for, or else why it did not come */
type Follower = (isDone: boolean, result: unknown) => void;

/** Ends a call that is suspended: whatever its import waits for, it waits no longer. */
export class Interrupt {
  /** Made when it is asked for. */
  #controller: AbortController | undefined;
  #reason: PlugboardError | undefined;
  /** Whoever waits, and is to be told. It is one almost always, which needs no set. */
  #first: Follower | null = null;
  readonly #others = new Set<Follower>();

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
    const followers = this.#first ? [this.#first, ...this.#others] : [...this.#others];
    for (const follower of followers) if (this.#leave(follower)) follower(false, reason);
    this.#controller?.abort(reason);
  }

  /** Tells `follower` how `work` settles, or of the interrupt when that is fired before. */
  follow(work: PromiseLike<unknown>, follower: Follower): void {
    if (!this.#reason) {
      if (this.#first) this.#others.add(follower);
      else this.#first = follower;
    }
    // Also where nobody waits any more: what rejects must not go by unheard, which ends a process.
    work.then(
      value => {
        if (this.#leave(follower)) follower(true, value);
      },
      error => {
        if (this.#leave(follower)) follower(false, error);
      },
    );
    if (this.#reason) follower(false, this.#reason);
  }

  /** Whether it still waited. */
  #leave(follower: Follower): boolean {
    if (this.#first !== follower) return this.#others.delete(follower);
    this.#first = null;
    return true;
  }

  /** What `work` settles to, unless the interrupt is fired before. */
  race<T>(work: PromiseLike<T>): Promise<T> {
    // Not Promise.race with one promise for all: it would keep what each waited for until the call ends.
    return new Promise((resolve, reject) =>
      this.follow(work, (isDone, result) => (isDone ? resolve(result as T) : reject(result))),
    );
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
