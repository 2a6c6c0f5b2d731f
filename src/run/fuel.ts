import { CallError } from '../call-error.ts';
import type { FuelCounters } from '../link/instance.ts';
import { type Exchange, NO_LIMIT } from '../wasm/ask.ts';
import type { Outcome } from './call.ts';

/** The limit of calls without one. Numbers of JavaScript count exactly from here down to 0. */
const UNCOUNTED = Number.MAX_SAFE_INTEGER;

/**
 * The counters of a plugin's instances, on the thread that runs them. Each module may use up the whole limit before its code traps; the
 * sum is checked after the call.
 */
export class Fuel implements FuelCounters {
  readonly #limit: number;
  /** By module: the counter of its instance. A command has one between its calls, too. */
  readonly #counters = new Map<string, Exchange>();

  /** @param limit units for one call; undefined without a limit */
  constructor(limit: number = UNCOUNTED) {
    this.#limit = limit;
  }

  /** Forgets all instances, before new ones are made. */
  renew(): void {
    this.#counters.clear();
  }

  add(module: string, exchange: Exchange): void {
    const before = this.#counters.get(module);
    exchange(before ? before(0) : this.#limit);
    this.#counters.set(module, exchange);
  }

  within<T>(module: string, run: () => T): T {
    const before = this.#counters.get(module) ?? counter(this.#limit);
    this.#counters.set(module, before);
    try {
      return run();
    } finally {
      const own = this.#counters.get(module)!;
      // A function of the instance that was handed out would use the same units again: it has none.
      if (own !== before) before(own(0));
      this.#counters.set(module, before);
    }
  }

  /** Gives the next call the whole limit. */
  begin(): void {
    for (const exchange of this.#counters.values()) exchange(this.#limit);
  }

  /** Returns the units that the call has used. Code that runs between calls, through `getInstance`, has no limit. */
  take(): number {
    let used = 0;
    for (const exchange of this.#counters.values()) used += this.#limit - exchange(NO_LIMIT);
    return used;
  }
}

const counter =
  (left: number): Exchange =>
  next => {
    const before = left;
    left = next;
    return before;
  };

/** Makes the check that fails a call which has used more than `limit` units. Calls `onUsed` after each call. */
export const fuelLimit =
  (limit: number = UNCOUNTED, take: () => number, onUsed: (units: number) => void) =>
  (outcome: Outcome): Outcome => {
    const units = take();
    onUsed(units);
    if (units <= limit) return outcome;
    const { name, error } = outcome;
    const message = `${name}: the call used more than ${limit} units of fuel (limits.fuel); raise it, or give the plugin less to do`;
    const failed = new CallError('FUEL_EXHAUSTED', message, { ...error, cause: error ?? undefined });
    return { name, output: null, error: failed, dropInstance: true };
  };
