import type { Level } from '../../src/conformance/case.ts';
import { DIFFERS } from '../comparison/row.ts';

/** The result of one case on one host, as results.json keeps it. */
export interface KeptCase {
  id: string;
  topic: string;
  level: Level;
  status: 'passed' | 'alternative' | 'xfail' | 'skipped' | 'failed';
  rows: readonly string[];
  /** Left out for `hardened` cases: matters of security are told to the authors of the host first. */
  reason?: string;
}
export interface KeptResults {
  host: string;
  version: string;
  date: string;
  cases: readonly KeptCase[];
}

const LEVELS: readonly Level[] = ['core', 'edge', 'hardened'];
const STATUSES = ['passed', 'alternative', 'xfail', 'skipped', 'failed'] as const;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map(cells => `|${cells.join('|')}|`).join('\n');
const cell = (text: string): string =>
  text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('`', "'").replace(/\s+/g, ' ');

const pageOf: Readonly<Record<string, string>> = {
  abi: 'ABI.md',
  env: 'ABI.md',
  wasi: 'WASI.md',
  upstream: 'ACTORS.md',
};
const linkOf = (row: string): string => {
  const page = pageOf[row.split('.')[0] ?? ''];
  return page ? `[${row}](${page})` : row;
};

/** Returns docs/CONFORMANCE.md. */
export function conformancePage(results: readonly KeptResults[]): string {
  const topics = [...new Set(results.flatMap(({ cases }) => cases.map(({ topic }) => topic)))].sort();
  const count = (cases: readonly KeptCase[], status: string) =>
    cases.filter(item => item.status === status).length;
  const byLevel = results.flatMap(({ host, version, date, cases }) =>
    LEVELS.map(level => {
      const here = cases.filter(item => item.level === level);
      return [
        host,
        version,
        date,
        level,
        ...STATUSES.map(status => String(count(here, status))),
        String(here.length),
      ];
    }),
  );
  const byTopic = topics.map(topic => [
    topic,
    ...results.map(({ cases }) => {
      const here = cases.filter(item => item.topic === topic && item.status !== 'skipped');
      const good = count(here, 'passed') + count(here, 'alternative');
      return here.length === 0 ? '' : `${good} of ${here.length}`;
    }),
  ]);
  const disagreements = results.flatMap(({ host, cases }) =>
    cases
      .filter(({ status }) => status === 'xfail')
      .map(({ id, rows, reason = DIFFERS }) => [host, id, rows.map(linkOf).join(', '), cell(reason)]),
  );
  return [
    '<!-- Printed by `npm run test:conformance`: change the cases or the expectations, not this page. -->\n',
    '# Conformance of Extism hosts\n',
    'Results of the cases of [plugboard-conformance](../fixtures/conformance/README.md) on four hosts. `core` cases are those on which all of them agree. ' +
      'An `alternative` is another end that the case allows. An `xfail` is a known difference, listed below with its row; the results of `hardened` cases are not told. ' +
      '`skipped` cases need a feature that the host lacks.\n',
    '## By level\n',
    table(['Host', 'Version', 'Date', 'Level', ...STATUSES, 'of'], byLevel),
    '\n## By topic\n',
    'Cases that passed, of those that ran.\n',
    table(['Topic', ...results.map(({ host }) => host)], byTopic),
    '\n## Known differences\n',
    table(['Host', 'Case', 'Row', 'Result'], disagreements),
    '',
  ].join('\n');
}
