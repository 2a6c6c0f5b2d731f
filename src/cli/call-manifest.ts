import { parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJson, readUtf8 } from '../actor/json/reader.ts';
import { isObject } from '../actor/json/value.ts';
import { findPlaces, JsonFault } from '../audit/json-places.ts';
import { attempt } from '../errors.ts';
import { MAIN } from '../module/source.ts';
import type { Manifest } from '../node.ts';
import { shownUrl } from '../values/url.ts';
import { type AccessValues, readAccess } from './access.ts';
import { CliError } from './errors.ts';
import { isUrl, noteRead } from './files.ts';

/** A module that the command line names. */
export type NamedModule = { name?: string } & ({ path: string } | { url: string });

/** Values of the options of `call` that become keys of the manifest. */
export interface ManifestValues extends AccessValues {
  manifest: boolean;
  link: readonly string[];
  config: readonly string[];
  'set-config': string | undefined;
}

type Keys = Readonly<Record<string, unknown>>;

/** Returns the manifest of the command line alone. @throws {CliError} USAGE */
export function manifestOfFlags(plugin: string, values: ManifestValues): Keys & { wasm: NamedModule[] } {
  const links = values.link.map(readLink);
  if (!values.manifest && links.some(({ name }) => name === MAIN))
    throw new CliError(
      'USAGE',
      '--link: main is the name of PLUGIN.wasm itself; give the module another one: --link NAME=FILE',
    );
  return {
    wasm: [...links, ...(values.manifest ? [] : [locate(plugin)])],
    config: { ...readSetConfig(values['set-config']), ...readConfig(values.config) },
    ...readAccess(values),
  };
}

/** Returns the object in a manifest file. `createPlugin` checks its keys. @throws {CliError} FILE */
export function readManifest(path: string, bytes: Uint8Array): Keys {
  try {
    const text = readUtf8(bytes, 'the file');
    // Called only for its errors, which are equal on every runtime. Its value is not used: it reads 1.0 as a `Float`, not as 1.
    readJson(text, { what: 'the file' });
    const manifest: unknown = JSON.parse(text);
    if (!isObject(manifest)) throw new Error('expected an object');
    // Called only for its errors, too: a key that stands twice.
    findPlaces(text, 'manifest');
    return manifest;
  } catch (error) {
    const { message } = error as Error;
    const reason =
      error instanceof JsonFault ? message : `a manifest is JSON here, TOML is not read: ${message}`;
    throw new CliError('FILE', `${path}: ${reason}`, { cause: error });
  }
}

/**
 * Merges the manifest of the command line into the one of a file, as Extism's own command does: each entry of config, paths
 * and limits replaces that of the file, hosts are added, and linked modules come before the file's modules.
 */
export function mergeManifests(file: Keys, flags: Keys): Manifest {
  const manifest = {
    ...file,
    wasm: append(flags.wasm, file.wasm),
    config: assign(file.config, flags.config),
    allowed_hosts: append(file.allowed_hosts, flags.allowed_hosts),
    allowed_paths: assign(file.allowed_paths, flags.allowed_paths),
    memory: assign(file.memory, flags.memory),
    timeout_ms: flags.timeout_ms ?? file.timeout_ms,
  };
  // The file is not checked yet: `createPlugin` does that.
  return given(manifest) as unknown as Manifest;
}

/** Notes the modules, which are read while the plugin is created. @throws {CliError} USAGE */
export function noteModules({ wasm }: Keys | Manifest): void {
  for (const module of Array.isArray(wasm) ? (wasm as unknown[]) : []) {
    const { path, url } = Object(module) as Partial<Record<string, unknown>>;
    for (const at of [path, url].filter(each => typeof each === 'string')) {
      if (/^file:/i.test(at)) noteRead(attempt(() => fileURLToPath(at), at));
      else if (!isUrl(at)) noteRead(at);
    }
  }
}

const given = (keys: Keys): Keys =>
  Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined));

/** Returns `below` with `members` set. If `below` is not an object, it is returned as it is, and `createPlugin` refuses it. */
function assign(below: unknown, members: unknown): unknown {
  const above = given(members as Keys);
  return Object.keys(above).length > 0 && isObject(below ?? {}) ? { ...(below as Keys), ...above } : below;
}

/** Joins two lists; undefined for an empty result. A value that is not a list is returned, and `createPlugin` refuses it. */
function append(first: unknown, second: unknown): unknown {
  const lists = [first ?? [], second ?? []];
  const all = lists.find(list => !Array.isArray(list)) ?? lists.flat();
  return Array.isArray(all) && all.length === 0 ? undefined : all;
}

const locate = (text: string) => (isUrl(text) ? { url: text } : { path: text });

/** Reads `[NAME=]FILE_OR_URL`. The default name is the file name without its extension. */
export function readLink(text: string): NamedModule {
  const end = isUrl(text) ? -1 : text.indexOf('=');
  const where = text.slice(end + 1);
  const name = end < 0 ? parse(isUrl(text) ? new URL(text).pathname : text).name : text.slice(0, end);
  if (name && where) return { name, ...locate(where) };
  throw new CliError('USAGE', `--link: expected [NAME=]FILE_OR_URL, got ${JSON.stringify(shownUrl(text))}`);
}

const readConfig = (texts: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    texts.map(text => {
      const end = text.indexOf('=');
      if (end < 1) throw new CliError('USAGE', `--config: expected KEY=VALUE, got ${JSON.stringify(text)}`);
      return [text.slice(0, end), text.slice(end + 1)];
    }),
  );

function readSetConfig(text = '{}'): Record<string, string> {
  const fail = (problem: string, cause?: unknown): never => {
    throw new CliError('USAGE', `--set-config: ${problem}`, { cause });
  };
  let config: unknown;
  try {
    config = readJson(text, { what: 'the value' });
    findPlaces(text, 'config');
  } catch (error) {
    return fail((error as Error).message, error);
  }
  if (!isObject(config) || Object.values(config).some(value => typeof value !== 'string')) {
    return fail(`expected a JSON object whose values are strings, got ${text}`);
  }
  return config as Record<string, string>;
}
