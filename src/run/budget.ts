import { type EnvImports, type Kernel, LOG_LEVELS, type MessageLevel } from '../../abi/index.ts';
import { viewBytes } from '../../wasi/brands.ts';
import type { Sink } from '../../wasi/index.ts';
import { CallError } from '../call-error.ts';
import type { CallErrorCode } from '../error-codes.ts';
import { PlugboardError } from '../errors.ts';
import { BUDGET_OPTIONS, type BudgetName, type HostBudgets, type WatchedBudgets } from '../given/budgets.ts';
import type { HostFunction, UntypedFunction } from '../host/function.ts';
import type { Link, LinkPlan } from '../link/plan.ts';
import { MAIN } from '../module/source.ts';
import type { PublicFetch } from '../platform/types.ts';
import type { Outcome } from './call.ts';

class BudgetError extends PlugboardError {
  declare readonly code: 'BUDGET_EXCEEDED';
}

/**
 * Counts the calls, requests and bytes that each call asks of the host, and ends a call that asks for more than its limits. The counted functions all run on
 * the caller's thread, in every mode.
 */
export class Budget {
  readonly #limits: HostBudgets;
  readonly #watched: readonly WatchedBudgets[];
  readonly #kernel: Kernel;
  readonly #isActive: () => boolean;
  #used: Partial<Record<BudgetName, number>> = {};

  /** @param isActive whether a call is running: exports called through `getInstance` have no budget */
  constructor(
    limits: HostBudgets,
    watched: readonly WatchedBudgets[],
    kernel: Kernel,
    isActive: () => boolean,
  ) {
    this.#limits = limits;
    this.#watched = watched;
    this.#kernel = kernel;
    this.#isActive = isActive;
  }

  /** Returns the error for the call that asks for more than its limit; null while the budget covers it. */
  #overBy(name: BudgetName, amount: number): BudgetError | null {
    const most = this.#limits[name];
    const isWatched = this.#watched.some(({ limits }) => limits[name] !== undefined);
    if ((most === undefined && !isWatched) || !this.#isActive()) return null;
    const asked = (this.#used[name] ?? 0) + amount;
    this.#used[name] = asked;
    if (most === undefined || asked <= most) return null;
    const { unit } = BUDGET_OPTIONS.rows[name];
    const message = `limits.${name}: the call may use ${most} ${unit}, and asked for ${asked}; raise it, or let the plugin use less`;
    return new BudgetError('BUDGET_EXCEEDED', message);
  }

  /** Ends the call that asks for more than its limit. @throws {PlugboardError} BUDGET_EXCEEDED */
  #spend(name: BudgetName, amount: number): void {
    const over = this.#overBy(name, amount);
    if (over) this.#kernel.stop(over);
  }

  /** Ends a call: fails it if its output is over the limit, and gives the next call the whole budget. */
  conclude(outcome: Outcome): Outcome {
    const { name, error } = outcome;
    const output = outcome.output ?? error?.output;
    const over = output ? this.#overBy('outputBytes', output.byteLength) : null;
    const used = this.#used;
    this.#used = {};
    try {
      this.#report(used);
    } catch (thrown) {
      // The receiver of the reports failed. It does not replace the failure of the call.
      if (!error && !over) return failed(name, thrown as PlugboardError, (thrown as PlugboardError).cause);
    }
    return over ? failed(name, over, error ?? over) : outcome;
  }

  /** Reports the watched budgets that a call used up. */
  #report(used: Readonly<Partial<Record<BudgetName, number>>>): void {
    for (const { limits, tell } of this.#watched)
      for (const [name, most] of Object.entries(limits) as [BudgetName, number][])
        if (used[name]! > most) tell(name, used[name]!);
  }

  /** Returns the plan with counted host functions. */
  plan({ modules }: LinkPlan): LinkPlan {
    const counted = (link: Link): Link =>
      link.provider.kind === 'host'
        ? { ...link, provider: { ...link.provider, fn: this.#hostFunction(link.provider.fn) } }
        : link;
    const all = [...modules].map(
      ([name, module]) => [name, { ...module, links: module.links.map(counted) }] as const,
    );
    const byName = new Map(all);
    return { modules: byName, main: byName.get(MAIN)! };
  }

  #hostFunction(fn: HostFunction): HostFunction {
    const counted: UntypedFunction = (context, ...args) => {
      this.#spend('hostCalls', 1);
      return (fn as UntypedFunction)(context, ...args);
    };
    return counted as HostFunction;
  }

  /** Returns the kernel functions with counted logs and writes of variables. */
  imports(imports: EnvImports): EnvImports {
    const logs = LOGS.map(level => {
      const name = `log_${level}` as const;
      const log = (handle: bigint) => {
        this.#kernel.check();
        if (LOG_LEVELS[level] >= LOG_LEVELS[this.#kernel.logLevel])
          this.#spend('logBytes', this.#kernel.memory.length(Number(handle)));
        imports[name](handle);
      };
      return [name, log];
    });
    const var_set: EnvImports['var_set'] = (key, value) => {
      this.#kernel.check();
      this.#spend('varWrites', 1);
      imports.var_set(key, value);
    };
    return { ...imports, ...Object.fromEntries(logs), var_set };
  }

  /** Returns a sink that counts. It marks the call as ended, since a program may ignore a sink that throws. */
  sink(sink: Sink): Sink {
    const write = (bytes: Uint8Array) => {
      const over = this.#overBy('logBytes', bytes.length);
      if (over) this.#kernel.markEnded(over);
      else sink.write(bytes);
    };
    return { isTerminal: sink.isTerminal ?? false, write };
  }

  /** Returns a `fetch` that counts requests and their bodies. */
  fetch(fetch: PublicFetch): PublicFetch {
    return (url, init) => {
      this.#spend('httpRequests', 1);
      this.countBytes(viewBytes(init.body)?.length ?? 0);
      return fetch(url, init);
    };
  }

  /** Counts bytes of bodies. @throws {PlugboardError} BUDGET_EXCEEDED */
  readonly countBytes = (bytes: number): void => this.#spend('httpBytes', bytes);
}

const failed = (name: string, { code, message }: PlugboardError, cause: unknown): Outcome => ({
  name,
  output: null,
  error: new CallError(code as CallErrorCode, `${name}: ${message}`, { cause }),
  dropInstance: true,
});

const LOGS = Object.keys(LOG_LEVELS).filter((level): level is MessageLevel => level !== 'silent');
