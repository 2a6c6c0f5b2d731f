import { ENV_NAMESPACE } from '../abi/signatures.ts';
import { badKey, ENV_FUNCTIONS, type EnvFunction, LONGEST, outside } from '../abi/spec.ts';
import { type ComparisonRow, type ComparisonTopic, comparison } from './comparison/index.ts';
import {
  meanings,
  sharedParams,
  sharedParamsTable,
  signature,
  withoutShared,
} from './helpers/signature-text.ts';
import { type Page, specTable } from './helpers/spec-table.ts';

/** A commit of Extism whose sources the rows of docs/ABI.md link to. */
const EXTISM = 'https://github.com/extism/extism/blob/0496ace9c6892ebe1ee01e027af9a65a1e0215d8';
/** Its files, with short labels: a label stands in every row. */
const SOURCES = {
  kernel: { label: 'k', file: 'kernel/src/lib.rs' },
  pdk: { label: 'd', file: 'runtime/src/pdk.rs' },
  plugin: { label: 'p', file: 'runtime/src/plugin.rs' },
  manifest: { label: 'm', file: 'manifest/src/lib.rs' },
};
const NO_CHANGE = ['No block is passed.', 'No ownership changes.'];

/** Texts of several functions, which the page has once, under a name. */
const RULES: readonly { name: string; text: string }[] = [
  { name: 'bad key', text: badKey },
  { name: 'too long', text: LONGEST },
  { name: 'outside', text: outside },
];
const withRules = (text: string): string =>
  RULES.reduce((short, rule) => short.replace(rule.text, `*${rule.name}*`), text);

const SHARED_PARAMS = sharedParams(
  ENV_FUNCTIONS.map(({ params }) => params),
  3,
);
const signatureOf = (row: EnvFunction) =>
  signature(
    row.params,
    row.results.map(result => result.type),
  );
const meaningOf = (row: EnvFunction) =>
  [
    meanings(withoutShared(row.params, SHARED_PARAMS)),
    ...row.results.map(result => `Returns ${result.meaning}.`),
  ]
    .filter(Boolean)
    .join(' ');

/** Names the first function that differs from this one in its name alone, unless it is this one. */
function asOther(row: EnvFunction): string | undefined {
  const textOf = (one: EnvFunction) => JSON.stringify({ ...one, name: '' });
  const first = ENV_FUNCTIONS.find(other => textOf(other) === textOf(row))!;
  return first === row ? undefined : `As \`${first.name}\`.`;
}
const unlessAsOther = (cell: (row: EnvFunction) => string) => (row: EnvFunction) =>
  asOther(row) === undefined ? cell(row) : '';

const comparisonTable = ({ title, intro, source, rows }: ComparisonTopic) =>
  specTable<ComparisonRow>({
    title,
    intro,
    prefix: 'abi',
    rows,
    id: row => row.id,
    layout: 'table',
    columns: [
      { head: 'Row', cell: row => `[abi.${row.id}][${SOURCES[source].label}]` },
      { head: 'Case', cell: row => row.case },
      { head: 'Extism native', cell: row => row.native },
      { head: 'Go SDK', cell: row => row.go ?? '' },
      { head: 'JS SDK', cell: row => row.js ?? '' },
      { head: 'plugboard', cell: row => row.plugboard ?? '' },
      { head: 'Why', cell: row => row.why ?? '' },
    ],
  });

export const abiPage: Page = {
  path: 'docs/ABI.md',
  title: 'The Extism kernel ABI',
  intro:
    `Every function that a plugin may import from \`${ENV_NAMESPACE}\`, as [abi/](/abi/) provides it. ` +
    'A handle is the offset of a block in the kernel memory, which plugins reach through these functions only. ' +
    'Where a function "ends the call", the caller gets an error even if the export returns normally afterwards. Below the ' +
    'functions, tables compare the other hosts: the native runtime (libextism 1.41.0), the [Go SDK][go] (1.7.1) and the ' +
    '[official JS SDK][js] (2.0.0-rc13, in the foreground). An empty cell means "as native"; "differs" is a matter of security that its authors hear of first. Unless that is unsafe, plugboard does the same as ' +
    'native. Each name links to the native source. A suite that runs in several modes is named once.',
  links: {
    ...Object.fromEntries(Object.values(SOURCES).map(({ label, file }) => [label, `${EXTISM}/${file}`])),
    go: 'https://github.com/extism/go-sdk/tree/v1.7.1',
    js: 'https://github.com/extism/js-sdk/tree/v2.0.0-rc13',
  },
  tables: [
    specTable<(typeof RULES)[number]>({
      title: 'Rules for bad input',
      intro: 'Texts that several functions share.',
      rows: RULES,
      id: row => row.name,
      layout: 'table',
      columns: [
        { head: 'Rule', cell: row => `*${row.name}*` },
        { head: 'Text', cell: row => row.text },
      ],
    }),
    sharedParamsTable(SHARED_PARAMS),
    specTable<EnvFunction>({
      title: 'Functions',
      intro:
        'A line "Native" names a difference of the native runtime. Without a line "Bad input", every value is good; without a line ' +
        '"Ownership", no block changes its owner.',
      prefix: 'env',
      isProvedAlike: true,
      rows: ENV_FUNCTIONS,
      id: row => row.name,
      layout: 'entries',
      columns: [
        {
          head: 'Function',
          cell: row =>
            `[${row.name}][${SOURCES[row.source.startsWith("Extism's native kernel") ? 'kernel' : 'pdk'].label}]`,
        },
        {
          head: '',
          cell: row => [signatureOf(row), asOther(row) ?? meaningOf(row)].filter(Boolean).join(' '),
        },
        {
          head: 'Bad input',
          cell: unlessAsOther(row => (row.params.length > 0 ? withRules(row.onBadInput) : '')),
        },
        {
          head: 'Ownership',
          cell: unlessAsOther(row => (NO_CHANGE.includes(row.ownership) ? '' : row.ownership)),
        },
        { head: 'Native', cell: unlessAsOther(row => /, (?:which|where) (.*)/.exec(row.source)?.[1] ?? '') },
      ],
    }),
    ...comparison.map(comparisonTable),
  ],
};
