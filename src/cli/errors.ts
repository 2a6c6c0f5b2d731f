import { CallError, wasmStackOf } from '../call-error.ts';
import type { ErrorCode } from '../error-codes.ts';
import { excerpt, PlugboardError } from '../errors.ts';

/** Error codes of the command line, besides those of the host and of actors. */
export const CLI_ERROR_CODES = [
  {
    code: 'USAGE',
    where: ['plugboard'],
    when: 'A command, an option or its value is unknown, missing, given twice or in the wrong form.',
    remedy: 'Correct the argument that the message names; --help lists commands and options.',
  },
  {
    code: 'FILE',
    where: ['plugboard'],
    when: 'A file that the command line names cannot be read or written, or does not have the expected content. Such a file is left as it is.',
    remedy: 'Check the path and the file.',
  },
] as const satisfies readonly ErrorCode[];

/** Meaning of the exit codes. `--help` prints these rows; with `of`, only the help of this command does. */
const EXIT_CODES: readonly { code: string; means: string; of?: string }[] = [
  { code: '0', means: 'success' },
  { code: '2', means: 'wrong use: an unknown option, a missing file, an invalid value, manifest or policy' },
  { code: '1 to 255', means: "the plugin's own code, if it failed with a code in this range", of: 'call' },
  { code: '1', means: 'any other failure' },
];

export const exitCodesOf = (command?: string): [code: string, means: string][] =>
  EXIT_CODES.filter(({ of = command }) => of === command).map(({ code, means }) => [code, means]);

const FAILURE = 1;
const WRONG_USE = 2;

/** Errors of the host for values that come from options, or from the files that they name. */
const WRONG_VALUES = ['INVALID_OPTION', 'INVALID_MANIFEST', 'INVALID_POLICY', 'FOLDER_UNAVAILABLE'];

/**
 * The command line is wrong, or names a file that cannot be used. Not a PlugboardError: a program that uses the API never
 * meets these codes.
 */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: (typeof CLI_ERROR_CODES)[number]['code'];
  constructor(code: CliError['code'], message: string, options?: ErrorOptions) {
    super(excerpt(message), options);
    this.code = code;
  }
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return WRONG_USE;
  if (error instanceof PlugboardError && WRONG_VALUES.includes(error.code)) return WRONG_USE;
  const code = error instanceof CallError ? error.exitCode : null;
  return code !== null && code > 0 && code <= 255 ? code : FAILURE;
}

/** Advice in words of the command line, below messages with this code and part that name options of the API. */
const ADVICE: readonly [code: string, part: string, advice: string][] = [
  ['UNRESOLVED_IMPORTS', '', '--stub NAMESPACE.NAME puts a function in place of each, which returns 0'],
  ['UNKNOWN_COMPONENT', 'metadata.plugin_path', '--plugin-folder DIR allows the modules in it'],
  ['UNKNOWN_COMPONENT', 'is given', '--component NAME=FILE gives a component'],
];

/** Returns `CODE: message`, with advice and the wasm functions of a trap. An error that plugboard did not raise, such as a failing disk, has the code of the system. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `BUG: ${String(error)}`;
  // Deno's error for a missing permission has a name instead of a code.
  const code = 'code' in error ? String(error.code) : error.name === 'NotCapable' ? 'EACCES' : 'BUG';
  const advice = ADVICE.find(([of, part]) => of === code && error.message.includes(part))?.[2];
  const functions = wasmStackOf(error).map(name => `at ${name}`);
  return [
    `${code}: ${excerpt(error.message)}`,
    ...functions,
    ...(advice ? [`on the command line: ${advice}`] : []),
  ].join('\n');
}
