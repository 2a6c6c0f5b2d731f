import { expected, guarded, type Kind, type Refuse } from '../../wasi/options.ts';
import { PlugboardError } from '../errors.ts';
import { AUDIT_VERSION, type AuditReport } from './report.ts';

export const refuse: Refuse = (message, _, options) => {
  throw new PlugboardError('INVALID_OPTION', message, options);
};

/** Returns a copy of a report, which may have been JSON in between. @throws {PlugboardError} INVALID_OPTION */
export function ownReport(given: unknown, where: string, refuseIt: Refuse = refuse): AuditReport {
  const text = guarded(where, refuseIt, () => JSON.stringify(given));
  const report = text === undefined ? undefined : (JSON.parse(text) as AuditReport | null);
  const lists = [report?.modules, report?.capabilities, report?.exports, report?.hints, report?.findings];
  if (report?.version === AUDIT_VERSION && lists.every(Array.isArray)) return report;
  const type = `a report of version ${AUDIT_VERSION}, as reportOf returns it`;
  return refuseIt(expected(type, given, where));
}

export const aReport: Kind<AuditReport> = {
  type: 'a report, as reportOf returns it',
  check: ownReport,
};

/** Reads a report with `read`. A report of another form than its version says is an error of the caller. */
export const reading = <T>(where: string, read: () => T): T => guarded(where, refuse, read, PlugboardError);
