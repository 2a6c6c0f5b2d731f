import { NO_WASM } from '../../abi/errors.ts';
import { refuseExtra } from '../../wasi/options.ts';
import type { NamedSource, Policy } from '../audit/policy.ts';
import { CreateError, messageWithCause } from '../errors.ts';
import { type ManifestLike, parseManifest, remoteManifest } from '../given/manifest.ts';
import { readForeign, refuseOption } from '../given/option-keys.ts';
import type { PluginOptions } from '../given/options.ts';
import { type Given, readPluginOptions } from '../given/settings.ts';
import {
  fetchManifest,
  hexOfSha256,
  hexOfSha256IfPossible,
  loadSource,
  unavailable,
} from '../module/source.ts';
import type { Platform } from '../platform/types.ts';
import { isThenable } from '../values/thenable.ts';

// The first step from a manifest to a plugin. start.ts has the others, which Node, Deno and Bun load with the first creation. This
// step cannot wait for that: it copies the caller's bytes at once, before the caller can change them.

/** A manifest and its options, with the modules fetched and hashed. Nothing is compiled yet. */
export interface Loaded {
  platform: Platform;
  manifest: Given;
  options: Given;
  policies: readonly Policy[];
  sources: readonly NamedSource[];
}

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
  // Not awaited without need, for the same reason.
  const policies = own.policy == null ? [] : await openPolicies([own]);
  // A trace tells the hash where there is one.
  const hashOf = policies.length > 0 ? hexOfSha256 : own.trace ? hexOfSha256IfPossible : undefined;
  const loading = parsed.modules.map(async item => ({
    name: item.name,
    source: await loadSource(platform, fetch, item, hashOf),
  }));
  return {
    platform,
    manifest: { ...parsed.given, debug: platform.debugLog?.(platform.print.err) },
    options: own,
    policies,
    sources: await Promise.all(loading),
  };
}

/** Opens the policies among options. */
export async function openPolicies(options: readonly Given[]): Promise<Policy[]> {
  // An empty text is a policy that was not read, not one that was left out.
  const given = options.filter(({ policy }) => policy != null);
  if (given.length === 0) return [];
  const { Policy } = await import('../audit/policy.ts');
  return Promise.all(given.map(({ policy, onDiagnostic }) => Policy.open(policy, onDiagnostic)));
}

/** Waits for the manifest. @throws {CreateError} SOURCE_UNAVAILABLE if the promise is rejected, such as that of a `fetch` */
async function settled(manifest: unknown): Promise<unknown> {
  try {
    return await manifest;
  } catch (error) {
    throw unavailable('manifest', messageWithCause(error), error);
  }
}
