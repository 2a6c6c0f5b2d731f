import type { LongCase } from './case.ts';
import { TEXT_CASES } from './text.ts';

/** The suites of `npm run test:long`, by name. */
export const SUITES: Readonly<Record<string, readonly LongCase[]>> = {
  text: TEXT_CASES,
};
