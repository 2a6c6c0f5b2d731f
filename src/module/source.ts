import { MAX_TEXT_BYTES, tooLongMessage } from '../../abi/index.ts';
import { attempt, CreateError, excerpt, messageOf, messageWithCause } from '../errors.ts';
import type { Fetch, Platform } from '../platform/types.ts';
import { readBody } from '../values/body.ts';
import { isOwnResponse } from '../values/own.ts';
import { hideSecrets, shownUrl } from '../values/url.ts';
import { compiledBefore } from './cache.ts';

/** The place from which the wasm of a module comes. */
export type Source =
  /** Bytes of the caller, who may change them later. */
  | { bytes: Uint8Array }
  | { path: string }
  | { url: URL; init: { method?: string; headers?: Record<string, string> } }
  | { response: Response }
  | { module: WebAssembly.Module }
  /** A promise of the manifest. */
  | { settling: Promise<Source> };

export interface ManifestModule {
  source: Source;
  name: string;
  hash: string | undefined;
}

/** The name of the module whose exports are called. */
export const MAIN = 'main';

/** The exact bytes that were hashed, or a compiled module, whose bytes cannot be read. */
export type LoadedSource =
  | {
      bytes: Uint8Array<ArrayBuffer>;
      sha256: string | null;
      /** The compilation of the same bytes, started when they began to arrive. */
      compiling?: Promise<WebAssembly.Module> | undefined;
    }
  | { module: WebAssembly.Module };

/**
 * Fetches a URL, or reads a response. If the content type is JSON, returns the text of the manifest, else the response itself,
 * which should hold wasm.
 * @throws {CreateError} SOURCE_UNAVAILABLE, TEXT_TOO_LONG
 */
export async function fetchManifest(input: URL | Response, fetch: Fetch): Promise<Response | string> {
  const response = input instanceof URL ? await fetchUrl(input, {}, fetch) : input;
  const tooLong = (bytes: number) => new CreateError('TEXT_TOO_LONG', tooLongMessage('manifest', bytes));
  try {
    if (!/^(application|text)\/json\b/i.test(contentType(response))) return response;
    // Not `response.text()`: some runtimes decode texts of any length.
    return new TextDecoder().decode(await readBody(response, MAX_TEXT_BYTES, tooLong));
  } catch (error) {
    throw error instanceof CreateError ? error : unavailable(nameOf(response), messageOf(error), error);
  }
}

/**
 * Reads a module's bytes and checks its hash.
 * @param hashOf makes the hash where the manifest gives none; undefined to leave it out
 * @throws {CreateError} SOURCE_UNAVAILABLE, HASH_MISMATCH
 */
export async function loadSource(
  platform: Platform,
  fetch: Fetch,
  { source: given, name, hash }: ManifestModule,
  hashOf?: typeof hexOfSha256IfPossible,
): Promise<LoadedSource> {
  const source = 'settling' in given ? await given.settling : given;
  if ('module' in source) return source;
  const { bytes, compiling } = await readSource(platform, fetch, source);
  if (hash === undefined) return { bytes, compiling, sha256: (await hashOf?.(platform, bytes)) ?? null };

  const sha256 = await hexOfSha256(platform, bytes);
  if (sha256 !== hash) {
    throw new CreateError(
      'HASH_MISMATCH',
      `module "${name}": hash mismatch: expected the SHA-256 ${hash}, but its ${bytes.length} bytes have ${sha256}`,
    );
  }
  return { bytes, compiling, sha256 };
}

interface ReadSource {
  bytes: Uint8Array<ArrayBuffer>;
  compiling?: Promise<WebAssembly.Module>;
}

async function readSource(platform: Platform, fetch: Fetch, source: Source): Promise<ReadSource> {
  // Taken over before the caller's code runs again: the bytes that are hashed are those that are compiled.
  if ('bytes' in source) return { bytes: compiledBefore.own(source.bytes) };
  if ('path' in source) return { bytes: await readFile(platform, source.path) };
  if ('url' in source) return readResponse(platform, await fetchUrl(source.url, source.init, fetch));
  if ('response' in source) return readResponse(platform, source.response);
  throw new Error('BUG: a module has no bytes to read');
}

/** Compiles while the bytes arrive, if the platform can. Keeps the bytes too: hash and wasm types are read from them. */
async function readResponse(platform: Platform, response: Response): Promise<ReadSource> {
  const what = nameOf(response);
  if (!response.ok) throw unavailable(what, `HTTP status ${response.status} ${response.statusText}`.trim());
  try {
    const isWasm = /^application\/wasm\b/i.test(contentType(response));
    if (!platform.compileStreaming || !isWasm || !isOwnResponse(response)) {
      return { bytes: new Uint8Array(await response.arrayBuffer()) };
    }
    const compiling = platform.compileStreaming(response.clone());
    // The code that awaits it handles the failure. Until then a rejection must not count as unhandled.
    compiling.catch(() => {});
    return { bytes: new Uint8Array(await response.arrayBuffer()), compiling };
  } catch (error) {
    throw unavailable(what, messageOf(error), error);
  }
}

async function fetchUrl(url: URL, init: RequestInit, fetch: Fetch): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    throw unavailable(shownUrl(url), hideSecrets(messageWithCause(error), url), error);
  }
}

const nameOf = (response: Response): string => shownUrl(attempt(() => response.url, '') || 'response');

const contentType = (response: Response) => response.headers.get('content-type') ?? '';

export const unavailable = (what: string, why: string, cause?: unknown) =>
  new CreateError(
    'SOURCE_UNAVAILABLE',
    `${excerpt(what)}: ${excerpt(why)}`,
    cause === undefined ? undefined : { cause },
  );

/** Returns the SHA-256 in hexadecimal digits. @throws {CreateError} UNSUPPORTED if the platform has no SHA-256 */
export async function hexOfSha256(platform: Platform, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  try {
    const digest = await platform.sha256(bytes);
    return Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('');
  } catch (error) {
    const message = `no SHA-256 can be computed: ${messageOf(error)}`;
    throw new CreateError('UNSUPPORTED', message, { cause: error });
  }
}

/** As `hexOfSha256`, but null if the platform has no SHA-256. For hashes that are only reported. */
export const hexOfSha256IfPossible = (
  platform: Platform,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string | null> => hexOfSha256(platform, bytes).catch(() => null);

async function readFile(platform: Platform, path: string): Promise<Uint8Array<ArrayBuffer>> {
  if (!platform.readFile) {
    throw unavailable(path, 'this platform has no files; pass a URL, the bytes or a module');
  }
  try {
    return await platform.readFile(path);
  } catch (error) {
    throw unavailable(path, messageOf(error), error);
  }
}
