import type { Kernel, KernelTier } from '../../abi/index.ts';
import type { Sink } from '../../wasi/index.ts';
import type { Diagnostic } from '../given/options.ts';
import type { ImportListener } from '../host/listener.ts';
import type { LinkPlan } from './plan.ts';

/** Limits that the plugin's own code or memory has to keep. */
export interface Limits {
  /** Time limit of one call, or of the start functions. */
  timeoutMs: number | undefined;
  /** Why checks in the plugin's own code keep the time limit; null if they need not. */
  metered: string | null;
  /** Pages by which all memories may grow together. */
  maxGrowthPages: number | undefined;
  /** Pages of all memories, tables and globals together, kernel memory included. */
  memoryPages: number | undefined;
  /** Units of fuel for one call, or for the start functions. */
  fuel: number | undefined;
  /** Whether each call begins with the state after initialisation. */
  fresh: boolean;
}

/** How one plugin runs, the same for every thread: a worker has one too, whose first three parts come from the caller's thread. */
export interface Execution {
  readonly plan: LinkPlan;
  readonly limits: Limits;
  readonly tier: KernelTier;
  readonly kernel: Kernel;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
  /** Gets each call of a function of the host by a module. */
  readonly listener: ImportListener | undefined;
}
