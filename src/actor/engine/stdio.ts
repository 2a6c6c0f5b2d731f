import { LIMITS } from '../../limits.ts';
import { printable } from '../../values/printable.ts';
import { ACTOR_LIMITS } from '../limits.ts';

type Receiver = ((line: string) => void) | undefined;

/** Passes on the lines that one plugin prints, and keeps the last lines of each call for its error. */
export class PluginStdio {
  readonly #name: string;
  readonly #print: (line: string) => void;
  /** Lines of this call that were printed, of both streams. */
  #printed = 0;
  /** The last lines since `begin`. */
  stdout: readonly string[] = [];
  stderr: readonly string[] = [];
  readonly writeStdout: (line: string) => void;
  readonly writeStderr: (line: string) => void;

  /**
   * @param name Prefix of each line that is printed
   * @param given Get the lines of a stream instead; these are then not printed
   */
  constructor(
    name: string,
    print: (line: string) => void,
    given: { stdout?: Receiver; stderr?: Receiver } = {},
  ) {
    this.#name = printable(name);
    this.#print = print;
    this.writeStdout = line => {
      this.stdout = keep(this.stdout, line);
      this.#pass(line, given.stdout);
    };
    this.writeStderr = line => {
      this.stderr = keep(this.stderr, line);
      this.#pass(line, given.stderr);
    };
  }

  begin(): void {
    this.#printed = 0;
    this.stdout = this.stderr = [];
  }

  #pass(line: string, receiver: Receiver): void {
    const most = ACTOR_LIMITS.printedLines.default;
    if (receiver) receiver(line);
    else if (this.#printed++ < most) this.#print(`${this.#name}: ${printable(line)}`);
    else if (this.#printed === most + 1) this.#print(`${this.#name}: … more than ${most} lines in one call`);
  }
}

const keep = (lines: readonly string[], line: string): string[] =>
  [...lines, line].slice(-LIMITS.stdioLines.default);
