import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { testFiles } from '../helpers/node.ts';
import type { Report } from '../helpers/runner.ts';
import { tests } from '../helpers/suite.ts';
import type { RuntimeReport } from './report.ts';

/** In CI, the file in which `npm test` leaves its report, so that `npm run test:runtimes` need not run the same tests again. */
const path = process.env.PLUGBOARD_REPORT;
export const keepsReport: boolean = path !== undefined;

/** Writes the report of all suites on this Node. */
export function keepReport(runtime: string, { errors, problems }: Report): void {
  if (!path) return;
  const files = testFiles();
  const results = tests.map(({ fileIndex, ...test }) => ({ ...test, file: files[fileIndex]!.name }));
  const report: RuntimeReport = { runtime, results, errors, problems };
  writeFileSync(path, JSON.stringify(report));
}

/** Reads the report of `npm test`; undefined if there is none. */
export const keptReport = (): RuntimeReport | undefined =>
  path && existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as RuntimeReport) : undefined;
