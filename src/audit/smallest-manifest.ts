import { aRecord, aText, type OptionTable, readOptions, refuseExtra } from '../../wasi/options.ts';
import { ownReport, reading, refuse } from './own-report.ts';
import type { AuditReport, CapabilityId } from './report.ts';

/** Keys of a manifest that a power needs, each without a grant. */
const KEYS: Partial<Record<CapabilityId, Readonly<Record<string, unknown>>>> = {
  http: { allowed_hosts: [] },
  'files-read': { allowed_paths: {} },
  'files-write': { allowed_paths: {} },
  config: { config: {} },
};

export interface SmallestManifestOptions {
  /** The files of the modules, by their names in the report. Default: the name itself. */
  paths?: Readonly<Record<string, string>> | undefined;
}

export const SMALLEST_MANIFEST_OPTIONS: OptionTable<SmallestManifestOptions> = {
  of: 'smallestManifest(report, options)',
  rows: { paths: { ...aRecord(aText), default: 'the names of the modules' } },
};

/**
 * Returns the smallest manifest of a plugin: its modules by path with their hashes, and an empty list for each power that needs a
 * grant.
 * @throws {PlugboardError} INVALID_OPTION
 */
export function smallestManifest(
  report: AuditReport,
  options?: SmallestManifestOptions,
): Record<string, unknown>;
export function smallestManifest(
  given: AuditReport,
  options?: SmallestManifestOptions,
  ...extra: unknown[]
): Record<string, unknown> {
  refuseExtra(extra, 'smallestManifest', refuse);
  const { paths = {} } = readOptions(SMALLEST_MANIFEST_OPTIONS, options, 'smallestManifest', refuse);
  const { modules, capabilities } = ownReport(given, 'smallestManifest');
  return reading('smallestManifest', () => {
    const wasm = modules.map(({ name, sha256 }) => ({
      ...(name === 'main' ? {} : { name }),
      path: Object.hasOwn(paths, name) ? paths[name] : name,
      ...(sha256 && { hash: sha256 }),
    }));
    return Object.assign({ wasm }, ...capabilities.map(({ id }) => KEYS[id] ?? {})) as Record<
      string,
      unknown
    >;
  });
}
