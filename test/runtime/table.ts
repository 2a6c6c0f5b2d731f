import { CANNOT, cannotLoad, type RuntimeId } from './cannot.ts';
import type { Result, RuntimeReport } from './report.ts';

/** A runtime's run: all tests of the reference, each passed, failed or skipped with a reason. */
export interface Outcome {
  runtime: string;
  results: Result[];
  errors: string[];
  problems: string[];
}

const keyOf = ({ file, suite, name }: Result) => `${file}: ${suite} › ${name}`;

/** Compares a report with the tests on Node. Tests of files that were not loaded get their reason, holes are problems. */
export function explain(id: RuntimeId, report: RuntimeReport, reference: readonly Result[]): Outcome {
  const { runtime, errors, problems } = report;
  const ran = new Map(report.results.map(result => [keyOf(result), result]));
  const holes: string[] = [];
  const results = reference.flatMap(result => {
    const own = ran.get(keyOf(result));
    if (own) return own;
    const reason = cannotLoad(id, result.file);
    if (reason !== undefined) return { ...result, outcome: 'skipped' as const, reason };
    holes.push(`unexplained hole: ${keyOf(result)} did not run, and no row of cannot.ts says why`);
    return [];
  });
  const known = new Set(reference.map(keyOf));
  const unknown = report.results.map(keyOf).filter(key => !known.has(key));
  return {
    runtime,
    results,
    errors,
    problems: [...problems, ...holes, ...unknown.map(key => `not a test on Node: ${key}`)],
  };
}

/** Finds rows of cannot.ts that match no test, and tests that share a name. */
export function findTableProblems(reference: readonly Result[]): string[] {
  const keys = reference.map(keyOf);
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
  const stale = CANNOT.filter(
    ({ file, test }) =>
      !reference.some(
        result => file.test(result.file) && (test?.test(`${result.suite} › ${result.name}`) ?? true),
      ),
  );
  const lost = CANNOT.flatMap(({ file, kept = [] }) => {
    const titles = reference.flatMap(result =>
      file.test(result.file) ? `${result.suite} › ${result.name}` : [],
    );
    return kept.filter(start => !titles.some(title => title.startsWith(start)));
  });
  return [
    ...twice.map(key => `two tests are named ${key}`),
    ...stale.map(({ file, test }) => `cannot.ts: no test matches ${file} ${test ?? ''}`),
    ...lost.map(start => `cannot.ts: no test begins with ${start}`),
  ];
}

export const count = ({ results }: Outcome, outcome: Result['outcome']): number =>
  results.filter(result => result.outcome === outcome).length;

/** One line for each runtime, one column for each group of suites: numbers of passed, failed and skipped tests. */
export function printTable(outcomes: readonly Outcome[]): string {
  const groupOf = ({ file }: Result) =>
    file.includes('/') ? file.split('/')[0]! : file.replace('.test.js', '');
  const groups = [...new Set(outcomes.flatMap(({ results }) => results.map(groupOf)))].sort();
  const cell = (results: readonly Result[]) => {
    const of = (outcome: Result['outcome']) => results.filter(result => result.outcome === outcome).length;
    const [failed, skipped] = [of('failed'), of('skipped')];
    return `${of('passed')}${failed ? ` FAILED ${failed}` : ''}${skipped ? ` (${skipped})` : ''}`;
  };
  const lines = [
    ['passed (skipped)', ...groups, 'all'],
    ...outcomes.map(({ runtime, results }) => [
      runtime,
      ...groups.map(group => cell(results.filter(result => groupOf(result) === group))),
      cell(results),
    ]),
  ];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map(line => line[column]!.length)));
  return lines
    .map(line =>
      line
        .map((text, column) => text.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The skipped tests of each runtime, one line for each reason. */
export function printSkips(outcomes: readonly Outcome[]): string {
  return outcomes
    .flatMap(({ runtime, results }) => {
      const skipped = results.filter(result => result.outcome === 'skipped');
      const reasons = [...new Set(skipped.map(result => result.reason))];
      return reasons.map(reason => {
        const of = skipped.filter(result => result.reason === reason);
        const files = [...new Set(of.map(result => result.file.replace('.test.js', '')))].join(', ');
        return `skipped on ${runtime}: ${of.length} of ${files}: ${reason}`;
      });
    })
    .join('\n');
}
