import type { AsyncContext, Platform } from './types.ts';

/** Globals that only some runtimes of web standards have. */
export interface Scope {
  process?: { getBuiltinModule?: (name: string) => unknown };
  /** https://github.com/tc39/proposal-async-context */
  AsyncContext?: { Variable: new () => { run<T>(value: unknown, fn: () => T): T; get(): unknown } };
}

interface AsyncHooks {
  AsyncLocalStorage?: new () => { run<T>(value: unknown, fn: () => T): T; getStore(): unknown };
}

/** Modules are asked for by a function: an import would fail where the module is missing, and in bundlers. */
function builtinModule<T>({ process }: Scope, name: string): T | undefined {
  try {
    return process?.getBuiltinModule?.(name) as T | undefined;
  } catch {
    return undefined;
  }
}

/** Async contexts, where the runtime has them: as the language proposes them, or as Node and workerd have them. */
export function findAsyncContext(scope: Scope): AsyncContext | undefined {
  if (scope.AsyncContext?.Variable) {
    const variable = new scope.AsyncContext.Variable();
    return { run: (value, fn) => variable.run(value, fn), current: () => variable.get() };
  }
  const hooks = builtinModule<AsyncHooks>(scope, 'node:async_hooks');
  if (!hooks?.AsyncLocalStorage) return undefined;
  const storage = new hooks.AsyncLocalStorage();
  return { run: (value, fn) => storage.run(value, fn), current: () => storage.getStore() };
}

/**
 * workerd's `waitUntil`. It drops the work of a request that has been answered, also a plugin's call: later requests would
 * wait for its end in vain.
 */
export function findKeepAlive(scope: Scope): Platform['keepAlive'] {
  type Workers = { waitUntil?: (work: Promise<unknown>) => void };
  const workers = builtinModule<Workers>(scope, 'cloudflare:workers');
  if (!workers?.waitUntil) return undefined;
  return work => {
    try {
      // A rejection is reported to the caller alone.
      workers.waitUntil!(work.catch(() => {}));
    } catch {
      // Not in a request, so that no answer ends the work.
    }
  };
}
