import { isPlain } from '../../../wasi/options.ts';
import type { Verdict } from '../../conformance/run-case.ts';
import { CliError } from '../errors.ts';

/** Known results of one version of a host. All other cases are expected to pass. */
export interface Expectations {
  /** Id of a case that fails → the row about it, or the report for its authors. */
  xfail: Record<string, { row: string } | { report: string }>;
  /** Id of a case that is not run → the reason. */
  skip: Record<string, string>;
}

export const NOTHING_KNOWN: Expectations = { xfail: {}, skip: {} };

export interface Judged extends Omit<Verdict, 'status'> {
  status: Verdict['status'] | 'xfail';
  /** Whether the run must fail because of it. */
  isUnexpected: boolean;
}

/** Compares a verdict with the expectation: an unexpected pass is as wrong as an unexpected failure. */
export function compare(verdict: Verdict, { xfail }: Expectations): Judged {
  const known = Object.hasOwn(xfail, verdict.id) ? xfail[verdict.id] : undefined;
  const { status, reasons } = verdict;
  if (!known) return { ...verdict, isUnexpected: status === 'failed' };
  if (status === 'failed')
    return { ...verdict, status: 'xfail', rows: Object.values(known), isUnexpected: false };
  const stale = `expected to fail (${Object.values(known).join()}), but it is ${status}: remove it from xfail`;
  return { ...verdict, status: 'failed', reasons: [stale, ...reasons], isUnexpected: true };
}

/** Returns the ids that no case has. */
export const staleIds = ({ xfail, skip }: Expectations, ids: ReadonlySet<string>): string[] =>
  [...Object.keys(xfail), ...Object.keys(skip)].filter(id => !ids.has(id));

/** @throws {CliError} FILE */
export function readExpectations(text: string, path: string): Expectations {
  const fail = (problem: string): never => {
    throw new CliError('FILE', `${path}: ${problem}`);
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return fail(`expected JSON: ${(error as Error).message}`);
  }
  const { xfail = {}, skip = {} } = isPlain(json)
    ? (json as Partial<Expectations>)
    : fail('expected an object');
  if (!isPlain(xfail) || !isPlain(skip)) fail('expected objects in xfail and skip');
  return { xfail, skip };
}
