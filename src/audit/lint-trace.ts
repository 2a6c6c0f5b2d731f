import { refuseExtra } from '../../wasi/options.ts';
import type { TraceEvent } from '../trace/events.ts';
import { type GivenTrace, readTrace } from '../trace/read.ts';
import { follow, newCall } from './follow.ts';
import { allRepairs } from './lint.ts';
import { refuse } from './own-report.ts';
import type { Finding } from './report.ts';
import { type FollowedCall, TRACE_RULES, type TraceRule } from './trace-rules.ts';

/** A finding of a rule about the calls of a trace. @experimental */
export interface TraceFinding extends Finding {
  /** The call in which it is first found: number of the plugin, number of the call, and the export; null for a start. */
  plugin: number;
  call: number;
  export: string | null;
  /** Number of that event in the trace, from 1: its line in a file of the format `jsonl`. */
  event: number;
  /** How many times the rule applies to this export and module. */
  times: number;
}

/**
 * Finds mistakes of a plugin in a trace of its calls: blocks that are freed twice, used afterwards or left, wrong handles and
 * ranges, and errors without a text. Each rule gives one finding for each export and module.
 * @param trace events of `createTrace`, or the text of a file in the format `jsonl`; it may come from anywhere
 * @throws {PlugboardError} INVALID_TRACE
 * @experimental
 */
export function lintTrace(trace: GivenTrace): TraceFinding[];
export function lintTrace(trace: GivenTrace, ...extra: unknown[]): TraceFinding[] {
  refuseExtra(extra, 'lintTrace', refuse);
  return findingsIn(readTrace(trace));
}

/** Runs the rules over checked events. */
export function findingsIn(events: readonly TraceEvent[]): TraceFinding[] {
  const findings = new Map<string, TraceFinding>();
  const calls = new Map<number, { export: string | null; inputBytes: number; followed: FollowedCall }>();
  for (const [index, event] of events.entries()) {
    if (event.type === 'call') {
      calls.set(event.plugin, {
        export: event.export,
        inputBytes: event.input.bytes ?? 0,
        followed: newCall(),
      });
    }
    if (event.type !== 'import' && event.type !== 'return') continue;
    const current = calls.get(event.plugin);
    if (!current) continue;
    const note = ({ id, level, repair }: TraceRule, message: string | null | undefined) => {
      if (message === null || message === undefined) return;
      const module = event.type === 'import' ? event.module : 'main';
      const key = JSON.stringify([id, module, current.export]);
      const known = findings.get(key);
      if (known) known.times++;
      else {
        findings.set(key, {
          rule: id,
          level,
          module,
          message: `${current.export ?? 'the start'}: ${message}`,
          repair: allRepairs(repair),
          plugin: event.plugin,
          call: event.call,
          export: current.export,
          event: index + 1,
          times: 1,
        });
      }
    };
    if (event.type === 'return') {
      for (const rule of TRACE_RULES) note(rule, rule.ofReturn?.(event, current.followed));
      calls.delete(event.plugin);
      continue;
    }
    for (const rule of TRACE_RULES) note(rule, rule.ofImport?.(event, current.followed));
    follow(event, current.followed, current.inputBytes);
  }
  return [...findings.values()];
}
