import type { Preopen } from '../../wasi/index.ts';
import type { GivenKeys, Policy } from '../audit/policy.ts';
import { CreateError, messageOf } from '../errors.ts';
import type { WatchedBudgets } from '../given/budgets.ts';
import { type Given, type Settings, toSettings } from '../given/settings.ts';
import type { Limits } from '../link/execution.ts';
import { planLinks } from '../link/plan.ts';
import { compileModule, type PluginModule } from '../module/compile.ts';
import type { Platform } from '../platform/types.ts';
import { Plugin } from '../plugin.ts';
import { describeLinks } from '../run/debug-log.ts';
import { limitsFor, modeFor } from '../run/mode.ts';
import { assemble } from '../setup.ts';
import type { Loaded } from './load.ts';

// The way from a loaded manifest to a plugin: admit, start.

/** Returns the modules with the changes that the limits ask for. */
export type CompileAll = (loaded: Loaded, limits: Limits, settings: Settings) => Promise<PluginModule[]>;

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

/** Admits, compiles, links and starts a plugin. @throws {CreateError} */
export async function start(
  loaded: Loaded,
  options: Given = loaded.options,
  policies: readonly Policy[] = loaded.policies,
  compiled: CompileAll = compileAll,
): Promise<Plugin> {
  const { settings: admitted, watched } = admit(loaded, options, policies);
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

export const compileAll: CompileAll = ({ platform, sources }, limits, { debug }) =>
  Promise.all(
    sources.map(async ({ name, source }) => {
      const module = await compileModule(platform, name, source, limits, sources);
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
  for (const { option, guest, host, readOnly } of mounts) {
    if (!platform.hostFolder) {
      throw new CreateError(
        'UNSUPPORTED',
        `${option}: this platform has no folders, but "${host}" is given; give files in memory as the option preopens`,
      );
    }
    if (folders.some(([path]) => path === guest)) {
      throw new CreateError('INVALID_OPTION', `${option}: two folders at "${guest}"`);
    }
    try {
      folders.push([guest, { fs: platform.hostFolder(host), readOnly }]);
    } catch (error) {
      const message = `${option}: ${messageOf(error).replace('nodeFolder: ', '')}; give a folder that exists and may be read`;
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
