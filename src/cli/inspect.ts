import { type InspectedImport, type Inspection, inspect as inspectModule } from '../node.ts';
import { nodePlatform } from '../platform/node.ts';
import { withCommas } from '../units.ts';
import { printable } from '../values/printable.ts';
import { columns, defineCommand } from './command.ts';
import { readFileOrUrl } from './files.ts';
import { startProgress } from './progress.ts';
import { writeStdout } from './stdio.ts';

export const inspect = defineCommand({
  name: 'inspect',
  summary: 'list contents and needs of a wasm file, and tell whether it would run here',
  about: `Lists imports and exports of a plugin, whether they fit, which functions the host must provide, the sizes of its
parts, and known mistakes. The plugin is not run. The exit code is 0 if the plugin would run here, as far as can be
known, else 1.`,
  positionals: [{ name: 'FILE', help: 'file or URL of the plugin; other files are diagnosed too' }],
  options: { json: { help: 'print the full report, as JSON' } },
  examples: ['plugboard inspect plugin.wasm', 'plugboard inspect --json plugin.wasm'],
  run: async ([path = ''], { json }) => {
    const platform = startProgress(false).watch(nodePlatform);
    const inspection = inspectModule(await readFileOrUrl(path, platform));
    const lines = json ? JSON.stringify(inspection, null, 2).split('\n') : describe(path, inspection);
    await writeStdout(`${lines.map(printable).join('\n')}\n`);
    return inspection.runs ? 0 : 1;
  },
});

type Rows = readonly (readonly [head: string, text: string | null])[];

/** Returns the lines of the report. Blocks and rows without content are left out. */
function describe(path: string, inspection: Inspection): string[] {
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

function block(title: string, rows: Rows): string[] {
  const full = rows.flatMap(([head, text]) => (text ? [[head, text] as const] : []));
  return full.length === 0 ? [] : ['', `${title}:`, ...columns(full).split('\n')];
}

const size = ({ sizeBytes }: Inspection): string =>
  sizeBytes === null ? 'compiled' : `${withCommas(sizeBytes)} bytes`;
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

const name = (text: string): string => (/^[^\s"]+$/.test(text) ? text : JSON.stringify(text));
/** Lists each name once: a module may import the same item twice. */
const names = (items: readonly { name: string }[]): string =>
  wrap([...new Set(items.map(item => name(item.name)))]);
const list = (lines: readonly string[]): string => lines.join('\n');

const LINE = 95;

/** Joins words into lines that fit beside the first column. */
function wrap(words: readonly string[], separator = ', '): string {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + separator.length + word.length <= LINE) {
      lines[lines.length - 1] = last + separator + word;
    } else lines.push(word);
  }
  return lines.join(`${separator.trimEnd()}\n`);
}

/** Wraps a message. A line end inside it comes from a name and is escaped, else it would look like a line of the report. */
const prose = (text: string): string => wrap(printable(text).split(' '), ' ');

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
