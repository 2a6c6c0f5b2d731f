import type { KernelTier } from '../../abi/index.ts';
import type { LinkPlan } from '../link/plan.ts';
import type { Transform } from '../module/rewrite.ts';
import type { Mode } from './mode.ts';

/** How a plugin runs. */
export interface PluginReport {
  kernel: KernelTier;
  isolation: Mode;
  wasi: boolean;
  /** The checked hash of the main module; null if the manifest gives none. */
  sha256: string | null;
  /** Modules in the order of the manifest. */
  modules: readonly { name: string; sha256: string | null; transforms: readonly Transform[] }[];
}

export function reportOn({ main, modules }: LinkPlan, mode: Mode, tier: KernelTier): PluginReport {
  const all = [...modules.values()];
  return Object.freeze({
    kernel: tier,
    isolation: mode,
    wasi: all.some(({ links }) => links.some(({ provider }) => provider.kind === 'wasi')),
    sha256: main.sha256,
    modules: all.map(({ name, sha256, transforms }) => ({ name, sha256, transforms })),
  });
}
