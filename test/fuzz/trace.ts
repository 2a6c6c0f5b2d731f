import { toHtml } from '../../src/audit/html.ts';
import { formatTraceEvent, lintTrace, type TraceEvent, toSarif } from '../../src/audit/index.ts';
import { describeFindings } from '../../src/cli/audit-text.ts';
import { PlugboardError } from '../../src/errors.ts';
import { readTrace } from '../../src/trace/read.ts';
import { printable } from '../../src/values/printable.ts';
import { is, ok } from '../helpers/assert.ts';
import { damageJson } from '../helpers/damage-json.ts';
import type { Random } from '../helpers/random.ts';
import { EVENTS } from '../trace/example.ts';
import type { Target } from './target.ts';

/** A page is at most this many times as long as the trace, besides its fixed parts. */
const MOST_TIMES = 40;
const FIXED_CHARACTERS = 20_000;

const CONTROL = /(?![\n\t])[\p{Cc}\p{Cf}]/u;

const HANDLES = [0, 64, 72, 80, 84, 96, 2 ** 32, '18446744073709551615'];

/** Returns the event with other handles and lengths. */
const moved = (random: Random, event: TraceEvent): TraceEvent =>
  JSON.parse(JSON.stringify(event), (key, value: unknown) => {
    if (key === 'value' && random.below(2)) return random.pick(HANDLES);
    return key === 'bytes' && random.below(2) ? random.pick([0, 1, 8, 2 ** 40]) : value;
  }) as TraceEvent;

/** Traces with random calls and handles, of which some are damaged. */
export const trace: Target<string> = {
  name: 'trace',
  make: random => {
    const [begin, ...others] = EVENTS;
    const events = Array.from({ length: random.below(30) }, () => moved(random, random.pick(others)));
    const all = random.below(16) ? [begin, others[0], ...events] : events;
    const lines = (random.below(3) ? all : damageJson(random, all)).map(
      event => `${JSON.stringify(event)}\n`,
    );
    const text = lines.join('');
    return random.below(8) ? text : text.slice(0, random.below(text.length));
  },
  check: text => {
    let events: ReturnType<typeof readTrace>;
    try {
      events = readTrace(text);
    } catch (error) {
      ok(error instanceof PlugboardError && error.code === 'INVALID_TRACE', String(error));
      return;
    }
    const findings = lintTrace(text);
    ok(findings.length <= 3 * events.length, 'as many findings as there are events for them');
    for (const line of describeFindings('a', findings)) ok(!CONTROL.test(printable(line)));
    JSON.stringify(toSarif(findings, { path: 'a.jsonl' }));
    const page = toHtml(null, { title: 'a', trace: text });
    is(page.split('<script').length, 2, 'names are text');
    ok(page.length <= FIXED_CHARACTERS + MOST_TIMES * text.length, 'the page is as long as the trace allows');
    for (const event of events)
      for (const format of ['jsonl', 'text', 'chrome'] as const)
        ok(!CONTROL.test(formatTraceEvent(event, format)));
  },
};
