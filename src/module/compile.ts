import { attempt, CreateError } from '../errors.ts';
import type { Platform } from '../platform/types.ts';
import { isHidden } from '../wasm/ask.ts';
import type { Footprint } from '../wasm/cap-memory.ts';
import { readSignatures, type Signatures } from '../wasm/reader.ts';
import { builtFacts } from './built.ts';
import { type CompiledModule, compiledBefore } from './cache.ts';
import { engineCompile, refuseIfNoWasm } from './engine-compile.ts';
import type { Instruments } from './instruments.ts';
import type { RewriteOptions, Transform } from './rewrite.ts';
import type { LoadedSource } from './source.ts';

/** A compiled module of a plugin, with its name, hash and transforms. */
export interface PluginModule extends CompiledModule {
  name: string;
  /** The hash that was checked; null if the manifest gives none. */
  sha256: string | null;
  transforms: readonly Transform[];
  /** With a limit of `memoryPages` only. */
  footprint?: Footprint | null | undefined;
  /** Why the state of instances cannot be put back, as an end of "module … "; null if it can, or if nobody asked. */
  whyNotFresh: string | null;
}

/**
 * @param all the modules of the plugin
 * @throws {CreateError} INVALID_WASM, UNSUPPORTED, MEMORY_LIMIT
 */
export async function compileModule(
  platform: Platform,
  name: string,
  source: LoadedSource,
  options: RewriteOptions = {},
  all: readonly { source: LoadedSource }[] = [],
): Promise<PluginModule> {
  const { maxGrowthPages, memoryPages, metered = null, fuel, fresh = false } = options;
  const isRewritten = fresh || metered !== null || (maxGrowthPages ?? memoryPages ?? fuel) !== undefined;
  const rewriter = isRewritten ? await import('./rewrite.ts') : null;
  if ('module' in source) {
    const prepared = builtFacts.get(source.module)?.prepared;
    const kept = rewriter?.refuseCompiled(name, options, prepared);
    const described = attempt(() => describeModule(source.module, null, prepared ?? {}), null);
    if (described) return { name, sha256: null, transforms: [], whyNotFresh: null, ...kept, ...described };
    throw new CreateError(
      'INVALID_WASM',
      `module "${name}": expected a WebAssembly.Module, got another object`,
    );
  }
  const { sha256, compiling } = source;
  refuseIfNoWasm(name, source.bytes);
  const { bytes, ...changes } = rewriter
    ? await rewriter.rewrite(platform, name, source.bytes, options, all)
    : { bytes: source.bytes, transforms: [], whyNotFresh: null };
  // `compiling` compiles the original bytes, so it cannot be used for rewritten bytes.
  const compiled = await compileBytes(platform, name, bytes, bytes === source.bytes ? compiling : undefined);
  return { name, sha256, ...changes, ...compiled };
}

async function compileBytes(
  platform: Platform,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  compiling?: Promise<WebAssembly.Module>,
): Promise<CompiledModule> {
  const known = compiledBefore.find(bytes);
  if (known) return known;
  const module = await engineCompile(platform, name, bytes, compiling);
  // Only a module with these exports is walked. Another one may have them too: its code is left as it is, unless it has a table
  // as checks have.
  const mayHaveLimits = WebAssembly.Module.exports(module).some(isHidden);
  const instruments = mayHaveLimits
    ? (await import('./instruments.ts')).instrumentsOf(bytes, `module "${name}"`)
    : {};
  const compiled = describeModule(module, readSignatures(bytes), instruments);
  compiledBefore.keep(bytes, compiled);
  return compiled;
}

function describeModule(
  module: WebAssembly.Module,
  signatures: Signatures | null,
  { hasChecks = false, hasFuel = false, hasFresh = false }: Partial<Instruments>,
): CompiledModule {
  const exports = WebAssembly.Module.exports(module).filter(item => !isHidden(item));
  return {
    module,
    imports: WebAssembly.Module.imports(module),
    exports,
    exportKinds: new Map(exports.map(({ name, kind }) => [name, kind])),
    signatures,
    hasChecks,
    hasFuel,
    hasFresh,
  };
}
