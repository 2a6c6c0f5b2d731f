import { compilePlugin, type PlugboardError, type PluginOptions } from '../../src/node.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { PluginPool, type PoolOptions } from '../../src/pool/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

const USER = 'extism:host/user';
const WASM = buildModule({
  imports: [
    { module: USER, name: 'mark', params: ['i32'] },
    { module: USER, name: 'wait' },
  ],
  global: { name: 'calls', value: 0 },
  functions: [
    {
      name: 'count',
      body: ['global.get 0', 'i32.const 1', 'i32.add', 'global.set 0', 'global.get 0', 'call 0'],
    },
    { name: 'trap', body: ['unreachable'] },
    { name: 'wait', body: ['call 1'] },
    { name: 'refuse', results: ['i32'], body: ['i32.const 3'] },
  ],
});

function makeGate() {
  let open!: () => void;
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return { opened, open };
}

/** A pool whose plugins tell the key and the number of `count` to `marks`. */
async function makePool(options: PoolOptions = {}, own: PluginOptions = {}) {
  const marks: string[] = [];
  const compiled = await compilePlugin(WASM, own);
  const optionsOf = (key: string): PluginOptions => ({
    functions: {
      [USER]: { mark: (_: unknown, calls: number) => void marks.push(`${key}${calls}`), wait: () => {} },
    },
  });
  const pool = new PluginPool(compiled, { optionsOf, ...options });
  return { pool, marks, compiled };
}
const codeOf = (error: unknown) => (error as PlugboardError).code;
const outcomes = async (uses: readonly Promise<unknown>[]) =>
  (await Promise.allSettled(uses)).map(use => (use.status === 'fulfilled' ? 'ok' : codeOf(use.reason)));

suite('pool', test => {
  test('a plugin serves one key: its state stays with that key, and an idle one makes room', async () => {
    const { pool, marks } = await makePool({ max: 2 });
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await pool.call(key, 'count');
    equal(marks, ['a1', 'b1', 'a2', 'c1', 'a3', 'b1']);
    const { made, reused, evicted, idle, inUse } = pool.stats();
    equal({ made, reused, evicted, idle, inUse }, { made: 4, reused: 2, evicted: 2, idle: 2, inUse: 0 });
    await pool.drain();
  });

  test('isolation new gets a new plugin, which serves one use', async () => {
    const { pool, marks } = await makePool({ max: 2 });
    await pool.call('a', 'count');
    await pool.call('a', 'count', '', null, { isolation: 'new' });
    await pool.call('a', 'count', '', null, { isolation: 'new' });
    await pool.call('a', 'count');
    equal(marks, ['a1', 'a1', 'a1', 'a2']);
    await pool.drain();
  });

  test('the uses of a key run one after the other, in the order in which they were asked for', async () => {
    const { pool } = await makePool({ max: 4 });
    const log: string[] = [];
    const use = (key: string, index: number) =>
      pool.use(key, async () => {
        log.push(`${key}${index} begins`);
        await new Promise(resolve => setTimeout(resolve, 3 - index));
        log.push(`${key}${index} ends`);
      });
    await Promise.all([0, 1, 2].flatMap(index => [use('a', index), use('b', index)]));
    for (const key of ['a', 'b']) {
      const own = log.filter(line => line.startsWith(key));
      equal(
        own,
        [0, 1, 2].flatMap(index => [`${key}${index} begins`, `${key}${index} ends`]),
      );
    }
    await pool.drain();
  });

  test('with perKey, uses of a key overlap, each with a plugin of its own', async () => {
    const { pool } = await makePool({ max: 5, perKey: 3 });
    const gate = makeGate();
    const plugins = new Set<unknown>();
    const uses = Array.from({ length: 4 }, () =>
      pool.use('a', async plugin => {
        plugins.add(plugin);
        await gate.opened;
      }),
    );
    await pool.use('b', () => {});
    is(pool.stats().inUse, 3);
    is(pool.stats().waiting, 1);
    gate.open();
    await Promise.all(uses);
    is(plugins.size, 3);
    await pool.drain();
  });

  const sick: [name: string, isSick: boolean][] = [
    ['trap', true],
    ['refuse', false],
    ['count', false],
    ['missing', false],
  ];
  for (const [name, isSick] of sick) {
    test(`after ${name}, the plugin ${isSick ? 'never comes back' : 'serves on'}`, async () => {
      const { pool, marks } = await makePool({ max: 2 });
      await pool.call('a', 'count');
      await pool.call('a', name).catch(() => {});
      marks.length = 0;
      await pool.call('a', 'count');
      is(marks[0] === 'a1', isSick);
      is(pool.stats().sick, isSick ? 1 : 0);
      await pool.drain();
    });
  }

  test('a plugin that its user closed, or left at work, does not come back', async () => {
    const waits: (() => void)[] = [];
    const wait = async () => new Promise<void>(resolve => waits.push(resolve));
    const { pool } = await makePool({
      max: 2,
      optionsOf: () => ({ functions: { [USER]: { mark: () => {}, wait } } }),
    });
    const seen: unknown[] = [];
    let left: Promise<unknown> | undefined;
    await pool.use('a', plugin => {
      seen.push(plugin);
      left = plugin.call('wait');
      left.catch(() => {});
    });
    await pool.use('a', plugin => {
      seen.push(plugin);
      return plugin.close();
    });
    await pool.use('a', plugin => void seen.push(plugin));
    await raises(() => left!, { code: 'CLOSED' });
    is(new Set(seen).size, 3);
    await pool.drain();
  });

  test.row(
    ['limit.poolPlugins', 'limit.poolQueue', 'limit.poolQueuePerKey'],
    'by default 10 plugins run, and 10,000 uses wait, 1,000 of a key',
    async () => {
      const { pool } = await makePool();
      const gate = makeGate();
      const running = Array.from({ length: 10 }, (_, key) => pool.use(`runs ${key}`, () => gate.opened));
      const wait = (key: string, uses: number) => Array.from({ length: uses }, () => pool.use(key, () => {}));
      const waiting = Array.from({ length: 10 }, (_, key) =>
        wait(`waits ${key}`, key > 0 ? 1000 : 1001),
      ).flat();
      await raises(() => waiting[1000]!, { code: 'POOL_FULL', message: '1000' });
      await raises(() => pool.use('one more', () => {}), { code: 'POOL_FULL', message: '10000 uses wait' });
      const stats = pool.stats();
      equal([stats.waiting, stats.refused], [10_000, 2]);
      gate.open();
      await outcomes([...running, ...waiting]);
      await pool.drain();
    },
  );

  test.row('error.POOL_FULL', 'the queue is bounded, for all and for each key', async () => {
    const { pool } = await makePool({ max: 1, queue: 3, queuePerKey: 2 });
    const gate = makeGate();
    const first = pool.use('a', () => gate.opened);
    const uses = ['a', 'a', 'a', 'b', 'b'].map(key => pool.use(key, () => {}));
    await raises(() => uses[2]!, { code: 'POOL_FULL', message: 'queuePerKey' });
    await raises(() => uses[4]!, { code: 'POOL_FULL', message: '3 uses wait' });
    const { refused, waiting, keys } = pool.stats();
    equal({ refused, waiting, keys }, { refused: 2, waiting: 3, keys: 2 });
    gate.open();
    equal(await outcomes([first, ...uses]), ['ok', 'ok', 'ok', 'POOL_FULL', 'ok', 'POOL_FULL']);
    await pool.drain();
  });

  test('a signal takes a use out of the queue, before or while it waits', async () => {
    const { pool } = await makePool({ max: 1 });
    const gate = makeGate();
    const first = pool.use('a', () => gate.opened);
    const controller = new AbortController();
    let ran = 0;
    const run = () => {
      ran++;
    };
    const uses = [controller.signal, AbortSignal.abort(), undefined].map(signal =>
      pool.use('b', run, { signal }),
    );
    controller.abort(new Error('the client has left'));
    await raises(() => uses[0]!, { code: 'ABORTED', message: 'the client has left' });
    is(pool.stats().waiting, 1);
    gate.open();
    equal(await outcomes([first, ...uses]), ['ok', 'ABORTED', 'ABORTED', 'ok']);
    is(ran, 1);
    await pool.drain();
  });

  test('errors of the work, of the options and of creation free the place', async () => {
    const { pool } = await makePool({
      max: 1,
      optionsOf: key => {
        if (key === 'throws') throw new Error('no such tenant');
        return key === 'wrong' ? {} : { functions: { [USER]: { mark: () => {}, wait: () => {} } } };
      },
    });
    await raises(() => pool.use('throws', () => {}), { message: 'no such tenant' });
    await raises(() => pool.use('wrong', () => {}), { code: 'UNRESOLVED_IMPORTS' });
    const own = new Error('of the user');
    await raises(
      () =>
        pool.use('a', () => {
          throw own;
        }),
      { message: 'of the user' },
    );
    await pool.call('a', 'count');
    const { inUse, idle, keys } = pool.stats();
    equal({ inUse, idle, keys }, { inUse: 0, idle: 1, keys: 0 });
    await pool.drain();
  });

  test('errors of optionsOf are of a host function, and those of its options name it and the key', async () => {
    const answers: [answer: () => unknown, code: string, message: RegExp][] = [
      [() => Promise.reject(new Error('down')), 'HOST_FUNCTION_FAILED', /optionsOf\("a"\) failed: down$/],
      [() => Promise.reject(5), 'HOST_FUNCTION_FAILED', /optionsOf\("a"\) failed: 5/],
      [() => 5, 'INVALID_OPTION', /^option\.optionsOf\("a"\) returned: option: expected a plain object/],
      [async () => ({ nope: 1 }), 'INVALID_OPTION', /^option\.optionsOf\("a"\) returned: option\.nope/],
    ];
    for (const [answer, code, message] of answers) {
      const { pool } = await makePool({ optionsOf: answer as () => PluginOptions });
      await raises(() => pool.call('a', 'count'), { code, message });
      await pool.drain();
    }
    const functions = { [USER]: { mark: () => {}, wait: () => {} } };
    const { pool } = await makePool({ optionsOf: () => null as never }, { functions });
    await pool.call('a', 'count');
    await pool.drain();
  });

  test.row(
    'error.QUEUE_TIMEOUT',
    'a host function that waits for its own pool gets an error, and the call goes on',
    async () => {
      const asks: [name: string, ask: (pool: PluginPool) => Promise<unknown>][] = [
        ['a use of its key', pool => pool.call('a', 'count')],
        ['after an await', pool => Promise.resolve().then(() => pool.call('a', 'count'))],
        ['a use of another key', pool => pool.use('b', () => {})],
        ['drain', pool => pool.drain()],
        ['reload', async pool => pool.reload(await compilePlugin(WASM))],
      ];
      for (const [name, ask] of asks) {
        const codes: unknown[] = [];
        const { pool } = await makePool({
          max: 1,
          optionsOf: () => ({
            queueTimeoutMs: 30,
            functions: {
              [USER]: {
                mark: () => {},
                wait: async () => {
                  await ask(pool).catch(error => codes.push(codeOf(error)));
                },
              },
            },
          }),
        });
        await pool.call('a', 'wait');
        equal(codes, ['QUEUE_TIMEOUT'], name);
        is(pool.stats().waiting, 0);
        await pool.drain();
      }
    },
  );

  test('a use from outside waits as long as it has to', async () => {
    if (!webPlatform.asyncContext) return;
    const gate = makeGate();
    const { pool } = await makePool({
      max: 1,
      optionsOf: () => ({
        queueTimeoutMs: 5,
        functions: { [USER]: { mark: () => {}, wait: async () => gate.opened } },
      }),
    });
    const uses = [pool.call('a', 'wait'), pool.call('a', 'count'), pool.call('b', 'count')];
    setTimeout(gate.open, 50);
    equal(await outcomes(uses), ['ok', 'ok', 'ok']);
    await pool.drain();
  });

  test('idle plugins are closed beyond the option idle', async () => {
    const { pool } = await makePool({ max: 3, idle: 1 });
    await Promise.all(['a', 'b', 'c'].map(key => pool.call(key, 'count')));
    is(pool.stats().idle, 1);
    const none = await makePool({ max: 1, idle: 0 });
    for (const key of ['a', 'a', 'b']) await none.pool.call(key, 'count');
    equal([none.marks, none.pool.stats().idle], [['a1', 'a1', 'b1'], 0]);
    await Promise.all([pool.drain(), none.pool.drain()]);
  });

  test('drain lets all uses end, and refuses new ones', async () => {
    const { pool, marks } = await makePool({ max: 1 });
    const uses = ['a', 'b', 'c'].map(key => pool.call(key, 'count'));
    const drained = pool.drain();
    await raises(() => pool.call('d', 'count'), { code: 'CLOSED' });
    await drained;
    equal(marks, ['a1', 'b1', 'c1']);
    await Promise.all(uses);
    const { inUse, idle, waiting } = pool.stats();
    equal([inUse, idle, waiting], [0, 0, 0]);
    await pool.drain();
  });

  test('close ends uses that wait, and calls that run', async () => {
    const { pool } = await makePool({
      max: 1,
      optionsOf: () => ({
        functions: { [USER]: { mark: () => {}, wait: async () => new Promise<void>(() => {}) } },
      }),
    });
    const calling = pool.call('a', 'wait');
    const waiting = pool.call('b', 'count');
    const both = outcomes([calling, waiting]);
    await new Promise(resolve => setTimeout(resolve, 20));
    await pool.close();
    equal(await both, ['CLOSED', 'CLOSED']);
    await raises(() => pool.reload({} as never), { code: 'INVALID_OPTION' });
  });

  test('after reload, uses get plugins of the new module, and those of the old one are closed', async () => {
    const { pool, marks } = await makePool({ max: 2 });
    const gate = makeGate();
    const seen: string[] = [];
    await pool.call('b', 'count');
    const running = pool.use('a', async plugin => {
      await gate.opened;
      seen.push(`${await plugin.functionExists('trap')}`);
    });
    await Promise.resolve();
    const next = await compilePlugin(buildModule({ functions: [{ name: 'fresh', body: [] }] }));
    const reloaded = pool.reload(next);
    const after = ['a', 'b'].map(key =>
      pool.use(key, async plugin => void seen.push(`${await plugin.functionExists('fresh')}`)),
    );
    gate.open();
    await Promise.all([running, reloaded, ...after]);
    equal(seen, ['true', 'true', 'true']);
    equal(marks, ['b1']);
    is(pool.stats().made, 4);
    await pool.drain();
    await raises(() => pool.reload(next), { code: 'CLOSED' });
  });

  test('10,000 tenants (1,000 in npm test) share 50 plugins: each in order, and a hostile one gets a turn like any other', async () => {
    const TENANTS = host().thorough ? 10_000 : 1000;
    const MAX = 50;
    const { pool, marks } = await makePool({ max: MAX, queue: 4 * TENANTS });
    const floods = 400;
    const seen: string[] = [];
    let others = 0;
    let hostileDone = 0;
    let hostileAtEnd = -1;
    const hostile = Array.from({ length: floods }, () =>
      pool.call('hostile', 'trap').catch(error => {
        hostileDone++;
        return codeOf(error);
      }),
    );
    const callsOf = (tenant: number): number => (tenant % 100 === 0 ? 3 : 1);
    const total = Array.from({ length: TENANTS }, (_, tenant) => callsOf(tenant)).reduce(
      (sum, calls) => sum + calls,
    );
    const calls = Array.from({ length: TENANTS }, (_, tenant) =>
      Array.from({ length: callsOf(tenant) }, async (_, index) => {
        await pool.call(`t${tenant}`, 'count');
        seen.push(`${tenant} ${index}`);
        const { plugins } = pool.stats();
        ok(plugins <= MAX, `${plugins} plugins`);
        if (++others === total) hostileAtEnd = hostileDone;
      }),
    ).flat();
    await Promise.all(calls);
    is(marks.length, total);
    // Three rounds, and the plugins that were free at first.
    ok(hostileAtEnd <= 10, `${hostileAtEnd} hostile calls before the last of the others`);
    const next = new Map<string, number>();
    for (const line of seen) {
      const [tenant = '', index] = line.split(' ');
      is(Number(index), next.get(tenant) ?? 0, `tenant ${tenant}`);
      next.set(tenant, Number(index) + 1);
    }
    is((await Promise.all(hostile)).filter(code => code === 'TRAP').length, floods);
    is(pool.stats().sick, floods);
    await pool.drain();
  });
});

suite('pool of workers', test => {
  test('a plugin that was stopped never comes back, and others run on', async () => {
    const wasm = buildModule({
      global: { name: 'calls', value: 0 },
      functions: [
        { name: 'spin', body: ['loop', 'br 0', 'end'] },
        {
          name: 'count',
          results: ['i32'],
          body: ['global.get 0', 'i32.const 1', 'i32.add', 'global.set 0', 'global.get 0'],
        },
      ],
    });
    const compiled = await compilePlugin(wasm, { timeoutMs: 200 });
    const pool = new PluginPool(compiled, { max: 2 });
    const exitCode = (key: string) => pool.call(key, 'count').catch(error => error.exitCode as number);
    is(await exitCode('a'), 1);
    const [stopped, other] = await Promise.all([pool.call('a', 'spin').catch(codeOf), exitCode('b')]);
    equal([stopped, other], ['TIMEOUT', 1]);
    equal([await exitCode('a'), await exitCode('b')], [1, 2]);
    is(pool.stats().sick, 1);
    await pool.drain();
  });
});
