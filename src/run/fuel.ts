import { CallError } from '../call-error.ts';
import { type Exchange, NO_LIMIT } from '../wasm/ask.ts';
import type { Outcome } from './call.ts';

/** The limit of calls without one. Numbers of JavaScript count exactly from here down to 0. */
const UNCOUNTED = Number.MAX_SAFE_INTEGER;

/**
 * The counters of a plugin's instances, on the thread that runs them. Each may use up the whole limit before its code traps; the sum is
 * checked after the call.
 */
export class Fuel {
  readonly #limit: number;
  #counters: Exchange[] = [];
  /** How many counters belong to instances that stay. Those after them are of commands, whose instances end with the call. */
  #staying = 0;

  /** @param limit units for one call; undefined without a limit */
  constructor(limit: number = UNCOUNTED) {
    this.#limit = limit;
  }

  /** Forgets all instances, before new ones are made. */
  renew(): void {
    this.#counters = [];
    this.#staying = 0;
  }

  readonly add = (exchange: Exchange): void => {
    exchange(this.#limit);
    this.#counters.push(exchange);
  };

  /** Keeps the instances that were added so far for later calls. */
  keep(): void {
    this.#staying = this.#counters.length;
  }

  /** Gives the next call the whole limit. */
  begin(): void {
    this.#counters.length = this.#staying;
    for (const exchange of this.#counters) exchange(this.#limit);
  }

  /** Returns the units that the call has used. Code that runs between calls, through `getInstance`, has no limit. */
  take(): number {
    return this.#counters.reduce((sum, exchange) => sum + this.#limit - exchange(NO_LIMIT), 0);
  }
}

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
