import { CreateError } from './errors.ts';
import { LIMITS } from './limits.ts';
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

/** @throws {CreateError} INVALID_WASM, UNSUPPORTED */
export async function compileModule(
  platform: Platform,
  name: string,
  source: LoadedSource,
): Promise<PluginModule> {
  const module =
    'module' in source ? source.module : await compileBytes(platform, name, source.bytes, source.compiling);
  return {
    name,
    module,
    imports: WebAssembly.Module.imports(module),
    exports: WebAssembly.Module.exports(module),
    signatures: 'bytes' in source ? readSignatures(source.bytes) : null,
  };
}

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
