import { findAsyncContext, findBaseUrl, findKeepAlive, type Scope } from '../../src/platform/web-context.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

/** Keeps a value for the code that `run` calls, and no longer. */
class Storage {
  #value: unknown;
  run<T>(value: unknown, fn: () => T): T {
    const before = this.#value;
    this.#value = value;
    try {
      return fn();
    } finally {
      this.#value = before;
    }
  }
  get(): unknown {
    return this.#value;
  }
  getStore(): unknown {
    return this.#value;
  }
}

/** A runtime whose built-in modules are `modules`. */
const withModules = (modules: Record<string, unknown>): Scope => ({
  process: { getBuiltinModule: name => modules[name] },
});

suite('async contexts of web platforms', test => {
  const having: Record<string, Scope> = {
    'AsyncContext.Variable': { AsyncContext: { Variable: Storage } },
    'node:async_hooks': withModules({ 'node:async_hooks': { AsyncLocalStorage: Storage } }),
  };
  for (const [name, scope] of Object.entries(having)) {
    test(`${name} carries the value`, () => {
      const context = findAsyncContext(scope)!;
      const inside = context.run(1, () => [context.current(), context.run(2, () => context.current())]);
      equal([inside, context.current()], [[1, 2], undefined]);
    });
  }

  const lacking: Record<string, Scope> = {
    nothing: {},
    'a process of a bundler': { process: {} },
    'a process without the module': withModules({}),
    'a module without the class': withModules({ 'node:async_hooks': {}, 'cloudflare:workers': {} }),
    'a process that refuses': {
      process: {
        getBuiltinModule: () => {
          throw new Error('not allowed');
        },
      },
    },
  };
  for (const [name, scope] of Object.entries(lacking)) {
    test(`with ${name} there are no contexts, and no work is kept alive`, () => {
      equal([findAsyncContext(scope), findKeepAlive(scope)], [undefined, undefined]);
    });
  }

  test('waitUntil gets work that never rejects; outside of a request it is not needed', async () => {
    const kept: Promise<unknown>[] = [];
    const keeping = withModules({
      'cloudflare:workers': { waitUntil: (work: Promise<unknown>) => kept.push(work) },
    });
    findKeepAlive(keeping)!(Promise.reject(new Error('kaputt')));
    equal(await Promise.all(kept), [undefined]);
    const refusing = withModules({
      'cloudflare:workers': {
        waitUntil: () => {
          throw new Error('no request');
        },
      },
    });
    is(findKeepAlive(refusing)!(Promise.resolve()), undefined);
    ok(kept.length === 1);
  });
});

suite('the base of relative URLs', test => {
  const at = (href: string) => ({ href, origin: 'https://a.test' });
  const scopes: [name: string, scope: Scope, base: string | undefined][] = [
    [
      'a page',
      { document: { baseURI: 'https://b.test/x' }, location: at('https://a.test/') },
      'https://b.test/x',
    ],
    ['a worker', { location: at('https://a.test/w.js') }, 'https://a.test/w.js'],
    ['a worker from a blob', { location: at('blob:https://a.test/1-2') }, 'https://a.test'],
    ['no browser', {}, undefined],
  ];
  for (const [name, scope, base] of scopes) test(`in ${name}: ${base}`, () => is(findBaseUrl(scope), base));
});
