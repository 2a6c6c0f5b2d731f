import { createPlugin as createOn } from '../../src/create.ts';
import { jspi } from '../../src/engine/jspi.ts';
import type { CallError, PluginOptions } from '../../src/node.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { createPlugin, suiteInModes, suiteOnThread } from '../helpers/modes.ts';
import { type Body, buildGuest, createGuest, FIRST, i32, i64, place } from './guest.ts';

// Other stops after an error text: ended-calls.test.ts (the plugin's own mistakes), faults.test.ts (its host).

const setError: Body = [...place('TEST'), ...i64(FIRST), 'error_set'];
const takeBack: Body = [...i64(0), 'error_set'];
const withoutWorkers = { ...webPlatform, lacksWorkers: () => 'there are none' };
const forever: Body = ['loop', 'br 0', 'end'];
const deep: Body = ['call deep'];
/** Names the import `host`, so that the plugin imports it. */
const other: Body = ['host'];

suiteInModes('error texts', test => {
  const ends: [name: string, end: Body, code: string][] = [
    ['a trap', ['unreachable'], 'TRAP'],
    ['a stack overflow', ['call deep'], 'STACK_OVERFLOW'],
    ['an invalid handle', [...i64(9), 'config_get', 'drop'], 'INVALID_HANDLE'],
    ['an exit', [...i32(3), 'proc_exit'], 'EXIT'],
  ];
  for (const [name, end, code] of ends) {
    test.row(
      'abi.result-stop-error',
      `the text set before ${name} is the message, the end is the code`,
      async () => {
        const { plugin } = await createGuest({ run: [...setError, ...end], fine: [], deep });
        const error = (await raises(() => plugin.call('run'), { code, message: /^TEST$/ })) as CallError;
        ok(error.cause instanceof Error);
        is(await plugin.call('fine'), null);
      },
    );

    test(`a text that was taken back before ${name} is not told`, async () => {
      const { plugin } = await createGuest({ run: [...setError, ...takeBack, ...end], deep });
      const error = await raises(() => plugin.call('run'), { code });
      ok(!error.message.includes('TEST'), error.message);
    });
  }

  test.row(
    'abi.result-stop-error',
    'the text of a host function that then throws is the message',
    async () => {
      const cause = new Error('kaputt');
      const { plugin } = await createGuest(
        { run: ['host'] },
        {
          host: context => {
            context.setError('TEST');
            throw cause;
          },
        },
      );
      await raises(() => plugin.call('run'), { code: 'HOST_FUNCTION_FAILED', message: /^TEST$/, cause });
    },
  );

  test.row('abi.result-stop-error', 'the text set before a time-out is the message', async () => {
    const { plugin } = await createGuest({ run: [...setError, ...forever], fine: [] }, { timeoutMs: 200 });
    const error = await raises(() => plugin.call('run'), { code: 'TIMEOUT', message: /^TEST$/ });
    is((error.cause as CallError).message, 'the plugin took longer than 200 ms (timeoutMs)');
    is(await plugin.call('fine'), null);
  });

  test('the text that a start function set before it was stopped is in the message', async () => {
    const wasm = buildGuest({ _initialize: [...setError, ...i64(9), 'config_get', 'drop'] });
    await raises(() => createPlugin(wasm), { code: 'INIT_FAILED', message: 'module "main": TEST' });
  });

  const EMPTY = [undefined, null, ''] as const;
  for (const text of EMPTY) {
    test(`setError(${JSON.stringify(text)}) takes the error back`, async () => {
      const { plugin } = await createGuest(
        { run: [...setError, 'host'] },
        { host: context => context.setError(text) },
      );
      is(await plugin.call('run'), null);
    });
  }

  test('an Error without a message still fails the call', async () => {
    const { plugin } = await createGuest(
      { run: ['host'] },
      { host: context => context.setError(new Error('')) },
    );
    await raises(() => plugin.call('run'), { code: 'PLUGIN_ERROR', message: /^Error$/ });
  });
});

suiteOnThread('error texts and limits', test => {
  test('checks in the code of the plugin end the call with the text as message', async () => {
    const plugin = await createOn(withoutWorkers, buildGuest({ run: [...setError, ...forever] }), {
      timeoutMs: 100,
    });
    is(plugin.report.isolation, 'inline');
    await raises(() => plugin.call('run'), { code: 'TIMEOUT', message: /^TEST$/ });
  });

  const suspended = 'a time-out while the plugin is suspended has the text as message';
  if (!jspi) test.skip(suspended, 'this engine cannot suspend a plugin');
  else
    test(suspended, async () => {
      const wasm = buildGuest({ run: [...setError, 'host'] });
      const host = () => new Promise<never>(() => {});
      const functions = { 'extism:host/user': { host: async () => await host() } };
      const plugin = await createOn(withoutWorkers, wasm, { timeoutMs: 100, functions });
      is(plugin.report.isolation, 'suspending');
      await raises(() => plugin.call('run'), { code: 'TIMEOUT', message: /^TEST$/ });
    });

  test('a trap at the limit of growth has the text alone', async () => {
    const body = [...setError, 'i32.const 1', 'memory.grow', 'drop', 'unreachable'];
    const options: PluginOptions = { memory: { max_pages: 1 } };
    const { plugin } = await createGuest({ run: body }, options);
    await raises(() => plugin.call('run'), { code: 'TRAP', message: /^TEST$/ });
  });

  test('a result of another type, seen only after the call, has the text', async () => {
    const module = new WebAssembly.Module(
      buildGuest({ run: { body: [...setError, ...i64(5)], results: ['i64'] }, other }),
    );
    const plugin = await createPlugin(
      { wasm: [{ module }] },
      { functions: { 'extism:host/user': { host: () => {} } } },
    );
    await raises(() => plugin.call('run'), { code: 'BAD_SIGNATURE', message: /^TEST$/ });
    equal(await plugin.reset(), true);
  });
});
