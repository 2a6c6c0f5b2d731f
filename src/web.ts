import { capabilitiesOf } from './capabilities.ts';
import type { CompiledPlugin } from './create/compiled.ts';
import { load } from './create/load.ts';
import { start } from './create/start.ts';
import type { ManifestLike } from './given/manifest.ts';
import type { PluginOptions } from './given/options.ts';
import { webPlatform } from './platform/web.ts';
import type { Plugin } from './plugin.ts';

export * from './api.ts';

export const CAPABILITIES = /* @__PURE__ */ capabilitiesOf(webPlatform);

/** Creates a plugin and initialises it. It is ready for calls. @throws {CreateError} */
export function createPlugin(
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  options?: PluginOptions,
): Promise<Plugin>;
export async function createPlugin(
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  options?: PluginOptions,
  ...extra: unknown[]
): Promise<Plugin> {
  return start(await load(webPlatform, 'createPlugin', manifest, options, extra));
}

/** Fetches, checks and compiles the modules of a manifest once, for many plugins. @throws {CreateError} */
export function compilePlugin(
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  options?: PluginOptions,
): Promise<CompiledPlugin>;
export async function compilePlugin(
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  options?: PluginOptions,
  ...extra: unknown[]
): Promise<CompiledPlugin> {
  const loaded = await load(webPlatform, 'compilePlugin', manifest, options, extra);
  const { CompiledPlugin } = await import('./create/compiled.ts');
  return CompiledPlugin.of(loaded);
}

export { createPlugin as default, createPlugin as newPlugin };
