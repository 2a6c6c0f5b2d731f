import { NETWORK_LIMITS } from '../limits.ts';
import type { DeadLetter, DeadStep } from './engine.ts';

const MOST = NETWORK_LIMITS.deadLetters.default;
const MOST_RECORDED = NETWORK_LIMITS.deadRecordings.default;

/** Returns the step that a letter is of; undefined for a message that never came to a node. */
export function stepOf({ node, read }: Pick<DeadLetter, 'node' | 'read'>): DeadStep | undefined {
  const [first] = read;
  return node === '' || !first ? undefined : { node, source: first.source, position: first.position };
}

/** Whether a letter is of a step. A joined packet has a letter for each of its messages. */
export function isOf(letter: DeadLetter, { node, source, position }: DeadStep): boolean {
  const step = stepOf(letter);
  return step?.node === node && step.source === source && step.position === position;
}

/** The latest dead letters of a network. */
export class Letters {
  #all: DeadLetter[] = [];

  /** Adds letters, and drops the oldest ones and the recordings of old ones above the limits. */
  push(...letters: readonly DeadLetter[]): void {
    this.#all.push(...letters);
    if (this.#all.length > MOST) this.#all.splice(0, this.#all.length - MOST);
    if (letters.some(({ recording }) => recording !== undefined)) this.#boundRecordings();
  }

  all(): DeadLetter[] {
    return [...this.#all];
  }

  of(node: string): DeadLetter[] {
    return this.#all.filter(letter => letter.node === node);
  }

  find(step: DeadStep): DeadLetter | undefined {
    return this.#all.find(letter => isOf(letter, step));
  }

  remove(step: DeadStep): void {
    this.#all = this.#all.filter(letter => !isOf(letter, step));
  }

  #boundRecordings(): void {
    let left: number = MOST_RECORDED;
    for (let index = this.#all.length - 1; index >= 0; index--) {
      const { recording, ...letter } = this.#all[index]!;
      if (recording === undefined) continue;
      left -= recording.length;
      if (left < 0) this.#all[index] = letter;
    }
  }
}
