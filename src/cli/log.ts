import type { LogLevel, PluginOptions } from '../node.ts';
import type { Option } from './command.ts';
import { CliError } from './errors.ts';
import { writeStderr } from './stdio.ts';

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

export const LOG_LEVEL_OPTION = {
  value: 'LEVEL',
  help: `show logs of the plugin at this level and above:\n${LEVELS.join(', ')} (default)`,
} as const satisfies Option;

const logger = {
  trace: (text: string) => writeStderr('trace', text),
  debug: (text: string) => writeStderr('debug', text),
  info: (text: string) => writeStderr('info', text),
  warn: (text: string) => writeStderr('warn', text),
  error: (text: string) => writeStderr('error', text),
};

/**
 * Returns plugin options that send logs, warnings and the plugin's lines to stderr, because stdout is for results.
 * @throws {CliError} USAGE for an unknown level, here or in the environment
 */
export function logOptions(level: string = 'silent') {
  const logLevel = LEVELS.find(known => known === level);
  if (!logLevel) {
    throw new CliError(
      'USAGE',
      `--log-level: expected one of ${LEVELS.join(', ')}, got ${JSON.stringify(level)}`,
    );
  }
  return {
    logLevel,
    logger,
    stdout: line => writeStderr('stdout', line),
    stderr: line => writeStderr('stderr', line),
    onDiagnostic: ({ code, message }) => writeStderr('plugboard: warning', `${code}: ${message}`),
    ...(wantsDebugLog(process.env) && { debug: (line: string) => writeStderr('plugboard: debug', line) }),
  } satisfies PluginOptions;
}

/** Whether `PLUGBOARD_LOG=debug`, or `RUST_LOG` as Reflow's users set it, asks for the host's own debug log. */
function wantsDebugLog(environment: Readonly<Record<string, string | undefined>>): boolean {
  const { PLUGBOARD_LOG: own = '', RUST_LOG: rust = '' } = environment;
  if (!['', 'off', 'debug'].includes(own)) {
    throw new CliError('USAGE', `PLUGBOARD_LOG: expected debug or off, got ${JSON.stringify(own)}`);
  }
  if (own) return own === 'debug';
  // Rust programs read a list of directives, such as `warn,reflow_script=debug`; a directive without a target is for all.
  return rust.split(',').some(directive => /^(?:reflow_script=)?(?:debug|trace)$/.test(directive.trim()));
}
