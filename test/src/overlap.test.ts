import { createPlugin as createOn } from '../../src/create.ts';
import { jspi } from '../../src/engine/jspi.ts';
import { LIMITS } from '../../src/limits.ts';
import {
  type CallContext,
  type CallError,
  hostFunction,
  type Plugin,
  type PluginOptions,
} from '../../src/node.ts';
import type { Platform } from '../../src/platform/types.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { createPlugin, suiteInWorker } from '../helpers/modes.ts';
import { OVERLAP_WASM } from '../helpers/overlap-module.ts';
import { suite, type Test } from '../helpers/suite.ts';

type Wait = (context: CallContext) => unknown;
type Create = (wait: Wait, options?: PluginOptions) => Promise<Plugin>;

const optionsOf = (wait: Wait, options?: PluginOptions): PluginOptions => ({
  ...options,
  functions: { host: { wait: hostFunction({ isAsync: true }, wait as () => void) } },
});
const createHere: Create = (wait, options) => createPlugin(OVERLAP_WASM, optionsOf(wait, options));

const { asyncContext, ...withoutContext } = webPlatform;
const createWithoutContext: Create = (wait, options) =>
  createOn(withoutContext, OVERLAP_WASM, optionsOf(wait, options));

const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));
const codeOf = (call: Promise<unknown>): Promise<string | null> =>
  call.then(
    () => null,
    error => (error as CallError).code,
  );
/** Shorter than a host function that is pending takes, longer than any other. */
const SOON = { queueTimeoutMs: 60 };

/** How a host function may call its own plugin and wait for it. */
const SELF_CALLS: Record<string, (call: () => Promise<unknown>) => Promise<unknown>> = {
  'after an await': async call => {
    await pause(1);
    return call();
  },
  'after a microtask': async call => {
    await null;
    return call();
  },
  'in a callback': call =>
    new Promise((resolve, reject) => void setTimeout(() => call().then(resolve, reject), 1)),
  'twice at once': async call => {
    await pause(1);
    const [first] = await Promise.all([call().catch(error => error), call().catch(error => error)]);
    throw first;
  },
};

/** @param knows whether the platform has async contexts */
const overlapping = (test: Test, create: Create, knows: boolean) => {
  const refusal = knows ? 'REENTRANT_CALL' : 'QUEUE_TIMEOUT';

  for (const count of [50, 500]) {
    test.row(
      'abi.call-overlap',
      `${count} calls at once are answered in order, one that fails among them`,
      async () => {
        const begun: number[] = [];
        const plugin = await create(async context => {
          const number = context.hostContext<number>();
          begun.push(number);
          if (number % 10 === 0) await pause(number % 7);
          else if (number % 2 === 0) await null;
          if (number === 7) throw new Error('the seventh');
        });
        const ended: number[] = [];
        const call = async (number: number) => {
          const name = number === 8 ? 'nothing' : 'echo';
          const outcome = await plugin.call(name, `input ${number}`, number).then(
            output => output?.text(),
            error => (error as CallError).code,
          );
          ended.push(number);
          return outcome;
        };
        const calls: Promise<string | undefined>[] = [];
        for (let number = 0; number < count; number++) {
          calls.push(call(number));
          // Some are made while a host function of an earlier one is pending.
          if (number % 25 === 0) await pause(1);
        }
        const numbers = Array.from({ length: count }, (_, number) => number);
        const failed: Record<number, string> = { 7: 'HOST_FUNCTION_FAILED', 8: 'FUNCTION_NOT_FOUND' };
        equal(
          await Promise.all(calls),
          numbers.map(number => failed[number] ?? `input ${number}`),
        );
        equal(
          begun,
          numbers.filter(number => number !== 8),
        );
        equal(ended, numbers);
      },
    );
  }

  test('close ends hundreds of calls that wait', async () => {
    const plugin = await create(() => new Promise(() => {}));
    const calls = Array.from({ length: 500 }, () => codeOf(plugin.call('echo')));
    await pause(1);
    await plugin.close();
    equal([...new Set(await Promise.all(calls))], ['CLOSED']);
  });

  test.row(
    'error.ABORTED',
    'a call that waits is aborted at once, and those behind it keep their order',
    async () => {
      let open = () => {};
      const opened = new Promise<void>(resolve => {
        open = resolve;
      });
      let begin = () => {};
      const begun = new Promise<void>(resolve => {
        begin = resolve;
      });
      const order: unknown[] = [];
      const plugin = await create(context => {
        order.push(context.hostContext());
        begin();
        return order.length === 1 ? opened : undefined;
      });
      const controllers = Array.from({ length: 6 }, () => new AbortController());
      const calls = controllers.map(({ signal }, number) =>
        codeOf(plugin.call('echo', '', number, { signal })),
      );
      await begun;
      // In the middle, next to each other in both directions, and the last.
      for (const number of [3, 2, 5]) controllers[number]!.abort();
      equal(await Promise.all([2, 3, 5].map(number => calls[number])), ['ABORTED', 'ABORTED', 'ABORTED']);
      equal(order, [0], 'the first one still runs');
      const last = codeOf(plugin.call('echo', '', 'last'));
      open();
      equal(await Promise.all([calls[0], calls[1], calls[4], last]), [null, null, null, null]);
      equal(order, [0, 1, 4, 'last']);
      await plugin.close();
    },
  );

  test.row(
    'error.REENTRANT_CALL',
    'a call before the first await of a host function is refused at once',
    async () => {
      const made: { plugin?: Plugin } = {};
      const codes: unknown[] = [];
      const plugin = await create(async () => {
        codes.push(await codeOf(made.plugin!.call('fine')));
      });
      made.plugin = plugin;
      is(await codeOf(plugin.call('echo')), null);
      equal(codes, ['REENTRANT_CALL']);
    },
  );

  test.row(
    'limit.queueMs',
    'a wait that may never end takes 30 s by default, and as long as is asked for',
    async () => {
      is(LIMITS.queueMs.default, 30_000);
      for (const [queueTimeoutMs, ended] of [
        [20, true],
        [2000, false],
      ] as const) {
        const made: { plugin?: Plugin } = {};
        let code: unknown;
        const plugin = await create(
          async () => {
            await null;
            const call = codeOf(made.plugin!.call('fine'));
            code = await Promise.race([call, pause(100)]);
          },
          { queueTimeoutMs },
        );
        made.plugin = plugin;
        is(await codeOf(plugin.call('echo')), null);
        is(code, knows ? 'REENTRANT_CALL' : ended ? 'QUEUE_TIMEOUT' : undefined);
      }
    },
  );

  test.row('error.INVALID_OPTION', 'a wrong queueTimeoutMs is refused', async () => {
    for (const queueTimeoutMs of [0, -1, 1.5, 2 ** 53, '5' as never]) {
      const message = 'option.queueTimeoutMs: expected a whole number of milliseconds, 1 or more';
      await raises(() => create(() => {}, { queueTimeoutMs }), { code: 'INVALID_OPTION', message });
    }
    await (await create(() => {}, { queueTimeoutMs: null })).close();
  });

  // The row of an error would make the names of the tests differ between platforms.
  for (const [how, selfCall] of Object.entries(SELF_CALLS)) {
    test.row(
      'abi.call-reentrant',
      `a host function that calls its plugin ${how}, and waits for it, gets an error; all else goes on`,
      async () => {
        const made: { plugin?: Plugin } = {};
        const codes: unknown[] = [];
        const plugin = await create(async context => {
          if (context.hostContext() === 'inner') return;
          codes.push(await codeOf(selfCall(() => made.plugin!.call('echo', '', 'inner'))));
        }, SOON);
        made.plugin = plugin;
        const outer = codeOf(plugin.call('twice'));
        const behind = codeOf(plugin.call('fine'));
        equal([await outer, await behind, codes], [null, null, [refusal, refusal]]);
        is(await codeOf(plugin.call('fine')), null);
      },
    );
  }

  test('a host function that waits for a call which an earlier host function of its call made gets an error too', async () => {
    const made: { plugin?: Plugin; call?: Promise<unknown> } = {};
    const codes: unknown[] = [];
    const plugin = await create(async () => {
      await pause(1);
      if (made.call) codes.push(await made.call);
      else made.call = codeOf(made.plugin!.call('fine'));
    }, SOON);
    made.plugin = plugin;
    is(await codeOf(plugin.call('twice')), null);
    equal(codes, [refusal]);
  });

  test('a circle by way of another plugin ends with an error', async () => {
    const made: { outer?: Plugin } = {};
    const codes: unknown[] = [];
    const inner = await create(async () => {
      await pause(1);
      codes.push(await codeOf(made.outer!.call('fine')));
    });
    const outer = await create(async () => {
      await pause(1);
      codes.push(await codeOf(inner.call('echo')));
    }, SOON);
    made.outer = outer;
    is(await codeOf(outer.call('echo')), null);
    equal(codes, [refusal, null]);
  });

  test.row(
    'error.QUEUE_TIMEOUT',
    'two calls of two plugins, each waiting for the plugin of the other, end',
    async () => {
      const plugins: Plugin[] = [];
      const codes: unknown[] = [];
      const crossing = (other: number) =>
        create(async context => {
          if (context.hostContext() === 'inner') return;
          await pause(1);
          codes.push(await codeOf(plugins[other]!.call('echo', '', 'inner')));
        }, SOON);
      plugins.push(await crossing(1), await crossing(0));
      equal(await Promise.all(plugins.map(plugin => codeOf(plugin.call('echo')))), [null, null]);
      ok(codes.includes('QUEUE_TIMEOUT'), String(codes));
      is(codes.length, 2);
    },
  );

  test('a request that calls its own plugin and waits for it gets an error', async () => {
    const made: { plugin?: Plugin } = {};
    const codes: unknown[] = [];
    const fetch = async () => {
      await pause(1);
      codes.push(await codeOf(made.plugin!.call('fine')));
      return new Response('');
    };
    const options = { ...SOON, allowedHosts: ['*'], fetch: fetch as typeof globalThis.fetch };
    const plugin = await create(() => {}, options);
    made.plugin = plugin;
    is(await codeOf(plugin.call('send', '{"url":"https://a.test/"}')), null);
    equal(codes, [refusal]);
  });

  test('host functions that are pending one after the other end no wait, however long they take together', async () => {
    const plugin = await create(() => pause(25), { queueTimeoutMs: 40 });
    const calls = [codeOf(plugin.call('twice')), codeOf(plugin.call('twice'))];
    await pause(5);
    calls.push(codeOf(plugin.call('fine')));
    equal(await Promise.all(calls), [null, null, null]);
  });

  test('a call from outside, while a host function is pending for long', async () => {
    const plugin = await create(() => pause(150), SOON);
    const before = codeOf(plugin.call('echo'));
    await pause(5);
    const meanwhile = plugin.call('fine');
    if (knows) is(await codeOf(meanwhile), null);
    else {
      await raises(() => meanwhile, {
        code: 'QUEUE_TIMEOUT',
        message: /^calling "fine": waited 60 ms \(queueTimeoutMs\) while .* raise queueTimeoutMs$/,
      });
    }
    is(await before, null);
    is(await codeOf(plugin.call('fine')), null);
  });

  test('a call that nobody waits for is made after the host function has returned', async () => {
    const made: { plugin?: Plugin; call?: Promise<unknown> } = {};
    const plugin = await create(async context => {
      if (context.hostContext() === 'inner') return;
      await pause(1);
      made.call ??= codeOf(made.plugin!.call('fine', '', 'inner'));
    }, SOON);
    made.plugin = plugin;
    is(await codeOf(plugin.call('echo')), null);
    is(await made.call, knows ? 'REENTRANT_CALL' : null);
  });
};

const cannotSuspend = jspi ? null : 'this engine cannot suspend a plugin';
const knowsHere = asyncContext !== undefined;
suite('overlapping calls', test => overlapping(test, createHere, knowsHere), cannotSuspend);
suite(
  'overlapping calls without async contexts',
  test => overlapping(test, createWithoutContext, false),
  cannotSuspend,
);
suiteInWorker('overlapping calls', test => overlapping(test, createHere, knowsHere));

suite('overlapping calls of a plugin that need not wait', test => {
  test.row('abi.call-overlap', 'they end at once, in order', async () => {
    const wasm = buildModule({ functions: [{ name: 'fine', body: [] }] });
    const plugin = await createOn(withoutContext as Platform, wasm);
    equal(await Promise.all(Array.from({ length: 500 }, () => codeOf(plugin.call('fine')))), [
      ...Array.from({ length: 500 }, () => null),
    ]);
  });
});
