import { ExtismEngine, ScriptActor } from '../src/actor/index.ts';
import { createPlugin, PlugboardError, type PluginOptions } from '../src/node.ts';
import { equal } from './helpers/assert.ts';
import { buildModule } from './helpers/build-module.ts';
import { isCoded } from './helpers/coded.ts';
import { suite } from './helpers/suite.ts';
import { ACTOR } from './option-tables.ts';

const revoked = (target: object): object => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const lying = (key: string) =>
  Object.defineProperty(new Error('text'), key, {
    get() {
      throw new Error('read');
    },
  });

/** Values that a function of the user may throw. */
const THROWN: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  'a text': 'text',
  'a symbol': Symbol('a'),
  'a bigint': 10n,
  'an object without a prototype': Object.create(null),
  'an error with a foreign code': Object.assign(new Error('text'), { code: 'ENOENT' }),
  'an error with a code of the table': Object.assign(new Error('text'), { code: 'TRAP' }),
  'a PlugboardError with a foreign code': new PlugboardError('EPERM' as 'TRAP', 'text'),
  'an error whose message throws': lying('message'),
  'an error whose cause throws': lying('cause'),
  'an error whose code throws': lying('code'),
  'an error whose stack throws': lying('stack'),
  'a revoked proxy': revoked({}),
  'a revoked proxy of an error': revoked(new Error('text')),
};

const IMPORTS_HOST = buildModule({
  imports: [{ module: 'extism:host/user', name: 'host' }],
  functions: [{ name: 'run', body: ['call 0'] }],
});
const run = async (options: PluginOptions) => {
  const plugin = await createPlugin(IMPORTS_HOST, options);
  try {
    await plugin.call('run');
  } finally {
    await plugin.close();
  }
};
const source = { source: ACTOR };
const host = (fn: () => unknown): PluginOptions => ({ functions: { 'extism:host/user': { host: fn } } });

/** Passes a function that throws to each place that takes one of the user. */
const PLACES: Readonly<Record<string, (raise: () => never) => unknown>> = {
  'a host function': raise => run(host(raise)),
  'the option debug': raise => run({ ...host(() => {}), debug: raise }),
  'the option fetch': raise => createPlugin(new URL('http://localhost/x.wasm'), { fetch: raise }),
  'a manifest': raise => createPlugin(Promise.resolve().then(raise)),
  'a diagnostic': raise => createPlugin(ACTOR, { memory: { maxVarBytes: 0 }, onDiagnostic: raise }),
  'a signal': async raise => {
    let reason: unknown;
    try {
      raise();
    } catch (thrown) {
      reason = thrown;
    }
    const plugin = await createPlugin(ACTOR);
    await plugin.call('process', '', null, { signal: AbortSignal.abort(reason) });
  },
  'a store that loads': raise => ScriptActor.create(source, { state: { load: raise, commit: () => {} } }),
  'a store that commits': async raise => {
    const actor = await ScriptActor.create(source, { state: { load: () => new Map(), commit: raise } });
    try {
      await actor.process({});
    } finally {
      await actor.stop();
    }
  },
  'a listener': async raise => {
    const actor = await ScriptActor.create(source, { onEvent: raise });
    await actor.process({});
    await actor.stop();
  },
  'the debug log of an actor': raise => ExtismEngine.create(source, { debug: raise }),
};

suite('hostile callbacks', test => {
  for (const [place, pass] of Object.entries(PLACES)) {
    test(`${place} may throw any value, and the error has a code of the table`, async () => {
      const failures: string[] = [];
      for (const [name, thrown] of Object.entries(THROWN)) {
        try {
          await pass(() => {
            throw thrown;
          });
        } catch (error) {
          if (!isCoded(error)) failures.push(name);
        }
      }
      equal(failures, []);
    });
  }
});
