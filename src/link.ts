import { ENV_NAMESPACE } from '../abi/index.ts';
import { CreateError } from './errors.ts';
import type { HostFunction } from './host-function.ts';
import { findMistake, findProvided, howToGive, whyNotProvided } from './import-table.ts';
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

/** What to tell about a function that nothing provides. */
function hintFor(namespace: string, name: string): string {
  // It is provided, so it was refused.
  if (findProvided(namespace, name)) return 'WASI is refused by useWasi: false; leave the option out';
  return findMistake(namespace, name)?.hint ?? howToGive(namespace, name);
}

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
      unresolved.push(`${label}: ${whyNotProvided(kind)}`);
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
    const provided = findProvided(namespace, name);
    if (!provided || (provided.abi === 'wasi' && !settings.useWasi)) {
      unresolved.push(`${label}: ${hintFor(namespace, name)}`);
      continue;
    }
    if (type && formatType(type) !== formatType(provided.type)) {
      mismatched.push(
        `${label}: the plugin declares ${formatType(type)}, but it is ${formatType(provided.type)}`,
      );
    }
    links.push({ namespace, name, provider: { kind: provided.abi } });
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
