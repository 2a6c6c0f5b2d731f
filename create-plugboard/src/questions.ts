import { createInterface } from 'node:readline/promises';
import { columns } from '../../src/cli/columns.ts';
import { CliError } from '../../src/cli/errors.ts';
import { nearest } from '../../wasi/options.ts';

/** Asks the user, and returns the answer without white space around it. */
export type Ask = (question: string) => Promise<string>;

/** Runs `body` with a function that asks in this terminal. Without a terminal it gets undefined. */
export async function withTerminal<T>(body: (ask: Ask | undefined) => Promise<T>): Promise<T> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return body(undefined);
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  // A closed interface leaves its question open.
  const closed = new Promise<never>((_, reject) => {
    lines.once('close', () =>
      reject(new CliError('USAGE', 'ended before the last answer; nothing was written')),
    );
  });
  closed.catch(() => {});
  const ask: Ask = async question => (await Promise.race([lines.question(question), closed])).trim();
  try {
    return await body(ask);
  } finally {
    lines.close();
  }
}

/** A choice between names, each with its explanation. */
export interface Question<Name extends string> {
  option: string;
  title: string;
  names: Readonly<Record<Name, string>>;
}

const find = <Name extends string>({ names }: Question<Name>, text: string): Name | undefined =>
  (Object.keys(names) as Name[]).find(name => name === text.toLowerCase());

function problemOf({ names }: Question<string>, text: string): string {
  const known = Object.keys(names);
  const near = nearest(text, known);
  return `expected ${known.join(', ')}, got ${JSON.stringify(text)}${near ? ` (did you mean ${near}?)` : ''}`;
}

/** Returns the name that the option gives, if it is given. @throws {CliError} USAGE for another name */
export function readOption<Name extends string>(question: Question<Name>, given: string | undefined) {
  if (given === undefined) return undefined;
  const name = find(question, given);
  if (name !== undefined) return name;
  throw new CliError('USAGE', `--${question.option}: ${problemOf(question, given)}`);
}

/** Asks until there is a number or a name of the list. */
export async function choose<Name extends string>(question: Question<Name>, ask: Ask): Promise<Name> {
  const known = Object.entries<string>(question.names) as [Name, string][];
  const list = columns(known.map(([name, text], index) => [`${index + 1} ${name}`, text]));
  let text = `${question.title}:\n${list}\nNumber or name: `;
  while (true) {
    const answer = await ask(text);
    const name = known[Number(answer) - 1]?.[0] ?? find(question, answer);
    if (name !== undefined) return name;
    text = `${problemOf(question, answer)}: `;
  }
}
