import { describe } from '../../actor/errors.ts';
import { NetworkError } from '../errors.ts';
import { NETWORK_LIMITS } from '../limits.ts';

/** The log that counts the attempts. */
interface Attempts {
  /** Number of times that a step of a node was begun which no process has survived. */
  of(node: string): number;
  /** Keeps that a step of a node begins. */
  add(node: string): void;
  flush(): Promise<void>;
}

/**
 * After a death each node begins its first step alone, once the log has it. So only the step that ends the process again counts
 * as an attempt.
 */
export class FirstSteps {
  readonly #attempts: Attempts;
  readonly #nodes = new Set<string>();
  /** Resolves when no first step runs. */
  #alone: Promise<void> = Promise.resolve();

  constructor(attempts: Attempts) {
    this.#attempts = attempts;
  }

  /** The process before this one may have died during a step of the node. */
  add(node: string): void {
    this.#nodes.add(node);
  }

  /** A step of the node was kept. */
  delete(node: string): void {
    this.#nodes.delete(node);
  }

  /** As `begin` of engines. */
  begin(node: string): Promise<() => void> | undefined {
    return this.#nodes.has(node) ? this.#beginAlone(node) : undefined;
  }

  async #beginAlone(node: string): Promise<() => void> {
    const before = this.#alone;
    let end = () => {};
    this.#alone = new Promise(resolve => {
      end = resolve;
    });
    await before;
    try {
      const count = this.#attempts.of(node);
      if (count >= NETWORK_LIMITS.attempts.default)
        throw new NetworkError(
          'TOO_MANY_ATTEMPTS',
          `node ${describe(node)}: ${count} processes in a row have died during this step`,
        );
      this.#attempts.add(node);
      await this.#attempts.flush();
      return end;
    } catch (error) {
      end();
      throw error;
    }
  }
}
