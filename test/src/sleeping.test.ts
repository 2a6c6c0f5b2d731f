import { createPlugin as createOn } from '../../src/create.ts';
import { jspi } from '../../src/engine/jspi.ts';
import type { CallError, Diagnostic } from '../../src/node.ts';
import type { Platform } from '../../src/platform/types.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';
import { i64 } from './guest.ts';

/** A platform like the main thread of a page, which may not block. */
const { nowNs, resolutionNs } = webPlatform.clock;
const unblocked: Platform = { ...webPlatform, clock: { nowNs, resolutionNs } };

/** Sleeps `ns` nanoseconds and returns the errno: the subscription is at 0, its event at 64, the event count at 128. */
const sleep = (ns: number) => [
  ...['i32.const 16', 'i32.const 1', 'i32.store 0'],
  ...['i32.const 24', ...i64(ns), 'i64.store 0'],
  ...['i32.const 0', 'i32.const 64', 'i32.const 1', 'i32.const 128', 'call 0'],
];
const LONG_NS = 2_000_000_000;
const wasm = buildModule({
  imports: [
    {
      module: 'wasi_snapshot_preview1',
      name: 'poll_oneoff',
      params: ['i32', 'i32', 'i32', 'i32'],
      results: ['i32'],
    },
  ],
  memoryPages: 1,
  functions: [
    { name: 'nap', results: ['i32'], body: sleep(20_000_000) },
    { name: 'sleep', results: ['i32'], body: sleep(LONG_NS) },
  ],
});

suite(
  'sleeping where nothing can wait',
  test => {
    test('a sleep is refused, with a diagnostic that names the remedy', async () => {
      const diagnostics: Diagnostic[] = [];
      const onDiagnostic = (diagnostic: Diagnostic) => void diagnostics.push(diagnostic);
      const plugin = await createOn(unblocked, wasm, { onDiagnostic });
      is(plugin.report.isolation, 'inline');
      const error = await plugin.call('nap').catch((error: CallError) => error);
      is((error as CallError).exitCode, 58);
      match(diagnostics.map(({ message }) => message).join(), /Run the plugin in a worker/);
      await plugin.close();
    });
  },
  jspi ? 'this engine can suspend a plugin' : undefined,
);

suite(
  'sleeping where the thread may not block',
  test => {
    test('a sleep suspends the plugin, and the thread goes on', async () => {
      const plugin = await createOn(unblocked, wasm);
      is(plugin.report.isolation, 'suspending');
      let isOver = false;
      const call = plugin.call('nap').finally(() => {
        isOver = true;
      });
      await new Promise(resolve => setTimeout(resolve, 1));
      is(isOver, false);
      is(await call, null);
      await plugin.close();
    });

    test('callSync says that a plugin which may sleep must not block the thread', async () => {
      const plugin = await createOn(unblocked, wasm);
      await raises(() => plugin.callSync('nap'), { code: 'UNSUPPORTED', message: 'may sleep' });
      await plugin.close();
    });

    test('several plugins sleep at once', async () => {
      const plugins = await Promise.all([1, 2, 3, 4].map(() => createOn(unblocked, wasm)));
      equal(await Promise.all(plugins.map(plugin => plugin.call('nap'))), [null, null, null, null]);
      await Promise.all(plugins.map(plugin => plugin.close()));
    });

    for (const [name, end, code] of [
      ['an abort', undefined, 'ABORTED'],
      ['close', 'close', 'CLOSED'],
    ] as const)
      test(`${name} ends the sleep, and the next call works`, async () => {
        const plugin = await createOn(unblocked, wasm);
        const controller = new AbortController();
        const startMs = performance.now();
        const call = plugin.call('sleep', '', undefined, { signal: controller.signal });
        setTimeout(() => (end ? void plugin.close() : controller.abort()), 5);
        is(
          await call.then(
            () => 'none',
            (error: CallError) => error.code,
          ),
          code,
        );
        ok(performance.now() - startMs < LONG_NS / 2e6);
        if (!end) is(await plugin.call('nap'), null);
        await plugin.close();
      });

    test('a thread that may block does so, and the plugin runs inline', async () => {
      const plugin = await createOn(
        { ...unblocked, clock: { nowNs, resolutionNs, sleepNs: () => {} } },
        wasm,
      );
      is(plugin.report.isolation, 'inline');
      is(plugin.callSync('nap'), null);
      await plugin.close();
    });
  },
  jspi ? undefined : 'this engine cannot suspend a plugin',
);
