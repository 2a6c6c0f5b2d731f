import type { LogLevel, PluginOptions } from '../node.ts';
import type { Option, Values } from './command.ts';
import { CliError } from './errors.ts';
import { writeStderr } from './stdio.ts';

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

/** As in Extism's own command. */
const DEFAULT_LEVEL: LogLevel = 'error';

/** Levels for one -v, two, and so on. */
const VERBOSE: readonly LogLevel[] = ['warn', 'info', 'debug', 'trace'];

export const LOG_OPTIONS = {
  'log-level': {
    value: 'LEVEL',
    help: `show logs of the plugin at this level and above:\n${LEVELS.join(', ')} (default: ${DEFAULT_LEVEL})`,
    heading: 'Messages on stderr',
  },
  verbose: {
    short: 'v',
    not: ['log-level'],
    repeatable: true,
    help: `one log level more: ${VERBOSE.join(', ')}`,
  },
  quiet: {
    short: 'q',
    not: ['verbose', 'log-level'],
    help: 'only errors of this command: no logs, no warnings, no progress,\nno lines of the plugin',
  },
} as const satisfies Record<string, Option>;

const logger = {
  trace: (text: string) => writeStderr('trace', text),
  debug: (text: string) => writeStderr('debug', text),
  info: (text: string) => writeStderr('info', text),
  warn: (text: string) => writeStderr('warn', text),
  error: (text: string) => writeStderr('error', text),
};

/**
 * Returns plugin options that send logs and warnings to stderr, because stdout is for results.
 * @throws {CliError} USAGE for an unknown level, here or in the environment, and for two options that contradict
 */
export function logOptions(values: Values<typeof LOG_OPTIONS>) {
  checkOwnVariable(process.env.PLUGBOARD_LOG);
  const show = values.quiet ? () => {} : writeStderr;
  return {
    logLevel: readLevel(values),
    logger,
    onDiagnostic: ({ code, message }) => show('plugboard: warning', `${code}: ${message}`),
  } satisfies PluginOptions;
}

function readLevel(values: Values<typeof LOG_OPTIONS>): LogLevel {
  const { quiet, verbose, 'log-level': text = DEFAULT_LEVEL } = values;
  if (quiet) return 'silent';
  if (verbose > 0) return VERBOSE[verbose - 1] ?? 'trace';
  const level = LEVELS.find(known => known === text);
  if (level) return level;
  const expected = `--log-level: expected one of ${LEVELS.join(', ')}`;
  throw new CliError('USAGE', `${expected}, got ${JSON.stringify(text)}`);
}

/** The log itself is printed by the platform, as in programs. */
function checkOwnVariable(text = ''): void {
  if (['', 'off', 'debug'].includes(text)) return;
  throw new CliError('USAGE', `PLUGBOARD_LOG: expected debug or off, got ${JSON.stringify(text)}`);
}
