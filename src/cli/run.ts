import {
  type JsonObject,
  type JsonValue,
  type Packet,
  ProcessError,
  readJson,
  readPacket,
  ScriptActor,
  writePacket,
} from '../actor/index.ts';
import { nodePlatform } from '../platform/node.ts';
import { defineCommand } from './command.ts';
import { CliError, describeError } from './errors.ts';
import { FileState } from './file-state.ts';
import { readInputFile } from './files.ts';
import { LOG_LEVEL_OPTION, logOptions } from './log.ts';
import { stdinLines, writeStderr, writeStdout } from './stdio.ts';

export const run = defineCommand({
  name: 'run',
  summary: 'run a Reflow actor on the messages of stdin and print the packets that it sends',
  about: `Runs a Reflow actor. Each line of stdin is a payload, one JSON object of port → message; each packet that the actor
sends is a line of stdout of the same form. A message is {"type": ..., "data": ...}. Lines are processed one after
the other; blank ones are skipped. A line that fails is told on stderr with its number, and the next one is
processed; the exit code is then 1. Logs and what the plugin prints go to stderr too.`,
  positionals: [{ name: 'ACTOR.wasm', help: 'file with the actor, an Extism plugin' }],
  options: {
    config: {
      value: 'JSON|KEY=VALUE',
      repeatable: true,
      help: "the actor's settings: an object, or one of its members;\na VALUE that is no JSON is text",
    },
    state: {
      value: 'FILE',
      help: 'keep the state in this JSON file, where the next run continues from it',
    },
    'entry-point': { value: 'NAME', help: 'export that takes each payload (default: process)' },
    'log-level': LOG_LEVEL_OPTION,
  },
  examples: [
    `echo '{"increment":{"type":"Flow"}}' | plugboard run counter.wasm --config initial_value=10`,
    'cat messages.jsonl | plugboard run counter.wasm --state counter.json',
  ],
  run: async ([path = ''], values) => {
    const options = {
      ...logOptions(values['log-level']),
      platform: nodePlatform,
      config: readConfig(values.config),
      ...(values.state !== undefined && { state: await FileState.open(values.state) }),
    };
    const source = await readInputFile(path);
    const actor = await ScriptActor.create({ source, entry_point: values['entry-point'] }, options);
    try {
      return await processLines(actor);
    } finally {
      await actor.stop();
    }
  },
});

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
