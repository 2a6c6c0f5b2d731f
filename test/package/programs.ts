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

export const makeProgram = (file: string, code: string): Program => ({
  file,
  code,
  prints: [...code.matchAll(/^ *console\.log\(.*\); \/\/ (.+)$/gm)].map(match => match[1]!),
});

export const readFixtures = (text: string): string[] => [
  ...new Set(text.match(/\bfixtures\/[\w/.-]+\.(?:wasm|json)\b/g)),
];

/** Runs a program of `folder`, and checks that it prints the texts of its comments, in their order. */
export function checkProgram(folder: string, program: Program, runtime: Command, checks: Checks): void {
  checks.check(`${program.file} on ${runtime.name}`, () => {
    const [file, ...args] = runtime.command;
    expectPrinted(program.prints, run(folder, file, ...args, program.file));
  });
}

/** Checks that an output contains the texts, in their order. */
export function expectPrinted(texts: readonly string[], output: string): void {
  let from = 0;
  for (const text of texts) {
    const at = plain(output).indexOf(plain(text), from);
    expect(at >= 0, `expected a line\n  ${text}\nin\n${output}`);
    from = at + plain(text).length;
  }
}

/** Removes differences between the runtimes: line breaks, the quotes of strings, a comma after the last value. */
const plain = (printed: string) =>
  printed
    .replace(/\s+/g, '')
    .replaceAll('"', "'")
    .replace(/,(?=[\]}])/g, '');
