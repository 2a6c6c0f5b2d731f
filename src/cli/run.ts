import {
  ActorError,
  type ActorEvent,
  type ActorOptions,
  type ErrorPolicy,
  type GraphNode,
  type JsonObject,
  type JsonValue,
  type Packet,
  ProcessError,
  readJson,
  readPacket,
  ScriptActor,
  type StatePolicy,
  writePacket,
} from '../actor/index.ts';
import { isObject } from '../actor/json/value.ts';
import { FileState } from '../actor/state/file-state.ts';
import { hexOfSha256 } from '../module/source.ts';
import { msgpack } from '../msgpack/index.ts';
import { nodePlatform } from '../platform/node.ts';
import { withCommas } from '../units.ts';
import { ACCESS_OPTIONS, type AccessValues, allowHeaders, readAccess } from './access.ts';
import { defineCommand } from './command.ts';
import { CliError, describeError } from './errors.ts';
import { EventFile } from './event-file.ts';
import { isUrl, readFileOrUrl, readInputFile, refuseSharedFiles } from './files.ts';
import { LOG_OPTIONS, logOptions } from './log.ts';
import { type Progress, startProgress } from './progress.ts';
import { stdinLines, writeLines, writeStderr } from './stdio.ts';
import { STUB_OPTION, withStubs } from './stub.ts';
import { openTrace, TRACE_OPTIONS } from './trace.ts';
import { watchActor } from './watch.ts';

export const run = defineCommand({
  name: 'run',
  summary: 'run a Reflow actor on the messages of stdin and print the packets that it sends',
  about: `Runs a Reflow actor. Each line of stdin is a payload, one JSON object of port → message; each packet that the actor
sends is a line of stdout in the same form. A message is {"type": ..., "data": ...}. Lines are processed one after
the other; blank lines are skipped. If a line fails, its number and the error go to stderr, the next line is
processed, and the exit code is 1. Logs and lines that the plugin prints go to stderr too, the latter after the name
of the actor: the id of --node, or actor. The actor gets only environment variables that are allowed.`,
  positionals: [{ name: 'ACTOR.wasm', help: 'file or URL of the actor, an Extism plugin' }],
  options: {
    config: {
      grants: true,
      value: 'JSON|KEY=VALUE',
      repeatable: true,
      help: "the actor's settings: an object, or one member of it;\na VALUE that is not JSON is text",
    },
    state: {
      grants: true,
      value: 'FILE',
      help: 'keep the state in this file; the next run continues from it. A file with other\ncontent is refused',
    },
    adopt: {
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
      help: 'reload the actor when its file changes, and keep the state. A file that is\nrefused leaves the old module in place',
    },
    'entry-point': { value: 'NAME', help: 'export that takes each payload (default: process)' },
    stub: STUB_OPTION,
    ...ACCESS_OPTIONS,
    ...TRACE_OPTIONS,
    ...LOG_OPTIONS,
  },
  examples: [
    `echo '{"increment":{"type":"Flow"}}' | plugboard run counter.wasm --config initial_value=10`,
    'cat messages.jsonl | plugboard run counter.wasm --state counter.json',
  ],
  run: async ([path = ''], values) => {
    const node = values.node === undefined ? undefined : await readNode(values.node);
    if (node && values.config.length > 0)
      throw new CliError('USAGE', 'both --node and --config are given; keep one');
    const config = readConfig(values.config);
    const functions = withStubs(values.stub);
    const access = { ...readAccess(values), ...allowHeaders(values) };
    if (node) refuseLimitsOf(node, values);
    const logs = logOptions(values);
    if (values.adopt && values.state === undefined) {
      throw new CliError('USAGE', '--adopt is given without --state, whose file it is about');
    }
    if (values.watch && isUrl(path)) {
      throw new CliError('USAGE', `--watch: expected a file as ACTOR.wasm, got the URL ${path}`);
    }
    refuseSharedFiles([
      { name: 'ACTOR.wasm', path },
      { name: '--node', path: values.node },
      { name: 'stdin', path: 0 },
      { name: '--state', path: values.state, isWritten: true },
      { name: '--events', path: values.events, isWritten: true },
      { name: '--trace', path: values.trace, isWritten: true },
    ]);
    const progress = startProgress(values.quiet);
    const platform = progress.watch(nodePlatform);
    const source = await readFileOrUrl(path, platform);
    const state =
      values.state === undefined ? undefined : await openState(values.state, source, values.adopt);
    const events = values.events === undefined ? undefined : new EventFile(values.events);
    const traceFile = openTrace(values);
    const options: ActorOptions = {
      ...logs,
      functions,
      ...access,
      platform,
      // Packets go to stdout. The actor prints lines on stderr, under its name.
      enableWasiOutput: false,
      ...(values.quiet && { stdout: drop, stderr: drop }),
      codec: msgpack,
      ...(node ? { node } : { config }),
      environment: Object.fromEntries(values['allow-env'].map(name => [name, process.env[name]])),
      statePolicy: values['state-policy'] as StatePolicy | undefined,
      errorPolicy: values['error-policy'] as ErrorPolicy | undefined,
      strict: values.strict,
      ...(events && { onEvent: (event: ActorEvent) => events.write(event) }),
      ...(state && { state }),
      limits: { inputBytes: values['input-bytes'] },
      trace: traceFile?.trace,
    };
    try {
      const scriptConfig = { source, entry_point: values['entry-point'] };
      const actor = await ScriptActor.create(scriptConfig, options).catch(sayHowToGoOn);
      const say = (text: string) => (values.quiet ? undefined : writeStderr('plugboard', text));
      const onReload = (sha256: string) => {
        if (state) state.module = { sha256 };
      };
      const endWatch = values.watch ? watchActor(actor, path, source, say, onReload) : undefined;
      try {
        return await processLines(actor, progress);
      } finally {
        endWatch?.();
        await actor.stop();
      }
    } finally {
      events?.close();
      traceFile?.close();
    }
  },
});

const drop = () => {};

/** @throws {CliError} FILE */
async function openState(path: string, source: Uint8Array<ArrayBuffer>, adopt: boolean): Promise<FileState> {
  const sha256 = await hexOfSha256(nodePlatform, source);
  const state = await FileState.open(path, { adopt, module: { sha256 } }).catch((cause: Error) => {
    throw new CliError('FILE', cause.message, { cause });
  });
  const { writtenBy } = state;
  if (writtenBy && writtenBy.sha256 !== sha256) {
    const [before, now] = [writtenBy.sha256, sha256].map(hash => hash.slice(0, 16));
    writeStderr(
      'plugboard',
      `${path}: written by another module (SHA-256 ${before}…); this one (${now}…) goes on from it`,
    );
  }
  return state;
}

function sayHowToGoOn(error: unknown): never {
  if (!(error instanceof ActorError) || error.code !== 'STATE_TOO_LARGE') throw error;
  const ways = 'give more --input-bytes, of which the state may take half, or another file for --state';
  throw new CliError('FILE', `${error.message}; ${ways}`, { cause: error });
}

/** @throws {CliError} FILE */
async function readNode(path: string): Promise<GraphNode> {
  try {
    return readJson(await readInputFile(path), { what: 'the node' }) as unknown as GraphNode;
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('FILE', `${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Limits in the metadata of a node, with the options that set the same limit. */
const NODE_LIMITS = [
  ['timeout', 'timeout_ms'],
  ['memory-max', 'memory_limit_mb'],
] as const;

/** @throws {CliError} USAGE for a limit that the node has too */
function refuseLimitsOf({ metadata }: GraphNode, values: AccessValues): void {
  for (const [option, key] of NODE_LIMITS) {
    if (!values[option] || !isObject(metadata) || !Object.hasOwn(metadata, key)) continue;
    throw new CliError('USAGE', `both --${option} and ${key} in the metadata of --node are given; keep one`);
  }
}

async function processLines(actor: ScriptActor, progress: Progress): Promise<number> {
  let number = 0;
  const processAll = async () => {
    let exitCode = 0;
    for await (const line of stdinLines()) {
      number++;
      progress.tick();
      if (isBlank(line)) continue;
      const { packets, error } = await processLine(actor, line);
      for (const packet of packets) await writeLines([writePacket(packet)]);
      if (error === undefined) continue;
      writeStderr(`plugboard: line ${number}`, describeError(error));
      exitCode = 1;
      if (actor.phase !== 'active') break;
    }
    return exitCode;
  };
  // At a terminal the line would stand where the user types.
  if (process.stdin.isTTY) return processAll();
  return progress.during(seconds => `line ${withCommas(number)}, ${seconds} s`, processAll());
}

async function processLine(
  actor: ScriptActor,
  line: Uint8Array,
): Promise<{ packets: readonly Packet[]; error?: unknown }> {
  try {
    return { packets: await actor.process(readPacket(line, undefined, { what: 'the line' })) };
  } catch (error) {
    return { packets: error instanceof ProcessError ? error.packets : [], error };
  }
}

/** Whether a line has only the white space of JSON. */
const isBlank = (line: Uint8Array): boolean => line.every(byte => [0x20, 0x09, 0x0d].includes(byte));

/** Merges configs; later members win. Not `Object.assign`, for which a member `__proto__` would set the prototype. */
const readConfig = (texts: readonly string[]): JsonObject =>
  Object.fromEntries(texts.flatMap(text => Object.entries(readMembers(text))));

function readMembers(text: string): JsonObject {
  if (text.trimStart().startsWith('{')) {
    try {
      return readJson(text, { what: 'the value' }) as JsonObject;
    } catch (error) {
      throw new CliError('USAGE', `--config: ${(error as Error).message}`, { cause: error });
    }
  }
  const end = text.indexOf('=');
  if (end < 1) {
    throw new CliError('USAGE', `--config: expected a JSON object or KEY=VALUE, got ${JSON.stringify(text)}`);
  }
  return Object.fromEntries([[text.slice(0, end), jsonOrText(text.slice(end + 1))]]);
}

function jsonOrText(text: string): JsonValue {
  try {
    return readJson(text);
  } catch {
    return text;
  }
}
