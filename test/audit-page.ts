import { CAPABILITIES } from '../src/audit/capabilities.ts';
import { allRepairs } from '../src/audit/lint.ts';
import { LINT_RULES } from '../src/audit/lint-rules.ts';
import type { AuditReport, ReportedCapability, ReportedExport } from '../src/audit/report.ts';
import { describeBytes, makeReport } from '../src/audit/report-of.ts';
import { TRACE_RULES } from '../src/audit/trace-rules.ts';
import { DID, type Did, NOT_TOLD, PLUGINS } from './audit/did.ts';
import { WALK_THROUGH } from './cli/walk-through.ts';
import { host, readJson, readText } from './helpers/host.ts';
import { type Page, type SpecTable, specTable } from './helpers/spec-table.ts';

interface Audited {
  folder: string;
  pdk: string;
  report: AuditReport;
}

const audit = ({ folder, pdk }: (typeof PLUGINS)[number]): Audited => {
  const { wasm } = readJson(`fixtures/${folder}/fixture.json`) as { wasm: string };
  const bytes = host().readBytes(`fixtures/${folder}/${wasm}`).slice();
  return { folder, pdk, report: makeReport([describeBytes('main', bytes, null)]) };
};

const power = ({ id, hostFunction }: ReportedCapability): string =>
  `\`${hostFunction ? `${hostFunction.namespace} ${hostFunction.name}` : id}\``;

const MOST = 1;
const reachLine = ({ name, reach }: ReportedExport): string => {
  const { imports, excludes } = reach!;
  const total = imports.length + excludes;
  const last = imports.at(-1);
  const way = last ? `; \`${last.name}\` by ${last.path.map(step => `\`${step}\``).join(' → ')}` : '';
  const count =
    excludes > 0
      ? `${imports.length} of ${total} imports, excludes ${excludes}`
      : `all ${total} imports, excludes none`;
  return `\n  - \`${name}\`: ${count}${way}`;
};

/** Runtimes without the files of the repository print no page. */
const audited = typeof host().list === 'function' ? PLUGINS.map(audit) : [];

const ARROWS: readonly { id: string; call: string; covered: string }[] = [
  {
    id: 'direct',
    call: '`call`, `return_call`',
    covered: 'One arrow to the named function.',
  },
  {
    id: 'by-type',
    call: '`call_indirect`, `call_ref`, and their tail calls',
    covered:
      'The engine compares the type of the function with the named type, and traps unless it is that type or a declared subtype. So an arrow leads to each function of which a reference exists and whose type has the same form, or is a declared subtype. Type indices inside a type are left out of the comparison: two types may seem equal that are not, never the other way round.',
  },
  {
    id: 'reference',
    call: 'making a reference',
    covered:
      'A reference to a function begins in an element segment, or in `ref.func` in code, in a global or in a table. All of these count, passive and declarative segments too, in whichever table, global or argument the reference ends.',
  },
  {
    id: 'outside',
    call: 'references from outside',
    covered:
      'They come by an imported or exported table, by such a global that holds references, or by a function or tag that takes or returns one. A module with one of these shares its references with all modules that have one, and code outside may give it each export of each module.',
  },
  {
    id: 'link',
    call: 'an import from another module of the manifest',
    covered: 'One arrow to the export. Provider and order are those of createPlugin.',
  },
  {
    id: 'start',
    call: 'code that runs at creation',
    covered:
      'The start section, `_initialize`, `hs_init` and `__wasm_call_ctors` of each module count for every export, because they may have put functions into tables, and run again in a new instance.',
  },
  {
    id: 'unknown-code',
    call: 'an instruction that this reader does not know',
    covered:
      'The rest of the body cannot be read. The function may call everything, and its module counts as open to references from outside.',
  },
  {
    id: 'unread',
    call: 'a module that came compiled, is not valid, or has a section of an unknown form',
    covered: 'The reach of all exports is `unknown`.',
  },
];

const NEIGHBOURS: readonly { id: string; what: string; differs: string }[] = [
  {
    id: '[watoots](https://docs.rs/crate/watoots-cli)',
    what: '`inspect` (the capabilities that a plugin wants, and the policy grants), `diff` between a deployed and a new build, for components of WASI 0.2.',
    differs:
      'It reads interfaces of components. Here core modules are read, down to the calls: each export has its own reach, with a path to each import.',
  },
  {
    id: '[Capslock](https://github.com/google/capslock)',
    what: 'Capabilities of Go packages by their transitive calls to privileged functions of the standard library; the word capability, and a call path as evidence, are taken from there.',
    differs:
      'It reads the source of Go. Here the built module is read, in whichever language it was written.',
  },
  {
    id: '[capcheck](https://git-pkgs.dev/docs/tools/capcheck/)',
    what: 'A lock file of Capslock results; a pipeline fails with the call path when a capability is new.',
    differs: 'It ends at the pipeline. Here the same policy refuses at run time.',
  },
  {
    id: '[LavaMoat](https://github.com/LavaMoat/LavaMoat)',
    what: 'A generated policy for each npm package, enforced by compartments at run time.',
    differs: 'Its packages share one JavaScript heap. Here a module has only the imports that it was given.',
  },
];

export const auditPage: Page = {
  path: 'docs/AUDIT.md',
  // Read late: `npm run docs` writes the file after the suites have loaded this page.
  get end() {
    return readText(WALK_THROUGH);
  },
  title: 'Audit: the powers of a plugin',
  intro: [
    '`plugboard inspect plugin.wasm` lists the powers of a plugin, and the imports that each export can reach, without running it. The same data comes from `reportOf` of `plugboard/audit`, as JSON with a version; [audit-report-1.json](/schemas/audit-report-1.json) is its schema.',
    'In an empty folder:',
    '```sh\nnpm i plugboard\n```',
    "```js\nimport { reportOf } from 'plugboard/audit';\n\nconst report = await reportOf(import.meta.resolve('plugboard/examples/vowels.wasm'));\nfor (const { id, words, grant } of report.capabilities) console.log(id, words, grant);\nfor (const { name, reach } of report.exports) console.log(name, reach?.imports.length, reach?.excludes);\n```",
    '`inspect OLD NEW` lists the gains and losses of a build, powers first. `--lint` prints findings, `--format sarif` as code scanning reads them. `--manifest` prints the smallest manifest. `--html OUT` writes one page without scripts. On [a page of the package](/docs/BROWSERS.md#try-a-plugin-in-a-page) a person looks at a plugin and calls it.',
    'Powers are those of the plugin as a whole, because open files, variables and an HTTP status live from one call to the next. A host function counts as much as the host lets it. A host that gives a function of its own under a name of the kernel or WASI must judge that function itself, and so must one that calls exports or changes tables through `getInstance`.',
  ].join('\n\n'),
  // Read late, as the end.
  get tables() {
    return tables();
  },
};

const tables = (): SpecTable[] => [
  specTable({
    title: 'Powers',
    intro:
      'Each function of the kernel, of WASI and for actors has its power in a table ([abi/capabilities.ts](/abi/capabilities.ts), [wasi/spec/capabilities.ts](/wasi/spec/capabilities.ts)); without one it does not compile.',
    rows: Object.entries(CAPABILITIES),
    id: ([id]) => id,
    layout: 'table',
    columns: [
      { head: 'Power', cell: ([id]) => `\`${id}\`` },
      { head: 'It', cell: ([, { words }]) => words },
      { head: 'Grant', cell: ([, { grant }]) => grant },
    ],
  }),
  specTable({
    title: 'Ten plugins',
    intro:
      'Reports of plugins that were built with the PDKs of six languages, and traces of all their cases, by the script that prints this page. Starts of instances count as calls. Standard Go compiles goroutines to a loop that calls through one table, so that each of its exports reaches nearly everything.',
    rows: audited,
    id: ({ folder }) => folder,
    layout: 'entries',
    columns: [
      { head: 'Plugin', cell: ({ folder }) => folder },
      { head: 'Built with', cell: ({ pdk }) => pdk },
      { head: 'Powers', cell: ({ report }) => report.capabilities.map(power).join(', ') },
      {
        head: 'Reach',
        cell: ({ report }) => {
          const functions = report.exports.filter(({ reach }) => reach);
          const more = functions.length - MOST;
          return `${functions.slice(0, MOST).map(reachLine).join('')}${more > 0 ? `\n  - and ${more} more` : ''}`;
        },
      },
      {
        head: 'Did in its cases',
        cell: ({ folder, report }) => {
          const did = (readJson(DID) as Record<string, Did>)[folder];
          // New in the list: `npm run docs` is about to run its cases.
          if (!did) return '';
          const { calls, failed, powers, findings } = did;
          const ids = [...new Set(report.capabilities.map(({ id }) => id))];
          const unused = ids
            .filter(id => !powers.split(', ').includes(id) && !NOT_TOLD.includes(id))
            .map(id => `\`${id}\``);
          const rest = unused.length > 0 ? `all powers but ${unused.join(', ')}` : 'all of its powers';
          return `${calls} calls, ${failed} failed; used ${rest}; ${findings || 'no findings'}`;
        },
      },
      {
        head: 'Findings',
        cell: ({ report }) =>
          report.findings.map(({ rule, level }) => `\`${rule}\` (${level})`).join(', ') || 'none',
      },
    ],
  }),
  specTable({
    title: 'Why no call is missing',
    intro:
      'The reach of an export is the set of imports to which arrows lead from it. Each way in which code can call a function has its arrow, so that the set may be too large, never too small. `npm run test:long` runs 20,000 random plugins and all fixtures, and finds no call outside the reach of the export that runs.',
    rows: ARROWS,
    id: ({ id }) => id,
    layout: 'table',
    columns: [
      { head: 'Code', cell: ({ call }) => call },
      { head: 'Arrows', cell: ({ covered }) => covered },
    ],
  }),
  specTable({
    title: 'Lint rules',
    intro:
      'Ids are stable. A note is a fact that no toolchain avoids by default; errors and warnings make `--lint` end with exit code 1.',
    rows: LINT_RULES,
    id: ({ id }) => id,
    layout: 'table',
    columns: [
      { head: 'Rule', cell: ({ id, source }) => `[\`${id}\`](${source})` },
      { head: 'Level', cell: ({ level }) => level },
      { head: 'Fact', cell: ({ what, why }) => `${what} ${why}` },
      { head: 'Repair', cell: ({ repair }) => allRepairs(repair) },
    ],
  }),
  specTable({
    title: 'Rules about calls',
    intro:
      'Of `lintTrace` and `plugboard inspect trace.jsonl --lint` ([REPLAY.md](/docs/REPLAY.md#mistakes-in-a-trace)), which also tell reasons and repairs.',
    rows: TRACE_RULES,
    id: ({ id }) => id,
    layout: 'table',
    columns: [
      { head: 'Rule', cell: ({ id }) => `\`${id}\`` },
      { head: 'Level', cell: ({ level }) => level },
      { head: 'Fact', cell: ({ what }) => what },
    ],
  }),
  specTable({
    title: 'Neighbours',
    intro: 'Tools with the same question for other code.',
    rows: NEIGHBOURS,
    id: ({ id }) => id,
    layout: 'table',
    columns: [
      { head: 'Tool', cell: ({ id }) => id },
      { head: 'Does', cell: ({ what }) => what },
      { head: 'Difference', cell: ({ differs }) => differs },
    ],
  }),
];
