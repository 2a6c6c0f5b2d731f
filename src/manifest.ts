import { CreateError } from './errors.ts';
import { type ManifestOptions, readManifestOptions, refuse } from './settings.ts';

/** One module of a manifest: exactly one of `data`, `path` and `module` says where the wasm is. */
export type ManifestWasm = (
  | { data: Uint8Array | ArrayBuffer | string }
  | { path: string }
  | { module: WebAssembly.Module }
) & {
  name?: string | undefined;
  /** SHA-256 of the bytes, 64 hexadecimal digits. Not for a `module`, whose bytes nobody can ask for. */
  hash?: string | undefined;
};

export interface Manifest extends ManifestOptions {
  wasm: readonly ManifestWasm[];
}

/**
 * What `createPlugin` takes: wasm bytes (an `ArrayBuffer` or a view of one), a compiled module, a manifest as an
 * object or as JSON text (starting with `{`), or the path of a .wasm file.
 */
export type ManifestLike = Manifest | ArrayBuffer | Uint8Array | WebAssembly.Module | string;

/** Where the wasm of a manifest is. */
export type Source = { bytes: Uint8Array<ArrayBuffer> } | { path: string } | { module: WebAssembly.Module };

export interface ManifestModule {
  source: Source;
  name: string;
  hash: string | undefined;
}

export interface ParsedManifest {
  module: ManifestModule;
  options: ManifestOptions;
}

/** @throws {CreateError} INVALID_MANIFEST, UNSUPPORTED */
export function parseManifest(input: unknown): ParsedManifest {
  const source = directSource(input);
  if (source) return { module: { source, name: 'main', hash: undefined }, options: {} };
  if (typeof input === 'string') return parseManifest(parseJson(input));
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    refuse('manifest', 'wasm bytes, a WebAssembly.Module, a path, JSON text or an object with "wasm"', input);
  }

  const { wasm, ...rest } = input as Record<string, unknown>;
  const options = readManifestOptions(rest);
  if (!Array.isArray(wasm) || wasm.length === 0) refuse('manifest.wasm', 'an array with one module', wasm);
  if (wasm.length > 1) {
    throw new CreateError(
      'UNSUPPORTED',
      `manifest.wasm: ${wasm.length} modules, but linking is not supported; give one`,
    );
  }
  return { module: parseModule(wasm[0], 'manifest.wasm[0]'), options };
}

function directSource(input: unknown): Source | null {
  const bytes = copyBytes(input);
  if (bytes) return { bytes };
  if (input instanceof WebAssembly.Module) return { module: input };
  if (typeof input === 'string' && !input.trimStart().startsWith('{')) return pathSource(input, 'manifest');
  return null;
}

/** A copy, so that what is hashed stays what is compiled. Null for anything but bytes. */
function copyBytes(input: unknown): Uint8Array<ArrayBuffer> | null {
  if (ArrayBuffer.isView(input))
    return new Uint8Array(input.buffer, input.byteOffset, input.byteLength).slice();
  if (input instanceof ArrayBuffer) return new Uint8Array(input.slice(0));
  return null;
}

function pathSource(path: string, where: string): Source {
  if (/^https?:/i.test(path)) {
    throw new CreateError('UNSUPPORTED', `${where}: ${path} is a URL; fetch it and pass the bytes`);
  }
  return { path };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CreateError('INVALID_MANIFEST', `manifest: not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

const SOURCE_KEYS: Record<string, (value: unknown, where: string) => Source> = {
  data: (value, where) => {
    const bytes = typeof value === 'string' ? decodeBase64(value, where) : copyBytes(value);
    return bytes ? { bytes } : refuse(where, 'bytes, or base64 text', value);
  },
  path: (value, where) =>
    typeof value === 'string' ? pathSource(value, where) : refuse(where, 'a path as a string', value),
  module: (value, where) =>
    value instanceof WebAssembly.Module ? { module: value } : refuse(where, 'a WebAssembly.Module', value),
  url: (_, where) => {
    throw new CreateError('UNSUPPORTED', `${where}: not supported; fetch it and pass the bytes as "data"`);
  },
  response: (_, where) => {
    throw new CreateError('UNSUPPORTED', `${where}: not supported; pass its bytes as "data"`);
  },
};

function parseModule(item: unknown, where: string): ManifestModule {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) refuse(where, 'an object', item);
  const { name, hash, ...rest } = item as Record<string, unknown>;
  const keys = Object.keys(rest).filter(key => rest[key] !== undefined);
  const unknown = keys.find(key => !Object.hasOwn(SOURCE_KEYS, key));
  if (unknown)
    refuse(
      `${where}.${unknown}`,
      `one of the keys ${Object.keys(SOURCE_KEYS).join(', ')}, name, hash`,
      rest[unknown],
    );
  const [key] = keys;
  if (key === undefined || keys.length > 1)
    refuse(where, `exactly one of ${Object.keys(SOURCE_KEYS).join(', ')}`, keys.join(' and '));
  if (name != null && typeof name !== 'string') refuse(`${where}.name`, 'a string', name);
  if (hash != null && !(typeof hash === 'string' && /^[0-9a-f]{64}$/i.test(hash))) {
    refuse(`${where}.hash`, 'a SHA-256 of 64 hexadecimal digits', hash);
  }
  if (hash != null && key === 'module')
    refuse(`${where}.hash`, 'no hash beside "module", whose bytes cannot be seen', hash);
  const source = SOURCE_KEYS[key]!(rest[key], `${where}.${key}`);
  return {
    source,
    name: (name as string | null | undefined) ?? 'main',
    hash: (hash as string | null)?.toLowerCase(),
  };
}

function decodeBase64(text: string, where: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), char => char.charCodeAt(0));
  } catch {
    return refuse(where, 'base64 (standard alphabet)', text);
  }
}
