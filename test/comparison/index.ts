import { access } from './access.ts';
import { blocks } from './blocks.ts';
import { calls } from './calls.ts';
import { http } from './http.ts';
import { link, manifest } from './link.ts';
import { results } from './results.ts';
import type { ComparisonTopic } from './row.ts';
import { start } from './start.ts';
import { store } from './store.ts';
import { transfer } from './transfer.ts';

export type { ComparisonRow, ComparisonTopic } from './row.ts';

/** How plugboard compares with the other hosts, in the order of docs/ABI.md. */
export const comparison: readonly ComparisonTopic[] = [
  blocks,
  access,
  transfer,
  store,
  http,
  results,
  calls,
  start,
  link,
  manifest,
];
