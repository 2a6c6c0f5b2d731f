import { closeSync, openSync, writeSync } from 'node:fs';
import {
  createTrace,
  formatTraceEvent,
  type Trace,
  type TraceFormat,
  type TraceValues,
} from '../audit/node.ts';
import { reasonOf } from '../platform/system-error.ts';
import { TRACE_FORMATS } from '../trace/format.ts';
import type { Option, Values } from './command.ts';
import { CliError } from './errors.ts';

export const TRACE_OPTIONS = {
  trace: {
    value: 'FILE',
    heading: 'Trace',
    help: 'write each call that the plugin makes of the host to this file, in place of an\nolder one. Data of the plugin is left out',
  },
  'trace-format': {
    value: 'FORMAT',
    help: 'jsonl: an event a line; text: lines for people; chrome: for Perfetto and browsers\n(default: by the ending: .txt and .log text, .json chrome, else jsonl)',
  },
  'trace-values': {
    value: 'VALUES',
    help: 'none (default): kind and length of values; keyed: also a keyed hash, to find equal\nones; all: the values, except credentials',
  },
} as const satisfies Record<string, Option>;

const ENDINGS: readonly [RegExp, TraceFormat][] = [
  [/\.(txt|log)$/i, 'text'],
  [/\.json$/i, 'chrome'],
];

function readOne<T extends string>(option: string, names: readonly T[], text: string): T {
  const name = names.find(known => known === text);
  if (name) return name;
  throw new CliError('USAGE', `${option}: expected one of ${names.join(', ')}, got ${JSON.stringify(text)}`);
}

/** A trace that goes to a file. Each event is written before the plugin goes on, so that a killed program leaves all of them. */
export interface FileTrace {
  trace: Trace;
  /** Closes the file. @throws {CliError} FILE if a part of the trace could not be written */
  close(): void;
}

/** Opens the file of `--trace`; undefined without the option. @throws {CliError} USAGE, FILE */
export function openTrace(values: Values<typeof TRACE_OPTIONS>): FileTrace | undefined {
  const path = values.trace;
  const shown = values['trace-values'] ?? 'none';
  const kept = readOne<TraceValues>('--trace-values', ['none', 'keyed', 'all'], shown);
  const byEnding = ENDINGS.find(([ending]) => ending.test(path ?? ''))?.[1] ?? 'jsonl';
  const format = readOne('--trace-format', TRACE_FORMATS, values['trace-format'] ?? byEnding);
  if (path === undefined) {
    if (values['trace-format'] === undefined && values['trace-values'] === undefined) return undefined;
    throw new CliError('USAGE', '--trace-format and --trace-values belong to --trace, which is missing');
  }
  let reason: unknown;
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      reason = error;
      throw new CliError('FILE', `${path}: ${reasonOf(error)}`, { cause: error });
    }
  };
  const file = attempt(() => openSync(path, 'w'));
  const onEvent = (event: Parameters<typeof formatTraceEvent>[0]) => {
    if (reason === undefined) attempt(() => writeSync(file, formatTraceEvent(event, format)));
  };
  const trace = createTrace({ onEvent, values: kept });
  return {
    trace,
    close: () => {
      closeSync(file);
      if (reason !== undefined) throw new CliError('FILE', `${path}: ${reasonOf(reason)}`, { cause: reason });
    },
  };
}
