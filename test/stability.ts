import type { ApiLine } from './helpers/api.ts';
import { type Page, specTable } from './helpers/spec-table.ts';

// How long the parts of the package stay as they are. docs/STABILITY.md is printed from these tables.

export type Level = 'stable' | 'experimental' | 'internal';

export const LEVELS: readonly { level: Level; means: string }[] = [
  {
    level: 'stable',
    means:
      'Names, types, codes and documented behaviour stay. A change is announced in CHANGELOG.md under "Deprecated" in one minor version, and made in a later one; from 1.0 on only in a major version.',
  },
  {
    level: 'experimental',
    means: 'Works and is tested. It may change in any minor version, with a line in CHANGELOG.md.',
  },
  {
    level: 'internal',
    means:
      'May change at any time without a line. Declarations marked `@internal` are left out of the types, and files that `exports` does not name cannot be imported.',
  },
];

/** The level of each import path, for all of its exports except those below. */
export const IMPORTS: readonly { path: string; level: Level; note: string }[] = [
  { path: 'plugboard', level: 'stable', note: '' },
  { path: 'plugboard/actor', level: 'stable', note: '' },
  { path: 'plugboard/network', level: 'experimental', note: 'grows with the engines beyond one process' },
  { path: 'plugboard/page.html', level: 'experimental', note: 'the page of a network may grow' },
  { path: 'plugboard/plugin-page.html', level: 'experimental', note: 'the page of a plugin may grow' },
  { path: 'plugboard/nats', level: 'experimental', note: 'the protocol may get another version' },
  {
    path: 'plugboard/durable-object',
    level: 'experimental',
    note: 'the tables may change',
  },
  { path: 'plugboard/worker-loader', level: 'experimental', note: 'the loader is new' },
  { path: 'plugboard/wasi', level: 'stable', note: '' },
  { path: 'plugboard/msgpack', level: 'stable', note: '' },
  { path: 'plugboard/pool', level: 'experimental', note: 'the options may grow' },
  { path: 'plugboard/types', level: 'experimental', note: 'the form of the description may grow' },
  { path: 'plugboard/audit', level: 'experimental', note: 'the form of the report may grow' },
  { path: 'plugboard/esbuild', level: 'experimental', note: 'the hooks may grow' },
  { path: 'plugboard/vite', level: 'experimental', note: 'the hooks may grow' },
  {
    path: 'plugboard/abi',
    level: 'experimental',
    note: 'for hosts of their own; the functions that plugins import are fixed by Extism',
  },
  { path: 'plugboard/wasi/preview2', level: 'experimental', note: 'follows the shim that it is tested with' },
  {
    path: 'plugboard/abi/accessors.wasm',
    level: 'stable',
    note: 'the path; the bytes belong to the version of the package',
  },
  { path: 'plugboard/examples/*.wasm', level: 'experimental', note: 'for first steps, not for programs' },
  {
    path: 'plugboard/schemas/policy-1.json',
    level: 'experimental',
    note: 'another form gets another number',
  },
  {
    path: 'plugboard/schemas/audit-report-1.json',
    level: 'experimental',
    note: 'another form gets another number',
  },
  { path: 'plugboard/schemas/lock-1.json', level: 'experimental', note: 'another form gets another number' },
  {
    path: 'plugboard/schemas/trace-1.json',
    level: 'experimental',
    note: 'another form gets another number',
  },
  {
    path: 'plugboard/schemas/recording-1.json',
    level: 'experimental',
    note: 'another form gets another number',
  },
  { path: 'plugboard/package.json', level: 'stable', note: 'for tools' },
];

/** Experimental exports of stable imports. Their docstrings have the tag `@experimental`. */
export const EXPERIMENTAL: readonly { path: string; names: readonly string[]; reason: string }[] = [
  {
    path: 'plugboard',
    names: ['Platform'],
    reason: 'grows with each runtime',
  },
  {
    path: 'plugboard/actor',
    names: [
      'ExtismEngine',
      'EngineCall',
      'EngineResult',
      'writeConfig',
      'writePayload',
      'ActorState',
      'ActorStep',
    ],
    reason: 'the parts below `ScriptActor`, for engines of networks',
  },
  {
    path: 'plugboard/wasi',
    names: ['traceImports'],
    reason: 'its lines are for people',
  },
];

/** Parts of the behaviour that programs may rely on, or may not. */
export const BEHAVIOUR: readonly { part: string; level: Level }[] = [
  { part: 'the `code` of an error, and the class that has it', level: 'stable' },
  { part: 'the message of an error, a diagnostic or a log line of the host', level: 'internal' },
  {
    part: 'names, types and defaults of options; a limit may become lower only as a stable change',
    level: 'stable',
  },
  { part: 'the commands `call`, `run` and `inspect`, their options and exit codes', level: 'stable' },
  { part: 'the text of `inspect` and of `--help`; `inspect --json` is experimental', level: 'internal' },
  { part: 'the form of state files, by its `version`', level: 'stable' },
  { part: 'lines of `plugboard run --events`', level: 'experimental' },
  { part: 'names of files below `dist/`, and the way that code is split into files', level: 'internal' },
];

/** The runtimes that run all suites before each release. */
export const RUNTIMES: readonly { runtime: string; tested: string; until: string }[] = [
  {
    runtime: 'Node 20',
    tested: '20.20',
    until: 'the first minor version after 2027-04-30; Node itself ended it on 2026-04-30',
  },
  {
    runtime: 'Node 22, 24',
    tested: 'not by all suites; they lie between the two tested versions',
    until: 'the end of their support by Node: 2027-04-30 and 2028-04-30',
  },
  { runtime: 'Node 26', tested: '26.10', until: 'the end of its support by Node: 2029-04-30' },
  { runtime: 'Deno', tested: '2.9', until: 'the newest minor version of Deno 2 is supported' },
  { runtime: 'Bun', tested: '1.4', until: 'the newest minor version of Bun 1 is supported' },
  {
    runtime: 'workerd and Cloudflare Workers',
    tested: 'workerd 1.20261023, compatibility dates 2025-01-01 and 2026-10-01',
    until: 'compatibility dates of the last two years',
  },
  { runtime: 'Chromium', tested: '156', until: 'the newest version, and those of the last year' },
  {
    runtime: 'Firefox',
    tested: '153 ESR',
    until: 'the newest version, and the ESR versions that Mozilla supports',
  },
  { runtime: 'Safari', tested: 'not tested: there is no engine of it here', until: 'reports are welcome' },
  { runtime: 'TypeScript', tested: '5.9 and 7', until: 'versions of the last two years' },
];

/** The level of an export. */
export const levelOf = ({ entry, name }: Pick<ApiLine, 'entry' | 'name'>): Level =>
  EXPERIMENTAL.some(({ path, names }) => path === entry && names.includes(name))
    ? 'experimental'
    : (IMPORTS.find(({ path }) => path === entry)?.level ?? 'internal');

export const stabilityPage: Page = {
  path: 'docs/STABILITY.md',
  title: 'Stability',
  intro:
    'How long imports, exports and behaviour stay as they are, and which runtimes are supported. The types of the last release are kept in ' +
    '[test/package/api.txt](/test/package/api.txt): a test fails for each type that changed since and that the section "Unreleased" of ' +
    '[CHANGELOG.md](/CHANGELOG.md) does not name.',
  tables: [
    specTable({
      title: 'Levels',
      intro:
        'Before 1.0, a minor version (0.x) may contain changes that 1.x will only have in major versions.',
      rows: LEVELS,
      id: row => row.level,
      layout: 'table',
      columns: [
        { head: 'Level', cell: row => row.level },
        { head: 'Means', cell: row => row.means },
      ],
    }),
    specTable({
      title: 'Imports',
      intro: 'All exports of an import have its level, except those of the next table.',
      rows: IMPORTS,
      id: row => row.path,
      layout: 'table',
      columns: [
        { head: 'Import', cell: row => `\`${row.path}\`` },
        { head: 'Level', cell: row => row.level },
        { head: 'Note', cell: row => row.note },
      ],
    }),
    specTable({
      title: 'Experimental exports of stable imports',
      intro: 'Their docstrings have the tag `@experimental`.',
      rows: EXPERIMENTAL,
      id: row => row.path,
      layout: 'table',
      columns: [
        { head: 'Import', cell: row => `\`${row.path}\`` },
        { head: 'Exports', cell: row => row.names.map(name => `\`${name}\``).join(', ') },
        { head: 'Reason', cell: row => row.reason },
      ],
    }),
    specTable({
      title: 'Behaviour',
      intro: '',
      rows: BEHAVIOUR,
      id: row => row.part,
      layout: 'table',
      columns: [
        { head: 'Part', cell: row => row.part },
        { head: 'Level', cell: row => row.level },
      ],
    }),
    specTable({
      title: 'Runtimes',
      intro: 'All suites run on the tested versions before a release, unless the table says otherwise.',
      rows: RUNTIMES,
      id: row => row.runtime,
      layout: 'table',
      columns: [
        { head: 'Runtime', cell: row => row.runtime },
        { head: 'Tested', cell: row => row.tested },
        { head: 'Supported until', cell: row => row.until },
      ],
    }),
  ],
};
