import { ENV_FUNCTIONS, ENV_NAMESPACE } from '../abi/index.ts';
import { WASI_MODULE, wasiFunctions } from '../wasi/index.ts';
import { CreateError } from './errors.ts';
import type { HostFunction } from './host-function.ts';
import type { PluginModule } from './module.ts';
import type { Settings } from './settings.ts';
import { type FunctionType, formatType } from './wasm/reader.ts';

/** What one import is served by. */
export interface Link {
  namespace: string;
  name: string;
  provider:
    | { kind: 'kernel' }
    | { kind: 'wasi' }
    | { kind: 'host'; fn: HostFunction; type: FunctionType | undefined };
}

const ENV_TYPES = new Map<string, FunctionType>(
  ENV_FUNCTIONS.map(({ name, params, results }) => [
    name,
    { params: params.map(({ type }) => type), results: results.map(({ type }) => type) },
  ]),
);
const WASI_TYPES = new Map<string, FunctionType>(
  wasiFunctions.map(({ name, params, results }) => [
    name,
    { params: params.map(([, type]) => type), results },
  ]),
);

/** What to tell about an import that nothing provides, by namespace. */
const HINTS: Readonly<Record<string, (name: string, settings: Settings) => string>> = {
  [ENV_NAMESPACE]: () => 'no such function in the Extism kernel ABI; was the plugin built with a newer PDK?',
  [WASI_MODULE]: (name, { useWasi }) =>
    WASI_TYPES.has(name) && !useWasi
      ? 'WASI is refused by useWasi: false; leave the option out'
      : 'no such function in WASI preview 1',
  wasi_unstable: () => 'the WASI of before preview 1; rebuild with a current compiler',
  env: name =>
    `left undefined when the plugin was linked, or a pre-1.0 PDK; rebuild it, or give functions["env"].${name}`,
  wbg: () => 'built with wasm-bindgen for a JavaScript page; build without it, with an Extism PDK',
  __wbindgen_placeholder__: () => 'built for wasm-bindgen; build without it, with an Extism PDK',
};
const otherHint = (namespace: string, name: string) =>
  `give it as the option functions[${JSON.stringify(namespace)}].${name}`;

/**
 * Decides for each import of the module what serves it: the caller's functions, then WASI, then the kernel.
 * @throws {CreateError} UNRESOLVED_IMPORTS or IMPORT_TYPE_MISMATCH naming every import concerned, UNSUPPORTED
 */
export function planLinks(plugin: PluginModule, settings: Settings): Link[] {
  const unresolved: string[] = [];
  const mismatched: string[] = [];
  const links: Link[] = [];

  for (const [index, { module: namespace, name, kind }] of plugin.imports.entries()) {
    const type = plugin.signatures?.imports[index];
    const label = `${namespace}.${name}`;
    if (kind !== 'function') {
      unresolved.push(`${label}: a ${kind}, and the host provides functions only; define it in the plugin`);
      continue;
    }
    const fn = ownValue(ownValue(settings.functions, namespace), name);
    if (fn) {
      if (isAsyncFunction(fn)) {
        throw new CreateError(
          'HOST_FUNCTION_ASYNC',
          `host function ${label} is async; a plugin that runs inline cannot wait for it`,
        );
      }
      links.push({ namespace, name, provider: { kind: 'host', fn, type } });
      continue;
    }
    const wasi = namespace === WASI_MODULE && settings.useWasi ? WASI_TYPES.get(name) : undefined;
    const offered = namespace === ENV_NAMESPACE ? ENV_TYPES.get(name) : wasi;
    if (!offered) {
      unresolved.push(
        `${label}: ${ownValue(HINTS, namespace)?.(name, settings) ?? otherHint(namespace, name)}`,
      );
      continue;
    }
    if (type && formatType(type) !== formatType(offered)) {
      mismatched.push(`${label}: the plugin declares ${formatType(type)}, but it is ${formatType(offered)}`);
    }
    links.push({ namespace, name, provider: { kind: wasi ? 'wasi' : 'kernel' } });
  }

  const where = `module "${plugin.name}"`;
  if (unresolved.length > 0) {
    throw new CreateError('UNRESOLVED_IMPORTS', `${where}: nothing provides\n${lines(unresolved)}`);
  }
  if (mismatched.length > 0) {
    throw new CreateError('IMPORT_TYPE_MISMATCH', `${where}: imports of another type\n${lines(mismatched)}`);
  }
  const http = links.some(
    ({ namespace, name, provider }) =>
      provider.kind === 'kernel' && namespace === ENV_NAMESPACE && name === 'http_request',
  );
  if (http && settings.allowedHosts.length > 0) {
    throw new CreateError(
      'UNSUPPORTED',
      `${where}: it uses http_request and allowedHosts allows ${settings.allowedHosts.join(', ')}, but HTTP is not ` +
        'supported; leave allowedHosts out to run the plugin without HTTP',
    );
  }
  return links;
}

const lines = (items: readonly string[]) => items.map(item => `  ${item}`).join('\n');

function ownValue<T>(object: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return object && Object.hasOwn(object, key) ? object[key] : undefined;
}

const isAsyncFunction = (fn: unknown) => Object.prototype.toString.call(fn) === '[object AsyncFunction]';
