import { closeSync, openSync, writeSync } from 'node:fs';
import type { Trace, TraceEvent, TraceFormat, TraceValues } from '../audit/node.ts';
import type { ManifestLike } from '../given/manifest.ts';
import { AUDIT_LIMITS } from '../limits.ts';
import type { Option, Values } from './command.ts';
import { CliError } from './errors.ts';
import { unwritable, writeOutputFile } from './files.ts';

export const TRACE_OPTIONS = {
  trace: {
    value: 'FILE',
    heading: 'Trace',
    help: 'write each call that the plugin makes of the host to this file, in place of an\nolder one. Data of the plugin is left out',
  },
  'trace-format': {
    value: 'FORMAT',
    needs: 'trace',
    help: 'jsonl: an event a line; text: lines for people; chrome: for Perfetto and browsers\n(default: by the ending: .txt and .log text, .json chrome, else jsonl)',
  },
  'trace-values': {
    value: 'VALUES',
    needs: 'trace',
    help: 'none (default): kind and length of values; keyed: also a keyed hash, to find equal\nones; all: the values, except credentials',
  },
  html: {
    value: 'OUT',
    needs: 'trace',
    help: 'with --trace: also write a page of HTML, with a timeline of the calls and the\nreport of the plugin',
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

/** The files for `noteOutputs`. */
export const traceFiles = (values: Values<typeof TRACE_OPTIONS>) => [
  { name: '--trace', path: values.trace },
  { name: '--html', path: values.html },
];

/** A trace that goes to a file. Each event is written before the plugin goes on, so that a killed program leaves all of them. */
export interface FileTrace {
  trace: Trace;
  /**
   * Closes the file, and writes the page.
   * @param of the traced plugin, whose report stands in the page too; undefined for several
   * @throws {CliError} FILE if a part of the trace could not be written
   */
  close(of?: ManifestLike): Promise<void>;
}

/** Opens the file of `--trace`; undefined without the option. @throws {CliError} USAGE, FILE */
export async function openTrace(values: Values<typeof TRACE_OPTIONS>): Promise<FileTrace | undefined> {
  const path = values.trace;
  if (path === undefined) return undefined;
  const given = values['trace-values'] ?? 'none';
  const shown = readOne<TraceValues>('--trace-values', ['none', 'keyed', 'all'], given);
  const byEnding = ENDINGS.find(([ending]) => ending.test(path))?.[1] ?? 'jsonl';
  const format = readOne('--trace-format', ['jsonl', 'text', 'chrome'], values['trace-format'] ?? byEnding);
  const { html } = values;
  const { createTrace, formatTraceEvent, reportOf, toHtml } = await import('../audit/node.ts');
  let reason: unknown;
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      reason = error;
      throw unwritable(path, error);
    }
  };
  const file = attempt(() => openSync(path, 'w'));
  const kept: TraceEvent[] = [];
  const onEvent = (event: TraceEvent) => {
    if (html !== undefined) keep(kept, event);
    if (reason === undefined) attempt(() => writeSync(file, formatTraceEvent(event, format)));
  };
  const trace = createTrace({ onEvent, values: shown });
  return {
    trace,
    close: async of => {
      closeSync(file);
      if (reason !== undefined) throw unwritable(path, reason);
      if (html === undefined) return;
      // A plugin that could not be created has no report, and an error of its own.
      const report = of === undefined ? null : await reportOf(of).catch(() => null);
      await writeOutputFile('--html', html, toHtml(report, { title: path, trace: kept }));
    },
  };
}

/** Keeps as many events as a page shows; the last one says that there were more. */
function keep(kept: TraceEvent[], event: TraceEvent): void {
  const maxEvents = AUDIT_LIMITS.pageEvents.default - 1;
  if (kept.length < maxEvents) kept.push(event);
  else if (kept.length === maxEvents) kept.push({ type: 'cut', plugin: 1, atMs: event.atMs, maxEvents });
}
