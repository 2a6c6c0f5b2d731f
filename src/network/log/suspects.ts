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

/** Lets one suspect node of a process make a step at a time. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when no other step of them runs, to a function that ends the turn. */
  async take(): Promise<() => void> {
    const before = this.#last;
    let end = () => {};
    this.#last = new Promise(resolve => {
      end = resolve;
    });
    await before;
    return end;
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
  /** Resolves when the first step of a suspect is safe. */
  #settling: Promise<unknown> | undefined;

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
    const settling = this.#log.flush().catch(() => {});
    this.#settling = settling;
    void settling.then(() => {
      if (this.#settling === settling) this.#settling = undefined;
    });
  }

  /** As `begin` of engines. @throws {NetworkError} TOO_MANY_ATTEMPTS, as a rejection */
  begin(node: string): Promise<() => void> | undefined {
    return this.#nodes.has(node) ? this.#begin(node) : this.#settling?.then(() => () => {});
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
