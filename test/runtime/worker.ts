import { CAPABILITIES, createPlugin } from '../../src/web.ts';
import type { TestHost } from '../helpers/host.ts';
import { OVERLAP_WASM } from '../helpers/overlap-module.ts';
import type { TestFile } from '../helpers/runner.ts';
import { contentName, lendModules } from './lend-modules.ts';
import { runSuites } from './report.ts';
import { preloadedHost } from './repository.ts';
import { SharedPlugin } from './shared-plugin.ts';

/** The imports that workerd.ts gives the Worker: files by path, and compiled modules by the content of their bytes. */
export interface Imported {
  runtime: string;
  files: Record<string, ArrayBuffer>;
  modules: Record<string, WebAssembly.Module>;
}

/**
 * The Worker. `/suites` returns the report, `/imported` the problems of a plugin without lent modules, as in a user's
 * Worker, and `/plugin` calls the plugin that all requests share.
 */
export const makeWorker = (suites: readonly TestFile[], { runtime, files, modules }: Imported) => {
  const entries = Object.entries(files).map(([path, buffer]) => [path, new Uint8Array(buffer)] as const);
  const host = preloadedHost(runtime, new Map(entries));
  const find = (bytes: BufferSource): WebAssembly.Module | undefined => modules[contentName(bytes)];
  const module = (path: string) => {
    const found = find(host.readBytes(path) as Uint8Array<ArrayBuffer>);
    if (!found) throw new Error(`${path}: no suite compiled it on Node, so it was not imported`);
    return found;
  };
  const shared = new SharedPlugin(find(OVERLAP_WASM)!);
  return {
    fetch: async ({ url }: Request) => {
      if (new URL(url).pathname === '/plugin') return shared.answer(new URL(url));
      if (new URL(url).pathname === '/imported')
        return Response.json(await findProblems(host.readBytes, module));
      lendModules(find);
      return Response.json(await runSuites('workerd', { ...host, module }, suites));
    },
  };
};

/** Checks a plugin from imported modules alone. Suites cannot check it, because modules are lent to them. */
async function findProblems(
  readBytes: TestHost['readBytes'],
  module: NonNullable<TestHost['module']>,
): Promise<string[]> {
  const plugin = 'fixtures/abi/abi.wasm';
  const problems = [
    CAPABILITIES.supportsTimeouts ? 'time-outs are said to work' : undefined,
    await expectCode('UNSUPPORTED', () => createPlugin(readBytes(plugin))),
    await expectCode('UNSUPPORTED', () => createPlugin(module(plugin), { timeoutMs: 60_000 })),
    await expectKernel('reference', () => createPlugin(module(plugin))),
    await expectKernel('accessors', () =>
      createPlugin(module(plugin), { accessors: module('dist/abi/accessors.wasm') }),
    ),
  ];
  return problems.flatMap(problem => problem ?? []);
}

async function expectCode(expected: string, run: () => Promise<unknown>): Promise<string | undefined> {
  const code = await run().then(
    () => 'success',
    error => (error as { code?: string }).code,
  );
  return code === expected ? undefined : `creation from bytes: expected the code ${expected}, got ${code}`;
}

async function expectKernel(
  expected: string,
  create: () => ReturnType<typeof createPlugin>,
): Promise<string | undefined> {
  const plugin = await create();
  const { kernel } = plugin.report;
  await plugin.close();
  return kernel === expected
    ? undefined
    : `an imported module: expected the ${expected} kernel, got ${kernel}`;
}
