import type { KernelTier } from '../../abi/index.ts';
import type { Limits } from '../link/execution.ts';
import type { LinkPlan } from '../link/plan.ts';
import type { Transform } from '../module/rewrite.ts';
import type { Mode, TimeoutBy } from './mode.ts';

/** How a plugin runs. */
export interface PluginReport {
  kernel: KernelTier;
  isolation: Mode;
  /** How the time limit is kept; null without `timeoutMs`. In a worker that cannot be ended it is kept by checks too. */
  timeoutBy: TimeoutBy | null;
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
): PluginReport {
  const all = [...modules.values()];
  return Object.freeze({
    kernel: tier,
    isolation: mode,
    timeoutBy: timeoutMs === undefined ? null : metered === null ? 'worker' : 'checks',
    wasi: all.some(({ links }) => links.some(({ provider }) => provider.kind === 'wasi')),
    sha256: main.sha256,
    modules: all.map(({ name, sha256, transforms }) => ({ name, sha256, transforms })),
  });
}
