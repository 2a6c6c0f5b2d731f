import type { CompiledPlugin } from './create/compiled.ts';
import { load } from './create/load.ts';
import { create } from './create/start.ts';
import type { ManifestLike } from './given/manifest.ts';
import type { PluginOptions } from './given/options.ts';
import type { Platform } from './platform/types.ts';
import type { Plugin } from './plugin.ts';

/**
 * Creates a plugin and initialises it. It is ready for calls.
 * @throws {CreateError} if manifest, options, bytes or imports are wrong, or if initialisation fails
 */
export async function createPlugin(
  platform: Platform,
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  options?: PluginOptions,
  ...extra: unknown[]
): Promise<Plugin> {
  return create(await load(platform, 'createPlugin', manifest, options, extra));
}

/**
 * Fetches, checks and compiles the modules of a manifest, of which `instantiate` makes plugins.
 * @throws {CreateError} if manifest, options or bytes are wrong; imports are linked by `instantiate`
 */
export async function compilePlugin(
  platform: Platform,
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  options?: PluginOptions,
  ...extra: unknown[]
): Promise<CompiledPlugin> {
  // Loaded first: bytes are copied before the caller can change them.
  const loading = load(platform, 'compilePlugin', manifest, options, extra);
  const [loaded, { CompiledPlugin }] = await Promise.all([loading, import('./create/compiled.ts')]);
  return CompiledPlugin.of(loaded);
}
