/** Returns a function that makes the value when it is first called. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

// Built-in modules of Node, Deno and Bun, loaded when they are first used. On Deno `node:fs` takes 24 ms, and the name `process`
// alone 12 ms: more than the whole package (RATIONALE: why-is-the-package-made-of-bundles).
export const fs = once(() => process.getBuiltinModule('node:fs'));
export const os = once(() => process.getBuiltinModule('node:os'));
export const url = once(() => process.getBuiltinModule('node:url'));
export const workerThreads = once(() => process.getBuiltinModule('node:worker_threads'));
export const asyncHooks = once(() => process.getBuiltinModule('node:async_hooks'));
