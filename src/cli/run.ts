import { closeSync, openSync, writeSync } from 'node:fs';
import { FileState } from '../actor/file-state.ts';
import {
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
import { msgpack } from '../msgpack/index.ts';
import { nodePlatform } from '../platform/node.ts';
import { defineCommand } from './command.ts';
import { CliError, describeError } from './errors.ts';
import { readInputFile } from './files.ts';
import { LOG_LEVEL_OPTION, logOptions } from './log.ts';
import { stdinLines, writeStderr, writeStdout } from './stdio.ts';

export const run = defineCommand({
  name: 'run',
  summary: 'run a Reflow actor on the messages of stdin and print the packets that it sends',
  about: `Runs a Reflow actor. Each line of stdin is a payload, one JSON object of port → message; each packet that the actor
sends is a line of stdout of the same form. A message is {"type": ..., "data": ...}. Lines are processed one after
the other; blank ones are skipped. A line that fails is told on stderr with its number, and the next one is
processed; the exit code is then 1. Logs and what the plugin prints go to stderr too, the latter under the name of
the node where one is given. Variables of the environment reach the actor only if they are allowed.`,
  positionals: [{ name: 'ACTOR.wasm', help: 'file with the actor, an Extism plugin' }],
  options: {
    config: {
      grants: true,
      value: 'JSON|KEY=VALUE',
      repeatable: true,
      help: "the actor's settings: an object, or one of its members;\na VALUE that is no JSON is text",
    },
    state: {
      grants: true,
      value: 'FILE',
      help: 'keep the state in this JSON file, where the next run continues from it',
    },
    'state-policy': {
      value: 'POLICY',
      help: 'replace (default): a state that is returned is all there is; merge: it is\nadded; transactional: a call that fails leaves nothing',
    },
    'error-policy': {
      value: 'POLICY',
      help: 'after a call that fails: continue (default), stop, or restart the plugin',
    },
    strict: { help: 'fail calls for what is only warned of otherwise' },
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
    events: { value: 'FILE', help: 'add what happens to this file, a JSON object a line' },
    'entry-point': { value: 'NAME', help: 'export that takes each payload (default: process)' },
    'log-level': LOG_LEVEL_OPTION,
  },
  examples: [
    `echo '{"increment":{"type":"Flow"}}' | plugboard run counter.wasm --config initial_value=10`,
    'cat messages.jsonl | plugboard run counter.wasm --state counter.json',
  ],
  run: async ([path = ''], values) => {
    const node = values.node === undefined ? undefined : await readNode(values.node);
    if (node && values.config.length > 0)
      throw new CliError('USAGE', 'both --node and --config are given; keep one');
    const events = values.events === undefined ? undefined : new EventFile(values.events);
    const options: ActorOptions = {
      ...logOptions(values['log-level']),
      platform: nodePlatform,
      codec: msgpack,
      ...(node ? { node } : { config: readConfig(values.config) }),
      ...(node && { stderr: (line: string) => writeStderr(node.id, line) }),
      environment: Object.fromEntries(values['allow-env'].map(name => [name, process.env[name]])),
      statePolicy: values['state-policy'] as StatePolicy | undefined,
      errorPolicy: values['error-policy'] as ErrorPolicy | undefined,
      strict: values.strict,
      ...(events && { onEvent: (event: ActorEvent) => events.write(event) }),
      ...(values.state !== undefined && { state: await openState(values.state) }),
    };
    try {
      const source = await readInputFile(path);
      const actor = await ScriptActor.create({ source, entry_point: values['entry-point'] }, options);
      try {
        return await processLines(actor);
      } finally {
        await actor.stop();
      }
    } finally {
      events?.close();
    }
  },
});

/** @throws {CliError} FILE */
const openState = (path: string): Promise<FileState> =>
  FileState.open(path).catch((cause: Error) => {
    throw new CliError('FILE', cause.message, { cause });
  });

/** Each event is written before the next thing happens, so that a program that is killed leaves them all. */
class EventFile {
  readonly #file: number;

  /** @throws {CliError} FILE */
  constructor(path: string) {
    try {
      this.#file = openSync(path, 'a');
    } catch (error) {
      throw new CliError('FILE', `${path}: ${(error as Error).message}`, { cause: error });
    }
  }

  write(event: ActorEvent): void {
    writeSync(this.#file, `${JSON.stringify(event)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
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

async function processLines(actor: ScriptActor): Promise<number> {
  let exitCode = 0;
  let number = 0;
  for await (const line of stdinLines()) {
    number++;
    if (isBlank(line)) continue;
    const { packets, error } = await processLine(actor, line);
    for (const packet of packets) await writeStdout(`${writePacket(packet)}\n`);
    if (error === undefined) continue;
    writeStderr(`plugboard: line ${number}`, describeError(error));
    exitCode = 1;
    if (actor.phase !== 'active') break;
  }
  return exitCode;
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

/** JSON's white space and nothing else. */
const isBlank = (line: Uint8Array): boolean => line.every(byte => [0x20, 0x09, 0x0d].includes(byte));

/** Later members win. Unlike `Object.assign`, a member `__proto__` is one like any other. */
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
