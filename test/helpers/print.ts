import { host } from './host.ts';
import type { Report } from './runner.ts';
import { type TestRecord, tests } from './suite.ts';

/** Prints failures, problems, skips with their reasons and the closing line. Returns true if every test passed and there is no problem. */
export function printReport(report: Report): boolean {
  const skips = tests.filter(test => test.outcome === 'skipped');
  const lines = [
    ...report.errors,
    ...report.problems.map(problem => `problem: ${problem}`),
    ...skips.map(({ suite, name, reason }) => `skipped: ${suite} › ${name}: ${reason}`),
    `on ${host().runtime}, ${skips.length} skipped:`,
  ];
  console.log(`\n${lines.join('\n')}`);
  // A run with problems must not look green to somebody who reads the last line only.
  const failed = report.failed + report.problems.length;
  console.log(`${report.passed} passed, ${failed} failed`);
  return failed === 0;
}

const SLOWEST = 10;

/** The slowest suites, each with its slowest test. */
export function printSlowest(): string[] {
  const suites = new Map<string, TestRecord[]>();
  for (const test of tests) suites.set(test.suite, [...(suites.get(test.suite) ?? []), test]);
  return [...suites]
    .map(([suite, all]) => ({
      suite,
      ms: all.reduce((sum, { ms = 0 }) => sum + ms, 0),
      slowest: all.reduce((a, b) => ((b.ms ?? 0) > (a.ms ?? 0) ? b : a)),
    }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, SLOWEST)
    .map(
      ({ suite, ms, slowest }) =>
        `${seconds(ms)}  ${suite}, of that ${seconds(slowest.ms ?? 0)}: ${slowest.name}`,
    );
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
