import { ACTOR_ERROR_CODES } from '../../src/actor/index.ts';
import { ERROR_CODES, PlugboardError } from '../../src/node.ts';
import { WASI_ERROR_CODES } from '../../wasi/index.ts';

const CODES: ReadonlySet<unknown> = new Set(
  [...ERROR_CODES, ...ACTOR_ERROR_CODES, ...WASI_ERROR_CODES].map(({ code }) => code),
);

/** Whether a thrown value is an error of plugboard with a code that a table has. */
export const isCoded = (thrown: unknown): boolean =>
  thrown instanceof PlugboardError && CODES.has(thrown.code);
