import { load } from './create/load.ts';
import { start } from './create/start.ts';
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
  return start(await load(platform, 'createPlugin', manifest, options, extra));
}
