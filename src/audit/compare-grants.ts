import { refuseExtra } from '../../wasi/options.ts';
import { refuseOption } from '../given/option-keys.ts';
import type { PolicyFile, PolicyGrant, PolicyLimits } from '../given/policy-types.ts';
import { covers } from './covers.ts';
import { endOf, readPolicyFile } from './policy-file.ts';

/** A difference between two policies. */
export type GrantChange = { plugin: string } & (
  | { change: 'gained' | 'lost'; grant: PolicyGrant }
  /** A limit that is left out is null. */
  | { change: 'raised' | 'lowered'; limit: keyof PolicyLimits; from: number | null; to: number | null }
);

/**
 * Lists the grants and limits that a new policy adds to an old one or takes away, for a page on which a person approves it. Grants that the old
 * policy covers already are not listed, nor are other reasons.
 * @throws {CreateError} INVALID_POLICY
 */
export function compareGrants(before: string | PolicyFile, after: string | PolicyFile): GrantChange[];
export function compareGrants(
  before: string | PolicyFile,
  after: string | PolicyFile,
  ...extra: unknown[]
): GrantChange[] {
  refuseExtra(extra, 'compareGrants', refuseOption);
  const [old, fresh] = [
    readPolicyFile(before, 'the old policy').data,
    readPolicyFile(after, 'the new policy').data,
  ];
  const names = [...new Set([...old.plugins, ...fresh.plugins].map(({ name }) => name))];
  return names.flatMap(plugin => {
    const [from, to] = [old, fresh].map(({ plugins }) => plugins.find(({ name }) => name === plugin));
    const missing = (grants: readonly PolicyGrant[] = [], others: readonly PolicyGrant[] = []) =>
      grants.filter(grant => !others.some(other => covers(other, grant) && lastsAsLong(other, grant)));
    return [
      ...missing(to?.grants, from?.grants).map(grant => ({ plugin, change: 'gained' as const, grant })),
      ...missing(from?.grants, to?.grants).map(grant => ({ plugin, change: 'lost' as const, grant })),
      ...compareLimits(from?.limits, to?.limits).map(row => ({ plugin, ...row })),
    ];
  });
}

const lastsAsLong = (one: PolicyGrant, other: PolicyGrant): boolean =>
  one.until === undefined || (other.until !== undefined && endOf(one.until)! >= endOf(other.until)!);

function compareLimits(from: PolicyLimits = {}, to: PolicyLimits = {}) {
  const keys = Object.keys({ ...from, ...to }) as (keyof PolicyLimits)[];
  return keys.flatMap(limit => {
    const [one, other] = [from[limit] ?? Number.POSITIVE_INFINITY, to[limit] ?? Number.POSITIVE_INFINITY];
    if (one === other) return [];
    const change = other > one ? ('raised' as const) : ('lowered' as const);
    return [{ change, limit, from: from[limit] ?? null, to: to[limit] ?? null }];
  });
}
