import { aText, type OptionTable, readOptions, refuseExtra } from '../../wasi/options.ts';
import { allRepairs } from './lint.ts';
import { LINT_RULES, type RuleText } from './lint-rules.ts';
import type { TraceFinding } from './lint-trace.ts';
import { ownReport, reading, refuse } from './own-report.ts';
import type { AuditReport, Finding } from './report.ts';
import { TRACE_RULES } from './trace-rules.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** A part of the report as SARIF 2.1.0. */
export interface SarifLog {
  $schema: string;
  version: '2.1.0';
  runs: readonly object[];
}

export interface SarifOptions {
  /** The path of the plugin or of the trace, relative to the root of the repository. */
  path: string;
}

export const SARIF_OPTIONS: OptionTable<SarifOptions> = {
  of: 'toSarif(report, options)',
  rows: { path: { ...aText, default: 'none', required: true } },
};

const RULES: readonly RuleText[] = [...LINT_RULES, ...TRACE_RULES];

/**
 * Writes the findings of a report or of `lintTrace` as SARIF 2.1.0, as code scanning of GitHub reads it.
 * @throws {PlugboardError} INVALID_OPTION
 */
export function toSarif(report: AuditReport | readonly TraceFinding[], options: SarifOptions): SarifLog;
export function toSarif(
  given: AuditReport | readonly TraceFinding[],
  options: SarifOptions,
  ...extra: unknown[]
): SarifLog {
  refuseExtra(extra, 'toSarif', refuse);
  const { path } = readOptions(SARIF_OPTIONS, options, 'toSarif', refuse);
  const results = reading('toSarif', () => {
    const findings = Array.isArray(given)
      ? (JSON.parse(JSON.stringify(given)) as TraceFinding[])
      : ownReport(given, 'toSarif').findings;
    return findings.map(finding => toResult(finding, toUri(path)));
  });
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'plugboard', rules: RULES.map(toRule) } }, results }],
  };
}

const toResult = (
  { rule, level, module, message, repair, event = 1, export: name }: Finding & Partial<TraceFinding>,
  uri: string,
): object => ({
  ruleId: rule,
  ruleIndex: RULES.findIndex(({ id }) => id === rule),
  level,
  message: { text: `${module === 'main' ? '' : `module ${module}: `}${message}. Repair: ${repair}` },
  locations: [
    {
      physicalLocation: {
        artifactLocation: { uri, uriBaseId: '%SRCROOT%' },
        // The line of a trace. A wasm file has no lines, and GitHub shows no result without one.
        region: { startLine: event },
      },
    },
  ],
  // The same rule in the same module and export of the same file is the same finding, also in the next build.
  partialFingerprints: {
    'plugboardRule/v1': `${uri}:${[module, rule, ...(name ? [name] : [])].map(encoded).join(':')}`,
  },
});

const toRule = ({ id, level, what, why, source, repair }: RuleText): object => ({
  id,
  shortDescription: { text: what },
  fullDescription: { text: `${what} ${why}` },
  help: { text: allRepairs(repair) },
  helpUri: source,
  defaultConfiguration: { level },
});

/** Half of a surrogate pair has no percent-encoding. */
const encoded = (text: string): string => encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));

/** Writes a path as a relative reference of a URI. */
const toUri = (path: string): string =>
  path
    .replaceAll('\\', '/')
    .replace(/^(\.?\/)+/, '')
    .split('/')
    .map(encoded)
    .join('/');
