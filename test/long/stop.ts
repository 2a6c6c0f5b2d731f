import { type CallError, createPlugin, type PluginOptions } from '../../src/node.ts';
import { equal, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { type LongCase, Skip } from './case.ts';

/** From the call of an endless loop to its error, with a limit of `LIMIT_MS`. */
const WITHIN_MS = 250;
const LIMIT_MS = 100;
/** A machine that does other work now and then may be late, so the best counts. */
const TRIES = 5;

const LOOPS = buildModule({
  imports: [{ module: 'host', name: 'wait' }],
  functions: [
    { name: 'spin', body: ['loop', 'br 0', 'end'] },
    { name: 'wait', body: ['call 0'] },
  ],
});
const wait = { host: { wait: async () => {} } };
const noWait = { host: { wait: () => {} } };

const MODES: readonly [name: string, mode: string, options: PluginOptions, code: string][] = [
  ['checks', 'inline', { timeoutMs: LIMIT_MS, timeoutBy: 'checks', functions: noWait }, 'TIMEOUT'],
  ['checks', 'suspending', { timeoutMs: LIMIT_MS, timeoutBy: 'checks', functions: wait }, 'TIMEOUT'],
  [
    'checks',
    'worker',
    { timeoutMs: LIMIT_MS, timeoutBy: 'checks', runInWorker: true, functions: noWait },
    'TIMEOUT',
  ],
  [
    'the end of a worker',
    'worker',
    { timeoutMs: LIMIT_MS, timeoutBy: 'worker', functions: noWait },
    'TIMEOUT',
  ],
  ['fuel', 'inline', { limits: { fuel: 10_000_000 }, functions: noWait }, 'FUEL_EXHAUSTED'],
  [
    'fuel',
    'worker',
    { limits: { fuel: 10_000_000 }, runInWorker: true, functions: noWait },
    'FUEL_EXHAUSTED',
  ],
];

/** An endless loop in each mode. */
export const STOP_CASES: readonly LongCase[] = MODES.map(([name, mode, options, code]) => ({
  name: `an endless loop ends within ${WITHIN_MS} ms by ${name}, ${mode}`,
  async run() {
    const plugin = await createPlugin(LOOPS, options);
    if (plugin.report.isolation !== mode) throw new Skip(`the plugin runs ${plugin.report.isolation}`);
    const tookMs: number[] = [];
    for (let index = 0; index < TRIES; index++) {
      // The instance of the call before is gone: the time of a new one does not belong to that of the loop.
      await plugin.call('wait');
      const start = performance.now();
      const ended = await plugin.call('spin').catch((error: CallError) => error.code);
      tookMs.push(performance.now() - start);
      equal(ended, code);
    }
    await plugin.close();
    console.log(`ms: ${tookMs.map(Math.round).join(', ')}`);
    ok(Math.min(...tookMs) <= WITHIN_MS);
  },
}));
