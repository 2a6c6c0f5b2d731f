import { type EnvImports, Kernel, kernelImports } from '../../abi/index.ts';
import { type ManifestWasmData, parseManifest } from '../../src/given/manifest.ts';
import { readPluginOptions, toSettings } from '../../src/given/settings.ts';
import type { Execution } from '../../src/link/execution.ts';
import type { Embedding } from '../../src/link/instance.ts';
import { planLinks } from '../../src/link/plan.ts';
import { compileModule } from '../../src/module/compile.ts';
import { loadSource } from '../../src/module/source.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { LineSink } from '../../wasi/index.ts';

type Add = (one: number, other: number) => number;

interface Embedded {
  execution: Execution;
  embedding: Embedding & { suspends: false };
  imports: EnvImports;
}

/** The arguments of `instantiate` for one or more modules, inline. @param add the host function `host.add` */
export async function embed(
  wasm: Uint8Array<ArrayBuffer> | { wasm: readonly ManifestWasmData[] },
  add: Add = (one, other) => one + other,
): Promise<Embedded> {
  const { modules, given } = parseManifest(wasm);
  const compiled = modules.map(async given => {
    const source = await loadSource(webPlatform, fetch as typeof globalThis.fetch, given);
    return compileModule(webPlatform, given.name, source);
  });
  const kernel = new Kernel({ maxVarBytes: 0 });
  const { tier, imports } = kernelImports(kernel);
  const plan = planLinks(
    await Promise.all(compiled),
    toSettings(given, readPluginOptions({ functions: { host: { add } } })),
  );
  const limits = {
    timeoutMs: undefined,
    metered: null,
    maxGrowthPages: undefined,
    memoryPages: undefined,
    fuel: undefined,
    fresh: false,
  };
  const sinks = { stdout: new LineSink(), stderr: new LineSink(), onDiagnostic: () => {} };
  return {
    execution: { plan, kernel, limits, tier, listener: undefined, ...sinks },
    embedding: {
      kernelImports: imports,
      http: null,
      hostImport: () => add as never,
      wasi: { clock: webPlatform.clock, random: webPlatform.random },
      createWasi: null,
      seeWasi: null,
      suspends: false,
      checks: null,
      fuel: null,
      makeRoom: null,
      keepState: null,
    },
    imports,
  };
}
