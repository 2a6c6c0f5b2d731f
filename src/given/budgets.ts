import { aCount, type OptionTable } from '../../wasi/options.ts';

/** The most that one call may use. Start functions count as a call of their own. Left out: no limit. */
export interface Budgets {
  /**
   * Units of fuel: about one for each wasm instruction, and one for each 16 bytes of an instruction that copies or fills. A call that
   * uses more fails with FUEL_EXHAUSTED. The count is the same on every engine.
   */
  fuel?: number | undefined;
  /** Pages (64 KiB) of memories, tables, globals and kernel memory together. Over it: MEMORY_LIMIT. */
  memoryPages?: number | undefined;
  /** Calls of the functions in the option `functions`. */
  hostCalls?: number | undefined;
  /** HTTP requests that are sent, those after a redirect included. */
  httpRequests?: number | undefined;
  /** Bytes of the bodies that are sent and received. */
  httpBytes?: number | undefined;
  /** Bytes of log messages that are passed on, and of stdout and stderr. */
  logBytes?: number | undefined;
  /** Calls of `var_set`, deletions included. */
  varWrites?: number | undefined;
  /** Bytes of the output. */
  outputBytes?: number | undefined;
}

/** The budgets that are counted where the host is asked. */
export type HostBudgets = Omit<Budgets, 'fuel' | 'memoryPages'>;
export type BudgetName = keyof HostBudgets;

/** Budgets that end no call: a call that used more than one of them is reported at its end. */
export interface WatchedBudgets {
  limits: HostBudgets;
  /** @param used all that the call used */
  tell(name: BudgetName, used: number): void;
}

const row = (unit: string) => ({ ...aCount(unit), default: 'no limit' });

export const BUDGET_OPTIONS: OptionTable<Budgets> = {
  of: 'limits of createPlugin',
  nullIsLeftOut: true,
  rows: {
    fuel: {
      ...row('units'),
      where: 'modules as bytes, or prepared',
      grants: 'code to run, up to this limit',
    },
    memoryPages: {
      ...row('pages'),
      where: 'modules as bytes, or prepared',
      grants: 'memory, up to this limit',
    },
    hostCalls: { ...row('calls'), grants: 'calls of host functions, up to this limit' },
    httpRequests: { ...row('requests'), grants: 'HTTP requests, up to this limit' },
    httpBytes: { ...row('bytes'), grants: 'bodies of HTTP requests and responses, up to this limit' },
    logBytes: { ...row('bytes'), grants: 'log messages and printed lines, up to this limit' },
    varWrites: { ...row('writes'), grants: 'changes of variables, up to this limit' },
    outputBytes: { ...row('bytes'), grants: 'output, up to this limit' },
  },
};
