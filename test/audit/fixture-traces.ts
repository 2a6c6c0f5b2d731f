import { createTrace, type TraceEvent, type TraceFinding } from '../../src/audit/index.ts';
import { findingsIn } from '../../src/audit/lint-trace.ts';
import { summarize, type TraceSummary } from '../../src/audit/trace-summary.ts';
import { runCase } from '../../src/conformance/run-case.ts';
import { hostHere, readCaseFile } from '../helpers/cases.ts';

/** The trace of a fixture in its cases. */
export interface FixtureTrace {
  summary: TraceSummary;
  findings: TraceFinding[];
}

const made = new Map<string, Promise<FixtureTrace>>();

/** Runs the cases of a fixture with one trace. Time limits are left out: they end a call anywhere. */
export function traceFixture(folder: string): Promise<FixtureTrace> {
  const known = made.get(folder);
  if (known) return known;
  const run = async () => {
    const events: TraceEvent[] = [];
    const trace = createTrace({ onEvent: event => events.push(event) });
    const file = readCaseFile(folder);
    for (const given of file.cases) {
      if (!given.requires?.includes('timeouts')) await runCase(hostHere({ trace }), folder, file, given);
    }
    return { summary: summarize(events), findings: findingsIn(events) };
  };
  const traced = run();
  made.set(folder, traced);
  return traced;
}
