import process from 'node:process';
import { createRecorder, createTrace, formatTraceEvent, type Untellable } from '../../src/audit/node.ts';
import { AUDIT_LIMITS } from '../../src/limits.ts';
import { createPlugin, type PluginOptions } from '../../src/node.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import type { LongCase } from './case.ts';

const MIB = 2 ** 20;
/** Limit for the growth of resident memory, the garbage of events included. */
const RESIDENT_BYTES = 200 * MIB;
const CALLS = 1_500_000;
const MAX_EVENTS = AUDIT_LIMITS.traceEvents.default;
const MAX_BYTES = 8 * MIB;

/** Calls a host function with the numbers from `CALLS` down. */
const COUNTS = buildModule({
  imports: [{ module: 'host', name: 'take', params: ['i64'] }],
  functions: [
    {
      name: 'run',
      locals: ['i64'],
      body: [
        ...[`i64.const ${CALLS}`, 'local.set 0'],
        ...['loop', 'local.get 0', 'call take', 'local.get 0', 'i64.const 1', 'i64.sub', 'local.set 0'],
        ...['local.get 0', 'i64.eqz', 'i32.eqz', 'br_if 0', 'end'],
      ],
    },
  ],
});

async function runBounded(options: PluginOptions): Promise<void> {
  let taken = 0;
  const plugin = await createPlugin(COUNTS, {
    functions: { host: { take: () => void taken++ } },
    ...options,
  });
  const before = process.memoryUsage().rss;
  await plugin.call('run');
  const took = process.memoryUsage().rss - before;
  await plugin.close();
  is(taken, CALLS);
  console.log(`${Math.round(took / MIB)} MiB`);
  ok(took <= RESIDENT_BYTES, `${took} bytes`);
}

/** Traces and recorders that stay on while a plugin calls its host without end. */
export const TRACE_CASES: readonly LongCase[] = [
  ...(['jsonl', 'text', 'chrome'] as const).map(format => ({
    name: `a trace of ${MAX_EVENTS} events in the format ${format} takes bounded memory, and drops later events`,
    async run() {
      let [characters, last] = [0, ''];
      const trace = createTrace({
        onEvent(event) {
          characters += formatTraceEvent(event, format).length;
          last = event.type;
        },
      });
      await runBounded({ trace });
      ok(characters > MAX_EVENTS);
      // The event of the cut itself is not counted.
      is(trace.events, MAX_EVENTS);
      ok(trace.dropped > CALLS - MAX_EVENTS && last === 'cut');
    },
  })),
  ...(['all', 'on-failure'] as const).map(record => ({
    name: `a recorder of ${record} that keeps ${MAX_BYTES} bytes takes bounded memory in a call of ${CALLS} answers`,
    async run() {
      const told: Untellable['code'][] = [];
      const recorder = createRecorder({
        record,
        maxBytes: MAX_BYTES,
        onUntellable: ({ code }) => told.push(code),
      });
      await runBounded({ record: recorder });
      equal(told, ['size']);
      ok(recorder.recordings().every(text => text.length <= 2 * MAX_BYTES));
    },
  })),
];
