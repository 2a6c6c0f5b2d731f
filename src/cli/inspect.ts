import { compareReports } from '../audit/compare.ts';
import { toHtml } from '../audit/html.ts';
import { reportOf } from '../audit/node.ts';
import type { AuditReport } from '../audit/report.ts';
import { smallestManifest } from '../audit/smallest-manifest.ts';
import { MAIN } from '../module/source.ts';
import { type InspectedImport, type Inspection, inspect as inspectModule } from '../node.ts';
import { nodePlatform } from '../platform/node.ts';
import { withCommas } from '../units.ts';
import { printable } from '../values/printable.ts';
import { shownUrl } from '../values/url.ts';
import { describeDiff, powerRows, reachRows } from './audit-text.ts';
import { readLink } from './call-manifest.ts';
import { defineCommand } from './command.ts';
import { CliError } from './errors.ts';
import { readFileOrUrl, readJsonFile, writeOutputFile } from './files.ts';
import { FORMATS, printFindings } from './findings.ts';
import { inspectTrace, isTrace } from './inspect-trace.ts';
import { startProgress } from './progress.ts';
import { block, list, name, names, prose, type Rows, wrap } from './report-text.ts';
import { writeLines } from './stdio.ts';

export const inspect = defineCommand({
  name: 'inspect',
  summary: 'list powers and needs of a plugin, and tell whether it would run here',
  about: `Lists the powers of a plugin with the option that grants each, the imports that each export can reach, exports and
needs, the sizes of its parts, and known mistakes. With NEW, lists the gains and losses of that build. The plugin is not
run. The exit code is 0 if the plugin would run here, as far as can be known, else 1; with --lint it is 1 for
a warning or an error. For a trace in the format jsonl, lists the powers that were used, and mistakes in the calls.`,
  positionals: [
    { name: 'FILE', help: 'file or URL of the plugin, or of a trace of it; other files are diagnosed too' },
    { name: 'NEW', help: 'another build of it, to compare with', optional: true },
  ],
  options: {
    link: {
      value: '[NAME=]FILE',
      repeatable: true,
      help: 'a module that the plugin is linked with, as in plugboard call',
    },
    json: { not: ['manifest', 'html', 'lint'], help: 'print the full report, as JSON' },
    manifest: { not: ['html', 'lint'], help: 'print the smallest manifest of the plugin, without grants' },
    html: { value: 'OUT', not: ['lint'], help: 'write the report as a page of HTML' },
    policy: { value: 'POLICY', needs: 'html', help: 'a JSON file that --html shows beside the report' },
    lint: { help: 'print findings only' },
    format: {
      value: 'FORMAT',
      needs: 'lint',
      help: 'form of the findings: text, json or sarif (default: text)',
    },
  },
  examples: [
    'plugboard inspect plugin.wasm',
    'plugboard inspect old.wasm new.wasm',
    'plugboard inspect plugin.wasm --lint --format sarif',
    'plugboard inspect plugin.wasm --html report.html',
    'plugboard inspect trace.jsonl --lint',
  ],
  run: async ([path = '', newer], values) => {
    const format = FORMATS.find(name => name === (values.format ?? 'text'));
    if (!format) {
      throw usage(`--format: expected one of ${FORMATS.join(', ')}, got ${JSON.stringify(values.format)}`);
    }
    const ofOne = (['lint', 'manifest'] as const).find(name => newer !== undefined && values[name]);
    if (ofOne) throw usage(`--${ofOne} is for one file, and ${newer} is given too; leave out one of them`);
    const platform = startProgress(false).watch(nodePlatform);
    const first = await readFileOrUrl(path, platform);
    if (isTrace(first)) {
      const other = newer ?? (['link', 'manifest', 'policy'] as const).find(name => given(values[name]));
      if (other !== undefined) throw usage(`${path} is a trace, which takes no ${newer ?? `--${other}`}`);
      return inspectTrace(path, first, format, values);
    }
    const old = newer === undefined ? undefined : await load(first, values.link);
    const shown = newer ?? path;
    const { inspection, report } = await load(
      newer === undefined ? first : await readFileOrUrl(newer, platform),
      values.link,
    );
    if (values.lint) return printFindings(format, shownUrl(shown), report, report.findings);
    if (values.html !== undefined) {
      const policy = values.policy === undefined ? undefined : await readJsonFile(values.policy);
      await writeOutputFile(
        '--html',
        values.html,
        toHtml(report, { title: shownUrl(shown), old: old?.report, policy }),
      );
    } else if (values.manifest) {
      await writeJson(smallestManifest(report, { paths: { ...linkedPaths(values.link), [MAIN]: shown } }));
    } else if (old) {
      const diff = compareReports(old.report, report);
      if (values.json) await writeJson(diff);
      else await writeLines(describeDiff(shownUrl(path), shownUrl(shown), diff));
    } else if (values.json) await writeJson({ ...report, inspection });
    else await writeLines(describe(shownUrl(path), inspection, report));
    return inspection.runs ? 0 : 1;
  },
});

/** Whether an option is given: texts, switches, and lists that are not empty. */
const given = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : Boolean(value));

const usage = (message: string): CliError => new CliError('USAGE', message);
const writeJson = (value: unknown): Promise<void> => writeLines(JSON.stringify(value, null, 2).split('\n'));

const linkedPaths = (links: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    links.map(readLink).map(link => [link.name ?? '', 'path' in link ? link.path : link.url]),
  );

/** Reads the modules that the plugin is linked with, and reports on it. */
async function load(bytes: Uint8Array<ArrayBuffer>, links: readonly string[]) {
  const platform = startProgress(false).watch(nodePlatform);
  const inspection = inspectModule(bytes);
  const linked = await Promise.all(
    Object.entries(linkedPaths(links)).map(async ([name, file]) => ({
      name,
      data: await readFileOrUrl(file, platform),
    })),
  );
  return { inspection, report: await reportOf({ wasm: [...linked, { name: MAIN, data: bytes }] }) };
}

/** Returns the lines of the report. Blocks and rows without content are left out. */
function describe(path: string, inspection: Inspection, report: AuditReport): string[] {
  const { advice, imports, exports, needs, start, producers, unknown } = inspection;
  const adviceRows = (stops: boolean): Rows =>
    advice.filter(item => item.stops === stops).map(({ code, message }) => [code, prose(message)]);
  const exported = (wanted: (item: Inspection['exports'][number]) => boolean) => exports.filter(wanted);
  const functions = exported(({ kind }) => kind === 'function');

  return [
    `${path}: ${size(inspection)}${inspection.moduleName === null ? '' : `, module ${name(inspection.moduleName)}`}`,
    verdict(inspection),
    ...block('Problems', adviceRows(true)),
    ...block('Advice', adviceRows(false)),
    ...block('It can', powerRows(report)),
    ...block('Reach', reachRows(report)),
    ...block('Needs', [
      ['WASI preview 1', needs.wasi ? 'given' : null],
      ['HTTP', needs.http ? 'it imports http_request' : null],
      ['host functions', needs.functions],
    ]),
    ...block('Imports', [
      ['Extism kernel', names(imports.kernel)],
      ['WASI preview 1', names(imports.wasi)],
      ['Reflow', names(imports.reflow)],
      ['host functions', list(imports.host.map(describeImport))],
      ['never provided', list(imports.other.map(describeImport))],
    ]),
    ...block('Exports', [
      ['to call', names(functions.filter(({ callable }) => callable))],
      ['functions', list(functions.filter(({ callable }) => !callable).map(describeTyped))],
      ['memories', names(exported(({ kind }) => kind === 'memory'))],
      ['tables', names(exported(({ kind }) => kind === 'table'))],
      ['globals', names(exported(({ kind }) => kind === 'global'))],
      ['tags', names(exported(({ kind }) => kind === 'tag'))],
    ]),
    ...block('Start', [
      ['at creation', list([...(start.section ? ['the start section'] : []), ...start.functions])],
      ['by name only', start.command ? '_start' : null],
    ]),
    ...block('Memory', [['pages', list((inspection.memories ?? []).map(describeMemory))]]),
    ...block('Sections', inspection.sections.filter(worthShowing).map(describeSection)),
    ...block('Built with', [
      ['language', producers && list(producers.language.map(printable))],
      ['tools', producers && list(producers.processedBy.map(printable))],
      ['SDK', producers && list(producers.sdk.map(printable))],
      ['allowed to use', inspection.features && wrap(inspection.features.map(printable))],
    ]),
    ...block(
      'Not known',
      unknown.map(text => ['', prose(text)]),
    ),
  ];
}

function verdict({ runs, needs, unknown, reflow }: Inspection): string {
  if (!runs) return 'It would not run here.';
  const given = needs.functions === null ? '' : ', given its host functions';
  const known = unknown.length === 0 ? '' : ', as far as can be known';
  return `It would run here${given}${known}.${reflow ? ' It is a Reflow actor: see plugboard run --help.' : ''}`;
}

const size = ({ sizeBytes }: Inspection): string =>
  sizeBytes === null ? 'compiled' : `${withCommas(sizeBytes)} bytes`;
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

const describeTyped = (item: { name: string; type: string | null }): string =>
  `${name(item.name)} ${item.type ?? ''}`.trimEnd();

const describeImport = (item: InspectedImport): string =>
  `${name(item.namespace)} ${describeTyped(item)}${item.namespace === 'env' ? `\n  ${printable(item.hint ?? '')}` : ''}`;

function describeMemory(memory: NonNullable<Inspection['memories']>[number]): string {
  const { initialPages, maxPages, imported, shared, is64 } = memory;
  const most = maxPages === null ? 'no maximum' : `at most ${withCommas(maxPages)}`;
  const notes = [imported && 'imported', shared && 'shared', is64 && '64-bit'].filter(Boolean);
  return [`${withCommas(initialPages)} of 64 KiB at first, ${most}`, ...notes].join(', ');
}

const worthShowing = ({ custom, share }: Inspection['sections'][number]): boolean =>
  custom || share === null || share >= 0.01;

const describeSection = ({ name: text, custom, sizeBytes, share }: Inspection['sections'][number]) => {
  const part = share === null ? '' : percent(share).padStart(8);
  return [
    name(text),
    `${withCommas(sizeBytes).padStart(12)} bytes${part}${custom ? '  custom' : ''}`,
  ] as const;
};
