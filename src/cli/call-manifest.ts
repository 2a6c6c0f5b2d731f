import { parse } from 'node:path';
import { readJson, readUtf8 } from '../actor/json.ts';
import { isObject } from '../actor/json-value.ts';
import type { Manifest } from '../node.ts';
import { CliError } from './errors.ts';

/** A module that the command line names. */
export type NamedModule = { name?: string } & ({ path: string } | { url: string });

/** What `call` was given that goes into the manifest. */
export interface ManifestValues {
  manifest: boolean;
  link: readonly string[];
  config: readonly string[];
  'set-config': string | undefined;
  'allow-path': readonly string[];
  'allow-host': readonly string[];
  timeout: number | undefined;
  'memory-max': number | undefined;
  'var-max': number | undefined;
  'http-response-max': number | undefined;
}

type Keys = Readonly<Record<string, unknown>>;

/** The manifest that the command line alone makes. @throws {CliError} USAGE */
export function manifestOfFlags(plugin: string, values: ManifestValues): Keys & { wasm: NamedModule[] } {
  return {
    wasm: [...values.link.map(readLink), ...(values.manifest ? [] : [locate(plugin)])],
    config: { ...readSetConfig(values['set-config']), ...readConfig(values.config) },
    allowed_hosts: values['allow-host'],
    allowed_paths: Object.fromEntries(values['allow-path'].map(readPath)),
    memory: {
      max_pages: unlessZero(values['memory-max']),
      max_var_bytes: values['var-max'],
      max_http_response_bytes: values['http-response-max'],
    },
    timeout_ms: unlessZero(values.timeout),
  };
}

/** Extism takes 0 for a limit that is not given. */
const unlessZero = (limit: number | undefined): number | undefined => limit || undefined;

/** The object in a manifest file, whose keys createPlugin checks. @throws {CliError} FILE */
export function readManifest(path: string, bytes: Uint8Array): Keys {
  try {
    const text = readUtf8(bytes, 'the file');
    // Only for its errors, alike on every runtime: it reads 1.0 as what no host takes for 1.
    readJson(text, { what: 'the file' });
    const manifest: unknown = JSON.parse(text);
    if (isObject(manifest)) return manifest;
    throw new Error('expected an object');
  } catch (error) {
    const reason = `a manifest is JSON here, TOML is not read: ${(error as Error).message}`;
    throw new CliError('FILE', `${path}: ${reason}`, { cause: error });
  }
}

/**
 * What the command line says on top of what a manifest file says, as in Extism's own command: config, paths and limits
 * replace the file's one by one, hosts are added, linked modules come before the file's.
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
  // Nothing of the file is checked yet: createPlugin does that.
  return given(manifest) as unknown as Manifest;
}

const given = (keys: Keys): Keys =>
  Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined));

/** Members over those below. What is no object there stays as it is, to be refused. */
function assign(below: unknown, members: unknown): unknown {
  const above = given(members as Keys);
  return Object.keys(above).length > 0 && isObject(below ?? {}) ? { ...(below as Keys), ...above } : below;
}

/** One list after the other, if there is anything in them. What is no list stays as it is, to be refused. */
function append(first: unknown, second: unknown): unknown {
  const lists = [first ?? [], second ?? []];
  const all = lists.find(list => !Array.isArray(list)) ?? lists.flat();
  return Array.isArray(all) && all.length === 0 ? undefined : all;
}

/** The kinds of URL that a manifest may name; `C:\x.wasm` is a path. */
const isUrl = (text: string): boolean => /^(https?|file|data|blob):/i.test(text) && URL.canParse(text);

const locate = (text: string) => (isUrl(text) ? { url: text } : { path: text });

/** Without a name, that of the file. */
function readLink(text: string): NamedModule {
  const end = isUrl(text) ? -1 : text.indexOf('=');
  const where = text.slice(end + 1);
  const name = end < 0 ? parse(isUrl(text) ? new URL(text).pathname : text).name : text.slice(0, end);
  if (name && where) return { name, ...locate(where) };
  throw new CliError('USAGE', `--link: expected [NAME=]FILE_OR_URL, got ${JSON.stringify(text)}`);
}

/** `ro:` counts as such where three parts are given, so that a folder of this name can be meant. */
function readPath(text: string): readonly [host: string, guest: string] {
  const [, host, guest] = /^(ro:[^:]+(?=:)|[^:]*):?(.*)$/s.exec(text) ?? [];
  if (!host) throw new CliError('USAGE', `--allow-path: expected HOST[:GUEST], got ${JSON.stringify(text)}`);
  return [host, guest || host];
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
  } catch (error) {
    return fail((error as Error).message, error);
  }
  if (!isObject(config) || Object.values(config).some(value => typeof value !== 'string')) {
    return fail(`expected a JSON object whose values are strings, got ${text}`);
  }
  return config as Record<string, string>;
}
