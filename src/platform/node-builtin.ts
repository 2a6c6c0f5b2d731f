import { lazily } from '../../abi/lazily.ts';

// Built-in modules of Node, Deno and Bun, loaded when they are first used. On Deno `node:fs` takes 24 ms, and the name `process`
// alone 12 ms: more than the whole package (RATIONALE: why-is-the-package-made-of-bundles-and-not-of-one-file-per-source-file).
export const fs = lazily(() => process.getBuiltinModule('node:fs'));
export const os = lazily(() => process.getBuiltinModule('node:os'));
export const path = lazily(() => process.getBuiltinModule('node:path'));
export const url = lazily(() => process.getBuiltinModule('node:url'));
export const workerThreads = lazily(() => process.getBuiltinModule('node:worker_threads'));
export const asyncHooks = lazily(() => process.getBuiltinModule('node:async_hooks'));
