import type { Kernel } from '../../abi/index.ts';
import type { Clock } from '../../wasi/index.ts';
import { NS_PER_MS } from '../units.ts';
import { timedOut } from './interrupt.ts';

/**
 * Ends the calls of a metered plugin on this thread. A timer cannot do it: timers do not fire while the plugin runs.
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

  /** Starts the time limit. */
  start(): void {
    this.#endMs = performance.now() + this.#timeoutMs;
  }

  /** Whether the running call must stop. Ends it if its time is over. */
  isOver(): boolean {
    // Exports called through `getInstance` have no time limit.
    if (!this.#isActive()) return false;
    if (performance.now() >= this.#endMs) this.#kernel.markEnded(timedOut(this.#timeoutMs));
    return this.#kernel.ended !== null;
  }

  /** @throws the reason for which the call has ended, if it has */
  checkpoint(): void {
    this.isOver();
    this.#kernel.check();
  }

  /** Returns a clock whose sleep ends at the deadline. */
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
