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

/** The memory that a plugin takes, in pages of 64 KiB. */
export interface PluginMemory {
  /** Pages of the memories that its modules export; 0 without an instance. In a worker, as of its last call. */
  pluginPages: number;
  /** Pages of the kernel memory, which holds inputs, outputs and other blocks. */
  kernelPages: number;
  /** The most pages of both together that were seen: now, and each time an instance was dropped, as after a trap. */
  peakPages: number;
}

/** How each call begins with the state after initialisation. */
export interface Freshness {
  /** Whether memory and globals are put back in place. Else each call gets a new instance. */
  readonly inPlace: boolean;
  /** Why they are not. Null if they are. */
  readonly why: string | null;
}

/** How a plugin runs. */
export interface PluginReport {
  kernel: KernelTier;
  isolation: Mode;
  /** How the time limit is kept; null without `timeoutMs`. In a worker that cannot be ended it is kept by checks too. */
  timeoutBy: TimeoutBy | null;
  /** Null without `limits.memoryPages`. */
  memory: MemoryShare | null;
  /** Null without `isolation: 'fresh'`. */
  fresh: Freshness | null;
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
  fresh: Freshness | null = null,
): PluginReport {
  const all = [...modules.values()];
  return Object.freeze({
    kernel: tier,
    isolation: mode,
    timeoutBy: timeoutMs === undefined ? null : metered === null ? 'worker' : 'checks',
    memory,
    fresh,
    wasi: all.some(({ links }) => links.some(({ provider }) => provider.kind === 'wasi')),
    sha256: main.sha256,
    modules: all.map(({ name, sha256, transforms }) => ({ name, sha256, transforms })),
  });
}
