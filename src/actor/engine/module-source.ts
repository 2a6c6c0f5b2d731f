import { isArrayBuffer, isModule, isUint8Array } from '../../../wasi/brands.ts';
import { messageOf } from '../../errors.ts';
import { parseManifest } from '../../given/manifest.ts';
import { unavailable } from '../../module/source.ts';
import type { Fetch } from '../../platform/types.ts';
import { readBody } from '../../values/body.ts';
import { ownUrl } from '../../values/own.ts';
import { hideSecrets, shownUrl } from '../../values/url.ts';
import { ActorError, describe, readForeign } from '../errors.ts';
import { ModuleError, tooLarge } from './module-error.ts';

/** A module, given as its bytes, as the module compiled from them, as the path of a file, or as a URL. */
export type ModuleSource = Uint8Array | ArrayBuffer | WebAssembly.Module | URL | string;

interface Means {
  readFile: ((path: string) => Promise<Uint8Array>) | undefined;
  fetch: Fetch;
  /** The URL from which relative ones start; undefined where texts without a scheme are paths. */
  base: string | undefined;
  maxBytes: number;
}

/**
 * Reads a module, and stops at `maxBytes`.
 * @throws {ModuleError} TooLarge
 * @throws {CreateError} SOURCE_UNAVAILABLE
 * @throws {ActorError} INVALID_CONFIG
 */
export async function readModuleSource(
  given: ModuleSource,
  { readFile, fetch, base, maxBytes }: Means,
): Promise<Uint8Array<ArrayBuffer> | WebAssembly.Module> {
  const { source } = readForeign('module', () => {
    if (isSource(given)) return parseManifest(given, base).modules[0]!;
    const expected = 'bytes, a WebAssembly.Module, a path or a URL';
    throw new ActorError('INVALID_CONFIG', `module: expected ${expected}, got ${describe(given)}`);
  });
  if ('module' in source) return source.module;
  if ('bytes' in source) return checkSize(source.bytes, maxBytes).slice();
  if ('url' in source) return fetchBytes(source.url, fetch, maxBytes);
  if (!('path' in source)) throw new Error('BUG: a module of no kind');
  const { path } = source;
  if (!readFile)
    throw unavailable(path, 'there are no files here; give readFile, or pass a URL, the bytes or a module');
  try {
    return checkSize(new Uint8Array(await readFile(path)), maxBytes);
  } catch (error) {
    if (error instanceof ModuleError) throw error;
    throw unavailable(path, messageOf(error), error);
  }
}

/** Whether the value names one module. A string of JSON would be a manifest, which may name several modules. */
const isSource = (given: unknown): given is ModuleSource =>
  typeof given === 'string'
    ? !given.trimStart().startsWith('{')
    : isUint8Array(given) || isArrayBuffer(given) || isModule(given) || ownUrl(given) !== undefined;

function checkSize<Bytes extends Uint8Array>(bytes: Bytes, maxBytes: number): Bytes {
  if (bytes.length > maxBytes) throw tooLarge(bytes.length, maxBytes);
  return bytes;
}

async function fetchBytes(url: URL, fetch: Fetch, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`HTTP status ${response.status} ${response.statusText}`.trim());
    return await readBody(response, maxBytes, bytes => tooLarge(bytes, maxBytes));
  } catch (error) {
    if (error instanceof ModuleError) throw error;
    throw unavailable(shownUrl(url), hideSecrets(messageOf(error), url), error);
  }
}
