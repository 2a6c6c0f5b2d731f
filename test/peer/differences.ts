import type { Step } from './program.ts';
import type { Answer } from './subjects.ts';

export interface Both<T> {
  official: T;
  ours: T;
}

/** The effects of a step on both kernels, in comparable form. */
export interface Outcome {
  /** The step, or the result that the host reads at the end of the call. */
  step: Step | { name: 'end: output' | 'end: error' };
  /** The address as each kernel got it. */
  at: Both<bigint>;
  answer: Both<Answer>;
  /** The texts that must be equal. */
  seen: Both<string>;
  /** The first address that loads and stores do not reach. */
  end: Both<bigint>;
  /** End of the memory that the official kernel uses. */
  arenaEnd: bigint;
  /** Whether the address is the handle of a block in use. */
  isHandle: boolean;
  /** The present state of the block whose text was set as error. */
  error: 'none' | 'no block' | 'freed' | 'changed' | 'as set';
}

export interface Difference {
  /** Row of test/comparison that gives the reason: `abi.<row>`. */
  row: string;
  /** Whether the outcome is this difference. Checks both sides. */
  is(outcome: Outcome): boolean;
  /** Set if the kernels have different states afterwards, so that the call must end. */
  diverges?: true;
}

const isRangeSet = (name: string) => name === 'output_set' || name === 'input_set';
const isAccess = (name: string, bytes: 1 | 8) =>
  name === `load_u${bytes * 8}` || name === `store_u${bytes * 8}`;
const secondOf = ({ step }: Outcome) => ('value' in step ? (step.value ?? 0n) : 0n);
const accepted = ({ seen }: Outcome, official: boolean, ours: boolean) =>
  seen.official === (official ? 'set' : 'kept') && seen.ours === (ours ? 'set' : 'kept');
/** Whether a range ends beyond the pages that blocks have reached. */
const isPast = (outcome: Outcome, side: keyof Both<bigint>) =>
  outcome.at[side] + secondOf(outcome) > (side === 'official' ? outcome.arenaEnd : outcome.end.ours);
const zeroOrNothing = ({ answer }: Outcome) => answer.ours === 0n || answer.ours === 'done';

/** The intended differences from the official kernel. Every one must occur; any other difference is a failure. */
export const DIFFERENCES: readonly Difference[] = [
  {
    row: 'alloc-wrap',
    is: outcome =>
      outcome.step.name === 'alloc' && secondOf(outcome) >= 1n << 48n && outcome.answer.ours === 0n,
    diverges: true,
  },
  {
    row: 'length-end',
    is: ({ step, at, end, answer }) =>
      (step.name === 'length' || step.name === 'free') &&
      at.official >= end.official - 75n &&
      at.official <= end.official &&
      answer.official === 'trap' &&
      (answer.ours === 0n || answer.ours === 'done'),
  },
  {
    row: 'length-unsafe',
    is: outcome => outcome.step.name === 'length_unsafe' && !outcome.isHandle && outcome.answer.ours === 0n,
  },
  {
    row: 'memory-bytes',
    is: outcome => outcome.step.name === 'memory_bytes' && outcome.answer.ours === outcome.end.ours - 64n,
  },
  {
    row: 'access-end',
    is: outcome =>
      isAccess(outcome.step.name, 1) &&
      outcome.at.official === outcome.end.official &&
      outcome.answer.official === 'trap' &&
      zeroOrNothing(outcome),
  },
  {
    row: 'access-word-end',
    is: outcome =>
      isAccess(outcome.step.name, 8) &&
      outcome.at.official === outcome.end.official - 7n &&
      outcome.answer.official === 'trap' &&
      zeroOrNothing(outcome),
  },
  {
    row: 'access-low-word',
    is: outcome =>
      isAccess(outcome.step.name, 8) &&
      outcome.at.ours < 64n &&
      outcome.answer.official !== 'trap' &&
      zeroOrNothing(outcome),
    diverges: true,
  },
  {
    row: 'input-negative',
    is: outcome =>
      outcome.step.name === 'input_load_u64' &&
      secondOf(outcome) >= (1n << 64n) - 8n &&
      outcome.answer.ours === 0n,
  },
  {
    row: 'input-set-zero',
    is: outcome =>
      outcome.step.name === 'input_set' &&
      outcome.at.ours === 0n &&
      secondOf(outcome) === 0n &&
      accepted(outcome, false, true),
    diverges: true,
  },
  {
    row: 'output-zero',
    is: outcome =>
      outcome.step.name === 'output_set' &&
      outcome.at.ours === 0n &&
      secondOf(outcome) === 0n &&
      accepted(outcome, false, true),
    diverges: true,
  },
  {
    row: 'range-unused',
    is: outcome =>
      isRangeSet(outcome.step.name) &&
      outcome.at.ours >= 64n &&
      isPast(outcome, 'official') !== isPast(outcome, 'ours') &&
      accepted(outcome, !isPast(outcome, 'official'), !isPast(outcome, 'ours')),
    diverges: true,
  },
  {
    row: 'range-wrap',
    is: outcome =>
      isRangeSet(outcome.step.name) &&
      outcome.at.official + secondOf(outcome) >= 1n << 64n &&
      accepted(outcome, true, false),
    diverges: true,
  },
  {
    row: 'range-record',
    is: outcome => isRangeSet(outcome.step.name) && outcome.at.ours < 64n && accepted(outcome, true, false),
    diverges: true,
  },
  {
    row: 'error-outside',
    is: outcome =>
      outcome.step.name === 'error_set' &&
      !outcome.isHandle &&
      (outcome.at.official < 65n || outcome.at.official >= outcome.arenaEnd) &&
      accepted(outcome, false, true),
    diverges: true,
  },
  {
    row: 'output-none',
    is: ({ step, seen }) => step.name === 'end: output' && seen.official === '' && seen.ours === 'none',
  },
  {
    row: 'error-invalid',
    is: ({ step, seen, error }) =>
      step.name === 'end: error' && error === 'no block' && seen.ours === 'invalid error handle',
  },
  {
    row: 'free-error',
    is: ({ step, seen, error }) => step.name === 'end: error' && error === 'freed' && seen.ours === 'as set',
  },
  {
    row: 'error-changed',
    is: ({ step, seen, error }) =>
      step.name === 'end: error' && error === 'changed' && seen.ours === 'as set',
  },
];

/** Rows of differences that no return value shows. `compare.ts` finds them in the memory. */
export const SEEN_IN_MEMORY = [
  'alloc-reused',
  'alloc-stray',
  'alloc-reuse-time',
  'header-writes',
  'access-unreached',
] as const;
