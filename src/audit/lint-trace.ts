import { refuseExtra } from '../../wasi/options.ts';
import type { ImportEvent, TraceEvent } from '../trace/events.ts';
import { type GivenTrace, readTrace } from '../trace/read.ts';
import { Blocks } from './blocks.ts';
import { allRepairs } from './lint.ts';
import { refuse } from './own-report.ts';
import type { Finding } from './report.ts';
import { type FollowedCall, isHandle, TRACE_RULES, type TraceRule } from './trace-rules.ts';

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
      const followed = { blocks: new Blocks(), results: new Set<number>(), outputBytes: 0 };
      calls.set(event.plugin, { export: event.export, inputBytes: event.input.bytes ?? 0, followed });
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

/** The functions of the kernel that keep no block which they get. */
const LOOKS_ONLY = /^(free|length|length_unsafe)$/;

/** Notes the blocks that an event shows. */
function follow(event: ImportEvent, call: FollowedCall, inputBytes: number): void {
  const { from, name, params, results, error } = event;
  const { blocks } = call;
  // A host function may make and free blocks that no event shows.
  if (from === 'host') blocks.areAllKnown = false;
  for (const { value, bytes = 0 } of params.filter(isHandle)) {
    if (bytes === 0) continue;
    const block = blocks.add(Number(value), bytes, null);
    if (name === 'free' && from === 'kernel') block.isFreed = true;
    if (!LOOKS_ONLY.test(name) || from !== 'kernel') block.isPassed = true;
  }
  if (error) return;
  for (const { value, bytes = 0 } of results.filter(isHandle))
    if (bytes > 0) blocks.add(Number(value), bytes, name);
  if (from !== 'kernel') return;
  const [first, second] = params.map(({ value }) => Number(value));
  if (name === 'reset') blocks.clear();
  if (name === 'input_offset' && inputBytes > 0) {
    const start = Number(results[0]!.value);
    // A freed input keeps its offset.
    if (!blocks.at(start)) blocks.add(start, inputBytes, null);
  }
  if (name === 'output_set') {
    call.outputBytes = second!;
    const block = blocks.at(first!);
    if (block) call.results.add(block.start);
  }
}
