import { NO_WASM } from '../../abi/errors.ts';
import type { Preopen } from '../../wasi/index.ts';
import { refuseExtra } from '../../wasi/options.ts';
import type { GivenKeys, NamedSource, Policy } from '../audit/policy.ts';
import { CreateError, messageWithCause } from '../errors.ts';
import type { WatchedBudgets } from '../given/budgets.ts';
import { type ManifestLike, parseManifest, remoteManifest } from '../given/manifest.ts';
import { readForeign, refuseOption } from '../given/option-keys.ts';
import type { PluginOptions } from '../given/options.ts';
import { type Given, readPluginOptions, type Settings, toSettings } from '../given/settings.ts';
import type { Limits } from '../link/execution.ts';
import { planLinks } from '../link/plan.ts';
import { compileModule, type PluginModule } from '../module/compile.ts';
import {
  fetchManifest,
  hexOfSha256,
  hexOfSha256IfPossible,
  loadSource,
  unavailable,
} from '../module/source.ts';
import type { Platform } from '../platform/types.ts';
import { Plugin } from '../plugin.ts';
import { describeLinks } from '../run/debug-log.ts';
import { limitsFor, modeFor } from '../run/mode.ts';
import { assemble } from '../setup.ts';
import { isThenable } from '../values/thenable.ts';

// The way from a manifest to a plugin: load, admit, start.

/** A manifest and its options, with the modules fetched and hashed. Nothing is compiled yet. */
export interface Loaded {
  platform: Platform;
  manifest: Given;
  options: Given;
  policies: readonly Policy[];
  sources: readonly NamedSource[];
}

/** Returns the modules with the changes that the limits ask for. */
export type CompileAll = (loaded: Loaded, limits: Limits, settings: Settings) => Promise<PluginModule[]>;

/** Reads manifest and options, and fetches the modules. @param by the public function, for messages */
export async function load(
  platform: Platform,
  by: string,
  manifest: ManifestLike | PromiseLike<ManifestLike>,
  options: PluginOptions | undefined,
  extra: readonly unknown[],
): Promise<Loaded> {
  refuseExtra(extra, by, refuseOption, 'all options go into the second argument');
  if (!globalThis.WebAssembly) throw new CreateError('UNSUPPORTED', `${by}: ${NO_WASM}`);
  // Not simply `await manifest`: bytes must be copied before the caller can continue and change them.
  const given = readForeign(() => isThenable(manifest)) ? await settled(manifest) : manifest;
  const own = readPluginOptions(options);
  const fetch = own.fetch ?? platform.fetch;
  const base = platform.baseUrl?.();
  const remote = readForeign(() => remoteManifest(given, base));
  const source = remote ? await fetchManifest(remote, fetch) : given;
  const parsed = readForeign(() => parseManifest(source, base));
  const defaults = { ...parsed.given, debug: platform.debugLog?.(platform.print.err) };
  // Not awaited without need, for the same reason.
  const policies = own.policy == null ? [] : await openPolicies([own]);
  // A trace tells the hash where there is one.
  const hashOf = policies.length > 0 ? hexOfSha256 : own.trace ? hexOfSha256IfPossible : undefined;
  const sources = await Promise.all(parsed.modules.map(item => loadSource(platform, fetch, item, hashOf)));
  const named = sources.map((source, index) => ({ name: parsed.modules[index]!.name, source }));
  return { platform, manifest: defaults, options: own, policies, sources: named };
}

/** The settings of a plugin, and the budgets of policies that refuse nothing. */
export interface Admitted {
  settings: Settings;
  watched: readonly WatchedBudgets[];
}

/** Returns the settings that manifest and options give, where all policies allow them. @throws {CreateError} */
export function admit(
  { platform, manifest, sources }: Loaded,
  options: Given,
  policies: readonly Policy[],
): Admitted {
  let keys: GivenKeys = { manifest, options };
  const watched: WatchedBudgets[] = [];
  for (const policy of policies) {
    keys = policy.admit(sources, keys);
    if (keys.watched) watched.push(keys.watched);
  }
  const settings = toSettings(keys.manifest, keys.options);
  refuseUncheckedAddresses(platform, settings);
  return { settings, watched };
}

/** Compiles, links and starts a plugin. */
export async function start(
  loaded: Loaded,
  { settings: admitted, watched }: Admitted,
  policies: readonly Policy[],
  compiled: CompileAll,
): Promise<Plugin> {
  const { platform, sources } = loaded;
  const tap = admitted.record?.open(sources, admitted);
  const settings = tap?.settings ?? admitted;
  const folders = openFolders(platform, settings);
  const limits = limitsFor(settings, platform);
  const plan = planLinks(await compiled(loaded, limits, settings), settings);
  for (const policy of policies) policy.checkLinks(plan);
  const chosen = modeFor(plan, settings, platform);
  warnOfZeroLimits(settings);
  settings.debug?.(`link: ${describeLinks(plan)}, ${chosen.mode}`);
  const plugin = new Plugin(
    await assemble({ platform, settings, plan, limits, ...chosen, folders, watched, tap }),
  );
  await plugin.initialise();
  return plugin;
}

/** Waits for the manifest. @throws {CreateError} SOURCE_UNAVAILABLE if the promise is rejected, such as that of a `fetch` */
async function settled(manifest: unknown): Promise<unknown> {
  try {
    return await manifest;
  } catch (error) {
    throw unavailable('manifest', messageWithCause(error), error);
  }
}

/** Opens the policies among options. */
export async function openPolicies(options: readonly Given[]): Promise<Policy[]> {
  // An empty text is a policy that was not read, not one that was left out.
  const given = options.filter(({ policy }) => policy != null);
  if (given.length === 0) return [];
  const { Policy } = await import('../audit/policy.ts');
  return Promise.all(given.map(({ policy, onDiagnostic }) => Policy.open(policy, onDiagnostic)));
}

export const compileAll: CompileAll = ({ platform, sources }, limits, { debug }) =>
  Promise.all(
    sources.map(async ({ name, source }) => {
      const module = await compileModule(platform, name, source, limits);
      const size = 'bytes' in source ? `${source.bytes.length} bytes` : 'compiled';
      debug?.(`source: module "${name}", ${size}${module.sha256 ? `, SHA-256 ${module.sha256}` : ''}`);
      return module;
    }),
  );

/** @throws {CreateError} UNSUPPORTED where the addresses behind the names of hosts cannot be checked */
function refuseUncheckedAddresses(platform: Platform, settings: Settings): void {
  if (settings.allowsPrivateAddresses || settings.allowedHosts.length === 0) return;
  if (platform.publicFetch && !settings.fetch) return;
  const why = settings.fetch ? 'option.fetch looks up hosts itself' : 'this platform cannot look up hosts';
  const message = `allowPrivateAddresses: false cannot be honoured: ${why}; leave it out`;
  throw new CreateError('UNSUPPORTED', message);
}

/** Opens the folders that the plugin may use, by their path in the plugin. */
function openFolders(platform: Platform, { mounts, preopens }: Settings): Record<string, Preopen> {
  const folders = Object.entries(preopens);
  for (const { guest, host, readOnly } of mounts) {
    if (!platform.hostFolder) {
      throw new CreateError(
        'UNSUPPORTED',
        `allowed_paths: this platform has no folders, but "${host}" is given; give files in memory as the option preopens`,
      );
    }
    if (folders.some(([path]) => path === guest)) {
      throw new CreateError(
        'INVALID_OPTION',
        `allowed_paths: two folders at "${guest}"`,
      );
    }
    try {
      folders.push([guest, { fs: platform.hostFolder(host), readOnly }]);
    } catch (error) {
      const message = `allowed_paths: "${host}" cannot be opened; give a folder that exists and may be read`;
      throw new CreateError('FOLDER_UNAVAILABLE', message, { cause: error });
    }
  }
  return Object.fromEntries(folders);
}

function warnOfZeroLimits({ zeroLimits, strict, onDiagnostic }: Settings): void {
  for (const where of zeroLimits) {
    const message = `${where} is 0, which allows nothing here; leave it out for the default`;
    if (strict) throw new CreateError('ZERO_LIMIT', message);
    onDiagnostic?.({ code: 'ZERO_LIMIT', message });
  }
}
