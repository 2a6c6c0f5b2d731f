import { host } from './host.ts';
import type { Report } from './runner.ts';
import { tests } from './suite.ts';

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
