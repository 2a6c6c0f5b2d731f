import { jspi } from '../../src/engine/jspi.ts';
import {
  type CallContext,
  type CallError,
  type HostFunctions,
  hostFunction,
  type Manifest,
  type Plugin,
  type PluginReport,
  values,
} from '../../src/node.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule, type ModuleShape } from '../helpers/build-module.ts';
import { createPlugin, suiteInWorker } from '../helpers/modes.ts';
import { suite, type Test } from '../helpers/suite.ts';

const ENV = 'extism:host/env';
const i32 = { results: ['i32'] } as const;

/** A promise with the function that settles it. */
class Gate {
  open: () => void = () => {};
  readonly opened = new Promise<void>(resolve => {
    this.open = resolve;
  });
}

/** `run` returns the result of the host function `wait`, `sync` that of `now`. */
const shape = {
  imports: [
    { module: 'host', name: 'wait', ...i32 },
    { module: 'host', name: 'now', ...i32 },
    { module: ENV, name: 'input_offset', results: ['i64'] },
    { module: ENV, name: 'input_length', results: ['i64'] },
    { module: ENV, name: 'output_set', params: ['i64', 'i64'] },
  ],
  memoryPages: 1,
  functions: [
    { name: 'run', ...i32, body: ['call 0'] },
    { name: 'sync', ...i32, body: ['call 1'] },
    { name: 'echo', body: ['call 0', 'drop', 'call 2', 'call 3', 'call 4'] },
    { name: 'caught', body: ['try', 'call 0', 'drop', 'catch_all', 'end'] },
    { name: 'trap', body: ['call 0', 'drop', 'unreachable'] },
    { name: 'fine', body: [] },
  ],
} satisfies ModuleShape;
const WASM = buildModule(shape);
const create = (wait: (context: CallContext) => unknown, now: () => unknown = () => 7) =>
  createPlugin(WASM, {
    functions: {
      host: { wait: hostFunction({ result: values.i32, isAsync: true }, wait as () => number), now },
    },
  });

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 0,
    error =>
      (error as CallError).code === 'NONZERO_RESULT'
        ? (error as CallError).exitCode
        : (error as CallError).code,
  );

const waiting = (test: Test, isolation: PluginReport['isolation']) => {
  test('a call waits for an async host function', async () => {
    const plugin = await create(async () => {
      await new Promise(resolve => setTimeout(resolve, 1));
      return 42;
    });
    is(plugin.report.isolation, isolation);
    equal([await codeOf(plugin.call('run')), await codeOf(plugin.call('sync'))], [42, 7]);
  });

  if (isolation === 'suspending')
    test('a plugin without an async import runs inline', async () => {
      const plugin = await createPlugin(WASM, { functions: { host: { wait: () => 1, now: () => 2 } } });
      is(plugin.report.isolation, 'inline');
    });

  test('the result of an async function is encoded by its codec', async () => {
    const wasm = buildModule({
      imports: [
        { module: 'host', name: 'upper', params: ['i64'], results: ['i64'] },
        { module: ENV, name: 'input_offset', results: ['i64'] },
        { module: ENV, name: 'error_set', params: ['i64'] },
      ],
      functions: [{ name: 'run', body: ['call 1', 'call 0', 'call 2'] }],
    });
    const upper = hostFunction({ params: [values.text], result: values.text }, async (_, text) =>
      text.toUpperCase(),
    );
    const plugin = await createPlugin(wasm, { functions: { host: { upper } } });
    await raises(() => plugin.call('run', 'grüß'), { code: 'PLUGIN_ERROR', message: 'GRÜSS' });
  });

  const failures: [name: string, wait: () => unknown, message: string][] = [
    [
      'throws',
      () => {
        throw new Error('the reason');
      },
      'host function host.wait failed: the reason',
    ],
    ['rejects', () => Promise.reject(new Error('the reason')), 'host function host.wait failed: the reason'],
    ['rejects with nothing', () => Promise.reject(undefined), 'host function host.wait failed: undefined'],
    ['returns a number too large for its type', async () => 2 ** 40, 'does not fit the wasm type i32'],
  ];
  for (const [name, wait, message] of failures) {
    for (const fn of ['run', 'caught']) {
      test(`an async host function that ${name} fails the call (${fn}), and the next call works`, async () => {
        let isFirst = true;
        const plugin = await create(() => {
          if (!isFirst) return 5;
          isFirst = false;
          return wait();
        });
        await raises(() => plugin.call(fn), { code: 'HOST_FUNCTION_FAILED', message });
        is(await codeOf(plugin.call('run')), 5);
      });
    }
  }

  if (isolation === 'suspending')
    test('a plain function that returns a promise is an error that names the remedy', async () => {
      const plugin = await create(
        () => 1,
        () => Promise.resolve(1),
      );
      await raises(() => plugin.call('sync'), {
        code: 'HOST_FUNCTION_ASYNC',
        message: 'host function host.now returned a promise',
      });
    });

  test('callSync is refused', async () => {
    const plugin = await create(() => 1);
    await raises(() => plugin.callSync('fine'), { code: 'HOST_FUNCTION_ASYNC', message: 'use call' });
    is(await plugin.call('fine'), null);
  });

  test('calls made while another is suspended wait their turn, and keep the input that was passed', async () => {
    const gates = [new Gate(), new Gate()];
    const order: string[] = [];
    let next = 0;
    const plugin = await create(async context => {
      const number = next++;
      order.push(`begin ${number}`);
      await gates[number]?.opened;
      order.push(`end ${number} of ${context.hostContext<string>()}`);
      return 0;
    });
    const input = new TextEncoder().encode('first');
    const first = plugin.call('echo', input, 'a');
    const second = plugin.call('echo', input, 'b');
    input.fill(0x58);
    const third = plugin.call('fine');
    ok(plugin.isActive() || order.length === 0);
    gates[1]!.open();
    await new Promise(resolve => setTimeout(resolve, 5));
    ok(plugin.isActive());
    is(await plugin.reset(), false);
    gates[0]!.open();
    equal([(await first)?.text(), (await second)?.text(), await third], ['first', 'first', null]);
    equal(order, ['begin 0', 'end 0 of a', 'begin 1', 'end 1 of b']);
    is(plugin.isActive(), false);
    is(await plugin.reset(), true);
  });

  test('two plugins are suspended at once', async () => {
    const gates = [new Gate(), new Gate()];
    const plugins = await Promise.all(
      gates.map((gate, index) => create(() => gate.opened.then(() => index + 1))),
    );
    const calls = plugins.map(plugin => codeOf(plugin.call('run')));
    gates[1]!.open();
    is(await calls[1], 2);
    gates[0]!.open();
    is(await calls[0], 1);
  });

  if (isolation === 'suspending')
    test('after a trap behind a wait the plugin has a new instance', async () => {
      const plugin = await create(() => 1);
      const instance = await plugin.getInstance();
      await raises(() => plugin.call('trap'), { code: 'TRAP' });
      ok((await plugin.getInstance()) !== instance);
      is(await codeOf(plugin.call('run')), 1);
    });

  if (isolation === 'suspending')
    test('an instance asked for just before close is not made', async () => {
      const plugin = await create(() => 1);
      const asked = plugin.getInstance();
      await Promise.all([raises(() => asked, { code: 'CLOSED' }), plugin.close()]);
    });

  test('a call just before close begins no new instance', async () => {
    let starts = 0;
    const wasm = buildModule({
      imports: [{ module: 'host', name: 'start' }],
      functions: [
        { name: '_initialize', body: ['call 0'] },
        { name: 'trap', body: ['unreachable'] },
        { name: 'go', body: [] },
      ],
    });
    const start = async () => {
      if (++starts > 1) await new Promise(() => {});
    };
    const plugin = await createPlugin(wasm, {
      functions: { host: { start: hostFunction({ isAsync: true }, start) } },
    });
    await raises(() => plugin.call('trap'), { code: 'TRAP' });
    const call = raises(() => plugin.call('go'), { code: 'CLOSED' });
    await Promise.all([call, plugin.close()]);
    is(starts, 1);
  });

  test('close ends a suspended call and those that wait for it', async () => {
    const plugin = await create(() => new Promise(() => {}));
    const calls = [codeOf(plugin.call('run')), codeOf(plugin.call('caught')), codeOf(plugin.call('fine'))];
    await new Promise(resolve => setTimeout(resolve, 1));
    await plugin.close();
    equal(await Promise.all(calls), ['CLOSED', 'CLOSED', 'CLOSED']);
    is(await codeOf(plugin.call('fine')), 'CLOSED');
  });

  test('an async host function may close its own plugin', async () => {
    const made: { plugin?: Plugin } = {};
    const plugin = await create(async () => {
      await made.plugin!.close();
      return 0;
    });
    made.plugin = plugin;
    is(await codeOf(plugin.call('run')), 'CLOSED');
  });

  test.row(
    'error.ABORTED',
    'a signal ends a suspended call with its reason; the next call works',
    async () => {
      const gate = new Gate();
      const plugin = await create(context =>
        context.hostContext() === 'slow' ? new Promise(() => {}) : gate.opened.then(() => 3),
      );
      const controller = new AbortController();
      const reason = new Error('no longer wanted');
      const call = plugin.call('run', '', 'slow', { signal: controller.signal });
      await new Promise(resolve => setTimeout(resolve, 1));
      controller.abort(reason);
      await raises(() => call, { code: 'ABORTED', message: 'no longer wanted', cause: reason });
      gate.open();
      is(await codeOf(plugin.call('run')), 3);
    },
  );

  test('a signal that fired before the call, or while it waits for its turn, ends it before it begins', async () => {
    const gate = new Gate();
    let begun = 0;
    const plugin = await create(() => {
      begun++;
      return gate.opened.then(() => 3);
    });
    const controller = new AbortController();
    const first = codeOf(plugin.call('run'));
    const second = codeOf(plugin.call('run', '', null, { signal: controller.signal }));
    controller.abort();
    is(await codeOf(plugin.call('run', '', null, { signal: controller.signal })), 'ABORTED');
    gate.open();
    equal([await first, await second, begun], [3, 'ABORTED', 1]);
  });

  test('a host function that aborts its call and then rejects causes no unhandled rejection', async () => {
    const controller = new AbortController();
    const plugin = await create(() => {
      controller.abort();
      return Promise.reject(new Error('too late'));
    });
    // An unhandled rejection ends the process on Node, and fails this test elsewhere.
    is(await codeOf(plugin.call('run', '', undefined, { signal: controller.signal })), 'ABORTED');
    await new Promise(resolve => setTimeout(resolve, 5));
    is(await codeOf(plugin.call('fine')), 0);
    await plugin.close();
  });

  test.row(
    'error.CALL_OVER',
    'a host function that goes on after its call was aborted cannot use its context',
    async () => {
      const gate = new Gate();
      const late: string[] = [];
      const done = new Gate();
      const begun = new Gate();
      const plugin = await create(async context => {
        if (context.hostContext() !== 'slow') return 1;
        begun.open();
        await gate.opened;
        for (const use of [
          () => context.store('x'),
          () => context.read(64n),
          () => context.setVariable('a', 'b'),
        ]) {
          try {
            use();
            late.push('reached it');
          } catch (error) {
            late.push((error as CallError).code);
          }
        }
        done.open();
        return 0;
      });
      const controller = new AbortController();
      const call = codeOf(plugin.call('run', '', 'slow', { signal: controller.signal }));
      await begun.opened;
      controller.abort();
      is(await call, 'ABORTED');
      const next = codeOf(plugin.call('run'));
      gate.open();
      await done.opened;
      is(await next, 1);
      equal(late, ['CALL_OVER', 'CALL_OVER', 'CALL_OVER']);
      equal([...plugin.vars], []);
    },
  );

  test('a start function may wait', async () => {
    const gate = new Gate();
    const wasm = buildModule({
      imports: [{ module: 'host', name: 'wait' }],
      functions: [
        { name: '_initialize', body: ['call 0'] },
        { name: 'run', body: [] },
      ],
    });
    let started = 0;
    const creating = createPlugin(wasm, {
      functions: {
        host: {
          wait: async () => {
            started++;
            await gate.opened;
          },
        },
      },
    });
    gate.open();
    const plugin = await creating;
    is(await plugin.call('run'), null);
    is(started, 1);
  });

  test('a start function that fails after a wait is a creation error', async () => {
    const wasm = buildModule({
      imports: [{ module: 'host', name: 'wait' }],
      functions: [{ name: '_initialize', body: ['call 0'] }],
    });
    const wait = () => Promise.reject(new Error('not today'));
    await raises(
      () => createPlugin(wasm, { functions: { host: { wait: hostFunction({ isAsync: true }, wait) } } }),
      { code: 'INIT_FAILED', message: 'not today' },
    );
  });

  const linked = (modules: Record<string, ModuleShape>, functions: HostFunctions) =>
    createPlugin(
      {
        wasm: Object.entries(modules).map(([name, module]) => ({ name, data: buildModule(module) })),
      } as Manifest,
      { functions },
    );

  test('linked modules wait too, also around a circle', async () => {
    const plugin = await linked(
      {
        lib: {
          imports: [
            { module: 'host', name: 'wait', ...i32 },
            { module: 'main', name: 'back', ...i32 },
          ],
          functions: [
            { name: 'there', ...i32, body: ['call 1'] },
            { name: 'wait', ...i32, body: ['call 0'] },
          ],
        },
        main: {
          imports: [
            { module: 'lib', name: 'there', ...i32 },
            { module: 'lib', name: 'wait', ...i32 },
          ],
          functions: [
            { name: 'run', ...i32, body: ['call 0'] },
            { name: 'back', ...i32, body: ['call 1'] },
          ],
        },
      },
      { host: { wait: async () => 6 } },
    );
    equal([await codeOf(plugin.call('run')), await codeOf(plugin.call('run'))], [6, 6]);
  });

  test('thousands of calls that wait succeed', async () => {
    let count = 0;
    const plugin = await create(async () => count++ % 3);
    const results = await Promise.all(Array.from({ length: 2000 }, () => codeOf(plugin.call('run'))));
    equal(results.slice(0, 6), [0, 1, 2, 0, 1, 2]);
    is(count, 2000);
  });
};

suite('suspending', test => waiting(test, 'suspending'), jspi ? null : 'this engine cannot suspend a plugin');
suiteInWorker('waiting', test => waiting(test, 'worker'));
