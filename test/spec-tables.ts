import { ENV_NAMESPACE } from '../abi/signatures.ts';
import { ENV_FUNCTIONS, type EnvFunction } from '../abi/spec.ts';
import { ACTOR_ERROR_CODES } from '../src/actor/errors.ts';
import { ACTOR_LIMITS, type ActorLimit } from '../src/actor/limits.ts';
import { MODULE_ERROR_KINDS } from '../src/actor/module-error.ts';
import { STATE_FILE_MEMBERS } from '../src/actor/state-file.ts';
import { call } from '../src/cli/call.ts';
import type { Option } from '../src/cli/command.ts';
import { CLI_ERROR_CODES } from '../src/cli/errors.ts';
import { run } from '../src/cli/run.ts';
import { ERROR_CODES, type ErrorCode } from '../src/error-codes.ts';
import { LIMITS, type Limit } from '../src/limits.ts';
import type { OptionRow } from '../wasi/options.ts';
import { type WasiFunction, wasiFunctions } from '../wasi/spec.ts';
import { FAULTS, type Fault } from './actor/upstream.ts';
import { type ComparisonRow, type ComparisonTopic, comparison } from './comparison/index.ts';
import { type Page, specTable } from './helpers/spec-table.ts';
import { baseOf, grantId, ownRows, TABLES, type Table } from './option-tables.ts';
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

const asNative = 'as native';
const comparisonTable = ({ title, intro, rows }: ComparisonTopic) =>
  specTable<ComparisonRow>({
    title: `Compared: ${title.toLowerCase()}`,
    intro,
    prefix: 'abi',
    rows,
    id: row => row.id,
    layout: 'table',
    columns: [
      { head: 'Row', cell: row => `\`abi.${row.id}\`` },
      { head: 'Case', cell: row => row.case },
      { head: 'Extism native', cell: row => row.native },
      { head: 'Go SDK', cell: row => row.go ?? asNative },
      { head: 'JS SDK', cell: row => row.js ?? asNative },
      { head: 'plugboard', cell: row => row.plugboard ?? asNative },
      { head: 'Why', cell: row => row.why ?? '' },
    ],
  });

const abiPage: Page = {
  path: 'docs/ABI.md',
  title: 'The Extism kernel ABI',
  intro:
    `Every function that a plugin may import from \`${ENV_NAMESPACE}\`, as [abi/](/abi/) provides it, on every tier and ` +
    'runtime. A handle is the offset of a block in the kernel memory, which plugins reach through these functions only. ' +
    'What "ends the call" is an error to the caller, whatever the export returns afterwards. Below the functions, tables ' +
    'tell edge by edge what the other hosts do: the native runtime (libextism 1.41.0), the Go SDK (1.7.1) and the ' +
    'official JS SDK (2.0.0-rc13, in the foreground). Where nothing is unsafe, plugboard does as native does.',
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
    ...comparison.map(comparisonTable),
  ],
};

const wasiSignature = (row: WasiFunction) => signature(row.name, wasiParams(row), row.results);
const wasiParams = (row: WasiFunction) =>
  row.params.map(([name, type, meaning]) => ({ name, type, meaning }));

interface Guarantee {
  where: string;
  folder: string;
  race: string;
}

const guarantees: readonly Guarantee[] = [
  {
    where: 'In memory',
    folder: 'the folder itself',
    race: 'none: nothing runs between the look and the use',
  },
  {
    where: 'Node, Deno and Bun on Linux and macOS',
    folder: 'a path, whose device and inode are compared with those of the folder before every use',
    race: 'another process that may write there can put a link in the place of a folder in between; a link in the last place is not followed by the system either',
  },
  {
    where: 'Node, Deno and Bun on Windows',
    folder: 'as on Linux; names with a backslash, a colon or of a device are refused',
    race: 'as on Linux, and in the last place too',
  },
  {
    where: 'workerd and browsers',
    folder: 'files in memory only',
    race: 'none',
  },
];

const wasiPage: Page = {
  path: 'docs/WASI.md',
  title: 'WASI preview 1',
  intro:
    'What [wasi/](/wasi/) answers to the functions of `wasi_snapshot_preview1`. Numbers are unsigned, pointers are offsets ' +
    'into the memory that the program exports, and every function but `proc_exit` answers an errno.',
  tables: [
    specTable<WasiFunction>({
      title: 'Functions',
      intro:
        'A program gets clocks, random bytes and captured stdio; arguments, environment and folders only as given.',
      prefix: 'wasi',
      rows: wasiFunctions,
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
    specTable<Guarantee>({
      title: 'What keeps a program in its folders',
      intro:
        'Every path is resolved below an open folder, name by name. Absolute paths, `..` above that folder and links that lead ' +
        'to either are EPERM on every file system. Where something could happen between the look at a name and its use:',
      rows: guarantees,
      id: row => row.where,
      layout: 'table',
      columns: [
        { head: 'Files', cell: row => row.where },
        { head: 'What an open folder is', cell: row => row.folder },
        { head: 'What a race can do', cell: row => row.race },
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

const limitTable = (title: string, intro: string, limits: { [key: string]: Limit | ActorLimit }) =>
  specTable<[key: string, limit: Limit | ActorLimit]>({
    title,
    intro,
    prefix: 'limit',
    rows: Object.entries(limits),
    id: ([key]) => key,
    layout: 'table',
    columns: [
      { head: 'Limit', cell: ([, limit]) => limit.name },
      { head: 'Default', cell: ([, limit]) => `${formatNumber(limit.default)} ${limit.unit}` },
      { head: 'Option', cell: ([, limit]) => (limit.option ? `\`${limit.option}\`` : '') },
      { head: 'Why', cell: ([, limit]) => limit.why },
    ],
  });

const limitsPage: Page = {
  path: 'docs/LIMITS.md',
  title: 'Limits',
  intro: 'Where plugboard stops a plugin that takes too much, and why there. A page is 64 KiB.',
  tables: [
    limitTable('Plugins', 'A limit without an option is fixed.', LIMITS),
    limitTable('Actors', 'What comes on top where the plugin is an actor.', ACTOR_LIMITS),
  ],
};

interface ActorLayer {
  layer: string;
  does: string;
  files: readonly string[];
}

const actorLayers: readonly ActorLayer[] = [
  {
    layer: 'ScriptActor',
    does: 'takes packets one at a time, keeps the state, sends what comes out; life cycle, error policy, reload',
    files: ['actor.ts', 'inbox.ts', 'mailbox.ts', 'load.ts', 'settings.ts', 'events.ts'],
  },
  {
    layer: 'ModuleLoader',
    does: 'modules by name, from bytes, files and URLs; reloads all their actors or none',
    files: ['loader.ts', 'read-module.ts'],
  },
  {
    layer: 'ExtismEngine',
    does: 'makes a plugin of a module, validates it, calls it once for each message',
    files: [
      'engine.ts',
      'module-error.ts',
      'protocol.ts',
      'host-functions.ts',
      'metadata.ts',
      'plugin-stderr.ts',
    ],
  },
  {
    layer: 'Extism plugin host',
    does: '`createPlugin`: manifests, linking, the kernel, WASI, limits',
    files: ['../create.ts', '../plugin.ts'],
  },
  {
    layer: 'WASM plugin, actor logic',
    does: 'written with one of the SDKs, which fix what goes over the wire',
    files: [
      'wire.ts',
      'message.ts',
      'message-types.ts',
      'context.ts',
      'codec.ts',
      'json.ts',
      '../msgpack/index.ts',
    ],
  },
  {
    layer: 'State',
    does: 'stores, and what becomes of a state that a plugin returns',
    files: ['state.ts', 'state-keeper.ts', 'file-state.ts', 'state-file.ts'],
  },
  {
    layer: 'Configuration',
    does: '`ScriptConfig`, `ActorConfig`, nodes of graphs, `config_schema`',
    files: ['config.ts', 'actor-config.ts', 'validation.ts', 'limits.ts', 'memory-limit.ts'],
  },
];
const fileLink = (name: string) => {
  const { pathname } = new URL(name, 'http://repository/src/actor/');
  return `[${name.replace('../', '')}](${pathname})`;
};

const program = (name: string) => `[examples/${name}](/examples/${name})`;

interface Behaviour {
  what: string;
  does: string;
}
const behaviours = (title: string, intro: string, head: string, rows: readonly Behaviour[]) =>
  specTable<Behaviour>({
    title,
    intro,
    rows,
    id: ({ what }) => what,
    layout: 'table',
    columns: [
      { head, cell: ({ what }) => what },
      { head: 'Means', cell: ({ does }) => does },
    ],
  });

const actorsPage: Page = {
  path: 'docs/ACTORS.md',
  title: 'Reflow actors',
  intro:
    "How [src/actor/](/src/actor/) runs the actors of Reflow's WebAssembly runtime, and what it does otherwise. Error codes " +
    'are in [ERRORS.md](ERRORS.md), limits in [LIMITS.md](LIMITS.md).',
  tables: [
    specTable<ActorLayer>({
      title: 'The layers',
      intro: 'From the outside in. Nothing below an actor knows of actors.',
      rows: actorLayers,
      id: ({ layer }) => layer,
      layout: 'table',
      columns: [
        { head: 'Layer', cell: ({ layer }) => layer },
        { head: 'Does', cell: ({ does }) => does },
        { head: 'Files', cell: ({ files }) => files.map(fileLink).join(', ') },
      ],
    }),
    behaviours(
      'A call',
      'What happens with one packet, in this order. Calls of one actor never overlap.',
      'Step',
      [
        {
          what: 'the payload is written',
          does: 'when it is sent, so that what is wrong with it is the error of its sender',
        },
        {
          what: '`store.load`',
          does: 'the state that the plugin sees, and that `__get_state` and `__set_state` work on',
        },
        {
          what: 'the plugin is called',
          does: 'what it sends by `__send_output` is kept for the end of the call',
        },
        {
          what: 'the result is read',
          does: 'leniently, with a diagnostic for each thing that is tolerated; `strict` fails the call',
        },
        {
          what: 'the state is written',
          does: 'once, in the encoding of the plugin, if the call changed it. A state over its limit fails the call, and the one from before is kept',
        },
        {
          what: '`store.commit`',
          does: 'as `statePolicy` says; the next call gets the text that was written',
        },
        {
          what: 'packets go out',
          does: 'those sent during the call first, the result last; after a failure `{error: Error(text)}`',
        },
      ],
    ),
    behaviours(
      'State over its limit',
      'The limit is `limits.stateBytes`, in bytes of the text that the next call gets.',
      'Where',
      [
        {
          what: 'a call that succeeded',
          does: 'STATE_TOO_LARGE; nothing that it wrote is kept, whatever the policy. Packets that it sent before go out, its result does not',
        },
        {
          what: 'a call that failed',
          does: 'its own error; the state from before it is kept, with the diagnostic STATE_WRITES_DISCARDED',
        },
        {
          what: 'the state that an actor is made with, or its store loads',
          does:
            'STATE_TOO_LARGE before the plugin is called. Raise `limits.stateBytes`, or the limit that the message names; or ' +
            'commit a smaller state to the store, such as `store.commit(new Map())`; or make the actor with another `state`',
        },
        {
          what: 'another module, with a config that leaves less room',
          does: '`reload` refuses it, and the old one goes on',
        },
      ],
    ),
    behaviours(
      'The state file',
      'One JSON object in one line, as `FileState` and `plugboard run --state` keep it. Its members, in this order; others are refused.',
      'Member',
      STATE_FILE_MEMBERS.map(({ key, means }) => ({ what: `\`${key}\``, does: means })),
    ),
    behaviours(
      'What happens to files of the command line',
      'Before anything runs, and while it does.',
      'File',
      [
        {
          what: '`--state` with other content',
          does: 'refused and left as it is. `--adopt` takes any JSON object for the state, but no file of another version',
        },
        {
          what: '`--state` that cannot be written',
          does: 'refused: a folder or device, a read-only file, a folder that is missing or takes no new file',
        },
        {
          what: '`--state` behind a symbolic link',
          does: 'the file that the link leads to is replaced, also when it is yet to be made; permissions stay, and the owner where the system allows it. Of several hard links only this name gets the new state',
        },
        {
          what: '`--state` that another program changes',
          does: 'the next message starts from the new state. A change while a message is processed fails that message: no write of the other program is lost',
        },
        {
          what: '`--events` with other content',
          does: 'refused and left as it is; events are added to events',
        },
        {
          what: 'one file given twice, of which one is written',
          does: 'refused: `--state` and `--events` are nothing else that the run uses',
        },
      ],
    ),
    behaviours('State policies', 'The option `statePolicy`.', 'Policy', [
      {
        what: '`replace`',
        does: 'a state that is returned takes the place of all; what was set before a failure stays (default, as upstream)',
      },
      { what: '`merge`', does: 'the keys of a state that is returned are set, all others stay' },
      {
        what: '`transactional`',
        does: 'as `replace`, but of a call that fails nothing stays; packets that it sent do go out',
      },
    ]),
    behaviours(
      'Programs',
      "For each section of the documentation of Reflow's WebAssembly runtime, a program that does what it says. All are run by tests.",
      'Section',
      [
        { what: 'Stateful counters, in Rust and in Go', does: program('counter.ts') },
        { what: 'State management', does: program('actors/state.ts') },
        { what: 'Output', does: program('actors/outputs.ts') },
        { what: 'Message types', does: program('actors/messages.ts') },
        { what: 'Configuration', does: program('actors/configuration.ts') },
        { what: 'Security', does: program('actors/security.ts') },
        { what: 'Module loading', does: program('actors/modules.ts') },
        { what: 'Debugging', does: program('actors/debugging.ts') },
        { what: 'At the edge, behind `fetch`', does: program('worker/worker.js') },
        { what: 'In a page', does: program('actors/page.js') },
      ],
    ),
    behaviours(
      'Encodings',
      "What `encoding` in a plugin's metadata says. The metadata itself, and what goes through host functions, is JSON in any case.",
      'Encoding',
      [
        {
          what: 'none, or `json`',
          does:
            'context and result are JSON. Numbers keep their kind in Rust; in Go they are float64, so that `1.0` comes back as `1`, ' +
            '`-0.0` as `0`, and digits beyond 2^53 are lost: an Integer there is none any more',
        },
        {
          what: '`msgpack`',
          does:
            'context and result are MessagePack: the same maps, bytes of a Stream and in other data as `bin`. The actor needs the ' +
            'option `codec: msgpack`, of `plugboard/msgpack`. A state of bytes comes back as bytes, also from a state file. In Rust, write results with `rmp_serde::to_vec_named`',
        },
      ],
    ),
    behaviours(
      'Error policies',
      'The option `errorPolicy`: what an actor does after a call that failed.',
      'Policy',
      [
        {
          what: '`continue`',
          does: 'processes the next message, with a new instance if the old one was lost (default)',
        },
        {
          what: '`stop`',
          does: 'stops; senders and callers get ACTOR_STOPPED with the failure as its cause',
        },
        {
          what: '`restart`',
          does: 'makes the plugin anew, with the state kept; after `maxFailures` in a row it stops',
        },
      ],
    ),
    specTable<Fault>({
      title: 'Faults of upstream, and what is done here',
      intro: 'An option in the last column but one chooses; without one there is nothing to choose.',
      prefix: 'upstream',
      rows: FAULTS,
      id: ({ number }) => String(number),
      layout: 'table',
      columns: [
        { head: '#', cell: ({ number }) => String(number) },
        { head: 'Upstream', cell: ({ upstream }) => upstream },
        { head: 'Here', cell: ({ here }) => here },
        { head: 'Option', cell: ({ option }) => option },
      ],
    }),
    specTable<(typeof MODULE_ERROR_KINDS)[number]>({
      title: 'What can be wrong with a module',
      intro: 'The `kind` of a `ModuleError`; its `code` and message are more exact.',
      prefix: 'module',
      rows: MODULE_ERROR_KINDS,
      id: ({ kind }) => kind,
      layout: 'table',
      columns: [
        { head: 'Kind', cell: ({ kind }) => `\`${kind}\`` },
        { head: 'When', cell: ({ when }) => when },
        { head: 'What to do', cell: ({ remedy }) => remedy },
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

interface OptionLine {
  table: Table;
  key: string;
  row: OptionRow;
}
const optionLines = (table: Table): OptionLine[] => ownRows(table).map(([key, row]) => ({ table, key, row }));

const optionsPage: Page = {
  path: 'docs/OPTIONS.md',
  title: 'Options',
  intro:
    'Every options object that a public function takes, printed from the tables that read them. An unknown key, a wrong type, ' +
    'a key that is inherited, and a key in both spellings are errors that name the key, the nearest name and all names. ' +
    'Values are never shown. `undefined` counts as left out. A key works everywhere, unless the table says where.',
  tables: TABLES.map(table =>
    specTable<OptionLine>({
      title: table.of,
      intro: baseOf(table) ? `On top of the options of ${baseOf(table)!.of}.` : '',
      rows: optionLines(table),
      id: ({ key }) => key,
      layout: 'table',
      columns: [
        { head: 'Key', cell: ({ key }) => `\`${key}\`` },
        { head: 'Type', cell: ({ row }) => row.type },
        { head: 'Unit', cell: ({ row }) => row.unit ?? '' },
        { head: 'Default', cell: ({ row }) => row.default },
        { head: 'Where it works', cell: ({ row }) => row.where ?? '' },
        { head: 'Gives the plugin', cell: ({ row }) => row.grants ?? '' },
      ],
    }),
  ),
};

const grantTable = specTable<OptionLine>({
  title: 'Options that grant something',
  intro:
    'What a plugin gets, and by which option. A misspelt, mistyped, inherited or doubled form of any of them is an error, and ' +
    'grants nothing. [docs/OPTIONS.md](/docs/OPTIONS.md) has all options.',
  prefix: 'grant',
  rows: TABLES.flatMap(optionLines).filter(({ row }) => row.grants !== undefined),
  id: ({ table, key }) => grantId(table, key),
  layout: 'table',
  columns: [
    { head: 'Option', cell: ({ key }) => `\`${key}\`` },
    { head: 'Of', cell: ({ table }) => table.of },
    { head: 'Gives the plugin', cell: ({ row }) => row.grants! },
    { head: 'Default', cell: ({ row }) => row.default },
  ],
});

const flags = [call, run].flatMap(command =>
  Object.entries<Option>(command.options).map(([flag, option]) => ({ command, flag, option })),
);

const flagTable = specTable<(typeof flags)[number]>({
  title: 'Options of the command that grant something',
  intro:
    'On the command line, too, an option that is misspelt, given without its value or given twice is an error.',
  prefix: 'grant',
  rows: flags.filter(({ option }) => option.grants),
  id: ({ command, flag }) => `plugboard ${command.name} --${flag}`,
  layout: 'table',
  columns: [
    { head: 'Option', cell: ({ command, flag }) => `\`plugboard ${command.name} --${flag}\`` },
    { head: 'Gives the plugin', cell: ({ option }) => option.help.replaceAll('\n', ' ') },
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
    grantTable,
    flagTable,
    claims('Hostile plugins', 'What holds whatever the bytes of a plugin do.', PLUGIN_CLAIMS),
    claims('Hostile data, manifests and neighbours', 'What holds whatever comes from there.', OTHER_CLAIMS),
  ],
};

export const pages: readonly Page[] = [
  abiPage,
  wasiPage,
  errorsPage,
  limitsPage,
  optionsPage,
  actorsPage,
  securityPage,
];
