export { CAPABILITIES } from './capabilities.ts';
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
