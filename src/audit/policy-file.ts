import {
  aCount,
  anArray,
  aText,
  expected,
  guarded,
  isPlain,
  type Kind,
  kind,
  type OptionTable,
  oneOf,
  type Refuse,
  readOptions,
} from '../../wasi/options.ts';
import { CreateError, messageOf } from '../errors.ts';
import { BUDGET_OPTIONS } from '../given/budgets.ts';
import { aHost } from '../given/option-keys.ts';
import type { PluginPolicy, PolicyFile, PolicyGrant, PolicyLimits } from '../given/policy-types.ts';
import { LIMITS } from '../limits.ts';
import { CAPABILITIES } from './capabilities.ts';
import { findPlaces, JsonFault, lineAt } from './json-places.ts';

export const POLICY_VERSION = 1;
export const POLICY_FILE = 'plugboard.policy.json';
/** The most characters of a policy, a lock or an envelope. */
export const MAX_FILE_CHARACTERS = 1_048_576;

/** The keys of which each grant has exactly one. */
export const GRANT_KINDS = ['hash', 'host', 'path', 'preopen', 'config', 'function', 'power'] as const;
export type GrantKind = (typeof GRANT_KINDS)[number];

export const kindOf = (grant: Partial<PolicyGrant>): GrantKind =>
  GRANT_KINDS.find(key => grant[key] !== undefined)!;

const someWords = kind<string>(
  'words, not an empty string',
  value => typeof value === 'string' && value.trim() !== '',
);
export const aHash: Kind<string> = kind(
  'a SHA-256 of 64 hexadecimal digits in lower case',
  value => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
);

/** Returns the end of a day, or a time, in ms since 1970; undefined for any other text. A day lasts to its end in UTC. */
export function endOf(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/.test(text)) return undefined;
  const ms = Date.parse(text.length === 10 ? `${text}T23:59:59.999Z` : text);
  // A day such as 31 February becomes another one, or no time at all.
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text.slice(0, 10) ? undefined : ms;
}
const aDay = kind<string>(
  'a day such as 2027-01-31, or a time in UTC such as 2027-01-31T12:00:00Z',
  value => typeof value === 'string' && endOf(value) !== undefined,
);

/** The powers that are granted by name. A host function has a grant of its own. */
const POWERS = Object.keys(CAPABILITIES).filter(id => id !== 'host-function');
const ofItsKind = { default: 'one of the seven kinds is given' };

export const GRANT_KEYS: OptionTable<PolicyGrant> = {
  of: 'a grant of a policy',
  rows: {
    hash: { ...aHash, ...ofItsKind },
    host: { ...aHost, ...ofItsKind },
    path: { ...someWords, ...ofItsKind },
    preopen: { ...someWords, ...ofItsKind },
    config: { ...aText, ...ofItsKind },
    function: { ...aText, ...ofItsKind },
    power: { ...oneOf(POWERS), ...ofItsKind },
    namespace: { ...aText, default: 'none; stands beside function' },
    access: { ...oneOf(['read', 'write']), default: 'read' },
    reason: { ...someWords, default: 'none', required: true },
    by: { ...someWords, default: 'nobody is named' },
    until: { ...aDay, default: 'no end' },
  },
};

/** The keys that stand only beside some kinds. */
const BESIDES = { namespace: ['function'], access: ['path', 'preopen'] } as const;

const aGrant: Kind<PolicyGrant> = {
  type: 'a grant, see below',
  check: (value, where, refuse) => {
    const grant = readOptions(GRANT_KEYS, value, where, refuse);
    const kinds = GRANT_KINDS.filter(key => grant[key] !== undefined);
    const [own] = kinds;
    if (own === undefined || kinds.length > 1)
      return refuse(
        `${where}: expected exactly one of ${GRANT_KINDS.join(', ')}, got ${kinds.join(' and ') || 'none'}`,
      );
    for (const [key, beside] of Object.entries(BESIDES) as [keyof typeof BESIDES, readonly GrantKind[]][]) {
      if (grant[key] !== undefined && !beside.includes(own))
        refuse(`${where}.${key}: expected only beside ${beside.join(' or ')}`);
    }
    if (own === 'function' && grant.namespace === undefined)
      refuse(expected('a string', undefined, `${where}.namespace`));
    return grant;
  },
};

const aLimit = (unit: string, least = 0, otherwise = 'no limit') => ({
  ...aCount(unit, least),
  default: otherwise,
});
const { fuel, memoryPages, hostCalls, httpRequests, httpBytes, logBytes, varWrites, outputBytes } =
  BUDGET_OPTIONS.rows;

export const POLICY_LIMITS: OptionTable<PolicyLimits> = {
  of: 'limits of a policy',
  rows: {
    timeoutMs: aLimit('milliseconds', 1),
    maxPages: aLimit('pages'),
    max_pages: aLimit('pages'),
    maxVarBytes: aLimit('bytes', 0, String(LIMITS.varBytes.default)),
    maxHttpResponseBytes: aLimit('bytes', 0, String(LIMITS.httpResponseBytes.default)),
    ...{ fuel, memoryPages, hostCalls, httpRequests, httpBytes, logBytes, varWrites, outputBytes },
  },
};

export const PLUGIN_KEYS: OptionTable<PluginPolicy> = {
  of: 'a plugin of a policy',
  rows: {
    name: { ...someWords, default: 'none', required: true },
    grants: { ...anArray(aGrant, 'an array of grants'), default: 'none', required: true },
    limits: {
      type: 'limits, see below',
      check: (value, where, refuse) => readOptions(POLICY_LIMITS, value, where, refuse),
      default: 'no limits',
    },
  },
};

const aPlugin: Kind<PluginPolicy> = {
  type: 'a plugin, see below',
  check: (value, where, refuse) => readOptions(PLUGIN_KEYS, value, where, refuse),
};

export const POLICY_KEYS: OptionTable<PolicyFile> = {
  of: 'plugboard.policy.json',
  rows: {
    $schema: { ...aText, default: 'none' },
    version: {
      ...kind<1>(`the version ${POLICY_VERSION}`, value => value === POLICY_VERSION),
      default: 'none',
      required: true,
    },
    sequence: { ...aCount('changes'), default: '0' },
    expires: { ...aDay, default: 'no end' },
    plugins: { ...anArray(aPlugin, 'an array of plugins'), default: 'none', required: true },
  },
};

/** JSON data, with the place of each value. */
export interface Placed<Data> {
  data: Data;
  /** Returns `FILE:LINE` of the value at a path, or the path behind the file where the data came without text. */
  at(path: string): string;
}

/**
 * Reads JSON text or data by a table. Messages name the line.
 * @param root the first part of each path
 * @throws {CreateError} INVALID_POLICY
 */
export function readPlaced<Data>(
  table: OptionTable<Data>,
  source: unknown,
  file: string,
  root: string,
): Placed<Data> {
  const { value, at } = parsePlaced(source, file, root);
  const refuse: Refuse = (message, _code, options) => {
    // Each message begins with the path of the value.
    const [path = root] = message.split(': ', 1);
    throw new CreateError('INVALID_POLICY', `${at(path)}: ${message}`, options);
  };
  return { data: readOptions(table, value, root, refuse), at };
}

/** @throws {CreateError} INVALID_POLICY for a text that is not JSON, or too long */
export function parsePlaced(
  source: unknown,
  file: string,
  root: string,
): { value: unknown; at: (path: string) => string } {
  if (typeof source !== 'string') {
    return guarded(file, refuseFile, refuse =>
      isPlain(source)
        ? { value: source, at: (path: string) => `${file} ${path}` }
        : refuse(expected('JSON text or an object', source, file)),
    );
  }
  if (source.length > MAX_FILE_CHARACTERS)
    throw invalid(`${file}: expected at most ${MAX_FILE_CHARACTERS} characters, got ${source.length}`);
  try {
    const value: unknown = JSON.parse(source);
    const places = findPlaces(source, root);
    return { value, at: path => `${file}:${lineAt(places, root, path)}` };
  } catch (error) {
    if (error instanceof JsonFault) throw invalid(`${file}:${error.line}: ${error.message}`);
    throw invalid(`${file}: expected JSON: ${messageOf(error)}`, { cause: error });
  }
}

const invalid = (message: string, options?: ErrorOptions) =>
  new CreateError('INVALID_POLICY', message, options);
const refuseFile: Refuse = (message, _code, options) => {
  throw invalid(message, options);
};

const ROOT = 'policy';

/** A policy that was read, and the places of its parts. */
export interface ReadPolicy {
  data: PolicyFile;
  /** The place of the grants of a plugin, or of one of them. */
  at(plugin: number, key: 'grants' | 'limits', index?: number): string;
  /** The place of the list of plugins. */
  atPlugins: string;
}

/** Reads plugboard.policy.json: text or data. @throws {CreateError} INVALID_POLICY */
export function readPolicyFile(source: unknown, file: string = POLICY_FILE): ReadPolicy {
  const { data, at } = readPlaced(POLICY_KEYS, source, file, ROOT);
  const names = new Set<string>();
  for (const [index, { name }] of data.plugins.entries()) {
    const path = `${ROOT}.plugins[${index}].name`;
    if (names.has(name)) throw invalid(`${at(path)}: ${path}: expected a name that no other plugin has`);
    names.add(name);
  }
  return {
    data,
    at: (plugin, key, index) =>
      at(`${ROOT}.plugins[${plugin}].${key}${index === undefined ? '' : `[${index}]`}`),
    atPlugins: at(`${ROOT}.plugins`),
  };
}
