import { MODULE_ERROR_KINDS } from '../src/actor/engine/module-error.ts';
import { ACTOR_LIMITS, type ActorLimit } from '../src/actor/limits.ts';
import { STATE_FILE_MEMBERS } from '../src/actor/state/state-file.ts';
import { ACTOR_ERROR_CODES } from '../src/actor-error-codes.ts';
import { call } from '../src/cli/call.ts';
import type { Command, Option } from '../src/cli/command.ts';
import { CLI_ERROR_CODES } from '../src/cli/errors.ts';
import { graph } from '../src/cli/graph.ts';
import { inspect } from '../src/cli/inspect.ts';
import { run } from '../src/cli/run.ts';
import { ERROR_CODES, type ErrorCode } from '../src/error-codes.ts';
import type { BudgetName } from '../src/given/budgets.ts';
import { BUDGETS, type BudgetRow, LIMITS, type Limit } from '../src/limit-rows.ts';
import { NETWORK_LIMITS, type NetworkLimit } from '../src/network/limits.ts';
import { MODES, type ModeRow, TIME_KEEPERS, type TimeKeeper } from '../src/run/mode.ts';
import { MODE_TEXTS, TIME_KEEPER_TEXTS } from '../src/run/mode-rows.ts';
import { TYPES_LIMITS } from '../src/types/limits.ts';
import { WASI_ERROR_CODES } from '../wasi/errors.ts';
import type { OptionRow } from '../wasi/options.ts';
import { abiPage } from './abi-page.ts';
import { FAULTS, type Fault } from './actor/upstream.ts';
import { auditPage } from './audit-page.ts';
import { optionDoc } from './helpers/option-docs.ts';
import { type Page, specTable } from './helpers/spec-table.ts';
import { SCORE, SURVIVORS, type Survivor } from './mutation/survivors.ts';
import { baseOf, grantId, ownRows, TABLES, type Table } from './option-tables.ts';
import { ACTORS, type Claim, OTHER_CLAIMS, PLUGIN_CLAIMS, PROMISES } from './security-claims.ts';
import { stabilityPage } from './stability.ts';
import { wasiPage } from './wasi-page.ts';

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
      { head: 'Where', cell: row => row.where.join(', ') },
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
    errorTable(
      'Host',
      'Codes of errors that creating and calling a plugin can throw. If the plugin had set an error text, the message of a failed ' +
        'call is that text; `code` and `cause` tell the end of the call.',
      ERROR_CODES,
    ),
    errorTable('Actors', 'Additional codes for plugins that are actors.', ACTOR_ERROR_CODES),
    errorTable(
      'WASI',
      'Codes of `WasiError`, `WasiExit` and `WasiDiagnostic`, which `plugboard/wasi` exports. `WasiError` and `WasiExit` are also instances of `PlugboardError`.',
      WASI_ERROR_CODES,
    ),
    errorTable('Command line', 'Additional codes of the `plugboard` command.', CLI_ERROR_CODES),
  ],
};

/** Separates groups of three digits by commas. */
const formatNumber = (value: number) => value.toLocaleString('en-US');

type AnyLimit = Pick<Limit | ActorLimit | NetworkLimit, 'name' | 'default' | 'option' | 'why'> & {
  unit: string;
};

const limitTable = (title: string, intro: string, limits: { [key: string]: AnyLimit }) =>
  specTable<[key: string, limit: AnyLimit]>({
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

const budgetRows: Readonly<Record<BudgetName, BudgetRow>> = BUDGETS;

const budgetTable = specTable<[key: BudgetName, row: BudgetRow]>({
  title: 'Budgets of one call',
  intro:
    'Off unless the option is given. A call over a budget fails with BUDGET_EXCEEDED, which names the budget, its limit and the amount ' +
    'asked for, in every mode; the next call gets a new instance and the whole budget. Start functions count as a call of their own. ' +
    'Actors take them in `limits` too, except `outputBytes`, which has a wider meaning there.',
  prefix: 'budget',
  rows: Object.entries(budgetRows) as [BudgetName, BudgetRow][],
  id: ([key]) => key,
  layout: 'table',
  columns: [
    { head: 'Option', cell: ([key]) => `\`limits.${key}\`` },
    { head: 'Counts', cell: ([, row]) => row.name },
    { head: 'Why', cell: ([, row]) => row.why },
  ],
});

const firstRow = 'The first row that fits is chosen; the last one fits always.';

const timeTable = specTable<TimeKeeper>({
  title: 'How a time limit is kept',
  intro:
    `Decided before the modules are compiled; \`report.timeoutBy\` has the result. ${firstRow} Checks do not end a host function, ` +
    'one bulk instruction, one `memory.atomic.wait` or the copying of data segments while it runs; start sections, start functions and ' +
    'sleeps in `poll_oneoff` are ended ([RATIONALE.md](RATIONALE.md#why-do-checks-keep-the-time-limit-of-an-actor)).',
  prefix: 'time',
  rows: TIME_KEEPERS,
  id: row => row.id,
  layout: 'table',
  columns: [
    { head: 'When', cell: ({ id }) => TIME_KEEPER_TEXTS[id].when },
    { head: 'The limit is kept by', cell: ({ id }) => TIME_KEEPER_TEXTS[id].keeps },
  ],
});

const modeTable = specTable<ModeRow>({
  title: 'Where a plugin runs',
  intro:
    `Decided after the modules are linked; \`report.isolation\` has the mode. ${firstRow} Where the plugin cannot run, ` +
    '`createPlugin` throws. `callSync` of a plugin that imports an async host function or HTTP throws HOST_FUNCTION_ASYNC in every mode.',
  prefix: 'mode',
  rows: MODES,
  id: row => row.id,
  layout: 'table',
  columns: [
    { head: 'When', cell: ({ id }) => MODE_TEXTS[id] },
    { head: 'Mode', cell: ({ mode }) => (typeof mode === 'string' ? `\`${mode}\`` : 'an error') },
    {
      head: '`callSync`',
      cell: ({ mode, syncRefusal }) => syncRefusal?.code ?? (typeof mode === 'string' ? 'works' : ''),
    },
  ],
});

const limitsPage: Page = {
  path: 'docs/LIMITS.md',
  title: 'Limits',
  intro: 'Where plugboard stops a plugin that takes too much, and why at that value. A page is 64 KiB.',
  tables: [
    limitTable('Plugins', 'A limit without an option is fixed.', LIMITS),
    budgetTable,
    limitTable('Actors', 'Additional limits for plugins that are actors.', ACTOR_LIMITS),
    limitTable('Networks', 'Additional limits for graphs of actors.', NETWORK_LIMITS),
    limitTable(
      'Types',
      'Limits of `plugboard types`, `plugboard/esbuild` and `plugboard/vite`.',
      TYPES_LIMITS,
    ),
    timeTable,
    modeTable,
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
    does: 'takes packets one at a time, keeps the state, sends the resulting packets; life cycle, error policy, reload',
    files: ['actor.ts', 'loaded-plugin.ts', 'inbox.ts', 'mailbox.ts', 'actor-settings.ts', 'events.ts'],
  },
  {
    layer: 'ModuleLoader',
    does: 'modules by name, from bytes, files and URLs; reloads all their actors or none',
    files: ['module-loader.ts', 'engine/module-source.ts'],
  },
  {
    layer: 'ExtismEngine',
    does: 'makes a plugin of a module, validates it, calls it once for each message',
    files: [
      'engine/engine.ts',
      'engine/module-error.ts',
      'engine/outline.ts',
      'engine/host-functions.ts',
      'engine/metadata.ts',
      'engine/stdio.ts',
    ],
  },
  {
    layer: 'Extism plugin host',
    does: '`createPlugin`: manifests, linking, the kernel, WASI, limits',
    files: ['../create.ts', '../plugin.ts'],
  },
  {
    layer: 'WASM plugin, actor logic',
    does: 'written with one of the SDKs, which define the wire format',
    files: [
      'message/wire.ts',
      'message/message.ts',
      'message/types.ts',
      'engine/input.ts',
      'engine/result.ts',
      'message/codec.ts',
      'json/reader.ts',
      '../msgpack/index.ts',
    ],
  },
  {
    layer: 'State',
    does: 'stores, and the rules for a state that a plugin returns',
    files: ['state/state-store.ts', 'state/state-keeper.ts', 'state/file-state.ts', 'state/state-file.ts'],
  },
  {
    layer: 'Configuration',
    does: '`ScriptConfig`, `ActorConfig`, nodes of graphs, `config_schema`',
    files: [
      'config/script-config.ts',
      'config/actor-config.ts',
      'engine/config-schema.ts',
      'limits.ts',
      'engine/memory-limit.ts',
    ],
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
    "How [src/actor/](/src/actor/) runs the actors of Reflow's WebAssembly runtime, and where it differs. Error codes " +
    'are in [ERRORS.md](ERRORS.md), limits in [LIMITS.md](LIMITS.md).',
  tables: [
    specTable<ActorLayer>({
      title: 'The layers',
      intro: 'From the outside in. The engine and the plugin host do not depend on actors.',
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
      'The steps for one packet, in this order. Calls of one actor never overlap.',
      'Step',
      [
        {
          what: 'the payload is written',
          does: 'when it is sent, so that the sender gets the error for a wrong payload',
        },
        {
          what: '`store.load`',
          does: 'the state that the plugin sees, and that `__get_state` and `__set_state` work on',
        },
        {
          what: 'the plugin is called',
          does: 'packets that it sends by `__send_output` are kept until the end of the call',
        },
        {
          what: 'the result is read',
          does: 'leniently, with a diagnostic for each tolerated mistake; with `strict` a mistake fails the call',
        },
        {
          what: 'the state is written',
          does: 'once, in the encoding of the plugin, if the call changed it. A state over its limit fails the call, and the previous state is kept',
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
          does: 'STATE_TOO_LARGE; under every policy, the writes of the call are dropped. Packets that it sent before go out, its result does not',
        },
        {
          what: 'a call that failed',
          does: 'its own error; the state from before the call is kept, with the diagnostic STATE_WRITES_DISCARDED',
        },
        {
          what: 'the first state of an actor, or the state that its store loads',
          does:
            'STATE_TOO_LARGE before the plugin is called. Raise `limits.stateBytes`, or the limit that the message names; or ' +
            'commit a smaller state to the store, such as `store.commit(new Map())`; or make the actor with another `state`',
        },
        {
          what: 'another module, with a config that leaves less room',
          does: '`reload` refuses the module, and the old one stays in use',
        },
      ],
    ),
    behaviours(
      'The state file',
      'One JSON object in one line, as `FileState` and `plugboard run --state` keep it. The table lists its members in order; a file with other members is refused.',
      'Member',
      STATE_FILE_MEMBERS.map(({ key, means }) => ({ what: `\`${key}\``, does: means })),
    ),
    behaviours('Files of the command line', 'Checks before the run, and behaviour during it.', 'File', [
      {
        what: '`--state` with other content',
        does: 'refused and left unchanged. With `--adopt` any JSON object is taken as the state, except a file of another version',
      },
      {
        what: '`--state` that cannot be written',
        does: 'refused: a folder or device, a read-only file, or a file whose folder is missing or not writable',
      },
      {
        what: '`--state` behind a symbolic link',
        does: 'the target of the link is replaced, or created if it does not exist; permissions stay, and the owner where the system allows it. If the file has several hard links, only this name gets the new state',
      },
      {
        what: '`--state` that another program changes',
        does: 'the next message starts from the new state. A change while a message is processed fails that message, so no write of the other program is lost',
      },
      {
        what: '`--events` with other content',
        does: 'refused and left unchanged; events are appended only to a file of events',
      },
      {
        what: 'one file for two options, one of which writes it',
        does: 'refused: the files of `--state` and `--events` must differ from all other files of the run',
      },
    ]),
    behaviours('State policies', 'The option `statePolicy`.', 'Policy', [
      {
        what: '`replace`',
        does: 'a returned state replaces the whole state; values set before a failure stay (default, as upstream)',
      },
      { what: '`merge`', does: 'the keys of a returned state are set, all others stay' },
      {
        what: '`transactional`',
        does: 'as `replace`, but a call that fails changes nothing; packets that it sent do go out',
      },
    ]),
    behaviours(
      'Programs',
      "For each section of the documentation of Reflow's WebAssembly runtime, a program that follows it. Tests run all of them.",
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
      "The values of `encoding` in a plugin's metadata. The metadata itself and all arguments of host functions are always JSON.",
      'Encoding',
      [
        {
          what: 'none, or `json`',
          does:
            'context and result are JSON. Numbers keep their kind in Rust; in Go they are float64, so that `1.0` comes back as `1`, ' +
            '`-0.0` as `0`, and beyond 2^53 digits are lost and an Integer does not stay an Integer',
        },
        {
          what: '`msgpack`',
          does:
            'context and result are MessagePack: the same maps, bytes of a Stream and in other data as `bin`. The actor needs the ' +
            'option `codec: msgpack`, imported from `plugboard/msgpack`. A state of bytes comes back as bytes, also from a state file. In Rust, write results with `rmp_serde::to_vec_named`',
        },
      ],
    ),
    behaviours(
      'Error policies',
      'The option `errorPolicy`: how an actor goes on after a failed call.',
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
          does: 'creates the plugin again and keeps the state; after `maxFailures` in a row it stops',
        },
      ],
    ),
    specTable<Fault>({
      title: 'Faults of upstream, and the behaviour here',
      intro:
        'The column "Option" names the option that chooses the behaviour. If it is empty, the behaviour is fixed.',
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
      title: 'Kinds of module errors',
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

/** The docstring of an option. Without one, the other spelling that it stands for, or the right that it gives. */
function effectOf({ table, key, row }: OptionLine): string {
  const same = row.sameAs === undefined ? '' : `As \`${row.sameAs}\`.`;
  return (
    optionDoc(table.of, key) || same || (row.grants === undefined ? '' : `Gives the plugin ${row.grants}.`)
  );
}

interface Flag {
  command: Command;
  flag: string;
  option: Option;
}
const COMMANDS = [call, run, inspect, graph];
const flagsOf = (command: Command): Flag[] =>
  Object.entries<Option>(command.options).map(([flag, option]) => ({ command, flag, option }));
const DEFAULT = /\s*\(default: ([^)]*)\)/;

const commandTable = (command: Command) =>
  specTable<Flag>({
    title: `plugboard ${command.name}`,
    intro: 'An option that is left out has no effect, unless a default is given.',
    rows: flagsOf(command),
    id: ({ flag }) => flag,
    layout: 'table',
    columns: [
      {
        head: 'Option',
        cell: ({ flag, option: { short, value } }) =>
          [...(short ? [`-${short}`] : []), `--${flag}`]
            .map(name => `\`${value ? `${name} ${value}` : name}\``)
            .join(', '),
      },
      {
        head: 'Type',
        cell: ({ option: { value, unit, repeatable } }) =>
          `${unit ? 'a whole number' : value ? 'a text' : 'a switch'}${repeatable ? ', may be repeated' : ''}`,
      },
      { head: 'Unit', cell: ({ option }) => option.unit ?? '' },
      { head: 'Default', cell: ({ option }) => DEFAULT.exec(option.help)?.[1]?.replaceAll('\n', ' ') ?? '' },
      { head: 'Effect', cell: ({ option }) => option.help.replace(DEFAULT, '').replaceAll('\n', ' ') },
    ],
  });

const optionsPage: Page = {
  path: 'docs/OPTIONS.md',
  title: 'Options',
  intro:
    'Every options object that a public function takes, printed from the tables that read them. An unknown key, a wrong type, ' +
    'an inherited key, and a key in both spellings are errors that name the key, the nearest name and all names. ' +
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
        { head: 'Effect', cell: effectOf },
      ],
    }),
  ).concat(COMMANDS.map(commandTable)),
};

const grantTable = specTable<OptionLine>({
  title: 'Options that grant something',
  intro:
    'Rights of a plugin, each with the option that gives it. A misspelt, mistyped, inherited or doubled form of such an option is ' +
    'an error, and grants nothing. [docs/OPTIONS.md](/docs/OPTIONS.md) has all options.',
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

const flags = COMMANDS.flatMap(flagsOf);

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
    'A plugin host runs untrusted code. This page lists the parties that may be hostile and the limits of each. For every ' +
    'claim it says how it is done, in which file, and which test suites prove it. The caller of `createPlugin` is trusted, ' +
    'with all options and host functions. Please report holes as issues.',
  tables: [
    specTable<(typeof ACTORS)[number]>({
      title: 'Who may be hostile',
      intro: 'Each party alone, or all of them together.',
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
      'The words of Reflow, and their meaning here.',
      PROMISES,
    ),
    grantTable,
    flagTable,
    claims('Hostile plugins', 'These claims hold for a plugin with any bytes.', PLUGIN_CLAIMS),
    claims(
      'Hostile data, manifests and neighbours',
      'These claims hold for any data, manifest or other plugin.',
      OTHER_CLAIMS,
    ),
  ],
};

const mutationPage: Page = {
  path: 'docs/MUTATION.md',
  title: 'Mutation run',
  intro:
    '`npm run mutate` makes small mistakes in abi/ and wasi/, one at a time: another operator or constant, a condition that is ' +
    'always true or false, a boundary off by one, a statement left out. Then it runs the suites that name the file ' +
    '([test/mutation/suites.ts](/test/mutation/suites.ts)), and after them the other suites of the wing. A mistake that fails a ' +
    `test, or makes it endless, is found. The sample has ${SCORE.sample} mistakes; its seed stands in ` +
    `[test/mutation/run.ts](/test/mutation/run.ts). ${SCORE.run} of them have run: ${SCORE.killed} failed a test, ` +
    `${SCORE.timeouts} ran out of time and ${SCORE.survived} were not noticed. A run that was stopped goes on where it was. ` +
    'It is not a part of `.ci/run`.',
  tables: [
    specTable<Survivor>({
      title: 'Mistakes that no suite notices',
      intro: 'Each mistake of the sample that no suite notices, with its reason.',
      rows: SURVIVORS,
      id: row => row.id,
      layout: 'table',
      columns: [
        { head: 'File', cell: row => row.file },
        { head: 'Mistake', cell: row => row.mistake },
        { head: 'Reason', cell: row => row.reason },
      ],
    }),
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
  mutationPage,
  auditPage,
  stabilityPage,
];
