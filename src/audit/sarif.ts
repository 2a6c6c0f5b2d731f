import { aText, type OptionTable, readOptions, refuseExtra } from '../../wasi/options.ts';
import { allRepairs } from './lint.ts';
import { LINT_RULES } from './lint-rules.ts';
import { ownReport, reading, refuse } from './own-report.ts';
import type { AuditReport, Finding } from './report.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** A part of the report as SARIF 2.1.0. */
export interface SarifLog {
  $schema: string;
  version: '2.1.0';
  runs: readonly object[];
}

export interface SarifOptions {
  /** The path of the plugin, relative to the root of the repository. */
  path: string;
}

export const SARIF_OPTIONS: OptionTable<SarifOptions> = {
  of: 'toSarif(report, options)',
  rows: { path: { ...aText, default: 'none', required: true } },
};

/**
 * Writes the findings of a report as SARIF 2.1.0, as code scanning of GitHub reads it.
 * @throws {PlugboardError} INVALID_OPTION
 */
export function toSarif(report: AuditReport, options: SarifOptions): SarifLog;
export function toSarif(given: AuditReport, options: SarifOptions, ...extra: unknown[]): SarifLog {
  refuseExtra(extra, 'toSarif', refuse);
  const { path } = readOptions(SARIF_OPTIONS, options, 'toSarif', refuse);
  const { findings } = ownReport(given, 'toSarif');
  const results = reading('toSarif', () => findings.map(finding => toResult(finding, toUri(path))));
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'plugboard', rules: rules() } }, results }],
  };
}

const toResult = ({ rule, level, module, message, repair }: Finding, uri: string): object => ({
  ruleId: rule,
  ruleIndex: LINT_RULES.findIndex(({ id }) => id === rule),
  level,
  message: { text: `${module === 'main' ? '' : `module ${module}: `}${message}. Repair: ${repair}` },
  locations: [
    {
      physicalLocation: {
        artifactLocation: { uri, uriBaseId: '%SRCROOT%' },
        // A wasm file has no lines. GitHub shows no result without one.
        region: { startLine: 1 },
      },
    },
  ],
  // The same rule in the same module of the same file is the same finding, also in the next build.
  partialFingerprints: { 'plugboardRule/v1': `${uri}:${encodeURIComponent(module)}:${rule}` },
});

const rules = () =>
  LINT_RULES.map(({ id, level, what, why, source, repair }) => ({
    id,
    shortDescription: { text: what },
    fullDescription: { text: `${what} ${why}` },
    help: { text: allRepairs(repair) },
    helpUri: source,
    defaultConfiguration: { level },
  }));

/** Writes a path as a relative reference of a URI. */
const toUri = (path: string): string =>
  path
    .replaceAll('\\', '/')
    .replace(/^(\.?\/)+/, '')
    .split('/')
    .map(encodeURIComponent)
    .join('/');
