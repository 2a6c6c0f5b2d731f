import { describe } from '../../actor/errors.ts';
import { NetworkError } from '../errors.ts';
import { NETWORK_LIMITS } from '../limits.ts';

/** The log that counts the attempts. */
export interface AttemptLog {
  /** Number of times that a step of a node was begun which no process has survived. */
  of(node: string): number;
  /** Keeps that a step of a node begins. */
  add(node: string): void;
  flush(): Promise<void>;
}

/** After a death the first step of each suspect runs alone in its process, and is safe before others go on. */
export class Turns {
  /** Resolves when the turns so far have ended. */
  #last: Promise<unknown> = Promise.resolve();
  #open = 0;

  get isFree(): boolean {
    return this.#open === 0;
  }

  async whenFree(): Promise<void> {
    while (!this.isFree) await this.#last;
  }

  /** Resolves when no other turn is open, to a function that ends this one. */
  async take(): Promise<() => void> {
    const before = this.#last;
    let end = () => {};
    const ended = new Promise<void>(resolve => {
      end = () => {
        this.#open--;
        resolve();
      };
    });
    this.#open++;
    this.#last = Promise.all([before, ended]);
    await before;
    return end;
  }

  /** Lets later turns, and steps of others, wait for a promise. */
  add(turn: Promise<unknown>): void {
    this.#open++;
    this.#last = Promise.all([this.#last, turn.then(() => void this.#open--)]);
  }
}

/**
 * Nodes that have made no step since the worker before this one died. Each begins its first step alone, once the log has it. So only
 * the step that ends the process again counts as an attempt.
 */
export class Suspects {
  readonly #log: AttemptLog;
  readonly #nodes = new Set<string>();
  readonly #turns: Turns;

  constructor(log: AttemptLog, turns = new Turns()) {
    this.#log = log;
    this.#turns = turns;
  }

  /** The process before this one may have died during a step of the node. */
  add(node: string): void {
    this.#nodes.add(node);
  }

  /** A step of the node was kept. Later steps wait until it is safe, since a death in one of them must not count for this one. */
  delete(node: string): void {
    if (!this.#nodes.delete(node)) return;
    // A log that fails says so to the next commit.
    this.#turns.add(this.#log.flush().catch(() => {}));
  }

  /** As `begin` of engines. @throws {NetworkError} TOO_MANY_ATTEMPTS, as a rejection */
  begin(node: string): Promise<() => void> | undefined {
    if (this.#nodes.has(node)) return this.#begin(node);
    return this.#turns.isFree ? undefined : this.#turns.whenFree().then(() => () => {});
  }

  async #begin(node: string): Promise<() => void> {
    const end = await this.#turns.take();
    try {
      const attempts = this.#log.of(node);
      if (attempts >= NETWORK_LIMITS.attempts.default)
        throw new NetworkError(
          'TOO_MANY_ATTEMPTS',
          `node ${describe(node)}: ${attempts} processes in a row have died during this step`,
        );
      this.#log.add(node);
      await this.#log.flush();
      return end;
    } catch (error) {
      end();
      throw error;
    }
  }
}
