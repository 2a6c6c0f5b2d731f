import { CliError } from '../errors.ts';

/** A backslash before another character is one: Windows has it in paths. */
const PART = /'([^']*)'|"((?:\\.|[^"\\])*)"|\\([\s'"\\])|\s+|[^\s'"\\]+|\\(?=.)/gsy;

/** Splits a command into words as a shell does: quotes and backslashes keep spaces. @throws {CliError} USAGE */
export function wordsOf(command: string): string[] {
  const words: string[] = [];
  let isNew = true;
  let end = 0;
  for (const [part, single, double, escaped] of command.matchAll(PART)) {
    end += part.length;
    const text = single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? part.trim();
    const isSpace = part.trim() === '';
    if (!isSpace) words.push((isNew ? '' : words.pop()) + text);
    isNew = isSpace;
  }
  const refuse = (problem: string): never => {
    throw new CliError('USAGE', `--host: ${problem}, got ${JSON.stringify(command)}`);
  };
  if (end < command.length) refuse('expected an end of each quote, and a character after each backslash');
  return words[0] ? words : refuse('expected a program');
}
