import { describe } from '../../actor/errors.ts';
import { NetworkError } from '../errors.ts';
import { NETWORK_LIMITS } from '../limits.ts';

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
  readonly #nodes = new Set<string>();
  readonly #turns: Turns;

  constructor(turns = new Turns()) {
    this.#turns = turns;
  }

  add(node: string): void {
    this.#nodes.add(node);
  }

  delete(node: string): void {
    this.#nodes.delete(node);
  }

  /**
   * @param log tells how often a step of the node was begun, and keeps that it is begun again
   * @throws {NetworkError} TOO_MANY_ATTEMPTS
   */
  begin(
    node: string,
    log: { attempts(): number; attempt(): Promise<void> },
  ): Promise<() => void> | undefined {
    return this.#nodes.has(node) ? this.#begin(node, log) : undefined;
  }

  async #begin(node: string, log: { attempts(): number; attempt(): Promise<void> }): Promise<() => void> {
    const end = await this.#turns.take();
    try {
      const attempts = log.attempts();
      if (attempts >= NETWORK_LIMITS.attempts.default)
        throw new NetworkError(
          'TOO_MANY_ATTEMPTS',
          `node ${describe(node)}: ${attempts} processes in a row have died during this step`,
        );
      await log.attempt();
      return end;
    } catch (error) {
      end();
      throw error;
    }
  }
}
