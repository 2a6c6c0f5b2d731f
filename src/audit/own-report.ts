import { expected, guarded, type Kind, type Refuse } from '../../wasi/options.ts';
import { PlugboardError } from '../errors.ts';
import { AUDIT_VERSION, type AuditReport } from './report.ts';

export const refuse: Refuse = (message, _, options) => {
  throw new PlugboardError('INVALID_OPTION', message, options);
};

const A_REPORT = `a report of version ${AUDIT_VERSION}, as reportOf returns it`;

/** Returns a copy of a report, which may have been JSON in between. @throws {PlugboardError} INVALID_OPTION */
export const ownReport = (given: unknown, where: string, refuseIt: Refuse = refuse): AuditReport =>
  guarded(where, refuseIt, refuseRead => {
    const text = JSON.stringify(given) as string | undefined;
    const report = text === undefined ? undefined : (JSON.parse(text) as AuditReport | null);
    const lists = [report?.modules, report?.capabilities, report?.exports, report?.hints, report?.findings];
    if (report?.version === AUDIT_VERSION && lists.every(Array.isArray)) return report;
    return refuseRead(expected(A_REPORT, given, where));
  });

export const aReport: Kind<AuditReport> = {
  type: A_REPORT,
  check: ownReport,
};

/** Reads a report with `read`. A report of another form than its version says is an error of the caller. */
export const reading = <T>(where: string, read: () => T): T => guarded(where, refuse, read, PlugboardError);
