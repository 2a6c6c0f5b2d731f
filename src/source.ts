import { CreateError } from './errors.ts';
import type { ManifestModule } from './manifest.ts';
import type { Platform } from './platform/types.ts';

/** The very bytes that were hashed, or a module whose bytes nobody can see. */
export type LoadedSource =
  | { bytes: Uint8Array<ArrayBuffer>; sha256: string | null }
  | { module: WebAssembly.Module };

/** Reads a module's bytes and checks its hash. @throws {CreateError} SOURCE_UNAVAILABLE, HASH_MISMATCH */
export async function loadSource(
  platform: Platform,
  { source, name, hash }: ManifestModule,
): Promise<LoadedSource> {
  if ('module' in source) return source;
  const bytes = 'bytes' in source ? source.bytes : await readFile(platform, source.path);
  if (hash === undefined) return { bytes, sha256: null };

  const sha256 = await sha256Hex(platform, bytes);
  if (sha256 !== hash) {
    throw new CreateError(
      'HASH_MISMATCH',
      `module "${name}": expected the SHA-256 ${hash}, but its ${bytes.length} bytes have ${sha256}`,
    );
  }
  return { bytes, sha256 };
}

async function sha256Hex(platform: Platform, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  try {
    const digest = await platform.sha256(bytes);
    return Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('');
  } catch (error) {
    const message = `the hash cannot be checked: ${(error as Error).message}`;
    throw new CreateError('UNSUPPORTED', message, { cause: error });
  }
}

async function readFile(platform: Platform, path: string): Promise<Uint8Array<ArrayBuffer>> {
  if (!platform.readFile) {
    throw new CreateError(
      'SOURCE_UNAVAILABLE',
      `${path}: this platform has no files; pass the wasm bytes or a module`,
    );
  }
  try {
    return await platform.readFile(path);
  } catch (error) {
    throw new CreateError('SOURCE_UNAVAILABLE', `${path}: ${(error as Error).message}`, { cause: error });
  }
}
