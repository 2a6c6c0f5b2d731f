import type { AuditReport } from '../../audit/index.ts';
import { approve, printFile } from '../../audit/lock.ts';
import { LOCK_VERSION } from '../../audit/lock-file.ts';
import { POLICY_VERSION } from '../../audit/policy-file.ts';

/** The two files that `plugboard lock` would write for a build, without other plugins. */
export interface LockTexts {
  readonly lock: string;
  /** Empty without a reason: a grant needs one. */
  readonly policy: string;
}

/**
 * Writes the lock of a build, and the policy that approves it.
 * @param name the file, as the lock names it
 * @returns null where SHA-256 is missing, as on pages of a server without https, or where the engine refuses the module
 */
export function lockTexts(
  name: string,
  report: AuditReport,
  reason: string,
  nowMs: number,
): LockTexts | null {
  if (report.modules.some(({ sha256, sizeBytes, valid }) => sha256 === null || sizeBytes === null || !valid))
    return null;
  const { lock, policy } = approve(
    name,
    report,
    {
      lock: { version: LOCK_VERSION, plugins: [] },
      policy: { version: POLICY_VERSION, plugins: [] },
    },
    { reason: reason.trim() },
    [],
    nowMs,
  );
  return { lock: printFile(lock), policy: reason.trim() === '' ? '' : printFile(policy) };
}
