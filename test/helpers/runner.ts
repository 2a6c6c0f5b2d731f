import './defer.ts';

/** The result of a suite in uvu: failure text (`true` if none), tests passed, tests left out, tests in all. */
export type SuiteResult = [errors: string | true, passed: number, leftOut: number, total: number];
type QueuedSuite = () => Promise<SuiteResult>;

export interface TestFile {
  name: string;
  load: () => Promise<unknown>;
}

export interface Report {
  passed: number;
  failed: number;
  /** Reasons why the run proves nothing although no test failed, such as a file without a single test. */
  problems: string[];
  errors: string[];
}

/**
 * Loads every file, then runs the suites that they queued; with `isOwn` only those of the files at these indexes. uvu itself exits with success on a forgotten `.run()`, on a
 * leftover `.only` and on a file that declares nothing; here each is a problem.
 */
export async function runFiles(
  files: readonly TestFile[],
  isOwn: (index: number) => boolean = () => true,
): Promise<Report> {
  const outer = { queue: globalThis.UVU_QUEUE, index: globalThis.UVU_INDEX };
  const queue: QueuedSuite[][] = files.map(() => []);
  const report: Report = { passed: 0, failed: 0, problems: [], errors: [] };
  globalThis.UVU_QUEUE = queue;
  try {
    for (const [index, file] of files.entries()) {
      globalThis.UVU_INDEX = index;
      try {
        await file.load();
      } catch (error) {
        // In some engines `stack` does not begin with the message.
        const stack = (error as Error)?.stack ?? '';
        const text = stack.includes(String(error)) ? stack : `${error}\n${stack}`;
        report.problems.push(`${file.name}: failed to load: ${text}`);
      }
    }
    for (const [index, suites] of queue.entries()) {
      if (!isOwn(index)) continue;
      const { name } = files[index]!;
      if (suites.length === 0) report.problems.push(`${name}: queued no suite (a forgotten .run()?)`);
      for (const run of suites) addResult(report, name, await run());
    }
  } finally {
    globalThis.UVU_QUEUE = outer.queue;
    globalThis.UVU_INDEX = outer.index;
  }
  if (report.passed + report.failed === 0) report.problems.push('no test ran');
  return report;
}

export function addResult(report: Report, file: string, [errors, passed, leftOut, total]: SuiteResult): void {
  report.passed += passed;
  report.failed += total - passed;
  if (errors !== true) report.errors.push(errors);
  if (total === 0) report.problems.push(`${file}: a suite without tests`);
  if (leftOut > 0) report.problems.push(`${file}: ${leftOut} tests left out by .only or a bare .skip`);
}
