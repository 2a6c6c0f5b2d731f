import { ENV_NAMESPACE } from '../../abi/index.ts';
import { isBytes, isModule, viewBytes } from '../../wasi/brands.ts';
import {
  anArray,
  aRecord,
  aText,
  expected,
  type Kind,
  kind,
  type OptionTable,
  readOptions,
} from '../../wasi/options.ts';
import { CreateError, messageOf, messageWithCause } from '../errors.ts';
import { MAIN, type ManifestModule, type Source, unavailable } from '../module/source.ts';
import { fromBase64 } from '../values/base64.ts';
import { isObject } from '../values/object.ts';
import { isResponse, ownUrl } from '../values/own.ts';
import { parseJson as parseText } from '../values/text.ts';
import { isThenable } from '../values/thenable.ts';
import { aModule, MANIFEST_ROWS, readForeign, refuseManifest } from './option-keys.ts';
import type { ManifestOptions } from './options.ts';
import { type Given, readShared } from './settings.ts';

type OrPromise<T> = T | PromiseLike<T>;

export interface ManifestWasmData {
  /** The bytes, or base64 of them. */
  data: OrPromise<Uint8Array | ArrayBuffer | string>;
}
export interface ManifestWasmPath {
  /** A file of the host. */
  path: string;
}
export interface ManifestWasmUrl {
  /** Fetched when the plugin is created. Absolute; in a page also relative to it. */
  url: string | URL;
  /** The HTTP method for `url`. Default: GET. */
  method?: string | undefined;
  /** HTTP headers for `url`. */
  headers?: Readonly<Record<string, string>> | undefined;
}
export interface ManifestWasmResponse {
  /** The body is read once. */
  response: OrPromise<Response>;
}
export interface ManifestWasmModule {
  /** A compiled module, for platforms that import wasm. */
  module: OrPromise<WebAssembly.Module>;
}

/** One module of a manifest: exactly one of `data`, `path`, `url`, `response` and `module` says where the wasm is. */
export type ManifestWasm = (
  | ManifestWasmData
  | ManifestWasmPath
  | ManifestWasmUrl
  | ManifestWasmResponse
  | ManifestWasmModule
) & {
  /**
   * The namespace under which other modules import from this module. The main module is the module named `main` or without a
   * name. If there is none, the last module is the main module.
   */
  name?: string | undefined;
  /** SHA-256 of the bytes, 64 hexadecimal digits. Not allowed with `module`: the bytes of a compiled module cannot be read. */
  hash?: string | undefined;
};

export interface Manifest extends ManifestOptions {
  /** The modules of the plugin, in the order in which they are linked. */
  wasm: readonly ManifestWasm[];
}

/**
 * First argument of `createPlugin`: wasm bytes (an `ArrayBuffer` or a view of one), a compiled module, a manifest as an
 * object or as JSON text (starting with `{`), the path of a .wasm file, or a URL or `Response` that leads to wasm or to a
 * manifest. The last of two equal keys in JSON counts.
 */
export type ManifestLike = Manifest | ArrayBuffer | Uint8Array | WebAssembly.Module | Response | URL | string;

export interface ParsedManifest {
  /** Exactly one module is named `MAIN`, and all names differ. */
  modules: ManifestModule[];
  given: Given;
}

/**
 * Checks a manifest. Has no side effects: nothing is fetched or kept, and bytes in the result are those of the caller.
 * @param base the URL from which relative ones start; undefined where there are none
 * @throws {CreateError} INVALID_MANIFEST, UNSUPPORTED
 */
export function parseManifest(input: unknown, base?: string): ParsedManifest {
  const source = directSource(input, base);
  if (source)
    return { modules: [{ source, name: MAIN, hash: undefined }], given: readShared({}, 'manifest') };
  if (typeof input === 'string') return parseManifest(parseJson(input), base);
  if (!isObject(input)) {
    refuse(
      'manifest',
      'wasm bytes, a WebAssembly.Module, a Response, a URL, a path, JSON text or an object with "wasm"',
      input,
    );
  }
  const { wasm, ...rest } = readOptions(MANIFEST_KEYS, input, 'manifest', refuseManifest);
  if (wasm.length === 0) refuse('manifest.wasm', 'an array with one or more modules', wasm);
  return {
    modules: nameModules(wasm.map((item, index) => parseModule(item, wasmAt(index), base))),
    given: readShared(rest, 'manifest'),
  };
}

const refuse = (where: string, type: string, value: unknown): never =>
  refuseManifest(expected(type, value, where));

const wasmAt = (index: number) => `manifest.wasm[${index}]`;

/**
 * Names the modules like the native runtime: a module without a name is `main`. If no module is `main`, the last one is.
 * @throws {CreateError} INVALID_MANIFEST for two modules with the same name
 */
function nameModules(items: readonly UnnamedModule[]): ManifestModule[] {
  const modules = items.map(item => ({ ...item, name: item.name ?? MAIN }));
  if (modules.every(({ name }) => name !== MAIN)) modules.at(-1)!.name = MAIN;
  for (const [index, { name }] of modules.entries()) {
    if (name === ENV_NAMESPACE) refuse(`${wasmAt(index)}.name`, "another name than the kernel's", name);
    const before = modules.findIndex(other => other.name === name);
    if (before === index) continue;
    const which = name === MAIN ? 'one module named "main" or not at all' : 'a name of its own';
    refuse(`${wasmAt(index)}.name`, `${which}, unlike ${wasmAt(before)}`, items[index]!.name);
  }
  return modules;
}

/** Returns the URL or response whose content type tells whether it is wasm or a manifest; null for any other input. */
export function remoteManifest(input: unknown, base?: string): URL | Response | null {
  if (isResponse(input)) return input;
  const source = directSource(input, base);
  return source && 'url' in source ? source.url : null;
}

function directSource(input: unknown, base: string | undefined): Source | null {
  if (typeof input === 'string') {
    return input.trimStart().startsWith('{') ? null : (parseUrl(input, base) ?? { path: input });
  }
  const bytes = viewBytes(input);
  if (bytes) return { bytes };
  if (isResponse(input)) return { response: input };
  const url = ownUrl(input);
  if (url) return urlSource(url);
  return isModule(input) ? { module: input } : null;
}

/** Reads a URL with a scheme that can lead to wasm. Null for any other text: `C:\\x.wasm` is a path. */
function parseUrl(text: string, base: string | undefined): Source | null {
  const isAbsolute = /^(https?|file|data|blob):/i.test(text);
  if (!(isAbsolute || base) || !URL.canParse(text, base)) return null;
  const url = new URL(text, base);
  return isAbsolute || /^https?:/.test(url.protocol) ? urlSource(url) : null;
}

function urlSource(url: URL): Source {
  return url.protocol === 'file:' ? { path: url.href } : { url, init: {} };
}

function parseJson(text: string): unknown {
  try {
    return parseText(text, 'manifest', CreateError);
  } catch (error) {
    if (error instanceof CreateError) throw error;
    throw new CreateError('INVALID_MANIFEST', `manifest: not JSON: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

type WasmKeys = Partial<
  ManifestWasmData & ManifestWasmPath & ManifestWasmUrl & ManifestWasmResponse & ManifestWasmModule
> & {
  /** The namespace under which other modules import from this module; `main` for the main module. */
  name?: string | undefined;
  /** SHA-256 of the bytes, which is checked. Not allowed with `module`. */
  hash?: string | undefined;
};

const aUrl: Kind<string | URL> = {
  type: 'an absolute URL; in a page also one relative to it',
  check: (value, where, refuse) =>
    typeof value === 'string' ? value : (ownUrl(value) ?? refuse(expected('an absolute URL', value, where))),
};
const orPromise = <T>({ type, check }: Kind<T>): Kind<OrPromise<T>> => ({
  type: `${type}; or a promise`,
  check: (value, where, refuse) =>
    isThenable(value) ? (value as PromiseLike<T>) : check(value, where, refuse),
});

const noSource = { default: 'one of data, path, url, response and module is given' };

const someBytes = kind<Uint8Array | ArrayBuffer | string>(
  'bytes, or base64 of them',
  value => isBytes(value) || typeof value === 'string',
);
const aResponse = kind<Response>('a Response', isResponse);

export const MANIFEST_WASM_KEYS: OptionTable<WasmKeys> = {
  of: 'a module in wasm of manifests',
  nullIsLeftOut: true,
  rows: {
    data: { ...orPromise(someBytes), ...noSource },
    path: { ...aText, ...noSource, where: 'Node, Deno, Bun' },
    url: { ...aUrl, ...noSource },
    response: { ...orPromise(aResponse), ...noSource },
    module: { ...orPromise(aModule), ...noSource },
    name: { ...aText, default: 'main' },
    hash: {
      ...kind(
        'a SHA-256 of 64 hexadecimal digits',
        value => typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value),
      ),
      default: 'not checked',
    },
    method: { ...aText, default: 'GET' },
    headers: { ...aRecord(aText), default: 'none' },
  },
};

const aModuleOfManifest: Kind<WasmKeys> = {
  type: 'a module, see below',
  check: (value, where, refuse) => readOptions(MANIFEST_WASM_KEYS, value, where, refuse),
};
const isElsewhere = 'it belongs into a module: { wasm: [{ … }] }';

interface ManifestKeys extends ManifestOptions {
  /** The modules of the plugin, in the order in which they are linked. */
  wasm: WasmKeys[];
}

/** Every key of a manifest. */
export const MANIFEST_KEYS: OptionTable<ManifestKeys> = {
  of: 'manifests',
  nullIsLeftOut: true,
  rows: {
    wasm: {
      ...anArray(aModuleOfManifest, 'an array with one or more modules'),
      default: 'none',
      required: true,
    },
    ...MANIFEST_ROWS,
  },
  hints: Object.fromEntries(Object.keys(MANIFEST_WASM_KEYS.rows).map(key => [key, isElsewhere])),
};

/** The keys of a module once its promise has settled. */
type SettledKeys = { [Key in keyof WasmKeys]: Exclude<WasmKeys[Key], PromiseLike<unknown>> };

/** The keys that give the source of the wasm, and the keys that are allowed beside each of them. */
const SOURCE_KEYS = {
  data: {
    besides: ['hash'],
    read: ({ data }: SettledKeys, where: string): Source => ({
      bytes:
        typeof data === 'string'
          ? decodeBase64(data, `${where}.data`)
          : (viewBytes(data) ?? refuse(`${where}.data`, 'bytes that can be read', data)),
    }),
  },
  path: {
    besides: ['hash'],
    read: ({ path }: SettledKeys, _where: string, base?: string): Source =>
      parseUrl(path!, base) ?? { path: path! },
  },
  url: {
    besides: ['hash', 'method', 'headers'],
    read: ({ url, method, headers }: SettledKeys, where: string, base?: string): Source => {
      const source =
        typeof url === 'string'
          ? (parseUrl(url, base) ?? refuse(`${where}.url`, 'an absolute URL', url))
          : urlSource(url!);
      const init = { ...(method !== undefined && { method }), ...(headers && { headers }) };
      return 'url' in source ? { ...source, init } : source;
    },
  },
  response: { besides: ['hash'], read: ({ response }: SettledKeys): Source => ({ response: response! }) },
  // No hash: the bytes of a compiled module cannot be read.
  module: { besides: [], read: ({ module }: SettledKeys): Source => ({ module: module! }) },
};
type SourceKey = keyof typeof SOURCE_KEYS;
const isSourceKey = (key: string): key is SourceKey => Object.hasOwn(SOURCE_KEYS, key);

/** Waits for a promise in the place of a source, and reads its value like a source that is given itself. */
async function settle(key: SourceKey, given: PromiseLike<unknown>, where: string): Promise<Source> {
  let value: unknown;
  try {
    value = await given;
  } catch (error) {
    throw unavailable(`${where}.${key}`, messageWithCause(error), error);
  }
  return readForeign(() => {
    MANIFEST_WASM_KEYS.rows[key].check(value, `${where}.${key}`, refuseManifest);
    return SOURCE_KEYS[key].read({ [key]: value }, where);
  });
}

type UnnamedModule = Omit<ManifestModule, 'name'> & { name: string | undefined };

function parseModule(item: WasmKeys, where: string, base: string | undefined): UnnamedModule {
  const kinds = Object.keys(item).filter(isSourceKey);
  const [kind] = kinds;
  const names = Object.keys(SOURCE_KEYS).join(', ');
  if (kind === undefined || kinds.length > 1) {
    return refuseManifest(`${where}: expected exactly one of ${names}, got ${kinds.join(' and ') || 'none'}`);
  }
  const { besides, read } = SOURCE_KEYS[kind];
  if (kind === 'module' && item.hash !== undefined) {
    const why = 'the bytes of a compiled module cannot be read, so that no hash can be checked';
    refuseManifest(`${where}.hash: ${why}; give the bytes as "data", or leave it out`);
  }
  const wrong = Object.keys(item).find(key => ![kind, 'name', ...besides].includes(key));
  if (wrong) {
    const keys = ['name', ...besides].join(', ');
    refuseManifest(`${where}.${wrong}: expected beside "${kind}" one of the keys ${keys}`);
  }
  const { [kind]: given, name, hash } = item;
  const source: Source = isThenable(given)
    ? { settling: settle(kind, given, where) }
    : read(item as SettledKeys, where, base);
  // The code that awaits it handles the failure. Until then a rejection must not count as unhandled.
  if ('settling' in source) source.settling.catch(() => {});
  return { source, name, hash: hash?.toLowerCase() };
}

function decodeBase64(text: string, where: string): Uint8Array<ArrayBuffer> {
  try {
    return fromBase64(text);
  } catch {
    return refuse(where, 'base64 (standard alphabet)', text);
  }
}
