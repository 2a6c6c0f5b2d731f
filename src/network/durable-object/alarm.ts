import type { DurableStorage } from './storage.ts';

const LEAST_MS = 5000;
const MOST_MS = 300_000;

/** Wakes the object while work is left, also after its process has died. */
export class Alarm {
  readonly #storage: Pick<DurableStorage, 'getAlarm' | 'setAlarm'>;
  #dueMs = Number.POSITIVE_INFINITY;
  #delayMs = LEAST_MS;
  #progress: number | undefined;

  constructor(storage: Pick<DurableStorage, 'getAlarm' | 'setAlarm'>) {
    this.#storage = storage;
  }

  async open(): Promise<void> {
    this.#dueMs = (await this.#storage.getAlarm()) ?? Number.POSITIVE_INFINITY;
  }

  /** Work has come. */
  arm(): void {
    this.#set(LEAST_MS);
  }

  /**
   * The alarm has come. While work is left, the next one is set: later each time that nothing has moved.
   * @param progress a number that rises when something moves
   */
  ring(isBusy: boolean, progress: number): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    const isStuck = progress === this.#progress;
    this.#progress = progress;
    this.#delayMs = isStuck ? Math.min(2 * this.#delayMs, MOST_MS) : LEAST_MS;
    if (isBusy) this.#set(this.#delayMs);
  }

  #set(delayMs: number): void {
    const dueMs = Date.now() + delayMs;
    if (this.#dueMs <= dueMs) return;
    this.#dueMs = dueMs;
    // A write that fails ends the object, as each failed write does.
    this.#storage.setAlarm(dueMs).catch(() => {});
  }
}
