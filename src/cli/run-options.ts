import { msgpack } from '../msgpack/index.ts';
import type { Platform } from '../platform/types.ts';
import { ACCESS_OPTIONS, allowHeaders, readAccess, readPolicy } from './access.ts';
import type { Option, Values } from './command.ts';
import { CliError } from './errors.ts';
import { GRAPH_OPTIONS, NATS_OPTIONS } from './graph-files.ts';
import { LOG_OPTIONS, logOptions } from './log.ts';
import { RECORD_OPTIONS, recordingFiles } from './record.ts';
import { STUB_OPTION, withStubs } from './stub.ts';
import { TRACE_OPTIONS, traceFiles } from './trace.ts';

export const RUN_OPTIONS = {
  config: {
    grants: true,
    value: 'JSON|KEY=VALUE',
    repeatable: true,
    help: "the actor's settings: an object, or one member of it;\na VALUE that is not JSON is text",
  },
  state: {
    grants: true,
    value: 'FILE',
    help: 'keep the state in this file, that of a graph in this folder; the next run\ncontinues from it. Other content is refused',
  },
  adopt: {
    needs: 'state',
    help: 'let --state read any JSON object as the state, and replace it by a state\nfile; plugboard 0.1 wrote such objects',
  },
  'input-bytes': {
    value: 'BYTES',
    unit: 'bytes',
    help: 'limit for the input of one call: message, config and state (default: 67108864);\nthe state may take half of it',
  },
  'state-policy': {
    value: 'POLICY',
    help: 'replace (default): a returned state replaces all keys; merge: only its own\nkeys; transactional: as replace, and a call that fails changes nothing',
  },
  'error-policy': {
    value: 'POLICY',
    help: 'after a call that fails: continue (default), stop, or restart the plugin',
  },
  strict: { help: 'fail calls for faults that are only warnings otherwise' },
  node: {
    grants: true,
    not: ['config'],
    value: 'FILE',
    help: 'node of a Reflow graph, as JSON: its metadata is the config, with\nenv_vars resolved',
  },
  'allow-env': {
    grants: true,
    value: 'NAME',
    repeatable: true,
    help: 'variable of the environment that env_vars may ask for',
  },
  events: {
    value: 'FILE',
    help: "append the actor's events to this file, a JSON object a line. A file with other\ncontent is refused",
  },
  watch: {
    help: 'reload a module when its file changes, and keep the state. A file that is\nrefused leaves the old module in place',
  },
  'entry-point': { value: 'NAME', help: 'export that takes each payload (default: process)' },
  ...GRAPH_OPTIONS,
  'plugin-folder': {
    grants: true,
    value: 'DIR',
    repeatable: true,
    help: 'folder of modules for plugin_path, besides that of the graph',
  },
  page: {
    help: 'show the running graph on a page of this computer. Its address goes to stderr; the\ngraph runs until Ctrl-C',
  },
  ...NATS_OPTIONS,
  stub: STUB_OPTION,
  ...ACCESS_OPTIONS,
  ...TRACE_OPTIONS,
  ...RECORD_OPTIONS,
  ...LOG_OPTIONS,
} as const satisfies Record<string, Option>;

/** Options that are about one actor, and those that are about a graph. */
export const OF_ACTOR = ['config', 'adopt', 'node', 'state-policy', 'error-policy', 'entry-point'] as const;
export const OF_GRAPH = ['component', 'with', 'plugin-folder', 'page', 'nats', 'spread', 'nodes'] as const;

export type RunValues = Values<typeof RUN_OPTIONS>;

/** The files for `noteOutputs`. */
export const outputsOf = (values: RunValues) => [
  { name: '--state', path: values.state },
  { name: '--events', path: values.events },
  ...traceFiles(values),
  ...recordingFiles(values),
];

const drop = () => {};

/** The options of each actor, of a graph too. @throws {CliError} USAGE, FILE */
export const engineOptions = async (values: RunValues, platform: Platform) => ({
  ...logOptions(values),
  functions: withStubs(values.stub),
  ...readAccess(values),
  ...allowHeaders(values),
  ...(await readPolicy(values)),
  platform,
  // Packets go to stdout. Actors print lines on stderr, under their names.
  enableWasiOutput: false,
  ...(values.quiet && { stdout: drop, stderr: drop }),
  codec: msgpack,
  strict: values.strict,
  limits: { inputBytes: values['input-bytes'] },
});

export const environmentOf = (values: RunValues) =>
  Object.fromEntries(values['allow-env'].map(name => [name, process.env[name]]));

/** @throws {CliError} USAGE for an option that has no effect */
export function refuseOptionsOf(kind: string, names: readonly (keyof RunValues)[], values: RunValues): void {
  const isGiven = (value: RunValues[keyof RunValues]) =>
    Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  const name = names.find(name => isGiven(values[name]));
  if (name !== undefined)
    throw new CliError('USAGE', `--${name} is given, and FILE is ${kind}; see plugboard run --help`);
}
