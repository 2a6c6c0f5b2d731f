import type { Clock } from '../wasi/index.ts';
import { CallError } from './call.ts';
import type { PlugboardError } from './errors.ts';

/** Ends a call that is suspended: whatever its import waits for, it waits no longer. */
export class Interrupt {
  readonly #controller = new AbortController();
  readonly #fired: Promise<never>;
  #reject: (reason: PlugboardError) => void = () => {};

  constructor() {
    this.#fired = new Promise((_, reject) => {
      this.#reject = reject;
    });
    // Where nothing waits when it is fired, nobody is to be told.
    this.#fired.catch(() => {});
  }

  /** For what can be told to stop, such as a request. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  fire(reason: PlugboardError): void {
    this.#reject(reason);
    this.#controller.abort(reason);
  }

  /** What `work` settles to, unless the interrupt is fired before. */
  race<T>(work: PromiseLike<T>): Promise<T> {
    return Promise.race([work, this.#fired]);
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
      const wake = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(Math.ceil(Number(ns) / NS_PER_MS), LONGEST_MS));
      signal()?.addEventListener('abort', wake);
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
