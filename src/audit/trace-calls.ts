import type { CallBegin, CallEnd, ImportEvent, TraceEvent } from '../trace/events.ts';
import { showSite } from '../trace/format.ts';

/** A call of an export, or the start of an instance, with the imports that it called. */
export interface TracedCall {
  begin: CallBegin;
  end: CallEnd | null;
  imports: ImportEvent[];
}

export function callsIn(events: readonly TraceEvent[]): TracedCall[] {
  const calls: TracedCall[] = [];
  const running = new Map<number, TracedCall>();
  for (const event of events) {
    if (event.type === 'call') {
      const call = { begin: event, end: null, imports: [] };
      calls.push(call);
      running.set(event.plugin, call);
    }
    const call = running.get(event.plugin);
    if (event.type === 'import') call?.imports.push(event);
    if (event.type === 'return' && call) {
      call.end = event;
      running.delete(event.plugin);
    }
  }
  return calls;
}

/** Calls of one import that follow each other, shown as one row. */
export interface ImportRun {
  first: ImportEvent;
  times: number;
  ms: number;
}

/** Loads and stores come in runs, of which the first is shown with their number. */
export function runsOf(imports: readonly ImportEvent[]): ImportRun[] {
  const runs: ImportRun[] = [];
  for (const event of imports) {
    const last = runs.at(-1);
    const isWord = [...event.params, ...event.results].some(({ kind }) => kind === 'word');
    if (isWord && last && !event.error && showSite(last.first) === showSite(event)) {
      last.times++;
      last.ms += event.durationMs;
    } else runs.push({ first: event, times: 1, ms: event.durationMs });
  }
  return runs;
}
