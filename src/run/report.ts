import type { KernelTier } from '../../abi/index.ts';
import type { Limits } from '../link/execution.ts';
import type { LinkPlan } from '../link/plan.ts';
import type { Transform } from '../module/rewrite.ts';
import type { Mode, TimeoutBy } from './mode.ts';

/** How `limits.memoryPages` is shared. `plugin.memory` has the pages that change. */
export interface MemoryShare {
  limitPages: number;
  /** Pages of memories, tables and globals before the first call. The kernel memory gets the others at most. */
  startPages: number;
  /** Pages of tables, globals and memories that are not exported: they never change, and `plugin.memory` does not have them. */
  hiddenPages: number;
}

/** How a plugin runs. */
export interface PluginReport {
  kernel: KernelTier;
  isolation: Mode;
  /** How the time limit is kept; null without `timeoutMs`. In a worker that cannot be ended it is kept by checks too. */
  timeoutBy: TimeoutBy | null;
  /** Null without `limits.memoryPages`. */
  memory: MemoryShare | null;
  wasi: boolean;
  /** The checked hash of the main module; null if the manifest gives none. */
  sha256: string | null;
  /** Modules in the order of the manifest. */
  modules: readonly { name: string; sha256: string | null; transforms: readonly Transform[] }[];
}

export function reportOn(
  { main, modules }: LinkPlan,
  mode: Mode,
  tier: KernelTier,
  { timeoutMs, metered }: Limits,
  memory: MemoryShare | null = null,
): PluginReport {
  const all = [...modules.values()];
  return Object.freeze({
    kernel: tier,
    isolation: mode,
    timeoutBy: timeoutMs === undefined ? null : metered === null ? 'worker' : 'checks',
    memory,
    wasi: all.some(({ links }) => links.some(({ provider }) => provider.kind === 'wasi')),
    sha256: main.sha256,
    modules: all.map(({ name, sha256, transforms }) => ({ name, sha256, transforms })),
  });
}
