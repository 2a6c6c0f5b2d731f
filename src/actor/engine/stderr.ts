import { LIMITS } from '../../limits.ts';
import { ACTOR_LIMITS } from '../limits.ts';

/** Passes on the lines that one plugin prints on stderr, and keeps the last lines of each call for its error. */
export class PluginStderr {
  readonly #name: string;
  readonly #print: (line: string) => void;
  readonly #given: ((line: string) => void) | undefined;
  #printed = 0;
  #lines: string[] = [];

  /**
   * @param name Prefix of each line that is printed
   * @param given Gets the lines instead; they are then not printed
   */
  constructor(name: string, print: (line: string) => void, given: ((line: string) => void) | undefined) {
    this.#name = name;
    this.#print = print;
    this.#given = given;
  }

  /** The last lines since `begin`. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  begin(): void {
    this.#printed = 0;
    this.#lines = [];
  }

  readonly write = (line: string): void => {
    this.#lines.push(line);
    if (this.#lines.length > LIMITS.stdioLines.default) this.#lines.shift();
    const most = ACTOR_LIMITS.stderrLines.default;
    if (this.#given) this.#given(line);
    else if (this.#printed++ < most) this.#print(`${this.#name}: ${line}`);
    else if (this.#printed === most + 1) this.#print(`${this.#name}: … more than ${most} lines in one call`);
  };
}
