import { refuseExtra } from '../../wasi/options.ts';
import { refuseOption } from '../given/option-keys.ts';
import type { PluginOptions } from '../given/options.ts';
import { overlay, readPluginOptions } from '../given/settings.ts';
import { LIMITS } from '../limits.ts';
import type { Limits } from '../link/execution.ts';
import type { PluginModule } from '../module/compile.ts';
import { hexOfSha256 } from '../module/source.ts';
import type { Plugin } from '../plugin.ts';
import { limitsFor } from '../run/mode.ts';
import { type Loaded, openPolicies } from './load.ts';
import { admit, type CompileAll, compileAll, start } from './start.ts';

/**
 * The modules of a manifest, fetched, hashed, checked and compiled once. `instantiate` makes plugins of them, each with an instance,
 * kernel memory and variables of its own. Made by `compilePlugin`.
 */
export class CompiledPlugin {
  #loaded: Loaded;
  /** Compiled modules by the changes that limits make to their bytes, the latest at the end. */
  readonly #compiled = new Map<string, Promise<PluginModule[]>>();

  /** @internal Use `compilePlugin`. */
  static async of(loaded: Loaded): Promise<CompiledPlugin> {
    const compiled = new CompiledPlugin(loaded);
    const { settings } = admit(loaded, loaded.options, loaded.policies);
    await compiled.#compile(loaded, limitsFor(settings, loaded.platform), settings);
    return compiled;
  }

  private constructor(loaded: Loaded) {
    this.#loaded = loaded;
  }

  /**
   * Makes a plugin and initialises it, without fetching or compiling. Its options are laid over those of `compilePlugin`: a key
   * replaces the same key there. With a policy in both, both must allow the plugin. Only another `memory.max_pages` or
   * `limits.memoryPages`, or a limit of time or fuel where there was none, compiles the modules again.
   * @throws {CreateError} as `createPlugin`
   */
  instantiate(options?: PluginOptions): Promise<Plugin>;
  async instantiate(options?: PluginOptions, ...extra: unknown[]): Promise<Plugin> {
    refuseExtra(extra, 'instantiate', refuseOption);
    const own = readPluginOptions(options);
    // Opened anew: a policy, or a grant in it, may have ended since.
    const policies = await openPolicies([this.#loaded.options, own]);
    if (policies.length > 0) await this.#hash();
    return start(this.#loaded, overlay(this.#loaded.options, own), policies, this.#compile);
  }

  readonly #compile: CompileAll = (loaded, limits, settings) => {
    const key = rewritesOf(limits);
    const known = this.#compiled.get(key);
    if (known) return known;
    const compiling = compileAll(loaded, limits, settings);
    this.#compiled.set(key, compiling);
    compiling.catch(() => this.#compiled.delete(key));
    for (const oldest of this.#compiled.keys()) {
      if (this.#compiled.size <= LIMITS.compiledVariants.default) break;
      this.#compiled.delete(oldest);
    }
    return compiling;
  };

  /** Hashes modules that came without a policy. */
  async #hash(): Promise<void> {
    const { platform, sources } = this.#loaded;
    const hashed = sources.map(async ({ name, source }) => ({
      name,
      source:
        'bytes' in source && source.sha256 === null
          ? { ...source, sha256: await hexOfSha256(platform, source.bytes) }
          : source,
    }));
    this.#loaded = { ...this.#loaded, sources: await Promise.all(hashed) };
  }
}

/** The changes of bytes that limits ask for, as a key. */
const rewritesOf = ({ maxGrowthPages, memoryPages, metered, fuel, fresh }: Limits): string =>
  `${maxGrowthPages} ${memoryPages} ${metered !== null} ${fuel !== undefined} ${fresh}`;
