import { WASM_MAGIC } from '../../abi/encode.ts';
import { compilesBytes } from '../engine/features.ts';
import { CreateError, messageOf } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Platform } from '../platform/types.ts';
import { COMPONENT, isComponent } from '../wasm/component.ts';

/** @throws {CreateError} INVALID_WASM with the reason that the engine gives; UNSUPPORTED */
export async function engineCompile(
  platform: Platform,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  compiling?: Promise<WebAssembly.Module>,
): Promise<WebAssembly.Module> {
  try {
    if (compiling) return await compiling;
    if (bytes.length <= LIMITS.synchronousCompileBytes.default) return new WebAssembly.Module(bytes);
    return await platform.compile(bytes);
  } catch (error) {
    if (WebAssembly.validate(bytes)) {
      const message = `module "${name}": this platform compiles no bytes; pass a WebAssembly.Module (${messageOf(error)})`;
      throw new CreateError('UNSUPPORTED', message, { cause: error });
    }
    const reason = compilesBytes() ? `: ${messageOf(error)}` : '';
    const message = `module "${name}": ${bytes.length} bytes are not a valid module${reason}`;
    throw new CreateError('INVALID_WASM', message, { cause: error });
  }
}

/** @throws {CreateError} INVALID_WASM for another kind of file */
export function refuseIfNoWasm(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  if (isComponent(bytes)) throw new CreateError('INVALID_WASM', `module "${name}": it is ${COMPONENT}`);
  if (WASM_MAGIC.every((byte, index) => bytes[index] === byte)) return;
  const start = Array.from(bytes.subarray(0, 4), byte => byte.toString(16).padStart(2, '0')).join(' ');
  throw new CreateError(
    'INVALID_WASM',
    `module "${name}": expected wasm, which starts with 00 61 73 6d, got ${bytes.length} bytes starting with ` +
      `"${start}"; is this the .wasm file, or text or an error page?`,
  );
}
