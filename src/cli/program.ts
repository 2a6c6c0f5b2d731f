import { columns } from './columns.ts';
import type { Command } from './command.ts';
import { CliError, describeError, exitCodeOf, exitCodesOf } from './errors.ts';
import { endProgress } from './progress.ts';
import { ignoreClosedPipes, OutputClosed, writeStderr, writeStdout } from './stdio.ts';

/** Each command loads its own code. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  call: async () => (await import('./call.ts')).call,
  run: async () => (await import('./run.ts')).run,
  inspect: async () => (await import('./inspect.ts')).inspect,
  types: async () => (await import('./types.ts')).types,
  graph: async () => (await import('./graph.ts')).graph,
  net: async () => (await import('./net.ts')).net,
  replay: async () => (await import('./replay.ts')).replay,
  lock: async () => (await import('./lock.ts')).lock,
  prepare: async () => (await import('./prepare.ts')).prepare,
  build: async () => (await import('./build.ts')).build,
  conformance: async () => (await import('./conformance/command.ts')).conformance,
  compare: async () => (await import('./conformance/compare.ts')).compare,
};

const help = (commands: readonly Command[]) =>
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

async function start([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--help' || name === '-h') {
    return print(help(await Promise.all(Object.values(COMMANDS).map(load => load()))));
  }
  if (name !== undefined && Object.hasOwn(COMMANDS, name)) return (await COMMANDS[name]!()).run(args);
  const expected = `expected one of the commands ${Object.keys(COMMANDS).join(', ')}`;
  const got = name === undefined ? 'none' : JSON.stringify(name);
  throw new CliError('USAGE', `${expected}, got ${got}; see plugboard --help`);
}

async function print(text: string): Promise<number> {
  await writeStdout(`${text}\n`);
  return 0;
}

/** A program that waits for nothing which can still happen ends here. Node gives it exit code 13 and no message. */
function sayStuck(): void {
  process.exitCode = 1;
  writeStderr(
    'plugboard',
    'BUG: the command has not ended, and nothing is left to wait for; please report it',
  );
}

/** Carries out a command line and returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  ignoreClosedPipes();
  process.once('beforeExit', sayStuck);
  try {
    return await start(args);
  } catch (error) {
    // The reader of stdout has enough.
    if (error instanceof OutputClosed) return 0;
    writeStderr('plugboard', describeError(error));
    return exitCodeOf(error);
  } finally {
    endProgress();
    process.off('beforeExit', sayStuck);
  }
}
