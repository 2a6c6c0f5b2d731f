import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { equal } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

/** Globals that jest puts into the context of a test. They are of the outer realm, as are the values that they return. */
const GLOBALS = [
  'ArrayBuffer',
  'Uint8Array',
  'TextEncoder',
  'TextDecoder',
  'URL',
  'AbortController',
  'AbortSignal',
  'Response',
  'fetch',
  'performance',
  'crypto',
  'structuredClone',
  'setTimeout',
  'clearTimeout',
  'queueMicrotask',
  'console',
  'atob',
  'btoa',
];

/** Each returns a text, or the code of the error. `WASM` exports `run`, `LOOP` and `TRAP` too, and `outer` copies bytes outside. */
const STEPS: Readonly<Record<string, readonly [step: string, result: string]>> = {
  'a call with bytes': ['call(WASM, outer(WASM))', 'ok'],
  'a module as bytes of the outer realm': ['call(outer(WASM), "text")', 'ok'],
  'a response': ['call(new Response(WASM, { headers: { "content-type": "application/wasm" } }))', 'ok'],
  'a URL': ['call(new URL("data:application/wasm;base64," + btoa(String.fromCharCode(...WASM))))', 'ok'],
  'a trap': ['call(TRAP)', 'TRAP'],
  'an endless recursion': ['call(RECURSION)', 'STACK_OVERFLOW'],
  'a wrong hash': ['call({ wasm: [{ data: WASM, hash: "0".repeat(64) }] })', 'HASH_MISMATCH'],
  'bytes that are not wasm': ['call(Uint8Array.of(1))', 'INVALID_WASM'],
  'text that is not UTF-8': ['String(decodeStrict(Uint8Array.of(255), "text"))', 'null'],
  'a message': ['Message.from(outer(WASM)).type', 'Stream'],
  'a file in memory': ['String(new MemoryFs({ a: outer(WASM) }).usedBytes === WASM.length)', 'true'],
};

const SCRIPT = `
  const { createPlugin, Message, MemoryFs, buildModule, decodeStrict } = plugboard;
  const wasm = (...body) => buildModule({ functions: [{ name: 'run', body }] });
  const [WASM, TRAP, RECURSION] = [wasm(), wasm('unreachable'), wasm('call 0')];
  const call = async (source, input) => {
    const plugin = await createPlugin(source);
    try {
      await plugin.call('run', input);
    } finally {
      await plugin.close();
    }
    return 'ok';
  };
  const outcome = async step => {
    try {
      return await step();
    } catch (error) {
      return error.code ?? String(error.stack);
    }
  };
`;

suite('globals of another realm', test => {
  let context: Promise<object> | undefined;
  const load = async (): Promise<object> => {
    const contents = [
      "export * from './src/web.js';",
      "export { Message } from './src/actor/index.js';",
      "export { MemoryFs } from './wasi/index.js';",
      "export { decodeStrict } from './abi/utf8.js';",
      "export { buildModule } from './test/helpers/build-module.js';",
    ].join('\n');
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: host().path('dist') },
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'plugboard',
      external: ['node:*'],
      logLevel: 'error',
    });
    const globals = Object.fromEntries(
      GLOBALS.map(name => [name, (globalThis as unknown as Record<string, unknown>)[name]]),
    );
    const made = createContext({ ...globals, outer: (bytes: Uint8Array) => Uint8Array.from(bytes) });
    runInContext(outputFiles[0]!.text + SCRIPT, made);
    return made;
  };

  for (const [name, [step, result]] of Object.entries(STEPS)) {
    test(`${name} works where the globals are those of another realm`, async () => {
      context ??= load();
      equal(await runInContext(`outcome(() => ${step})`, await context), result);
    });
  }
});
