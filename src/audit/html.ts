import {
  aText,
  expected,
  type Kind,
  type OptionTable,
  readOptions,
  refuseExtra,
} from '../../wasi/options.ts';
import { attempt } from '../errors.ts';
import { AUDIT_LIMITS } from '../limits.ts';
import type { TraceEvent } from '../trace/events.ts';
import { aTrace, type GivenTrace } from '../trace/read.ts';
import { withCommas } from '../units.ts';
import { printable } from '../values/printable.ts';
import { compareReports, type ReportDiff } from './compare.ts';
import { type Child, code, el, Html, list, p, table, text } from './html-elements.ts';
import { STYLE, STYLE_SHA256 } from './html-style.ts';
import { callsOf, didOf, findingsOf } from './html-trace.ts';
import { aReport, ownReport, reading, refuse } from './own-report.ts';
import type { AuditReport, Finding, ImportName, Reach, ReportedCapability } from './report.ts';

/** The parts of a page besides the report. */
export interface HtmlOptions {
  /** Title of the page, such as the path of the plugin. */
  title: string;
  /** The report of an earlier build, to tell the differences from. */
  old?: AuditReport | undefined;
  /** The policy that holds for the plugin: any value that JSON can hold. */
  policy?: unknown;
  /** A trace of calls, which the page shows as a timeline. */
  trace?: GivenTrace | undefined;
}

const aJson: Kind<unknown> = {
  type: 'a value that JSON can hold',
  check: (value, where, refuseValue) => {
    const text = attempt(() => JSON.stringify(value) as string | undefined, undefined);
    if (text !== undefined) return JSON.parse(text) as unknown;
    return refuseValue(expected('a value that JSON can hold', value, where));
  },
};

export const HTML_OPTIONS: OptionTable<HtmlOptions> = {
  of: 'toHtml(report, options)',
  rows: {
    title: { ...aText, default: 'none', required: true },
    old: { ...aReport, default: 'none' },
    policy: { ...aJson, default: 'none' },
    trace: { ...aTrace, default: 'none' },
  },
};

const label = ({ namespace, name }: ImportName): string => `${namespace} ${name}`;

const SECTIONS: readonly (readonly [id: string, title: string])[] = [
  ['did', 'What it did'],
  ['calls', 'Calls'],
  ['changes', 'Changes since the earlier build'],
  ['powers', 'Powers'],
  ['reach', 'Reach of each export'],
  ['findings', 'Findings'],
  ['modules', 'Modules and sections'],
  ['hints', 'Hints'],
  ['policy', 'Policy'],
];

/**
 * Writes a report, a trace or both as one page of HTML, without scripts and without other files. The data stands in the page as
 * JSON, too. Foreign texts are text nodes only.
 * @param report null for a page of the option `trace` alone
 * @throws {PlugboardError} INVALID_OPTION
 */
export function toHtml(report: AuditReport | null, options: HtmlOptions): string;
export function toHtml(given: AuditReport | null, options: HtmlOptions, ...extra: unknown[]): string {
  refuseExtra(extra, 'toHtml', refuse);
  const read = readOptions(HTML_OPTIONS, options, 'toHtml', refuse);
  const trace = read.trace as readonly TraceEvent[] | undefined;
  const report = given === null && trace ? null : ownReport(given, 'toHtml');
  return reading('toHtml', () => writePage(report, trace, read));
}

function writePage(
  report: AuditReport | null,
  trace: readonly TraceEvent[] | undefined,
  { title, old, policy }: HtmlOptions,
): string {
  const events = trace?.slice(0, AUDIT_LIMITS.pageEvents.default);
  const parts: Record<string, Html | null> = {
    did: trace ? didOf(trace) : null,
    calls: events ? callsOf(events, trace!.length) : null,
    changes: old && report ? changesOf(compareReports(old, report)) : null,
    policy: policy === undefined ? null : el('pre', 'tabindex="0"', lines(JSON.stringify(policy, null, 2))),
    ...(report && {
      powers: powersOf(report.capabilities),
      reach: reachOf(report),
      findings: findingsOf(report.findings),
      modules: modulesOf(report),
      hints: hintsOf(report),
    }),
  };
  const shown = SECTIONS.filter(([id]) => parts[id]);
  const main = shown.map(([id, name]) =>
    el('section', `aria-labelledby="${id}"`, el('h2', `id="${id}"`, name), parts[id]!),
  );
  const nav = shown.map(([id, name]) => el('li', '', el('a', `href="#${id}"`, name)));
  const all = { report, old: old ?? null, policy: policy ?? null, trace: events ?? null };
  const data = printable(JSON.stringify(all)).replaceAll('<', '\\u003c');
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${STYLE_SHA256}'; base-uri 'none'; form-action 'none'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    el('title', '', `${title}: plugin report`).source,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    el('h1', '', title).source,
    el('nav', 'aria-label="Contents"', el('ul', '', nav)).source,
    el('main', '', ...main).source,
    // The data as printed by --json. It is not a script: the policy of the page permits none.
    `<script type="application/json" id="report">${data}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** Keeps line ends, which a text would show as escapes. */
const lines = (value: string): Child => value.split('\n').map(line => new Html(`${text(line)}\n`));

const powerName = ({ id, hostFunction }: ReportedCapability): string =>
  hostFunction ? `${id}: ${label(hostFunction)} ${hostFunction.type ?? ''}` : id;

const powersOf = (capabilities: readonly ReportedCapability[]): Html =>
  table(
    'Powers of the plugin as a whole, the widest first',
    ['power', 'it', 'granted by', 'imports'],
    capabilities.map(item => [
      code(powerName(item)),
      item.words,
      item.grant,
      code(item.imports.map(({ name }) => name).join(', ')),
    ]),
  );

function reachCell(reach: Reach): Child {
  if (reach.state === 'unknown') return [el('span', 'class="error"', 'unknown: '), reach.why];
  const total = reach.imports.length + reach.excludes;
  const count =
    reach.excludes > 0
      ? `${reach.imports.length} of ${total} imports; excludes ${reach.excludes}`
      : `all ${total} imports: it excludes none`;
  const paths = reach.imports.map(item => [code(label(item)), ' by ', code(item.path.join(' → '))]);
  return [
    reach.why === null ? null : p(el('span', 'class="warning"', reach.why)),
    el('details', '', el('summary', '', count), list(paths)),
  ];
}

const reachOf = ({ exports }: AuditReport): Html =>
  table(
    'Exported functions, with one way of calls to each import. Files and variables live across calls, so that powers are those of the whole plugin',
    ['export', 'type', 'reach'],
    exports.flatMap(({ name, type, reach }) =>
      reach ? [[code(name), code(type ?? 'not known'), reachCell(reach)]] : [],
    ),
  );

const bytes = (size: number | null): string => (size === null ? 'not known' : `${withCommas(size)} bytes`);

const modulesOf = ({ modules, unknown }: AuditReport): Html =>
  el(
    'div',
    '',
    modules.map(({ name, sha256, sizeBytes, sections, valid, start }) => [
      el('h3', '', name),
      p(
        `${bytes(sizeBytes)}, SHA-256 `,
        code(sha256 ?? 'not known'),
        valid ? '' : '. This engine refuses the bytes',
      ),
      start.length > 0 ? p(`Runs at creation: ${start.join(', ')}.`) : null,
      table(
        `Sections of ${name}`,
        ['section', 'size'],
        sections.map(item => [code(item.name), `${bytes(item.sizeBytes)}${item.custom ? ', custom' : ''}`]),
      ),
    ]),
    unknown.length > 0 ? [el('h3', '', 'Not known'), list(unknown)] : null,
  );

const hintsOf = ({ hints }: AuditReport): Html =>
  el(
    'div',
    '',
    p('Texts found in the modules. They prove nothing: a plugin may build others when it runs.'),
    table(
      'Hints',
      ['kind', 'module', 'text'],
      hints.map(({ kind, module, text: hint }) => [kind, module, code(hint)]),
    ),
  );

const gained = (items: readonly Child[]) =>
  items.map(item => [el('span', 'class="gained"', 'gained '), item]);
const lost = (items: readonly Child[]) => items.map(item => [el('span', 'class="lost"', 'lost '), item]);

const changesOf = ({ capabilities, imports, exports, reach, findings }: ReportDiff): Html => {
  const power = (item: ReportedCapability): Child => [code(powerName(item)), `: it ${item.words}`];
  const finding = ({ rule, message }: Finding): Child => [code(rule), `: ${message}`];
  const name = (item: ImportName) => code(label(item));
  const blocks: [title: string, items: Child[]][] = [
    ['Powers', [...gained(capabilities.gained.map(power)), ...lost(capabilities.lost.map(power))]],
    ['Imports', [...gained(imports.gained.map(name)), ...lost(imports.lost.map(name))]],
    ['Exports', [...gained(exports.gained.map(code)), ...lost(exports.lost.map(code))]],
    [
      'Reach',
      reach.flatMap(item => [
        ...gained(
          item.gained.map(one => [code(item.name), ' → ', name(one), ' by ', code(one.path.join(' → '))]),
        ),
        ...lost(item.lost.map(one => [code(item.name), ' → ', name(one)])),
        ...(item.state ? [[code(item.name), `: reach was ${item.state.old}, is ${item.state.new}`]] : []),
      ]),
    ],
    ['Findings', [...gained(findings.gained.map(finding)), ...lost(findings.lost.map(finding))]],
  ];
  return el(
    'div',
    '',
    blocks.map(([title, items]) => [el('h3', '', title), list(items)]),
  );
};
