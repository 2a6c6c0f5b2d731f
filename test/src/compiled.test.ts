import { LIMITS } from '../../src/limits.ts';
import { type CompiledPlugin, compilePlugin, type PluginOptions } from '../../src/node.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { compilations } from '../helpers/compilations.ts';
import { suite } from '../helpers/suite.ts';

const HOST = { module: 'extism:host/user', name: 'host', results: ['i32'] } as const;
/** Returns a number of the host. Counts its calls in a global. */
const WASM = buildModule({
  imports: [HOST],
  global: { name: 'calls', value: 0 },
  memoryPages: 1,
  functions: [
    { name: 'ask', results: ['i32'], body: ['call 0'] },
    {
      name: 'count',
      results: ['i32'],
      body: ['global.get 0', 'i32.const 1', 'i32.add', 'global.set 0', 'global.get 0'],
    },
    { name: 'grow', results: ['i32'], body: ['i32.const 3', 'memory.grow 0'] },
    { name: 'spin', body: ['loop', 'br 0', 'end'] },
  ],
});
const answering = (answer: number): PluginOptions => ({
  functions: { 'extism:host/user': { host: () => answer } },
});
/** The exit code of an export that returns a number other than 0. */
const codeOf = async (compiled: CompiledPlugin, options: PluginOptions, name: string, calls = 1) => {
  const plugin = await compiled.instantiate(options);
  let code: number | null = 0;
  for (let call = 0; call < calls; call++) {
    await plugin.call(name).then(
      () => {
        code = 0;
      },
      error => {
        code = error.exitCode ?? error.code;
      },
    );
  }
  await plugin.close();
  return code;
};

/** A module that no other test has compiled. */
const unique = (value: number) =>
  buildModule({
    global: { name: 'unique', value },
    functions: [{ name: 'nothing', body: [] }],
    memoryPages: 1,
  });

suite('compilePlugin', test => {
  test('each plugin has an instance, host functions and variables of its own', async () => {
    const compiled = await compilePlugin(WASM, answering(1));
    is(await codeOf(compiled, {}, 'ask'), 1);
    equal(await Promise.all([2, 3].map(answer => codeOf(compiled, answering(answer), 'ask'))), [2, 3]);
    equal(await Promise.all([1, 4].map(calls => codeOf(compiled, {}, 'count', calls))), [1, 4]);
    const [one, other] = await Promise.all([
      compiled.instantiate({ vars: { who: 'one' } }),
      compiled.instantiate(),
    ]);
    equal([one.getVar('who')?.text(), other.getVar('who')], ['one', null]);
    await Promise.all([one.close(), other.close()]);
  });

  test('a key of instantiate replaces that of compilePlugin and of the manifest, memory key by key', async () => {
    const config = { source: 'manifest' };
    const compiled = await compilePlugin(
      { wasm: [{ data: WASM }], config, memory: { maxVarBytes: 10, max_pages: 9 } },
      { ...answering(1), memory: { max_pages: 5 } },
    );
    is(await codeOf(compiled, {}, 'grow'), 1);
    is(await codeOf(compiled, { memory: { max_pages: 2 } }, 'grow'), -1);
    await raises(() => compiled.instantiate({ vars: { a: '0123456789' } }), { code: 'VAR_LIMIT' });
    const plugin = await compiled.instantiate({ memory: { maxVarBytes: 100 }, vars: { a: '0123456789' } });
    await plugin.close();
  });

  test('bytes are compiled once, also for a worker', async () => {
    const bytes = unique(1);
    let compiled: CompiledPlugin;
    is(
      await compilations(async () => {
        compiled = await compilePlugin(bytes);
      }),
      1,
    );
    const use = async () => {
      for (let turn = 0; turn < 3; turn++) {
        const plugin = await compiled.instantiate({ vars: { turn: `${turn}` } });
        await plugin.call('nothing');
        await plugin.close();
      }
    };
    is(await compilations(use), 0);
  });

  test('bytes may change after the call', async () => {
    const bytes = WASM.slice();
    const compiling = compilePlugin(bytes, answering(1));
    bytes.fill(0);
    is(await codeOf(await compiling, {}, 'ask'), 1);
  });

  test('another limit compiles once more, and is kept', async () => {
    const compiled = await compilePlugin(unique(2));
    const instantiate = async () => {
      const plugin = await compiled.instantiate({ memory: { max_pages: 3 } });
      await plugin.close();
      equal(
        plugin.report.modules[0]?.transforms.map(({ name }) => name),
        ['cap-memory'],
      );
    };
    is(await compilations(instantiate), 1);
    is(await compilations(instantiate), 0);
  });

  test.row('limit.compiledVariants', 'modules for 16 limits are kept, those used last', async () => {
    const compiled = await compilePlugin(unique(3));
    const withPages = (maxPages: number) => async () =>
      (await compiled.instantiate({ memory: { max_pages: maxPages } })).close();
    for (let maxPages = 1; maxPages <= 17; maxPages++) await withPages(maxPages)();
    // Modules are kept by their bytes too, for all plugins together: these take the places of the 17.
    for (let module = 0; module < LIMITS.keptModules.default; module++)
      await compilePlugin(unique(100 + module));
    is(await compilations(withPages(2)), 0);
    is(await compilations(withPages(1)), 1);
  });

  test('errors are those of createPlugin, at the step that finds them', async () => {
    await raises(() => compilePlugin(Uint8Array.of(1, 2, 3)), { code: 'INVALID_WASM' });
    await raises(() => compilePlugin({ wasm: [{ data: WASM, hash: '0'.repeat(64) }] }), {
      code: 'HASH_MISMATCH',
    });
    await raises(() => compilePlugin(WASM, { typo: 1 } as PluginOptions), { code: 'INVALID_OPTION' });
    const compiled = await compilePlugin(WASM);
    await raises(() => compiled.instantiate(), {
      code: 'UNRESOLVED_IMPORTS',
      message: 'extism:host/user.host',
    });
    await raises(() => compiled.instantiate({ typo: 1 } as PluginOptions), { code: 'INVALID_OPTION' });
    is(await codeOf(compiled, answering(7), 'ask'), 7);
  });

  test('a policy of compilePlugin and one of instantiate must both allow a plugin', async () => {
    const hash = Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', WASM)), byte =>
      byte.toString(16).padStart(2, '0'),
    ).join('');
    const grant = (...grants: object[]) => ({
      version: 1 as const,
      plugins: [
        {
          name: 'p',
          grants: [{ hash }, { namespace: 'extism:host/user', function: 'host' }, ...grants].map(given => ({
            ...given,
            reason: 'test',
          })),
        },
      ],
    });
    const wide = grant({ config: 'a' }, { config: 'b' });
    const compiled = await compilePlugin(WASM, { ...answering(1), policy: wide });
    const without = await compilePlugin(WASM, answering(1));
    const options = { config: { a: '1', b: '2' }, policy: grant({ config: 'a' }) };
    for (const each of [compiled, without])
      await raises(() => each.instantiate(options), { code: 'POLICY_DENIED', message: 'config "b"' });
    await raises(() => compiled.instantiate({ config: { c: '' } }), { code: 'POLICY_DENIED' });
    is(await codeOf(compiled, { ...options, config: { a: '1' } }, 'ask'), 1);
    await raises(() => compilePlugin(WASM, { config: { c: '' }, policy: wide }), { code: 'POLICY_DENIED' });
  });

  test('a policy that has ended allows no further plugin', async () => {
    let nowMs = Date.parse('2030-01-01T00:00:00Z');
    const compiled = await compilePlugin(unique(3), {
      policy: {
        source: { version: 1, expires: '2030-01-01T12:00:00Z', plugins: [{ name: 'p', grants: [] }] },
        now: () => nowMs,
        mode: 'audit',
      },
    });
    await (await compiled.instantiate()).close();
    nowMs = Date.parse('2030-01-02T00:00:00Z');
    await raises(() => compiled.instantiate(), { code: 'POLICY_EXPIRED' });
  });
});

suite('compilePlugin in a worker', test => {
  test('the worker gets the compiled module', async () => {
    const compiled = await compilePlugin(unique(4), { runInWorker: true });
    const use = async () => {
      const plugin = await compiled.instantiate();
      is(plugin.report.isolation, 'worker');
      await plugin.call('nothing');
      await plugin.close();
    };
    // The first worker of a process compiles the accessors of the kernel too.
    await use();
    is(await compilations(use), 0);
  });

  test('an endless loop ends one plugin of two', async () => {
    const compiled = await compilePlugin(WASM, { ...answering(5), timeoutMs: 200 });
    const [one, other] = await Promise.all([compiled.instantiate(), compiled.instantiate()]);
    await raises(() => one.call('spin'), { code: 'TIMEOUT' });
    await raises(() => other.call('ask'), { code: 'NONZERO_RESULT', message: '5' });
    await Promise.all([one.close(), other.close()]);
  });
});
