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
import { CreateError, messageOf } from '../errors.ts';
import { MAIN, type ManifestModule, type Source } from '../module/source.ts';
import { fromBase64 } from '../values/base64.ts';
import { isObject } from '../values/object.ts';
import { isResponse, ownUrl } from '../values/own.ts';
import { parseJson as parseText } from '../values/text.ts';
import { aModule, MANIFEST_ROWS, refuseManifest } from './option-keys.ts';
import type { ManifestOptions } from './options.ts';
import { type Given, readShared } from './settings.ts';

export interface ManifestWasmData {
  /** The bytes, or base64 of them. */
  data: Uint8Array | ArrayBuffer | string;
}
export interface ManifestWasmPath {
  /** A file of the host. */
  path: string;
}
export interface ManifestWasmUrl {
  /** Fetched when the plugin is created. */
  url: string | URL;
  /** The HTTP method for `url`. Default: GET. */
  method?: string | undefined;
  /** HTTP headers for `url`. */
  headers?: Readonly<Record<string, string>> | undefined;
}
export interface ManifestWasmResponse {
  /** The body is read once. */
  response: Response;
}
export interface ManifestWasmModule {
  /** A compiled module, for platforms that import wasm. */
  module: WebAssembly.Module;
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
 * manifest.
 */
export type ManifestLike = Manifest | ArrayBuffer | Uint8Array | WebAssembly.Module | Response | URL | string;

export interface ParsedManifest {
  /** Exactly one module is named `MAIN`, and all names differ. */
  modules: ManifestModule[];
  given: Given;
}

/**
 * Checks a manifest. Has no side effects: nothing is fetched or kept, and bytes in the result are those of the caller.
 * @throws {CreateError} INVALID_MANIFEST, UNSUPPORTED
 */
export function parseManifest(input: unknown): ParsedManifest {
  const source = directSource(input);
  if (source)
    return { modules: [{ source, name: MAIN, hash: undefined }], given: readShared({}, 'manifest') };
  if (typeof input === 'string') return parseManifest(parseJson(input));
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
    modules: nameModules(wasm.map((item, index) => parseModule(item, wasmAt(index)))),
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
export function remoteManifest(input: unknown): URL | Response | null {
  if (isResponse(input)) return input;
  const source = directSource(input);
  return source && 'url' in source ? source.url : null;
}

function directSource(input: unknown): Source | null {
  if (typeof input === 'string') {
    return input.trimStart().startsWith('{') ? null : (parseUrl(input) ?? { path: input });
  }
  const bytes = viewBytes(input);
  if (bytes) return { bytes };
  if (isResponse(input)) return { response: input };
  const url = ownUrl(input);
  if (url) return urlSource(url);
  return isModule(input) ? { module: input } : null;
}

/** Reads an absolute URL with a scheme that can lead to wasm. Null for any other text: `C:\\x.wasm` is a path. */
function parseUrl(text: string): Source | null {
  return /^(https?|file|data|blob):/i.test(text) && URL.canParse(text) ? urlSource(new URL(text)) : null;
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

const anAbsoluteUrl: Kind<string | URL> = {
  type: 'an absolute URL',
  check: (value, where, refuse) => {
    if (typeof value === 'string' && parseUrl(value)) return value;
    return ownUrl(value) ?? refuse(expected('an absolute URL', value, where));
  },
};

const noSource = { default: 'one of data, path, url, response and module is given' };

export const MANIFEST_WASM_KEYS: OptionTable<WasmKeys> = {
  of: 'a module in wasm of manifests',
  nullIsLeftOut: true,
  rows: {
    data: {
      ...kind('bytes, or base64 of them', value => isBytes(value) || typeof value === 'string'),
      ...noSource,
    },
    path: { ...aText, ...noSource, where: 'Node, Deno, Bun' },
    url: {
      ...anAbsoluteUrl,
      ...noSource,
    },
    response: { ...kind('a Response', isResponse), ...noSource },
    module: { ...aModule, ...noSource },
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

/** The keys that give the source of the wasm, and the keys that are allowed beside each of them. */
const SOURCE_KEYS: Record<
  string,
  { besides: readonly string[]; read: (item: WasmKeys, where: string) => Source }
> = {
  data: {
    besides: ['hash'],
    read: ({ data }, where) => ({
      bytes:
        typeof data === 'string'
          ? decodeBase64(data, `${where}.data`)
          : (viewBytes(data) ?? refuse(`${where}.data`, 'bytes that can be read', data)),
    }),
  },
  path: { besides: ['hash'], read: ({ path }) => parseUrl(path!) ?? { path: path! } },
  url: {
    besides: ['hash', 'method', 'headers'],
    read: ({ url, method, headers }) => {
      const source = typeof url === 'string' ? parseUrl(url)! : urlSource(url!);
      const init = { ...(method !== undefined && { method }), ...(headers && { headers }) };
      return 'url' in source ? { ...source, init } : source;
    },
  },
  response: { besides: ['hash'], read: ({ response }) => ({ response: response! }) },
  // No hash: the bytes of a compiled module cannot be read.
  module: { besides: [], read: ({ module }) => ({ module: module! }) },
};

type UnnamedModule = Omit<ManifestModule, 'name'> & { name: string | undefined };

function parseModule(item: WasmKeys, where: string): UnnamedModule {
  const kinds = Object.keys(SOURCE_KEYS).filter(key => Object.hasOwn(item, key));
  const [kind] = kinds;
  const names = Object.keys(SOURCE_KEYS).join(', ');
  if (kind === undefined || kinds.length > 1) {
    return refuseManifest(`${where}: expected exactly one of ${names}, got ${kinds.join(' and ') || 'none'}`);
  }
  const { besides, read } = SOURCE_KEYS[kind]!;
  const wrong = Object.keys(item).find(key => ![kind, 'name', ...besides].includes(key));
  if (wrong) {
    const keys = ['name', ...besides].join(', ');
    refuseManifest(`${where}.${wrong}: expected beside "${kind}" one of the keys ${keys}`);
  }
  return { source: read(item, where), name: item.name, hash: item.hash?.toLowerCase() };
}

function decodeBase64(text: string, where: string): Uint8Array<ArrayBuffer> {
  try {
    return fromBase64(text);
  } catch {
    return refuse(where, 'base64 (standard alphabet)', text);
  }
}
