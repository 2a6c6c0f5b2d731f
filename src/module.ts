import { CreateError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { ModuleCache } from './module-cache.ts';
import type { Platform } from './platform/types.ts';
import type { LoadedSource } from './source.ts';
import { readSignatures, type Signatures } from './wasm/reader.ts';

/** A compiled module and what is known of it. */
export interface PluginModule {
  name: string;
  module: WebAssembly.Module;
  imports: readonly WebAssembly.ModuleImportDescriptor[];
  exports: readonly WebAssembly.ModuleExportDescriptor[];
  /** Null when the module came compiled, or uses types that the reader does not know. */
  signatures: Signatures | null;
}

/** What does not depend on the plugin that the module is used for. */
type Compiled = Omit<PluginModule, 'name'>;

const compiledBefore = new ModuleCache<Compiled>();

/** @throws {CreateError} INVALID_WASM, UNSUPPORTED */
export async function compileModule(
  platform: Platform,
  name: string,
  source: LoadedSource,
): Promise<PluginModule> {
  if ('module' in source) return { name, ...describeModule(source.module, null) };
  const { bytes, compiling } = source;
  const known = compiledBefore.find(bytes);
  if (known) return { name, ...known };
  const compiled = describeModule(
    await compileBytes(platform, name, bytes, compiling),
    readSignatures(bytes),
  );
  compiledBefore.keep(bytes, compiled);
  return { name, ...compiled };
}

const describeModule = (module: WebAssembly.Module, signatures: Signatures | null): Compiled => ({
  module,
  imports: WebAssembly.Module.imports(module),
  exports: WebAssembly.Module.exports(module),
  signatures,
});

const MAGIC = [0x00, 0x61, 0x73, 0x6d];

async function compileBytes(
  platform: Platform,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  compiling?: Promise<WebAssembly.Module>,
): Promise<WebAssembly.Module> {
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) {
    const start = Array.from(bytes.subarray(0, 4), byte => byte.toString(16).padStart(2, '0')).join(' ');
    throw new CreateError(
      'INVALID_WASM',
      `module "${name}": expected wasm, which starts with 00 61 73 6d, got ${bytes.length} bytes starting with ` +
        `"${start}"; is this the .wasm file, or text or an error page?`,
    );
  }
  try {
    if (compiling) return await compiling;
    if (bytes.length <= LIMITS.synchronousCompileBytes.default) return new WebAssembly.Module(bytes);
    return await platform.compile(bytes);
  } catch (error) {
    if (WebAssembly.validate(bytes)) {
      const message = `module "${name}": this platform compiles no bytes; pass a WebAssembly.Module (${(error as Error).message})`;
      throw new CreateError('UNSUPPORTED', message, { cause: error });
    }
    const message = `module "${name}": ${bytes.length} bytes are not a valid module: ${(error as Error).message}`;
    throw new CreateError('INVALID_WASM', message, { cause: error });
  }
}
