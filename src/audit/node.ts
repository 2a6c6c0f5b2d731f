import type { ManifestLike } from '../given/manifest.ts';
import { nodePlatform } from '../platform/node.ts';
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
