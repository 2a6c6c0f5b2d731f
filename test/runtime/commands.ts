/**
 * Tests that start the command on each runtime with processes: each asks something else of it, such as files, pipes, signals and exit
 * codes. Beginnings of `suite › test`. `npm test` starts it for all its tests.
 */
export const COMMANDS: readonly string[] = [
  // In this process.
  ...['cli usage › grant.'],
  ...[
    'prints the output and a line end',
    'reads the input from stdin',
    'shows lines that the plugin prints on stderr',
    'prints with --wasi the stdout of the plugin',
    'leaves no escape sequence',
    'exits with the code given to proc_exit',
    'prints the reason of a trap',
    'passes bytes unchanged',
  ].map(name => `cli call › ${name}`),
  ...['app.wasm run --link folder/lib.wasm', 'data:', 'folder/both.json', 'folder run'].map(
    args => `cli call: modules › plugboard call ${args}`,
  ),
  ...[
    'cat messages.jsonl',
    'prints the error of no UTF-8',
    'runs the actor of a node',
    'appends events to a file',
    'a killed run leaves a whole state',
    'ends without an error when the reader',
    'waits for a reader that is slow',
  ].map(name => `cli run › ${name}`),
  ...[
    'refuses a folder for the state',
    'refuses a read-only file for the state',
    'begins a new line after half an event',
    'two programs with one file',
    'keeps the permissions',
    'replaces the file that a symbolic link leads to',
  ].map(name => `cli run: files › ${name}`),
  ...['folder --allow-path .:/data', 'grow --memory-max 2', 'forever --timeout 50'].map(
    args => `cli run: access › plugboard run actor.wasm --entry-point ${args}`,
  ),
  ...[
    'lines go in and out',
    'with --state a run goes on',
    'the call behind a dead letter is replayed',
    'SIGINT ends a run',
    'a second SIGINT',
    '--page serves the graph',
    '--watch reloads',
  ].map(name => `cli run: graphs › ${name}`),
  'plugboard call and run --record, and replay › a recorded call replays',
  'cli build › writes all that the configuration names',
  'cli types › writes a module and its types',
  'the debug log of programs › PLUGBOARD_LOG=debug prints the log',
  'cli usage › error.USAGE: plugboard call x.wasm f --loud',
  'cli usage › plugboard --help explains',
  'cli usage › plugboard --version',
  'cli usage › an input that looks like an option',
];
