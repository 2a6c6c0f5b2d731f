import type { ManifestLike } from '../given/manifest.ts';
import { nodePlatform } from '../platform/node.ts';
import type { ReplayOptions } from '../replay/options.ts';
import { type ReplayReport, replayOn } from '../replay/replay.ts';
import type { AuditReport } from './report.ts';
import { reportOn } from './report-of.ts';

export * from './api.ts';

/**
 * Reports on a plugin without running it: hashes, sizes, imports, powers, and the imports that each export can reach.
 * @param manifest as the first argument of createPlugin. A function that the option `functions` would put in place of one of
 * the kernel or WASI is not known here
 * @throws {CreateError} where the manifest is wrong or a module cannot be loaded. For bytes that are not valid wasm the report
 * says so
 * @example
 * ```js
 * import { reportOf } from 'plugboard/audit';
 * const report = await reportOf(import.meta.resolve('plugboard/examples/vowels.wasm'));
 * console.log(report.capabilities.map(({ id }) => id)); // [ 'config', 'variables', 'log', 'memory' ]
 * ```
 */
export function reportOf(manifest: ManifestLike): Promise<AuditReport>;
export function reportOf(manifest: ManifestLike, ...extra: unknown[]): Promise<AuditReport> {
  return reportOn(nodePlatform, manifest, ...extra);
}

/**
 * Replays a recording: calls the plugin with the recorded inputs, and answers everything that it asks of the outside from the
 * recording. No network, clock, file or host function is used, and nothing is waited for.
 * @param recording the text of a recording; it may come from anywhere
 * @throws {PlugboardError} INVALID_RECORDING; and as `createPlugin` for a module that cannot be loaded
 * @experimental
 */
export function replay(recording: string | Uint8Array, options?: ReplayOptions): Promise<ReplayReport>;
export function replay(
  recording: string | Uint8Array,
  options?: ReplayOptions,
  ...extra: unknown[]
): Promise<ReplayReport> {
  return replayOn(nodePlatform, recording, options, extra);
}
