import { type OptionTable, readOptions, refuseExtra } from '../../../wasi/options.ts';
import { refuseOption } from '../../actor/errors.ts';
import { BOUND_ROWS, type BoundOptions } from '../engine/bounds.ts';

export const JOURNAL_OPTIONS: OptionTable<BoundOptions> = {
  of: 'new JournalEngine(folder, options)',
  rows: BOUND_ROWS,
};

/** @throws {ActorError} INVALID_CONFIG, also for an object among the arguments that the constructor does not have */
export function readJournalOptions(options: unknown, extra: readonly unknown[] = []): BoundOptions {
  refuseExtra(extra, 'JournalEngine', refuseOption);
  return readOptions(JOURNAL_OPTIONS, options, 'JournalEngine', refuseOption);
}
