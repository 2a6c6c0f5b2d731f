import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import type { Report } from './runner.ts';
import { type TestRecord, tests } from './suite.ts';

/** The report of one part, sent to the process that started it. */
interface PartReport {
  report: Report;
  /** The tests of the part's files. */
  tests: TestRecord[];
}

/** One process more than there are cores, because suites wait for workers and other processes. */
const PARTS = Math.min(availableParallelism() + 1, 4);
const FLAG = '--part=';
const own = process.argv.find(arg => arg.startsWith(FLAG))?.slice(FLAG.length);

/** For a process that `runInParts` started: whether a file, by its index, belongs to its part. Undefined for others. */
export const isOwnFile = own === undefined ? undefined : (index: number) => index % PARTS === Number(own);

export function sendPart(report: Report): void {
  const part: PartReport = { report, tests: tests.filter(({ fileIndex }) => isOwnFile!(fileIndex)) };
  process.send!(part);
}

/**
 * Runs all suites, divided among processes of `script`, each of which loads all files: some suites are about all of them.
 * Adds the records of their tests to `tests`.
 */
export async function runInParts(script: string): Promise<Report> {
  const sum: Report = { passed: 0, failed: 0, problems: [], errors: [] };
  const run = async (index: number) => {
    const child = fork(script, [`${FLAG}${index}`], { silent: true });
    // Whole lines, since the parts write at the same time.
    for (const stream of [child.stdout!, child.stderr!]) createInterface(stream).on('line', console.log);
    let part: PartReport | undefined;
    child.on('message', message => {
      part = message as PartReport;
    });
    const [code] = await once(child, 'close');
    if (code !== 0 || !part) sum.problems.push(`part ${index} of the suites ended with ${code}`);
    if (!part) return;
    sum.passed += part.report.passed;
    sum.failed += part.report.failed;
    sum.problems.push(...part.report.problems);
    sum.errors.push(...part.report.errors);
    tests.push(...part.tests);
  };
  await Promise.all(Array.from({ length: PARTS }, (_, index) => run(index)));
  return sum;
}
