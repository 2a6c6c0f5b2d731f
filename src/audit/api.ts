export * from '../replay/api.ts';
export * from '../trace/api.ts';
export { CAPABILITIES } from './capabilities.ts';
export { compareReports, type ReachChange, type ReportDiff } from './compare.ts';
export { type HtmlOptions, toHtml } from './html.ts';
export { lintTrace, type TraceFinding } from './lint-trace.ts';
export * from './policy-api.ts';
export {
  AUDIT_VERSION,
  type AuditReport,
  type CapabilityId,
  type Finding,
  type Hint,
  type ImportName,
  type ImportOrigin,
  type ModuleReport,
  type Reach,
  type ReachedImport,
  type ReportedCapability,
  type ReportedExport,
  type ReportedImport,
} from './report.ts';
export { type SarifLog, type SarifOptions, toSarif } from './sarif.ts';
export { type SmallestManifestOptions, smallestManifest } from './smallest-manifest.ts';
