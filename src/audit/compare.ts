import { refuseExtra } from '../../wasi/options.ts';
import { ownReport, reading, refuse } from './own-report.ts';
import type {
  AuditReport,
  Finding,
  ImportName,
  ReachedImport,
  ReportedCapability,
  ReportedExport,
} from './report.ts';

interface Changes<T> {
  gained: T[];
  lost: T[];
}

/** The new or lost imports in the reach of an export that both builds have. */
export interface ReachChange {
  name: string;
  gained: ReachedImport[];
  lost: ImportName[];
  /** The states, if they differ; `unknown` and `everything` are wider than `bounded`. */
  state: { old: string; new: string } | null;
}

/** The differences between two builds of a plugin, the powers first. */
export interface ReportDiff {
  version: 1;
  capabilities: Changes<ReportedCapability>;
  imports: Changes<ImportName>;
  exports: Changes<string>;
  reach: ReachChange[];
  findings: Changes<Finding>;
  modules: { name: string; old: Side | null; new: Side | null }[];
}

interface Side {
  sha256: string | null;
  sizeBytes: number | null;
}

/** Returns the items of `right` whose keys are not in `left`. */
function without<T>(left: readonly T[], right: readonly T[], key: (item: T) => string): T[] {
  const keys = new Set(left.map(key));
  return right.filter(item => !keys.has(key(item)));
}

const changes = <T>(before: readonly T[], after: readonly T[], key: (item: T) => string): Changes<T> => ({
  gained: without(before, after, key),
  lost: without(after, before, key),
});

const importKey = ({ namespace, name }: ImportName): string => JSON.stringify([namespace, name]);

/** The name of a power. Two host functions are two powers, and so are two types of one. */
export const capabilityKey = ({ id, hostFunction }: ReportedCapability): string =>
  hostFunction ? JSON.stringify([id, hostFunction.namespace, hostFunction.name, hostFunction.type]) : id;

/**
 * Lists the gains and losses of a build, the powers first.
 * @throws {PlugboardError} INVALID_OPTION for a report of another version
 */
export function compareReports(before: AuditReport, after: AuditReport): ReportDiff;
export function compareReports(before: AuditReport, after: AuditReport, ...extra: unknown[]): ReportDiff {
  refuseExtra(extra, 'compareReports', refuse);
  const [one, other] = [ownReport(before, 'compareReports'), ownReport(after, 'compareReports')];
  return reading('compareReports', () => compare(one, other));
}

function compare(before: AuditReport, after: AuditReport): ReportDiff {
  const functions = ({ exports }: AuditReport) => exports.filter(({ kind }) => kind === 'function');
  const imports = ({ modules }: AuditReport): ImportName[] => [
    ...new Map(
      modules.flatMap(module =>
        module.imports
          .filter(({ origin }) => origin !== 'module')
          .map(({ namespace, name }) => [importKey({ namespace, name }), { namespace, name }] as const),
      ),
    ).values(),
  ];
  const names = ({ exports }: AuditReport) => exports.map(({ name }) => name);
  const moduleNames = new Set([...before.modules, ...after.modules].map(({ name }) => name));
  const sideOf = ({ modules }: AuditReport, wanted: string): Side | null => {
    const found = modules.find(({ name }) => name === wanted);
    return found ? { sha256: found.sha256, sizeBytes: found.sizeBytes } : null;
  };
  const old = new Map(functions(before).map(item => [item.name, item]));
  return {
    version: 1,
    capabilities: changes(before.capabilities, after.capabilities, capabilityKey),
    imports: changes(imports(before), imports(after), importKey),
    exports: changes(names(before), names(after), name => name),
    reach: functions(after).flatMap(item => compareReach(old.get(item.name), item) ?? []),
    findings: changes(before.findings, after.findings, ({ rule, module, message }) =>
      JSON.stringify([rule, module, message]),
    ),
    modules: [...moduleNames].map(name => ({ name, old: sideOf(before, name), new: sideOf(after, name) })),
  };
}

function compareReach(before: ReportedExport | undefined, after: ReportedExport): ReachChange | null {
  if (!before?.reach || !after.reach) return null;
  const gained = without<ImportName>(before.reach.imports, after.reach.imports, importKey) as ReachedImport[];
  const lost = without<ImportName>(after.reach.imports, before.reach.imports, importKey);
  const states = { old: before.reach.state, new: after.reach.state };
  const state = states.old === states.new ? null : states;
  if (gained.length + lost.length === 0 && !state) return null;
  return {
    name: after.name,
    gained,
    lost: lost.map(({ namespace, name }) => ({ namespace, name })),
    state,
  };
}
