import { describe, readForeign, refuseOption } from '../actor/errors.ts';
import type { DeadLetter, DeadStep } from './engine/engine.ts';
import { stepOf } from './engine/letters.ts';

/**
 * Returns the step that a dead letter of a user is of; undefined for a message that never came to a node.
 * @throws {ActorError} INVALID_CONFIG
 */
export const readStep = (letter: unknown): DeadStep | undefined =>
  readForeign('redrive: letter', () => {
    const { node, read } = Object(letter) as Partial<DeadLetter>;
    const isLetter =
      typeof node === 'string' &&
      Array.isArray(read) &&
      read.every(({ source, position }) => typeof source === 'string' && typeof position === 'number');
    return isLetter
      ? stepOf({ node, read })
      : refuseOption(`redrive: letter: expected one of deadLetters(), got ${describe(letter)}`);
  });
