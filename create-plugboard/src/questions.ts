import { createInterface } from 'node:readline/promises';
import { columns } from '../../src/cli/command.ts';
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

/** Returns the name that the option gives, else the one that the user chooses. @throws {CliError} USAGE for another name, or none */
export async function choose<Name extends string>(
  { option, title, names }: Question<Name>,
  given: string | undefined,
  ask: Ask | undefined,
): Promise<Name> {
  const known = Object.keys(names) as Name[];
  const find = (text: string) => known.find(name => name === text.toLowerCase());
  const problem = (text: string) => {
    const near = nearest(text, known);
    return `expected ${known.join(', ')}, got ${JSON.stringify(text)}${near ? ` (did you mean ${near}?)` : ''}`;
  };
  if (given !== undefined) {
    const name = find(given);
    if (name !== undefined) return name;
    throw new CliError('USAGE', `--${option}: ${problem(given)}`);
  }
  if (!ask) throw new CliError('USAGE', `--${option} is missing: expected ${known.join(', ')}`);
  const list = columns(known.map((name, index) => [`${index + 1} ${name}`, names[name]]));
  let question = `${title}:\n${list}\nNumber or name: `;
  while (true) {
    const answer = await ask(question);
    const name = known[Number(answer) - 1] ?? find(answer);
    if (name !== undefined) return name;
    question = `${problem(answer)}: `;
  }
}
