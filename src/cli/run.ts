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
import { nodePlatform } from '../platform/node.ts';
import { withCommas } from '../units.ts';
import { shownUrl } from '../values/url.ts';
import type { AccessValues } from './access.ts';
import { defineCommand } from './command.ts';
import { CliError, describeError } from './errors.ts';
import { EventFile } from './event-file.ts';
import { isUrl, noteOutputs, readFileOrUrl, readInputFile } from './files.ts';
import { isGraphFile } from './graph-files.ts';
import { type Progress, startProgress } from './progress.ts';
import { openRecorder } from './record.ts';
import {
  engineOptions,
  environmentOf,
  OF_ACTOR,
  OF_GRAPH,
  outputsOf,
  RUN_OPTIONS,
  refuseOptionsOf,
} from './run-options.ts';
import { isBlank, stdinLines, writeLines, writeStderr } from './stdio.ts';
import { openTrace } from './trace.ts';
import { watchModule } from './watch.ts';

export const run = defineCommand({
  name: 'run',
  summary: 'run a Reflow actor, or a graph of them, on the messages of stdin and print their packets',
  about: `Runs a Reflow actor, or a graph: a file that ends with .json. Each line of stdin is a payload, one JSON object of
port → message; each packet that comes out is a line of stdout in the same form. A message is {"type", "data"}.
Blank lines are skipped. If a line fails, its number and the error go to stderr, the next line is processed, and the
exit code is 1. Logs and lines that a plugin prints go to stderr too, the latter after the name of the actor: the id
of its node, or actor. Actors get only environment variables that are allowed.

The lines of an actor are processed one after the other, those of a graph side by side. The ports of a graph are those
that it exposes. A line for a graph may have a number, above that of the line before: {"#": 7, "port": ...}. The line
{"ack": 7} comes when all that it caused is done, with --state also on the disk. After a crash, send the lines without
an acknowledgement again; those that are known are dropped. With --state each message that comes out has a number too,
the same when it comes again. Ctrl-C ends a graph when all is processed, a second one at once.`,
  positionals: [
    { name: 'FILE', help: 'file or URL of the actor, an Extism plugin; or the .json file of a graph' },
  ],
  options: RUN_OPTIONS,
  examples: [
    `echo '{"increment":{"type":"Flow"}}' | plugboard run counter.wasm --config initial_value=10`,
    'cat messages.jsonl | plugboard run counter.wasm --state counter.json',
    'cat messages.jsonl | plugboard run graph.json --component Counter=counter.wasm --state graph.state',
  ],
  run: async ([path = ''], values) => {
    const isGraph = isGraphFile(path);
    refuseOptionsOf(isGraph ? 'a graph' : 'an actor', isGraph ? OF_ACTOR : OF_GRAPH, values);
    if (isGraph) return (await import('./run-graph.ts')).runGraph(path, values);
    const engine = await engineOptions(values, nodePlatform);
    const node = values.node === undefined ? undefined : await readNode(values.node);
    const config = readConfig(values.config);
    if (node) refuseLimitsOf(node, values);
    if (values.watch && isUrl(path)) {
      throw new CliError('USAGE', `--watch: expected a file as FILE, got the URL ${shownUrl(path)}`);
    }
    const progress = startProgress(values.quiet);
    const platform = progress.watch(nodePlatform);
    const source = await readFileOrUrl(path, platform);
    noteOutputs(outputsOf(values));
    const state =
      values.state === undefined ? undefined : await openState(values.state, source, values.adopt);
    const events = values.events === undefined ? undefined : new EventFile(values.events);
    const traceFile = await openTrace(values);
    const recording = await openRecorder(values);
    const options: ActorOptions = {
      ...engine,
      platform,
      ...(node ? { node } : { config }),
      environment: environmentOf(values),
      statePolicy: values['state-policy'] as StatePolicy | undefined,
      errorPolicy: values['error-policy'] as ErrorPolicy | undefined,
      ...(events && { onEvent: (event: ActorEvent) => events.write(event) }),
      ...(state && { state }),
      trace: traceFile?.trace,
      record: recording?.recorder,
    };
    try {
      const scriptConfig = { source, entry_point: values['entry-point'] };
      const actor = await ScriptActor.create(scriptConfig, options).catch(sayHowToGoOn);
      const say = (text: string) => (values.quiet ? undefined : writeStderr('plugboard', text));
      const onReload = (sha256: string) => {
        if (state) state.module = { sha256 };
      };
      const reload = async (bytes: Uint8Array<ArrayBuffer>) => {
        const sha256 = await hexOfSha256(nodePlatform, bytes);
        const unsubscribe = actor.subscribe(({ type }) => type === 'reloaded' && onReload(sha256));
        await actor.reload(bytes).finally(unsubscribe);
      };
      const isOver = () => actor.phase !== 'active';
      const endWatch = values.watch ? watchModule({ path, source, reload, isOver, say }) : undefined;
      try {
        return await processLines(actor, progress);
      } finally {
        endWatch?.();
        await actor.stop();
      }
    } finally {
      events?.close();
      recording?.close();
      await traceFile?.close(source);
    }
  },
});

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
