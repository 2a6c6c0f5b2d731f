import { CAPABILITIES } from '../audit/capabilities.ts';
import type { ReportDiff } from '../audit/compare.ts';
import type {
  AuditReport,
  CapabilityId,
  Finding,
  ImportName,
  Reach,
  ReachedImport,
  ReportedCapability,
} from '../audit/report.ts';
import { withCommas } from '../units.ts';
import { block, name, prose, type Rows } from './report-text.ts';

const label = ({ namespace, name: item }: ImportName): string => name(`${namespace}.${item}`);
const pathText = (path: readonly string[]): string => path.map(name).join(' > ');

const powerName = ({ id, hostFunction }: ReportedCapability): string =>
  hostFunction ? `${id} ${label(hostFunction)} ${hostFunction.type ?? ''}`.trimEnd() : id;

/** One row for each power: its words, the grant that it needs, and the host function. */
export const powerRows = ({ capabilities }: AuditReport): Rows =>
  capabilities.map(item => {
    const { id, hostFunction, words, grant } = item;
    const of = hostFunction ? `${label(hostFunction)} ${hostFunction.type ?? ''}: ` : '';
    return [id, prose(`${of}${words}. Grant: ${grant}`)];
  });

/** One row for each function: the number of imports within reach and outside, and the way to the widest power. */
export const reachRows = ({ exports, modules, capabilities }: AuditReport): Rows =>
  capabilities.length === 0
    ? []
    : exports.flatMap(({ name: exported, reach }) =>
        reach ? [[name(exported), prose(describeReach(reach, rankOf(modules)))]] : [],
      );

const ORDER = Object.keys(CAPABILITIES) as CapabilityId[];

/** Returns the place of an import's widest power in the table of powers. */
function rankOf(modules: AuditReport['modules']): (item: ImportName) => number {
  const ranks = new Map<string, number>();
  for (const { namespace, name: item, capabilities } of modules.flatMap(({ imports }) => imports))
    ranks.set(`${namespace} ${item}`, Math.min(...capabilities.map(id => ORDER.indexOf(id)), ORDER.length));
  return ({ namespace, name: item }) => ranks.get(`${namespace} ${item}`) ?? ORDER.length;
}

function describeReach({ state, why, imports, excludes }: Reach, rank: (item: ImportName) => number): string {
  if (state === 'unknown') return `unknown: ${why}`;
  const total = imports.length + excludes;
  const count =
    excludes > 0
      ? `${imports.length} of ${total} imports, excludes ${excludes}`
      : `all ${total} imports, excludes none`;
  const widest = imports.reduce<ReachedImport | null>(
    (best, item) => (best && rank(best) <= rank(item) ? best : item),
    null,
  );
  const way = widest ? `; ${label(widest)} by ${pathText(widest.path)}` : '';
  return `${why === null ? '' : `${why}: `}${count}${way}`;
}

export const describeFindings = (path: string, findings: readonly Finding[]): string[] => [
  `${path}: ${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}`,
  ...block(
    'Findings',
    findings.map(({ rule, level, module, message, repair }) => [
      rule,
      prose(`${level}: ${module === 'main' ? '' : `module ${module}: `}${message}. Repair: ${repair}`),
    ]),
  ),
];

const changed = (gained: readonly string[], lost: readonly string[]): Rows => [
  ...gained.map(text => ['gained', prose(text)] as const),
  ...lost.map(text => ['lost', prose(text)] as const),
];

/** Lists the changes between two builds, powers first. */
export function describeDiff(old: string, newer: string, diff: ReportDiff): string[] {
  const { capabilities, imports, exports, reach, findings, modules } = diff;
  const power = (item: ReportedCapability) => `${powerName(item)}: it ${item.words}. Grant: ${item.grant}`;
  const finding = ({ rule, message }: Finding) => `${rule}: ${message}`;
  const size = (bytes: number | null | undefined) =>
    bytes === null || bytes === undefined ? 'none' : `${withCommas(bytes)} bytes`;
  const blocks = [
    ...block('Powers', changed(capabilities.gained.map(power), capabilities.lost.map(power))),
    ...block('Imports', changed(imports.gained.map(label), imports.lost.map(label))),
    ...block('Exports', changed(exports.gained.map(name), exports.lost.map(name))),
    ...block(
      'Reach',
      reach.flatMap(item => [
        ...changed(
          item.gained.map(one => `${name(item.name)} reaches ${label(one)} by ${pathText(one.path)}`),
          item.lost.map(one => `${name(item.name)} does not reach ${label(one)}`),
        ),
        ...(item.state
          ? [['changed', `${name(item.name)}: was ${item.state.old}, is ${item.state.new}`] as const]
          : []),
      ]),
    ),
    ...block('Findings', changed(findings.gained.map(finding), findings.lost.map(finding))),
  ];
  return [
    `${newer}, compared with ${old}: powers gained: ${capabilities.gained.length}, lost: ${capabilities.lost.length}`,
    ...(blocks.length > 0 ? blocks : ['', 'No differences in powers, imports, exports, reach and findings.']),
    ...block(
      'Modules',
      modules.map(item => [
        name(item.name),
        item.old?.sha256 === item.new?.sha256 && item.new?.sha256
          ? `the same bytes, SHA-256 ${item.new.sha256}`
          : `${size(item.old?.sizeBytes)}, now ${size(item.new?.sizeBytes)}\nSHA-256 was ${item.old?.sha256 ?? 'not known'}\nSHA-256 is  ${item.new?.sha256 ?? 'not known'}`,
      ]),
    ),
  ];
}
