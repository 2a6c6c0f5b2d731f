import type { Level } from '../../conformance/case.ts';
import type { Judged } from './expectations.ts';

export interface CaseResult extends Judged {
  level: Level;
  /** The folder of the case. */
  topic: string;
  ms: number;
}
export interface Results {
  host: string;
  version: string;
  date: string;
  cases: readonly CaseResult[];
}

const STATUSES = ['passed', 'alternative', 'xfail', 'skipped', 'failed'] as const;
const LEVELS: readonly Level[] = ['core', 'edge', 'hardened'];

/** Counts by level, as text. */
export function summary({ host, version, cases }: Results): string {
  const rows = LEVELS.map(level => {
    const here = cases.filter(result => result.level === level);
    const counts = STATUSES.map(status => String(here.filter(result => result.status === status).length));
    return [level, ...counts, String(here.length)];
  });
  const head = ['level', ...STATUSES, 'of'];
  const width = (column: number) => Math.max(...[head, ...rows].map(row => row[column]!.length));
  const line = (row: string[]) => row.map((cell, column) => cell.padStart(width(column))).join('  ');
  return [`${host} ${version}`, line(head), ...rows.map(line)].join('\n');
}

/** One line for each unexpected result, and its reasons. */
export const failures = ({ cases }: Results): string[] =>
  cases
    .filter(({ isUnexpected }) => isUnexpected)
    .flatMap(({ id, reasons }) => [`FAILED ${id}`, ...reasons.map(reason => `  ${reason}`)]);

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
// biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 cannot hold these characters
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const xml = (text: string): string => text.replace(NOT_XML, '�').replace(/[&<>"]/g, char => ENTITIES[char]!);

/** The results as JUnit XML, a suite for each topic. */
export function junit({ host, version, cases }: Results): string {
  const topics = [...new Set(cases.map(({ topic }) => topic))];
  const suites = topics.map(topic => {
    const here = cases.filter(result => result.topic === topic);
    const count = (test: (result: CaseResult) => boolean) => here.filter(test).length;
    return [
      `  <testsuite name="${xml(topic)}" tests="${here.length}" failures="${count(result => result.isUnexpected)}" skipped="${count(isSkipped)}">`,
      ...here.map(caseXml),
      '  </testsuite>',
    ].join('\n');
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${xml(`${host} ${version}`)}">`,
    ...suites,
    '</testsuites>',
  ].join('\n');
}

const isSkipped = ({ status, isUnexpected }: CaseResult) =>
  !isUnexpected && (status === 'skipped' || status === 'xfail');

function caseXml(result: CaseResult): string {
  const { id, topic, ms, status, reasons, rows, isUnexpected } = result;
  const open = `    <testcase name="${xml(id)}" classname="${xml(topic)}" time="${(ms / 1000).toFixed(3)}"`;
  if (isUnexpected) return `${open}><failure message="${xml(reasons.join('\n'))}"/></testcase>`;
  if (isSkipped(result))
    return `${open}><skipped message="${xml([status, ...rows, ...reasons].join('; '))}"/></testcase>`;
  return `${open}/>`;
}
