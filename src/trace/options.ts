import { aCount, aFunction, type OptionTable, oneOf, readOptions, refuseExtra } from '../../wasi/options.ts';
import { refuseOption } from '../given/option-keys.ts';
import { AUDIT_LIMITS } from '../limits.ts';
import { withCommas } from '../units.ts';
import type { TraceEvent, TraceValues } from './events.ts';

export interface TraceOptions {
  /**
   * Receives each event while the plugin runs, so that it should be quick. If it throws or returns a promise that is rejected,
   * the plugin goes on, and `failures` counts it.
   */
  onEvent: (event: TraceEvent) => unknown;
  /** The part of each value that is written. Default: `none`, which is kind and length. */
  values?: TraceValues | undefined;
  /** Later events are dropped and counted. Default: 1,000,000. */
  maxEvents?: number | undefined;
  /** Bytes of one value, with `values: 'all'`. Default: 4,096. */
  maxValueBytes?: number | undefined;
}

export const TRACE_OPTIONS: OptionTable<TraceOptions> = {
  of: 'createTrace(options)',
  rows: {
    onEvent: { ...aFunction, default: 'none', required: true },
    values: { ...oneOf(['none', 'keyed', 'all']), default: 'none' },
    maxEvents: { ...aCount('events'), default: withCommas(AUDIT_LIMITS.traceEvents.default) },
    maxValueBytes: { ...aCount('bytes'), default: withCommas(AUDIT_LIMITS.traceValueBytes.default) },
  },
};

export type ReadTraceOptions = { [Key in keyof TraceOptions]-?: NonNullable<TraceOptions[Key]> };

/** @throws {CreateError} INVALID_OPTION */
export function readTraceOptions(options: unknown, extra: readonly unknown[]): ReadTraceOptions {
  refuseExtra(extra, 'createTrace', refuseOption);
  const { onEvent, values, maxEvents, maxValueBytes } = readOptions(
    TRACE_OPTIONS,
    options,
    'createTrace',
    refuseOption,
  );
  return {
    onEvent,
    values: values ?? 'none',
    maxEvents: maxEvents ?? AUDIT_LIMITS.traceEvents.default,
    maxValueBytes: maxValueBytes ?? AUDIT_LIMITS.traceValueBytes.default,
  };
}
