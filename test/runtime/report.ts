import { setTestHost, type TestHost } from '../helpers/host.ts';
import { runFiles, type TestFile } from '../helpers/runner.ts';
import { type TestRecord, tests } from '../helpers/suite.ts';
import { cannotLoad, cannotRun, type RuntimeId } from './cannot.ts';

export interface Result extends Omit<TestRecord, 'fileIndex'> {
  file: string;
}

/** The report of a run, sent as JSON. */
export interface RuntimeReport {
  /** Such as `node 20.20.2`. */
  runtime: string;
  results: Result[];
  /** Text of the failures. */
  errors: string[];
  problems: string[];
}

/**
 * Runs all files that this runtime can load, or those at the indexes that are its `isOwn`. The report has no tests of other
 * files.
 */
export async function runSuites(
  id: RuntimeId,
  testHost: TestHost,
  files: readonly TestFile[],
  isOwn: (index: number) => boolean = () => true,
): Promise<RuntimeReport> {
  const loaded = files.filter(({ name }) => cannotLoad(id, name) === undefined);
  setTestHost({
    ...testHost,
    cannot: (suite, name) => cannotRun(id, loaded[globalThis.UVU_INDEX]!.name, `${suite} › ${name}`),
  });
  const { errors, problems } = await runFiles(loaded, isOwn);
  const own = tests.filter(({ fileIndex }) => isOwn(fileIndex));
  const results = own.map(({ fileIndex, ...test }) => ({ ...test, file: loaded[fileIndex]!.name }));
  return { runtime: testHost.runtime, results, errors, problems };
}

export const REPORT_MARK = 'report of the run: ';

/** An example on a runtime: its expected output and its actual output. */
export interface Check {
  name: string;
  expected: string;
  actual: string;
}
