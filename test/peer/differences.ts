import type { Step } from './program.ts';
import type { Answer } from './subjects.ts';

export interface Both<T> {
  official: T;
  ours: T;
}

/** What a step did on both kernels, in terms that are comparable. */
export interface Outcome {
  /** Of a step, or what the host reads when the call has ended. */
  step: Step | { name: 'end: output' | 'end: error' };
  /** The address as each kernel got it. */
  at: Both<bigint>;
  answer: Both<Answer>;
  /** What has to be the same. */
  seen: Both<string>;
  /** The first address that loads and stores do not reach. */
  end: Both<bigint>;
  /** Where the memory ends that the official kernel knows of. */
  arenaEnd: bigint;
  /** Whether the address is the handle of a block in use. */
  isHandle: boolean;
  /** What has become of the block whose text was set as error. */
  error: 'none' | 'no block' | 'freed' | 'changed' | 'as set';
}

export interface Difference {
  /** Row of test/comparison that gives the reason: `abi.<row>`. */
  row: string;
  /** Whether this is the difference: both sides are pinned down. */
  is(outcome: Outcome): boolean;
  /** The kernels hold different things from here on, so that the call has to end. */
  diverges?: true;
}

const isRangeSet = (name: string) => name === 'output_set' || name === 'input_set';
const isAccess = (name: string, bytes: 1 | 8) =>
  name === `load_u${bytes * 8}` || name === `store_u${bytes * 8}`;
const secondOf = ({ step }: Outcome) => ('value' in step ? (step.value ?? 0n) : 0n);
const accepted = ({ seen }: Outcome, official: boolean, ours: boolean) =>
  seen.official === (official ? 'set' : 'kept') && seen.ours === (ours ? 'set' : 'kept');
/** Whether a range ends behind the pages that blocks have reached. */
const isPast = (outcome: Outcome, side: keyof Both<bigint>) =>
  outcome.at[side] + secondOf(outcome) > (side === 'official' ? outcome.arenaEnd : outcome.end.ours);
const zeroOrNothing = ({ answer }: Outcome) => answer.ours === 0n || answer.ours === 'done';

/** Where plugboard means to differ from the official kernel. Every one must occur; anything else is a failure. */
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

/** Rows of differences that no answer shows: `compare.ts` finds them in the memory. */
export const SEEN_IN_MEMORY = [
  'alloc-reused',
  'alloc-stray',
  'alloc-reuse-time',
  'header-writes',
  'access-unreached',
] as const;
