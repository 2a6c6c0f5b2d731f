import * as api from './api.ts';
import { capabilitiesOf } from './capabilities.ts';
import type { CompiledPlugin } from './create/compiled.ts';
import { load } from './create/load.ts';
import type { ManifestLike } from './given/manifest.ts';
import type { PluginOptions } from './given/options.ts';
import { nodePlatform } from './platform/node.ts';
import { nodeFolder } from './platform/node-files.ts';
import type { Plugin } from './plugin.ts';

export * from './api.ts';
export { nodeFolder };

export const CAPABILITIES = /* @__PURE__ */ capabilitiesOf(nodePlatform);

/**
 * Creates a plugin and initialises it. It is ready for calls.
 * @throws {CreateError}
 * @example
 * ```js
 * import { createPlugin } from 'plugboard';
 * const plugin = await createPlugin(import.meta.resolve('plugboard/examples/vowels.wasm'), { config: { vowels: 'ae' } });
 * console.log((await plugin.call('count_vowels', 'a e i')).text()); // {"count": 2, "total": 2, "vowels": "ae"}
 * await plugin.close();
 * ```
 */
export function createPlugin(
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  options?: PluginOptions,
): Promise<Plugin>;
export async function createPlugin(
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  options?: PluginOptions,
  ...extra: unknown[]
): Promise<Plugin> {
  const loaded = await load(nodePlatform, 'createPlugin', manifest, options, extra);
  // Not at the top of this file: `import 'plugboard'` reads half as much code without it.
  const { start } = await import('./create/start.ts');
  return start(loaded);
}

/**
 * Fetches, checks and compiles the modules of a manifest once, for many plugins.
 * @throws {CreateError}
 * @example
 * ```js
 * import { compilePlugin } from 'plugboard';
 * const compiled = await compilePlugin(import.meta.resolve('plugboard/examples/vowels.wasm'));
 * const plugin = await compiled.instantiate({ config: { vowels: 'ae' } });
 * console.log((await plugin.call('count_vowels', 'a e i')).text()); // {"count": 2, "total": 2, "vowels": "ae"}
 * await plugin.close();
 * ```
 */
export function compilePlugin(
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  options?: PluginOptions,
): Promise<CompiledPlugin>;
export async function compilePlugin(
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  options?: PluginOptions,
  ...extra: unknown[]
): Promise<CompiledPlugin> {
  const loaded = await load(nodePlatform, 'compilePlugin', manifest, options, extra);
  const { CompiledPlugin } = await import('./create/compiled.ts');
  return CompiledPlugin.of(loaded);
}

export { createPlugin as default, createPlugin as newPlugin };

/** The value of `require('plugboard')`: as in the official JS SDK, the function itself, with every export as a property. */
const required = /* @__PURE__ */ Object.assign(createPlugin, api, {
  createPlugin,
  compilePlugin,
  CAPABILITIES,
  nodeFolder,
  newPlugin: createPlugin,
  default: createPlugin,
});

export { required as 'module.exports' };
