#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { call } from './call.ts';
import { type Command, columns } from './command.ts';
import { CliError, describeError, exitCodeOf, exitCodesOf } from './errors.ts';
import { inspect } from './inspect.ts';
import { run } from './run.ts';
import { ignoreClosedPipes, OutputClosed, writeStderr, writeStdout } from './stdio.ts';
import { types } from './types.ts';

const commands: readonly Command[] = [call, run, inspect, types];

const readVersion = (): string =>
  (JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;

const help = () =>
  [
    'plugboard runs WebAssembly plugins: functions of Extism plugins, and Reflow actors.\n',
    'Usage: plugboard COMMAND [OPTIONS] ...\n',
    'Commands:',
    columns(commands.map(({ name, summary }) => [name, summary])),
    '\nOptions:',
    columns([
      ['-h, --help', 'show this help; after a command, the help of that command'],
      ['    --version', 'show the version'],
    ]),
    '\nEnvironment:',
    columns([
      ['PLUGBOARD_LOG=debug', "show the host's own log on stderr"],
      ['RUST_LOG=reflow_script=debug', 'the same, as Reflow spells it'],
    ]),
    '\nExit code:',
    columns(exitCodesOf()),
  ].join('\n');

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--help' || name === '-h') return print(help());
  if (name === '--version') return print(readVersion());
  const command = commands.find(known => known.name === name);
  if (command) return command.run(args);
  const expected = `expected one of the commands ${commands.map(({ name }) => name).join(', ')}`;
  const got = name === undefined ? 'none' : JSON.stringify(name);
  throw new CliError('USAGE', `${expected}, got ${got}; see plugboard --help`);
}

async function print(text: string): Promise<number> {
  await writeStdout(`${text}\n`);
  return 0;
}

ignoreClosedPipes();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof OutputClosed)) {
    writeStderr('plugboard', describeError(error));
    process.exitCode = exitCodeOf(error);
  }
}
