import type { PolicyFile, PolicyGrant } from '../given/policy-types.ts';
import type { TraceEvent } from '../trace/events.ts';
import { printable } from '../values/printable.ts';
import { covers } from './covers.ts';
import { importText, type LockedPlugin, type LockedPower, type LockFile, lockedPlugin } from './lock-file.ts';
import { endOf } from './policy-file.ts';
import type { AuditReport } from './report.ts';

/** A difference between a build and the one that was approved. */
export interface LockDifference {
  plugin: string;
  code:
    | 'not-locked'
    | 'other-build'
    | 'lock-changed'
    | 'power-gained'
    | 'power-lost'
    | 'export-gained'
    | 'export-lost'
    | 'reach-gained'
    | 'not-granted'
    | 'grant-ended';
  message: string;
  /** For a power or an import that was gained: one way of calls to it, by names of functions. Null where none is known. */
  path: string[] | null;
}

type Needs = Partial<PolicyGrant>;

const hashesOf = ({ modules }: LockedPlugin): string => modules.map(({ sha256 }) => sha256).join(', ');
const usesOf = ({ uses }: LockedPlugin): Pick<LockedPlugin, 'uses'> => (uses ? { uses } : {});

/** The grants that a build needs: its hashes and its powers. */
export const needsOf = ({ modules, powers }: LockedPlugin): Needs[] => [
  ...modules.map(({ sha256 }) => ({ hash: sha256 })),
  ...powers.map(grantOf),
];

const grantOf = ({ power, namespace, function: name }: LockedPower): Needs =>
  power === 'host-function' ? { namespace, function: name } : { power };

const nameOf = ({ power, namespace, function: name }: LockedPower): string =>
  power === 'host-function' ? `host function ${JSON.stringify(`${namespace} ${name}`)}` : `power ${power}`;

/** Finds one way of calls to an import of a power. */
function pathTo({ exports }: AuditReport, imports: readonly string[], of?: string): string[] | null {
  for (const { name, reach } of exports) {
    const found =
      of === undefined || of === name
        ? reach?.imports.find(item => imports.includes(importText(item)))
        : null;
    if (found) return [...found.path, importText(found)];
  }
  return null;
}

/**
 * Compares a build with the lock and the policy. No differences: this build was approved.
 * @param nowMs the time that counts for grants that end
 */
export function compareWithLock(
  name: string,
  report: AuditReport,
  { lock, policy, nowMs }: { lock: LockFile; policy: PolicyFile; nowMs: number },
): LockDifference[] {
  const build = lockedPlugin(name, report);
  const before = lock.plugins.find(plugin => plugin.name === name);
  const row = (code: LockDifference['code'], message: string, path: string[] | null = null) => ({
    plugin: name,
    code,
    message,
    path,
  });
  if (!before) return [row('not-locked', 'the lock has no such plugin')];
  const differences: LockDifference[] = [];
  const isSame = hashesOf(before) === hashesOf(build);
  if (!isSame) {
    differences.push(
      row('other-build', `SHA-256 ${hashesOf(build)}, and ${hashesOf(before)} is the approved one`),
    );
  }
  const key = (power: LockedPower) => JSON.stringify([grantOf(power), power.type ?? null]);
  const missingIn = (powers: readonly LockedPower[], others: readonly LockedPower[]) => {
    const known = new Set(others.map(key));
    return powers.filter(power => !known.has(key(power)));
  };
  const gained = missingIn(build.powers, before.powers);
  const lost = missingIn(before.powers, build.powers);
  for (const power of gained)
    differences.push(row('power-gained', `+ ${nameOf(power)}`, pathTo(report, power.imports)));
  for (const power of lost) differences.push(row('power-lost', `- ${nameOf(power)}`));
  differences.push(...compareExports(build, before, report, row));
  if (
    isSame &&
    differences.length === 0 &&
    JSON.stringify(before) !== JSON.stringify({ ...build, ...usesOf(before) })
  )
    differences.push(row('lock-changed', 'the lock describes these bytes in another way than plugboard'));
  return [...differences, ...compareWithPolicy(build, policy, nowMs, row, gained)];
}

type Row = (code: LockDifference['code'], message: string, path?: string[] | null) => LockDifference;

function compareExports(
  build: LockedPlugin,
  before: LockedPlugin,
  report: AuditReport,
  row: Row,
): LockDifference[] {
  const differences: LockDifference[] = [];
  const byName = ({ exports }: LockedPlugin) => new Map(exports.map(item => [item.name, item]));
  const [own, olds] = [byName(build), byName(before)];
  for (const { name, imports = [] } of build.exports) {
    const old = olds.get(name);
    if (!old) {
      differences.push(row('export-gained', `+ export ${JSON.stringify(name)}`));
      continue;
    }
    const known = new Set(old.imports);
    for (const item of imports.filter(item => !known.has(item))) {
      const message = `+ export ${JSON.stringify(name)} reaches ${JSON.stringify(item)}`;
      differences.push(row('reach-gained', message, pathTo(report, [item], name)));
    }
  }
  for (const { name } of before.exports.filter(item => !own.has(item.name)))
    differences.push(row('export-lost', `- export ${JSON.stringify(name)}`));
  return differences;
}

/** Lists the needs that the policy does not grant, without the powers that were gained. */
function compareWithPolicy(
  build: LockedPlugin,
  policy: PolicyFile,
  nowMs: number,
  row: Row,
  gained: readonly LockedPower[],
): LockDifference[] {
  const grants = policy.plugins.find(({ name }) => name === build.name)?.grants ?? [];
  const told = new Set(gained.map(power => JSON.stringify(grantOf(power))));
  return needsOf(build).flatMap(needs => {
    const text = JSON.stringify(needs);
    const own = grants.filter(grant => covers(grant, needs));
    if (own.some(({ until }) => until === undefined || endOf(until)! >= nowMs)) return [];
    if (own.length > 0) return [row('grant-ended', `the grant ${text} has ended (${own[0]!.until})`)];
    return told.has(text) ? [] : [row('not-granted', `the policy does not grant ${text}`)];
  });
}

/** The words that stand in each grant of an approval. */
export type Approval = Pick<PolicyGrant, 'reason' | 'by' | 'until'>;

/** The imports that a build used in a trace. */
export function usesIn(events: readonly TraceEvent[], { modules }: AuditReport): string[] {
  const hashes = modules.map(({ sha256 }) => sha256);
  const key = (plugin: number, module: string) => JSON.stringify([plugin, module]);
  const own = new Set(
    events.flatMap(event =>
      event.type === 'trace'
        ? event.modules
            .filter(({ sha256 }) => sha256 !== null && hashes.includes(sha256))
            .map(({ name }) => key(event.plugin, name))
        : [],
    ),
  );
  return events.flatMap(event =>
    event.type === 'import' && event.allowed && own.has(key(event.plugin, event.module))
      ? [importText(event)]
      : [],
  );
}

/**
 * Returns lock and policy in which a build is approved, with further grants that a person names.
 * @param uses imports that its calls used; they are added to those that the lock has for this build
 */
export function approve(
  name: string,
  report: AuditReport,
  { lock, policy }: { lock: LockFile; policy: PolicyFile },
  approval: Approval,
  further: readonly Needs[],
  nowMs: number,
  uses: readonly string[] = [],
): { lock: LockFile; policy: PolicyFile } {
  const build = lockedPlugin(name, report);
  const locked = lock.plugins.find(plugin => plugin.name === name);
  const known = (locked && hashesOf(locked) === hashesOf(build) && locked.uses) || [];
  const used = [...new Set([...known, ...uses])].sort();
  const old = policy.plugins.find(plugin => plugin.name === name) ?? { name, grants: [] };
  const isGranted = (needs: Needs) =>
    old.grants.some(
      grant => covers(grant, needs) && (grant.until === undefined || endOf(grant.until)! >= nowMs),
    );
  const added = [...needsOf(build), ...further]
    .filter(needs => !isGranted(needs))
    .map(needs => ({ ...needs, ...approval }));
  const entry = { ...old, grants: [...old.grants, ...added] };
  return {
    lock: { ...lock, plugins: replaced(lock.plugins, { ...build, ...(used.length > 0 && { uses: used }) }) },
    policy:
      added.length === 0
        ? policy
        : {
            ...(policy.$schema !== undefined && { $schema: policy.$schema }),
            version: policy.version,
            sequence: (policy.sequence ?? 0) + 1,
            ...(policy.expires !== undefined && { expires: policy.expires }),
            plugins: replaced(policy.plugins, entry),
          },
  };
}

/** Puts an item in the place of the one with its name, or behind the others. */
const replaced = <T extends { name: string }>(items: readonly T[], item: T): T[] =>
  items.some(({ name }) => name === item.name)
    ? items.map(old => (old.name === item.name ? item : old))
    : [...items, item];

/** The level from which on a value stands in one line: that of a grant, an export and a limit. */
const INLINE_LEVEL = 4;

/** Prints a lock or a policy as JSON with a line for each grant, so that a difference shows as a line. */
export function printJson(value: unknown, level = 0): string {
  const isList = Array.isArray(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const parts = isList
    ? value.map(item => printJson(item, level + 1))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${JSON.stringify(key)}: ${printJson(item, level + 1)}`);
  const [open, close] = isList ? '[]' : '{}';
  if (parts.length === 0) return `${open}${close}`;
  if (level >= INLINE_LEVEL) return isList ? `[${parts.join(', ')}]` : `{ ${parts.join(', ')} }`;
  const indent = '  '.repeat(level);
  return `${open}\n${parts.map(part => `${indent}  ${part}`).join(',\n')}\n${indent}${close}`;
}

/**
 * Prints a lock or a policy as the text of its file. Escaped characters have the same meaning in JSON, and cannot hide in an
 * editor.
 */
export const printFile = (value: unknown): string =>
  `${printJson(value).split('\n').map(printable).join('\n')}\n`;
