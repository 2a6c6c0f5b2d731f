import type { Kernel } from '../abi/index.ts';
import type { Clock } from '../wasi/index.ts';
import { timedOut } from './interrupt.ts';

const NS_PER_MS = 1_000_000;

/**
 * Ends the calls of a metered plugin on this thread, whose timers cannot fire while it runs.
 * RATIONALE: how-is-a-plugin-stopped-without-a-worker
 */
export class Deadline {
  readonly #timeoutMs: number;
  readonly #kernel: Kernel;
  readonly #isActive: () => boolean;
  #endMs = 0;

  /** @param isActive whether a call is running */
  constructor(timeoutMs: number, kernel: Kernel, isActive: () => boolean) {
    this.#timeoutMs = timeoutMs;
    this.#kernel = kernel;
    this.#isActive = isActive;
  }

  /** Time begins. */
  start(): void {
    this.#endMs = performance.now() + this.#timeoutMs;
  }

  /** Whether a call is running whose time is over. It is ended then, if it was not. */
  isOver(): boolean {
    // What is called by way of `getInstance` is no call.
    if (!this.#isActive()) return false;
    if (performance.now() >= this.#endMs) this.#kernel.markEnded(timedOut(this.#timeoutMs));
    return this.#kernel.ended !== null;
  }

  /** One that lets nobody sleep longer. */
  clock(clock: Clock): Clock {
    if (!clock.sleepNs) return clock;
    const sleepNs = (ns: bigint) => {
      if (!this.#isActive()) return clock.sleepNs!(ns);
      const leftNs = BigInt(Math.max(1, Math.ceil((this.#endMs - performance.now()) * NS_PER_MS)));
      clock.sleepNs!(ns < leftNs ? ns : leftNs);
      this.isOver();
    };
    return { ...clock, sleepNs };
  }
}
