import type { ManifestLike } from '../given/manifest.ts';
import { webPlatform } from '../platform/web.ts';
import type { ReplayOptions } from '../replay/options.ts';
import { type ReplayReport, replayOn } from '../replay/replay.ts';
import type { AuditReport } from './report.ts';
import { reportOn } from './report-of.ts';

export * from './api.ts';

/** As `reportOf` of the entry for Node, Deno and Bun, without files. */
export function reportOf(manifest: ManifestLike): Promise<AuditReport>;
export function reportOf(manifest: ManifestLike, ...extra: unknown[]): Promise<AuditReport> {
  return reportOn(webPlatform, manifest, ...extra);
}

/** As `replay` of the entry for Node, Deno and Bun. */
export function replay(recording: string | Uint8Array, options?: ReplayOptions): Promise<ReplayReport>;
export function replay(
  recording: string | Uint8Array,
  options?: ReplayOptions,
  ...extra: unknown[]
): Promise<ReplayReport> {
  return replayOn(webPlatform, recording, options, extra);
}
