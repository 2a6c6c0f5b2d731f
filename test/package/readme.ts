import { type Checks, expect, run } from './checks.ts';

/** A JavaScript program, and the output that its comments promise. */
export interface Program {
  file: string;
  code: string;
  prints: string[];
}

/** A runtime and the command that starts a file on it: `['deno', 'run']`. */
export interface Command {
  name: string;
  command: readonly [program: string, ...args: string[]];
}

/** The blocks marked exactly `js`. A block with more words, such as `js worker`, is only a part of a program. */
export function readPrograms(readme: string): Program[] {
  return blocks(readme, 'js').map((code, index) => makeProgram(`readme-${index + 1}.mjs`, code));
}

export const makeProgram = (file: string, code: string): Program => ({
  file,
  code,
  prints: [...code.matchAll(/^ *console\.log\(.*\); \/\/ (.+)$/gm)].map(match => match[1]!),
});

/** Lines of shell blocks that call the installed command. */
export const readCommands = (readme: string): string[] =>
  blocks(readme, 'sh')
    .flatMap(block => block.split('\n'))
    .filter(line => /\bnpx plugboard\b/.test(line));

export const readFixtures = (text: string): string[] => [
  ...new Set(text.match(/\bfixtures\/[\w/.-]+\.(?:wasm|json)\b/g)),
];

const blocks = (readme: string, info: string): string[] =>
  [...readme.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
    .filter(([, words]) => words === info)
    .map(([, , code]) => code!);

/** Runs a program of `folder`, and checks that it prints the texts of its comments, in their order. */
export function checkProgram(folder: string, program: Program, runtime: Command, checks: Checks): void {
  checks.check(`${program.file} on ${runtime.name}`, () => {
    const [file, ...args] = runtime.command;
    const output = run(folder, file, ...args, program.file);
    let from = 0;
    for (const text of program.prints) {
      const at = plain(output).indexOf(plain(text), from);
      expect(at >= 0, `expected a line\n  ${text}\nin\n${output}`);
      from = at + plain(text).length;
    }
  });
}

/** Removes differences between the runtimes: line breaks, the quotes of strings, a comma after the last value. */
const plain = (printed: string) =>
  printed
    .replace(/\s+/g, '')
    .replaceAll('"', "'")
    .replace(/,(?=[\]}])/g, '');
