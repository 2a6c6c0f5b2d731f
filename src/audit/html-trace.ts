import type { ImportEvent, TraceEvent } from '../trace/events.ts';
import { showContent, showError, showOutcome, showSite, showValues } from '../trace/format.ts';
import { withCommas } from '../units.ts';
import { CAPABILITIES } from './capabilities.ts';
import { type Child, code, el, type Html, p, table } from './html-elements.ts';
import { findingsIn } from './lint-trace.ts';
import type { Finding } from './report.ts';
import { callsIn, runsOf, type TracedCall } from './trace-calls.ts';
import { count, summarize } from './trace-summary.ts';

const LEVELS: Readonly<Record<string, Html>> = {
  error: el('span', 'class="error"', 'error'),
  warning: el('span', 'class="warning"', 'warning'),
};

export const findingsOf = (findings: readonly Finding[], caption = 'Findings of the lint rules'): Html =>
  table(
    caption,
    ['rule', 'level', 'module', 'finding', 'repair'],
    findings.map(({ rule, level, module, message, repair }) => [
      code(rule),
      LEVELS[level] ?? level,
      module,
      message,
      repair,
    ]),
  );

/** Writes the powers that were used, and the findings of a trace. */
export function didOf(events: readonly TraceEvent[]): Html {
  const { plugins, calls, failed, imports, refused, powers } = summarize(events);
  const counts = [
    count(plugins, 'plugin'),
    `${count(calls, 'call')} and starts of instances, of which ${withCommas(failed)} failed`,
    `${count(imports, 'call')} of the host, of which ${withCommas(refused)} were refused`,
  ];
  const named = (item: (typeof powers)[number]['imports'][number]): Child => [
    code(item.name),
    ` × ${withCommas(item.calls)}${item.refused > 0 ? `, refused ${withCommas(item.refused)}` : ''}. `,
  ];
  return el(
    'div',
    '',
    p(`${counts.join('; ')}.`),
    table(
      'Powers that were used, the widest first',
      ['power', 'it', 'imports'],
      powers.map(({ id, imports }) => [code(id), CAPABILITIES[id].words, imports.map(named)]),
    ),
    findingsOf(findingsIn(events), 'Findings of the rules about calls'),
  );
}

/** Width of a timeline, in units of its own. */
const WIDTH = 1000;

/** Draws spans of time. The table beside it has the same facts as text, so that a screen reader passes over it. */
function timeline(
  fromMs: number,
  toMs: number,
  spans: readonly (readonly [kind: string, at: number, ms: number])[],
): Html {
  const scale = WIDTH / Math.max(toMs - fromMs, 0.001);
  const clip = (value: number) => Math.min(Math.max(value, 0), WIDTH);
  const bars = spans.map(([kind, at, ms]) => {
    const x = clip((at - fromMs) * scale);
    const width = Math.max(clip((at + ms - fromMs) * scale) - x, 2);
    return el('rect', `class="${kind}" x="${x.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="10"`);
  });
  return el(
    'svg',
    `viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" aria-hidden="true" focusable="false"`,
    bars,
  );
}

const kindOf = ({ from, allowed, error }: ImportEvent): string => (!allowed || error ? 'bad' : from);

const ms = (value: number): string => `${value.toFixed(3)} ms`;

function callOf({ begin, end, imports }: TracedCall, toMs: number): Html {
  const name = begin.export ?? `start of instance ${begin.instance}`;
  const outcome = end
    ? end.error
      ? el('span', 'class="error"', showError(end.error).slice(2))
      : end.output
        ? `output ${showContent(end.output)}`
        : begin.export === null
          ? 'ready'
          : 'no output'
    : el('span', 'class="warning"', 'the trace ends before the call');
  const last = imports.at(-1);
  const endMs = end ? begin.atMs + end.durationMs : last ? last.atMs + last.durationMs : begin.atMs;
  const rows = runsOf(imports).map(({ first, times, ms: spent }) => [
    ms(first.atMs - begin.atMs),
    code(`${showSite(first)}${times > 1 ? ` × ${withCommas(times)}` : ''}`),
    code(showValues(first.params)),
    code(showOutcome(first)),
    ms(spent),
  ]);
  return el(
    'details',
    '',
    el(
      'summary',
      '',
      `plugin ${begin.plugin}, call ${begin.call}: `,
      code(name),
      `, ${ms(begin.atMs)} + ${ms(endMs - begin.atMs)}, ${count(imports.length, 'call')} of the host, `,
      outcome,
      timeline(0, toMs, [[end?.error ? 'bad' : 'call', begin.atMs, endMs - begin.atMs]]),
    ),
    timeline(
      begin.atMs,
      endMs,
      imports.map(event => [kindOf(event), event.atMs, event.durationMs]),
    ),
    table(
      `Calls of the host by call ${begin.call} of plugin ${begin.plugin}`,
      ['at', 'function', 'arguments', 'outcome', 'took'],
      rows,
    ),
  );
}

/** The kinds of spans, each with its class in the style. */
const LEGEND: readonly (readonly [kind: string, text: string])[] = [
  ['kernel', 'kernel'],
  ['wasi', 'WASI'],
  ['http', 'HTTP'],
  ['host', 'host function'],
  ['bad', 'failed or refused'],
];

/** Writes calls one below the other: each with its place in the time of the trace, and with the calls of the host in it. */
export function callsOf(events: readonly TraceEvent[], total: number): Html {
  const calls = callsIn(events);
  const toMs = calls.reduce((most, { begin, end }) => Math.max(most, begin.atMs + (end?.durationMs ?? 0)), 0);
  const left = total - events.length;
  return el(
    'div',
    '',
    p(
      'Time runs from left to right. Open a call for its calls of the host, of which loads and stores are counted in runs.',
    ),
    el(
      'ul',
      'class="legend" aria-hidden="true"',
      LEGEND.map(([kind, name]) => el('li', '', el('span', `class="${kind}"`, ''), name)),
    ),
    calls.length === 0 ? p('The trace has no calls.') : calls.map(call => callOf(call, toMs)),
    left > 0 ? p(el('span', 'class="warning"', `${count(left, 'later event')} not shown.`)) : null,
    events.some(({ type }) => type === 'cut')
      ? p(el('span', 'class="warning"', 'Later events are left out: a limit was reached.'))
      : null,
  );
}
