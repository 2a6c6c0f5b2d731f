import { ENV_FUNCTIONS, ENV_NAMESPACE, type EnvFunction } from '../abi/spec.ts';
import { ACTOR_ERROR_CODES } from '../src/actor/errors.ts';
import { CLI_ERROR_CODES } from '../src/cli/errors.ts';
import { ERROR_CODES, type ErrorCode } from '../src/errors.ts';
import { LIMITS, type Limit } from '../src/limits.ts';
import { type WasiFunction, wasiFunctions } from '../wasi/spec.ts';
import { type Page, specTable } from './helpers/spec-table.ts';
import { ACTORS, type Claim, OTHER_CLAIMS, PLUGIN_CLAIMS, PROMISES } from './security-claims.ts';

/** A list below its head, in the layout `entries`. */
const list = (items: readonly string[]) => items.map(item => `\n  - ${item}`).join('');
const codes = (items: readonly string[]) => items.map(item => `\`${item}\``).join(', ');

interface Value {
  name: string;
  type: string;
  meaning: string;
}
const meanings = (values: readonly Value[]) =>
  list(values.map(({ name, meaning }) => `\`${name}\`: ${meaning}`));
const signature = (name: string, params: readonly Value[], results: readonly string[]) => {
  const takes = params.map(param => `${param.name}: ${param.type}`).join(', ');
  return `\`${name}(${takes})${results.length ? ` → ${results.join(', ')}` : ''}\``;
};

const abiPage: Page = {
  path: 'docs/ABI.md',
  title: 'The Extism kernel ABI',
  intro:
    `Every function that a plugin may import from \`${ENV_NAMESPACE}\`, as [abi/](/abi/) provides it, on every tier and ` +
    'runtime. A handle is the offset of a block in the kernel memory, which plugins reach through these functions only. ' +
    'What "ends the call" is an error to the caller, whatever the export returns afterwards.',
  tables: [
    specTable<EnvFunction>({
      title: 'Functions',
      intro:
        '"Based on" names the behaviour that plugins were written for, and what plugboard does otherwise.',
      prefix: 'env',
      rows: ENV_FUNCTIONS,
      id: row => row.name,
      layout: 'entries',
      columns: [
        { head: 'Function', cell: row => row.name },
        {
          head: 'Type',
          cell: row =>
            signature(
              row.name,
              row.params,
              row.results.map(result => result.type),
            ),
        },
        { head: 'Parameters', cell: row => meanings(row.params) },
        { head: 'Answers', cell: row => row.results.map(result => result.meaning).join('; ') },
        { head: 'Bad input', cell: row => row.onBadInput },
        { head: 'Ownership', cell: row => row.ownership },
        { head: 'Based on', cell: row => row.source },
      ],
    }),
  ],
};

const wasiSignature = (row: WasiFunction) => signature(row.name, wasiParams(row), row.results);
const wasiParams = (row: WasiFunction) =>
  row.params.map(([name, type, meaning]) => ({ name, type, meaning }));

const wasiPage: Page = {
  path: 'docs/WASI.md',
  title: 'WASI preview 1',
  intro:
    'What [wasi/](/wasi/) answers to the functions of `wasi_snapshot_preview1`. Numbers are unsigned, pointers are offsets ' +
    'into the memory that the program exports, and every function but `proc_exit` answers an errno.',
  tables: [
    specTable<WasiFunction>({
      title: 'Implemented',
      intro:
        'A program gets clocks, random bytes and captured stdio; arguments and environment only as given.',
      prefix: 'wasi',
      rows: wasiFunctions.filter(row => row.status === 'implemented'),
      id: row => row.name,
      layout: 'entries',
      columns: [
        { head: 'Function', cell: row => row.name },
        { head: 'Type', cell: wasiSignature },
        { head: 'Does', cell: row => row.summary },
        { head: 'Parameters', cell: row => meanings(wasiParams(row)) },
        { head: 'Errnos', cell: row => codes(row.errnos) },
        { head: 'Bad input', cell: row => row.onBadInput },
        { head: 'Specified in', cell: row => row.spec },
      ],
    }),
    specTable<WasiFunction>({
      title: 'Not implemented',
      intro:
        'These exist, so that programs which import them start, and answer `ENOSYS` whatever they are given.',
      prefix: 'wasi',
      rows: wasiFunctions.filter(row => row.status === 'ENOSYS'),
      id: row => row.name,
      layout: 'table',
      columns: [
        { head: 'Function', cell: wasiSignature },
        { head: 'Would do', cell: row => row.summary },
      ],
    }),
  ],
};

const errorTable = (title: string, intro: string, rows: readonly ErrorCode[]) =>
  specTable<ErrorCode>({
    title,
    intro,
    prefix: 'error',
    rows,
    id: row => row.code,
    layout: 'table',
    columns: [
      { head: 'Code', cell: row => `\`${row.code}\`` },
      { head: 'When', cell: row => row.when },
      { head: 'What to do', cell: row => row.remedy },
    ],
  });

const errorsPage: Page = {
  path: 'docs/ERRORS.md',
  title: 'Error codes',
  intro:
    'Every error that plugboard raises on purpose has a `code`, which is stable, and a message, which is not. Programs ' +
    'look at the code, people read the message.',
  tables: [
    errorTable('Host', 'What creating and calling a plugin can end in.', ERROR_CODES),
    errorTable('Actors', 'What comes on top where the plugin is an actor.', ACTOR_ERROR_CODES),
    errorTable('Command line', 'What comes on top in the `plugboard` command.', CLI_ERROR_CODES),
  ],
};

/** Groups of three digits, as people read them. */
const formatNumber = (value: number) => value.toLocaleString('en-US');

const limitsPage: Page = {
  path: 'docs/LIMITS.md',
  title: 'Limits',
  intro: 'Where plugboard stops a plugin that takes too much, and why there. A page is 64 KiB.',
  tables: [
    specTable<[key: string, limit: Limit]>({
      title: 'Defaults',
      intro: 'A limit without an option is fixed.',
      prefix: 'limit',
      rows: Object.entries(LIMITS),
      id: ([key]) => key,
      layout: 'table',
      columns: [
        { head: 'Limit', cell: ([, limit]) => limit.name },
        { head: 'Default', cell: ([, limit]) => `${formatNumber(limit.default)} ${limit.unit}` },
        { head: 'Option', cell: ([, limit]) => (limit.option ? `\`${limit.option}\`` : '') },
        { head: 'Why', cell: ([, limit]) => limit.why },
      ],
    }),
  ],
};

const claims = (title: string, intro: string, rows: readonly Claim[]) =>
  specTable<Claim>({
    title,
    intro,
    prefix: 'security',
    rows,
    id: row => row.id,
    layout: 'entries',
    columns: [
      { head: 'Claim', cell: row => row.claim },
      { head: 'How', cell: row => row.how },
      { head: 'Where', cell: row => row.files.map(file => `[${file}](/${file})`).join(', ') },
      { head: 'Not claimed', cell: row => row.not },
    ],
  });

const securityPage: Page = {
  path: 'docs/SECURITY.md',
  title: 'Security',
  intro:
    'What a plugin host is for is to run what is not trusted. This page says who may be hostile, what each can and cannot do, ' +
    'and for every claim how it is done, in which file, and which suites of tests prove it. Whoever calls `createPlugin` is ' +
    'trusted, with all options and host functions. Reports of holes are welcome as issues.',
  tables: [
    specTable<(typeof ACTORS)[number]>({
      title: 'Who may be hostile',
      intro: 'Each alone, or all of them together.',
      rows: ACTORS,
      id: row => row.who,
      layout: 'table',
      columns: [
        { head: 'Who', cell: row => row.who },
        { head: 'Can', cell: row => row.can },
        { head: 'Cannot', cell: row => row.cannot },
      ],
    }),
    claims(
      "The four promises of Reflow's WebAssembly runtime",
      'In its words, and what they mean here.',
      PROMISES,
    ),
    claims('Hostile plugins', 'What holds whatever the bytes of a plugin do.', PLUGIN_CLAIMS),
    claims('Hostile data, manifests and neighbours', 'What holds whatever comes from there.', OTHER_CLAIMS),
  ],
};

export const pages: readonly Page[] = [abiPage, wasiPage, errorsPage, limitsPage, securityPage];
