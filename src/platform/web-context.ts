import type { AsyncContext, Platform } from './types.ts';

/** Globals that only some runtimes have. */
export interface Scope {
  process?: { getBuiltinModule?: (name: string) => unknown };
  document?: { baseURI: string };
  location?: { href: string; origin: string };
  /** https://github.com/tc39/proposal-async-context */
  AsyncContext?: { Variable: new () => { run<T>(value: unknown, fn: () => T): T; get(): unknown } };
}

interface AsyncHooks {
  AsyncLocalStorage?: new () => { run<T>(value: unknown, fn: () => T): T; getStore(): unknown };
}

/** Loads a built-in module through `process`: an import would fail where the module is missing, and in bundlers. */
export function builtinModule<T>({ process }: Scope, name: string): T | undefined {
  try {
    return process?.getBuiltinModule?.(name) as T | undefined;
  } catch {
    return undefined;
  }
}

/** Finds the runtime's async contexts: `AsyncContext` of the TC39 proposal, or `AsyncLocalStorage` of Node and workerd. */
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

/** A named channel of `node:diagnostics_channel`, of which tools outside the program may be subscribers. */
export interface DiagnosticsChannel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

/** Finds a channel of Node, Deno, Bun or workerd. */
export function findChannel(scope: Scope, name: string): DiagnosticsChannel | undefined {
  type Channels = { channel?: (name: string) => DiagnosticsChannel };
  return builtinModule<Channels>(scope, 'node:diagnostics_channel')?.channel?.(name);
}

/** Finds the URL that relative URLs of a page or its worker start from. Undefined outside browsers, which alone have `location`. */
export function findBaseUrl({ document, location }: Scope): string | undefined {
  if (!location) return undefined;
  // The URL of a worker may be a blob, from which no URL can start.
  return document?.baseURI ?? (URL.canParse('.', location.href) ? location.href : location.origin);
}

/**
 * Finds workerd's `waitUntil`. Without it, workerd drops the pending work of a request once the response is sent. A dropped
 * plugin call would never end, and calls of later requests would wait for it.
 */
export function findKeepAlive(scope: Scope): Platform['keepAlive'] {
  type Workers = { waitUntil?: (work: Promise<unknown>) => void };
  const workers = builtinModule<Workers>(scope, 'cloudflare:workers');
  if (!workers?.waitUntil) return undefined;
  return work => {
    try {
      // Only the caller sees a rejection of `work`; for workerd it counts as handled.
      workers.waitUntil!(work.catch(() => {}));
    } catch {
      // Outside a request no response can end the work.
    }
  };
}
