import { setTestHost, type TestHost } from '../helpers/host.ts';
import { runFiles } from '../helpers/runner.ts';
import { type TestRecord, tests } from '../helpers/suite.ts';

/** Tests that preview2-shim 0.26.1 fails; each row matches `suite › test`. */
export const CANNOT: readonly { test: RegExp; reason: string }[] = [
  {
    test: /^preview2\/in memory.*(times of .* read back|a write forgets the time|fd_filestat_set_times: exactly)/,
    reason: 'the shim keeps no times in memory: all are 0, also after a change',
  },
  {
    test: /^preview2\/in memory › names are only names/,
    reason: 'the shim keeps folders in plain objects, which have a __proto__; such names are refused',
  },
];

export interface Preview2Report {
  passed: number;
  errors: string[];
  skipped: TestRecord[];
}

/** Runs the tests that `define` declares, once in a process or page. */
export async function runContracts(host: TestHost, define: () => void): Promise<Preview2Report> {
  const cannot = (suite: string, name: string) =>
    CANNOT.find(({ test }) => test.test(`${suite} › ${name}`))?.reason;
  setTestHost({ ...host, cannot });
  const file = { name: 'preview2', load: async () => define() };
  const { passed, failed, errors, problems } = await runFiles([file]);
  const all = [...errors, ...problems];
  if (failed > 0 && all.length === 0) all.push(`${failed} failed`);
  return { passed, errors: all, skipped: tests.filter(({ outcome }) => outcome === 'skipped') };
}

export const REPORT_MARK = 'report of the run: ';
